"""The tables of errors that the tests of figures draw."""

import numpy as np
import pandas as pd


def with_intervals(table, *columns, relative=0.02):
    """The table with an interval for some columns; the lowest of them is as far away as a tenth of `relative` of the largest."""
    ends = {}
    for column in columns:
        half = relative * table[column].abs() + relative * table[column].abs().max() / 10
        ends |= {f"{column}_low": table[column] - half, f"{column}_high": table[column] + 1.5 * half}
    return table.assign(**ends, clusters="48 blocks of 208 or 209 characters")


def make_error_breakdown(remaining=0.0):
    levels = {
        "n-gram": range(1, 10),
        "memory": (100, 500, 1000, 5000),
        "rare_words": range(6),
        "word_model": ("space or quote", "newline"),
        "boost": (0.1, 0.2, 0.3, 0.4, 0.5),
    }
    shares = {"n-gram": 0.22, "memory": 0.1, "rare_words": 0.08, "word_model": 0.3, "punctuation": 0.05}
    shares |= {"boost": 0.25 - remaining, "remaining": remaining}
    rows = []
    for name, share in shares.items():
        steps = levels.get(name, [])
        alone = {"boost": 1.0, "remaining": share}.get(name, min(1, 1.4 * share))
        rows.append([name, "all", share, alone])
        rows += [[name, str(level), share / len(steps), alone * (rank + 1) / len(steps)] for rank, level in enumerate(steps)]
    table = pd.DataFrame(rows, columns=["class", "level", "removed_share", "alone_share"])
    table.insert(2, "removed", (100_000 * table["removed_share"]).round().astype(int))
    table = table.assign(model="lstm-3-512", errors=100_000, characters=230_000)
    strict = table.assign(removed_share=table["removed_share"] * np.where(table["class"] == "memory", 1.5, 0.9))
    table = pd.concat([table.assign(reading="paper"), strict.assign(reading="strict")], ignore_index=True)
    return with_intervals(table, "removed_share", "alone_share", "errors")


def make_error_snippets():
    random = np.random.default_rng(2)
    classes = ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost", "remaining"]
    tables = []
    for name in classes:
        for snippet in (1, 2):
            positions = np.arange(-70, 45)
            if name == "memory":  # as long as one can get
                positions = np.concatenate([np.arange(-900, -850), np.arange(-40, 16)])
            columns = {
                "position": positions,
                "character": random.choice(list(b'and the Wmg\r\n$\\_^$"\xc3'), len(positions)),
                "removed_by": np.where(positions == 0, name, random.choice(["none", *classes], len(positions))),
                "repeated": (name == "memory") & ((abs(positions + 880) < 5) | (abs(positions) < 5)),
            }
            tables.append(pd.DataFrame({"model": "lstm-3-512", "class": name, "snippet": snippet, "level": "all", **columns}))
    table = pd.concat(tables, ignore_index=True)
    letters = {**{byte: chr(byte) for byte in range(32, 127)}, 0xC3: "\N{WHITE VERTICAL RECTANGLE}"}
    return table.assign(letter=table["character"].map(letters).fillna(""))


def make_error_changes(**columns):
    table = pd.DataFrame({"class": ["n-gram", "memory", "rare_words", "word_model", "punctuation", "boost", "remaining"]})
    table["errors_before"] = [86_000, 24_400, 12_414, 49_947, 8_813, 30_607, 0]
    table["removed"] = [49_656, 1_353, 337, 207, 22, 1_784, 0]
    table["added"] = [5_116, 202, 96, 37, 2, 380, 0]
    table["errors_after"] = table["errors_before"] - table["removed"] + table["added"]
    table["removed_share"] = table["removed"] / table["removed"].sum()
    table["net_share"] = (table["added"] - table["removed"]) / table["errors_before"].replace(0, np.nan)
    table = table.assign(**columns, test_loss_before=1.2708, test_loss_after=1.2647, test_loss_difference=-0.0061)
    counts = ("errors_before", "errors_after", "removed", "added", "net_share", "test_loss_difference")
    return with_intervals(table, *counts)


def make_realisable():
    tables = []
    for index, method in enumerate(("dynamic-evaluation", "cache-100", "cache-5000", "ngram-mixture"), start=1):
        changes = make_error_changes(model="lstm-3-512", method=f"realisable-{method}")
        share = (changes["removed"] / index - changes["added"]) / changes["errors_before"].replace(0, np.nan)
        table = changes.assign(bound_share=share, test_loss_difference=-0.02 * index)
        tables.append(with_intervals(table, "bound_share", "test_loss_difference", relative=0.1))
    return pd.concat(tables, ignore_index=True).assign(clusters="100 streams")


def make_overlap(models=("lstm-3-512", "ngram-20", "nnn-6"), counts=None, seed=0):
    """A row for each set of models, with random counts or those given: none, the first, the second, both, the third, ..."""
    counts = np.random.default_rng(seed).integers(1000, 90_000, 2 ** len(models)) if counts is None else np.array(counts)
    sets = [[model for index, model in enumerate(models) if code >> index & 1] for code in range(2 ** len(models))]
    number = np.array([len(erring) for erring in sets])
    columns = {
        "compared": " ".join(models),
        "erring": [" ".join(erring) or "none" for erring in sets],
        "number": number,
        "characters": counts,
        "fraction": counts / counts.sum(),
        "disagreement": (number > 0) & (number < len(models)) & (counts > 0),
    }
    table = pd.DataFrame(columns).sort_values(["characters", "erring"], ascending=[False, True], ignore_index=True)
    return with_intervals(table, "fraction")


def make_error_counts(overlap):
    """All errors of each model of a table of `make_overlap`."""
    models = overlap["compared"].iloc[0].split()
    fractions = [overlap["fraction"][[model in erring.split() for erring in overlap["erring"]]].sum() for model in models]
    return pd.DataFrame({"model": models, "fraction": fractions})
