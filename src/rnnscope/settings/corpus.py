"""How a text is found, and how it is laid out (paper section 1)."""

from dataclasses import dataclass

from rnnscope.settings.base import Section, setting


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """An item of `corpora`: a text, and what is known of it."""

    title: str = setting("what figures call it", pattern=".")
    fractions: list[float] = setting("shares of train, validation and test, sum 1", above=0, below=1, length=3)
    sources: list[dict] = setting("where the text comes from, tried in order")
    bytes: int | None = setting("length of the text; archives and installed texts are cut to it", minimum=1, default=None)
    vocabulary: int | None = setting("distinct bytes of the text", minimum=1, maximum=256, default=None)
    sha256: str | None = setting("SHA-256 of the text, 64 hexadecimal digits", pattern=r"^[0-9a-f]{64}\Z", default=None)
    features: str | list[str] = setting("features of the text that units are compared with", default="prose")


@dataclass(frozen=True, kw_only=True)
class SplitSettings(Section):
    """Section `split`: how a text is laid out (paper section 1)."""

    key = "split"
    streams: int = setting("parallel streams that a text is laid out as: the rows of a minibatch", minimum=1, maximum=32767)
    sequence_length: int = setting("characters of a segment: the steps of truncated back-propagation", minimum=1)
