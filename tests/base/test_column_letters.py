"""A column is named as a spreadsheet names it."""

from __future__ import annotations

import pytest

from pipeline.base import column_letters


@pytest.mark.parametrize(("position", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")])  # fmt: skip
def test_a_column_is_named_as_a_spreadsheet_names_it(position: int, name: str) -> None:
    assert column_letters.letters(position) == name
    assert column_letters.position(name.encode()) == position
