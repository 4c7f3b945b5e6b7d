"""The SQLite file of a release: tables, indexes, full-text search, and the check that it holds
exactly the rows it was given.
"""
