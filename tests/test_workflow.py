import copy
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers.staleness import with_readers
from helpers.workspace import EXPERIMENT, REPOSITORY

COMPARED = {"error_overlap", "character_gains", "closing_delimiters"}  # the best network against finite-horizon models
COMPARED_FIGURES = {f"figure_{name}" for name in (*COMPARED, "error_intersections")}
PAIRED_FIGURES = {"figure_paired_differences", "figure_loss_table"}
OF_ALL_MODELS = {
    *("model_distances", "model_map", "paired_differences", "figure_model_distances", "figure_model_map"),
    *PAIRED_FIGURES,
}
FIGURES = {"loss_table", "loss_against_parameters", "learning_curves", "horizons", "saturation", "dynamics"}
FIGURES |= {"cells", "cell_text", "probes", "memory_span"}
FIGURES |= {"model_map", "model_distances", "paired_differences", "error_intersections", *COMPARED}
FIGURES |= {"error_breakdown", "error_snippets", "size_breakdown", "dynamic_evaluation"}

# What follows from which model is the best, and what it gets wrong.
BEST_ERRORS = {"error_breakdown", "dynamic_evaluation"} | {
    f"figure_{name}" for name in ("error_breakdown", "error_snippets", "dynamic_evaluation")
}
BOOTSTRAPPED = {"paired_differences", *PAIRED_FIGURES, "character_gains", "figure_character_gains"}
BOOTSTRAPPED |= {"closing_delimiters", "figure_closing_delimiters"}


def changed(**sections):
    experiment = copy.deepcopy(EXPERIMENT)
    for section, values in sections.items():
        experiment[section].update(values)
    return experiment


def test_the_whole_dag_makes_every_figure(finished):
    figures = {path.name for path in (finished.folder / "results/tale/figures").iterdir() if path.is_file()}
    assert figures == {f"{name}.{suffix}" for name in FIGURES for suffix in ("svg", "png")}
    leftovers = [path for path in (finished.folder / "results").rglob(".*") if path.is_file()]
    assert leftovers == []


def test_nothing_is_stale_after_a_run_or_in_a_copy(finished, workspace):
    assert finished.stale() == {}
    assert workspace.stale() == {}


def test_copied_results_alone_are_not_stale(finished, fresh):
    shutil.copytree(finished.folder / "results", fresh.folder / "results")
    shutil.copy2(finished.folder / "tale.txt", fresh.folder)  # a text from elsewhere keeps its time
    assert fresh.stale() == {}


