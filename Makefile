# What a person does with mailbot from a clone. Needs: python3 (3.11 or later) python3-venv make.
# `make` alone lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.stamp
LOCK   := requirements/lock.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt run servers lock clean .venv

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

# The stamp is written last, so an install that broke off is done again. Code is not among the prerequisites, because
# the editable install reads it in place.
$(STAMP): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("mailbot needs Python 3.11 or later, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv: $(STAMP)  ## install everything that the lock names (done by the other targets where needed)

demo: $(STAMP)  ## play the whole story on this machine: mail servers, tickets, answers
	$(BIN)/mailbot demo

test: $(STAMP)  ## run all tests
	$(BIN)/python -m pytest -n auto $(PYTEST_FLAGS)

check: $(STAMP)  ## format, lint, types, walls, then all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

fmt: $(STAMP)  ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

run: $(STAMP)  ## run the daemon with the configuration in $MAILBOT_CONFIG, ./config or /etc/mailbot
	$(BIN)/mailbot run
