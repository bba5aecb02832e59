# Every target runs on a fresh Debian machine as root, with git, make and Go: what else is missing is installed first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
PYTEST := $(VENV)/bin/pytest
SOURCES := hooks kubectl_vk8s testbed tests images docs bench release
# What has to reach every line of the hooks, and the other tests that need no cluster: coverage makes them half as fast.
COVERING := $(addprefix tests/,unit scenarios contract api)
OTHERS := $(addprefix tests/,cli docs gitops properties testbed images release bench soak conformance)
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
# The image of the hooks.
IMG ?= registry.example.com/vk8s/controller:$(VERSION)
KUBECTL ?= kubectl
DOCKER ?= docker
# The host cluster of `make test-e2e`: testbed, current (that of your kubeconfig), kind (that of `make kind-up`).
CLUSTER ?= testbed
# The Metacontroller that the testbed runs, and the directory with its CRDs; without them, the fake Metacontroller.
export METACONTROLLER METACONTROLLER_CRDS

##@ Try it on this machine

.PHONY: up
up: prerequisites ## Bring up a host cluster and a virtual cluster in it: as root on Debian, with Go 1.25; at first 15 minutes and 8 GB
	$(PYTHON) -m testbed up

.PHONY: down
down: prerequisites ## Remove it; builds and Debian packages stay
	$(PYTHON) -m testbed down

.PHONY: env
env: $(VENV)/installed ## Point this shell's kubectl at it: eval "$(make -s env)"
	@$(PYTHON) -m testbed env

.PHONY: status
status: $(VENV)/installed ## Show what runs in the testbed
	@$(PYTHON) -m testbed status

.PHONY: logs
logs: $(VENV)/installed ## Show the last lines of the testbed's logs; PROGRAM=hooks for one of them
	@$(PYTHON) -m testbed logs $(PROGRAM)

##@ Try it with three hosts: a kind cluster on this machine, with the same needs

.PHONY: kind-up
kind-up: prerequisites ## Bring up a kind cluster with the product in it; again, after a change: bring the product up to date
	$(PYTHON) -m testbed.kind up

.PHONY: kind-down
kind-down: prerequisites ## Remove it; builds and Debian packages stay
	$(PYTHON) -m testbed.kind down

.PHONY: kind-env
kind-env: $(VENV)/installed ## Point this shell's kubectl at it: eval "$(make -s kind-env)"
	@$(PYTHON) -m testbed.kind env

.PHONY: kind-test
kind-test: prerequisites ## The tests that need several hosts, in a new kind cluster, which is removed afterwards
	$(PYTEST) tests/kind $(ARGS)

##@ Your cluster: that of the current kubeconfig

.PHONY: install
install: ## Install only the CRDs
	./install.sh --crds

.PHONY: run
run: $(VENV)/installed ## Serve the hooks on this machine, on 127.0.0.1:8080; ARGS="--host 0.0.0.0 --port 8443" for another address
	$(PYTHON) -m hooks serve $(ARGS)

.PHONY: deploy
deploy: ## Install everything, with the image IMG; as ./install.sh
	./install.sh --image $(IMG) $(ARGS)

.PHONY: undeploy
undeploy: ## Remove everything, virtual clusters first; as ./uninstall.sh
	./uninstall.sh $(ARGS)

.PHONY: docker-build
docker-build: ## Build the image of the hooks, IMG
	$(DOCKER) build --tag $(IMG) $(ARGS) .

.PHONY: docker-push
docker-push: ## Push the image of the hooks
	$(DOCKER) push $(IMG)

.PHONY: create-manifests
create-manifests: ## Write everything into one file for kubectl apply, vk8s-controller.yaml; it contains new keys
	@# Only the owner may read the keys, and the file is never incomplete.
	@umask 077 && ./install.sh --print --image $(IMG) $(ARGS) >vk8s-controller.yaml.partial && mv vk8s-controller.yaml.partial vk8s-controller.yaml
	@echo "vk8s-controller.yaml is written. Keep it secret: it contains the keys of the hooks."

