"""The public site: Datasette with pages, words, guards and downloads of our own.

`server` starts it, `pages` has a module for each kind of page, and `datasette` adapts Datasette:
middleware, editions, guards, facets and search. `templates`, `static` and `words` are data.
"""
