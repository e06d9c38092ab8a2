"""GLUE as its files ship: tab-separated, parquet, or the hub's copy."""
