"""Yearly reports: repair the text, read every figure with its sentence, hold it against records."""
