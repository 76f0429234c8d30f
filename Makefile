# All commands for developers. They need Python 3.11 or newer, make and git. Other tools are installed
# in this folder (.venv, .tools, node_modules) when they are first needed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# Node, npm and uv are in the virtual environment.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export UV_TOOL_DIR := $(CURDIR)/.tools/uv
export UV_TOOL_BIN_DIR := $(CURDIR)/.tools/bin
export SAM_CLI_TELEMETRY := 0
# Keeps compiled modules even if the environment forbids it: without them each test process starts
# several seconds later.
export PYTHONDONTWRITEBYTECODE :=
# uv trusts the system's certificates, as pip, npm and git do.
export UV_SYSTEM_CERTS := 1
# The layer's own Makefile builds with this uv.
export UV := $(CURDIR)/.venv/bin/uv

UV_VERSION := 0.13.9
SAM_VERSION := 1.170.0
CHECKOV_VERSION := 3.3.30
# Only `make bench-peers` installs and runs it.
N8N_VERSION := 2.40.7

IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
  if $$name -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then echo $$name; break; fi; done)

PY := .venv/bin/python
SAM := .tools/bin/sam
CHECKOV := .tools/bin/checkov
N8N := .tools/n8n/.$(N8N_VERSION)
# DEEP=1 runs all cases of tests that otherwise run a sample.
DEEP :=
PYTEST = $(PY) -m pytest $(if $(DEEP),--deep)
# In two processes. The second form keeps a file's tests in one process, because they share state.
PYTEST_TWICE = $(PYTEST) -n 2 --dist worksteal
PYTEST_FILES_TWICE = $(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder
VENV := .venv/.synced
FUZZ := .venv/.fuzz
DOCS := .venv/.docs
CONSOLE_MODULES := console/node_modules/.installed
INTERPRETERS := tests/interpreters/node_modules/.installed
WEBSITE_MODULES := website/node_modules/.installed
MKDOCS := NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs
WEBSITE := --config-file website/mkdocs.yml --strict
CONSOLE := console/dist/index.html
REQUIREMENTS := layers/dependencies/requirements.txt
OUT := .runledger/screenshots
SBOM := .runledger/sbom
# The stack on AWS. Empty ones are read from samconfig.toml.
STACK :=
REGION :=
DOCS_PORT := 8001
ROWS := 100000
# Of `make bench-peers`: --write, --check, --passes 3, --loaded 100.
PEERS_ARGS :=
EXPORT := uv export --quiet --no-dev --no-emit-project --frozen --no-header

TARGET = $(if $(STACK),--stack $(STACK)) $(if $(REGION),--region $(REGION))
SAM_TARGET = $(if $(STACK),--stack-name $(STACK)) $(if $(REGION),--region $(REGION))
# `--guided` asks for the stack's name, so it has only the tags of samconfig.toml.
STACK_TAGS = $(if $(findstring --guided,$(SAM_ARGS)),,--tags "$$($(PY) -m local.target --tags $(TARGET))")
EXPANDED := .runledger/template.json

# For `make token AS=…`. If the user does not set AS, it is make's own name of the assembler.
WHO := $(if $(filter default,$(origin AS)),,$(AS))

# ── Running ──────────────────────────────────────────────────────────────────────────────────────
.PHONY: run token clean

run: $(VENV) $(CONSOLE) ## Start the whole stack on this machine, with demo data (PORT=8080)
	@exec $(PY) -m local.run

token: $(VENV) ## Print a bearer token for the running stack (AS=member@demo.example)
	@$(PY) -m local.token $(WHO)

clean: ## Delete the local stack's data but keep the installed tools
	rm -rf .runledger

# ── Checking ─────────────────────────────────────────────────────────────────────────────────────
.PHONY: test test-deep lint types unit functional deployed emulator console-test fuzz audit
.PHONY: screenshots

test: unit functional deployed ## Run every tier of tests, long ones as a sample

test-deep: DEEP := 1
test-deep: test fuzz docs ## Run every tier in full, fuzz the deployed stack, build the docs

lint: $(VENV) $(SAM) $(CHECKOV) $(CONSOLE_MODULES) audit ## Check style, template, requirements and known vulnerabilities
	ruff check .
	ruff format --check .
	cfn-lint template.yaml
	$(SAM) validate --lint --region us-east-1
	$(PY) -m local.expand_template $(EXPANDED)
	@# W2001: the transform has put the parameter DeploymentType in.
	cfn-lint $(EXPANDED) --ignore-checks W2001 --regions $$($(PY) -m runledger.deployment)
	$(CHECKOV) --config-file .checkov.yaml --file $(EXPANDED)
	@$(EXPORT) | diff $(REQUIREMENTS) - || \
	  { echo "$(REQUIREMENTS) differs from uv.lock; run: make generate" >&2; exit 1; }
	cd console && npm run --silent lint && npm run --silent generate:check

types: $(VENV) $(CONSOLE_MODULES) ## Check types: mypy and tsc
	mypy
	cd console && npm run --silent typecheck

unit: $(VENV) $(CONSOLE_MODULES) $(INTERPRETERS) ## Run the tests that use nothing outside the process
	$(PYTEST_TWICE) tests/unit --disable-socket --allow-unix-socket
	cd console && npm run --silent test

functional: $(VENV) $(INTERPRETERS) ## Run the tests against in-process AWS (moto) and other interpreters
	$(PYTEST_TWICE) tests/functional

deployed: $(VENV) $(CONSOLE) chromium ## Run the emulator and console tests, on one stack per process
	$(PYTEST_FILES_TWICE) tests/emulator tests/console

emulator: $(VENV) $(CONSOLE) ## Run the tests against the deployed template, with IAM enforced
	$(PYTEST_FILES_TWICE) tests/emulator

console-test: $(VENV) $(CONSOLE) chromium ## Run the tests of the console in a real Chromium
	$(PYTEST_FILES_TWICE) tests/console

fuzz: $(FUZZ) $(CONSOLE) ## Run Schemathesis against the deployed stack, as OWNER and as VIEWER
	$(PYTEST) tests/fuzz

audit: $(VENV) ## Search for known vulnerabilities (exceptions: audit-exceptions.toml)
	$(PY) -m local.audit

screenshots: $(VENV) chromium ## Take pictures of the running stack's pages (OUT=.runledger/screenshots)
	@mkdir -p $(OUT)
	$(PY) -m tests.console.screenshots $(OUT)

# ── Documentation ────────────────────────────────────────────────────────────────────────────────
.PHONY: docs docs-serve

docs: $(DOCS) $(WEBSITE_MODULES) ## Build the documentation site and check it (.runledger/site)
	$(MKDOCS) build --quiet $(WEBSITE)

docs-serve: $(DOCS) $(WEBSITE_MODULES) ## Serve the documentation site (DOCS_PORT=8001)
	$(MKDOCS) serve $(WEBSITE) --dev-addr 127.0.0.1:$(DOCS_PORT)

# ── Building and deploying ───────────────────────────────────────────────────────────────────────
.PHONY: compile generate bench bench-peers build sbom deploy doctor destroy smoke

compile: $(VENV) ## Print the state machine of a graph (GRAPH=graph.json)
	@test -n "$(GRAPH)" || { echo "pass a graph: make compile GRAPH=graph.json" >&2; exit 2; }
	@.venv/bin/runledger compile $(GRAPH)

generate: $(VENV) $(CONSOLE_MODULES) ## Regenerate all files that are generated from code
	$(EXPORT) --output-file $(REQUIREMENTS) >/dev/null
	.venv/bin/runledger examples
	$(PY) -m runledger.nodes.document
	$(PY) -m local.openapi
	$(PY) -m local.api_page
	$(PY) -m local.sources_page
	$(PY) -m local.event_schema
	$(PY) -m local.node_types
	$(PY) -m local.source_presets
	cd console && npm run --silent generate

bench: $(VENV) $(CONSOLE) ## Measure and price runs, cold starts, and pages of many runs (ROWS=100000)
	$(PYTEST) tests/emulator/test_bill.py --deep --capture=no --quiet
	$(PY) -m bench.example_runs
	$(PY) -m bench.cold_start
	$(PY) -m bench.local_history --rows $(ROWS)

bench-peers: $(VENV) $(SAM) $(CONSOLE) $(N8N) ## Measure n8n and the local stack side by side (PEERS_ARGS=--write)
	$(PY) -m bench.peers $(PEERS_ARGS)

build: $(VENV) $(SAM) ## Build for AWS and print the size of the dependency layer
	$(SAM) build
	@du -sh .aws-sam/build/DependenciesLayer | cut -f 1 | sed 's/^/dependency layer: /'

sbom: $(VENV) ## Write the build's bill of materials as CycloneDX (SBOM=.runledger/sbom)
	$(PY) -m local.sbom $(SBOM)

# The guided deployment asks for stack and region, and writes them to samconfig.toml.
deploy: build $(CONSOLE) ## Deploy stack and console to your AWS account (STACK=, REGION=, SAM_ARGS=, SOURCE_MAPS=)
	$(if $(findstring --guided,$(SAM_ARGS)),,$(PY) -m local.target $(TARGET))
	$(SAM) deploy $(SAM_TARGET) $(STACK_TAGS) $(SAM_ARGS)
	$(PY) -m local.publish_console $(TARGET)$(if $(SOURCE_MAPS), --source-maps)
	@target="$$($(PY) -m local.target $(TARGET))" && .venv/bin/runledger prune $$target || \
	  echo "the deployment succeeded, but old versions were not deleted" >&2

doctor: $(VENV) ## Check your AWS account, and the stack if it is deployed (STACK=, REGION=, DOCTOR_ARGS=)
	@target="$$($(PY) -m local.target $(TARGET))" && \
	  .venv/bin/runledger doctor $$target $(DOCTOR_ARGS)

destroy: $(VENV) ## Remove a deployed stack; asks before it deletes (STACK=, REGION=, DESTROY_ARGS=)
	@target="$$($(PY) -m local.target $(TARGET))" && \
	  .venv/bin/runledger destroy $$target $(DESTROY_ARGS)

smoke: $(VENV) ## Check the main job of a deployed stack (STACK=, REGION=, COMPARED=another address; or LOCAL=1)
	@$(PY) -m local.smoke_stack $(TARGET) $(if $(LOCAL),--local) $(if $(COMPARED),--compared $(COMPARED))

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done
.PHONY: help

# ── Installing ───────────────────────────────────────────────────────────────────────────────────
$(VENV): pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Runledger needs Python 3.11 or newer; install it, or pass its path:" \
	  "make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; \
	  exit 1; }
	@test -x .venv/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "installing the Python packages"
	@uv sync --frozen --quiet
	@touch $@

