"""The weights of a network in the layout of torch.nn.LSTM, GRU and RNN, and back.

torch.nn stacks the gates of an LSTM in the order i, f, g, o, rnnscope in the order i, f, o, g. The update gate of torch.nn.GRU
is what is kept, here it is what is new: 1 - sigma(x) = sigma(-x), so that its weights change their sign. torch.nn adds two biases
where one is enough: the second is written as zero, and the two are added on the way back. Layer 1 of torch.nn reads a one-hot
character, or an embedding, which is multiplied into the weights of layer 1.
"""

import re
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from rnnscope.errors import InputError
from rnnscope.models.cells import CELLS
from rnnscope.models.network import Layer, Network, Shape

RECURRENT, SOFTMAX = "recurrent", "softmax"
PARAMETER = re.compile(r"(?:weight_(?:ih|hh|hr)|bias_(?:ih|hh))_l\d+(?:_reverse)?")


@dataclass(frozen=True)
class Counterpart:
    """What torch.nn has for a cell.

    Parameters
    ----------
    module
        Its class.
    gate_order
        The order in which it stacks the gates, by the names of the cell's facts.
    negated
        The gates of which it computes one minus the value.
    """

    module: type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]
    gate_order: tuple[str, ...]
    negated: tuple[str, ...] = ()


COUNTERPARTS = {
    "lstm": Counterpart(nn.LSTM, ("i", "f", "g", "o")),
    "gru-after": Counterpart(nn.GRU, ("r", "z", "candidate"), negated=("z",)),
    "rnn": Counterpart(nn.RNN, ("h",)),
}


