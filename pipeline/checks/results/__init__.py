"""What the checks leave: Parquet files of rows, findings, quarantine, notes on cells."""
