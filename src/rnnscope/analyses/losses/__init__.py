"""How well each model predicts: losses, learning curves, finite horizons, differences between models."""
