import copy
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from helpers.staleness import with_readers
from helpers.workspace import EXPERIMENT, OPTIONAL_SECTIONS, REPOSITORY, Workspace

from rnnscope.figures import catalogue

FIGURES = set(catalogue.FIGURES)
BREAKDOWNS = {"error_breakdown", "error_snippets", "size_breakdown", "dynamic_evaluation", "realisable", "against_paper"}
BEFORE_TRAINING = {"fetch_text", "split_text", "features", "mutual_information", "ngrams"}


NETWORKS = [*(f"{cell}-1-4" for cell in ("lstm", "rnn", "gru")), *EXPERIMENT["grid"]["additional"]]
RUNS = [
    *((model, f"dropout-{dropout}") for model in NETWORKS for dropout in (0.0, 0.5)),
    *((model, f"width-{width}") for model in ("nnn-1", "nnn-2") for width in (4, 8)),
]
SEED_RUNS = [(model, f"seed-{seed}") for model in EXPERIMENT["seeds"]["models"] for seed in EXPERIMENT["seeds"]["values"]]


def changed(**sections):
    experiment = copy.deepcopy(EXPERIMENT)
    for section, values in sections.items():
        experiment[section].update(values)
    return experiment


def test_the_whole_dag_makes_every_figure(finished):
    figures = {path.name for path in (finished.folder / "results/tale/figures").iterdir() if path.is_file()}
    assert figures == {f"{name}.{suffix}" for name in FIGURES for suffix in ("svg", "png")}
    hidden = {path.relative_to(finished.folder) for path in (finished.folder / "results").rglob(".*") if path.is_file()}
    runs = [Path("results/tale/models", model, run) for model, run in [*RUNS, *SEED_RUNS]]
    states = {run / ".resume.safetensors" for run in runs}
    assert hidden == states | {run / ".provenance/.resume.safetensors.json" for run in runs}


def test_the_screen_has_a_line_a_job_and_at_the_end_what_was_found_and_what_to_open(finished):
    every = re.findall(r"^\d\d:\d\d:\d\d +(\d+) of (\d+): (.*)$", finished.screen, re.MULTILINE)
    total = len(every)
    assert [(int(number), int(of)) for number, of, _ in every] == [(number, total) for number in range(1, total + 1)]
    assert "train model LSTM 1×4, dropout 0.5 (tale)" in {words.partition(";")[0] for _, _, words in every}
    assert len(finished.screen.splitlines()) < total + 20
    findings = (finished.folder / "results/findings.txt").read_text()
    end = finished.screen.partition(f"\n{total} jobs in ")[2].partition("\n")[2]
    assert end.startswith(f"{findings}Open in a browser: results/index.html\n         explorer: results/tale/explorer.html\n")


def one_network():
    """An experiment with one network."""
    experiment = changed(grid={"cells": ["lstm"], "additional": []}, training={"dropout": [0.0]})
    for section in ("activations", "context", "ablations", "seeds"):
        experiment[section]["models"] = ["lstm-1-4"]
    return experiment | {"size_breakdown": {"smaller": "lstm-1-4", "larger": "lstm-1-4"}}


def test_a_snakemake_that_another_one_submitted_leaves_the_benchmark_that_is_expected(fresh):
    """On a cluster, the one that submits jobs has no forks, and waits for their benchmarks."""
    fresh.variables = {"RNNSCOPE_FORK": "yes"}
    done = fresh.snakemake("--mode", "remote", "--target-jobs", "fetch_text:corpus=tale", "--force", "--nolock")
    assert done.returncode == 0, done.stderr
    assert (fresh.folder / "results/tale/benchmarks/fetch_text.tsv").is_file()


