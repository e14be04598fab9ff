"""The page in the browser: its template, style and scripts."""
