# The everyday commands; "make help" lists them. What the tests need is in tests/test.mk.
#
# Nothing is written outside this checkout, and a checkout may lie at any path: every program runs from here,
# with relative paths, and what would otherwise go to the home folder or to /tmp goes below .work/.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv

everyday := weekly sandbox sandbox-stop clean
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
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile tests/test.mk 2>/dev/null | \
	  while IFS='	' read -r name what; do printf '  make %-14s %s\n' "$$name" "$$what"; done

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

.PHONY: clean
clean: ## Stop the sandbox platform and remove all that was made in this checkout, its data and reports too
	@if [ -e .sandbox ]; then $(MAKE) venv && $(VENV)/bin/python -m tests.stacks.sandbox clean; fi
	@rm -rf .venv .work .sandbox .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: venv
venv:
	@mkdir -p .work/tmp
	@$(PYTHON) tests/venv.py $(VENV) tests/requirements/sandbox.txt

-include tests/test.mk
