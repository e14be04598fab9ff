"""Where a network runs: CPU threads or a CUDA device, set up so that a run repeats to the bit."""

import ctypes
import os

import torch

from rnnscope.errors import InputError
from rnnscope.settings.training import Computing


def prepare_device(computing: Computing) -> torch.device:
    """Set this process up for its computations and return the device for them.

    Parameters
    ----------
    computing
        The device (auto takes CUDA where there is one) and the number of CPU threads.

    Raises
    ------
    InputError
        If CUDA is asked for and there is none.
    """
    if computing.device == "cuda" and not torch.cuda.is_available():
        raise InputError("device: found no CUDA device on this machine; expected one for 'cuda' (use auto or cpu)")
    torch.set_num_threads(computing.threads)
    keep_freed_memory()
    # Gradients that have all but vanished make a CPU many times slower and change nothing.
    torch.set_flush_denormal(True)
    device = torch.device("cuda" if computing.device != "cpu" and torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return device


def keep_freed_memory() -> None:
    """Make the C library keep the memory that a segment's tensors free, for the tensors of the next segment.

    Otherwise it returns the memory to the system, and fresh pages for each segment cost up to a third of the time.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # of glibc
        never_map, trim_above = -4, -1
        mallopt(never_map, 0)
        mallopt(trim_above, 2**31 - 1)
