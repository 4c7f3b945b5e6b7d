"""XLSX, XLS, ODS and HTML tables as sheets of text, within limits on what is compressed."""
