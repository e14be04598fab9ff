"""The functions of `compiled.cpp`: which there are on this machine, and how they are called.

`pip install` compiles them where there is a C++ compiler: for any processor, for AVX2, for AVX-512, and for AVX-512 with
products of numbers that are rounded to bfloat16. Without a compiler, and where the environment variable `RNNSCOPE_PLAIN` is set,
`is_available_for` returns False.
"""

import ctypes
import logging
import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rnnscope.storage.files import sha256_of

SOURCE = Path(__file__).with_name("compiled.cpp")
INSTRUCTIONS = {"AVX512": "avx512", "AVX2": "avx2"}  # by the name that torch gives to what a processor can do

# Of having no library, by the precision of its products.
CONSEQUENCES = {
    "float32": "plain torch computes the recurrences, several times slower",
    "bfloat16": "nothing can be trained in bfloat16",
}

log = logging.getLogger(__name__)


def is_available_for(weights: Tensor) -> bool:
    """Return whether tensors of this device and precision can run here."""
    return not obstacle(weights)


def obstacle(weights: Tensor) -> str:
    """Return what keeps tensors of this device and precision from running here, in a few words; empty where nothing does."""
    if "RNNSCOPE_PLAIN" in os.environ:
        return "the environment variable RNNSCOPE_PLAIN is set"
    if weights.device.type != "cpu":
        return f"it runs on CPU cores, not on {weights.device.type}"
    if weights.dtype != torch.float32:
        return f"the weights are of {weights.dtype}"
    return load("float32")[1]


def obstacle_to_bfloat16() -> str:
    """Return what keeps products of numbers that are rounded to bfloat16 from running here; empty where nothing does."""
    if not torch.cpu.get_capabilities().get("avx512_bf16", False):
        return "this processor lacks the instructions avx512_bf16"
    if (capability := torch.backends.cpu.get_cpu_capability()) != "AVX512":  # the environment can have torch use less
        return f"torch uses {capability} on this processor, not AVX512"
    return load("bfloat16")[1]


@contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Run the compiled functions with products of this precision, float32 or bfloat16, in a with block."""
    global _precision
    before, _precision = _precision, precision
    try:
        yield
    finally:
        _precision = before


_precision = "float32"


def functions(precision: str) -> ctypes.CDLL | None:
    """Return the compiled functions for this processor, whose products are of this precision; None where there are none."""
    return load(precision)[0]


@cache
def load(precision: str) -> tuple[ctypes.CDLL | None, str]:
    """Load the compiled functions for this processor.

    Parameters
    ----------
    precision
        Of the factors of their products: float32 or bfloat16.

    Returns
    -------
    functions : CDLL or None
        None where there are none, with a line in the log that says why and what follows from it.
    missing : str
        Why there are none, and the remedy; empty where there are.
    """
    instructions = INSTRUCTIONS.get(torch.backends.cpu.get_cpu_capability(), "baseline")
    if precision == "bfloat16":
        instructions += "_bf16"
    path = SOURCE.with_name(f"compiled_{instructions}{sysconfig.get_config_var('EXT_SUFFIX')}")
    if not path.exists():
        return _without(precision, f"no compiled recurrences ({path.name})", logging.INFO)
    try:
        functions = ctypes.CDLL(str(path))
        functions.compiled_from.argtypes, functions.compiled_from.restype = [], ctypes.c_char_p
        if functions.compiled_from().decode() != sha256_of(SOURCE):
            return _without(precision, f"{path.name} was compiled from another {SOURCE.name}")
        for name, kinds in ARGUMENTS.items():
            getattr(functions, name).argtypes, getattr(functions, name).restype = kinds, None
    except (OSError, AttributeError) as error:  # damaged, of another system, or without one of the functions
        return _without(precision, f"{path.name} cannot be loaded ({' '.join(str(error).split())})")
    return functions, ""


def _without(precision: str, reason: str, level: int = logging.WARNING) -> tuple[None, str]:
    """Log why there are no compiled functions of this precision and what follows; return what `load` does then."""
    remedy = f"install again with a {'newer g++' if precision == 'bfloat16' else 'C++ compiler'}"
    log.log(level, "%s: %s; %s", reason, CONSEQUENCES[precision], remedy)
    return None, f"{reason}; {remedy}"


class Floats:
    """The type of an argument that is the address of floats: a tensor, or None where a function does without it."""

    dtype = torch.float32

    @classmethod
    def from_param(cls, values: Tensor | None) -> ctypes.c_void_p:
        """Return the address of a tensor's first element. Raises TypeError for what is no such tensor in main memory."""
        if values is None:
            return ctypes.c_void_p(None)
        if not isinstance(values, Tensor) or values.dtype != cls.dtype or values.device.type != "cpu":
            found = f"{values.dtype} on {values.device}" if isinstance(values, Tensor) else repr(values)
            raise TypeError(f"found {found}, expected a tensor of {cls.dtype} on the CPU")
        return ctypes.c_void_p(values.data_ptr())


class Ids(Floats):
    """The same for the ids of characters, 64 bits each."""

    dtype = torch.int64


COUNT, NUMBER = ctypes.c_int64, ctypes.c_float
LAYER = [COUNT] * 4 + [Ids] + [Floats] * 4  # T, B, H, D, characters, below, W_input, bias and W_hidden of a forward pass
ARGUMENTS: dict[str, list[Any]] = {
    "product": [COUNT] * 3 + [Floats, COUNT, COUNT] * 2 + [Floats] * 2,
    "add_rows": [COUNT] * 2 + [Ids] + [Floats] * 2,
    "cross_entropy": [COUNT] * 2 + [Floats, Ids] + [Floats] * 2,
    "rmsprop_averages": [COUNT] + [NUMBER] * 3 + [Floats] * 2,
    "rmsprop_weights": [COUNT] + [NUMBER] * 3 + [Floats] * 3,
    "rnn_forward": [*LAYER, Floats],
    "rnn_backward": [COUNT] * 3 + [Floats] * 4,
    "lstm_forward": [*LAYER, COUNT] + [Floats] * 3,
    "lstm_backward": [COUNT] * 3 + [Floats] * 5,
    "gru_forward": [*LAYER, COUNT] + [Floats] * 3,
    "gru_backward": [COUNT] * 3 + [Floats] * 5,
}


def call(name: str, *arguments: Tensor | float | None) -> None:
    """Call a compiled function; tensors are passed by the address of their first element.

    Raises
    ------
    TypeError, ctypes.ArgumentError
        If the arguments are not as many as it takes, or one is of another type. The function would read and write at random.
    """
    if len(arguments) != len(ARGUMENTS[name]):  # ctypes allows more
        raise TypeError(f"{name}: found {len(arguments)} arguments, expected {len(ARGUMENTS[name])}")
    getattr(functions(_precision), name)(*arguments)
