"""Every gate and state of a network at every test character, one parquet file a layer.

    python -m rnnscope.activations.dump --split DIR --checkpoint FILE --precision float16 --out DIR

Row (s, t) holds what the network computed on reading column t of stream s: the state that row (s, t) of its
predictions was made from.
"""

import argparse
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

from rnnscope.activations.reader import DTYPE, POSITION, PRECISIONS
from rnnscope.cli import run
from rnnscope.corpus.split import read_part, read_steps, read_vocabulary
from rnnscope.models.checkpoint import check_vocabulary, load_checkpoint
from rnnscope.models.devices import add_device_flags, prepare_device
from rnnscope.models.network import Network, Shape
from rnnscope.models.recurrences import CELLS, Quantities
from rnnscope.progress import progress
from rnnscope.storage.files import whole_file
from rnnscope.training.segments import segments, to_device

BYTES_AT_ONCE = 256 * 2**20
# Gates and states hardly repeat a value: dictionaries and statistics would only cost time, and compression more time than the
# network itself takes, for a sixth of the bytes.
FAST: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": list(POSITION)}

Block = list[Quantities]


def at_once(shape: Shape, test: np.ndarray, steps: int, precision: str) -> tuple[int, int]:
    """How many streams, and how many segments of them, fit in `BYTES_AT_ONCE` of dumps: at least one of each.

    Reading many streams side by side is what makes a dump fast, but they are written one after the other, so that only
    whole streams can be side by side; a stream too long to fit whole is taken alone, in pieces. `test` is uint8
    (streams, steps + 1).
    """
    total_steps = test.shape[1] - 1
    values_a_character = shape.layers * shape.hidden_width * len(CELLS[shape.cell].activations)
    characters = BYTES_AT_ONCE // (values_a_character * np.dtype(precision).itemsize)
    if characters >= total_steps:
        return min(characters // total_steps, len(test)), math.ceil(total_steps / steps)
    return 1, max(1, characters // steps)


def empty_block(shape: Shape, streams: int, block_steps: int, precision: str) -> Block:
    """Room for every quantity of every layer, (streams, block steps, H)."""
    dtype, names = getattr(torch, precision), CELLS[shape.cell].activations
    return [
        {name: torch.empty(streams, block_steps, shape.hidden_width, dtype=dtype) for name in names} for _ in range(shape.layers)
    ]


@torch.inference_mode()
def dump_blocks(network: Network, characters: Tensor, steps: int, memory: Block) -> Iterator[Block]:
    """Yield for one block of segments after another, and for each layer, every quantity as (streams, block steps, H).

    `characters` are uint8 ids (total steps + 1, streams); each stream starts from a zero state. All blocks lie in `memory`,
    one over the other.
    """
    total_steps, streams = len(characters) - 1, characters.shape[1]
    block_steps = memory[0]["h"].shape[1]
    state = network.zero_state(streams)
    for block_start in range(0, total_steps, block_steps):
        block_characters = characters[block_start : block_start + block_steps + 1]
        for start, (inputs, _) in zip(count(0, steps), segments(block_characters, steps), strict=False):
            _, activations = network(inputs, state)
            for stored, layer in zip(memory, activations, strict=True):
                for name, values in layer.items():
                    stored[name][:streams, start : start + len(values)] = values.transpose(0, 1)
            state = network.last_state(activations)
        read = len(block_characters) - 1
        yield [{name: values[:streams, :read] for name, values in layer.items()} for layer in memory]


def schema(shape: Shape, precision: str) -> pa.Schema:
    """The columns of one layer's file: where the character stands, which it is, and the bytes of each quantity's H values."""
    position = [pa.field(name, type_, nullable=False) for name, type_ in POSITION.items()]
    bytes_a_row = pa.binary(shape.hidden_width * np.dtype(precision).itemsize)
    names = CELLS[shape.cell].activations
    return pa.schema(position + [pa.field(name, bytes_a_row, nullable=False, metadata={DTYPE: precision}) for name in names])


def rows(stream: int, first_step: int, characters: np.ndarray, quantities: list[np.ndarray], columns: pa.Schema) -> pa.Table:
    """One row group: consecutive steps of one stream. `characters` uint8 (rows,), each quantity (rows, H)."""
    position = [
        pa.array(np.full(len(characters), stream, dtype=np.int16)),
        pa.array(np.arange(first_step, first_step + len(characters), dtype=np.int32)),
        pa.array(characters),
    ]
    types = columns.types[len(position) :]
    values = [
        pa.FixedSizeBinaryArray.from_buffers(type_, len(quantity), [None, pa.py_buffer(quantity)])
        for quantity, type_ in zip(quantities, types, strict=True)
    ]
    return pa.Table.from_arrays(position + values, schema=columns)


def write_dump(network: Network, test: np.ndarray, steps: int, precision: str, device: torch.device, out: Path) -> None:
    """Write `layer-<l>.parquet`, l from 1, for the test part, uint8 ids (streams, steps + 1), in stream-then-step order.

    Memory holds `BYTES_AT_ONCE` of dumps, whatever the length of the text.
    """
    columns = schema(network.shape, precision)
    streams_together, segments_together = at_once(network.shape, test, steps, precision)
    # One for all streams: memory that is freed between them would not be found again, in pieces as it is by then.
    memory = empty_block(network.shape, streams_together, min(segments_together * steps, test.shape[1] - 1), precision)
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
            for block in dump_blocks(network, to_device(streams, device), steps, memory):
                characters = streams[:, first_step : first_step + block[0]["h"].shape[1]]
                for stream, read in enumerate(characters):
                    for writer, layer in zip(writers, block, strict=True):
                        quantities = [values[stream].numpy() for values in layer.values()]
                        writer.write_table(rows(first + stream, first_step, read, quantities, columns))
                first_step += characters.shape[1]
                advance(characters.size)


def main() -> None:
    """Dump one checkpoint's activations on the test part."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", type=Path, required=True, help="folder written by rnnscope.corpus.split")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--precision", choices=PRECISIONS, default="float16", help="dtype of the stored values")
    add_device_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for layer-<l>.parquet")
    arguments = parser.parse_args()
    device = prepare_device(arguments.device, arguments.threads)
    network, description = load_checkpoint(arguments.checkpoint, device)
    check_vocabulary(arguments.checkpoint, description, read_vocabulary(arguments.split))
    steps = read_steps(arguments.split)
    write_dump(network, read_part(arguments.split, "test"), steps, arguments.precision, device, arguments.out)


if __name__ == "__main__":
    run(main)
