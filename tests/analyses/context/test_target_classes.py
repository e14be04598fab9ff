import numpy as np

from rnnscope.analyses.context.target_classes import CLASSES, classes_of

SYMBOLS = {"L": "line end", " ": "white space", "d": "digit", ")": "closing quote or bracket", "f": "first of a word"}
SYMBOLS |= {"w": "inside a word", ".": "other"}


def spelled(text):
    names = {name: symbol for symbol, name in SYMBOLS.items()}
    return "".join(names[CLASSES[index]] for index in classes_of(text))


def test_every_character_of_a_line():
    text = 'He said (twice): "At 10, [now]!"\r\n'
    assert spelled(text.encode()) == spelled(text) == "fw fwww .fwwww). .fw dd. .fww).)LL"


def test_a_letter_of_several_bytes_begins_a_word_once_and_a_quote_closes_at_its_last():
    assert spelled("да «нет».\n") == "fw .fww).L"
    assert spelled("да «нет».\n".encode()) == "fwww ..fwwwww.).L"


def test_no_text():
    assert classes_of(b"").shape == (0,)
    assert np.array_equal(classes_of("a"), [CLASSES.index("first of a word")])
