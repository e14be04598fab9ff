"""The paper's numbers: how many there are, and that those which say the same thing twice agree."""

from collections import Counter

import pytest

from rnnscope.analyses.comparisons.character_gains import name_of
from rnnscope.data.paper import contents, paper_points, paper_values
from rnnscope.models.cells import ModelName
from rnnscope.settings.corpus import PAPER_TEXTS

NUMBERS = {
    "war_and_peace": {"T1": 33, "T2": 16, "F4b": 40, "F7": 2 * 27 + 4 + 6 + 2 + 2, "F8": 5},
    "linux_kernel": {"T1": 33, "T2": 16, "F4a": 7, "F4b": 40, "F5": 20, "F6": 2 * 4 * 35},
}


def test_the_texts_are_those_of_the_settings():
    assert tuple(contents()["texts"]) == PAPER_TEXTS == tuple(NUMBERS)


@pytest.mark.parametrize("text", NUMBERS)
def test_every_value_once(text):
    values = list(paper_values(text))
    assert Counter(value.item for value in values) == NUMBERS[text]
    keys = [(value.item, value.quantity, value.model, value.case) for value in values]
    assert len(set(keys)) == len(keys)
    for value in values:
        assert value.origin in ("printed", "digitised")
        assert value.rounding > 0
        assert " ".join(str(ModelName.parse(model)) for model in value.model.split()) == value.model
        assert value.model
        if not value.unit:
            assert 0 <= value.value <= 1


@pytest.mark.parametrize("text", NUMBERS)
def test_characters_have_the_names_of_the_table_of_characters(text):
    points = paper_points(text, "F4b", "mean probability of the correct character")
    names = [character for model, character in points if model == "ngram-20"]
    assert len(names) == 20
    assert set(names) <= set(map(name_of, range(256)))
    gains = [points["lstm-3-512", name] - points["ngram-20", name] for name in names]
    assert [gain > 0 for gain in gains] == [True] * 10 + [False] * 10


@pytest.mark.parametrize("model", ["lstm-3-512", "lstm-2-64"])
def test_the_slices_of_a_pie_are_all_errors(model):
    slices = {
        case: value for (of, case), value in paper_points("war_and_peace", "F7", "share of the errors").items() if of == model
    }
    assert len(slices) == 27
    assert sum(slices.values()) == pytest.approx(1, abs=0.001)


def test_whole_classes_are_the_sums_of_their_slices():
    slices = paper_points("war_and_peace", "F7", "share of the errors")
    said = paper_points("war_and_peace", "F7", "share of a whole class in the errors")
    assert len(said) == 4 + 6
    for (model, name), value in said.items():
        together = sum(share for (of, case), share in slices.items() if of == model and case.split()[0] == name)
        assert together == pytest.approx(value, abs=0.006)


def test_the_number_of_errors_is_the_fraction_of_the_test_part():
    errors = paper_points("war_and_peace", "F7", "errors")
    fractions = paper_points("war_and_peace", "F7", "fraction of the test characters that are errors")
    for key, count in errors.items():
        assert count / 330_000 == pytest.approx(fractions[key], abs=0.005)
    fewer = paper_points("war_and_peace", "F8", "errors fewer than those of lstm-2-64")
    assert errors["lstm-2-64", ""] - errors["lstm-3-512", ""] == fewer["lstm-3-512", "all"]
    assert sum(value for (_, case), value in fewer.items() if case != "all") == fewer["lstm-3-512", "all"]
