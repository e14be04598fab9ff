"""One module an analysis: tables in, one table out."""
