"""Cells, networks, parameter-matched widths, checkpoints; everything that is torch and knows no text."""
