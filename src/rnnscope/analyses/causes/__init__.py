"""What single units of a network cause."""
