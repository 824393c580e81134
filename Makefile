# Everything is installed into .venv, for those who work on paddledvc; what `make demo` needs, into an
# environment beside the clone, for git lets a branch overwrite what lies in it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BESIDE := ../$(shell basename "$(CURDIR)" | tr -c 'A-Za-z0-9._\n' -)-venv
DEMO ?= $(if $(shell [ -w .. ] && echo yes),$(BESIDE),$(VENV)/demo-environment)
# Of all the modules that are installed few are ever imported, and those are compiled then.
PIP = $(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check
# Just what the lock files name, byte for byte; build.txt has what builds ourselves and the package
# that DVC needs and that has no wheel.
LOCKED = $(PIP) --require-hashes --no-build-isolation --requirement
# The Pythons that there are wheels of Paddle for.
PYTHONS := 3.10 3.11 3.12 3.13
PYTEST := pytest -n 2 --dist loadfile --no-loadscope-reorder
UV := $(CURDIR)/$(VENV)/uv/bin/uv
EXTRAS := --extra cpu --extra fast --extra hub --extra onnx
COMPILE := $(UV) pip compile --quiet --custom-compile-command "make upgrade" --python-version 3.10
LOCK := $(COMPILE) --upgrade --universal --generate-hashes
# Stages call `paddledvc` and `python` by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
# Hundreds of short processes are started, which would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test quick test-all test-gpu test-pythons test-lowest test-newest lint picture bench crash fuzz upgrade dist clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(DEMO)/demo ## Train, export and verify a digit reader with `dvc repro`
	@PATH="$$(cd "$(DEMO)/bin" && pwd):$$PATH" bash .ci/demo

test: $(VENV)/test lint ## Lint, check types and run the tests
	$(PYTEST) -m "not thorough" --cov --cov-report=term

quick: $(VENV)/test ## Run the tests that start neither Paddle nor DVC, and wait for nothing
	$(PYTEST) -m "not slow and not thorough"

test-all: $(VENV)/test test-pythons ## Run, after `make test`, what takes longer, and other Pythons
	$(PYTEST) -m thorough

test-pythons: $(VENV)/test ## Lint and run the quick tests on each of Python 3.10 to 3.13 that is here
	.ci/pythons $(PYTHONS)

# The tests expect the files of Paddle 3; that Paddle 2.6 does its work, the demo shows.
test-lowest: $(VENV)/uv ## Run the tests with the oldest packages that pyproject.toml admits
	$(UV) venv --quiet --clear --python "$$(.ci/find-python 3.10)" $(VENV)/lowest
	$(COMPILE) pyproject.toml $(EXTRAS) --no-strip-extras --resolution lowest-direct \
	  -o $(VENV)/lowest/ours.txt
	$(UV) pip install --quiet --python $(VENV)/lowest --resolution lowest-direct \
	  --overrides $(VENV)/lowest/ours.txt --requirements pyproject.toml $(EXTRAS) --group dev --editable .
	git clone --quiet . $(VENV)/lowest/demo
	cd $(VENV)/lowest/demo && PATH="$(CURDIR)/$(VENV)/lowest/bin:$$PATH" dvc repro
	$(UV) pip install --quiet --python $(VENV)/lowest "paddlepaddle>=3,<4"
	PATH="$(CURDIR)/$(VENV)/lowest/bin:$$PATH" $(PYTEST) -m "not thorough" $(TESTS)

test-newest: $(VENV)/uv ## Run the tests with the newest packages that pyproject.toml admits
	$(UV) venv --quiet --clear --python $(PYTHON) $(VENV)/newest
	$(UV) pip install --quiet --python $(VENV)/newest --upgrade \
	  --requirements pyproject.toml $(EXTRAS) --group dev --editable .
	PATH="$(CURDIR)/$(VENV)/newest/bin:$$PATH" $(PYTEST) -m "not thorough" $(TESTS)

lint: $(VENV)/test ## Check style, types and import contracts
	ruff check .
	ruff format --check .
	mypy
	lint-imports

picture: $(VENV)/test ## Draw docs/architecture.svg from the imports
	python docs/draw_architecture.py

bench: $(VENV)/test ## Measure, beside the alternatives
	python benchmarks/checkout.py
	python benchmarks/download.py
	python benchmarks/evaluate.py
	python benchmarks/faults.py
	python benchmarks/lock.py
	python benchmarks/registry.py
	python benchmarks/stages.py
	python benchmarks/verify.py
	python benchmarks/vision.py

crash: $(VENV)/test ## Kill 14 commands at 400 system calls (POINTS=N), and check that the next one repairs it
	python tests/crash/sweep.py $(POINTS)

fuzz: $(VENV)/test ## Feed 40,000 spoilt inputs (INPUTS=N) of 36 formats to what reads them (SEED=S)
	python tests/fuzz/sweep.py --inputs $(or $(INPUTS),40000) --seed "$(SEED)"

# In the environment of a GPU, such as a Docker image of Paddle: `python -m tests.gpu.sweep`.
test-gpu: $(VENV)/test ## Run every path that needs a GPU, and say in a table what ran; without one all are skipped
	python -m tests.gpu.sweep

upgrade: $(VENV)/uv ## Lock the newest packages of what is installed here, in requirements/
	$(LOCK) pyproject.toml --extra cpu -o requirements/demo.txt
	$(LOCK) pyproject.toml $(EXTRAS) --group dev --constraints requirements/demo.txt -o requirements/test.txt
	$(LOCK) --group build --constraints requirements/test.txt -o requirements/build.txt

dist: $(VENV)/test ## Build the sdist and the wheel into dist/, and try both on the oldest and the newest Python
	rm -rf dist
	python -m hatchling build -d dist
	for one in dist/*; do bash .ci/smoke "$$one" 3.10 3.13 || exit; done

clean: ## Remove what was installed and measured
	[ ! -e "$(DEMO)/pip" ] || rm -rf "$(DEMO)"
	rm -rf $(VENV) .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/pip $(DEMO)/pip: %/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || { \
	  echo "paddledvc needs Python 3.10 to 3.13, and $(PYTHON) is $$($(PYTHON) -V 2>&1); there are no" \
	    "wheels of Paddle for others yet. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@[ ! -e "$*" ] || [ "$*" != "$(DEMO)" ] || { \
	  echo "$* exists, and make did not create it. Try: make DEMO=../another-folder demo"; exit 1; }
	@$(PYTHON) -m venv $*
	@touch $@

$(VENV)/demo $(DEMO)/demo: %/demo: %/pip requirements/build.txt requirements/demo.txt pyproject.toml
	@echo "Installing into $*"
	@$(LOCKED) requirements/build.txt
	@$(LOCKED) requirements/demo.txt
	@$(PIP) --no-deps --no-build-isolation $(if $(filter $(VENV),$*),--editable,--force-reinstall) .
	@touch $@

# The demo has paddledvc as users have it: what is installed is a copy.
$(DEMO)/demo: $(shell find paddledvc -type f -not -name '*.pyc')

$(VENV)/test: $(VENV)/demo requirements/test.txt
	$(LOCKED) requirements/test.txt
	@touch $@

$(VENV)/uv:
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --no-compile --disable-pip-version-check "uv>=0.5"
