"""What the paper reports, compared with what is found here: value by value, and claim by claim."""
