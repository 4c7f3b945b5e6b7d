"""Text files and JSON: encodings, delimiters, broken quotes,
and blocks that can be read side by side.
"""
