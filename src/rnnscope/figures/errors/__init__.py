"""Figures of the errors."""