def test_results_copied_without_their_times_are_taken_for_made_by_snakemake_touch(finished, fresh):
    """Without .snakemake and without times nothing tells an older file from a newer one: the user has to say so.

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
    assert fresh.stale() == AFTER_TRAINING


def test_of_a_rule_file_only_what_its_rules_do_makes_them_stale(workspace):
    for path in (workspace.folder / "workflow/rules").glob("*.smk"):
        path.write_text(f"# a comment\n{path.read_text()}")
    assert workspace.stale() == {}
    training = workspace.folder / "workflow/rules/training.smk"
    training.write_text(training.read_text().replace("rnnscope.training.evaluate --", "rnnscope.training.evaluate  --"))
    assert set(workspace.stale()) == with_readers({"evaluate_model"})


def test_a_touched_but_unchanged_file_makes_nothing_stale(workspace):
    for name in ("tale.txt", "src/rnnscope/figures/loss_table.py", "results/tale/split/train.npy", "config.yaml"):
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
        ("figures/saturation.py", {"figure_saturation"}),
        ("figures/style.py", {f"figure_{name}" for name in FIGURES}),
        (
            "analyses/losses.py",
            {"losses", "figure_loss_table", "figure_loss_against_parameters", "figure_horizons"}
            | {*BEST_ERRORS, *COMPARED, *COMPARED_FIGURES},
        ),
        (
            "baselines/ngrams.py",
            {"ngrams", "horizons", "figure_horizons", "size_breakdown", "figure_size_breakdown"}
            | {*BEST_ERRORS, *OF_ALL_MODELS, *COMPARED, *COMPARED_FIGURES},
        ),
        ("analyses/oracles.py", {"size_breakdown", "figure_size_breakdown", *BEST_ERRORS}),
        ("training/dynamic_evaluation.py", {"dynamic_evaluation", "figure_dynamic_evaluation"}),
        ("analyses/memory_span.py", {"memory_span", "figure_memory_span"}),
        (
            "baselines/evaluate_neural.py",
            {"evaluate_nnn", "horizons", "figure_horizons", *OF_ALL_MODELS, *COMPARED, *COMPARED_FIGURES}
            - {"character_gains", "figure_character_gains"},
        ),
        ("analyses/block_bootstrap.py", BOOTSTRAPPED),
        ("analyses/delimiters.py", {"closing_delimiters", "figure_closing_delimiters"}),
        ("training/sample.py", set()),
        ("explorer/quantise.py", {"explorer"}),
        ("explorer/page.css", {"explorer"}),
    ],
)
def test_a_changed_module_makes_stale_what_depends_on_it(workspace, module, rules):
    with (workspace.folder / "src/rnnscope" / module).open("a") as file:
        file.write("\n# changed\n")
    assert set(workspace.stale()) == rules


AFTER_TRAINING = {
    "train_model": 8,
    "select_dropout": 4,
    "evaluate_model": 4,
    "dump_activations_of_1_layers": 1,
    "dump_activations_of_2_layers": 1,
    "losses": 1,
    "histories": 1,
    "saturation": 1,
    "cells": 1,
    "cell_text": 1,
    "probes": 1,
    "memory_span": 1,
    "train_nnn": 4,
    "select_width": 2,
    "evaluate_nnn": 2,
    "horizons": 1,
    "train_snapshots": 1,
    "dynamics": 1,
    "error_breakdown": 1,
    "size_breakdown": 1,
    "dynamic_evaluation": 1,
    "explorer": 1,
    "model_distances": 1,
    "model_map": 1,
    "paired_differences": 1,
    **dict.fromkeys(COMPARED, 1),
    **{f"figure_{name}": 1 for name in FIGURES},
}


def test_another_learning_rate_makes_stale_what_follows_from_training(workspace):
    workspace.configure(changed(training={"learning_rate": 0.01}))
    assert workspace.stale() == AFTER_TRAINING


def test_a_changed_line_of_the_compiled_recurrences_trains_the_recurrent_networks_again(workspace):
    with (workspace.folder / "src/rnnscope/models/compiled.cpp").open("a") as file:
        file.write("\n// changed\n")
    feed_forward = {"train_nnn", "select_width", "evaluate_nnn", "horizons"}
    assert workspace.stale() == {rule: count for rule, count in AFTER_TRAINING.items() if rule not in feed_forward}


def test_another_text_makes_everything_stale(workspace):
    text = workspace.folder / "tale.txt"
    text.write_bytes(text.read_bytes().replace(b"boy", b"man"))
    assert workspace.stale() == {"fetch_text": 1, "split_text": 1, "features": 1, "ngrams": 1, **AFTER_TRAINING}


def test_another_width_trains_that_width_alone(workspace):
    workspace.configure(changed(nnn={"hidden_widths": [4, 8, 16]}))
    stale = workspace.stale()
    assert stale["train_nnn"] == 2
    assert "train_model" not in stale
    assert "ngrams" not in stale


def test_other_snapshots_train_no_model_again(workspace):
    workspace.configure(changed(dynamics={"snapshots": 4}))
    assert workspace.stale() == {"train_snapshots": 1, "dynamics": 1, "figure_dynamics": 1}


def test_another_order_of_removal_breaks_the_errors_down_again(workspace):
    workspace.configure(EXPERIMENT | {"error_breakdown": {"order": ["memory", "n-gram", "boost"]}})
    assert workspace.stale() == dict.fromkeys({"size_breakdown", "figure_size_breakdown", *BEST_ERRORS}, 1)


def test_a_new_model_leaves_the_others_alone(workspace):
    workspace.configure(changed(grid={"additional": ["gru-2-5", "rnn-2-4"]}))
    stale = workspace.stale()
    assert stale["train_model"] == 2
    assert stale["evaluate_model"] == 1
    assert "ngrams" not in stale


def test_the_longest_runs_start_first(fresh):
    experiment = changed(
        grid={"cells": ["lstm"], "sizes": [4, 16, 64], "additional": []},
        activations={"models": []},
        size_breakdown={"smaller": "lstm-1-4", "larger": "lstm-1-64"},
    )
    fresh.configure(experiment)
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"rule train_model:.*?model=lstm-1-(\d+).*?priority: (\d+)", done.stdout, re.DOTALL)
    priority_of = {int(size): int(priority) for size, priority in found}
    assert sorted(priority_of) == [4, 16, 64]
    assert sorted(priority_of, key=priority_of.get) == [4, 16, 64]


@pytest.mark.parametrize(("device", "slots"), [("cpu", "0"), ("cuda", "1")])
def test_what_computes_on_a_gpu_takes_a_slot_of_it(fresh, device, slots):
    fresh.configure(changed(training={"device": device}))
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = re.split(r"\n *(?=(?:local)?rule )", done.stdout)
    on_the_device = [job for job in jobs if job.startswith(("rule train_", "rule evaluate_", "rule dump_", "rule dynamic"))]
    assert len(on_the_device) == 8 + 4 + 4 + 2 + 2 + 1 + 1 + 1
    for job in on_the_device:
        assert re.search(r"gpu=(\d+)", job)[1] == slots


def test_the_report_has_every_figure_with_its_caption(workspace):
    done = workspace.snakemake("--report", "report.html")
    assert done.returncode == 0, done.stdout + done.stderr
    report = (workspace.folder / "report.html").read_text()
    for name in FIGURES:
        assert f"{name}.svg" in report
        caption = (workspace.folder / f"workflow/report/{name}.rst").read_text()
        assert re.escape(caption.split(".")[0].split("**")[0].split("\n")[0]) in re.escape(report)


def key(path, value):
    experiment = copy.deepcopy(EXPERIMENT)
    *parents, last = path.split(".")
    section = experiment
    for parent in parents:
        section = section[parent]
    section[last] = value
    return experiment


@pytest.mark.parametrize(
    ("experiment", "line"),
    [
        (
            key("training.learing_rate", 0.1),
            "configuration: training: unknown key 'learing_rate', expected one of epochs, learning_rate",
        ),
        (key("training.epochs", "ten"), 'configuration: training.epochs: found "ten", expected a whole number of at least 1'),
        (key("training.dropout", [1.5]), "configuration: training.dropout.0: found 1.5, expected a probability from 0 up to"),
        (
            key("corpora.tale.fractions", [0.8, 0.1, 0.2]),
            "configuration: corpora.tale.fractions: found a sum of 1.1, expected exactly 1",
        ),
        (key("corpora.tale.sources", []), "configuration: corpora.tale.sources: found [], expected a list of sources"),
        (key("run", ["tail"]), "configuration: run: found 'tail', expected keys of corpora: "),
        (
            key("activations.models", ["lstm-3-9"]),
            "configuration: activations.models: found lstm-3-9, expected a model of the grid",
        ),
        (key("dynamics.model", "lstm-3-9"), "configuration: dynamics.model: found lstm-3-9, expected a model of the grid"),
        (
            key("size_breakdown.larger", "lstm-3-9"),
            "configuration: size_breakdown.larger: found lstm-3-9, expected a model of the",
        ),
        (
            EXPERIMENT | {"error_breakdown": {"order": ["n-gram", "words"]}},
            'configuration: error_breakdown.order.1: found "words", expected n-gram, memory, rare_words, word_model, punctuation',
        ),
        (
            EXPERIMENT | {"error_breakdown": {"boost": [0.1, 0.6]}},
            "configuration: error_breakdown.boost.1: found 0.6, expected a number above 0, at most 0.5",
        ),
        (key("comparisons.ngram", 4), "configuration: comparisons.ngram: found 4, expected at most ngrams.horizons, 3"),
        (key("comparisons.perplexity", 0), "configuration: comparisons.perplexity: found 0, expected a number of at least 1"),
        (key("dynamics.epochs", 3), "configuration: dynamics.epochs: found 3, expected at most training.epochs, 2"),
        (
            key("features.lists.prose", ["inside_quote"]),
            'configuration: features.lists.prose.0: found "inside_quote", expected the name of',
        ),
        (
            key("corpora.tale.features", "verse"),
            "configuration: corpora.tale.features: found 'verse', expected one of prose, code",
        ),
        (key("grid.additional", ["lstm-3"]), 'configuration: grid.additional.0: found "lstm-3", expected <cell>-<layers>-<size>'),
    ],
)
def test_a_mistake_in_the_configuration_is_told_in_one_line(fresh, experiment, line):
    fresh.configure(experiment)
    done = fresh.snakemake("--dry-run")
    assert done.returncode != 0
    told = [text for text in done.stderr.splitlines() if "configuration:" in text]
    assert len(told) == 1
    assert told[0].startswith(line)
    assert "Traceback" not in done.stdout + done.stderr
    assert not (fresh.folder / "results").exists()


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
    assert log.startswith("error: ")
    assert line in log
    assert log.count("\n") == 1
    assert not (fresh.folder / "results/tale/corpus/text.bin").exists()