.PHONY: test-e2e
test-e2e: $(if $(filter current,$(CLUSTER)),$(VENV)/installed,prerequisites) ## Run the tests in virtual clusters; CLUSTER=current or kind: in that cluster
	VK8S_TEST_CLUSTER=$(CLUSTER) $(PYTEST) tests/nested $(ARGS)

##@ Tests and development

.PHONY: test
test: started prerequisites check build ## What continuous integration runs: all checks, and all tests but those of `make nightly`
	@# Side by side: two groups leave processors to the others while they wait; what measures times waits to be alone.
	$(MAKE) --jobs=4 --output-sync=target kind-and-nested cluster-to-backup only-unit only-chaos
	$(PYTEST) tests/speed $(ARGS)
	$(PYTHON) -m tests.figures --since build/started

.PHONY: started
started:
	@mkdir -p build && touch build/started

.PHONY: nightly
nightly: prerequisites ## What takes too long for `make test`, for hours; writes docs/nightly.md; JOBS="chaos upgrade" for some of it
	$(PYTHON) -m tests.nightly $(JOBS)

.PHONY: generate
generate: $(VENV)/installed ## After a change of the resource: write its reference, and check that CRDs, models and manifests agree
	$(PYTHON) -m docs.tools.reference
	$(PYTHON) -m docs.tools.reasons
	$(PYTHON) -m docs.tools.command
	$(PYTHON) -m docs.tools.chart
	$(PYTHON) -m docs.tools.support
	$(PYTHON) -m docs.tools.host_check
	$(PYTEST) tests/contract $(ARGS)

.PHONY: manifests
manifests: ## Write what `make deploy` applies in addition to CRDs and keys to build/manifests.yaml
	@mkdir -p build
	$(KUBECTL) kustomize metacontroller >build/manifests.yaml

.PHONY: docs
docs: $(VENV)/installed ## Build the documentation as a site in build/site; a broken link makes it fail
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

.PHONY: docs-serve
docs-serve: $(VENV)/installed ## Serve it at http://127.0.0.1:8000, built again after each change; ends with Ctrl-C
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs serve --strict $(ARGS)

.PHONY: pictures
pictures: prerequisites ## Record the documentation's picture of a terminal in a run on this machine; removes a running testbed
	$(PYTHON) -m docs.tools.record

.PHONY: check
check: $(VENV)/installed ## Check format, lint, types, layers, words and charts: exactly what runs before the tests
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	shellcheck -x $$(git ls-files '*.sh' .ci/run)
	gofmt -d $$(git ls-files '*.go') | { ! grep .; }
	$(PYTHON) -m docs.tools.words
	@# The first time, this builds Helm: three minutes, with Go 1.26, which an older Go fetches.
	images/helm/lint.sh

.PHONY: unit
unit: covering others ## Run the tests that need no cluster: minutes

.PHONY: covering
covering: $(VENV)/installed ## Those of the hooks, which reach every line and branch
	$(PYTEST) $(COVERING) --cov --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

.PHONY: others
others: $(VENV)/installed ## Those of everything around the hooks
	$(PYTEST) -m "not nightly" $(OTHERS) $(ARGS)

.PHONY: chaos-check
chaos-check: $(VENV)/installed ## Chaos in simulation: a hundred thousand calls of the hooks, and faulty hooks that have to be found: minutes
	$(PYTEST) tests/chaos $(ARGS)

.PHONY: chaos-sim
chaos-sim: $(VENV)/installed ## More of it, and the story of what goes wrong; SEED=0 HISTORIES=10000
	$(PYTHON) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(HISTORIES),--histories $(HISTORIES))

.PHONY: chaos
chaos: prerequisites ## Chaos for real: random kills of a virtual cluster under a workload that may lose nothing; MINUTES=30 SEED= ARGS=--keep
	$(PYTHON) -m tests.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: chaos-hosts
chaos-hosts: prerequisites ## The same with three control-plane nodes in a kind cluster, whose hosts fail, too; MINUTES=30 SEED= ARGS=--keep
	$(PYTHON) -m tests.soak --hosts $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: mutants
