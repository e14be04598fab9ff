"""What notebooks and scripts use: the results of a corpus as arrays and data frames."""
