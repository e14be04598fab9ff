"""Figures of the losses."""
