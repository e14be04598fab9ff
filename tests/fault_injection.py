"""Run the whole DAG on a small text under faults, and compare every output with an undisturbed run's.

    python tests/fault_injection.py [--kills 40] [--seed 1] [PART ...]

Parts: kills, and those of `helpers.fault_parts`; all of them when none is named. `full_disk` needs the right to mount a file
system and says so where it lacks it.
"""

import argparse
import sys
import tempfile
from pathlib import Path


def main():
    sys.path.insert(1, str(Path(__file__).parents[1]))  # of docs, which says what files there are
    # Not at the head of the file, which every fork of the fork server imports again.
    from helpers.fault_parts import PARTS
    from helpers.faults import FaultInjection

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40, help="how many faults to inject by signals")
    parser.add_argument("--seed", type=int, default=1, help="of their times and kinds")
    parser.add_argument("parts", nargs="*", choices=["kills", *PARTS, []], metavar="PART", help=f"kills, {', '.join(PARTS)}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        injection = FaultInjection(Path(folder), arguments.seed)
        for part in arguments.parts or ["kills", *PARTS]:
            if part == "kills":
                injection.kills(arguments.kills)
            else:
                PARTS[part](injection)
        injection.summary()
        injection.close()
    sys.exit(bool(injection.differences))


if __name__ == "__main__":
    main()
