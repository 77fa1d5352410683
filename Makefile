# Everything sets itself up: only Python >= 3.11, git and make are needed.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
EXAMPLES = $(wildcard examples/*.yaml examples/sources/*.yaml)

.PHONY: demo fits test lint bench figures pages clean

demo: $(VENV)/.core
	@for file in $(EXAMPLES); do \
	  $(BIN)/cevns predict $$file --output output/$$(basename $$file .yaml) || exit; \
	done
	@echo "Tables, results and figures of $(words $(EXAMPLES)) examples are in output/."

# Fits of the public data: fetched into a cache, or found under CEVNS_DATA.
fits: $(VENV)/.core
	$(BIN)/cevns data fetch coherent-csi-2017 coherent-csi-2021 coherent-lar-2020
	$(BIN)/cevns data fetch dresden-ii-2022 xenonnt-b8-2026
	@for file in $(wildcard examples/fits/signal-*.yaml) examples/fits/weak-mixing-angle.yaml; do \
	  $(BIN)/cevns fit $$file --output output/fits/$$(basename $$file .yaml) || exit; \
	done

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell src docs examples tools benchmarks README.md CONTRIBUTING.md CHANGELOG.md
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/fits.py

# Every figure of docs/. The data sets are found under CEVNS_DATA, as for the pages.
figures: $(VENV)/.dev
	$(BIN)/python tools/draw_data_flow.py
	$(BIN)/python tools/compare_lar_2020.py
	$(BIN)/python tools/draw_fits.py
	$(BIN)/python tools/write_constraints.py --figures

# What docs/ computes: tables and pages.
pages: $(VENV)/.dev
	$(BIN)/python tools/write_catalogue.py
	$(BIN)/python tools/write_choices.py
	$(BIN)/python tools/write_constraints.py
	$(BIN)/python tools/write_published.py
	$(BIN)/python tools/write_reactor.py
	$(BIN)/python tools/write_reproductions.py

# The package is installed in place and byte-compiled, so that the first start is quick as well.
$(VENV)/.core: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) output .mypy_cache .pytest_cache .ruff_cache .hypothesis