def test_jobs_are_forks_or_processes_of_their_own_with_the_same_results(tmp_path):
    """Elsewhere Snakemake and its jobs are forks of a process of the tests."""
    names = ("models/lstm-1-4/evaluation.json", "activations/lstm-1-4/layer-1.parquet", "figures/learning_curves.svg")
    targets = [f"results/tale/{name}" for name in names]
    written = []
    for variables in ({"RNNSCOPE_FORK": "no"}, {"RNNSCOPE_FORK": "yes"}):
        workspace = Workspace(tmp_path / variables["RNNSCOPE_FORK"])
        workspace.variables = variables
        workspace.configure(one_network())
        note_forks(workspace.folder / "src/rnnscope/preloaded/client.py")
        done = workspace.snakemake(*targets)
        assert done.returncode == 0, done.stdout + done.stderr
        written.append([(workspace.folder / target).read_bytes() for target in targets])
    jobs = re.findall(r"^\d\d:\d\d:\d\d +\d+ of ", done.stdout + done.stderr, re.MULTILINE)
    assert len((workspace.folder / "forked.txt").read_text()) == len(jobs)
    assert not (tmp_path / "no/forked.txt").exists()
    assert written[0] == written[1]


def test_snakemake_looks_for_what_is_ready_when_a_job_ends_and_never_in_between(fresh):
    """A look asks the disk for every input of what is ready; with a core alone, others wait while a job runs."""
    targets = [f"results/tale/models/{cell}-1-4/{{}}/history.csv" for cell in ("rnn", "lstm", "gru")]
    targets = [target.format(candidate) for target in targets for candidate in ("dropout-0.0", "dropout-0.5")]
    done = fresh.snakemake("--cores", "1", "--verbose", *targets)
    assert done.returncode == 0, done.stdout + done.stderr
    screen = done.stdout + done.stderr
    jobs, looks = screen.count("Finished jobid: "), screen.count("Ready jobs: ")
    assert jobs == len(targets) + len(("fetch_text", "split_text"))
    assert looks == jobs, screen


def note_forks(client):
    """Let what stands for a job that is forked write a character to a file."""
    asks, text = "    server.connect(", client.read_text()
    assert text.count(asks) == 1
    client.write_text(text.replace(asks, f"    with open('forked.txt', 'a') as file:\n        file.write('.')\n{asks}"))


def test_nothing_is_stale_after_a_run_or_in_a_copy(finished, workspace):
    assert finished.stale() == {}
    assert workspace.stale() == {}


def test_copied_results_alone_are_not_stale(finished, fresh):
    shutil.copytree(finished.folder / "results", fresh.folder / "results")
    shutil.copy2(finished.folder / "tale.txt", fresh.folder)  # a text from elsewhere keeps its time
    assert fresh.stale() == {}


