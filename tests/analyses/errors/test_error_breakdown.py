from collections import Counter

import numpy as np
import pandas as pd
import pytest
from helpers.error_project import ORDER, ErrorProject

from rnnscope.analyses.errors import error_breakdown
from rnnscope.storage.predictions import write_predictions


@pytest.fixture
def project(tmp_path):
    return ErrorProject(tmp_path)


@pytest.fixture
def breakdown(call, project):
    """Run the stage; returns the message it ends with."""

    def run_stage(snippets=4, seed=1):
        words = [*project.words, "--best", project.best]
        words += ["--snippets", snippets, "--seed", seed]
        outputs = ["--out-breakdown", project.folder / "breakdown.csv", "--out-snippets", project.folder / "snippets.csv"]
        return call(error_breakdown, *words, *outputs)

    return run_stage


def test_the_breakdown_of_the_best_network(project, breakdown):
    assert breakdown() is None
    table = pd.read_csv(project.folder / "breakdown.csv")
    classes = project.classes(project.log_prob["lstm-1-8"])
    expected = Counter(name for name in classes if name)
    assert set(expected) == {*ORDER, "remaining"}, "the example must have errors of every class"
    assert set(table["model"]) == {"lstm-1-8"}
    assert list(table["reading"].unique()) == ["strict", "paper"], "the one of the settings first"
    assert set(table["errors"]) == {expected.total()}
    assert set(table["characters"]) == {len(classes)}
    for reading, rows in table[table["level"] == "all"].set_index("class").groupby("reading"):
        counts = Counter(name for name in project.classes(project.log_prob["lstm-1-8"], reading) if name)
        assert {name: count for name, count in rows["removed"].items() if count} == counts
        assert rows["removed_share"].sum() == pytest.approx(1)


def read_snippets(path):
    table = pd.read_csv(path, keep_default_na=False)
    return dict(list(table.groupby(["class", "snippet"])))


def places_of(snippet, project):
    """Where in the text the error of a snippet may be: the places in the test part that all of the snippet's text fits."""
    text = project.plain.text
    pairs = list(zip(snippet["position"], snippet["character"], strict=True))
    places = [project.plain.place(*character) for character in project.plain.characters()]
    return [
        place
        for place in places
        if all(0 <= place + position < len(text) and text[place + position] == character for position, character in pairs)
    ]


def test_snippets_are_pieces_of_the_text_with_the_errors_of_the_model(project, breakdown):
    assert breakdown() is None
    classes = project.classes(project.log_prob["lstm-1-8"])
    plain = project.plain
    class_at = {plain.place(*character): name for character, name in zip(plain.characters(), classes, strict=True)}
    snippets = read_snippets(project.folder / "snippets.csv")
    assert {name for name, _ in snippets} == {*ORDER, "remaining"}
    for (name, _), snippet in snippets.items():
        # A text that repeats fits in several places, of which one has the errors.
        fits = [
            place
            for place in places_of(snippet, project)
            if [class_at.get(place + position) or "none" for position in snippet["position"]] == snippet["removed_by"].tolist()
        ]
        assert fits
        assert snippet.set_index("position").loc[0, "removed_by"] == name
        if name != "memory":
            assert (np.diff(snippet["position"]) == 1).all()
            assert not snippet["repeated"].any()


def test_a_repeated_word_is_marked_where_it_is_and_where_it_last_was(project, breakdown):
    assert breakdown(snippets=30) is None
    snippets = [snippet for (name, _), snippet in read_snippets(project.folder / "snippets.csv").items() if name == "memory"]
    assert len(snippets) > 10
    for snippet in snippets:
        positions = snippet["position"].to_numpy()
        assert (np.diff(positions) > 0).all()
        marked = snippet[snippet["repeated"]]
        run = (marked["position"].diff() != 1).cumsum()
        is_here = run == run[marked["position"] == 0].item()
        here, earlier = marked[is_here], marked[~is_here]
        word = bytes(here["character"].tolist())
        assert bytes(earlier["character"].tolist()) == word
        assert 0 in here["position"].to_numpy()[1:], "an error of this class is never the first character of its word"
        assert -earlier["position"].min() <= int(snippet["level"].iloc[0])
        between = snippet[(snippet["position"] > earlier["position"].min()) & (snippet["position"] < here["position"].min())]
        assert word not in bytes(between["character"].tolist())


def test_another_seed_draws_other_snippets_and_the_same_seed_the_same(project, breakdown):
    drawn = []
    for seed in (1, 1, 2):
        assert breakdown(snippets=2, seed=seed) is None
        drawn.append((project.folder / "snippets.csv").read_text())
    assert drawn[0] == drawn[1] != drawn[2]


def test_no_more_snippets_than_errors(project, breakdown):
    assert breakdown(snippets=10_000) is None
    expected = Counter(name for name in project.classes(project.log_prob["lstm-1-8"]) if name)
    assert Counter(name for name, _ in read_snippets(project.folder / "snippets.csv")) == expected


def test_no_snippets_leave_an_empty_table(project, breakdown):
    assert breakdown(snippets=0) is None
    header = "model,class,snippet,level,position,character,removed_by,repeated"
    assert (project.folder / "snippets.csv").read_text().splitlines() == [header]


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("split/validation.npy", lambda ids: ids[:, ::-1], "does not continue where the part before it ends"),
        ("split/validation.npy", lambda ids: ids[:2], "does not continue where the part before it ends"),
        ("split/test.npy", lambda ids: ids[:, :-1], "its targets are not the 177 of"),
    ],
)
def test_files_of_different_texts_are_reported(project, breakdown, name, change, line):
    path = project.folder / name
    np.save(path, np.ascontiguousarray(change(np.load(path))))
    message = breakdown()
    assert message.startswith("error: ")
    assert line in message
    assert "\n" not in message
    assert not (project.folder / "breakdown.csv").exists()


def test_a_model_without_errors_is_reported(project, breakdown):
    path = project.folder / "predictions/lstm-1-8.parquet"
    write_predictions(path, project.test, np.full((3, project.test.shape[1] - 1), -0.1), project.test[:, 1:])
    assert breakdown() == f"error: {path}: no errors; expected at least one probability below one half"
