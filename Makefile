# make report   install graf and write a report on the measured dataset
# make test     install what the tests need and run every check
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: report test lint docs clean

report: .venv/graf
	$(BIN)/graf report digits201 -o report

test: .venv/dev lint
	$(BIN)/python -m pytest -n 2 --dist worksteal
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest tests/kernels tests/features tests/graph tests/explainers/test_tree_shap.py

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/dev
	$(BIN)/python -c "from graf.sources.network.operations import *; print(operations_page(), end='')" > docs/operations.md

.venv/graf: setup.cfg pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --editable .
	touch $@

.venv/dev: .venv/graf
	$(PIP) --editable '.[torch,onnx,dev]'
	touch $@

clean:
	rm -rf .venv report build *.egg-info