def test_results_copied_without_their_times_are_taken_for_made_by_snakemake_touch(finished, fresh):
    """Without .snakemake and without times nothing distinguishes an older file from a newer one: the user has to say so.

    From then on changes are noticed, as where the results were made.
    """
    for path in sorted((finished.folder / "results").rglob("*"), reverse=True):
        if path.is_file():
            copy = fresh.folder / path.relative_to(finished.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    assert fresh.stale() != {}
    done = fresh.snakemake("--touch", "--forceall")
    assert done.returncode == 0, done.stdout + done.stderr
    assert fresh.stale() == {}
    for path in (finished.folder / "results/tale/figures").glob("*.svg"):
        assert (fresh.folder / path.relative_to(finished.folder)).read_bytes() == path.read_bytes()
    fresh.configure(changed(training={"learning_rate": 0.01}))
    assert set(fresh.stale()) == set(fresh.readers()) - BEFORE_TRAINING


def test_of_a_rule_file_only_what_its_rules_do_makes_them_stale(workspace):
    for path in (workspace.folder / "workflow/rules").glob("*.smk"):
        path.write_text(f"# a comment\n{path.read_text()}")
    assert workspace.stale() == {}
    evaluation = workspace.folder / "workflow/rules/evaluation.smk"
    text = evaluation.read_text()
    command = "--losses {output.losses}"
    assert text.count(command) == 1
    evaluation.write_text(text.replace(command, "--losses  {output.losses}"))
    assert set(workspace.stale()) == with_readers({"evaluate_model"}, workspace.readers())


def test_a_touched_but_unchanged_file_makes_nothing_stale(workspace):
    for name in ("tale.txt", "src/rnnscope/figures/losses/loss_table.py", "results/tale/split/train.npy", "config.yaml"):
        os.utime(workspace.folder / name)
    assert workspace.stale() == {}


def test_clocks_that_jump_make_nothing_stale(workspace):
    """Every file of the project and of the results from any time in ten years, five of them yet to come."""
    moments = random.Random(1)
    for path in workspace.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            moment = time.time() + moments.uniform(-5, 5) * 365 * 86400
            os.utime(path, (moment, moment))
    assert workspace.stale("--max-checksum-file-size", "100GB") == {}


def test_a_bare_snakemake_uses_the_default_profile(fresh):
    """Without it Snakemake would ask for --cores."""
    (fresh.folder / "profiles").symlink_to(os.readlink(REPOSITORY / "profiles"))
    command = [Path(sys.executable).with_name("snakemake"), "results/war_and_peace/no_such_target"]
    done = subprocess.run(command, cwd=fresh.folder, capture_output=True, text=True)
    assert "profile profiles/default" in done.stdout + done.stderr
    assert "MissingRuleException" in done.stdout + done.stderr, "the only thing wrong with this command is its target"


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("figures/style.py", {f"figure_{name}" for name in FIGURES}),
        ("analyses/errors/oracles.py", BREAKDOWNS),
        ("training/sample.py", set()),
        ("settings/units.py", {"features", "cells", "probes", "memory_span", "cell_text", "dump_activations_of_1_layers"}),
        ("explorer/worker/network.js", {"explorer"}),
    ],
)
def test_a_changed_module_makes_stale_what_depends_on_it(workspace, module, rules):
    """Some modules of each kind; test_staleness.py has all of them."""
    with (workspace.folder / "src/rnnscope" / module).open("a") as file:
        file.write("\n# changed\n")
    stale = set(workspace.stale())
    if module.startswith("settings"):
        assert rules <= stale
        assert "train_model" not in stale
    else:
        assert stale == with_readers(rules, workspace.readers())


def test_another_learning_rate_makes_stale_what_follows_from_training(workspace, fresh):
    every = fresh.stale()
    assert every["train_model"] == 6 * 2 + 2 * 2  # networks by dropouts, n-NNs by widths
    assert every["select_candidate"] == every["evaluate_model"] == 6 + 2
    workspace.configure(changed(training={"learning_rate": 0.01}))
    assert workspace.stale() == {rule: count for rule, count in every.items() if rule not in BEFORE_TRAINING}


def test_dropout_by_size_trains_the_candidates_of_each_size(fresh):
    fresh.configure(changed(training={"dropout": {4: [0.0], 5: [0.25, 0.5, 0.75]}}))
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    runs = re.findall(r"models/([\w-]+)/(dropout-[\d.]+)/checkpoint.safetensors, \S+history.csv", done.stdout)
    candidates = {"4": (0.0,), "5": (0.25, 0.5, 0.75)}
    assert set(runs) == {(model, f"dropout-{value}") for model in NETWORKS for value in candidates[model[-1]]}


