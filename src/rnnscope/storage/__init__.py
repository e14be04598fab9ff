"""Files on disk: whole or not at all, checksums, provenance, parquet, CSV, tensors, predictions."""
