# Two commands do everything, set-up included: `make present` and `make test`.
# Everything they install goes to .venv here and to the user's cache folder; both are safe to run twice.

PYTHON ?= python3
TALK ?= slides/attention
PORT ?= 8000
BIN := .venv/bin
# A worker a core. The models in the quick tests are tiny: a second thread would wait, not help.
QUICK := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 4 -m "not slow"
# Decks, servers and browsers are shared within a file, so a file stays with one worker.
SLOW := $(BIN)/pytest --numprocesses auto --maxprocesses 2 --dist loadfile -m slow
# Real browsers, servers and compilers share the machine's cores: what fails is run once more, and told by name.
AGAIN := --reruns 1 -raR
# pip reads a relative path, so a checkout in a folder with a space in its name works.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: present test check docs setup smollm2 browser format pretrained

present: setup smollm2
	@$(BIN)/talkgen present $(TALK) --port $(PORT)

test: setup-dev browser
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(QUICK) $(AGAIN)
	@$(SLOW) $(AGAIN)

check: setup-dev
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(QUICK)

# The documentation's site, with the five talks in it, in site/.
docs: setup-dev
	@$(BIN)/mkdocs build

setup: .venv/talkgen

setup-dev: .venv/talkgen-dev

.venv/bin/python:
	@echo "setting up .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "talkgen needs Python 3.11 or newer; name one with: make PYTHON=…")'
	@$(PYTHON) -m venv .venv
	@$(PIP) --quiet --upgrade "pip>=25.1"

.venv/talkgen: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing talkgen and what it needs (a few minutes the first time; torch is the large part)"
	@$(PIP) --progress-bar on --editable ".[demos]"
	@touch .venv/talkgen

.venv/talkgen-dev: .venv/talkgen
	@echo "installing what the tests need"
	@$(PIP) --group dev
	@touch .venv/talkgen-dev

# The talk runs on the committed small model where SmolLM2 cannot be had, and says so.
smollm2: setup
	@$(BIN)/talkgen model pull smollm2 || echo "going on with the small model that is in the repository"

browser:
	@$(BIN)/python tests/browser_setup.py
