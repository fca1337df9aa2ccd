# `make` lists the targets. Python 3.11 or newer, pip, make and git are all that must be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

SOURCES := layers/referrals/python functions local tests
export MYPYPATH := layers/referrals/python
export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1
# So that the SAM CLI and the layer's Makefile find this environment's tools first.
export PATH := $(abspath $(BIN)):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-unit test-store test-functions test-e2e lint format build key token requirements clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Install what development needs into .venv (the other targets do it too)

run: setup ## Run the whole service here: http://127.0.0.1:3000/api/v1 (PORT=… changes it)
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m local.run

test: setup ## All tests: rules, store, functions, the deployed local stack
	$(BIN)/pytest tests/unit tests/store tests/functions tests/e2e

test-unit: setup ## The rules alone
	$(BIN)/pytest tests/unit

test-store: setup ## The store against an emulated table
	$(BIN)/pytest tests/store

test-functions: setup ## Each handler with its event
	$(BIN)/pytest tests/functions

test-e2e: setup ## The deployed local stack over HTTP
	$(BIN)/pytest tests/e2e

lint: setup ## Style, types, direction of imports, template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	$(BIN)/sam validate --lint

format: setup ## Rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

build: setup ## Build for AWS: arm64, Python 3.13
	$(BIN)/sam build

key: setup ## Make an API key in the running local stack (ROLE=admin PLAN=enterprise USER_ID=…)
	@$(BIN)/python -m local.key $(or $(ROLE),admin) $(or $(PLAN),enterprise) $(USER_ID)

token: setup ## Make a user token for the running local stack (USER=user-referrer ROLE=…)
	@$(BIN)/python -m local.tokens $(TOKEN_USER) $(ROLE)

# The shell's own USER, the login name, is not meant.
TOKEN_USER = $(if $(findstring command,$(origin USER)),$(USER),user-referrer)

# Universal: the same file serves this machine and Lambda.
PIN := --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-emit-index-url --no-annotate --no-header --quiet

requirements: setup ## Pin the requirements anew from the .in files (needs uv)
	uv pip compile $(PIN) requirements-dev.in --output-file requirements-dev.txt
	uv pip compile $(PIN) --constraints requirements-dev.txt \
		layers/referrals/requirements.in --output-file layers/referrals/requirements.txt

clean: ## Remove what was built, but not .venv
	rm -rf .aws-sam .local

# Made anew when the requirements change, else once.
$(INSTALLED): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11; PYTHON=… picks another" >&2; exit 1; }
	@echo "installing the pinned requirements into $(VENV), once"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check \
		--require-hashes --no-deps --requirement $<
	@touch $@
