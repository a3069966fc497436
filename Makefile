# `make league` runs the main job and `make test` the tests; both first set up .venv when something has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PLUGINS := $(wildcard plugins/*/pyproject.toml)
PROJECTS := pyproject.toml $(PLUGINS)
# The CPU or CUDA build of torch: see "Choosing a torch build" in the README.
TORCH ?= torch==2.13.0
# What is never imported is not compiled: that takes a third less.
PIP := $(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check -c constraints.txt
# Many tests wait for processes and clocks: four at once keep two cores busy.
JOBS ?= 4
# Small products lose by threads, and the tests already run side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
# Ray gives way to whatever runs beside it: its tests would wait until all others are over.
export RAY_worker_niceness ?= 0
# Tests start hundreds of processes, each of which would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup league test check unit core wheel slow bench docs clean

help:  ## Show this list.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## Create .venv and install everything into it.

# One pip call for the project and all its plugins. torch is asked for by name first: it keeps pip from fetching another
# build of it for the dependency of a dependency.
$(STAMP): $(PROJECTS) constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("marl needs Python 3.11 or newer, and $(PYTHON) is %d.%d: try make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(TORCH) -e ".[dev]" $(PLUGINS:%/pyproject.toml=-e ./%)
	@touch $@

league: $(STAMP)  ## Solve Leduc poker: the main job.
	$(BIN)/marl run leduc_psro

test: $(STAMP)  ## Everything that CI runs: lint, types, floors, tests, tests without plugins, wheels.
	@$(MAKE) --no-print-directory -j 2 check wheel  # each keeps one core busy, and the tests two
	@$(MAKE) --no-print-directory unit core

check: $(STAMP)  ## Lint, types, floors.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(STAMP)  ## The tests, with all plugins.
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -m "not slow and not bench"

slow: $(STAMP)  ## The tests that take minutes.
	$(BIN)/python -m pytest -q -m "slow and not bench"

core: $(STAMP)  ## The core's tests in an environment without any plugin.
	$(BIN)/python tests/isolated.py core

wheel: $(STAMP)  ## Build all wheels, install them in an empty environment elsewhere, and run the main job there.
	$(BIN)/python tests/isolated.py wheel

bench: $(STAMP)  ## The benchmarks against the peers (--quick; run the scripts one by one for the figures).
	$(PIP) -e ".[bench]"
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script --quick || exit 1; done

docs: $(STAMP)  ## Build the site into build/site; what mkdocs needs is installed first, where it is missing.
	@$(BIN)/python -c 'import black, material, mkdocstrings' 2>/dev/null || $(PIP) -e ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict -f website/mkdocs.yml
	@echo "build/site/index.html; with search: $(BIN)/python -m http.server -d build/site"

clean:  ## Remove the environment and caches; runs stay.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
