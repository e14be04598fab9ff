"""Figures of units and gates."""