def test_more_epochs_continue_finished_runs_and_end_with_the_bytes_of_a_longer_run(workspace, fresh):
    """Snakemake deletes what a rule writes before it runs it again; the state of the last epoch stays."""
    models = ("gru-2-5", "nnn-2")
    targets = [f"results/tale/models/{model}/summary.json" for model in models]
    longer = changed(training={"epochs": 3})
    for place in (workspace, fresh):
        place.configure(longer)
        done = place.snakemake(*targets)
        assert done.returncode == 0, done.stdout + done.stderr
    for model, run in (run for run in RUNS if run[0] in models):
        for name in ("checkpoint.safetensors", "history.csv", "summary.json", ".resume.safetensors"):
            path = f"results/tale/models/{model}/{run}/{name}"
            assert (workspace.folder / path).read_bytes() == (fresh.folder / path).read_bytes(), path
        log = f"results/tale/logs/train_model/{model}-{run}.log"
        assert "resuming after epoch 2, found in" in (workspace.folder / log).read_text()
        assert "epoch 2 of 3" in (fresh.folder / log).read_text()


def test_a_further_seed_has_the_bytes_of_a_run_whose_seed_it_is(finished, workspace):
    """With the flags that the workflow gives both, and the dropout that was chosen."""
    model, seed = "rnn-1-4", 2
    folder = Path("results/tale/models", model)
    dropout = json.loads((finished.folder / folder / "summary.json").read_text())["dropout"]
    workspace.configure(changed(training={"seed": seed}, seeds={"values": [3]}))
    done = workspace.snakemake(f"{folder}/dropout-{dropout}/summary.json")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("checkpoint.safetensors", "history.csv", "summary.json"):
        expected = (workspace.folder / folder / f"dropout-{dropout}" / name).read_bytes()
        assert (finished.folder / folder / f"seed-{seed}" / name).read_bytes() == expected, name
        assert (finished.folder / folder / name).read_bytes() != expected, name


def test_a_changed_line_of_the_compiled_recurrences_trains_again(workspace):
    with (workspace.folder / "src/rnnscope/models/compiled.cpp").open("a") as file:
        file.write("\n// changed\n")
    assert set(workspace.stale()) == set(workspace.readers()) - BEFORE_TRAINING


def test_another_text_makes_everything_stale(workspace, fresh):
    text = workspace.folder / "tale.txt"
    text.write_bytes(text.read_bytes().replace(b"boy", b"man"))
    assert workspace.stale() == fresh.stale()


def test_another_width_trains_that_width_alone(workspace):
    workspace.configure(changed(nnn={"hidden_widths": [4, 8, 16]}))
    stale = workspace.stale()
    assert stale["train_model"] == stale["select_candidate"] == 2
    assert stale.keys().isdisjoint({"ngrams", "train_snapshots", "losses", "dump_activations_of_1_layers"})


def test_other_snapshots_train_no_model_again(workspace):
    workspace.configure(changed(dynamics={"snapshots": 4}))
    assert workspace.stale() == dict.fromkeys(with_readers({"train_snapshots"}, workspace.readers()), 1)


def test_another_order_of_removal_breaks_the_errors_down_again(workspace):
    workspace.configure(EXPERIMENT | {"error_breakdown": {"order": ["memory", "n-gram", "boost"]}})
    assert workspace.stale() == dict.fromkeys(with_readers(BREAKDOWNS, workspace.readers()), 1)


def test_a_new_model_leaves_the_others_alone(workspace):
    workspace.configure(changed(grid={"additional": [*EXPERIMENT["grid"]["additional"], "rnn-2-4"]}))
    stale = workspace.stale()
    assert stale["train_model"] == 2
    assert stale["evaluate_model"] == 1
    assert "ngrams" not in stale


def test_the_longest_runs_start_first(fresh):
    experiment = changed(
        grid={"cells": ["lstm"], "sizes": [4, 16, 64], "additional": []},
        activations={"models": []},
        context={"models": ["lstm-1-4"]},
        ablations={"models": ["lstm-1-4"]},
        seeds={"models": ["lstm-1-4"]},
        size_breakdown={"smaller": "lstm-1-4", "larger": "lstm-1-64"},
    )
    fresh.configure(experiment)
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = re.split(r"\n *(?=(?:local)?rule )", done.stdout)
    networks = [job for job in jobs if job.startswith("rule train_model:") and "model=lstm" in job]
    priority_of = {int(re.search(r"model=lstm-1-(\d+)", job)[1]): int(re.search(r"priority: (\d+)", job)[1]) for job in networks}
    assert sorted(priority_of) == [4, 16, 64]
    assert sorted(priority_of, key=priority_of.get) == [4, 16, 64]


