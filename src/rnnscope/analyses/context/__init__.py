"""How much of the past networks use."""