class TorchModel(nn.Module):
    """A network as plain torch.nn modules, which read one-hot characters.

    Parameters
    ----------
    shape
        Of a network whose cell is in `COUNTERPARTS`.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        module = COUNTERPARTS[shape.cell].module
        self.recurrent = module(shape.vocabulary, shape.hidden_width, shape.layers)
        self.softmax = nn.Linear(shape.hidden_width, shape.vocabulary)

    def forward(self, characters: Tensor) -> Tensor:
        """Return the logits (T, B, K) of the characters after int64 ids (T, B)."""
        one_hot = nn.functional.one_hot(characters, self.softmax.out_features).to(self.softmax.weight.dtype)
        return self.softmax(self.recurrent(one_hot)[0])


def to_torch(network: Network) -> dict[str, Tensor]:
    """Return the weights of a network as those of `TorchModel`.

    Returns
    -------
    dict of Tensor
        `recurrent.weight_ih_l<k>` (G H, D), `recurrent.weight_hh_l<k>` (G H, H), `recurrent.bias_ih_l<k>` and
        `recurrent.bias_hh_l<k>` (G H,), k from 0, the gates in the order of torch.nn; `softmax.weight` and `softmax.bias`.

    Raises
    ------
    InputError
        If torch.nn has no such cell.
    """
    shape = network.shape
    if shape.cell not in COUNTERPARTS:
        raise InputError(f"cell {shape.cell}: torch.nn has no such cell; expected one of {', '.join(COUNTERPARTS)}")
    facts, counterpart = CELLS[shape.cell], COUNTERPARTS[shape.cell]
    order = facts.gate_order, counterpart.gate_order, counterpart.negated
    weights = {}
    for depth, layer in enumerate(cast(list[Layer], network.layers)):
        bias, hidden_bias = layer.bias[: len(layer.W_input)], layer.bias[len(layer.W_input) :]
        second = dict(zip(facts.hidden_bias, hidden_bias.split(shape.hidden_width), strict=True)) if len(hidden_bias) else {}
        weights[f"{RECURRENT}.weight_ih_l{depth}"] = _reordered(layer.W_input, *order)
        weights[f"{RECURRENT}.weight_hh_l{depth}"] = _reordered(layer.W_hidden, *order)
        weights[f"{RECURRENT}.bias_ih_l{depth}"] = _reordered(bias, *order)
        zero = bias.new_zeros(shape.hidden_width)
        weights[f"{RECURRENT}.bias_hh_l{depth}"] = torch.cat([second.get(gate, zero) for gate in counterpart.gate_order])
    weights |= {f"{SOFTMAX}.{name}": value for name, value in network.softmax.state_dict().items()}
    return {name: value.detach().cpu().clone() for name, value in weights.items()}


def from_torch(weights: dict[str, Tensor], source: str) -> tuple[Shape, dict[str, Tensor]]:
    """Return the shape and the weights of a network from a state dict of torch.nn modules.

    Parameters
    ----------
    weights
        One module of `COUNTERPARTS` and one torch.nn.Linear with a bias, under any names; with a torch.nn.Embedding or without.
    source
        What they are from, for messages.

    Returns
    -------
    shape : Shape
        Cell, layers, hidden width and vocabulary.
    state_dict : dict of Tensor
        Of `Network(shape)`, float32.

    Raises
    ------
    InputError
        If the tensors are not those of such modules.
    """
    recurrent, others = _parts(_numbers(weights, source), source)
    cell, hidden = _cell_and_width(recurrent, source)
    softmax, embedding = _softmax_and_embedding(others, hidden, source)
    layers = sum(name.startswith("weight_ih_l") for name in recurrent)
    vocabulary = len(softmax["weight"])
    shape = Shape(cell, layers, hidden, vocabulary)
    _check_shapes(recurrent, shape, vocabulary if embedding is None else embedding.shape[1], source)
    order = COUNTERPARTS[cell].gate_order, CELLS[cell].gate_order, COUNTERPARTS[cell].negated
    found: dict[str, Tensor] = {}
    for depth in range(layers):
        W_input = recurrent[f"weight_ih_l{depth}"]
        W_input = W_input if depth or embedding is None else W_input @ embedding.T
        found[f"layers.{depth}.W_input"] = _reordered(W_input, *order)
        found[f"layers.{depth}.W_hidden"] = _reordered(recurrent[f"weight_hh_l{depth}"], *order)
        found[f"layers.{depth}.bias"] = _joined_bias(recurrent, depth, cell)
    found |= {f"softmax.{name}": value for name, value in softmax.items()}
    state_dict = {name: value.float().contiguous() for name, value in found.items()}
    for name, value in state_dict.items():
        _check_finite(name, value, source)  # sums and products may be beyond the range
    return shape, state_dict


def _numbers(weights: dict[str, Tensor], source: str) -> dict[str, Tensor]:
    """The tensors in float64; all have to be of finite floating-point numbers."""
    for name, value in weights.items():
        if not value.is_floating_point():
            dtype = str(value.dtype).removeprefix("torch.")
            raise InputError(f"{source}: found {dtype} for {name}, expected floating-point numbers")
        if not value.numel():
            raise InputError(f"{source}: found {tuple(value.shape)} for {name}, expected numbers in every tensor")
        _check_finite(name, value.float(), source)
    return {name: value.double() for name, value in weights.items()}


def _check_finite(name: str, value: Tensor, source: str) -> None:
    wrong = value[~value.isfinite()]
    if len(wrong):
        raise InputError(f"{source}: found {wrong[0].item()} in {name}, expected finite numbers, as float32 too")


def _cell_and_width(recurrent: dict[str, Tensor], source: str) -> tuple[str, int]:
    """The cell and the hidden width of the module that some tensors are of."""
    found = tuple(recurrent["weight_hh_l0"].shape) if "weight_hh_l0" in recurrent else "none"
    cells = {len(counterpart.gate_order): cell for cell, counterpart in COUNTERPARTS.items()}
    if len(found) != 2 or isinstance(found, str) or found[0] not in [gates * found[1] for gates in cells]:
        expected = "(4 H, H) of torch.nn.LSTM, (3 H, H) of GRU or (H, H) of RNN"
        raise InputError(f"{source}: found {found} for weight_hh_l0, expected {expected}")
    return cells[found[0] // found[1]], found[1]


def _check_shapes(recurrent: dict[str, Tensor], shape: Shape, inputs: int, source: str) -> None:
    """Compare the tensors of the recurrent module with those of its layers; `inputs` is the width of what layer 1 reads."""
    rows = len(COUNTERPARTS[shape.cell].gate_order) * shape.hidden_width
    expected: dict[str, tuple[int, ...]] = {}
    for depth in range(shape.layers):
        expected[f"weight_ih_l{depth}"] = rows, shape.hidden_width if depth else inputs
        expected[f"weight_hh_l{depth}"] = rows, shape.hidden_width
        if any(name.startswith("bias") for name in recurrent):
            expected |= {f"bias_{part}_l{depth}": (rows,) for part in ("ih", "hh")}
    if different := sorted(expected.keys() ^ recurrent.keys()):
        found = "no tensor" if different[0] in expected else "a tensor"
        raise InputError(
            f"{source}: found {found} {different[0]}, expected the weights of {shape.layers} layers, numbered from 0, and the "
            "biases of all or of none"
        )
    for name, wanted in expected.items():
        if tuple(recurrent[name].shape) != wanted:
            raise InputError(f"{source}: found {tuple(recurrent[name].shape)} for {name}, expected {wanted}")


def _parts(weights: dict[str, Tensor], source: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The tensors of the recurrent module by their own names, and the others by their full names."""
    firsts = [name for name in weights if name.endswith("weight_ih_l0")]
    if len(firsts) != 1:
        raise InputError(f"{source}: found {len(firsts)} tensors weight_ih_l0, expected one torch.nn.LSTM or RNN")
    prefix = firsts[0].removesuffix("weight_ih_l0")
    recurrent = {
        name.removeprefix(prefix): value for name, value in weights.items() if PARAMETER.fullmatch(name.removeprefix(prefix))
    }
    others = {name: value for name, value in weights.items() if name.removeprefix(prefix) not in recurrent}
    refused = [name for name in recurrent if name.endswith("_reverse") or name.startswith("weight_hr")]
    if refused:
        raise InputError(f"{source}: found {prefix}{refused[0]}, expected a module of one direction without projections")
    return recurrent, others