@pytest.mark.parametrize(("device", "slots"), [("cpu", "0"), ("cuda", "1")])
def test_what_computes_on_a_gpu_takes_a_slot_of_it(fresh, device, slots):
    fresh.configure(changed(training={"device": device}))
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = re.split(r"\n *(?=(?:local)?rule )", done.stdout)
    rules = (
        "rule train_",
        "rule evaluate_",
        "rule dump_",
        "rule dynamic",
        "rule realisable_predictions:",
        "rule memory_span:",
        "rule context:",
        "rule swapped_states:",
        "rule ablations:",
        "rule similarity:",
    )
    on_the_device = [job for job in jobs if job.startswith(rules)]
    assert len(on_the_device) == (16 + 1 + 2) + (8 + 2) + 4 + 2 + 1 + 1 + 1 + 1 + 1 + 1
    for job in on_the_device:
        assert re.search(r"gpu=(\d+)", job)[1] == slots


def test_the_report_has_every_figure_with_its_caption(workspace):
    done = workspace.snakemake("--report", "report.html")
    assert done.returncode == 0, done.stdout + done.stderr
    report = (workspace.folder / "report.html").read_text()
    for name in FIGURES:
        assert f"{name}.svg" in report
        caption = (workspace.folder / f"workflow/report/{name}.rst").read_text()
        assert catalogue.numbered_heading(name) in report
        assert re.split(r"\.|\*\*|`|\n", caption)[0] in report


@pytest.mark.parametrize(
    ("experiment", "line"),
    [
        (changed(training={"learing_rate": 0.1}), "training: unknown key 'learing_rate', expected one of epochs, learning_rate"),
        (changed(training={"epochs": "ten"}), 'training.epochs: found "ten", expected a whole number from 1 to 1000000'),
        (changed(comparisons={"ngram": 4}), "comparisons.ngram: found 4, expected at most ngrams.longest_context, 3"),
        (changed(training={"smoothing": 0.9}), "training.smoothing: this key was renamed, expected training.rmsprop_alpha"),
    ],
)
def test_a_mistake_in_the_configuration_is_reported_in_one_line(fresh, experiment, line):
    """Which mistakes there are is tested in tests/configuration."""
    fresh.configure(experiment)
    done = fresh.snakemake("--dry-run")
    assert done.returncode != 0
    reported = [text for text in done.stderr.splitlines() if "configuration:" in text]
    assert len(reported) == 1
    assert reported[0].startswith(f"configuration: {line}")
    assert "Traceback" not in done.stdout + done.stderr
    assert not (fresh.folder / "results").exists()


def test_a_configuration_that_is_no_yaml_is_reported_in_one_line(fresh):
    (fresh.folder / "config.yaml").write_text("run: [tale]\n epochs: 2\n")
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("configuration: config.yaml: line 2: not readable as YAML: ")
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"sources": [{"path": "nowhere.txt"}]}, "nowhere.txt"),
        ({"bytes": 17}, "bytes: found"),
        ({"vocabulary": 3}, "vocabulary: found"),
    ],
)
def test_a_wrong_text_stops_the_run_and_leaves_nothing(fresh, values, line):
    experiment = copy.deepcopy(EXPERIMENT)
    experiment["corpora"]["tale"].update(values)
    fresh.configure(experiment)
    done = fresh.snakemake()
    assert done.returncode != 0
    log = (fresh.folder / "results/tale/logs/fetch_text.log").read_text()
    (shown,) = [text.partition(" ")[2] for text in done.stderr.splitlines() if "failed: " in text]
    assert shown == f"failed: fetch text (tale): {log.strip()}"
    assert f"1 job failed; the same command resumes where this run stopped:\n{shown}\n" in done.stdout
    assert log.startswith("error: ")
    assert line in log
    assert log.count("\n") == 1
    assert not (fresh.folder / "results/tale/corpus/text.bin").exists()


