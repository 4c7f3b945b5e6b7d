"""Canonical rows to accepted, quarantined and withheld ones, with every reason.

`row` checks each row (Table Schema, privacy, publication), `rules` holds the rules of the law and
the contract for columns, rows and whole datasets, `privacy` finds personal values in a text,
`across` checks keys over all rows, `results` stores the outcome, `feedback` writes the workbooks
that departments get back.
"""
