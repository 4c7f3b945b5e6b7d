"""Bytes to tables: what departments send, read with nothing lost.

`inbox` lists the files, `text` and `workbook` read one file each, `table` finds the header and
normalises the cells below it; `read` joins them. `cells` reads a file's sheets as written, for
feedback. `authoring` writes blank workbooks.
"""
