"""Small random texts, twice: as rnnscope joins them from the parts of their split, and plain."""

import numpy as np
from helpers.plain_cascade import PlainText
from hypothesis import strategies as st

from rnnscope.corpus.split import Layout, cut_parts
from rnnscope.corpus.split_text import join_parts
from rnnscope.corpus.text import ByteText, distinct_bytes

# Few words, so that they repeat: also one inside another, and with bytes beyond ASCII; ends of parts and streams cut some.
WORDS = st.sampled_from([b"a", b"ab", b"aab", b"a_1", b"\xc3\xa9a", b"B", b"abbab", b"babbab"])
BETWEEN = st.sampled_from([b" ", b"\r\n", b"'", b'"', b"-", b". ", b""])


@st.composite
def texts(draw):
    """A SplitText and its PlainText."""
    streams, steps = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    segments = tuple(draw(st.integers(1, 6)) for _ in range(3))
    length = streams * steps * sum(segments)
    pieces = draw(st.lists(st.tuples(WORDS, BETWEEN), min_size=1, max_size=12))
    repeated = b"".join(word + between for word, between in pieces) * length
    return laid_out(repeated[: length + draw(st.integers(0, 2))], streams, steps, segments)


def fixed_text(repeated, streams):
    """The same of a text that repeats, half of every stream train and half test."""
    return laid_out(repeated * 4 * streams, streams, 1, (2 * len(repeated) - 1, 1, 2 * len(repeated)))


def laid_out(data, streams, steps, segments):
    """A text as streams of segments of `steps` characters."""
    text = np.frombuffer(data, dtype=np.uint8)
    vocabulary = distinct_bytes(text)
    parts = [ids for _, ids in cut_parts(ByteText(text), Layout(streams, steps, segments))]
    plain = PlainText(data, streams, steps * sum(segments), steps * segments[0], steps * segments[2])
    return join_parts(parts, vocabulary), plain
