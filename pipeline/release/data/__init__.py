"""The rows of a release: sorted, written as CSV and Parquet, derived tables,
and what is reused of the release before.
"""
