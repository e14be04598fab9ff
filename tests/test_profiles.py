"""The profiles, and what the rules ask for. Profiles that need an executor plugin run in tests/cluster/slurm.sh."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from workspace import REPOSITORY

FILES = (REPOSITORY / "workflow/profiles").glob("*/config.yaml")
PROFILES = {path.parent.name: yaml.safe_load(path.read_text()) for path in FILES}
ON_CLUSTERS = {name: profile for name, profile in PROFILES.items() if "executor" in profile}
RULES = [
    rule
    for path in sorted((REPOSITORY / "workflow/rules").glob("*.smk"))
    for rule in re.split(r"^ *(?=rule\b.*:$)", path.read_text(), flags=re.MULTILINE)[1:]
]
SHORT = 5  # minutes: not worth a submission of its own


def name_of(rule):
    found = re.match(r'rule (\w+):|rule:\s+name:\s+f?"(.+)"', rule)
    return found[1] or found[2]


def asked(rule, resource):
    return int(re.search(rf"\b{resource}=(\d+)", rule)[1])


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_every_rule_says_what_it_needs_and_leaves_a_log_and_a_benchmark(rule):
    for directive in ("log:", "benchmark:", "threads:", "resources:"):
        assert re.search(rf"^ +{directive}", rule, re.MULTILINE), directive
    assert asked(rule, "mem_mb") >= 500, "on SLURM two processes of Snakemake stand beside the job, and their memory counts too"
    assert asked(rule, "runtime") > 0


@pytest.mark.parametrize("rule", [rule for rule in RULES if asked(rule, "runtime") <= SHORT], ids=name_of)
def test_short_jobs_are_submitted_in_groups(rule):
    group = re.search(r'^ +group:\s+"(\w+)"', rule, re.MULTILINE)
    assert group, f"expected a group, as of at most {SHORT} minutes"


@pytest.mark.parametrize("name", ON_CLUSTERS)
def test_the_profiles_of_clusters_say_how_many_of_each_group_go_together(name):
    groups = {match for rule in RULES for match in re.findall(r'^ +group:\s+"(\w+)"', rule, re.MULTILINE)}
    assert {item.split("=")[0] for item in ON_CLUSTERS[name]["group-components"]} == groups


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - ON_CLUSTERS.keys()))
def test_a_profile_plans_a_figure(fresh, name):
    profile = fresh.folder / "workflow/profiles" / name
    target = "results/python_manual/figures/saturation.svg"
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", profile, "--dry-run", target]
    environment = {**os.environ, "PYTHONPATH": str(fresh.folder / "src")}
    done = subprocess.run(command, cwd=fresh.folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    planned = re.findall(r"^figure_saturation +(\d+)$", done.stdout, re.MULTILINE)
    assert planned == ["1"]
