"""Accepted rows to an immutable release.

`build` makes one in a folder aside: `data` writes the rows, `package` their description, `database`
the SQLite file, `downloads` what people download. `gate` lets it through or not, `package.store`
makes it `current`, `removal` takes records out of all that is kept, `store` copies, verifies and
compares releases.
"""
