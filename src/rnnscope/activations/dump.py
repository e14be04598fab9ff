"""Every gate and state of a network at every test character, one parquet file a layer.

Row (s, t) is what the network computed on reading column t of stream s of the test part: the state from which row (s, t) of
its predictions was made.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rnnscope.activations.reader import column_name
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.text import id_dtype
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.progress import progress
from rnnscope.settings.training import Computing
from rnnscope.settings.units import Precision
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import whole_file
from rnnscope.storage.plain_parquet import plain_writer
from rnnscope.training.segments import segments, to_device

BYTES_AT_ONCE = 256 * 2**20
ROWS_OF_A_GROUP = 30_000  # about: every column of a group costs a header, and what a reader takes for one

Block = list[dict[str, np.ndarray]]


def _columns() -> tuple[Column, ...]:
    """Return the declarations of a file's columns: the position, and the activations of all cells."""
    position = (
        Column("stream", "int16", "row of `test.npy`"),
        Column("step", "int32", "column of the character that was read"),
        Column("character", "uint8", "id of that character; uint16 where the ids have 16 bits"),
    )
    cells_with: dict[str, list[str]] = {}
    for cell in CELLS.values():
        for name in cell.activation_names:
            cells_with.setdefault(name, []).append(cell.name)
    kind = "float16 or float32"
    values = [
        Column(f"{name}_<unit>", kind, f"{CELLS[cells[0]].by_name[name].meaning} ({', '.join(cells)})")
        for name, cells in cells_with.items()
    ]
    return (*position, *values)


declare(
    "activations/<model>/layer-<l>.parquet",
    "One row a test character, in stream-then-step order: every gate and state of one layer after reading it, a column a unit, "
    "such as `c_68`. Values are stored without the tanh that they are displayed with. The introduction says how to read one.",
    _columns(),
)


