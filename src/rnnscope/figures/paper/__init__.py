"""Figures that compare with the paper."""
