"""Finite-horizon models: Kneser-Ney n-grams and n-NNs."""
