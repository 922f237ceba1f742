# `make help` lists the targets. LINE picks the Airflow line: make run LINE=2.11.
LINES := 3.3 2.11
TESTED := $(if $(LINE),$(LINE),$(LINES))
LINE ?= 3.3
PYTHON ?= python3
PORT ?= 8080
SUFFIX := $(if $(filter 3.3,$(LINE)),,-$(LINE))
VENV := .venv$(SUFFIX)
BIN := $(VENV)/bin
LOCK := locks/$(LINE).txt
STAMP := $(VENV)/.installed
DOCS := .venv-docs
# By environment: its line, and the newest Python that the line's Airflow runs on.
VENVS := .venv .venv-2.11
LINE_OF_.venv := 3.3
LINE_OF_.venv-2.11 := 2.11
NEWEST_PYTHON_OF_.venv := 3.13
NEWEST_PYTHON_OF_.venv-2.11 := 3.12
VENV_OF_3.3 := .venv
VENV_OF_2.11 := .venv-2.11
# How many tests of a line run at a time: they wait a lot, for servers to start and for each other.
WORKERS ?= 2

# With both lines under test, prefix the output and print every test's name; print it where there is no terminal, too.
BOTH := $(word 2,$(TESTED))
prefixed = $(if $(BOTH),2>&1 | sed --unbuffered 's/^/[$1] /')
# Tests of the image's code, which knows no Airflow: with both lines under test, the first one runs them.
ONCE := tests/fuzz/test_package_lists.py tests/fuzz/test_requirement_lists.py \
  $(filter-out %/test_clean_logs.py %/test_sbom_fixes.py,$(wildcard tests/unit/image/test_*.py))
ignored_but_for = $(if $(BOTH),$(if $(filter $1,$*),,$(2:%=--ignore=%)))
# NOT_ON_3.3 and NOT_ON_2.11 are files and folders that a line leaves out; .ci/run sets them, for tests that both have.
left_to_other_line = $(NOT_ON_$*:%=--ignore=%)
left_out = $(if $(ARGS),,$(KUBERNETES:%=--ignore=%) $(call ignored_but_for,$(firstword $(LINES)),$(ONCE)) $(left_to_other_line))
# Tests that need a Kubernetes API server, which is slow to build where there is none; one is not for Airflow 3.3.
NOT_FOR_3.3 := %/test_killed_pods.py
KUBERNETES := $(shell grep -lr --include='test_*.py' 'from testing.kubernetes_api' tests)
PROGRESS ?= $(if $(and $(MAKE_TERMOUT),$(if $(BOTH),,yes)),,--verbose)

export AIRFLOW_HOME ?= $(CURDIR)/.airflow$(SUFFIX)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) ## the environment alone: .venv, or .venv-2.11 for LINE=2.11

.PHONY: environments
environments: $(VENVS:%=%/.installed) $(DOCS)/.locked system ## what the other targets install: all environments, and Debian's packages

$(VENVS:%=%/.installed): %/.installed: %/.locked pyproject.toml testing/gc_threshold.pth
	$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	cp testing/gc_threshold.pth $*/lib/python3.*/site-packages
	touch $@

.SECONDEXPANSION:
$(VENVS:%=%/.locked): %/.locked: locks/$$(LINE_OF_$$*).txt dev/make-environment
	dev/make-environment $(PYTHON) $(NEWEST_PYTHON_OF_$*) $* $<
	touch $@

.PHONY: run
run: $(STAMP) ## a real Airflow under the Runtime, in the foreground: make run PORT=8099 AIRFLOW_HOME=/some/where
	@# Do not leak make's flags into tasks that call make.
	@exec env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u MAKELEVEL $(BIN)/python -m dev.run "$$AIRFLOW_HOME" "$(PORT)"

.PHONY: system
system: ## install what the tests need from Debian: Chromium, PostgreSQL, MariaDB, Redis, RabbitMQ, Glewlwyd, nginx, Apache, HAProxy
	dev/debian-packages

.PHONY: test
test: $(TESTED:%=test-%) ## every test but the image's and Kubernetes', nothing skipped; make test LINE=3.3 for one line

.PHONY: $(LINES:%=test-%)
$(LINES:%=test-%): test-%: system $$(VENV_OF_$$*)/.installed
	$(MAKE) --no-print-directory pytest LINE=$* PROGRESS=$(PROGRESS) LEFT_OUT="$(left_out)" $(call prefixed,$*)

.PHONY: test-kubernetes
test-kubernetes: $(TESTED:%=test-kubernetes-%) ## those that need a Kubernetes API server: see dev/test-cluster

