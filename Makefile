.PHONY: demo reference test lint bench cluster-test fault-injection verify docs
BIN := .venv/bin
INSTALLED := .venv/installed
COMPARED := .venv/compared
CLUSTER := .venv/cluster
KEPT := results/reference
WORK := build/reference
# Hundreds of jobs import the same modules: they are compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

demo: $(INSTALLED)
	$(BIN)/snakemake --workflow-profile workflow/profiles/demo
	$(BIN)/snakemake --workflow-profile workflow/profiles/demo --quiet all --report results/report.html
	@echo "    with captions: results/report.html"

# Tables and figures at the scale of the paper, from the models in results/reference: nothing is trained. It works in a folder
# of its own, where results of a user's training are not touched. CORPUS=... names one corpus; by default all that have models.
CORPUS ?= $(patsubst $(KEPT)/%/models,%,$(wildcard $(KEPT)/*/models))
reference: $(INSTALLED)
	mkdir -p $(WORK) && ln -sfn ../../data $(WORK)/data
	set -e; for corpus in $(CORPUS); do \
	  $(BIN)/snakemake --workflow-profile workflow/profiles/reference --directory $(WORK) --config run=[$$corpus] || exit; \
	  $(BIN)/python -m rnnscope.storage.publish --results $(WORK)/results/$$corpus --out $(KEPT)/$$corpus; \
	done

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

# docs/tables.md, from the files and columns that the code declares; README's picture and losses, from results/reference.
docs: $(INSTALLED)
	$(BIN)/python docs/write_tables.py
	$(BIN)/python docs/write_reference.py

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
