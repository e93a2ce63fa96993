# make atlas   the environment, and the atlas of the shipped zones in maps/
# make test    all that the tests need, then the tests
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: atlas test test-full lint bench setup machine clean

atlas: setup
	$(BIN)/zgcgis map zgc -o maps/zgc.html

setup: $(VENV)/ready

$(VENV)/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes --only-binary :all: -r requirements.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

# Programs the tests need beside Python: installed where the user is root and apt is there.
machine:
	@sh tests/machine.sh

lint: setup
	$(BIN)/ruff check zgcgis tests
	$(BIN)/ruff format --check zgcgis tests
	$(BIN)/mypy

test: setup machine lint
	$(BIN)/pytest -n 2 --dist loadfile --cov --cov-branch --cov-report=term

test-full: setup machine
	ZGCGIS_FULL=1 $(BIN)/pytest -n 2 --dist loadfile

bench: setup
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .coverage
