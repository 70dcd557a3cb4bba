"""The notebook as people see it: a real JupyterLab in a real browser."""

import re

from tests.kernel.browser import Lab, needs_browser, write_notebook

CELLS = [
    '(println "hello from native code")',
    "(define (square x) (* x x)) (square 12)",
    "(let loop [n 0] (loop (+ (car (cons n '())) 1)))",
    "(car 5)",
]
PANEL = ".omni-accounting summary"


@needs_browser
def test_output_values_errors_and_live_accounting(tmp_path):
    write_notebook(tmp_path / "n.ipynb", CELLS, "omnilisp")
    with Lab(tmp_path, "n.ipynb") as lab:
        outputs = ".jp-OutputArea-output"
        lab.run_cell(0)
        assert lab.sees(lambda: any("hello from native code" in text for text in lab.texts(outputs))), lab.state()
        lab.run_cell(1)
        assert lab.sees(lambda: "144" in [text.strip() for text in lab.texts(".jp-OutputArea-executeResult .jp-OutputArea-output")]), lab.state()

        lab.run_cell(2)
        seen = set()
        assert lab.sees(lambda: len(seen.update(running_panels(lab)) or seen) >= 2), f"{lab.texts(PANEL)} {lab.state()}"
        lab.screenshot(tmp_path / "running.png")
        lab.interrupt()
        assert lab.sees(lambda: any("interrupted" in text for text in lab.texts(outputs))), lab.state()
        assert lab.sees(lambda: not running_panels(lab)), lab.state()

        lab.run_cell(3)
        assert lab.sees(lambda: any("error" in text and "car" in text and "^" in text for text in lab.texts(outputs))), lab.state()
        assert lab.sees(lambda: keywords_are_coloured(lab)), lab.state()
        lab.screenshot(tmp_path / "notebook.png")


def running_panels(lab: Lab) -> set[str]:
    return {re.sub(r"\s+", " ", text) for text in lab.texts(f".omni-accounting[data-state=running] {PANEL.split()[1]}")}


def keywords_are_coloured(lab: Lab) -> bool:
    """The editor found a mode: some text in it has a style of its own."""
    return bool(lab.find(".cm-line span[class]"))
