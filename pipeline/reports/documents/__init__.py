"""A report's file to text: TXT, DOCX, HTML and PDF."""
