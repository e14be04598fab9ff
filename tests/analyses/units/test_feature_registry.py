import numpy as np
import pytest

from rnnscope.analyses.units import feature_registry
from rnnscope.analyses.units.feature_registry import chosen_features, feature
from rnnscope.errors import InputError
from rnnscope.settings.sections import Features


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """A registry of three made-up features."""
    monkeypatch.setattr(feature_registry, "FEATURES", {})

    @feature(lists=("verse",))
    def rhymes(text):
        """The character ends a rhyme.

        More about it.
        """
        return np.zeros(len(text), bool)

    @feature(lists=("verse", "music"))
    def beats(text, newline_within):
        """Beats so far."""
        return np.full(len(text), newline_within, np.int32)

    @feature()
    def mood(text):
        """It is sad."""
        return np.ones(len(text), bool)


def names(words):
    return [entry.name for entry in chosen_features(words)]


def test_lists_and_names():
    assert names(["verse"]) == ["rhymes", "beats"]
    assert names(["music"]) == ["beats"]
    assert names(["mood"]) == ["mood"]
    assert names(["mood", "rhymes"]) == ["mood", "rhymes"]


def test_meaning_kind_and_settings_come_from_the_function():
    rhymes, beats = chosen_features(["verse"])
    assert (rhymes.meaning, rhymes.kind) == ("The character ends a rhyme", "bool")
    assert (beats.meaning, beats.kind) == ("Beats so far", "int32")
    assert beats.values(b"abc", Features(newline_within=4)).tolist() == [4, 4, 4]


@pytest.mark.parametrize(("words", "unknown"), [(["humour"], "humour"), (["mood", "verse"], "verse")])
def test_an_unknown_word_is_named(words, unknown):
    with pytest.raises(InputError) as error:
        chosen_features(words)
    assert str(error.value) == (
        f"features: found {unknown!r}, expected one list (verse or music) or features (rhymes, beats, mood)"
    )
