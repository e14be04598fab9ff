"""Write gates and states to parquet and read them back in bounded memory."""
