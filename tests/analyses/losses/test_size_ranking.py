import pandas as pd
import pytest

from rnnscope.analyses.losses import size_ranking as stage
from rnnscope.analyses.losses.losses import LOSSES
from rnnscope.analyses.losses.paired_differences import PAIRED_DIFFERENCES
from rnnscope.analyses.losses.size_ranking import size_ranking

# p against the best of its size, lstm-1-8: the three others need 0.05 / 3, 0.05 / 2 and 0.05, in their order.
PS = {"gru-1-8": 0.01, "rnn-1-8": 0.03, "lstm-2-8": 0.04}


@pytest.fixture
def tables():
    losses = pd.DataFrame({"model": ["gru-1-8", "lstm-1-8", "rnn-1-8", "lstm-2-8", "lstm-1-4"], "size": [8, 8, 8, 8, 4]})
    pairs = pd.DataFrame(
        [
            ("gru-1-8", "lstm-1-8", 0.5, PS["gru-1-8"]),
            ("lstm-1-8", "rnn-1-8", 0.25, PS["rnn-1-8"]),
            ("lstm-1-8", "lstm-2-8", -0.125, PS["lstm-2-8"]),
            ("gru-1-8", "rnn-1-8", 0.75, 0.0),
            ("lstm-1-8", "lstm-1-4", -1.0, 0.0),
        ],
        columns=["model", "other", "difference", "p"],
    ).assign(low=-9.0, high=9.0)
    return losses, pairs, {"size 8": "lstm-1-8", "size 4": "lstm-1-4", "best rnn": "rnn-1-8"}


def test_every_network_is_compared_with_the_best_of_its_size(tables):
    table = size_ranking(*tables).set_index("model")
    assert list(table.index) == list(tables[0]["model"])
    assert dict(table["best"]) == dict.fromkeys(table.index[:4], "lstm-1-8") | {"lstm-1-4": "lstm-1-4"}
    # The sign is that of the network minus the best one, which may have the higher test loss.
    assert dict(table["difference"]) == {"gru-1-8": 0.5, "lstm-1-8": 0, "rnn-1-8": -0.25, "lstm-2-8": 0.125, "lstm-1-4": 0}
    assert dict(table["comparisons"]) == dict.fromkeys(table.index[:4], 3) | {"lstm-1-4": 0}
    assert dict(table["separated"]) == {name: name == "gru-1-8" for name in table.index}
    corrected = {"gru-1-8": 0.03, "rnn-1-8": 0.06, "lstm-2-8": 0.06, "lstm-1-8": 1, "lstm-1-4": 1}
    assert dict(table["p_corrected"]) == pytest.approx(corrected)


def test_a_pair_that_is_missing_is_named(tmp_path, call, tables):
    losses, pairs, roles = tables
    files = {name: tmp_path / f"{name}.csv" for name in ("losses", "differences", "best", "out")}
    losses.reindex(columns=LOSSES.names).to_csv(files["losses"], index=False)
    pairs[1:].reindex(columns=PAIRED_DIFFERENCES.names).to_csv(files["differences"], index=False)
    best = pd.DataFrame({"role": roles.keys(), "model": roles.values(), "validation_loss": 1.0})
    best.to_csv(files["best"], index=False)
    message = call(stage, *(word for name, path in files.items() for word in (f"--{name}", path)))
    assert message.startswith("error: table of differences: no row of gru-1-8 and lstm-1-8")
    assert not files["out"].exists()
