# Everything is installed into .venv; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Of all the modules that are installed few are ever imported, and those are compiled then.
PIP := $(BIN)/python -m pip install --quiet --no-compile
# Stages call `paddledvc` and `python` by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
# Hundreds of short processes are started, which would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint bench clean

help: ## Show this help
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: $(VENV)/demo ## Train, export and verify a digit reader with `dvc repro`
	paddledvc lock --check
	paddledvc generate --check
	dvc repro
	dvc metrics show
	dvc status

test: $(VENV)/dev lint ## Lint, check types and run every test
	pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

quick: $(VENV)/dev ## Run the tests that start neither Paddle nor DVC
	pytest -n 2 -m "not slow"

lint: $(VENV)/dev ## Check style, types and import contracts
	ruff check .
	ruff format --check .
	mypy
	lint-imports

bench: $(VENV)/dev ## Measure, beside the alternatives
	python -m pip install --quiet --group bench
	python benchmarks/checkout.py
	python benchmarks/download.py
	python benchmarks/faults.py
	python benchmarks/lock.py
	python benchmarks/registry.py
	python benchmarks/stages.py
	python benchmarks/verify.py
	python benchmarks/vision.py

clean: ## Remove what was installed and measured
	rm -rf $(VENV) .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "paddledvc needs Python 3.10 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade "pip>=25.1"
	@touch $@

$(VENV)/demo: $(VENV)/pip pyproject.toml
	$(PIP) --editable ".[cpu]"
	@touch $@

$(VENV)/dev: $(VENV)/demo pyproject.toml
	$(PIP) --group dev
	@touch $@
