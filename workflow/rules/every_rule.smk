"""What every rule above has: a log, a benchmark, and the resources of a small job unless it names its own.

The log is `logs/<rule>.log`, or `logs/<rule>/<wildcards>.log` where the rule has any, in the folder of the corpus; that of a rule
that is about all of them is beside these folders.
"""

import re

# What a rule has that names none: Snakemake's own, and the user's `default-resources`.
GENERAL = workflow.resource_settings._parsed_default_resources

for each_rule in workflow.rules:
    if "module" not in each_rule.params.keys():
        continue  # a rule of the workflow that uses this one as a module
    found = re.findall(r"\{(\w+)", "".join(each_rule.output))
    wildcards = "-".join(f"{{{name}}}" for name in dict.fromkeys(found) if name != "corpus")
    job = f"{each_rule.name}/{wildcards}" if wildcards else each_rule.name
    each_rule.log_modifier = each_rule.benchmark_modifier = workflow.modifier.path_modifier
    folder = "results/{corpus}" if "corpus" in found else "results"
    each_rule.set_log(f"{folder}/logs/{job}.log")
    if not FORKED:
        each_rule.benchmark = f"{folder}/benchmarks/{job}.tsv"

    if all(each_rule.resources.get(name) == GENERAL.get(name) for name in ("runtime", "mem", "mem_mb")):
        each_rule.resources.update(needs())
