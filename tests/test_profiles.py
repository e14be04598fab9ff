"""The profiles, and what the rules ask for. Profiles that need an executor plugin run in tests/cluster/slurm.sh."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from helpers.workspace import REPOSITORY, Workspace
from test_workflow import changed

FILES = (REPOSITORY / "workflow/profiles").glob("*/config.yaml")
PROFILES = {path.parent.name: yaml.safe_load(path.read_text()) for path in FILES}
ON_CLUSTERS = {name: profile for name, profile in PROFILES.items() if "executor" in profile}
RULES = [
    rule
    for path in sorted((REPOSITORY / "workflow/rules").glob("*.smk"))
    for rule in re.split(r"^ *(?=rule\b.*:$)", path.read_text(), flags=re.MULTILINE)[1:]
]
SHORT = 5  # minutes: not worth a submission of its own
BESIDE = 600  # MB: on SLURM processes of Snakemake run beside each job, and their memory counts

# Peak resident memory (MB) on War and Peace (3.26 million bytes), on it four times over and on a text of 11.7 million.
MEASURED = [
    ("ngrams", 3.26, 637),  # 20 models
    ("ngrams", 11.7, 970),
    ("ngrams", 13.03, 832),
    ("train_model", 13.03, 448),  # lstm-1-128
    ("train_model", 3.26, 761),  # lstm-3-512
    ("evaluate_model", 3.26, 472),  # lstm-3-512
    ("evaluate_model", 13.03, 438),  # lstm-1-128
    ("evaluate_model", 3.26, 524),  # nnn-6, 512 units
    ("evaluate_model", 13.03, 380),  # nnn-6
    ("train_model", 3.26, 427),  # nnn-6, 512 units
    ("dump_activations_of_1_layers", 3.26, 625),  # lstm-3-512, whose rule differs in its outputs alone
    ("dump_activations_of_1_layers", 13.03, 583),  # lstm-1-128
    ("dynamic_evaluation", 3.26, 553),
    ("dynamic_evaluation", 13.03, 626),
    ("realisable_predictions", 3.26, 657),
    ("dynamics", 13.03, 387),
    ("features", 3.26, 163),
    ("features", 13.03, 451),
    ("error_breakdown", 3.26, 183),
    ("size_breakdown", 13.03, 345),
    ("model_distances", 13.03, 272),
    ("character_gains", 13.03, 270),
    ("error_overlap", 13.03, 228),
    ("paired_differences", 13.03, 226),
    ("horizons", 13.03, 212),
    ("closing_delimiters", 13.03, 210),
    ("cells", 3.26, 369),
    ("cells", 13.03, 383),
    ("probes", 3.26, 443),
]


def name_of(rule):
    found = re.match(r'rule (\w+):|rule:\s+name:\s+f?"(.+)"', rule)
    return found[1] or found[2]


def group_of(rule):
    found = re.search(r'^ +group:\s+"(\w+)"', rule, re.MULTILINE)
    return found and found[1]


GROUPS = {re.sub(r"\{\w+\}", r"\\w+", name_of(rule)): group_of(rule) for rule in RULES}


def group_of_job(name):
    """The group of the rule that has a name, be it one of those that are made in a loop."""
    (group,) = (group for pattern, group in GROUPS.items() if re.fullmatch(pattern, name))
    return group


def plan(workspace, *words):
    """What the jobs of a dry run ask for, by rule: a list of dictionaries from resource to number."""
    done = workspace.snakemake("--dry-run", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = defaultdict(list)
    for rule, resources in re.findall(r"^ *(?:local)?rule (\w+):.*?^ +resources: (.*?)$", done.stdout, re.MULTILINE | re.DOTALL):
        if rule != "all":
            asked[rule].append({name: int(number) for name, number in re.findall(r"(\w+)=(\d+)(?:,|$)", resources)})
    return asked


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    return plan(Workspace(tmp_path_factory.mktemp("planned") / "workspace"))


def test_every_job_leaves_a_log_and_a_benchmark_that_name_its_rule_and_what_it_is_about(fresh):
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = re.split(r"\n *(?=(?:local)?rule )", done.stdout)[1:]
    logs = set()
    for job in jobs:
        rule = re.match(r"(?:local)?rule (\w+):", job)[1]
        if rule != "all":
            log, benchmark = (re.search(rf"^ *{word}: (\S+)$", job, re.MULTILINE)[1] for word in ("log", "benchmark"))
            folder = "results" if rule == "overview" else "results/tale"  # the one that is about all corpora
            assert re.fullmatch(rf"{folder}/logs/{rule}(/[\w.-]+)?\.log", log)
            assert benchmark == log.replace("/logs/", "/benchmarks/").replace(".log", ".tsv")
            logs.add(log)
    assert "results/tale/logs/train_model/nnn-2-width-8.log" in logs
    assert len(logs) == len(jobs) - 1, "one a job, beside the rule all"


def test_every_job_asks_for_time_and_memory(planned):
    assert len(planned) > len(RULES), "figures are many rules"
    for rule, jobs in planned.items():
        for job in jobs:
            assert job["runtime"] > 0, rule
            assert job["mem_mb"] >= BESIDE + 400, rule


def test_short_jobs_are_submitted_in_groups(planned):
    short = {rule for rule, jobs in planned.items() if max(job["runtime"] for job in jobs) <= SHORT}
    assert {"select_candidate", "horizons", "figure_cells"} <= short
    assert {rule for rule in short if group_of_job(rule) is None} == set()


def test_training_is_not_grouped(planned):
    assert {group_of_job(rule) for rule in planned if rule.startswith("train_")} == {None}


@pytest.mark.parametrize(("rule", "megabytes", "measured"), MEASURED)
def test_a_job_asks_for_more_than_was_measured_and_not_for_much_more(planned_for, rule, megabytes, measured):
    (asked,) = {job["mem_mb"] for job in planned_for(megabytes)[rule]}
    assert measured + BESIDE < asked < 10 * (measured + BESIDE)


@pytest.fixture(scope="module")
def planned_for(tmp_path_factory):
    """Plans for texts that are declared to be of some million bytes."""
    plans = {}

    def planned(megabytes):
        if megabytes not in plans:
            workspace = Workspace(tmp_path_factory.mktemp("of_a_size") / "workspace")
            experiment = changed()
            experiment["corpora"]["tale"]["bytes"] = round(megabytes * 1e6)
            workspace.configure(experiment)
            plans[megabytes] = plan(workspace)
        return plans[megabytes]

    return planned


def test_a_text_of_undeclared_size_is_asked_for_by_its_file(fresh):
    text = fresh.folder / "results/tale/corpus/text.bin"
    text.parent.mkdir(parents=True)
    with text.open("wb") as file:
        file.truncate(300_000_000)
    (asked,) = plan(fresh)["ngrams"]
    assert asked["mem_mb"] > 970 / 11.7 * 300


def test_time_to_train_grows_with_the_text_the_epochs_and_the_size(fresh):
    """Against the characters a second that torch.nn.LSTM, slower than ours, learns from on one core: tests/benchmarks."""
    models = {"layers": [1], "sizes": [64, 512], "cells": ["lstm"], "additional": []}
    experiment = changed(
        grid=models,
        activations={"models": []},
        dynamics={"model": "lstm-1-64"},
        context={"models": ["lstm-1-64"]},
        ablations={"models": ["lstm-1-64"]},
        seeds={"models": ["lstm-1-64"]},
        errors={"candidates": ["lstm-1-64"]},
        size_breakdown={"smaller": "lstm-1-64", "larger": "lstm-1-512"},
        training={"epochs": 50, "dropout": [0.0]},
        nnn={"longest_context": 1, "hidden_widths": [1]},
    )
    experiment["corpora"]["tale"] |= {"bytes": 3_258_246, "fractions": [0.8, 0.1, 0.1]}
    fresh.configure(experiment)
    _, small, large = sorted(job["runtime"] for job in plan(fresh)["train_model"])  # the n-NN first
    epochs_of_text = 50 * 0.8 * 3_258_246
    for asked, characters_a_second in ((small, 280_173), (large, 17_783)):
        minutes = epochs_of_text / characters_a_second / 60
        assert 1.5 * minutes < asked < 60 + 5 * minutes


def test_a_second_try_asks_for_twice_as_much(fresh, planned):
    second = plan(fresh, "--attempt", "2")
    for rule in ("ngrams", "train_model", "evaluate_model", "dynamic_evaluation"):
        for name in ("mem_mb", "runtime"):
            assert second[rule][0][name] == 2 * planned[rule][0][name]


def test_no_group_has_siblings_and_none_waits_for_itself(fresh):
    """Siblings would run side by side inside a SLURM job; and a job in between two of a group would wait for the group."""
    done = fresh.snakemake("--dag", "dot")
    assert done.returncode == 0, done.stderr
    rule_of = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)', done.stdout, re.MULTILINE))
    after, before = defaultdict(set), defaultdict(set)
    for first, second in re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE):
        after[first].add(second)
        before[second].add(first)
    group = {job: None if rule == "all" else group_of_job(rule) for job, rule in rule_of.items()}

    def groups_after(job):
        return {group[job]}.union(*map(groups_after, after[job]))

    assert set(group.values()) == set(GROUPS.values())
    for job, own in group.items():
        if own is not None:
            for neighbours in (after[job], before[job]):
                assert sum(group[other] == own for other in neighbours) <= 1, f"{rule_of[job]} has siblings in its group"
            for other in after[job]:
                if group[other] != own:
                    assert own not in groups_after(other), f"between two of {own} stands {rule_of[other]}"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_no_profile_hides_what_the_screen_shows_of_a_run(profile):
    assert profile.keys().isdisjoint({"quiet", "verbose", "printshellcmds", "debug-dag"})


@pytest.mark.parametrize("name", ON_CLUSTERS)
def test_the_profiles_of_clusters_say_how_many_of_each_group_go_together(name):
    groups = {group for group in GROUPS.values() if group}
    assert {item.split("=")[0] for item in ON_CLUSTERS[name]["group-components"]} == groups


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - ON_CLUSTERS.keys()))
def test_a_profile_plans_a_figure(fresh, name):
    profile = fresh.folder / "workflow/profiles" / name
    target = "results/python_manual/figures/saturation.svg"
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", profile, "--dry-run", target]
    if name == "reference":  # of one corpus, of which models are kept
        models = REPOSITORY / "results/reference/war_and_peace/models"
        shutil.copytree(models, fresh.folder / "results/reference/python_manual/models")
        command += ["--config", "run=[python_manual]"]
    environment = {**os.environ, "PYTHONPATH": str(fresh.folder / "src")}
    done = subprocess.run(command, cwd=fresh.folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(re.findall(r"^figure_saturation +(\d+)$", done.stdout, re.MULTILINE)) == {"1"}
