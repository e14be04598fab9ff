"""Where a network runs: CPU threads or a CUDA device, set up so that a run repeats to the bit."""

import argparse
import ctypes
import os

import torch

from rnnscope.errors import InputError

DEVICES = ("auto", "cpu", "cuda")


def add_device_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command line the flags --device and --threads, whose values `prepare_device` takes."""
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")


def prepare_device(name: str, threads: int) -> torch.device:
    """Return the device that `name` (auto, cpu or cuda) stands for, with `threads` CPU threads set.

    Raises InputError when cuda is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device: found no CUDA device on this machine; expected one for 'cuda' (use auto or cpu)")
    torch.set_num_threads(threads)
    keep_freed_memory()
    # Gradients that have all but vanished make a CPU many times slower and change nothing.
    torch.set_flush_denormal(True)
    device = torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return device


def keep_freed_memory() -> None:
    """Have the C library keep what a segment's tensors leave behind, for the tensors of the next segment.

    It would give it back to the system, whose fresh pages for each segment cost up to a third of the time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # of glibc
        never_map, trim_above = -4, -1
        mallopt(never_map, 0)
        mallopt(trim_above, 2**31 - 1)
