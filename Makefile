# `make` lists the targets. Python 3.11 or newer, pip, make and git are all that must be there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
CHECKOV := .venv-checkov
# What npm brings: into the layer, and for checks alone.
NPM := .npm/installed
CRAWLERS := layers/referrals/python/referrals/edge/crawlers.txt
QR := layers/referrals/python/referrals/edge/qr.js
LIBRARIES := layers/referrals/python/referrals/edge/libraries/pico.css

# Whole modules to a process: what a module prepares is prepared once. The longest begin first.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
export MYPYPATH := layers/referrals/python
export SAM_CLI_TELEMETRY := 0
# So that the SAM CLI and the layer's Makefile find this environment's tools first.
export PATH := $(abspath $(BIN)):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-unit test-store test-functions test-e2e test-browser pictures simulate sweep bench load lint \
	check-template openapi permissions format build deploy key token listen invoke bridge reconcile requirements clean stripe-check

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) $(NPM) $(CRAWLERS) $(QR) $(LIBRARIES) ## Install what development needs into .venv (the other targets do it too)

run: setup ## Run the whole service here: http://127.0.0.1:3000/api/v1 (PORT=… changes it)
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m local.run

test: setup ## All tests: rules, store, functions, the deployed local stack, a real browser
	$(PYTEST) tests --ignore tests/e2e --ignore tests/browser
	$(BIN)/pytest tests/e2e
	$(BIN)/pytest -rs tests/browser

test-unit: setup ## The rules alone
	$(PYTEST) tests/unit

test-store: setup ## The store against an emulated table
	$(PYTEST) tests/store

test-functions: setup ## Each handler with its event
	$(PYTEST) tests/functions

test-e2e: setup ## The deployed local stack over HTTP
	$(BIN)/pytest tests/e2e

test-browser: export BROWSER := needed
test-browser: setup ## What visitors and users see, in Chromium (apt-get install chromium; CHROMIUM=…)
	$(BIN)/pytest tests/browser

pictures: export BROWSER := needed
pictures: setup ## The pictures of the console in README, taken anew
	PICTURES=docs/console $(BIN)/pytest tests/browser/test_figures.py -k picture

simulate: setup ## Made-up histories against the money's invariants (HISTORIES=1000 SEED=0)
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m tests.simulation \
		--histories $(or $(HISTORIES),1000) --seed $(or $(SEED),0)

sweep: setup ## Every call of every function meets every fault, alone and in pairs; prints the matrix
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m tests.proof

bench: setup ## What starts, requests and clicks cost, into docs/ (SCALE=full: a million referrals)
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m tests.bench

load: setup ## A viral day in simulated time, on a DynamoDB with conflicts and hot keys, into docs/
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m tests.load

# SAM's checks want a region, and ask nothing of it.
lint: export AWS_DEFAULT_REGION ?= us-east-1
lint: setup ## Style, types, direction of imports, template, the API's document
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=layers/referrals/python $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	$(BIN)/sam validate --lint
	$(BIN)/python -m release.check
	$(BIN)/node .npm/typescript/bin/tsc
	PYTHONPATH=layers/referrals/python $(BIN)/python -m contract.openapi --check

check-template: $(CHECKOV)/installed ## What checkov finds in the template (installs it in a minute or two, once)
	$(CHECKOV)/bin/checkov --config-file .checkov.yaml --file template.yaml

openapi: setup ## Write docs/openapi.json anew
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m contract.openapi

permissions: setup ## Write the table of docs/permissions.md anew
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m tests.iam

format: setup ## Rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

build: setup ## Build for AWS: arm64, Python 3.13
	$(BIN)/sam build

deploy: setup ## Build and deploy to AWS (STAGE=prod PARAMS="AlarmEmail=… Rollout=instant")
	@$(BIN)/python -m release.deploy $(or $(STAGE),default)

key: setup ## Make an API key in the running local stack (ROLE=admin PLAN=enterprise USER_ID=…)
	@$(BIN)/python -m local.key $(or $(ROLE),admin) $(or $(PLAN),enterprise) $(USER_ID)

token: setup ## Make a user token for the running local stack (USER=user-referrer ROLE=…)
	@$(BIN)/python -m local.tokens $(TOKEN_USER) $(ROLE)

# The shell's own USER, the login name, is not meant.
TOKEN_USER = $(if $(findstring command,$(origin USER)),$(USER),user-referrer)

listen: setup ## Receive, verify and print the events of the running local stack, until Ctrl-C
	@PYTHONPATH=layers/referrals/python $(BIN)/python -m local.listen

invoke: setup ## Invoke a function with its event on the running local stack (FUNCTION=CaptureClick)
	@$(BIN)/python -m local.invoke $(FUNCTION) $(if $(EVENT),--event '$(EVENT)') $(if $(VIA),--via $(VIA))

bridge: setup ## Let containers reach the running local stack, for a `sam local invoke` of your own
	@$(BIN)/python -m local.bridge

stripe-check: setup ## What Stripe sends to the local stack (STAGE=…: a deployed one); fails where any lacks
	@$(BIN)/python -m local.stripe_check $(STAGE)

reconcile: setup ## Recount the running local stack; fails when anything differs
	@$(BIN)/python -m local.reconcile

# Universal: the same file serves this machine and Lambda.
PIN := --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-emit-index-url --no-annotate --no-header --quiet

requirements: setup ## Pin the requirements anew from the .in files (needs uv)
	uv pip compile $(PIN) requirements-dev.in --output-file requirements-dev.txt
	uv pip compile $(PIN) --constraints requirements-dev.txt \
		layers/referrals/requirements.in --output-file layers/referrals/requirements.txt
	uv pip compile $(PIN) requirements-checkov.in --output-file requirements-checkov.txt
	uv pip compile $(PIN) requirements-bench.in --output-file requirements-bench.txt

clean: ## Remove what was built, but not what was installed
	rm -rf .aws-sam .local

$(NPM): npm-dev.json layers/referrals/npm.json $(INSTALLED)
	@$(BIN)/python layers/referrals/npm_packages.py npm-dev.json .npm
	@$(BIN)/python layers/referrals/npm_packages.py layers/referrals/npm.json layers/referrals/.npm
	@touch $@

$(CRAWLERS): $(NPM) layers/referrals/crawlers.py
	@$(BIN)/python layers/referrals/crawlers.py layers/referrals/.npm $@

$(QR): $(NPM) layers/referrals/inlined.py
	@$(BIN)/python layers/referrals/inlined.py layers/referrals/.npm $@

$(LIBRARIES): $(NPM) layers/referrals/console_libraries.py
	@$(BIN)/python layers/referrals/console_libraries.py layers/referrals/.npm $(@D)

# Made anew when the requirements change, else once. The two environments do not agree on one.
$(INSTALLED): requirements-dev.txt
$(CHECKOV)/installed: requirements-checkov.txt
$(INSTALLED) $(CHECKOV)/installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11; PYTHON=… picks another" >&2; exit 1; }
	@echo "installing the pinned requirements into $(@D), once"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check \
		--require-hashes --no-deps --requirement $<
	@touch $@
