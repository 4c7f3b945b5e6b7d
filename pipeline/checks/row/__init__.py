"""The checks of one row: Table Schema, privacy, publication terms.

`check` joins them for a chunk.
"""
