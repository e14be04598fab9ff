"""The log and the benchmark of every rule above: `logs/<rule>.log`, or `logs/<rule>/<wildcards>.log` where it has any."""

import re

for each_rule in workflow.rules:
    found = re.findall(r"\{(\w+)", "".join(each_rule.output))
    wildcards = "-".join(f"{{{name}}}" for name in dict.fromkeys(found) if name != "corpus")
    job = f"{each_rule.name}/{wildcards}" if wildcards else each_rule.name
    each_rule.log_modifier = each_rule.benchmark_modifier = workflow.modifier.path_modifier
    each_rule.set_log(f"results/{{corpus}}/logs/{job}.log")
    each_rule.benchmark = f"results/{{corpus}}/benchmarks/{job}.tsv"
