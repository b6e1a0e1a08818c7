# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything starts here. Needed beforehand: make and a Python >= 3.11 with venv and pip.

# Python to make .venv with. When it is too old, python3.13, python3.12 and python3.11 are tried.
PYTHON ?= python3
# Port of the local AWS for `make local-aws`
PORT ?= 4566

BIN := $(CURDIR)/.venv/bin
# The Python that .venv is made with must not be found in .venv.
OUTER_PATH := $(PATH)
export PATH := $(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections

.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: ## Make .venv with everything that is needed
	@export PATH='$(OUTER_PATH)' && python=$$(sh tools/find_python.sh '$(PYTHON)') && $$python tools/make_venv.py

.PHONY: link
link: venv ## Make the checkout importable as the collection slipway.aws
	@$(BIN)/python tools/link_collection.py >/dev/null

.PHONY: demo
demo: link ## Deploy UEX payments dev on a local AWS, twice, and show what exists
	@$(BIN)/python tools/demo.py run

.PHONY: demo-stop
demo-stop: link ## Stop the demo's local AWS
	@$(BIN)/python tools/demo.py stop

.PHONY: local-aws
local-aws: link ## Run the local AWS in the foreground: make local-aws PORT=4566
	@PYTHONPATH=roles/local_aws/files exec $(BIN)/python -m local_aws --port $(PORT)

.PHONY: test
test: link ## Run every check: all stages below
	@$(BIN)/python tools/run_tests.py

.PHONY: lint sanity unit local-aws-tests integration operations site molecule
lint: link ## Check style, rules, licences, changelog and documentation
sanity: link ## Run ansible-test sanity
unit: link ## Run the unit tests, the tests of the project itself and of its package
local-aws-tests: link ## Run the tests of the local AWS
integration: link ## Run modules against the local AWS
operations: link ## Run roles, playbooks and rotations against the local AWS, a real PostgreSQL and a real Redis
site: link ## Deploy, repeat and destroy environments on the local AWS, and plan all others
molecule: link ## Run every Molecule scenario
lint sanity unit local-aws-tests integration operations site molecule:
	@$(BIN)/python tools/run_tests.py $@

# What `make bench` measures (bench, provisioning or molecule), and its options: make bench ARGS="--help"
BENCH ?= bench
ARGS ?=
.PHONY: bench
bench: link ## Measure UEX prod, with and without direct execution and next to Terraform
	@$(BIN)/python -m tests.benchmarks $(BENCH) $(ARGS)

.PHONY: format
format: link ## Format the Python files, and write what follows from the modules
	@$(BIN)/python tools/write_generated.py
	@ruff check --fix --exit-zero --quiet && ruff format

.PHONY: clean
clean: ## Remove everything that make made (stop the demo first)
	@rm -rf .venv .venv.lock .collections build dist .ansible .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
