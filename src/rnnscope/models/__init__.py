"""The three recurrences, the stacked network, parameter-matched widths, checkpoints."""
