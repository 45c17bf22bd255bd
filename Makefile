# What a person does with mailbot from a clone. Needs: python3 (3.11 or later) python3-venv make.
# `make` alone lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.stamp
LOCK   := requirements/lock.txt
SEEDS  ?= 2000
MAILS  ?= 200000
ROUNDS ?= 5

.DEFAULT_GOAL := help
.PHONY: help demo test corpus check simulate several crash weather fmt fuzz bench run servers lock clean folders .venv

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

corpus: $(STAMP)  ## pour all mail of the material folder into a real IMAP server, and follow each to its end
	MAILBOT_FULL=1 $(BIN)/python -m pytest -s -o faulthandler_timeout=0 -o log_level=CRITICAL tests/stories/test_corpus.py

check: $(STAMP)  ## format, lint, types, walls, then all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

folders: $(STAMP)  ## first scan of a folder of MAILS=200000, then people, resets and lost machines at length
	$(BIN)/python -m tests.folders --mails $(MAILS)
	MAILBOT_FULL=1 $(BIN)/python -m pytest -q -o faulthandler_timeout=0 tests/folders tests/servers/test_whole_folders.py

simulate: $(STAMP)  ## play SEEDS=2000 seeded lives of a desk in bad weather, then hunt for planted bugs
	$(BIN)/python -m tests.simulation --seeds $(SEEDS)
	$(BIN)/python -m tests.simulation --bugs --seeds 60

crash: $(STAMP)  ## kill the desk at every system call that writes, fill its disk, crash it twice (hours; may be broken off)
	$(BIN)/python -m tests.crash $(CRASH_FLAGS)
	$(BIN)/python -m tests.crash --bugs

several: $(STAMP)  ## three daemons on one PostgreSQL, one frozen, one killed, connections cut: ROUNDS=5 rounds
	MAILBOT_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -q -s -o faulthandler_timeout=0 tests/stories/test_three_daemons.py -k lose

weather: $(STAMP)  ## break the lines to mailbox, mail server and database at every word of theirs (minutes)
	MAILBOT_FULL=1 $(BIN)/python -m pytest -q -n auto -o log_level=CRITICAL $(PYTEST_FLAGS) tests/weather

fmt: $(STAMP)  ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# Its environment borrows what the other one has, so that only the fuzzer itself is installed here.
FUZZ := build/fuzz/venv

fuzz: $(STAMP)  ## hunt for bytes that break a parser, for FUZZ_SECONDS (600) in all
	@test -x $(FUZZ)/bin/python || { $(PYTHON) -m venv $(FUZZ) && $(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/fuzz.txt; }
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$($(FUZZ)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/mailbot.pth"
	PYTHONPATH=. $(FUZZ)/bin/python -m fuzz

bench: $(STAMP)  ## mails a second, beside the standard library in the same run; BENCH_MAILS names a folder of mails
	$(BIN)/python -m bench.parse $(BENCH_MAILS)

run: $(STAMP)  ## run the daemon with the configuration in $MAILBOT_CONFIG, ./config or /etc/mailbot
	$(BIN)/mailbot run

servers:  ## (as root) install the Debian mail and database servers that some tests drive; starts none of them
	sh requirements/install-servers.sh

lock: pyproject.toml  ## choose the newest allowed versions of everything and write the lock with their hashes
	@rm -rf build/lock && $(PYTHON) -m venv build/lock && build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/lock/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-annotate --no-header --no-emit-index-url --no-emit-find-links --quiet --output-file $(LOCK)
	@rm -rf build/lock

clean:  ## remove all that make and the tools made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find mailbot tests -name __pycache__ -type d -prune -exec rm -rf {} +
