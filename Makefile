# Every target makes the virtual environment it needs by itself; nothing else has to be installed first.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 python; do \
  $$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
EXTRAS ?= test
# One process each: thousands of sessions in one process use up what the linker can hold. The longest first, JOBS at a time.
PARTS ?= tests/test_programs.py tests/unit tests/memory tests/property tests/sanitizer tests/test_docs.py tests/repl tests/kernel
JOBS ?= 2
BIN := $(VENV)/bin

.PHONY: repl test soak bench lint kernel clean

repl: $(VENV)/.base
	@$(BIN)/omni

test: $(VENV)/.$(EXTRAS)
	@printf '%s\n' $(PARTS) | xargs -P $(JOBS) -I PART sh -c 'log=$$(mktemp); $(BIN)/python -m pytest -m "not soak" PART $(ARGS) >$$log 2>&1; \
	  status=$$?; echo "PART:"; cat $$log; rm -f $$log; exit $$status'

soak: $(VENV)/.$(EXTRAS)
	$(BIN)/python -m pytest -m soak $(ARGS)

bench: $(VENV)/.base
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/mypy

# An environment is current while its stamp is newer than pyproject.toml.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.10 - 3.13 is needed; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.%: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