.PHONY: $(LINES:%=test-kubernetes-%)
$(LINES:%=test-kubernetes-%): test-kubernetes-%: system $$(VENV_OF_$$*)/.installed
	$(MAKE) --no-print-directory pytest-kubernetes LINE=$* PROGRESS=$(PROGRESS) $(call prefixed,$*)

.PHONY: pytest-kubernetes
pytest-kubernetes: $(STAMP) test-cluster
	$(MAKE) --no-print-directory pytest ARGS="$(or $(ARGS),$(filter-out $(NOT_FOR_$(LINE)) $(NOT_ON_$(LINE)),$(KUBERNETES)))"

.PHONY: test-cluster
test-cluster:
	@dev/test-cluster >/dev/null

.PHONY: pytest
pytest: $(STAMP)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(PROGRESS) $(LEFT_OUT) $(ARGS)

.PHONY: fuzz
fuzz: $(TESTED:%=fuzz-%) ## the parsers of outside input on generated input, FUZZ_SECONDS each (60)

FUZZ_SECONDS ?= 60
.PHONY: $(LINES:%=fuzz-%)
$(LINES:%=fuzz-%): fuzz-%:
	$(MAKE) --no-print-directory pytest LINE=$* PROGRESS=$(PROGRESS) \
	  ARGS="tests/fuzz --fuzz-seconds $(FUZZ_SECONDS) $(ARGS)" $(call prefixed,$*)

.PHONY: image
image: ## the images of both lines for this machine, or of LINE: base, non-base, slim; needs a Docker engine
	@$(PYTHON) -m dev.images $(TESTED)

.PHONY: reproduce
reproduce: ## build the slim images twice without the cache and compare their digests; needs a Docker engine
	@$(PYTHON) -m dev.reproduce $(TESTED)

.PHONY: test-image
test-image: $(TESTED:%=test-image-%) test-outages ## the images run for real; needs a Docker engine

OUTAGES := tests/image/test_outages.py tests/image/test_compose_ha.py
# What a build does with a project's lists and secrets is the same code in both lines' images: the last line tests it.
IMAGE_ONCE := tests/image/test_project_errors.py tests/image/test_project_secrets.py
image_once = $(call ignored_but_for,$(lastword $(LINES)),$(IMAGE_ONCE))
image_left_out = $(if $(ARGS),,$(OUTAGES:%=--ignore=%) $(image_once) $(left_to_other_line))
test_image = RUNTIME_LINES=$* $(BIN)/python -m pytest $1 --timeout 1800 --durations=10 $(PROGRESS) $(ARGS)
.PHONY: $(LINES:%=test-image-%)
$(LINES:%=test-image-%): test-image-%: $(STAMP) system image
	$(call test_image,tests/image $(image_left_out)) $(call prefixed,image $*)

.PHONY: test-outages
test-outages: $(TESTED:%=test-outages-%) ## those in which a part of the system is away: they wait most of the time

.PHONY: $(LINES:%=test-outages-%)
$(LINES:%=test-outages-%): test-outages-%: $(STAMP) system image
	$(call test_image,$(filter-out $(NOT_ON_$*),$(OUTAGES))) $(call prefixed,outages $*)

.PHONY: bench-image
bench-image: $(STAMP) ## what the image's start costs compared with plain airflow; needs the images
	$(BIN)/python -m bench.image $(TESTED)

