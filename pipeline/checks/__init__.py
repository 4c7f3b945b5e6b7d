"""Canonical rows to accepted and quarantined ones, with every reason.

`row` judges each row for itself (Table Schema, privacy, publication), `rules` holds what the law
and the contract ask of columns, rows and whole datasets, `privacy` finds what is personal in a
text, `across` judges keys over all rows, `results` keeps what came of it, `feedback` writes the
workbooks that departments get back.
"""
