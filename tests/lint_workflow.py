"""Run `snakemake --lint` and fail on every remark but the one answered here."""

import subprocess
import sys
from pathlib import Path

# All stages run in the one environment that the Makefile installs from requirements.lock, which pins every version;
# a second description of it for each rule could only disagree.
ANSWERED = "* Specify a conda environment or container for each rule.:"


def main() -> None:
    snakemake = Path(sys.executable).with_name("snakemake")
    done = subprocess.run([snakemake, "--lint"], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    places = [line for line in lines if line.startswith("Lints for ")]
    remarks = [line.strip() for line in lines if line.strip().startswith("* ")]
    open_remarks = [remark for remark in remarks if remark != ANSWERED]
    if open_remarks or not places or len(remarks) != len(places):
        sys.exit(done.stdout + done.stderr)
    print(f"snakemake --lint: {len(remarks)} rules, no remark but the one answered in {Path(__file__).name}")


if __name__ == "__main__":
    main()
