# make atlas    what running needs, and the atlas of the shipped zone in maps/
# make test     all that the tests need, the site, then the tests
# make lint     the style and the types
# make docs     the site in docs/_build/site, which opens without a network: index.html
# make page     the modules of the atlas's page, where npm is there
# make matrix   set-up and commands on every Python and pip there is, and on the lower bounds
# make locks    renew locks/ from pyproject.toml
PYTHON ?= python3
VENV   ?= .venv
LOCKS  ?= locks
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := $(PIP) install -q --require-hashes --no-deps --only-binary :all:

.PHONY: atlas page test test-full lint docs matrix locks bench setup machine clean

atlas: setup
	$(BIN)/zgcgis map zgc -o maps/zgc.html

setup: $(VENV)/ready

# A lock is installed as it stands: nothing is resolved, so a newer release changes nothing.
$(VENV)/run: $(LOCKS)/run.txt
	@$(PYTHON) tests/python_version.py
	$(PYTHON) -m venv --clear $(VENV)
	$(LOCKED) -r $(LOCKS)/run.txt
	touch $@

$(VENV)/ready: $(VENV)/run pyproject.toml
	$(PIP) install -q --no-deps --no-build-isolation -e .
	$(PIP) check
	touch $@

$(VENV)/test: $(VENV)/run $(LOCKS)/test.txt
	$(LOCKED) -r $(LOCKS)/test.txt
	touch $@

$(VENV)/docs: $(VENV)/run $(LOCKS)/docs.txt
	$(LOCKED) -r $(LOCKS)/docs.txt
	touch $@

# Programs the tests need beside Python: installed where the user is root and apt is there.
machine:
	@sh tests/machine.sh

# The page of the atlas: its bundle and its types. Only who changes the page needs npm.
page:
	@if command -v npm >/dev/null; then cd zgcgis/maps/page && npm ci --silent --no-audit --no-fund \
	|| echo "页面的模块未能安装，相应测试将跳过 The modules of the page could not be installed; their tests are left out"; \
	else echo "没有 npm，页面的打包与类型测试将跳过 No npm: the tests of the page's bundle and types are left out"; fi

lint: setup $(VENV)/test
	$(BIN)/ruff check zgcgis tests locks
	$(BIN)/ruff format --check zgcgis tests locks
	$(BIN)/mypy

# Compiled once: many tests start the program anew, and an environment may forbid it to keep what it compiles.
test: setup $(VENV)/test machine page lint docs
	$(PIP) check
	$(BIN)/python -m compileall -q zgcgis tests
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-branch --cov-report=term --durations=40

test-full: setup $(VENV)/test machine
	ZGCGIS_FULL=1 $(BIN)/pytest -n 2 --dist loadfile

# Any warning, and any link that leads nowhere, ends it.
docs: setup $(VENV)/docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/site

matrix:
	$(PYTHON) -m tests.matrix

locks:
	$(PYTHON) -m venv $(VENV)-locks
	$(VENV)-locks/bin/python -m pip install -q uv==0.13.9
	$(VENV)-locks/bin/python locks/renew.py

bench: setup $(VENV)/test
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.commands --size 10000
	$(BIN)/python -m tests.benchmarks.plain

clean:
	rm -rf $(VENV) $(VENV)-locks build dist .mypy_cache .pytest_cache .ruff_cache .coverage
