"""`datapackage/` read into frozen dataclasses: `catalog` joins,
`yaml_reader` reads one file with its line numbers.
"""
