"""The results of a corpus, as small as the page can be made of."""

import json

import pytest

from rnnscope.figures.catalogue import FIGURES

TITLE = "A <b>tale</b> & {{ sections }}"
LOSSES = """\
model,validation_loss,test_loss,test_accuracy
lstm-1-64,1.41,1.45,0.55
lstm-2-64,1.31,1.3512,0.6149
rnn-1-64,1.51,1.552,0.5
gru-2-5-mine,1.61,1.6,0.45
"""
INTERVALS = """\
model,test_loss,low,high,clusters
lstm-1-64,1.45,1.4,1.5,100 streams
lstm-2-64,1.3512,1.3,1.4,100 streams
rnn-1-64,1.552,1.5,1.6,100 streams
gru-2-5-mine,1.6,1.5,1.7,100 streams
ngram-4,1.7777,1.7,1.8,100 streams
"""
ROLES = """\
role,model,validation_loss
network,lstm-2-64,1.31
ngram,ngram-4,
best lstm,lstm-2-64,1.31
best rnn,rnn-1-64,1.51
best gru,gru-2-5-mine,1.61
"""
CELLS = """\
model,cell,layer,quantity,unit,feature,measure,selection_score,held_out_score,sign,rank
lstm-2-64,lstm,2,c,7,inside_quotes,auc,0.98,0.95,1,1
lstm-2-64,lstm,1,c,8,inside_quotes,auc,0.97,0.96,1,2
gru-2-5-mine,gru,1,h,3,inside_quotes,auc,0.9,0.92,-1,1
gru-2-5-mine,gru,1,h,4,line_position,spearman,0.9,0.8,1,1
lstm-2-64,lstm,1,c,9,capital,auc,0.6,0.55,1,1
"""
BASELINE = """\
model,feature,measure,held_out_percentile_95
lstm-2-64,inside_quotes,auc,0.6
gru-2-5-mine,inside_quotes,auc,0.5
gru-2-5-mine,line_position,spearman,0.2
lstm-2-64,capital,auc,0.7
"""
AGAINST = "outcome\n" + "within interval\n" * 3 + "differs\n" * 2 + "missing\n"
CLAIMS = "outcome,strict_outcome,paper_outcome\nholds,undecided,holds\nholds,holds,\nundecided,undecided,holds\n"
CLAIMS += "does not hold,does not hold,does not hold\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="500pt" height="200pt"><rect width="9" height="9"/></svg>\n'


@pytest.fixture
def results(tmp_path):
    """The folder of a corpus's results."""
    folder = tmp_path / "results/tale"
    tables = {
        "losses": LOSSES,
        "loss_intervals": INTERVALS,
        "best_models": ROLES,
        "cells": CELLS,
        "cells_baseline": BASELINE,
        "against_paper": AGAINST,
        "paper_claims": CLAIMS,
    }
    for name in ("analyses", "figures", "corpus", "benchmarks/train_model"):
        (folder / name).mkdir(parents=True)
    for name, text in tables.items():
        (folder / f"analyses/{name}.csv").write_text(text)
    for name in FIGURES:
        (folder / f"figures/{name}.svg").write_text(SVG)
    (folder / "explorer.html").write_text("<p>")
    manifest = {"bytes": 12345, "vocabulary": 67, "sha256": 64 * "a"}
    (folder / "corpus/manifest.json").write_text(json.dumps(manifest))
    for name, seconds in (("losses", 2.4), ("train_model/lstm-1-64-dropout-0.0", 3600.2)):
        (folder / f"benchmarks/{name}.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:00\n")
    return folder


@pytest.fixture
def words(tmp_path, results):
    """The words of the stage for the page of this corpus."""
    captions = tmp_path / "captions"
    captions.mkdir()
    for name in FIGURES:
        (captions / f"{name}.rst").write_text(f"How to read **{name}**: a < b & `c`.\n\nMore.\n")
    return [
        *("--folders", results, "--corpora", json.dumps({"title": TITLE, "paper": "war_and_peace"})),
        *("--figures", *FIGURES, "--captions", captions, "--explorer"),
        *("--out", tmp_path / "results/index.html", "--out-findings", tmp_path / "results/findings.txt"),
    ]
