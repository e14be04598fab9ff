"""Figures of how much of the past networks use."""
