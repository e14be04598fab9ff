"""What others have reported, with its source."""
