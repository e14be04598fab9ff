"""The networks in the browser: a worker that runs any cell of models/cells.py."""
