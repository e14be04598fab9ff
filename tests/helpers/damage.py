"""Damaged files: which kinds of files there are, and what can happen to one."""

import re

import pyarrow.parquet as pq
from helpers.documented import documented, matches
from hypothesis import strategies as st

from rnnscope.errors import InputError
from rnnscope.storage.parquet import read_parquet

# What no job writes for another: a damaged one is not used, and training starts again (tests/training/test_train.py).
NO_OUTPUTS = {"results/<corpus>/models/<model>/<candidate>/.resume.safetensors"}
ASIDE = re.compile(r"/(logs|benchmarks|figures|\.provenance)/")


def kinds_of_files(workspace):
    """The files of every kind that docs/tables.md describes, by its pattern: {pattern: paths below the workspace}."""
    paths = sorted(path.relative_to(workspace.folder).as_posix() for path in (workspace.folder / "results").rglob("*"))
    found = {}
    for pattern in documented():
        regex = matches(pattern)
        found[pattern] = [path for path in paths if regex.fullmatch(path) and not ASIDE.search(path)]
    return found


def cut_off(path):
    """Half of the file is lost."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip(path):
    """One bit in the middle is another; of a parquet file, which stages read a column at a time, one in every column."""
    content = bytearray(path.read_bytes())
    for place in middles_of_columns(path) if path.suffix == ".parquet" else [len(content) // 2]:
        content[place] ^= 1
    path.write_bytes(content)


def flip_end(path):
    """One bit near the end is another: of a parquet file in the middle of its footer."""
    content = bytearray(path.read_bytes())
    footer = int.from_bytes(content[-8:-4], "little") if path.suffix == ".parquet" else 0
    content[-8 - footer // 2 if footer else -1 - len(content) // 20] ^= 1
    path.write_bytes(content)


def middles_of_columns(path):
    """The middle byte of every column in the first row group."""
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    starts = (min(filter(None, (column.dictionary_page_offset, column.data_page_offset))) for column in columns)
    return [start + column.total_compressed_size // 2 for start, column in zip(starts, columns, strict=True)]


def check_never_read_as_whole(path, columns, whole, data):
    """Cut a parquet file off anywhere, or flip a bit anywhere: to read it is an error that names it, or gives the whole table.

    `data` draws the damage (hypothesis).
    """
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:position]
    else:
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    message = None
    try:
        table = read_parquet(path, columns)
    except InputError as error:
        message = str(error)
    if message is None:
        assert table.equals(whole)
    else:
        assert path.name in message
        assert "\n" not in message


DAMAGE = {"truncated": cut_off, "bit-flipped": flip, "bit-flipped at the end": flip_end}
