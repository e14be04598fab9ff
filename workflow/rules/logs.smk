"""The log and the benchmark of every rule above: `logs/<rule>.log`, or `logs/<rule>/<wildcards>.log` where it has any.

They are in the folder of the corpus; those of a rule that is about all of them are beside these folders.
"""

import re

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
