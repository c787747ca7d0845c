# `make run` and `make test` are all that a newcomer needs; README.md says what they do.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet --quiet
TOO_OLD := Gatehouse needs Python 3.11 or newer. Say which to use: make PYTHON=/path/to/python3

.PHONY: help run test lint bench drill clean-demo
.DEFAULT_GOAL := help

help:
	@echo "make run         start the site with its worker (and, without settings, the demo)"
	@echo "make test        run every check: lint, both databases, the browser"
	@echo "make lint        run the quick checks alone"
	@echo "make bench       measure what the mirror costs (ROWS=1000000 for more rows)"
	@echo "make drill       put the line from Stripe under stress (DATABASE=postgresql for the other)"
	@echo "make clean-demo  throw the demo's data away"

run: .venv/run.stamp
	@exec $(BIN)/python -m scripts.run

test: .venv/test.stamp
	@exec $(BIN)/python -m scripts.test

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	DEMO=false ENV_FILE=scripts/production-like.env $(BIN)/python manage.py makemigrations --check --dry-run
	DEMO=false ENV_FILE=scripts/production-like.env $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: .venv/test.stamp
	@exec $(BIN)/python -m benchmarks $(ROWS)

drill: .venv/test.stamp
	@exec $(BIN)/python -m drills --database $(or $(DATABASE),sqlite) $(DRILL)

clean-demo: .venv/run.stamp
	@$(BIN)/python -m scripts.clean_demo

# A stamp is younger than the list it was installed from, so packages are fetched only when
# that list has changed. A step that was interrupted leaves none and is done again.
.venv/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(TOO_OLD)" >&2; exit 1; }
	@echo "Making the virtual environment .venv."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: requirements.txt .venv/venv.stamp
	@echo "Installing the packages of $< into .venv (about half a minute)."
	@$(PIP) install -r $<
	@touch $@

.venv/test.stamp: requirements-dev.txt requirements.txt .venv/venv.stamp
	@echo "Installing the packages of $< into .venv (about half a minute)."
	@$(PIP) install -r $<
	@touch $@
