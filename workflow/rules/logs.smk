"""One place for the log and the benchmark of every rule above: `results/<corpus>/logs/<rule>/<what the job is about>.log`."""

import re

for each_rule in workflow.rules:
    found = re.findall(r"\{(\w+)", "".join(each_rule.output))
    wildcards = [f"{{{name}}}" for name in dict.fromkeys(found) if name != "corpus"]
    name = "/".join([each_rule.name, *filter(None, ["-".join(wildcards)])])
    each_rule.log_modifier = each_rule.benchmark_modifier = workflow.modifier.path_modifier
    each_rule.set_log(f"results/{{corpus}}/logs/{name}.log")
    each_rule.benchmark = f"results/{{corpus}}/benchmarks/{name}.tsv"
