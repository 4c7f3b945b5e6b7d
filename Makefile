# One line a verb. Each sets up what it needs: Python 3.11 or newer, make and a package index are enough.
#   make publish INBOX=folder      make serve PORT=8001      make test ARGS='-k words'

INBOX   ?= examples/inbox
SITE    ?= site
PRIVATE ?= private
PORT    ?= 8001
ROWS    ?= 200000
PYTHON  ?=
ARGS     =
# The sample is judged as of this day, so that its publication terms have not run out.
TODAY   ?= $(if $(filter examples/inbox,$(patsubst ./%,%,$(INBOX:/=))),2025-03-31)

BIN = .venv/bin
# Twice quiet: errors still show.
PIP = $(BIN)/python -m pip -qq --disable-pip-version-check install
# A worker that has nothing left to do takes tests from the others, so that all are done at once.
TESTS = $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal

.PHONY: help setup publish privacy serve check quick test bench lock
.DELETE_ON_ERROR:

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile
setup: .venv/.dev ## everything for working on the project, in .venv
	@:
publish: .venv/.run ## INBOX → a release in SITE; what is not public → PRIVATE
	@$(BIN)/gongshi publish "$(INBOX)" --site "$(SITE)" --private "$(PRIVATE)" $(if $(TODAY),--today $(TODAY)) $(ARGS)
privacy: .venv/.run ## made-up personal values planted into a copy of INBOX: what of them would be public
	@$(BIN)/gongshi privacy-test "$(INBOX)" $(if $(TODAY),--today $(TODAY)) $(ARGS)
serve: .venv/.run ## the site of the current release, on PORT
	@$(BIN)/gongshi serve --site "$(SITE)" --port $(PORT) $(ARGS)
check: .venv/.dev ## style, types, unused code and the order of imports
	@sh tools/check.sh
quick: .venv/.dev ## the tests that are quick, of every part: for each save
	@$(TESTS) --durations 5 --quick -m "not slow" $(ARGS)
test: .venv/.dev ## all tests; brings a browser and fonts where it can
	@CHROMIUM="$$(sh tools/browser.sh)" && export CHROMIUM && $(TESTS) --durations 20 $(ARGS)
bench: .venv/.dev ## speed and memory beside the peers, on ROWS rows
	@$(BIN)/python -m bench.run --rows $(ROWS) $(ARGS)
lock: ## pin the newest versions that pyproject.toml allows
	@PYTHON="$(PYTHON)" sh tools/lock.sh

# A stamp says that what a lock file names is in .venv. What work needs comes on top of what running
# needs, in two steps: some of it is built on the spot, by the pinned setuptools of the first step.
.venv/.run: requirements/run.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh tools/venv.sh
	@$(PIP) --require-hashes --only-binary :all: -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
.venv/.dev: requirements/dev.txt .venv/.run
	@$(PIP) --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@
