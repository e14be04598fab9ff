from collections import Counter

import numpy as np
import pandas as pd
import pytest
from helpers.error_project import OF_SETTINGS, ORDER, ErrorProject
from scipy.stats import norm, t

from rnnscope.analyses.errors import error_breakdown, snippets
from rnnscope.analyses.errors.cascade import Cascade, read_cascade
from rnnscope.analyses.errors.snippets import AFTER_REPEATED, ERROR_SNIPPETS, draw_errors, snippet_table
from rnnscope.corpus.letters import INVISIBLE
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.split_text import join_parts
from rnnscope.settings.sections import Oracles
from rnnscope.storage.predictions import write_predictions


@pytest.fixture
def project(tmp_path):
    return ErrorProject(tmp_path)


@pytest.fixture
def breakdown(call, project):
    """Run the stage of the breakdown; returns the message it ends with."""

    def run_stage():
        words = [*project.words, "--best", project.best, "--clusters", 12, "--samples", 40, "--seed", 2]
        return call(error_breakdown, *words, "--out", project.folder / "breakdown.csv")

    return run_stage


@pytest.fixture
def draw_snippets(call, project):
    """Run the stage of the snippets; returns the message it ends with."""

    def run_stage(number=4, seed=1):
        words = [*project.words, "--best", project.best, "--snippets", number, "--seed", seed]
        return call(snippets, *words, "--out", project.folder / "snippets.csv")

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


def test_intervals_against_a_loop_over_the_clusters_that_were_drawn(project, breakdown):
    assert breakdown() is None
    table = pd.read_csv(project.folder / "breakdown.csv")
    whole = table[(table["level"] == "all") & (table["reading"] == "strict")].set_index("class")
    classes = np.array(project.classes(project.log_prob["lstm-1-8"]), dtype=object).reshape(12, -1)  # 3 streams, 4 blocks each
    assert set(table["clusters"]) == {"12 blocks of 15 characters"}
    random = np.random.default_rng(2)
    draws = [random.integers(12, size=12) for _ in range(40)]
    errors = [sum(name is not None for name in classes[draw].ravel()) for draw in draws]
    checked = 0
    for name in ORDER:
        counts = [(classes[draw] == name).sum() for draw in draws]
        occurs = int((classes == name).any(axis=1).sum())
        row = whole.loc[name]
        assert np.isnan(row["removed_low"]) == (occurs < 10)
        if occurs >= 10:
            checked += 1
            tail = norm.cdf(np.sqrt(occurs / (occurs - 1)) * t.ppf(0.025, occurs - 1))
            ends = np.quantile(counts, [tail, 1 - tail]), np.quantile(np.array(counts) / errors, [tail, 1 - tail])
            assert (row["removed_low"], row["removed_high"]) == pytest.approx(tuple(ends[0]))
            assert (row["removed_share_low"], row["removed_share_high"]) == pytest.approx(tuple(ends[1]))
            assert row["alone_share_low"] <= row["alone_share"] <= row["alone_share_high"]
    assert 0 < checked < len(ORDER), "the example must have rare classes and frequent ones"
    tail = norm.cdf(np.sqrt(12 / 11) * t.ppf(0.025, 11))
    found = table[["errors_low", "errors_high"]].drop_duplicates().to_numpy().ravel()
    assert found == pytest.approx(np.quantile(errors, [tail, 1 - tail]))


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


def test_snippets_are_pieces_of_the_text_with_the_errors_of_the_model(project, draw_snippets):
    assert draw_snippets() is None
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


def test_a_repeated_word_is_marked_where_it_is_and_where_it_last_was(project, draw_snippets):
    assert draw_snippets(30) is None
    of_memory = [snippet for (name, _), snippet in read_snippets(project.folder / "snippets.csv").items() if name == "memory"]
    assert len(of_memory) > 10
    for snippet in of_memory:
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


def test_another_seed_draws_other_snippets_and_the_same_seed_the_same(project, draw_snippets):
    drawn = []
    for seed in (1, 1, 2):
        assert draw_snippets(2, seed) is None
        drawn.append((project.folder / "snippets.csv").read_text())
    assert drawn[0] == drawn[1] != drawn[2]


def test_no_more_snippets_than_errors(project, draw_snippets):
    assert draw_snippets(10_000) is None
    expected = Counter(name for name in project.classes(project.log_prob["lstm-1-8"]) if name)
    assert Counter(name for name, _ in read_snippets(project.folder / "snippets.csv")) == expected


def test_no_snippets_leave_an_empty_table(project, draw_snippets):
    assert draw_snippets(0) == "error: --snippets: found 0, expected a whole number from 1 to 1000000"
    settings = Oracles(order=ORDER, longest_context=2, reading="strict", **OF_SETTINGS)
    cascade = read_cascade(read_split(project.folder / "split"), project.folder / "predictions", settings)
    table = snippet_table(cascade, cascade.breakdown(project.log_prob["lstm-1-8"].ravel()), 0, 1)
    assert set(table.columns) == set(ERROR_SNIPPETS.names) - {"model"}
    assert table.empty


