"""Classes of characters in texts of bytes and of code points."""

import string

import numpy as np
import pytest

from rnnscope.corpus.character_classes import CLASSES, is_in_class
from rnnscope.corpus.text import code_points


@pytest.mark.parametrize("name", CLASSES)
def test_bytes_and_code_points_of_ascii_agree(name):
    every = np.arange(128)
    np.testing.assert_array_equal(is_in_class(every.astype(np.uint8), name), is_in_class(every.astype(np.uint32), name))


@pytest.mark.parametrize(
    ("name", "members", "others"),
    [
        ("word", string.ascii_letters + "_7éЖ中ひアعहे\u0301٣\ufffd\u200d", " -.,«»「」—。؟\n$"),
        ("punctuation", "-.,«»「」—。؟$“", "_7Ж中 \n\u0301"),
        ("separator", " \n'\"«»„“”「」\u3000\u00a0", "-.,Ж中。\t"),
    ],
)
def test_classes_beyond_ascii(name, members, others):
    assert is_in_class(code_points(members), name).all()
    assert not is_in_class(code_points(others), name).any()


def test_bytes_beyond_ascii_are_of_words():
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert is_in_class(every, "word")[8:].all()
    assert not is_in_class(every, "punctuation")[8:].any()
    assert not is_in_class(every, "separator")[8:].any()
