.PHONY: demo test lint bench
BIN := .venv/bin
INSTALLED := .venv/installed

demo: $(INSTALLED) ## the whole DAG on texts that are already installed, and its report
	$(BIN)/snakemake --workflow-profile workflow/profiles/demo
	$(BIN)/snakemake --workflow-profile workflow/profiles/demo --report results/report.html

test: $(INSTALLED)
	$(BIN)/pytest -n 2 --dist loadgroup --durations 10

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python tests/lint_workflow.py

bench: $(INSTALLED)
	$(BIN)/python tests/benchmark.py

$(INSTALLED): requirements.lock pyproject.toml
	python3 -m venv .venv
	$(BIN)/pip install --requirement requirements.lock
	$(BIN)/pip install --no-deps --no-build-isolation --editable .
	touch $@
