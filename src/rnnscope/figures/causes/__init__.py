"""Figures of what single units cause."""
