# The commands of the README: `make run`, `make bedside` and `make test`. They set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run bedside test check scenarios example-report screenshots clean

run: $(READY)
	$(BIN)/ductoject run --profile sim

bedside: $(READY)  # the whole thing on a page, simulated; Ctrl-C ends it
	$(BIN)/ductoject bedside --profile sim

test: $(READY) check
	$(BIN)/pytest -n 2 --dist loadgroup -m "not campaign"

scenarios: $(READY)  # every scenario through real ports, and what fails beside the loop
	$(BIN)/pytest hil_tests/test_scenarios.py hil_tests/test_faults.py tests/bedside/test_whole.py

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "ductoject needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $(READY)

# a simulated procedure and its report
example-report: $(READY)
	rm -rf build/example
	$(BIN)/ductoject run --virtual --records build/example --json > /dev/null
	for format in html pdf dcm; do $(BIN)/ductoject records report build/example/*.sqlite docs/examples/report.$$format --overwrite || exit; done

# pictures of the bedside's screens; needs chromium and chromium-driver
screenshots: $(READY)
	$(BIN)/python -m tests.browser.screenshots docs/screens

clean:
	rm -rf $(VENV) build *.egg-info
