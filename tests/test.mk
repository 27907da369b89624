# The tests. "make test" runs all stages; each stage is a command of its own, for developers.
# docs/testing.md tells what each does and what it needs.

TEST_VENV := .venv-test
TEST_PYTHON := $(TEST_VENV)/bin/python
STAGES := style types lint unit sanity modules targets package molecule readme awx sick runbook coverage
LONG := long-sanity long-molecule long-targets long

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
