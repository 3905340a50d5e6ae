# Everything a person or a machine does here, by name. Bare `make` lists it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header
WORKERS := -n logical --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help setup dev run test check lint format bench proof lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## build .venv with the locked dependencies and `trueup` (at once when it is up to date)
	@$(PYTHON) scripts/setup.py

dev:
	@$(PYTHON) scripts/setup.py --dev

run: setup ## start the demo company, its dashboard and its API on http://127.0.0.1:8000 (PORT=9000 moves it)
	@exec $(BIN)/trueup demo --host $(HOST) --port $(PORT)

test: dev ## install what the tests need, then run them all (ARGS="-k closing" picks some)
	@exec $(BIN)/python scripts/test.py $(WORKERS) $(ARGS)

check: lint ## format, lint, types, imports and the quick tests: before every commit
	@$(BIN)/python -m pytest $(WORKERS) -q -m "not slow and not journey" $(ARGS)

lint: dev ## format, lint, types and imports, without the tests
	@$(BIN)/ruff format --check --quiet --diff
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: dev ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

bench: dev ## measure speed and memory on bills made for it
	@exec $(BIN)/python -m bench $(ARGS)

proof: dev ## the long runs behind the figures in docs/proof.md, which it writes
	@exec $(BIN)/python -m bench.proof $(ARGS)

lock: dev ## resolve pyproject.toml into requirements/*.txt again (ARGS=--upgrade moves to the newest)
	$(LOCK) $(ARGS) pyproject.toml --output-file requirements/base.txt
	$(LOCK) $(ARGS) pyproject.toml --group dev --group build --constraints requirements/base.txt --output-file requirements/dev.txt
	$(LOCK) $(ARGS) --group build --constraints requirements/dev.txt --output-file requirements/build.txt
	$(LOCK) $(ARGS) --python-version 3.12 requirements/focus-validator.in --output-file requirements/focus-validator.txt

clean: ## remove .venv, caches and build output; your data stays
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
