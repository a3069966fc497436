# `make league` runs the main job and `make test` the tests; both first set up .venv when something changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
TORCH ?= torch==2.13.0
PLUGINS := $(patsubst %/pyproject.toml,-e ./%,$(wildcard plugins/*/pyproject.toml))

.PHONY: league test core-test wheel-test lint types bench setup constraints clean help
.DEFAULT_GOAL := help

help:  ## Show this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## Create .venv and install everything into it.

# torch is asked for by name first: it keeps pip from choosing another build for a dependency of a dependency.
$(STAMP): $(PROJECTS) constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("marl needs Python 3.11 or newer, and $(PYTHON) is %d.%d: try make PYTHON=python3.11" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "$(TORCH)" -e ".[dev]" $(PLUGINS)
	@touch $@

league: $(STAMP)  ## Solve Leduc poker: the main job.
	$(BIN)/marl run leduc_psro

test: $(STAMP)  ## Lint, check types and floors, and run all tests.
	$(BIN)/python -m pytest -n 2 -q

