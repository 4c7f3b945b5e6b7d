"""A contract or a blank workbook made for somebody: a dataset drafted from a sample, a template."""
