"""The rows of a release: sorted, written as CSV and Parquet; derived tables; reuse of files of the
release before.
"""
