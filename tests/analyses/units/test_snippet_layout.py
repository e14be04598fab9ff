import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.analyses.units.snippet_layout import candidate_snippets, layout, most_varying

LETTERS = st.lists(st.sampled_from(b"ab\n"), min_size=1, max_size=60).map(lambda found: np.array(found, np.uint8))


@given(LETTERS, st.integers(1, 4), st.integers(1, 9))
def test_layout_against_setting_line_by_line(text, lines, columns):
    page, rest = [], bytes(text)
    while rest and len(page) < lines:
        end = rest.find(b"\n") + 1 or len(rest)
        page.append(rest[: min(end, columns)])
        rest = rest[min(end, columns) :]
    line, column = layout(text, lines, columns)
    assert list(zip(line, column, strict=True)) == [(row, index) for row, words in enumerate(page) for index in range(len(words))]


def test_snippets_begin_lines_of_odd_streams_and_are_whole():
    streams = [b"aa\nbb\ncc\ndd\nee\n", b"aaaaaa\nb\nc\ndddd", b"a\nb\nc\nd\ne\nf\ng\nh", b"aaaa\nbb\nccccddd"]
    text = np.array([list(stream) for stream in streams], np.uint8)
    # Two lines of four: from "b" and from "c" in stream 1, whose "dddd" is full; from "bb" in stream 3.
    assert candidate_snippets(text, 2, 4) == [(1, 7, 4), (1, 9, 6), (3, 5, 7)]


def test_without_a_whole_snippet_streams_begin_one():
    text = np.array([list(b"aaaa"), list(b"aa\na")], np.uint8)
    assert candidate_snippets(text, 5, 10) == [(1, 0, 4)]


def test_the_most_varying_snippet():
    snippets = [(1, 0, 5), (1, 5, 5), (3, 2, 5)]
    switching = np.zeros((4, 10), bool)
    switching[1, 5:10] = [True, False, True, False, True]
    switching[3, 2:7] = [True, False, True, False, True]
    counting = np.zeros((4, 10), np.int32)
    counting[1, :5], counting[3, 2:7] = [0, 9, 9, 9, 9], [0, 0, 0, 9, 9]
    assert most_varying(switching, snippets) == (1, 5, 5), "as many switches as the last one, and before it"
    assert most_varying(counting, snippets) == (3, 2, 5)
