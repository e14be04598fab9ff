"""Write a file of some kind where no file may grow beyond 4 kB: `python full_disk.py KIND PATH`.

Each library fails on a full disk in its own way. The limit stops it in the middle of the file, as a full disk does.
"""

import resource
import signal
import sys
from pathlib import Path

from rnnscope.cli import run

LIMIT = 4096


def json(path):
    from rnnscope.storage.files import write_json

    return lambda: write_json(path, list(range(10_000)))


def csv(path):
    import pandas as pd

    from rnnscope.storage.tables import write_csv

    return lambda: write_csv(pd.DataFrame({"a": range(10_000)}), path)


def parquet(path):
    import numpy as np
    import pyarrow as pa

    from rnnscope.storage.parquet import write_parquet

    return lambda: write_parquet(pa.table({"a": np.random.default_rng(1).random(10_000)}), path)


def tensors(path):
    import torch

    from rnnscope.storage.tensors import save_tensors

    return lambda: save_tensors(path, {"a": torch.zeros(10_000)}, {})


def array(path):
    from rnnscope.corpus import split

    text = path.parent.with_name(f"{path.parent.name}.txt")
    text.write_bytes(bytes(range(97, 107)) * 3200)
    sys.argv += ["--text", str(text), "--streams", "2", "--sequence-length", "5", "--fractions", "0.8,0.1,0.1"]
    sys.argv += ["--out", str(path)]
    return split.main


def figure(path):
    from matplotlib.figure import Figure

    from rnnscope.figures import style

    drawn = Figure()
    drawn.subplots().plot(range(1000))
    return lambda: style.save(drawn, path.with_suffix(".svg"), path.with_suffix(".png"))


def main():
    kind, path = sys.argv[1:]
    del sys.argv[1:]
    write = {"json": json, "csv": csv, "parquet": parquet, "tensors": tensors, "array": array, "figure": figure}[kind](Path(path))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead of ending the process
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    run(write)


if __name__ == "__main__":
    main()
