"""One training run, evaluation and sampling of a checkpoint."""
