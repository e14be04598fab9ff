"""How a text is found, and how it is laid out (paper section 1)."""

from dataclasses import dataclass
from typing import Any

from rnnscope.settings.base import COUNT, MOST_STREAMS, Section, setting

CHARACTERS = ("bytes", "unicode")
MOST_CHARACTERS = 65_535  # distinct ones: ids have 16 bits, and n-grams need one code more
DEFAULT_ENCODING = "utf-8"
PAPER_TEXTS = ("war_and_peace", "linux_kernel")
PAPER_NUMBERS = ("compared", "orientation")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """An item of `corpora`: a text, and what is known of it."""

    title: str = setting("what figures call it", pattern=".")
    fractions: list[float] = setting("shares of train, validation and test, sum 1", above=0, below=1, length=3)
    sources: list[dict] = setting("where the text comes from, tried in order")
    characters: str | None = setting(
        "what a character is: a byte (the default), or a code point of Unicode", choices=CHARACTERS, default=None
    )
    encoding: str | None = setting("encoding of the text", names="encoding", default=None)
    minimum_count: int | None = setting("unicode: characters that are rarer count as one", minimum=1, default=None)
    bytes: int | None = setting("length of the text in bytes; joined texts are cut to it", minimum=1, default=None)
    vocabulary: int | None = setting("distinct characters of the text", minimum=1, maximum=1_114_112, default=None)
    sha256: str | None = setting("SHA-256 of the text, 64 hexadecimal digits", pattern=r"^[0-9a-f]{64}\Z", default=None)
    paper: str | None = setting("the text of the paper that this one is, or is like", choices=PAPER_TEXTS, default=None)
    paper_numbers: str | None = setting(
        "whether the paper's numbers are compared with ours or shown for orientation", choices=PAPER_NUMBERS, default=None
    )
    features: str | list[str] | dict[str, Any] | None = setting(
        "features of the text that units are compared with", default="prose"
    )


@dataclass(frozen=True, kw_only=True)
class Imported:
    """An item of `imported`: a network that was trained elsewhere with torch.nn."""

    weights: str = setting("its state dict, a .safetensors file; {corpus} is the corpus", pattern=".")
    vocabulary: str = setting("JSON, the character of each of its ids; {corpus} is the corpus", pattern=".")


@dataclass(frozen=True, kw_only=True)
class SplitSettings(Section):
    """Section `split`: how a text is laid out (paper section 1)."""

    key = "split"
    streams: int = setting(
        "parallel streams that a text is laid out as: the rows of a minibatch", minimum=1, maximum=MOST_STREAMS
    )
    sequence_length: int = setting("characters of a segment: the steps of truncated back-propagation", **COUNT)
