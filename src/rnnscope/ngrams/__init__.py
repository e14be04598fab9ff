"""N-gram models with modified Kneser-Ney smoothing: counts, probabilities, back-off models, ARPA files."""
