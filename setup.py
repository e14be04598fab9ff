"""The compiled half of rnnscope.models, once for each kind of processor; everything else is in pyproject.toml.

Optional: without a compiler the package installs all the same, and computes in plain torch.
"""

import hashlib
import platform
from pathlib import Path

from setuptools import Extension, setup

SOURCE = Path("src/rnnscope/models/compiled.cpp")
# As torch tells processors apart: torch.backends.cpu.get_cpu_capability().
INSTRUCTIONS = {"baseline": []}
if platform.machine() in ("x86_64", "AMD64"):
    INSTRUCTIONS["avx2"] = ["-mavx2", "-mfma"]
    INSTRUCTIONS["avx512"] = ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"]
    # The same functions, with products of numbers that are rounded to bfloat16.
    INSTRUCTIONS["avx512_bf16"] = [*INSTRUCTIONS["avx512"], "-mavx512bf16", "-DBFLOAT16"]
FLAGS = [
    "-std=c++17",
    "-O3",
    "-g0",
    "-Wall",
    "-Wextra",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fopenmp",
]

setup(
    ext_modules=[
        Extension(
            f"rnnscope.models.compiled_{instructions}",
            [str(SOURCE)],
            define_macros=[("SOURCE_SHA256", f'"{hashlib.sha256(SOURCE.read_bytes()).hexdigest()}"')],
            extra_compile_args=[*FLAGS, *flags],
            extra_link_args=["-fopenmp"],
            optional=True,
        )
        for instructions, flags in INSTRUCTIONS.items()
    ]
)
