"""Arrow works without pandas, and takes arrays of NumPy as it always does."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from pipeline.base.arrow import of_numpy
from pipeline.base.optional_imports import hidden

ARRAYS = [
    np.array([], np.int64),
    np.array([], bool),
    np.array([3, -1, 2**62]),
    np.arange(20, dtype=np.int32)[::3],
    np.arange(9)[2:5],
    np.array([True]),
    np.array([True, False, True] * 7),
    np.array([False] * 9 + [True] * 8)[1:],
    np.array([0.5, -2.0]),
]


@pytest.mark.parametrize("values", ARRAYS, ids=lambda v: f"{v.dtype}-{len(v)}")
def test_an_array_of_numpy_becomes_what_arrow_makes_of_it(values: np.ndarray) -> None:
    made = of_numpy(values)
    made.validate(full=True)
    assert made.equals(pa.array(values))
    assert made.null_count == 0


def test_arrays_are_made_without_pandas_and_frames_are_taken_all_the_same() -> None:
    code = """
import sys
import pipeline.base.row_checksums
import pyarrow as pa
assert pa.table({"a": ["x", None]})["a"].to_pylist() == ["x", None]
assert "pandas" not in sys.modules
import pandas as pd
frame = pd.DataFrame({"a": ["x", None]}, dtype=object)
assert pa.Table.from_pandas(frame, preserve_index=False)["a"].to_pylist() == ["x", None]
assert pa.array(pd.Series(["x", None])).to_pylist() == ["x", None]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_left_out_is_not_found_and_found_again_later() -> None:
    with hidden("colorsys"):
        sys.modules.pop("colorsys", None)
        with pytest.raises(ModuleNotFoundError, match="colorsys"):
            import colorsys
    import colorsys

    assert colorsys.rgb_to_hls(0, 0, 0) == (0, 0, 0)


def test_what_is_loaded_already_is_not_left_out() -> None:
    with hidden("json"):
        import json

    assert json.loads("1") == 1
