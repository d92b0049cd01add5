# Everything from Python 3.11 or newer, make and a package index; the rest is installed into .venv once.
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install serve test lint bench client

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## everything that development needs, into .venv

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. Or: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

serve: $(INSTALLED) ## the server, with its data in ./data
	@exec $(BIN)/dealwright up --data-dir data

lint: $(INSTALLED) ## style, types and the floors of the imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## lint, then every test
	$(BIN)/pytest -n 2

bench: $(INSTALLED) ## the promises of speed, measured and printed as a table
	$(BIN)/python -m benchmarks

client: $(INSTALLED) ## the methods of the Python client, written anew from the operations
	cd clients/python && PYTHONPATH=$(CURDIR)/src $(CURDIR)/$(BIN)/python -m codegen
