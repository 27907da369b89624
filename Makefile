# The commands; "make help" lists them.
#
# Nothing is written outside this checkout, and a checkout may lie at any path: every program runs from here,
# with relative paths, and what would otherwise go to the home folder or to /tmp goes below .work/.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv

everyday := weekly sandbox sandbox-stop stack-sira stack-sira-run stack-sira-stop clean
$(everyday): export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.work/collections
$(everyday): export ANSIBLE_HOME := $(CURDIR)/.work/ansible
$(everyday): export ANSIBLE_LOCAL_TEMP := $(CURDIR)/.work/tmp
$(everyday): export ANSIBLE_REMOTE_TEMP := .work/tmp
$(everyday): export ANSIBLE_ASYNC_DIR := $(CURDIR)/.work/async
$(everyday): export MPLCONFIGDIR := $(CURDIR)/.work/matplotlib
$(everyday): export XDG_CACHE_HOME := $(CURDIR)/.work/cache
$(everyday): export TMPDIR := $(CURDIR)/.work/tmp
$(everyday): export PYTHONUNBUFFERED := 1

# Every start of Ansible would compile all of it again, were bytecode not kept; it is kept in this checkout.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.work/pycache
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the commands
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | \
	  while IFS='	' read -r name what; do printf '  make %-15s %s\n' "$$name" "$$what"; done

.PHONY: weekly
weekly: venv ## Run the weekly runbook on the sandbox; SICK=1 plants critical troubles, ARGS=… goes to ansible-playbook
	@$(VENV)/bin/python -m tests.stacks.sandbox start $(if $(filter-out 0 no false,$(SICK)),--sick)
	@$(VENV)/bin/python -m ansible playbook -i inventories/sandbox playbooks/weekly.yml $(ARGS)

.PHONY: sandbox
sandbox: venv ## Start the sandbox platform: PostgreSQL, a web application, logs and backup sets
	@$(VENV)/bin/python -m tests.stacks.sandbox start $(if $(filter-out 0 no false,$(SICK)),--sick)

.PHONY: sandbox-stop
sandbox-stop: ## Stop the sandbox platform; its data stays
	@if [ -e .sandbox ]; then $(MAKE) venv && $(VENV)/bin/python -m tests.stacks.sandbox stop; fi

# Stand-ins of platforms that have an inventory, in containers; docs/platforms.md tells what they are.
RUNBOOK ?= daily

.PHONY: stack-sira
stack-sira: venv ## Build and start a small sira in containers; SICK=1 plants troubles
	@$(VENV)/bin/python -m tests.stacks.sira start $(if $(filter-out 0 no false,$(SICK)),--sick)

.PHONY: stack-sira-run
stack-sira-run: venv ## Run a runbook on it: RUNBOOK=weekly; daily when not told otherwise; ARGS=… goes to ansible-playbook
	@$(VENV)/bin/python -m ansible playbook -i inventories/sira -i .stacks/sira/inventory playbooks/$(RUNBOOK).yml $(ARGS)

.PHONY: stack-sira-stop
stack-sira-stop: ## Remove it: containers, network, data, reports
	@if [ -e .stacks/sira ]; then $(MAKE) venv && $(VENV)/bin/python -m tests.stacks.sira stop; fi

.PHONY: clean
clean: ## Stop the platforms and remove all that was made in this checkout, their data and reports too
	@if [ -e .sandbox ]; then $(MAKE) venv && $(VENV)/bin/python -m tests.stacks.sandbox clean; fi
	@$(MAKE) stack-sira-stop
	@rm -rf .venv .work .sandbox .stacks .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: venv
venv:
	@mkdir -p .work/tmp
	@$(PYTHON) tests/venv.py $(VENV) tests/requirements/sandbox.txt

# The tests. "make test" runs all stages; each stage is a command of its own, for developers.
# docs/testing.md tells what each does and what it needs.

TEST_VENV := .venv-test
TEST_PYTHON := $(TEST_VENV)/bin/python
STAGES := style types lint unit sanity modules targets package molecule readme awx sick runbook coverage
LONG := long-sanity long-molecule long-readme long-targets long

.PHONY: test
test: ## Set up all that the tests need, and run them all; KEEP=1 leaves the containers running
	@since=$$(date +%s) && $(MAKE) venv-test && $(TEST_PYTHON) -m tests.tools.stages --since "$$since"

.PHONY: test-long
test-long: venv-test ## The tests that take long
	@$(TEST_PYTHON) -m tests.tools.stages $(LONG)

.PHONY: bench
bench: venv-test ## Measure backups, restores and log scans against other ways; ARGS="backup --rounds 5", for one
	@$(TEST_PYTHON) -m tests.benchmarks $(ARGS)

.PHONY: $(STAGES) $(LONG)
$(STAGES) $(LONG): venv-test
	@$(TEST_PYTHON) -m tests.tools.stages $@

.PHONY: servers
servers: venv-test ## Start PostgreSQL 13, 15, 17 and 18 in containers, for the tests
	@$(TEST_PYTHON) -m tests.tools.servers up

.PHONY: servers-stop
servers-stop: venv-test ## Remove those containers
	@$(TEST_PYTHON) -m tests.tools.servers down

.PHONY: venv-test
venv-test:
	@$(PYTHON) tests/venv.py $(TEST_VENV) tests/requirements/sandbox.txt tests/requirements/test.txt

clean: clean-test

.PHONY: clean-test
clean-test:
	@rm -rf $(TEST_VENV)
