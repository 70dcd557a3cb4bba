"""Counters as people read them."""

import pytest

from jit_runtime.amounts import bytes_text, count_text, short_text
from omni_repl.accounting import delta_summary, difference, seconds_text, summary, table


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (12700, "12.4 KiB"), (1 << 20, "1.00 MiB"), (1000 * 1024, "0.98 MiB"), (5 << 40, "5.00 TiB")],
)
def test_bytes_have_three_digits_and_a_unit(count, text):
    assert bytes_text(count) == text


def test_counts_are_grouped():
    assert count_text(1234567) == "1 234 567"


@pytest.mark.parametrize(("seconds", "text"), [(5e-6, "5 µs"), (0.0123, "12.3 ms"), (3.14159, "3.14 s")])
def test_seconds(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(9999, "9999"), (12345, "12.3k"), (4_560_000, "4.56M"), (999_400_000, "999M")])
def test_short_counts(count, text):
    assert short_text(count) == text


def test_summary_names_every_kind_of_repair_and_fits_a_terminal():
    now = {"regions_live": 7, "held_bytes": 2048, "evacuations": 1, "splices": 2, "retains": 3, "objects_moved": 4, "bytes_allocated": 5 << 30}
    text = summary(now)
    assert text == "7 regions 2.00 KiB │ 1 evacuated 2 spliced 3 retained │ 4 transmigrated │ 5.00 GiB allocated"
    assert text.index(" │ 5.00") < 80


def test_delta_leaves_out_what_did_not_happen():
    delta = difference({"bytes_allocated": 10, "splices": 1}, {"bytes_allocated": 42, "splices": 1})
    assert delta_summary(delta, 0.002) == "2.0 ms, 32 B allocated"
    assert delta_summary({**delta, "compile_us": 1500}, 0.002) == "2.0 ms (1.5 ms compiling), 32 B allocated"


def test_table_shows_only_counters_the_session_has():
    assert table({"splices": 5, "unheard_of": 1}) == [("regions spliced", "5")]
    assert table({"code_bytes": 2048, "compile_us": 2500}) == [("bytes of machine code", "2.00 KiB"), ("spent compiling", "2.5 ms")]
