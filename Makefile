.PHONY: demo test lint bench cluster-test fault-injection verify docs
BIN := .venv/bin
INSTALLED := .venv/installed
COMPARED := .venv/compared
CLUSTER := .venv/cluster

demo: $(INSTALLED)
	$(BIN)/snakemake --workflow-profile workflow/profiles/demo
	$(BIN)/snakemake --workflow-profile workflow/profiles/demo --report results/report.html

test: $(INSTALLED) $(COMPARED)
	$(BIN)/pytest -n 2 --dist worksteal --durations 10

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python tests/lint_workflow.py

bench: $(INSTALLED)
	$(BIN)/python tests/benchmarks/training.py
	$(BIN)/python tests/benchmarks/baselines.py
	$(BIN)/python tests/benchmarks/scheduling.py
	$(BIN)/python tests/benchmarks/workflow.py
	$(BIN)/python tests/benchmarks/explorer.py
	$(BIN)/python tests/benchmarks/coverage.py

# As root, with Debian's slurm-wlm and munge: a SLURM of one node is started for it and stopped afterwards.
cluster-test: $(CLUSTER)
	tests/cluster/slurm.sh

# Kills, power cuts, full disks, damaged and replaced files and changed clocks, on a small text: half an hour.
fault-injection: $(INSTALLED)
	$(BIN)/python tests/fault_injection.py

# docs/tables.md, from the files and columns that the code declares.
docs: $(INSTALLED)
	$(BIN)/python docs/write_tables.py

verify: $(INSTALLED)
	$(BIN)/python -m rnnscope.storage.provenance verify --files results/*/provenance.json

# A C++ compiler makes the recurrences several times faster; without one they run in plain torch.
$(INSTALLED): requirements.lock pyproject.toml setup.py src/rnnscope/models/compiled.cpp
	python3 -m venv .venv
	$(BIN)/pip install --requirement requirements.lock
	$(BIN)/pip install --no-deps --no-build-isolation --editable .
	touch $@

# KenLM comes as source only: a machine without a compiler does without it.
$(COMPARED): requirements-test.lock $(INSTALLED)
	$(BIN)/pip install --requirement requirements-test.lock || echo "no KenLM: its comparisons will be skipped"
	touch $@

$(CLUSTER): requirements-cluster.lock $(INSTALLED)
	$(BIN)/pip install --requirement requirements-cluster.lock
	touch $@
