import numpy as np
import pytest
from helpers.small_split import write_split


@pytest.fixture
def part():
    """Ids (4 streams, 31 characters) of a text with some structure: each stream counts up, with a step now and then."""
    random = np.random.default_rng(1)
    return (np.cumsum(random.integers(1, 3, size=(4, 31)), axis=1) % 5).astype(np.uint8)


@pytest.fixture
def split(part, tmp_path):
    return write_split(tmp_path / "split", part)


@pytest.fixture(params=["compiled", "plain"])
def implementation(request, monkeypatch):
    """Each test that asks for it runs with the compiled recurrences, where they are built, and without them."""
    if request.param == "plain":
        monkeypatch.setenv("RNNSCOPE_PLAIN", "1")
