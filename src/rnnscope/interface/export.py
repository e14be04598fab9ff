"""A network as plain torch.nn weights with its vocabulary and a model card: `rnnscope.export`."""

import math
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from rnnscope.cli import run
from rnnscope.interface.results import Results
from rnnscope.models.cells import CELLS, ModelName
from rnnscope.models.checkpoint import Description, load_checkpoint
from rnnscope.models.network import Network
from rnnscope.models.torch_layout import COUNTERPARTS, to_torch
from rnnscope.settings.training import PRECISIONS
from rnnscope.storage.files import whole_file, write_json

WEIGHTS, VOCABULARY, CARD = "model.safetensors", "vocabulary.json", "README.md"
PRIME = "The "  # what the example of the card reads


def kind_of_symbols(description: Description) -> str:
    """Return the key of the vocabulary in `vocabulary.json`, as in a split's: bytes or code_points."""
    return "bytes" if description.characters == "bytes" else "code_points"


def export(results: Results, model: str, out: Path) -> None:
    """Write a recurrent network in the layout of torch.nn.

    Writes `model.safetensors`, a state dict; `vocabulary.json`, the byte or code point of each id; and `README.md`, a model card
    that says how the network was trained, how good it is, and how to load it without rnnscope.

    Parameters
    ----------
    results
        Results of a corpus.
    model
        Name of a recurrent network of them, an LSTM or an RNN.
    out
        Folder to write to.

    Raises
    ------
    InputError
        If there is no such network, or torch.nn has no such cell.
    """
    network, description = load_checkpoint(results.checkpoint(model))
    weights = to_torch(network)
    with whole_file(out / WEIGHTS) as partial:
        save_file(weights, partial)
    write_json(out / VOCABULARY, {kind_of_symbols(description): description.vocabulary})
    with whole_file(out / CARD) as partial:
        partial.write_text(card(results.folder.resolve().name, description, network, results.summary(model)), encoding="utf-8")


def example_of(description: Description) -> str:
    """Return what the card's example reads, as Python: "The " where the network knows it, else letters of its own."""
    symbols = description.vocabulary
    words = [ord(letter) for letter in PRIME]
    if not set(words) <= set(symbols):
        # A byte beyond ASCII is no letter by itself.
        letters = [symbol for symbol in symbols if chr(symbol).isalpha() and (description.characters != "bytes" or symbol < 128)]
        words = (letters or symbols)[: len(PRIME)]
    return repr(bytes(words)) if description.characters == "bytes" else f"map(ord, {''.join(map(chr, words))!r})"


def card(corpus: str, description: Description, network: Network, summary: dict[str, Any]) -> str:
    """Return the model card, Markdown.

    Parameters
    ----------
    corpus
        Name of the text.
    description
        Of the checkpoint.
    network
        The network.
    summary
        Its summary.json, with the losses of evaluation.json where it was evaluated.
    """
    shape, name = network.shape, description.model
    facts = {
        "text": f"{corpus}, {shape.vocabulary} distinct characters",
        "cell": f"{CELLS[shape.cell].title}, {shape.layers} layers of {shape.hidden_width} units",
        "parameters": f"{sum(parameter.numel() for parameter in network.parameters()):,}",
        "training": f"{summary['epochs']} epochs, of which epoch {summary['best_epoch']} is kept (lowest validation loss)",
        "dropout": f"{summary['dropout']:g} on the non-recurrent connections",
        "seed": f"{summary['seed']}",
    }
    precision = summary.get("precision")
    if precision not in (None, PRECISIONS[0]):
        facts["precision"] = f"factors of products rounded to {precision} in training; the weights are {PRECISIONS[0]}"
    losses = {part: summary[f"{part}_loss"] for part in ("train", "validation", "test") if f"{part}_loss" in summary}
    rows = [f"| {key} | {value} |" for key, value in facts.items()]
    loss_rows = [f"| {part} | {loss:.4f} | {loss / math.log(2):.4f} |" for part, loss in losses.items()]
    return CARD_TEXT.format(
        name=name,
        title=ModelName.parse(name).title,
        corpus=corpus,
        facts="\n".join(rows),
        losses="\n".join(loss_rows),
        torch_class=COUNTERPARTS[shape.cell].module.__name__,
        arguments=f"{shape.vocabulary}, {shape.hidden_width}, {shape.layers}",
        softmax=f"{shape.hidden_width}, {shape.vocabulary}",
        vocabulary=shape.vocabulary,
        symbols=kind_of_symbols(description),
        character="byte" if description.characters == "bytes" else "code point",
        example=example_of(description),
        order=", ".join(COUNTERPARTS[shape.cell].gate_order),
    )


CARD_TEXT = """\
# {name}

{title}: a recurrent network that reads the text {corpus} character by character and predicts the next. Trained by rnnscope, a
reproduction of "Visualizing and Understanding Recurrent Networks" (Karpathy, Johnson, Fei-Fei 2015).

| | |
| --- | --- |
{facts}

## Losses

Cross-entropy without dropout. Every stream of a part starts from a zero state.

| part | nats per character | bits per character |
| --- | --- | --- |
{losses}

## Use

`model.safetensors` is a state dict of plain torch modules. The gates are stacked in the order of torch.nn ({order}). An id is the
index of a {character} in `vocabulary.json`.

    import json, pathlib, torch
    from safetensors.torch import load_file

    recurrent = torch.nn.{torch_class}({arguments})
    softmax = torch.nn.Linear({softmax})
    weights = load_file("model.safetensors")
    torch.nn.ModuleDict({{"recurrent": recurrent, "softmax": softmax}}).load_state_dict(weights)
    vocabulary = json.loads(pathlib.Path("vocabulary.json").read_text())["{symbols}"]

    ids = torch.tensor([vocabulary.index(character) for character in {example}]).unsqueeze(1)  # (steps, streams)
    states, last = recurrent(torch.nn.functional.one_hot(ids, {vocabulary}).float())
    probabilities = softmax(states)[-1, 0].softmax(0)
"""


def main(results: Path, model: str, out: Path) -> None:
    """Write a recurrent network in the layout of torch.nn, with its vocabulary and a model card.

    Parameters
    ----------
    results
        Folder of a corpus, such as results/war_and_peace.
    model
        Name of an LSTM or RNN, such as lstm-2-128.
    out
        Folder to write to.
    """
    export(Results(results), model, out)


if __name__ == "__main__":
    run(main)
