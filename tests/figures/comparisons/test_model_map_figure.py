import itertools

import pytest
from matplotlib.colors import to_hex

from rnnscope.figures import style
from rnnscope.figures.comparisons import model_map


@pytest.mark.parametrize("nnns", [6, 1, 0])
def test_every_network_at_its_position_with_its_colour_marker_and_size(map_table, nnns):
    table = map_table(nnns)
    figure = model_map.draw(table, "A tale")
    areas = {}
    for axes, name in zip(figure.axes, ("agreement", "probabilities"), strict=True):
        points = {collection.get_label(): collection for collection in axes.collections}
        networks = table[(table["map"] == name) & (table["model"].str.count("-") == 2)]
        assert set(points) == set(networks["model"])
        for row in networks.itertuples():
            cell, _, size = row.model.split("-")
            assert points[row.model].get_offsets().tolist() == [[row.x, row.y]]
            assert to_hex(points[row.model].get_edgecolors()[0]).upper() == style.cell_colour(cell)
            areas.setdefault(int(size), set()).update(points[row.model].get_sizes().tolist())
        figure_names = sorted(text.get_text() for text in axes.texts)
        assert figure_names == sorted(["1-gram", "20-gram", *(f"{n}-NN" for n in {1, nnns} if nnns)])
    assert all(len(of_size) == 1 for of_size in areas.values())
    ordered = [areas[size].pop() for size in sorted(areas)]
    assert all(smaller < larger for smaller, larger in itertools.pairwise(ordered))


@pytest.mark.parametrize("distance", [-0.5, 0, 0.5])
def test_names_of_models_at_one_position_do_not_overlap(map_table, check_legible, distance):
    table = map_table(1).set_index("model")
    table.loc["nnn-1", ["x", "y"]] = table.loc["ngram-1", ["x", "y"]].to_numpy() + distance
    check_legible(model_map.draw(table.reset_index(), "A tale"))


def test_chain_goes_from_the_shortest_horizon_to_the_longest(map_table):
    table = map_table().sample(frac=1, random_state=0)
    chain = next(line for line in model_map.draw(table, "").axes[0].lines if line.get_label() == "ngram")
    shown = table[table["map"] == "agreement"]
    positions = shown.set_index("model").loc[[f"ngram-{n}" for n in (1, 2, 3, 4, 5, 6, 20)]]
    assert list(zip(*chain.get_data(), strict=True)) == list(zip(positions["x"], positions["y"], strict=True))


@pytest.mark.parametrize("name", ["agreement", "probabilities"])
def test_one_map_alone(map_table, check_legible, name):
    table = map_table()
    figure = model_map.draw(table[table["map"] == name], "A tale")
    assert [axes.get_title() for axes in figure.axes] == [model_map.TITLES[name]]
    check_legible(figure)
