"""Finite-horizon models: Kneser-Ney n-grams."""
