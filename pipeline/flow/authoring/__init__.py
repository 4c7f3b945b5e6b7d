"""A dataset's contract drafted from a sample file, and proved by reading that file with it.

`sample` finds the table, `guess` and `personal` judge its columns, `draft_yaml` writes them down,
`proof` reads the sample with the draft as `check` does, `new_dataset` puts them together.
"""
