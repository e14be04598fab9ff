"""What is known about every job, recorded when a run succeeds. It is no rule, so that it never makes anything stale."""

import json
import os
import subprocess
import sys


def job_facts(job):
    """A job's rule, outputs and benchmark, the digests of its source and of its texts, and its slice of the configuration."""
    settings = {
        name: value
        for name, value in job.params.items()
        if name not in ("module", "source", "digests") and value in job.non_derived_params
    }
    return {
        "rule": job.rule.name,
        "outputs": list(job.output),
        "benchmark": str(job.benchmark),
        "source": job.params.source,
        "texts": job.params.get("digests", {}),
        "settings": settings,
    }


def jobs_of_corpora():
    """All jobs that the targets need, whether or not they ran now, by the folder of their corpus."""
    found = {}
    for job in workflow.dag.jobs:
        if "corpus" in job.wildcards.keys() and "source" in job.params.keys():
            folder = f"results/{job.wildcards.corpus}"
            found.setdefault(folder, []).append(job_facts(job))
    return found


def collect_provenance():
    """Write provenance.json of every corpus."""
    subprocess.run(
        [sys.executable, "-m", "rnnscope.storage.provenance", "collect"],
        input=json.dumps(jobs_of_corpora(), default=str),
        env=os.environ | {"RNNSCOPE_REBUILD": REBUILD},
        text=True,
        check=True,
    )
