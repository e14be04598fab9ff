"""Every gate and state of a network at every test character, one parquet file a layer.

Row (s, t) is what the network computed on reading column t of stream s of the test part: the state from which row (s, t) of
its predictions was made.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from rnnscope.activations.reader import DTYPE, POSITION
from rnnscope.cli import run
from rnnscope.corpus.split_reader import read_split
from rnnscope.corpus.text import id_dtype
from rnnscope.models.cells import CELLS
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.models.protocol import Activations
from rnnscope.progress import progress
from rnnscope.settings.training import Computing
from rnnscope.settings.units import Precision
from rnnscope.storage.declarations import Column, declare
from rnnscope.storage.files import whole_file
from rnnscope.training.segments import segments, to_device

BYTES_AT_ONCE = 256 * 2**20
# Gates and states hardly repeat a value: dictionaries and statistics would only cost time, and compression takes longer than
# the network itself, for a sixth of the bytes.
FAST: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": list(POSITION)}

Block = list[Activations]


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
    kind = "fixed-size binary"
    values = [
        Column(name, kind, f"{CELLS[cells[0]].by_name[name].meaning} ({', '.join(cells)}): the bytes of H float16 or float32")
        for name, cells in cells_with.items()
    ]
    return (*position, *values)


declare(
    "activations/<model>/layer-<l>.parquet",
    "One row a test character, in stream-then-step order: every gate and state of one layer after reading it.",
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
    """Allocate every activation of every layer, (streams, block steps, H)."""
    dtype, names = getattr(torch, precision), CELLS[shape.cell].activation_names
    return [
        {name: torch.empty(streams, block_steps, shape.hidden_width, dtype=dtype) for name in names} for _ in range(shape.layers)
    ]


@torch.inference_mode()
def dump_blocks(network: Network, characters: Tensor, sequence_length: int, memory: Block) -> Iterator[Block]:
    """Yield for each block of segments, and for each layer, every activation as (streams, block steps, H).

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
    block_steps = memory[0]["h"].shape[1]
    state = network.zero_state(streams)
    for block_start in range(0, total_steps, block_steps):
        block_characters = characters[block_start : block_start + block_steps + 1]
        read_segments = segments(block_characters, sequence_length)
        for start, (inputs, _) in zip(count(0, sequence_length), read_segments, strict=False):
            _, activations = network(inputs, state)
            for stored, layer in zip(memory, activations, strict=True):
                for name, values in layer.items():
                    stored[name][:streams, start : start + len(values)] = values.transpose(0, 1)
            state = network.last_state(activations)
        read = len(block_characters) - 1
        yield [{name: values[:streams, :read] for name, values in layer.items()} for layer in memory]


def schema(shape: Shape, precision: str) -> pa.Schema:
    """Return the columns of one layer's file: the character's position and id, and the bytes of each activation's H values."""
    types = POSITION | {"character": pa.from_numpy_dtype(id_dtype(shape.vocabulary))}
    position = [pa.field(name, type_, nullable=False) for name, type_ in types.items()]
    bytes_a_row = pa.binary(shape.hidden_width * np.dtype(precision).itemsize)
    names = CELLS[shape.cell].activation_names
    return pa.schema(position + [pa.field(name, bytes_a_row, nullable=False, metadata={DTYPE: precision}) for name in names])


def rows(stream: int, first_step: int, characters: np.ndarray, activations: list[np.ndarray], columns: pa.Schema) -> pa.Table:
    """Return one row group: consecutive steps of one stream. `characters` uint8 (rows,), each activation (rows, H)."""
    position = [
        pa.array(np.full(len(characters), stream, dtype=np.int16)),
        pa.array(np.arange(first_step, first_step + len(characters), dtype=np.int32)),
        pa.array(characters),
    ]
    types = columns.types[len(position) :]
    values = [
        pa.FixedSizeBinaryArray.from_buffers(type_, len(activation), [None, pa.py_buffer(activation)])
        for activation, type_ in zip(activations, types, strict=True)
    ]
    return pa.Table.from_arrays(position + values, schema=columns)


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
    columns = schema(network.shape, precision)
    streams_together, segments_together = at_once(network.shape, test, sequence_length, precision)
    # One block for all streams: memory that is freed between them would be too fragmented to be used again.
    block_steps = min(segments_together * sequence_length, test.shape[1] - 1)
    memory = empty_block(network.shape, streams_together, block_steps, precision)
    with ExitStack() as stack:
        writers = []
        for depth in range(1, network.shape.layers + 1):
            partial = stack.enter_context(whole_file(out / f"layer-{depth}.parquet"))
            writer = pq.ParquetWriter(partial, columns, write_page_checksum=True, **FAST)
            writers.append(stack.enter_context(writer))
        advance = stack.enter_context(progress("activation dump", test[:, 1:].size, "characters"))
        for first in range(0, len(test), streams_together):
            streams = test[first : first + streams_together]
            first_step = 0
            for block in dump_blocks(network, to_device(streams, device), sequence_length, memory):
                characters = streams[:, first_step : first_step + block[0]["h"].shape[1]]
                for stream, read in enumerate(characters):
                    for writer, layer in zip(writers, block, strict=True):
                        activations = [values[stream].numpy() for values in layer.values()]
                        writer.write_table(rows(first + stream, first_step, read, activations, columns))
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
