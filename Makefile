# make install | demo | test | lint | clean, on a bare machine with Python ≥ 3.11.
# Another interpreter: make test PYTHON=python3.12      Some tests only: make test PYTEST="tests/core -x"

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO := runs/quickstart
PYTEST ?=

.DEFAULT_GOAL := install
.PHONY: install install-dev demo test lint format docs clean

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

# After the install nothing needs the network, so none is allowed.
demo: install
	LMGEO_OFFLINE=1 $(BIN)/lmgeo run quickstart --store $(DEMO)
	LMGEO_OFFLINE=1 $(BIN)/lmgeo table $(DEMO) --csv $(DEMO)/table.csv
	LMGEO_OFFLINE=1 $(BIN)/lmgeo report $(DEMO) --out $(DEMO)/report.html
	@printf '\nstore:  %s\ntable:  %s\nreport: %s\n' "$(DEMO)/" "$(DEMO)/table.csv" "$(DEMO)/report.html"

test: install-dev
	LMGEO_OFFLINE=1 $(BIN)/python -m pytest -n auto $(PYTEST)

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# docs/measures.md from the declarations of the measures; a test fails where it is not in step.
docs: install
	$(BIN)/python -c "from lmgeo.api.measures_page import write_page; write_page('docs/measures.md')"

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "lmgeo needs Python 3.11 or newer, and '$(PYTHON)' was not found: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "lmgeo needs Python 3.11 or newer, '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1): make PYTHON=python3.12" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PIP) install --quiet --upgrade pip

# setuptools comes first, pinned, so that the build of the package downloads nothing of its own.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet -c constraints.txt setuptools
	$(PIP) install --quiet --no-build-isolation -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install --quiet --no-build-isolation -c constraints.txt -e '.[dev]'
	@touch $@
