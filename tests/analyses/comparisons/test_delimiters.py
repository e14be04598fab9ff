"""Matched delimiters compared with those of texts that are joined from known pieces, and with plain searches."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.comparisons.delimiters import bracket_spans, closings, state_spans
from rnnscope.analyses.units.text_features import inside_comment, inside_string

OPENING = {")": "(", "]": "[", "}": "{"}


def as_array(text):
    return np.frombuffer(text.encode(), dtype=np.uint8)


def plain_bracket_spans(text, counts, closing):
    """From every closing bracket go back until as many have opened as have closed."""
    found = []
    for end, character in enumerate(text):
        if character != closing or not counts[end]:
            continue
        depth = 0
        for place in range(end, -1, -1):
            if counts[place]:
                depth += {closing: 1, OPENING[closing]: -1}.get(text[place], 0)
            if depth == 0:
                found.append((place, end))
                break
    return found


@given(text=st.text("(([]){})a", max_size=40), data=st.data())
def test_brackets_compared_with_a_search_backwards(text, data):
    counts = np.array(data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text))), dtype=bool)
    for closing in OPENING:
        found = bracket_spans(as_array(text), counts, closing)
        assert [tuple(span) for span in found.tolist()] == plain_bracket_spans(text, counts, closing)


@given(data=st.data(), text=st.text('"*/a', min_size=1, max_size=40))
def test_states_compared_with_a_walk(data, text):
    inside = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    expected, begun = [], None
    for place in range(1, len(text)):
        if inside[place] and not inside[place - 1]:
            begun = place
        if inside[place - 1] and not inside[place]:
            if begun is not None and (text[begun], text[place]) == ('"', '"'):
                expected.append((begun, place))
            begun = None
    found = state_spans(as_array(text), np.array(inside), '"', '"')
    assert [tuple(span) for span in found.tolist()] == expected


# Pieces of C, the state at each of their characters (c: comment, s: string, .: neither), and the closing delimiters they
# hold: which, where the opening one ends, where the closing one ends.
PIECES = [
    ("x=1;", "....", []),
    ("f()", "...", [(")", 1, 2)]),
    ("{a[3]}", "......", [("]", 2, 4), ("}", 0, 5)]),
    ('"})"', "sss.", [('"', 0, 3)]),
    ("/*}]*/", ".cccc.", [("*/", 1, 5)]),
    ("'}'", "ss.", []),
    ("//)\n", ".cc.", []),
    ('""', "s.", [('"', 0, 1)]),
]


@given(pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8))
def test_delimiters_of_source_are_those_it_was_made_of(pieces):
    text, states, expected = "", "", []
    for piece, state, delimiters in pieces:
        expected += [(delimiter, len(text) + end, end - start) for delimiter, start, end in delimiters]
        text, states = text + piece, states + state
    inside = {"inside_comment": "c", "inside_string": "s"}
    # A state that begins with the text was begun before it, as far as the text alone can tell.
    arrays = {name: np.array([[letter == mark for letter in f".{states}"]] * 2) for name, mark in inside.items()}
    found = closings(np.stack([as_array(f" {text}")] * 2), arrays)
    for stream in range(2):
        rows = found[found["stream"] == stream]
        plain = [(row.delimiter, row.column, row.distance) for row in rows.itertuples()]
        assert sorted(plain) == sorted((delimiter, column + 1, distance) for delimiter, column, distance in expected)


@given(pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8))
def test_features_of_source_have_the_states_that_are_taken_here(pieces):
    text = "".join(piece for piece, _, _ in pieces).encode()
    states = "".join(state for _, state, _ in pieces)
    assert inside_comment(text).tolist() == [state == "c" for state in states]
    assert inside_string(text).tolist() == [state == "s" for state in states]


def test_prose_has_quotations_and_brackets_that_stay_within_a_stream():
    texts = ['he said "no (not', 'yet)" and "yes" ']
    inside = [[0] * 8 + [1] * 8, [1] * 4 + [0] * 6 + [1] * 4 + [0] * 2]
    found = closings(np.stack([as_array(text) for text in texts]), {"inside_quotes": np.array(inside, dtype=bool)})
    assert [(row.delimiter, row.stream, row.column, row.distance) for row in found.itertuples()] == [('"', 1, 14, 4)]


def test_without_any_state_brackets_are_left():
    found = closings(as_array('("a")').reshape(1, -1), {})
    assert [(row.delimiter, row.column, row.distance) for row in found.itertuples()] == [(")", 4, 4)]
