# Every target runs on a fresh Debian machine as root: what is missing is installed first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(VENV)/bin/pytest
SOURCES := hooks testbed tests images
UNIT := $(addprefix tests/,unit scenarios contract properties api testbed)
# The Metacontroller that the testbed runs, and the directory with its CRDs; without them, the testbed's stand-in.
export METACONTROLLER METACONTROLLER_CRDS

##@ The first two commands

.PHONY: up
up: prerequisites ## Bring up a host cluster on this machine and a virtual cluster in it
	$(PYTHON) -m testbed up

.PHONY: test
test: prerequisites check build ## All checks and all tests, nested virtual clusters included
	@# Side by side, as those on an API server mostly wait; what measures times waits until it is alone.
	$(MAKE) --jobs=2 --output-sync=target cluster unit-and-nested
	$(PYTEST) tests/speed $(ARGS)
	$(PYTHON) -m tests.figures

##@ The testbed

.PHONY: down
down: prerequisites ## Take away everything that `make up` has set up
	$(PYTHON) -m testbed down

.PHONY: status
status: $(VENV)/installed ## What runs in the testbed
	@$(PYTHON) -m testbed status

.PHONY: logs
logs: $(VENV)/installed ## The last lines of the testbed's logs; PROGRAM=hooks for one of them
	@$(PYTHON) -m testbed logs $(PROGRAM)

##@ Development

.PHONY: check
check: $(VENV)/installed ## Format, lint, types, layers: exactly what runs before the tests
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	shellcheck -x $$(git ls-files '*.sh' .ci/run)

.PHONY: unit
unit: $(VENV)/installed ## The tests that need no cluster: seconds
	$(PYTEST) $(UNIT) --cov --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

.PHONY: cluster
cluster: prerequisites ## The tests that need an API server, and no node
	$(PYTEST) tests/cluster $(ARGS)

.PHONY: nested
nested: prerequisites ## The tests in virtual clusters: a quarter of an hour
	$(PYTEST) tests/nested $(ARGS)

# One after the other, whatever else runs beside them.
.PHONY: unit-and-nested
unit-and-nested:
	$(MAKE) unit
	$(MAKE) nested

.PHONY: upgrade-test
upgrade-test: prerequisites ## Upgrades from the patch before and to the next minor version of Kubernetes; builds both first
	VK8S_UPGRADE_TESTS=required $(PYTEST) tests/nested/test_kubernetes.py $(ARGS)

.PHONY: format
format: $(VENV)/installed ## Format the code and mend what ruff can mend
	$(VENV)/bin/ruff check --fix $(SOURCES)
	$(VENV)/bin/ruff format $(SOURCES)

.PHONY: golden
golden: $(VENV)/installed ## Write the golden answers of tests/scenarios anew; read the diff
	$(PYTHON) -m tests.scenarios.golden
	@git status --short tests/scenarios

.PHONY: run
run: $(VENV)/installed ## Serve the hooks on 127.0.0.1:8080
	$(PYTHON) -m hooks serve

##@ Builds

.PHONY: build
build: prerequisites ## Whatever a testbed needs; a quarter of an hour the first time
	$(PYTHON) -m testbed build

.PHONY: binaries
binaries: prerequisites ## Kubernetes, etcd, CoreDNS and flannel from their Go modules; prints their directory
	@images/binaries/build.sh

.PHONY: node-image
node-image: prerequisites ## The node image as an archive for `docker load`; prints its path
	@images/kink/build.sh

.PHONY: access-image
access-image: prerequisites ## The image of access pods, the same way
	@images/access/build.sh

##@ Help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: prerequisites
prerequisites: $(VENV)/installed
	@testbed/install.sh

$(VENV)/installed: requirements.txt requirements-dev.txt
	@echo "Python: installing what the checks and tests need into $(VENV)"
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