.PHONY: lint
lint: $(STAMP) $(DOCS)/.locked ## style, types, the OpenAPI document, the documentation site and the files in .github
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(CHECK_GITHUB_FILES) vendor.github-workflows .github/workflows/*.yml
	$(CHECK_GITHUB_FILES) custom.github-workflows-require-timeout .github/workflows/*.yml
	$(CHECK_GITHUB_FILES) vendor.github-issue-forms .github/ISSUE_TEMPLATE/{bug,idea}.yml
	$(BIN)/python -m dev.docs.api_page | $(DOCS)/bin/openapi-spec-validator -
	$(MKDOCS) --quiet

BENCHMARKS := bench bench-throughput bench-commands bench-tasks bench-memory bench-updates bench-queries bench-scale \
  bench-task-logs bench-identity bench-web
.PHONY: bench-all
bench-all: ## every benchmark, one after the other: hours, and days with the matrix of faults
	@misses=0; run() { $(MAKE) --no-print-directory "$$@" || misses=1; }; \
	for line in $(TESTED); do for benchmark in $(BENCHMARKS); do run $$benchmark LINE=$$line; done; done; \
	for benchmark in bench-image soak faults; do run $$benchmark; done; exit $$misses

.PHONY: bench
bench: $(STAMP) ## what a start costs, as ratios to an empty Python, and what the fixes cost
	$(BIN)/python -m bench.start
	$(BIN)/python -m bench.fixes

.PHONY: bench-throughput
bench-throughput: $(STAMP) system ## tasks on Celery workers, compared with stock Airflow; takes half an hour
	$(BIN)/python -m bench.throughput

.PHONY: bench-commands
bench-commands: $(STAMP) ## processor time of airflow commands, compared with stock Airflow; ARGS=3 for three rounds
	$(BIN)/python -m bench.commands $(ARGS)

.PHONY: bench-tasks
bench-tasks: $(STAMP) system ## processor time of a task that does nothing, compared with stock Airflow; ARGS=2 for two rounds
	$(BIN)/python -m bench.tasks $(ARGS)

.PHONY: bench-memory
bench-memory: $(STAMP) system ## memory of the components at rest, compared with stock Airflow; ARGS=1 for one round
	$(BIN)/python -m bench.memory $(ARGS)

.PHONY: bench-updates
bench-updates: $(STAMP) ## what the largest update document costs the web server
	$(BIN)/python -m bench.updates

.PHONY: bench-queries
bench-queries: $(STAMP) system ## how many queries the Runtime itself sends to the metadata database
	$(BIN)/python -m bench.queries

.PHONY: bench-web
bench-web: $(STAMP) ## processor time of a page and of API calls, compared with stock Airflow; ARGS=9 for nine rounds
	$(BIN)/python -m bench.web $(ARGS)

.PHONY: bench-scale
bench-scale: $(STAMP) system ## what 10 to 5,000 workers cost a scheduler, the broker, the state table and the Runtime page
	$(BIN)/python -m bench.scale

.PHONY: bench-task-logs
bench-task-logs: $(STAMP) ## what task logs in a store cost and keep, with stock's remote logging side by side
	$(BIN)/python -m bench.task_logs

.PHONY: bench-identity
bench-identity: $(STAMP) ## what roles from an identity provider cost, compared with Airflow's own auth managers
	$(BIN)/python -m bench.identity

.PHONY: faults
faults: $(TESTED:%=faults-%) ## what is lost when a part of the system fails, compared with stock Airflow; takes a day for each line, goes on where it was interrupted

.PHONY: $(LINES:%=faults-%)
$(LINES:%=faults-%): faults-%: system $$(VENV_OF_$$*)/.installed
	$(VENV_OF_$*)/bin/python -m bench.faults $(ARGS)

.PHONY: soak
soak: $(TESTED:%=soak-%) ## two hours of short tasks and random faults: memory and connections of each component; ARGS="--minutes 5" for a look

.PHONY: $(LINES:%=soak-%)
$(LINES:%=soak-%): soak-%: system $$(VENV_OF_$$*)/.installed
	$(VENV_OF_$*)/bin/python -m bench.soak $(ARGS)

.PHONY: docs
docs: $(STAMP) $(DOCS)/.locked ## generate the reference pages, and build the site in build/site
	$(BIN)/python -m dev.docs
	$(MKDOCS)

.PHONY: permissions
permissions: $(TESTED:%=permissions-%) ## ask both lines, or LINE, which route each role may use, for the page of permissions

.PHONY: $(LINES:%=permissions-%)
$(LINES:%=permissions-%): permissions-%: $$(VENV_OF_$$*)/.installed
	$(VENV_OF_$*)/bin/python -m testing.identity.route_roles.table

CHECK_GITHUB_FILES = $(DOCS)/bin/check-jsonschema --quiet --builtin-schema
MKDOCS = NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict
$(DOCS)/.locked: locks/docs.txt dev/make-environment
	dev/make-environment $(PYTHON) 3.13 $(DOCS) locks/docs.txt
	touch $@

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header
.PHONY: lock
lock: $(STAMP) ## regenerate the line's lock files: the environment's for Python 3.10 to 3.13, the image's from 3.11 on
	$(COMPILE) --python-version 3.10 --all-extras --group dev --output-file $(LOCK) pyproject.toml locks/$(LINE).in
	$(COMPILE) --python-version 3.11 --all-extras --output-file locks/$(LINE)-full.txt pyproject.toml locks/$(LINE)-full.in
	$(COMPILE) --python-version 3.11 --all-extras --output-file locks/$(LINE)-slim.txt -c locks/$(LINE)-full.txt \
	  pyproject.toml locks/$(LINE)-slim.in
	$(COMPILE) --python-version 3.11 --output-file locks/tools.txt locks/tools.in
	$(COMPILE) --python-version 3.10 --output-file locks/docs.txt locks/docs.in

.PHONY: versions
versions: $(STAMP) ## write the versions of catalogue.json into Dockerfile and docker-bake.hcl
	$(BIN)/python -m dev.versions

.PHONY: wheel
wheel: $(STAMP) ## the package, in dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf .venv .venv-* .airflow .airflow-* dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
