.DEFAULT_GOAL := help
SHELL := /bin/bash

# ---- tools: everything is fetched into .local/ and the uv cache, nothing is installed elsewhere

UV := $(shell command -v uv || echo $(CURDIR)/.local/tools/bin/uv)

export UV_PYTHON_DOWNLOADS := never

# Tests run in so many processes side by side.
PROCESSES ?= 2

SAM_VERSION   := 1.170.0
SAM_INSTALLED := .local/sam/.installed-$(SAM_VERSION)

$(CURDIR)/.local/tools/bin/uv:
	@python3 -m venv .local/tools
	@.local/tools/bin/pip install --quiet uv==0.13.9

# ---- run, test and look

.PHONY: run test check bench control reconcile openapi format

run: .venv/.ready site/dist/.built ## the whole system on this machine; PORT=8000 and DATA=folder are yours to set
	@.venv/bin/python -m local $(if $(DATA),--data $(DATA))

# A third of those that start whole systems, others each time: all of them take 25 minutes and more.
test: export SAMPLE := $(or $(SAMPLE),$(if $(ARGS),1,0.3))
test: export SAMPLE_SEED := $(or $(SAMPLE_SEED),$(shell date +%s))
test: .venv/.ready site/dist/.built $(SAM_INSTALLED) | chromium ## SAMPLE=1 for all tests; ARGS="tests/unit -k promo" for some
	@cd site && npm test --silent
	@echo "SAMPLE=$$SAMPLE SAMPLE_SEED=$$SAMPLE_SEED"
	@.venv/bin/pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.ready site/dist/.built ## style, types, import rules, and that what is generated is up to date
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@cd site && npm run --silent check && npm run --silent size
	@cd site && npx openapi-typescript ../docs/openapi.json -o ../.local/schema.d.ts >/dev/null \
		&& diff -q ../.local/schema.d.ts src/api/schema.d.ts || { echo "site/src/api/schema.d.ts is stale: make openapi"; exit 1; }

bench: .venv/.ready ## speed and size, as ratios within one run
	@$(MAKE) --no-print-directory build ARCH=x86_64
	@.venv/bin/python -m bench

control: ## the local stack's control address: make control ARGS="clock --advance 3h"
	@.venv/bin/python -m local.cli $(ARGS)

reconcile: .venv/.ready ## compares PayPal, the books and the calendar; of the local stack, or STAGE=…
	@.venv/bin/python -m infra.reconcile $(if $(filter command environment,$(origin STAGE)),coach-booking-$(STAGE))

openapi: .venv/.ready site/node_modules/.ready ## docs/openapi.json from the functions, and the site's types from it
	@.venv/bin/python -m local.openapi > .local/openapi.json && mv .local/openapi.json docs/openapi.json
	@cd site && npm run --silent api

format: .venv/.ready ## as ruff would have it
	@.venv/bin/ruff check --fix --quiet; .venv/bin/ruff format

.venv/.ready: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --quiet --frozen --python "$(or $(PYTHON),python3)"
	@touch $@

site/node_modules/.ready: site/package.json site/package-lock.json
	@cd site && npm ci --silent --no-audit --no-fund
	@touch $@

site/dist/.built: site/node_modules/.ready $(shell find site/src site/public site/*.html site/*.ts -type f)
	@cd site && npm run --silent build -- --logLevel warn
	@touch $@

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		echo "installing chromium for the browser tests"; \
		if [ "$$(id -u)" = 0 ]; then apt-get -qq update && apt-get -qq install -y chromium >/dev/null; \
		else sudo apt-get -qq update && sudo apt-get -qq install -y chromium >/dev/null; fi; }

# ---- build and deploy (AWS SAM, no Docker)

ARCH           ?= arm64
STAGE          ?= dev
PYTHON_VERSION := 3.13
BUILD          := .aws-sam/build$(if $(filter-out arm64,$(ARCH)),-$(ARCH))
SAM            := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} .local/sam/bin/sam

# The interpreter of the Lambda runtime: bytecode for it can be made by no other.
PYTHON := $(shell for python in .venv/bin/python python$(PYTHON_VERSION) ~/.pyenv/versions/$(PYTHON_VERSION).*/bin/python; do \
	$$python -c 'import sys; print(sys._base_executable) if sys.version.startswith("$(PYTHON_VERSION).") else exit(1)' \
	2>/dev/null && break; done)

BUILT_FROM := uv.lock pyproject.toml infra/template.yaml $(shell find functions layers shared -not -name '*.pyc' -not -name __pycache__)

.PHONY: help build validate deploy secrets sam

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: $(BUILD)/.built ## the functions and layers for Lambda, or for this machine with ARCH=x86_64

$(BUILD)/.built: $(BUILT_FROM) | $(SAM_INSTALLED)
	@test -n "$(PYTHON)" || { echo "make build needs Python $(PYTHON_VERSION), the Lambda runtime"; exit 1; }
	@PATH="$(CURDIR)/.local/sam/bin:$$PATH" ROOT="$(CURDIR)" UV="$(UV)" PYTHON="$(PYTHON)" \
		ARCH=$(ARCH) PYTHON_VERSION=$(PYTHON_VERSION) \
		$(SAM) build --template-file infra/template.yaml --build-dir $(BUILD) > .local/sam/build.log 2>&1 \
		|| { cat .local/sam/build.log; exit 1; }
	@find $(BUILD) -path '*/*Function/__pycache__' -prune -exec rm -r {} +
	@for folder in $(BUILD)/*Function; do \
		"$(PYTHON)" layers/compile.py $$folder /var/task $(PYTHON_VERSION) || exit 1; done
	@touch $@
	@du -sm --apparent-size $(BUILD)/*Layer | sed 's/\t/ MB /'

validate: $(SAM_INSTALLED) ## what CloudFormation and SAM would say of the template
	@$(SAM) validate --lint --template-file infra/template.yaml

deploy: build validate ## STAGE=dev, staging or prod
	$(UV) run --no-dev python -m infra.secrets_store check $(STAGE)
	$(SAM) deploy --config-env $(STAGE) --template-file $(BUILD)/template.yaml
	$(UV) run --no-dev python -m infra.seed coach-booking-$(STAGE)

secrets: ## STAGE=…: puts its secrets into SSM Parameter Store; asks for those not in the environment
	@$(UV) run --no-dev python -m infra.secrets_store put $(STAGE)

# SAM pins its own dependencies, so it lives apart.
sam: $(SAM_INSTALLED)

$(SAM_INSTALLED): | $(UV)
	@$(UV) venv --quiet --clear --python "$(or $(PYTHON),python3)" .local/sam
	@$(UV) pip install --quiet --python .local/sam/bin/python aws-sam-cli==$(SAM_VERSION)
	@touch $@
