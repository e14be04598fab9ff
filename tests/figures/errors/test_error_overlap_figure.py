import math

import numpy as np
import pytest
from matplotlib.patches import Circle

from rnnscope.figures.errors import error_overlap
from rnnscope.figures.errors.error_overlap import label_position

TYPICAL = [128_000, 9_600, 10_000, 4_200, 18_700, 20_500, 8_600, 130_500]


@pytest.mark.parametrize(
    "counts",
    [
        TYPICAL,
        [0, 0, 0, 0, 0, 1438, 0, 282],
        [10, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 10],
        [5, 5, 5, 0, 5, 0, 0, 0],
        None,
    ],
)
def test_circles_and_counts_of_any_table(overlap, check_legible, counts):
    table = overlap(counts=counts)
    figure = error_overlap.draw(table, "A tale")
    written = [text.get_text() for text in figure.axes[1].texts]
    for row in table.itertuples():
        assert f"{row.characters:,}" in written
    assert [name for name in written if name in ("LSTM 3×512", "20-gram", "6-NN")] == ["LSTM 3×512", "20-gram", "6-NN"]
    check_legible(figure)


def test_areas_are_to_scale(overlap):
    table = overlap(counts=TYPICAL)
    axes = error_overlap.draw(table, "").axes[0]
    circles = {patch.get_label(): patch for patch in axes.patches if isinstance(patch, Circle) and not patch.get_fill()}
    errors = {model: table["characters"][[model in erring for erring in table["erring"]]].sum() for model in circles}
    areas = {model: math.pi * circle.radius**2 for model, circle in circles.items()}
    for model in circles:
        assert areas[model] / areas["nnn-6"] == pytest.approx(errors[model] / errors["nnn-6"], rel=1e-6)
    # What two circles share, counted point by point.
    x, y = np.meshgrid(*[np.linspace(-1, 1, 1200)] * 2)
    inside = {model: np.hypot(x - circle.center[0], y - circle.center[1]) < circle.radius for model, circle in circles.items()}
    for first, second in (("lstm-3-512", "ngram-20"), ("ngram-20", "nnn-6"), ("lstm-3-512", "nnn-6")):
        shared = table["characters"][[first in erring and second in erring for erring in table["erring"]]].sum()
        found = (inside[first] & inside[second]).sum() / inside[first].sum()
        assert found == pytest.approx(shared / errors[first], rel=0.01)


@pytest.mark.parametrize("members", [(True, True, True), (True, False, False), (False, True, True), (False, False, True)])
def test_a_number_is_in_its_region(members):
    centres, radii = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.9]]), np.array([0.8, 0.7, 0.75])
    x, y, clearance = label_position(members, centres, radii)
    for inside, centre, radius in zip(members, centres, radii, strict=True):
        depth = radius - math.dist((x, y), centre)
        assert (depth if inside else -depth) >= clearance - 1e-9
    assert clearance > 0.05


def test_a_region_that_does_not_exist_has_no_room():
    centres, radii = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 0.0]]), np.array([0.5, 1.0, 0.5])
    assert label_position((True, False, False), centres, radii)[2] == 0


def test_another_number_of_models_is_refused(tmp_path, call, overlap):
    overlap(("lstm-3-512", "ngram-20")).to_csv(tmp_path / "overlap.csv", index=False)
    words = ["--table", tmp_path / "overlap.csv", "--out-svg", tmp_path / "figure.svg", "--out-png", tmp_path / "figure.png"]
    assert call(error_overlap, *words).endswith("found 4 rows of 2 models, expected the 8 sets of 3 models")
