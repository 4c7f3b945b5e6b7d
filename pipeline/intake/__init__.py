"""Bytes to tables: what departments send, read with nothing lost.

`sources` lists the inbox, `text_files`, `workbooks` and `json_files` read one file each, `headers`
matches what stands above the columns to the contract, `values` makes what stands in the cells
canonical, `read` joins them.
"""