mutants: $(VENV)/installed ## Faults put into the hooks, one at a time, which the tests have to find: an hour and more; SAMPLE=1000 SEED=10, or ARGS='hooks.vk8s.plan.assemble.*'
	@# mutmut copies what is there, and takes away nothing.
	@rm -rf mutants/tests mutants/hooks/vk8s/bootstrap
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" nice -n 19 $(PYTHON) -m tests.mutation $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: charts
charts: prerequisites ## The Helm charts as Helm 3 and 4 render them, compared with the manifests; with Go 1.26
	$(PYTEST) tests/charts $(ARGS)

.PHONY: backup
backup: prerequisites ## What takes backups, with real processes: etcd, restic and an S3 server, which it builds first
	$(PYTEST) tests/backup $(ARGS)

.PHONY: cluster
cluster: prerequisites ## The tests that need an API server, and no node
	$(PYTEST) tests/cluster $(ARGS)

.PHONY: installation
installation: prerequisites ## The tests of install.sh, uninstall.sh and the image of the hooks
	$(PYTEST) tests/install $(ARGS)

.PHONY: nested
nested: prerequisites ## The tests in virtual clusters: a quarter of an hour
	$(PYTEST) tests/nested $(ARGS)

.PHONY: walkthrough
walkthrough: prerequisites ## The commands of README, tutorial and other pages, typed in as they stand there
	$(PYTEST) tests/walkthrough $(ARGS)

# One after the other, whatever else runs at the same time; without what runs only at night (docs/nightly.md). At most
# two host clusters are there at once: each takes processors even where nothing happens. The last tests of `nested`
# measure times, and begin when the other group has none.
.PHONY: kind-and-nested cluster-to-backup only-unit only-chaos
kind-and-nested:
	$(MAKE) kind-test ARGS='-m "not nightly" $(ARGS)'
	$(MAKE) nested ARGS='-m "not nightly" $(ARGS)'
cluster-to-backup:
	$(MAKE) cluster ARGS='-m "not nightly" $(ARGS)'
	$(MAKE) installation ARGS='-m "not nightly" $(ARGS)'
	$(MAKE) walkthrough ARGS='-m "not nightly" $(ARGS)'
	$(MAKE) charts
	$(MAKE) backup ARGS='-m "not nightly" $(ARGS)'
# What only computes gets what the others leave of the processors while they wait for nodes to boot.
only-unit:
	$(MAKE) others
	$(MAKE) covering
only-chaos:
	nice -n 10 $(MAKE) chaos-check

.PHONY: upgrade-test
upgrade-test: prerequisites ## Upgrades from the patch before and to the next minor version of Kubernetes; builds both first
	VK8S_UPGRADE_TESTS=required $(PYTEST) tests/nested/test_kubernetes.py \
	  tests/nested/test_restore.py::test_snapshot_of_the_minor_version_before_is_restored $(ARGS)

.PHONY: vm-test
vm-test: prerequisites ## The product on cgroup v2, in a guest under QEMU: minutes with KVM, a quarter of an hour without; ARGS=--debian=13, --architecture=arm64
	$(PYTHON) -m testbed.vm $(ARGS)
	@$(PYTHON) -m tests.figures build/vm/figures.json

.PHONY: conformance
conformance: prerequisites ## Kubernetes' own conformance tests, in a virtual cluster: an hour; ARGS="--control-plane-nodes 3", --kubernetes next, --focus
	$(PYTHON) -m tests.conformance $(ARGS)

.PHONY: release-test
release-test: prerequisites ## Build the release for both architectures, look into its images, and run some of their programs: over an hour the first time
	VK8S_NESTED_TESTS=required $(PYTEST) tests/release $(ARGS)

.PHONY: bench
bench: prerequisites ## Measure speed under load, next to peers, and of boots; writes docs/performance.md: 45 minutes with nothing else running
	$(PYTHON) -m bench $(ARGS)

