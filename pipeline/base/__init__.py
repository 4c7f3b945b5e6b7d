"""What every other wing imports: errors, messages, the data model, engines, SQL and files.

Nothing here knows a dataset, a file kind or a page; `base` imports from no other wing.
"""