def _softmax_and_embedding(others: dict[str, Tensor], hidden: int, source: str) -> tuple[dict[str, Tensor], Tensor | None]:
    """The softmax layer, which is the module with a bias, and the weights of the embedding."""
    names = {name.rpartition(".")[0] for name in others}
    with_bias = [name for name in names if f"{name}.bias".removeprefix(".") in others]
    expected = {f"{name}.{kind}".removeprefix(".") for name in names for kind in ("weight", *(["bias"] * (name in with_bias)))}
    if len(with_bias) != 1 or len(names) > 2 or set(others) != expected:
        found = ", ".join(sorted(others)) or "none"
        raise InputError(
            f"{source}: found, beside the recurrent module, {found}; expected weight and bias of one torch.nn.Linear, and at "
            "most the weight of one torch.nn.Embedding"
        )
    softmax = {kind: others[f"{with_bias[0]}.{kind}".removeprefix(".")] for kind in ("weight", "bias")}
    if softmax["weight"].dim() != 2 or softmax["weight"].shape[1] != hidden:
        raise InputError(f"{source}: found a Linear of {tuple(softmax['weight'].shape)}, expected (characters, {hidden})")
    vocabulary = len(softmax["weight"])
    if tuple(softmax["bias"].shape) != (vocabulary,):
        raise InputError(f"{source}: found a bias of {tuple(softmax['bias'].shape)} in the Linear, expected ({vocabulary},)")
    embeddings = [others[f"{name}.weight".removeprefix(".")] for name in names if name not in with_bias]
    if embeddings and (embeddings[0].dim() != 2 or len(embeddings[0]) != vocabulary):
        raise InputError(f"{source}: found an Embedding of {tuple(embeddings[0].shape)}, expected ({vocabulary}, any width)")
    return softmax, embeddings[0] if embeddings else None


def _joined_bias(recurrent: dict[str, Tensor], depth: int, cell: str) -> Tensor:
    """The bias of a layer from both of torch.nn: their sum, but for gates whose hidden product has a bias of its own."""
    facts, counterpart = CELLS[cell], COUNTERPARTS[cell]
    zero = recurrent[f"weight_ih_l{depth}"].new_zeros(len(recurrent[f"weight_ih_l{depth}"]))
    biases = [recurrent.get(f"bias_{part}_l{depth}", zero).chunk(len(counterpart.gate_order)) for part in ("ih", "hh")]
    first, second = (dict(zip(counterpart.gate_order, bias, strict=True)) for bias in biases)
    total = {gate: first[gate] if gate in facts.hidden_bias else first[gate] + second[gate] for gate in first}
    signed = [-total[gate] if gate in counterpart.negated else total[gate] for gate in facts.gate_order]
    return torch.cat([*signed, *(second[gate] for gate in facts.hidden_bias)])


def _reordered(stacked: Tensor, found: tuple[str, ...], wanted: tuple[str, ...], negated: tuple[str, ...]) -> Tensor:
    """Weights whose first dimension has the gates in the order `found`, in the order `wanted`, some with the other sign."""
    by_name = dict(zip(found, stacked.chunk(len(found)), strict=True))
    return torch.cat([-by_name[name] if name in negated else by_name[name] for name in wanted])