@pytest.mark.parametrize("reading", ["strict", "paper"])
@pytest.mark.parametrize(
    ("encoding", "mark", "written"),
    [
        ("utf-16", 2, "Evermore came back, and nobody came evermore.\n" * 12),
        ("gb18030", 0, " " + "后来谁也没有 来过，谁也没有 回来。\n" * 40),  # of words that repeat all bytes are beyond ASCII
    ],
)
def test_snippets_show_the_letters_of_the_encoding(reading, encoding, mark, written):
    """Streams and snippets begin inside a letter; the memory of the paper joins the test characters of all streams."""
    text, row = written.encode(encoding), 363
    expected = [""] * mark
    for letter in written:
        bytes_of_letter = len(letter.encode(encoding)) - mark  # each is encoded with a mark of its own
        expected += [letter.strip("\n")] + [""] * (bytes_of_letter - 1)
    vocabulary, ids = np.unique(np.frombuffer(text, np.uint8), return_inverse=True)
    rows = np.stack([ids[stream * row : (stream + 1) * row + 1] for stream in range(3)]).astype(np.uint8)
    joined = join_parts([rows[:, :101], rows[:, 100:152], rows[:, 151:]], vocabulary, encoding)
    missed = np.zeros(len(joined.positions), dtype=bool)
    settings = Oracles(order=ORDER, longest_context=2, reading=reading, **OF_SETTINGS)
    cascade = Cascade(joined, {1: missed, 2: missed}, settings)
    breakdown = cascade.breakdown(np.full(len(missed), -9.0))
    table = snippet_table(cascade, breakdown, 5, 1)
    assert encoding == "utf-16" or "memory" in set(table["class"])
    for name, drawn in draw_errors(breakdown, 5, 1):
        for number, error in enumerate(drawn, start=1):
            rows_of_it = table[(table["class"] == name) & (table["snippet"] == number)]
            if name == "memory" and reading == "paper":
                places = joined.positions[error + rows_of_it["position"]]
            else:
                places = joined.positions[error] + rows_of_it["position"]
            assert rows_of_it["letter"].replace(INVISIBLE, "").tolist() == [expected[place] for place in places]


@pytest.mark.parametrize("reading", ["strict", "paper"])
@pytest.mark.parametrize("behind", ["", "!", "! A pause of some length."])
def test_a_snippet_of_a_repeat_ends_with_the_text(reading, behind):
    """The earlier occurrence may be nearer to the end of the text, its first character again, than what is shown around it."""
    text = b"the quick brown fox jumps over lazy dogs and then walks home slowly again: hello hello" + behind.encode()
    vocabulary, ids = np.unique(np.frombuffer(text, np.uint8), return_inverse=True)
    ids = np.append(ids, ids[0]).astype(np.uint8)[np.newaxis]
    joined = join_parts([ids[:, :31], ids[:, 30:51], ids[:, 50:]], vocabulary)
    missed = np.zeros(len(joined.positions), dtype=bool)
    cascade = Cascade(joined, {1: missed, 2: missed}, Oracles(order=ORDER, longest_context=2, reading=reading, **OF_SETTINGS))
    table = snippet_table(cascade, cascade.breakdown(np.full(len(missed), -9.0)), 30, 1)
    second, first = text.rindex(b"hello"), text.index(b"hello")
    errors, at = {second + place for place in range(1, 5)}, dict(enumerate(text + text[:1]))
    for _, snippet in table[table["class"] == "memory"].groupby("snippet"):
        shown = dict(zip(snippet["position"], snippet["character"], strict=True))
        fits = [error for error in errors if all(at.get(error + position) == byte for position, byte in shown.items())]
        assert len(fits) == 1
        errors -= set(fits)
        marked = set(fits[0] + snippet["position"][snippet["repeated"]])
        assert marked == {start + place for start in (first, second) for place in range(5)}
        assert fits[0] + snippet["position"].max() == min(fits[0] + AFTER_REPEATED, len(text))
    assert not errors


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


def test_a_model_without_errors_has_none_of_each_class(project, breakdown, draw_snippets):
    path = project.folder / "predictions/lstm-1-8.parquet"
    write_predictions(path, project.test, np.full((3, project.test.shape[1] - 1), -0.1), project.test[:, 1:])
    assert breakdown() is None
    table = pd.read_csv(project.folder / "breakdown.csv")
    assert (table[["removed", "removed_share", "alone", "alone_share", "errors"]] == 0).all(axis=None)
    assert table.filter(regex="low|high").isna().all(axis=None)
    assert draw_snippets() is None
    assert len((project.folder / "snippets.csv").read_text().splitlines()) == 1
