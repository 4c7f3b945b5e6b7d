"""The layer between Datasette and the pages: editions, guards, paging, facets, order.

Everything imported from inside Datasette is in `upstream`.
"""
