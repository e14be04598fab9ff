"""Jobs without the wait for imports: each runs in a fork of one process that has imported the libraries."""