def test_without_optional_sections_everything_else_runs(fresh):
    """A dry run: the jobs that are left, and one line that names the figures that are not."""
    done = fresh.snakemake("--dry-run", "--quiet", "host", "--config", *(f"{section}=" for section in OPTIONAL_SECTIONS))
    assert done.returncode == 0, done.stdout + done.stderr
    figures = set(re.findall(r"^figure_(\w+)", done.stdout, re.MULTILINE))
    assert figures == {name for name, entry in catalogue.FIGURES.items() if not entry.needs}
    (line,) = {line for line in (done.stdout + done.stderr).splitlines() if "leave out these figures" in line}
    assert set(line.partition(": ")[2].split(", ")) == FIGURES - figures


def test_the_rebuild_command_keeps_all_configuration_files(fresh):
    """Snakemake takes the last --configfile of several flags: with both behind one flag nothing else becomes stale."""
    (fresh.folder / "more {}.yaml").write_text("split: {streams: 5}\n")
    split = "results/tale/split/split.json"
    flags = ["--configfile", "experiment.yaml", "more {}.yaml", "--config", "training={epochs: 1}"]
    done = fresh.snakemake(split, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    text = fresh.folder / "results/tale/corpus/text.bin"
    text.write_bytes(text.read_bytes()[:-1] + b"#")
    (fresh.folder / split).unlink()
    done = fresh.snakemake(split, *flags)
    (command,) = re.findall(r"delete it and run: (.*)", done.stderr)
    assert shlex.split(command)[1:] == ["results/tale/corpus/text.bin", *flags]


def test_no_home_folder_is_needed(fresh):
    """The user of a container may have none that can be written to; below a file nobody can write, root neither."""
    (fresh.folder / "profiles").symlink_to(os.readlink(REPOSITORY / "profiles"))
    folders = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    fresh.variables = dict.fromkeys(folders, str(fresh.folder / "config.yaml/home")) | {"RNNSCOPE_FORK": "no"}
    made = "results/tale/models/rnn-1-4/dropout-0.0/checkpoint.safetensors"
    done = fresh.snakemake(made)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (fresh.folder / made).is_file()


def test_no_profile_of_one_machine_needs_a_home_folder():
    profiles = {path: yaml.safe_load(path.read_text()) for path in (REPOSITORY / "workflow/profiles").glob("*/config.yaml")}
    of_one_machine = {path: profile for path, profile in profiles.items() if "executor" not in profile}
    assert len(of_one_machine) >= 5
    for path, profile in of_one_machine.items():
        assert "source-cache" not in profile.get("shared-fs-usage", ["source-cache"]), path


def test_files_of_any_name_are_texts(fresh):
    """A folder, with names that Snakemake would take for patterns; a change of one of its files makes the text stale."""
    folder = fresh.folder / "my {texts} *"
    folder.mkdir()
    for name in ("{a}.txt", "b c.txt"):
        shutil.copy(fresh.folder / "tale.txt", folder / name)
    experiment = copy.deepcopy(EXPERIMENT)
    experiment["corpora"]["tale"]["sources"] = [{"folder": {"path": folder.name, "members": ["*.txt"], "shuffle_seed": 1}}]
    fresh.configure(experiment)
    text = "results/tale/corpus/text.bin"
    done = fresh.snakemake(text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (fresh.folder / text).read_bytes() == (fresh.folder / "tale.txt").read_bytes() * 2
    assert fresh.stale(text) == {}
    (folder / "{a}.txt").write_text("Another text.")
    assert fresh.stale(text) == {"fetch_text": 1}
