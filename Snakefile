import gc
import os
import sys
from pathlib import Path

from snakemake.utils import min_version

from rnnscope.configuration.files import check_readable
from rnnscope.errors import InputError

min_version("9.0")

# Keeps what Snakemake has imported out of the garbage collections, which would look through it again and again.
gc.freeze()

# This folder, from wherever it is used: another one (`snakemake -s .../Snakefile`), or another workflow's `module`.
HOME = Path(os.path.relpath(workflow.current_basedir.get_path_or_uri(secret_free=True)))


# The one of the working directory, if it has one of its own.
CONFIGURATION = Path("config.yaml") if os.path.exists("config.yaml") else HOME / "config.yaml"
try:
    check_readable(CONFIGURATION)
except InputError as error:
    sys.exit(f"configuration: {error}")


configfile: str(CONFIGURATION)


report: "workflow/report/introduction.rst"


include: "workflow/rules/sources.smk"
include: "workflow/rules/settings.smk"
include: "workflow/rules/paths.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/jobs.smk"
include: "workflow/rules/checks.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/ngrams.smk"


# Models are trained, or taken over where they were kept.
if KEPT:

    include: "workflow/rules/kept.smk"

else:

    include: "workflow/rules/training.smk"


include: "workflow/rules/evaluation.smk"
include: "workflow/rules/seeds.smk"
include: "workflow/rules/activations.smk"
include: "workflow/rules/losses.smk"
include: "workflow/rules/units.smk"
include: "workflow/rules/errors.smk"
include: "workflow/rules/comparisons.smk"
include: "workflow/rules/context.smk"
include: "workflow/rules/causes.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explorer.smk"
include: "workflow/rules/overview.smk"
include: "workflow/rules/every_rule.smk"
include: "workflow/rules/provenance.smk"
include: "workflow/rules/progress.smk"


rule all:
    default_target: True
    input:
        figures_and_pages,
