"""The page to open after a run: what was found in each corpus, and where to look further."""