def at_once(shape: Shape, test: np.ndarray, sequence_length: int, precision: str) -> tuple[int, int]:
    """Return how many streams, and how many segments of them, fit in `BYTES_AT_ONCE` of dumps: at least one of each.

    Reading many streams side by side is what makes a dump fast, but they are written one after another, so that only
    whole streams can be side by side; a stream too long to fit is taken alone, in blocks of segments.

    Parameters
    ----------
    shape
        Of the network.
    test
        uint8 ids (streams, steps + 1).
    sequence_length
        Steps of a segment.
    precision
        Dtype of a stored value.
    """
    total_steps = test.shape[1] - 1
    values_a_character = shape.layers * shape.hidden_width * len(CELLS[shape.cell].activations)
    characters = BYTES_AT_ONCE // (values_a_character * np.dtype(precision).itemsize)
    if characters >= total_steps:
        return min(characters // total_steps, len(test)), math.ceil(total_steps / sequence_length)
    return 1, max(1, characters // sequence_length)


def empty_block(shape: Shape, streams: int, block_steps: int, precision: str) -> Block:
    """Allocate every activation of every layer, (H, streams, block steps): a unit's values are consecutive, as in the file."""
    names, size = CELLS[shape.cell].activation_names, (shape.hidden_width, streams, block_steps)
    return [{name: np.empty(size, precision) for name in names} for _ in range(shape.layers)]


@torch.inference_mode()
def dump_blocks(network: Network, characters: Tensor, sequence_length: int, memory: Block) -> Iterator[Block]:
    """Yield for each block of segments, and for each layer, every activation as (H, streams, block steps).

    Parameters
    ----------
    network
        In evaluation mode.
    characters
        uint8 ids (total steps + 1, streams); each stream starts from a zero state.
    sequence_length
        Steps of a segment.
    memory
        Where each block is written, over the one before it.
    """
    total_steps, streams = len(characters) - 1, characters.shape[1]
    block_steps = memory[0]["h"].shape[2]
    dtype = getattr(torch, str(memory[0]["h"].dtype))
    state = network.zero_state(streams)
    for block_start in range(0, total_steps, block_steps):
        block_characters = characters[block_start : block_start + block_steps + 1]
        read_segments = segments(block_characters, sequence_length)
        for start, (inputs, _) in zip(count(0, sequence_length), read_segments, strict=False):
            _, activations = network(inputs, state)
            for stored, layer in zip(memory, activations, strict=True):
                for name, values in layer.items():
                    # numpy turns the axes round several times as fast as torch does.
                    turned = values.to(dtype).cpu().numpy().transpose(2, 1, 0)
                    stored[name][:, :streams, start : start + len(values)] = turned
            state = network.last_state(activations)
        read = len(block_characters) - 1
        yield [{name: values[:, :streams, :read] for name, values in layer.items()} for layer in memory]


def columns_of(shape: Shape, precision: str) -> dict[str, str]:
    """Return the dtype of every column of one layer's file by name: position, character, every unit of each activation."""
    position = {"stream": "int16", "step": "int32", "character": np.dtype(id_dtype(shape.vocabulary)).name}
    names = CELLS[shape.cell].activation_names
    return position | {column_name(name, unit): precision for name in names for unit in range(shape.hidden_width)}


def row_groups_of(
    characters: np.ndarray, first_stream: int, first_step: int, activations: Iterable[np.ndarray]
) -> Iterator[list[np.ndarray]]:
    """Yield the columns of the row groups of one layer's block, about `ROWS_OF_A_GROUP` rows each.

    Parameters
    ----------
    characters
        uint8 ids (streams, block steps) that were read.
    first_stream, first_step
        Where the block begins in the test part.
    activations
        Each (H, streams, block steps).
    """
    streams, steps = characters.shape
    stream = np.repeat(np.arange(first_stream, first_stream + streams, dtype=np.int16), steps)
    step = np.tile(np.arange(first_step, first_step + steps, dtype=np.int32), streams)
    units = [unit.reshape(-1) for activation in activations for unit in activation]
    columns = [stream, step, characters.reshape(-1), *units]
    groups = max(1, round(characters.size / ROWS_OF_A_GROUP))
    for start, stop in itertools.pairwise(np.linspace(0, characters.size, groups + 1).astype(int)):
        yield [values[start:stop] for values in columns]


def write_dump(network: Network, test: np.ndarray, sequence_length: int, precision: str, device: torch.device, out: Path) -> None:
    """Write `layer-<l>.parquet`, l from 1, for the test part, in stream-then-step order.

    Memory holds `BYTES_AT_ONCE` of dumps, independent of the length of the text.

    Parameters
    ----------
    network
        On `device`, in evaluation mode.
    test
        uint8 ids (streams, steps + 1).
    sequence_length
        Steps that are computed at a time.
    precision
        Dtype of a stored value.
    device
        Where the network runs.
    out
        Folder to write to.
    """
    columns = columns_of(network.shape, precision)
    streams_together, segments_together = at_once(network.shape, test, sequence_length, precision)
    # One block for all streams: memory that is freed between them would be too fragmented to be used again.
    block_steps = min(segments_together * sequence_length, test.shape[1] - 1)
    memory = empty_block(network.shape, streams_together, block_steps, precision)
    with ExitStack() as stack:
        writers = []
        for depth in range(1, network.shape.layers + 1):
            partial = stack.enter_context(whole_file(out / f"layer-{depth}.parquet"))
            writers.append(stack.enter_context(plain_writer(partial, columns)))
        advance = stack.enter_context(progress("activation dump", test[:, 1:].size, "characters"))
        for first in range(0, len(test), streams_together):
            streams = test[first : first + streams_together]
            first_step = 0
            for block in dump_blocks(network, to_device(streams, device), sequence_length, memory):
                characters = streams[:, first_step : first_step + block[0]["h"].shape[2]]
                for writer, layer in zip(writers, block, strict=True):
                    for group in row_groups_of(characters, first, first_step, layer.values()):
                        writer.write(group)
                first_step += characters.shape[1]
                advance(characters.size)


def main(split: Path, checkpoint: Path, precision: Precision, computing: Computing, out: Path) -> None:
    """Write every gate and state of one recurrent network at every test character.

    Parameters
    ----------
    split
        Folder written by rnnscope.corpus.split.
    checkpoint
        Checkpoint of a recurrent network.
    precision
        Dtype of the stored values.
    computing
        Device and threads.
    out
        Folder for layer-<l>.parquet.

    Raises
    ------
    InputError
        If the checkpoint or the split is not readable, or the checkpoint was trained on other characters.
    """
    device = prepare_device(computing)
    network, description = load_checkpoint(checkpoint, device)
    parts = read_split(split)
    check_vocabulary(checkpoint, description, parts.vocabulary)
    write_dump(network, parts.part("test"), parts.sequence_length, precision.precision, device, out)


if __name__ == "__main__":
    run(main)
