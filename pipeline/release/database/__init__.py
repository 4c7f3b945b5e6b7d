"""The SQLite file of a release: tables, indexes, full-text search,
and the proof that it holds what it was given.
"""
