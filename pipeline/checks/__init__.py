"""Canonical rows to accepted and quarantined ones, with every reason.

`schema` holds a column against its Table Schema, `rules` against the law, `privacy` keeps back what
must not be public, `keys` looks across rows and datasets, `check` joins them for one chunk.
"""