# A separate group, because only `make fuzz` needs it.
$(FUZZ): $(VENV)
	@echo "installing Schemathesis"
	@uv sync --frozen --quiet --inexact --group fuzz
	@touch $@

# A separate group, because only `make docs` needs it.
$(DOCS): $(VENV)
	@echo "installing MkDocs"
	@uv sync --frozen --quiet --inexact --group docs
	@touch $@

$(SAM): | $(VENV)
	@echo "installing the SAM CLI"
	@uv tool install --quiet --python $(CURDIR)/$(PY) aws-sam-cli==$(SAM_VERSION)

# A separate environment, because it pins the versions of what it needs.
$(CHECKOV): | $(VENV)
	@echo "installing checkov"
	@uv tool install --quiet --python $(CURDIR)/$(PY) checkov==$(CHECKOV_VERSION)

# Without the install scripts of the many packages that no bench needs. SQLite's is built, or comes
# prebuilt. Node's headers are in the virtual environment.
$(N8N): | $(VENV)
	@echo "installing n8n $(N8N_VERSION), which takes some minutes"
	@rm -rf .tools/n8n && mkdir -p .tools/n8n && echo '{"private": true}' >.tools/n8n/package.json
	@cd .tools/n8n && npm install --loglevel=error --no-fund --no-audit --no-package-lock --ignore-scripts \
	  n8n@$(N8N_VERSION)
	@cd .tools/n8n && npm_config_nodedir="$$(node -p 'path.resolve(process.execPath, "../..")')" \
	  npm rebuild --loglevel=error sqlite3
	@touch $@

