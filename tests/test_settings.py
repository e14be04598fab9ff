"""Settings: what each may hold, and the command line that a section becomes."""

import math
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnscope.cli import parse
from rnnscope.errors import InputError
from rnnscope.settings.base import SEED, Section, Setting, check_length, flag_of, flags, required, setting, settings_of
from rnnscope.settings.sections import SECTIONS, Optimisation, Patience

ALLOWED = [
    (Setting("n", minimum=1), int, 1),
    (Setting("n"), int, -3),
    (Setting("x"), float, 1),  # a whole number is a number
    (Setting("x", minimum=0, maximum=1), float, 1),
    (Setting("x", above=0, below=1), float, 0.5),
    (Setting("t"), str, ""),
    (Setting("t", choices=("a", "b")), str, "b"),
    (Setting("l"), list[int], [3, 1]),
    (Setting("l", may_be_empty=True), list[str], []),
    (Setting("l", choices=("a", "b")), list[str], ["b", "a"]),
    (Setting("n", minimum=1), int | None, None),
    (Setting("n", minimum=1), int | None, 1),
    (Setting("d", below=1), list[float] | dict[int, list[float]], [0.5]),
    (Setting("d", below=1), list[float] | dict[int, list[float]], {64: [0.5], 128: [0.5, 0]}),
]
REFUSED = [
    (Setting("n", minimum=1), int, 0, "a whole number of at least 1"),
    (Setting("n", maximum=5), int, 6, "a whole number at most 5"),
    (Setting("n"), int, 1.0, "a whole number"),
    (Setting("n"), int, True, "a whole number"),
    (Setting("n"), int, "1", "a whole number"),
    (Setting("n"), int, None, "a whole number"),
    (Setting("x", minimum=0, maximum=1), float, 1.01, "a number from 0 to 1"),
    (Setting("x", minimum=0, below=1), float, 1, "a number of at least 0 and below 1"),
    (Setting("x", above=0), float, 0, "a number above 0"),
    (Setting("x"), float, math.nan, "a number"),
    (Setting("x"), float, math.inf, "a number"),
    (Setting("x"), float, False, "a number"),
    (Setting("t"), str, 3, "a text"),
    (Setting("t", choices=("a", "b", "c")), str, "d", "a, b or c"),
    (Setting("t", choices=("a",)), str, "d", "a"),
    (Setting("l"), list[int], [], "a list of different whole numbers, at least one"),
    (Setting("l", may_be_empty=True), list[int], [1, 1], "a list of different whole numbers"),
    (Setting("l", minimum=1), list[int], [1, 0], "a list of different whole numbers of at least 1, at least one"),
    (Setting("l"), list[int], 3, "a list of different whole numbers, at least one"),
    (Setting("n", minimum=1), int | None, 0, "a whole number of at least 1"),
    *(
        (
            Setting("d", below=1),
            list[float] | dict[int, list[float]],
            value,
            "a list of different numbers below 1, at least one, or such a list for each size",
        )
        for value in (0.5, [1.0], {}, {64: 0.5}, {64: [1.0]}, {0: [0.5]}, {"64": [0.5]})
    ),
]


@pytest.mark.parametrize(("declared", "kind", "value"), ALLOWED)
def test_a_value_within_the_bounds_passes(declared, kind, value):
    declared.check("key", value, kind)


@pytest.mark.parametrize(("declared", "kind", "value", "expected"), REFUSED)
def test_a_value_out_of_the_bounds_is_refused_in_one_line(declared, kind, value, expected):
    with pytest.raises(InputError) as error:
        declared.check("section.key", value, kind)
    assert str(error.value) == f"section.key: found {value!r}, expected {expected}"


@dataclass(frozen=True, kw_only=True)
class Part(Section):
    key = "garden"
    row_length: float = setting("metres", above=0)
    plants: list[str] = setting("what grows")


@dataclass(frozen=True, kw_only=True)
class Whole(Part):
    rows: int = setting("how many", minimum=1, default=2)


def test_a_section_is_checked_when_it_is_made_and_cannot_be_changed():
    made = Whole(row_length=2.5, plants=["beans"])
    assert made.rows == 2
    with pytest.raises(InputError, match="rows: found 0, expected a whole number of at least 1"):
        replace(made, rows=0)
    with pytest.raises(FrozenInstanceError):
        made.rows = 3


def test_settings_of_a_section_are_in_the_order_of_its_fields():
    assert [(name, kind) for name, (kind, _) in settings_of(Whole).items()] == [
        ("row_length", float),
        ("plants", list[str]),
        ("rows", int),
    ]
    assert settings_of(Whole)["rows"][1] == Setting("how many", minimum=1)


