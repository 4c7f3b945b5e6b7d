"""The files that people download: gzip, XLSX, JSON Lines and ZIP."""
