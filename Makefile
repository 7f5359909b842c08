# One command each: `make demo` shows the tool, `make test` is what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := $(CURDIR)/.tools/bin
export OVERLAY_TOOLS ?= $(TOOLS)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check unit package tools testbed flux bench fuzz soak docs schemas lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/.demo: lock/runtime.txt lock/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "overlay needs Python 3.11 or newer; set PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what lock/runtime.txt pins into $(VENV) …"
	@$(PIP_INSTALL) --require-hashes -r lock/runtime.txt -r lock/build.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: lock/dev.txt $(VENV)/.demo
	@echo "installing what lock/dev.txt pins into $(VENV) …"
	@$(PIP_INSTALL) --require-hashes -r lock/dev.txt
	@touch $@

demo: $(VENV)/.demo ## Tell a short story on the sample project
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/demo.sh

test: check unit package ## Everything that CI runs, with what it needs

check: $(VENV)/.dev ## Lint, format, types, imports, documents that are made from code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/write_schemas.py --check
	$(BIN)/python scripts/write_reference.py --check

unit: $(VENV)/.dev tools testbed flux ## The test suite
	@sh scripts/run_tests.sh $(BIN)/python $(WORKERS)

package: $(VENV)/.dev ## Build the wheel, install it elsewhere, try it as a new user would
	PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/try_package.sh

tools: ## Build the peers that tests use (kustomize, helm, kubeconform, a registry)
	@sh scripts/install_tools.sh "$(TOOLS)"

testbed: ## Build the Kubernetes that tests of clusters run against (minutes, once for each pin; OVERLAY_TESTBED keeps it)
	@sh scripts/build_testbed.sh >/dev/null

flux: ## Build Flux's controllers, which read our bundles and branches in tests (minutes, once for each pin)
	@sh scripts/build_flux.sh >/dev/null

bench: $(VENV)/.dev testbed ## Measure against the peers, ratios in one run
	@sh scripts/install_tools.sh "$(TOOLS)"
	$(BIN)/python benchmarks/run.py

fuzz: $(VENV)/.dev ## Fuzz for long
	OVERLAY_FUZZ=1 $(BIN)/python -m pytest -n $(WORKERS) tests -k "fuzz or law"

soak: fuzz ## The long runs of all random tests, of races, and of runs that end at each step
	OVERLAY_FUZZ=1 $(BIN)/python -m pytest -n $(WORKERS) tests/gitops/test_crash.py tests/gitops/test_races.py

docs: $(VENV)/.dev ## Write the reference pages from the code
	$(BIN)/python scripts/write_schemas.py
	$(BIN)/python scripts/write_reference.py

schemas: $(VENV)/.dev ## Extract the Kubernetes tables again
	$(BIN)/python scripts/extract_kubernetes.py

lock: ## Pin the newest allowed versions (needs uv)
	uv pip compile --quiet --upgrade pyproject.toml --generate-hashes --universal --no-header -o lock/runtime.txt
	uv pip compile --quiet --upgrade pyproject.toml --extra dev --generate-hashes --universal --no-header -o lock/dev.txt
	uv pip compile --quiet --upgrade lock/build.in --generate-hashes --universal --no-header -o lock/build.txt

clean: ## Remove what this file made
	rm -rf $(VENV) .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
