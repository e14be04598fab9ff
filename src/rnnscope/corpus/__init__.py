"""Fetch or assemble a text, and split it into streams."""
