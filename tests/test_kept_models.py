"""An experiment with kept models: the tables and figures of the experiment that trained them, without training."""

import re
import shutil

from helpers.workspace import EXPERIMENT, put_older

from rnnscope.configuration.kept import DYNAMICS, FILES
from rnnscope.figures import catalogue

NETWORKS = (*(f"{cell}-1-4" for cell in ("lstm", "rnn", "gru")), *EXPERIMENT["grid"]["additional"])
MODELS = (*NETWORKS, "nnn-1", "nnn-2")
NEEDS = {name: set(entry.needs.split()) for name, entry in catalogue.FIGURES.items()}
OBSERVED = EXPERIMENT["dynamics"]["model"]


def keep(finished, fresh, models, name_of_folder="kept"):
    """Copy trained models to a folder of their own in another workspace, and name it in the experiment there.

    Of the model that is observed in training goes with them what was seen, where there are n-NNs.
    """
    for model in models:
        for name in FILES:
            path = fresh.folder / name_of_folder / "tale/models" / model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(finished.folder / "results/tale/models" / model / name, path)
    if {OBSERVED, "nnn-1"} <= set(models):
        kept = fresh.folder / name_of_folder / "tale/models" / OBSERVED / DYNAMICS
        shutil.copy2(finished.folder / "results/tale/analyses" / DYNAMICS, kept)
    fresh.configure(EXPERIMENT | {"kept_models": name_of_folder})


def files(workspace, pattern):
    folder = workspace.folder / "results/tale"
    return {path.relative_to(folder).as_posix(): path for path in folder.glob(pattern)}


def test_models_that_are_taken_over_give_the_tables_and_pages_of_training(finished, fresh):
    """Of the figures, which are drawn from tables, one."""
    keep(finished, fresh, MODELS)
    kinds = ("analyses/*.csv", "figures/cells.svg", "explorer.html")
    expected = {name: path for kind in kinds for name, path in files(finished, kind).items()}
    done = fresh.snakemake(*(f"results/tale/{name}" for name in expected))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"kept models: kept/tale/models: {len(NETWORKS)} networks and 2 n-NNs" in done.stderr
    assert "not kept" not in done.stderr
    for name, path in expected.items():
        assert (fresh.folder / "results/tale" / name).read_bytes() == path.read_bytes(), name
    assert files(fresh, "models/*/dropout-*") == files(fresh, "models/*/width-*") == {}
    assert fresh.stale(*(f"results/tale/{name}" for name in expected)) == {}
    for model, name in {"lstm-1-4": "history.csv", "gru-1-4": "evaluation.json"}.items():
        path = fresh.folder / "kept/tale/models" / model / name
        put_older(path, path.read_bytes() + b"\n")
    table = fresh.folder / "kept/tale/models" / OBSERVED / DYNAMICS
    put_older(table, table.read_bytes().replace(b"1", b"2"))
    assert fresh.stale("results/tale/analyses/dynamics.csv")["take_over_dynamics"] == 1
    evaluations = [f"results/tale/models/{model}/evaluation.json" for model in ("lstm-1-4", "gru-1-4")]
    assert fresh.stale(*evaluations) == {"take_over_model": 1, "evaluate_model": 2}


def test_what_is_not_kept_is_left_out_and_said(finished, fresh):
    keep(finished, fresh, ("lstm-1-4", "gru-1-4", "nnn-2"), "kept\x9b")
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept models: kept\\x9b/tale/models: 2 networks and 0 n-NNs" in done.stderr
    missing = [model for model in MODELS if model not in ("lstm-1-4", "gru-1-4")]
    assert f"kept models: not kept, left out: {', '.join(missing)}" in done.stderr
    assert 'kept models: size_breakdown.smaller: "gru-1-4" in place of "rnn-1-4"' in done.stderr
    left_out = {f"figure_{name}" for name, needs in NEEDS.items() if needs & {"nnn", "dynamics"}}
    stale = fresh.stale()
    assert {rule for rule in stale if rule.startswith("figure_")} == {f"figure_{name}" for name in catalogue.FIGURES} - left_out
    assert stale["take_over_model"] == stale["evaluate_model"] == 2
    assert stale.keys().isdisjoint({"train_model", "select_candidate", "train_snapshots"})


def test_models_are_taken_over_before_the_long_jobs_that_may_wait_for_them(finished, fresh):
    keep(finished, fresh, MODELS)
    done = fresh.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = re.split(r"\n *(?=(?:local)?rule )", done.stdout)
    priority_of = {
        re.match(r"(?:local)?rule (\w+)", job)[1]: int(re.search(r"priority: (\d+)", job)[1])
        for job in jobs
        if "priority:" in job
    }
    assert priority_of["take_over_model"] == priority_of["evaluate_model"] > priority_of["realisable_predictions"]


def test_no_kept_model_is_one_line(fresh):
    fresh.configure(EXPERIMENT | {"kept_models": "nowhere"})
    done = fresh.snakemake("--dry-run")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if "configuration:" in line]
    assert lines == [
        "configuration: kept_models: found no network in nowhere/tale/models, expected folders with checkpoint.safetensors, "
        "history.csv, summary.json, evaluation.json"
    ]