.PHONY: format
format: $(VENV)/installed ## Format the code and fix what ruff can fix
	$(VENV)/bin/ruff format $(SOURCES)
	$(VENV)/bin/ruff check --fix $(SOURCES)
	$(VENV)/bin/ruff format $(SOURCES)

.PHONY: golden
golden: $(VENV)/installed ## Rewrite the golden answers of tests/scenarios; read the diff
	$(PYTHON) -m tests.scenarios.golden
	@git status --short tests/scenarios

##@ Builds

.PHONY: release
release: prerequisites ## Images, charts and the command for a registry, with sums and SBOMs, to build/release; ARGS="--kubeflow CHECKOUT v1.10.2" adds an installer
	$(PYTHON) -m release $(ARGS)

.PHONY: build
build: prerequisites ## Whatever a testbed needs; a quarter of an hour the first time
	$(PYTHON) -m testbed build

.PHONY: binaries
binaries: prerequisites ## Kubernetes, etcd, CoreDNS and flannel from their Go modules; prints their directory
	@images/binaries/build.sh

.PHONY: node-image
node-image: prerequisites ## The node image as an archive for `docker load`; prints its path
	@images/kink/build.sh

.PHONY: gpu-node-image
gpu-node-image: prerequisites ## The same with NVIDIA's programs, for nodes with GPUs
	@images/gpu/build.sh

.PHONY: access-image
access-image: prerequisites ## The image of access pods, the same way
	@images/access/build.sh

.PHONY: chart
chart: prerequisites ## Both Helm charts as packages for `helm push`, to build/charts; with Go 1.26
	@rm -rf build/charts && "$$(images/helm/build.sh)/helm4" package charts/vk8s charts/vk8s-crds --destination build/charts

.PHONY: cli
cli: $(VENV)/installed ## kubectl vk8s, to build/cli: in one file, as a wheel, and for krew; prints where
	@directory=$$(PATH="$(CURDIR)/$(VENV)/bin:$$PATH" images/cli/build.sh) && rm -rf build/cli && mkdir -p build && cp -r "$$directory" build/cli
	@echo $(CURDIR)/build/cli

.PHONY: backup-image
backup-image: prerequisites ## The image that takes backups, the same way
	@images/backup/build.sh

.PHONY: kubeflow-installer-image
kubeflow-installer-image: prerequisites ## The installer of a Kubeflow, the same way; CHECKOUT=<kubeflow/community-distribution> VERSION=v1.10.2
	@# VERSION is this project's where nobody says otherwise.
	@[[ -n "$(CHECKOUT)" && "$(origin VERSION)" = "command line" ]] || { \
	  echo "Say which Kubeflow: CHECKOUT=<a checkout of kubeflow/community-distribution> VERSION=<what it is of, such as v1.10.2>." >&2; exit 1; }
	@images/kubeflow-installer/build.sh "$(CHECKOUT)" "$(VERSION)"

.PHONY: controller-image
controller-image: prerequisites ## The image of the hooks, the same way, without pulling anything
	@images/controller/build.sh

##@ Help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {lines[++count] = "\n" substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {lines[++count] = $$2; names[count] = $$1; if (length($$1) > width) width = length($$1)} \
	  END {for (i = 1; i <= count; i++) if (i in names) printf "  %-*s  %s\n", width, names[i], lines[i]; else print lines[i]}' $(MAKEFILE_LIST)

# The browser with which tests log in to Kubeflow is 130 MB: only for those who run these tests.
test nested test-e2e: MORE := chromium:chromium chromedriver:chromium-driver
# The registry that releases are pushed to in tests, and what pushes.
test: MORE += docker-registry:docker-registry skopeo:skopeo
charts release-test: MORE := docker-registry:docker-registry skopeo:skopeo

.PHONY: prerequisites
prerequisites: $(VENV)/installed
	@testbed/install.sh $(MORE)

$(VENV)/installed: requirements.txt requirements-dev.txt
	@testbed/venv.sh
	@echo "Python: installing what the checks and tests need into $(VENV)" >&2
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
