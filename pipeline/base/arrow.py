"""Arrow without pandas, and without what NumPy loads late.

The first time that Arrow is given values to make an array of, it looks whether they are a pandas Series,
and imports pandas for it: as long again as Arrow and DuckDB take together. Given an array of NumPy it
looks whether that is a masked one, and so loads `numpy.ma`. Nothing here gives it either.
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa

from pipeline.base.optional_imports import hidden


def leave_pandas_out() -> None:
    """Let Arrow look for pandas once, in vain; where pandas is loaded already, nothing changes.

    What needs pandas imports it as ever, and `from_pandas` makes Arrow find it.
    """
    if "pandas" in sys.modules:
        return
    with hidden("pandas"):
        pa.array([])


def of_numpy(values: np.ndarray) -> pa.Array:
    """Numbers or flags as an Arrow array of the same type, none of them null. Numbers are not copied."""
    if values.dtype == np.bool_:
        data, kind = np.packbits(values, bitorder="little"), pa.bool_()
    else:
        data, kind = np.ascontiguousarray(values), pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(data)])
