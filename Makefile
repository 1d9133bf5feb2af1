# Needs Python 3.11 or newer, Node 20 or newer, git and make; everything else is fetched into this folder.
# Repeated calls do only what is out of date. `make` alone lists what there is.

SHELL := bash
VENV := .venv
PY := $(VENV)/bin/python
EXTENSION := vscode-extension
EXTENSION_SOURCES := $(wildcard $(EXTENSION)/src/*.ts $(EXTENSION)/src/*/*.ts) \
	$(addprefix $(EXTENSION)/,package.json package-lock.json tsconfig.json)
WHEELS := $(EXTENSION)/bundle/wheels
SERVER_SOURCES := $(shell find server agents memory -type f -not -name '*.pyc') pyproject.toml constraints.txt README.md
PYTEST := $(PY) -m pytest
# Quiet and reproducible: no advice about newer versions, no questions.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Some containers forbid Python to keep what it compiled: each of the thousand processes of the tests would compile it all anew.
export PYTHONDONTWRITEBYTECODE :=
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: $(VENV)/installed ## watch Cairn work on a small project (the model's turns are replayed)
	$(VENV)/bin/cairn demo

.PHONY: test
test: check ## every check, and the fast tests
	$(PYTEST) -n 2 -m "not editor and not chaos and not bench"

.PHONY: check
check: lint types layers generated extension ## every check without the tests

.PHONY: lint
lint: $(VENV)/developing ## ruff: rules and format
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

.PHONY: types
types: $(VENV)/developing ## pyright, strict
	$(VENV)/bin/pyright

.PHONY: layers
layers: $(VENV)/developing ## import-linter: server -> agents -> memory
	$(VENV)/bin/lint-imports

.PHONY: generated
generated: $(VENV)/developing ## generated files are fresh
	$(PY) -m cairn_server.typescript --check
	$(PY) -m cairn_agents.config.schema --check

.PHONY: generate
generate: $(VENV)/developing ## writes the generated files anew
	$(PY) -m cairn_server.typescript
	$(PY) -m cairn_agents.config.schema

.PHONY: extension
extension: $(EXTENSION)/dist/extension.js ## types and bundle of the VS Code extension

.PHONY: test-chaos
test-chaos: $(VENV)/developing ## kills, faults and long runs
	$(PYTEST) -n 2 -m chaos

.PHONY: test-repeat
test-repeat: $(VENV)/developing ## what must never fail by chance, twenty times in a row
	$(PYTEST) -m repeat --count 20

.PHONY: test-editor
test-editor: $(VENV)/developing extension ## the extension in a real VS Code (needs Chromium; fetches 800 MB once)
	tests/e2e/editor/setup.sh
	$(PYTEST) -m editor

.PHONY: bench
bench: $(VENV)/developing ## measures; on a quiet machine
	$(PYTEST) -s -m bench

.PHONY: bench-memory
bench-memory: $(VENV)/developing ## measures the memory on your data: DATA=trajectories CHATS=chats PROBE=scripts
	$(PY) tests/bench/rebuild.py "$(DATA)" "$(PROBE)"
	$(PY) tests/bench/retrieval.py "$(CHATS)"
	$(PYTEST) -s -m bench tests/bench/test_small_window.py
	$(PY) tests/bench/scale.py 1000000

.PHONY: package
package: $(VENV)/developing extension wheels ## the wheel, and the VSIX with the server in it and without, into dist/
	rm -rf dist && mkdir dist
	cp $(WHEELS)/cairn_agent-*.whl dist/
	cd $(EXTENSION) && npm run --silent package && npm run --silent package:bundled
	cp $(EXTENSION)/dist/cairn.vsix dist/
	cp $(EXTENSION)/dist/cairn-bundled.vsix dist/cairn-$$(node -p 'process.platform + "-" + process.arch').vsix
	@ls -l dist

.PHONY: wheels
wheels: $(WHEELS)/key ## Cairn and all that it needs, for the VSIX

.PHONY: clean
clean: ## removes everything that can be made again (never .cairn, which is memory)
	rm -rf $(VENV) .rig build dist $(EXTENSION)/dist $(EXTENSION)/node_modules $(WHEELS)
	rm -rf .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find agents memory server tests -name __pycache__ -prune -exec rm -rf {} +

# --- set-up, each step with a stamp ---------------------------------------------------------

# The first Python that runs, is new enough and can make environments. A name on PATH is not
# enough: version managers put names there for versions that are not installed or not chosen.
$(VENV)/created:
	@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "$$python -m venv $(VENV)"; \
	    "$$python" -m venv $(VENV) && touch $@ && exit 0; \
	  fi; \
	done; \
	echo "Cairn needs Python 3.11 or newer with its venv module (Debian: python3-venv)." \
	  "Looked for: $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)." \
	  "Name another with: make PYTHON=/path/to/python" >&2; \
	exit 1

$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	$(PY) -m pip install -q -c constraints.txt -e .
	@touch $@

# pip reads dependency groups only since 25.1; the pip of Python 3.11 is older.
$(VENV)/developing: $(VENV)/installed
	@$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
	  > $(VENV)/dev-requirements.txt
	$(PY) -m pip install -q -c constraints.txt -r $(VENV)/dev-requirements.txt
	@touch $@

$(EXTENSION)/node_modules/installed: $(EXTENSION)/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || \
	  { echo "Cairn needs Node 20 or newer on PATH; found: $$(node --version || echo none)" >&2; exit 1; }
	cd $(EXTENSION) && npm ci --loglevel=error
	@touch $@

$(WHEELS)/key: $(VENV)/developing $(EXTENSION)/bundle/fill.py $(SERVER_SOURCES)
	$(PY) $(EXTENSION)/bundle/fill.py

$(EXTENSION)/dist/extension.js: $(EXTENSION)/node_modules/installed $(EXTENSION_SOURCES)
	cd $(EXTENSION) && npm run --silent typecheck && npm run --silent build
	@touch $@
