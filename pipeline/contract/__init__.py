"""Reads `datapackage/` into frozen dataclasses: `catalog` the whole, `yaml_reader` one file."""
