"""What stands between Datasette and the pages: editions, guards, paging, facets, order; all that is taken from inside Datasette is in `upstream`."""