def test_flags_of_a_part_of_a_section():
    values = {"rows": 3, "row_length": 0.1, "plants": ["beans", "peas"], "more": 1}
    assert flags(Part, values) == ["--row-length", "0.1", "--plants", "beans", "peas"]
    assert flags(Whole, values) == ["--row-length", "0.1", "--plants", "beans", "peas", "--rows", "3"]
    with pytest.raises(KeyError, match="rows"):
        flags(Whole, {"row_length": 1, "plants": ["beans"]})


def test_what_is_left_out_has_no_flag():
    assert flags(Patience, {"epochs": 3}) == flags(Patience, {"patience": None}) == []
    assert flags(Patience, {"patience": 4}) == ["--patience", "4"]

    def stage(patience: Patience) -> None:
        """Take the settings."""

    assert parse(stage, [])[1] == {"patience": Patience(patience=None)}
    assert parse(stage, ["--patience", "4"])[1] == {"patience": Patience(patience=4)}
    with pytest.raises(InputError, match="--patience: found 0, expected a whole number from 1 to 1000000"):
        parse(stage, ["--patience", "0"])


def test_a_flag_is_named_like_its_key():
    assert flag_of("learning_rate_decay") == "--learning-rate-decay"


@given(st.data())
def test_what_flags_writes_is_what_a_stage_reads(data):
    """For every number that is allowed, to the last bit."""
    given_values = Optimisation(
        epochs=data.draw(st.integers(1, 10**6)),
        learning_rate=data.draw(st.floats(0, exclude_min=True, allow_infinity=False, allow_nan=False)),
        rmsprop_alpha=data.draw(st.floats(0, 1, exclude_max=True)),
        learning_rate_decay=data.draw(st.floats(0, 1, exclude_min=True)),
        seed=data.draw(st.integers(0, 2**32 - 1)),
    )

    def stage(optimisation: Optimisation) -> None:
        """Take the settings."""

    _, arguments = parse(stage, flags(Optimisation, vars(given_values)))
    assert arguments == {"optimisation": given_values}


@pytest.mark.parametrize("section", SECTIONS.values(), ids=list(SECTIONS))
def test_every_setting_has_a_meaning_and_every_default_is_allowed(section):
    assert section.key
    for name, (kind, declared) in settings_of(section).items():
        assert declared.meaning
        if (default := getattr(section, name, None)) is not None:
            declared.check(name, default, kind)


@pytest.mark.parametrize("section", SECTIONS.values(), ids=list(SECTIONS))
def test_a_slip_of_the_keyboard_is_refused_where_it_would_fill_the_memory_or_never_end(section):
    """Of every whole number: 10 ** 12 is more than anybody waits for, and than the characters of any text that is read."""
    for name, (kind, declared) in settings_of(section).items():
        item = get_args(required(kind))[0] if get_origin(required(kind)) is list else required(kind)
        if item is int:
            with pytest.raises(InputError, match=rf"^key: found \[?10000000000(00)?\]?, expected .* to {declared.maximum:.0f}"):
                declared.check("key", [10**12] if item is not required(kind) else 10**12, kind)
            assert 1 <= declared.maximum <= max(2**34, SEED["maximum"]), name


@pytest.mark.parametrize("length", [-1, 10**6 + 1, 10**14])
def test_nobody_waits_for_a_text_of_any_length(length):
    check_length("--length", 0)
    check_length("--length", 10**6)
    with pytest.raises(InputError, match=f"^--length: found {length}, expected a whole number from 0 to 1000000$"):
        check_length("--length", length)


def test_the_learning_rate_of_an_epoch():
    """The paper multiplies it by 0.95 after every epoch beyond the tenth."""
    paper = Optimisation()
    assert [paper.learning_rate_of(epoch) for epoch in (1, 10, 11)] == [2e-3] * 3
    assert paper.learning_rate_of(12) == pytest.approx(1.9e-3)
    assert paper.learning_rate_of(50) == pytest.approx(2e-3 * 0.95**39)


@pytest.mark.parametrize(
    ("losses", "patience", "last"),
    [
        ([], 1, 9),
        ([3, 2, 1, 0], 1, 9),
        ([3, 2, 2], 1, 3),  # as low is not lower
        ([3, 2, 2.5], 2, 9),
        ([3, 2, 2.5, 2.2], 2, 4),
        ([3, 2, 2.5, 1, 2, 3, 0], 2, 6),
        ([3, 2, 2.5, 1, 2, 3, 0], 3, 9),
        ([3, 4, 5, 6, 7, 8, 9, 9, 9], 20, 9),
        ([1, *range(2, 20)], 12, 9),
        ([3, 2, 3, 3], None, 9),
    ],
)
def test_patience_ends_a_run_that_many_epochs_after_its_best(losses, patience, last):
    assert Patience(patience=patience).last_epoch(losses, 9) == last
