"""Judged over all rows of a dataset: keys, duplicates, conflicts, references."""
