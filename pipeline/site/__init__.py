"""The public site: Datasette with pages, words, guards and downloads of our own.

`server` starts it, `pages` has a module for each kind of page, `datasette` what stands between them
and Datasette. Beside them lie `templates`, `static` and `words`.
"""
