"""The optimisation, one training run, selection, evaluation, dynamic evaluation and sampling."""
