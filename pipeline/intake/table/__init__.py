"""Cells to a table of the contract: find its header, match columns,
make values canonical, set aside what is no record.
"""
