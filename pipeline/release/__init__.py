"""Accepted rows to an immutable release.

`build` makes one in a folder aside: `working` fills the tables about the pipeline itself, `package`
writes the Data Package, `database` the SQLite file, `metadata` and `search` what the site needs.
`gate` lets it through or not, `store` makes it `current`.
"""
