import json

import pytest

from rnnscope.analyses.losses.summaries import read_object, read_summary
from rnnscope.errors import InputError

SUMMARY = {"model": "gru-2-64", "cell": "gru", "layers": 2, "size": 64, "parameters": 10, "seed": 1}


def write_summary(tmp_path, value, folder="gru-2-64"):
    path = tmp_path / folder / "summary.json"
    path.parent.mkdir()
    path.write_text(json.dumps(value))
    return path


def test_only_the_keys_asked_for_in_their_order(tmp_path):
    path = write_summary(tmp_path, SUMMARY)
    assert list(read_summary(path.parent, ("parameters",)).items()) == list(SUMMARY.items())[:-1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({key: value for key, value in SUMMARY.items() if key != "layers"}, "no key 'layers'"),
        (SUMMARY | {"layers": "two"}, "'layers' is 'two', expected a number"),
        (SUMMARY | {"layers": True}, "'layers' is True, expected a number"),
        (SUMMARY | {"cell": 3}, "'cell' is 3, expected text"),
        (SUMMARY | {"model": "gru-3-64"}, "'model' is 'gru-3-64', expected 'gru-2-64'"),
        ([1, 2], "found list, expected an object"),
    ],
)
def test_bad_summary_names_the_file_and_the_key(tmp_path, value, message):
    path = write_summary(tmp_path, value)
    with pytest.raises(InputError) as error:
        read_summary(path.parent)
    assert str(error.value).startswith(f"{path}: {message}")


def test_truncated_file_is_named(tmp_path):
    path = tmp_path / "evaluation.json"
    path.write_text('{"test_loss": 1.')
    with pytest.raises(InputError, match=r"evaluation\.json: not readable as JSON"):
        read_object(path, ("test_loss",))
