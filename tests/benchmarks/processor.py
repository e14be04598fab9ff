"""The processor of a benchmark: its name, the rate that its vector units allow, and the ratios that were stored for its kind.

    python tests/benchmarks/training.py --store

stores the ratios of a run. They belong to a kind of processor, not to a machine: vendor, family, model and instructions.
"""

import ctypes
import json
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import torch

STORED = Path(__file__).with_name("stored_ratios.json")
# Multiplications and additions of float32 a cycle: two units of 256 bits, or of 512. Zen 4 (family 25) has the instructions of
# 512 bits, in halves.
OPERATIONS = {"AVX2": 32, "AVX512": 64, "AuthenticAMD 25 AVX512": 32}
CYCLES = 3  # of a multiplication of 64-bit integers that waits for the one before, on all x86 processors since 2011
CLOCK = """
#include <stdint.h>
#include <time.h>
double multiplications_a_nanosecond(void) {
    struct timespec start, end;
    uint64_t product = 3;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    for (long each = 0; each < 100000000; each++) __asm__ volatile("imul %0, %0" : "+r"(product));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return 1e8 / ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec));
}
"""


@cache
def facts():
    """What the system says of the processor: {key: value}; nothing where it is not Linux."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().split("\n\n")[0].splitlines() if path.exists() else []
    return dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)


def instructions():
    return torch.backends.cpu.get_cpu_capability()


def kind():
    """The kind of processor: vendor, family, model, and the instructions that torch uses."""
    return " ".join([*(facts().get(key, "unknown") for key in ("vendor_id", "cpu family", "model")), instructions()])


def clock():
    """Measured cycles a nanosecond; None without a C compiler or on another architecture."""
    with tempfile.TemporaryDirectory() as name:
        source, library = Path(name, "clock.c"), Path(name, "clock.so")
        source.write_text(CLOCK)
        try:
            subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True, stderr=subprocess.DEVNULL)
        except (FileNotFoundError, subprocess.CalledProcessError):
            return None
        measure = ctypes.CDLL(library).multiplications_a_nanosecond
        measure.restype = ctypes.c_double
        return CYCLES * max(measure() for _ in range(3))


def peak():
    """Multiplications and additions a second of one thread, 1e9, that clock and vector units allow; None if unknown."""
    vendor, family, _, capability = kind().split(" ", 3)
    operations = OPERATIONS.get(f"{vendor} {family} {capability}", OPERATIONS.get(capability))
    cycles = clock() if operations else None
    return operations * cycles if cycles else None


def describe():
    """Print the processor, and how fast it can be."""
    print(f"processor: {facts().get('model name', 'unknown')} ({kind()}), {os.cpu_count()} cores")


def compare_with_stored(ratios, store):
    """Print ratios beside those stored for this kind of processor; with `store`, keep them in their place."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    before = stored.get(kind(), {})
    print(f"\nratios, beside those stored for {kind()}:" if before else f"\nno ratios are stored for {kind()}:")
    for name, ratio in ratios.items():
        print(
            f"{name:28} {ratio:7.2f}"
            + (f"   stored {before[name]:7.2f}, {ratio / before[name]:.2f} of it" if name in before else "")
        )
    if store:
        stored[kind()] = before | {name: round(ratio, 3) for name, ratio in ratios.items()}
        STORED.write_text(json.dumps(stored, indent=2, sort_keys=True) + "\n")
