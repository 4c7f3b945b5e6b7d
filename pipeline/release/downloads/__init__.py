"""The files for download: gzip, XLSX, JSON Lines, Parquet and ZIP."""
