"""One training run, the choice of dropout, evaluation and sampling of a checkpoint."""
