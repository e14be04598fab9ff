import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rnnscope.analyses.comparisons.aligned import add_nnn, compared_models, parser, read_aligned, read_grid
from rnnscope.errors import InputError


def test_models_come_one_after_another_as_they_were_written(tmp_path, predicted):
    targets, log_prob = predicted(["lstm-1-4", "ngram-2"])
    np.testing.assert_array_equal(read_grid(tmp_path / "predictions/ngram-2.parquet")[0], targets)
    found = list(read_aligned(tmp_path / "predictions", ["ngram-2", "lstm-1-4"]))
    np.testing.assert_array_equal(found, [log_prob["ngram-2"], log_prob["lstm-1-4"]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.slice(0, 0), "no rows"),
        (lambda table: table.slice(1), "the rows are not all steps of stream 0"),
        (lambda table: table.take([1, 0, *range(2, len(table))]), "the rows are not all steps of stream 0"),
        (
            lambda table: table.set_column(2, "target", pa.array(1 - table["target"].to_numpy() // 4, pa.uint8())),
            "the test characters",
        ),
        (lambda table: table.slice(0, 80), "the test characters are not those of"),
    ],
)
def test_rows_that_are_not_those_of_the_first_model_are_refused(tmp_path, predicted, change, message):
    predicted(["lstm-1-4", "ngram-2"])
    path = tmp_path / "predictions/ngram-2.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(InputError, match=message) as error:
        list(read_aligned(tmp_path / "predictions", ["lstm-1-4", "ngram-2"]))
    assert str(path) in str(error.value)


def test_many_streams_are_told_from_few(tmp_path, predicted):
    """The product of a stream's number and the steps of a stream is beyond the dtype of the number."""
    targets, _ = predicted(["lstm-1-4"], streams=100, steps=400)
    np.testing.assert_array_equal(read_grid(tmp_path / "predictions/lstm-1-4.parquet")[0], targets)


def test_validation_loss_chooses(comparison_words):
    words, nnns = comparison_words
    without, with_nnn = parser(""), parser("")
    add_nnn(with_nnn)
    assert compared_models(without.parse_args(list(map(str, words)))) == ["lstm-3-8", "ngram-4"]
    assert compared_models(with_nnn.parse_args(list(map(str, words + nnns)))) == ["lstm-3-8", "ngram-4", "nnn-2"]
