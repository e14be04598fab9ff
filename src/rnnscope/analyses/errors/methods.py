"""The names of the methods that do, with what a real model has, a part of what an oracle does; those of their predictions."""

PREFIX = "realisable"
DYNAMIC_EVALUATION = f"{PREFIX}-dynamic-evaluation"
NGRAM_MIXTURE = f"{PREFIX}-ngram-mixture"


def cache_name(length: int) -> str:
    """Return the name of a neural cache of some characters."""
    return f"{PREFIX}-cache-{length}"


def realisable_methods(lengths: list[int], has_ngram: bool) -> list[str]:
    """Return the names of all methods in their order.

    Parameters
    ----------
    lengths
        Characters of the neural caches.
    has_ngram
        Whether there is an n-gram model to mix with.
    """
    return [DYNAMIC_EVALUATION, *map(cache_name, lengths), *([NGRAM_MIXTURE] if has_ngram else [])]
