import csv
import json
import unicodedata

import numpy as np
import pytest
from scipy.stats import norm, t

from rnnscope.analyses.comparisons import character_gains as stage
from rnnscope.analyses.comparisons.character_gains import character_gains, name_of
from rnnscope.analyses.losses.clusters import Clusters

VOCABULARY = [10, 13, 32, 97, 233]


@pytest.fixture
def words(tmp_path, best_models):
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": VOCABULARY}))
    return [
        *("--split", tmp_path, "--predictions-folder", tmp_path / "predictions", "--best", best_models),
        *("--clusters", "12", "--samples", "40", "--seed", "2", "--out", tmp_path / "gains.csv"),
    ]


@pytest.fixture
def targets_and_log_prob(tmp_path, predicted):
    """Predictions of the two models, and the test part that has their targets."""
    targets, log_prob = predicted(["lstm-3-8", "ngram-4"], streams=4, steps=30)
    np.save(tmp_path / "test.npy", np.pad(targets, ((0, 0), (1, 0))))
    return targets, log_prob


def test_every_character_compared_with_a_loop(tmp_path, call, targets_and_log_prob, words):
    targets, log_prob = targets_and_log_prob
    assert call(stage, *words) is None
    with (tmp_path / "gains.csv").open() as file:
        rows = {row["character"]: row for row in csv.DictReader(file)}
    random = np.random.default_rng(2)
    draws = [random.integers(12, size=12) for _ in range(40)]
    counts = {name: int((targets == rank).sum()) for rank, name in enumerate(["LF", "CR", "space", "a", "<E9>"])}
    assert set(rows) == set(counts)
    blocks = targets.reshape(12, 10)
    network, ngram = (np.exp(log_prob[model].astype(float)).reshape(12, 10) for model in ("lstm-3-8", "ngram-4"))
    for rank, name in enumerate(["LF", "CR", "space", "a", "<E9>"]):
        assert int(rows[name]["count"]) == counts[name]
        for column, values in (("network", network), ("ngram", ngram), ("difference", network - ngram)):
            assert float(rows[name][column]) == pytest.approx(values[blocks == rank].mean(), abs=1e-6)
            means = []
            for draw in draws:
                drawn = [values[block, step] for block in draw for step in range(10) if blocks[block, step] == rank]
                means.append(sum(drawn) / len(drawn))
            inside = int((blocks == rank).any(axis=1).sum())
            if inside < 10:
                assert rows[name][f"{column}_low"] == rows[name][f"{column}_high"] == ""
                continue
            tail = norm.cdf(np.sqrt(inside / (inside - 1)) * t.ppf(0.025, inside - 1))  # as far out as Student's t
            low, high = np.quantile(means, [tail, 1 - tail])
            assert float(rows[name][f"{column}_low"]) == pytest.approx(low, abs=1e-6)
            assert float(rows[name][f"{column}_high"]) == pytest.approx(high, abs=1e-6)
    differences = [float(row["difference"]) for row in rows.values()]
    assert differences == sorted(differences, reverse=True)


def test_the_other_order_of_models_turns_the_difference():
    random = np.random.default_rng(0)
    targets = random.integers(3, size=(2, 50)).astype(np.uint8)
    log_prob = list(np.log(random.uniform(0.1, 1, (2, 2, 50))))
    clusters = Clusters(2, 50, blocks=5)
    straight = character_gains(targets, log_prob, clusters, 20, 1).set_index("id").sort_index()
    turned = character_gains(targets, log_prob[::-1], clusters, 20, 1).set_index("id").sort_index()
    np.testing.assert_allclose(straight["difference"], -turned["difference"])
    np.testing.assert_allclose(straight["difference_low"], -turned["difference_high"])
    np.testing.assert_allclose(straight["network"], turned["ngram"])


@pytest.mark.parametrize("byte", range(256))
def test_every_byte_has_a_name_that_shows(byte):
    name = name_of(byte)
    assert all(33 <= ord(letter) <= 126 for letter in name)
    if 33 <= byte <= 126:
        assert name == chr(byte)
    elif byte >= 128:
        assert name == f"<{byte:02X}>"
    elif byte not in (9, 10, 13, 32):  # for which there are names in more common use
        assert unicodedata.lookup(f"SYMBOL FOR {CONTROL_NAMES[name]}") == chr(0x2400 + byte if byte < 127 else 0x2421)


# The names that Unicode gives the pictures of the control characters.
CONTROL_NAMES = {
    "NUL": "NULL",
    "SOH": "START OF HEADING",
    "STX": "START OF TEXT",
    "ETX": "END OF TEXT",
    "EOT": "END OF TRANSMISSION",
    "ENQ": "ENQUIRY",
    "ACK": "ACKNOWLEDGE",
    "BEL": "BELL",
    "BS": "BACKSPACE",
    "VT": "VERTICAL TABULATION",
    "FF": "FORM FEED",
    "SO": "SHIFT OUT",
    "SI": "SHIFT IN",
    "DLE": "DATA LINK ESCAPE",
    "DC1": "DEVICE CONTROL ONE",
    "DC2": "DEVICE CONTROL TWO",
    "DC3": "DEVICE CONTROL THREE",
    "DC4": "DEVICE CONTROL FOUR",
    "NAK": "NEGATIVE ACKNOWLEDGE",
    "SYN": "SYNCHRONOUS IDLE",
    "ETB": "END OF TRANSMISSION BLOCK",
    "CAN": "CANCEL",
    "EM": "END OF MEDIUM",
    "SUB": "SUBSTITUTE",
    "ESC": "ESCAPE",
    "FS": "FILE SEPARATOR",
    "GS": "GROUP SEPARATOR",
    "RS": "RECORD SEPARATOR",
    "US": "UNIT SEPARATOR",
    "DEL": "DELETE",
}


def test_a_character_that_the_test_part_lacks_has_no_row(tmp_path, call, targets_and_log_prob, words):
    (tmp_path / "vocabulary.json").write_text(json.dumps({"bytes": [*VOCABULARY, 250]}))
    assert call(stage, *words) is None
    assert "<FA>" not in (tmp_path / "gains.csv").read_text()


def test_predictions_of_another_text_end_in_one_line(tmp_path, call, targets_and_log_prob, words):
    targets, _ = targets_and_log_prob
    np.save(tmp_path / "test.npy", np.pad((targets + 1) % 5, ((0, 0), (1, 0))))
    message = call(stage, *words)
    path, test = tmp_path / "predictions/lstm-3-8.parquet", tmp_path / "test.npy"
    assert message.startswith(f"error: {path}: its targets are not the 120 of {test}; it is stale; ")
    assert not (tmp_path / "gains.csv").exists()
