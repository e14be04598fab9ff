"""Figures of what comes back when a network is trained from another seed."""
