"""Where the errors come from: oracles, breakdowns, overlaps."""