$(CONSOLE_MODULES): console/package-lock.json | $(VENV)
	@echo "installing the console's packages"
	@cd console && npm ci --silent --no-fund --no-audit
	@touch $@

$(INTERPRETERS): tests/interpreters/package-lock.json | $(VENV)
	@echo "installing the interpreters that test the machines"
	@cd tests/interpreters && npm ci --silent --no-fund --no-audit
	@touch $@

$(WEBSITE_MODULES): website/package-lock.json | $(VENV)
	@echo "installing the scripts of the documentation site"
	@cd website && npm ci --silent --no-fund --no-audit
	@touch $@

CONSOLE_SOURCES := $(shell find console/src console/public -type f 2>/dev/null) \
  console/index.html console/package.json $(wildcard console/vite.*.ts)
# SOURCE_MAPS=1 also builds maps from the scripts to their sources, and publishes them.
ifneq ($(SOURCE_MAPS),)
.PHONY: $(CONSOLE)
endif
$(CONSOLE): $(CONSOLE_MODULES) $(CONSOLE_SOURCES)
	@echo "building the console"
	@cd console && SOURCE_MAPS=$(SOURCE_MAPS) npm run --silent build -- --logLevel warn

.PHONY: chromium
chromium:
	@if command -v chromium >/dev/null; then exit 0; fi; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing Chromium"; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "the console's tests need Chromium; install it (on Debian: apt-get install chromium)" >&2; \
	  exit 1; fi
