# `make help` lists the targets. LINE picks the Airflow line; its environment is .venv, another line's is .venv-<line>.
LINE ?= 3.3
PYTHON ?= python3
PORT ?= 8080
DEFAULT_LINE := 3.3
VENV := $(if $(filter $(DEFAULT_LINE),$(LINE)),.venv,.venv-$(LINE))
BIN := $(VENV)/bin
LOCK := locks/$(LINE).txt
STAMP := $(VENV)/.installed

export AIRFLOW_HOME ?= $(CURDIR)/.airflow
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s "$$(printf '\t')"

.PHONY: install
install: $(STAMP) ## the environment alone: .venv, or .venv-<line> for another LINE

$(STAMP): $(VENV)/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.locked: $(LOCK) dev/make-environment
	dev/make-environment $(PYTHON) $(VENV) $(LOCK)
	touch $@

.PHONY: run
run: $(STAMP) ## a real Airflow under the Runtime, in the foreground: make run PORT=8099 AIRFLOW_HOME=/some/where
	@exec $(BIN)/python -m dev.run --home "$$AIRFLOW_HOME" --port "$(PORT)"

.PHONY: system
system: ## what the tests need of Debian: Chromium, PostgreSQL, Redis
	dev/debian-packages

.PHONY: test
test: $(STAMP) system ## every test, nothing skipped
	$(BIN)/python -m pytest $(ARGS)

.PHONY: lint
lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: bench
bench: $(STAMP) ## what a start costs, as ratios measured side by side
	$(BIN)/python -m bench.start

.PHONY: docs
docs: $(STAMP) ## the pages that the code prints
	$(BIN)/astro-runtime defaults --markdown > docs/defaults.md

.PHONY: lock
lock: $(STAMP) ## the lock anew, for Python 3.10 to 3.13
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
	  --all-extras --group dev --output-file $(LOCK) pyproject.toml locks/$(LINE).in

.PHONY: wheel
wheel: $(STAMP) ## the package, in dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf .venv .venv-* .airflow dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
