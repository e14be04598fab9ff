import shutil

import numpy as np
import pytest
from helpers.comparison_tables import make_closings, make_distances, make_dynamics, make_gains, make_map
from helpers.context_tables import (
    make_ablations,
    make_context,
    make_context_summary,
    make_halving_distances,
    make_mutual_information,
    make_swapped_states,
    make_timescales,
)
from helpers.error_tables import (
    make_error_breakdown,
    make_error_changes,
    make_error_counts,
    make_error_snippets,
    make_overlap,
    make_realisable,
)
from helpers.loss_tables import (
    make_best_models,
    make_horizons,
    make_learning_curves,
    make_loss_intervals,
    make_losses,
    make_position_loss,
    make_ranking,
    make_size_ranking,
)
from helpers.paper_tables import make_against_paper
from helpers.seed_tables import make_seed_losses, make_seed_orders, make_seed_spread, make_similarity
from helpers.unit_tables import (
    make_baseline,
    make_cell_text,
    make_cells,
    make_feature_changes,
    make_memory,
    make_probes,
    make_saturation,
    make_saturation_counts,
)
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from rnnscope.figures.catalogue import FIGURES

SMALLEST_FONT = 7  # points: legible in a printed column
LEAST_CONTRAST = 4.5  # of text with what is behind it: WCAG 2.2, level AA


def contrast(first, second):
    """The contrast of two colours, red, green and blue from 0 to 1, as WCAG defines it."""
    brightness = []
    for colour in (first, second):
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
        brightness.append(np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05)
    return max(brightness) / min(brightness)


def background(pixels, box):
    """The colour of most pixels (rows, columns, 4) in a box whose origin is at the bottom."""
    (left, bottom), (right, top) = np.floor(box.min).astype(int), np.ceil(box.max).astype(int)
    region = pixels[len(pixels) - top : len(pixels) - bottom, left:right, :3].reshape(-1, 3)
    # As one number each, which takes a tenth of the time of rows.
    colours, counts = np.unique(region @ np.array([1 << 16, 1 << 8, 1]), return_counts=True)
    most = int(colours[counts.argmax()])
    return np.array([most >> 16, most >> 8 & 255, most & 255]) / 255


@pytest.fixture
def check_legible(monkeypatch):
    """Assert that no text of a figure is cut off at its edge, tiny, on another text, or hardly to be told from what is behind."""
    drawn = []
    draw_text = Text.draw

    def record(text, renderer):
        if text.get_text() and text.get_visible():
            drawn.append((text, text.get_window_extent(renderer)))
        draw_text(text, renderer)

    def check(figure):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # lays it out; what is drawn next is what a reader sees
        drawn.clear()
        monkeypatch.setattr(Text, "draw", record)
        canvas.draw()
        monkeypatch.undo()
        assert drawn
        pixels = np.asarray(canvas.buffer_rgba())
        for index, (text, box) in enumerate(drawn):
            assert text.get_fontsize() >= SMALLEST_FONT
            assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, f"{text} is cut off"
            assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, f"{text} is cut off"
            behind = background(pixels, box)
            assert contrast(to_rgb(text.get_color()), behind) >= LEAST_CONTRAST, f"{text} on {behind}"
            for other, other_box in drawn[:index]:
                assert not box.overlaps(other_box), f"{text} overlaps {other}"

    return check


FIVE = ("lstm-3-512", "gru-3-512", "rnn-3-256", "ngram-20", "nnn-6")
MAKERS = {
    "losses": make_losses,
    "best_models": make_best_models,
    "loss_intervals": make_loss_intervals,
    "ranking": make_ranking,
    "size_ranking": make_size_ranking,
    "learning_curves": make_learning_curves,
    "horizons": make_horizons,
    "position_loss": make_position_loss,
    "saturation": make_saturation,
    "saturation_counts": make_saturation_counts,
    "cells": make_cells,
    "cells_baseline": make_baseline,
    "feature_changes": make_feature_changes,
    "cell_text": make_cell_text,
    "probes": make_probes,
    "memory_span": lambda: make_memory()[0],
    "memory_span_summary": lambda: make_memory()[1],
    "error_breakdown": make_error_breakdown,
    "error_snippets": make_error_snippets,
    "size_breakdown": lambda: make_error_changes(smaller="lstm-1-64", larger="lstm-3-512"),
    "dynamic_evaluation": lambda: make_error_changes(model="lstm-3-512"),
    "realisable": make_realisable,
    "error_overlap": make_overlap,
    "error_intersections": lambda: make_overlap(FIVE),
    "error_counts": lambda: make_error_counts(make_overlap(FIVE)),
    "model_map": make_map,
    "model_distances": lambda: make_distances()[0],
    "model_merges": lambda: make_distances()[1],
    "character_gains": make_gains,
    "closing_delimiters": lambda: make_closings(("}", "*/")),
    "dynamics": make_dynamics,
    "context": make_context,
    "context_summary": make_context_summary,
    "timescales": make_timescales,
    "halving_distances": make_halving_distances,
    "swapped_states": make_swapped_states,
    "mutual_information": make_mutual_information,
    "ablations": make_ablations,
    "seed_losses": make_seed_losses,
    "seed_spread": make_seed_spread,
    "seed_orders": make_seed_orders,
    "similarity": make_similarity,
    "against_paper": make_against_paper,
}


@pytest.fixture(scope="session")
def written_tables(tmp_path_factory):
    """A folder with every table."""
    folder = tmp_path_factory.mktemp("tables")
    for name, make in MAKERS.items():
        make().to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture
def tables(written_tables, tmp_path):
    """The words that name the tables of each figure, with every table written; a test may change them."""
    shutil.copytree(written_tables, tmp_path, dirs_exist_ok=True)
    return {
        name: [word for flag, table in entry.tables.items() for word in (f"--{flag}", tmp_path / f"{table}.csv")]
        for name, entry in FIGURES.items()
    }


@pytest.fixture
def best_models():
    return make_best_models


@pytest.fixture
def losses():
    return make_losses


@pytest.fixture
def horizons():
    return make_horizons


@pytest.fixture
def learning_curves_table():
    return make_learning_curves


@pytest.fixture
def saturation_table():
    return make_saturation


@pytest.fixture
def saturation_counts():
    return make_saturation_counts


@pytest.fixture
def cells_table():
    return make_cells


@pytest.fixture
def baseline_table():
    return make_baseline()


@pytest.fixture
def probes_table():
    return make_probes


@pytest.fixture
def memory_tables():
    return make_memory


@pytest.fixture
def cell_text_table():
    return make_cell_text


@pytest.fixture
def dynamics_table():
    return make_dynamics


@pytest.fixture
def error_breakdown_table():
    return make_error_breakdown


@pytest.fixture
def error_snippets_table():
    return make_error_snippets


@pytest.fixture
def error_changes_table():
    return make_error_changes


@pytest.fixture
def realisable_table():
    return make_realisable


@pytest.fixture
def size_ranking():
    return make_size_ranking


@pytest.fixture
def map_table():
    return make_map


@pytest.fixture
def distances():
    return make_distances


@pytest.fixture
def overlap():
    return make_overlap


@pytest.fixture
def gains():
    return make_gains


@pytest.fixture
def closings_table():
    return make_closings
