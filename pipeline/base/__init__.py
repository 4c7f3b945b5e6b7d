"""What every other wing stands on: errors, messages, the data model, engines, SQL and files.

Nothing in here knows of a dataset, a file kind or a page; `base` imports from no other wing.
"""
