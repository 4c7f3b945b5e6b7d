"""Arrow without pandas and `numpy.ma`, which it would import only to test types.

When Arrow first makes an array, it imports pandas to see whether the values are a Series: that
takes as long as importing Arrow and DuckDB. Given a NumPy array, it imports `numpy.ma` to see
whether that is masked. The functions here avoid both.
"""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa

from pipeline.base.optional_imports import hidden


def leave_pandas_out() -> None:
    """Make Arrow look for pandas once and not find it; nothing changes where it is loaded already.

    Code that needs pandas imports it as usual, and `from_pandas` makes Arrow find it.
    """
    if "pandas" in sys.modules:
        return
    with hidden("pandas"):
        pa.array([])


def of_numpy(values: np.ndarray) -> pa.Array:
    """A NumPy array of numbers or booleans as an Arrow array of the same type, without nulls.

    Numbers share memory with `values`; booleans are packed, since Arrow keeps them as bits.
    """
    if values.dtype == np.bool_:
        data, kind = np.packbits(values, bitorder="little"), pa.bool_()
    else:
        data, kind = np.ascontiguousarray(values), pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(data)])
