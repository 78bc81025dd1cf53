# Everything sets itself up: a Python (3.11 or later) and make are enough.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE # what a test run imports is compiled once, not once a process

.PHONY: help serve demo test test-long sabotage mutants lint bench versus scale package pins sbom vendor screenshots deploy clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/local: requirements.in infra/requirements.txt
	@echo "Setting up .venv (about a minute, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r infra/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/tests: .venv/local tests/requirements.txt
	@echo "Setting up what the tests need (about a minute, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

serve: .venv/local ## Serve the local stack on PORT (8000)
	@$(BIN)/python -m infra.serve --port $(PORT)

demo: .venv/local ## Play 500 real tickets through the local stack
	@$(BIN)/python -m infra.demo

test: .venv/tests ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not e2e"
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m e2e -rs

test-long: .venv/tests ## Run the tests at their full size
	@INTERLEAVE_LONG=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m "not e2e" --timeout 7200
	@INTERLEAVE_LONG=1 $(BIN)/python -m pytest -m e2e -rs --timeout 7200 # one by one: some of them measure

sabotage: .venv/tests ## Break the project on purpose, one thing at a time, and print which test catches it
	@$(BIN)/python -m tests.sabotage

mutants: .venv/tests ## Change the routing core line by line (OF=chalicelib.routing.rank* for a part), and list what no test notices
	@INTERLEAVE_SHORT=1 $(BIN)/mutmut run --max-children 2 $(OF); $(BIN)/mutmut results

lint: .venv/tests ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/tests ## Measure, and write .interleave/bench.json
	@$(BIN)/python -m infra.bench

versus: .venv/tests ## Play one day beside what others document and what one would build; write .interleave/versus.json
	@$(BIN)/python -m infra.versus

scale: .venv/tests ## Count what larger tenants write, read and cost, and let it through DynamoDB's partitions
	@$(BIN)/python -m infra.scale

package: .venv/local ## Build the deployable package in .interleave/package
	@$(BIN)/python -m infra.package

pins: ## Pin what the package carries, each file by its hash (after a change of requirements.in)
	@test -x .interleave/pins/bin/uv || { $(PYTHON) -m venv .interleave/pins && \
		.interleave/pins/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9; }
	@.interleave/pins/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 \
		--no-header --no-annotate --no-emit-index-url --output-file requirements.txt requirements.in

vendor: .venv/local ## Fetch the console's libraries, each checked by its hash (after a change of infra/vendor.json)
	@$(BIN)/python -m infra.vendor

screenshots: .venv/tests ## Make the README's pictures of the console anew
	@$(BIN)/python -m tests.browser.screenshots

sbom: .venv/tests ## List what the package is made of in .interleave/sbom.json (CycloneDX)
	@$(BIN)/python -m infra.sbom

deploy: .venv/local ## Deploy a tenant to AWS: make deploy TENANT=acme (OPTIONS=--plan shows the change only)
	@test -n "$(TENANT)" || { echo "Name the tenant: make deploy TENANT=acme"; exit 1; }
	@$(BIN)/interleave deploy $(TENANT) $(OPTIONS)

clean: ## Remove everything that was built or installed
	@rm -rf .venv .interleave .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
