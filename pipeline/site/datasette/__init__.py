"""What stands between Datasette and the pages: editions, guards, paging, facets, order.

All that is taken from inside Datasette is in `upstream`.
"""
