"""Train character-level recurrent networks and look inside them (Karpathy, Johnson, Fei-Fei 2015)."""
