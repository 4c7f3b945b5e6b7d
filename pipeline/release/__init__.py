"""Accepted rows to an immutable release.

`build` makes one in a temporary folder: `data` writes the rows, `package` their description,
`database` the SQLite file, `downloads` the files for download. `gate` accepts or refuses it,
`package.store` makes it `current`, `removal` deletes records from all kept releases, `store`
copies, verifies and compares releases.
"""
