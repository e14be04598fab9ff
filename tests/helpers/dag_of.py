"""Print, as JSON, what Snakemake compares when it looks for stale targets: each job's rule, inputs and parameters.

    python dag_of.py CONFIGFILE ... [--modules]

One line for each configuration. With --modules also the module of every rule, and which rules' parameters change with the source
of each module of rnnscope. One parse of the workflow answers for all modules, and none of it reads metadata: a test can look at
hundreds of changes.
"""

import contextlib
import json
import sys
from pathlib import Path

from helpers.staleness import plain
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

SOURCES = {".py", ".cpp", ".html", ".css", ".js", ".json"}


def loaded_workflow(api, configfile):
    """The workflow with the DAG of all its jobs."""
    workflow_api = api.workflow(
        resource_settings=ResourceSettings(cores=1), config_settings=ConfigSettings(configfiles=[Path(configfile)])
    )
    with contextlib.redirect_stdout(None):  # it is printed, but takes much less than a dry run
        workflow_api.dag(DAGSettings(forceall=True)).printrulegraph()
    return workflow_api._workflow


def jobs(workflow):
    """Every file that is made: the rule, the inputs and the parameters of its job."""
    return {
        output: [job.rule.name, sorted(job.input), sorted(map(str, job.non_derived_params))]
        for job in workflow.dag.jobs
        for output in job.output
    }


def module_of_rules(workflow):
    """The module that the jobs of each rule run; rules that differ in the depth of networks count as one."""
    return {plain(job.rule.name): job.params.module for job in workflow.dag.jobs if job.output}


def changed_rules(workflow):
    """Which rules have another digest of their source once a file of it changes: {module, or path of a data file: rules}."""
    source_of = workflow.globals["source_of"]
    modules = module_of_rules(workflow)
    digests = {module: source_of(module) for module in set(modules.values())}
    root = Path("src/rnnscope")
    found = {}
    for path in sorted(root.rglob("*")):
        if path.suffix in SOURCES and path.name != "__init__.py":
            content = path.read_bytes()
            path.write_bytes(changed_content(path))
            for remembered in (source_of, workflow.globals["module_digest"]):
                remembered.cache_clear()
            changed = {module for module, digest in digests.items() if source_of(module) != digest}
            found[name_of(path.relative_to(root))] = [rule for rule, module in modules.items() if module in changed]
            path.write_bytes(content)
    return found


def changed_content(path):
    """The content of a source file with a change after which it can still be read."""
    return path.read_bytes() + (b"\n" if path.suffix == ".json" else b"\n# changed\n")


def name_of(path):
    """How the matrix names a file of our source: `training.train`, or `models/compiled.cpp` for what is no module."""
    return ".".join(path.with_suffix("").parts) if path.suffix == ".py" else path.as_posix()


def main():
    words = sys.argv[1:]
    for configfile in (word for word in words if word != "--modules"):
        with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
            workflow = loaded_workflow(api, configfile)
            found = {"jobs": jobs(workflow)}
            if "--modules" in words:
                found |= {"module_of": module_of_rules(workflow), "changed_rules": changed_rules(workflow)}
        print(json.dumps(found))


if __name__ == "__main__":
    main()
