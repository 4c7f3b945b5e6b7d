"""Many tables on one sheet take as long as they are long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.base.model import Source
from pipeline.intake import sheet_tables
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened
from pipeline.intake.table import find_headers
from pipeline.intake.table.find_headers import Area, HeaderBlock, Merged
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.text.blocks import Parsed
from pipeline.intake.workbook.sheet import Sheet
from tests.support import clerks

TABLES = 30
HEAD, ROW = list(clerks.CERTIFICATE), list(clerks.CERTIFICATE.values())


def test_no_table_is_compared_with_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, times = find_headers.areas, list[int]()

    class Counted(list[Area]):
        def __iter__(self) -> Iterator[Area]:
            times.append(len(self))
            return super().__iter__()

    def areas(*asked: Any) -> Counted:
        return Counted(honest(*asked))

    monkeypatch.setattr(find_headers, "areas", areas)
    rows = [row for n in range(TABLES) for row in ([f"第{n}批"], HEAD[:: 1 - n % 2 * 2], ROW)]
    file, source = InboxFile(Path("a.xlsx"), "a.xlsx", False, Hint()), Source("", "a.xlsx", "", 1)
    tables = list(sheet_tables._open_sheet(source, Sheet("", rows), file, clerks.CATALOG))
    assert len(tables) == TABLES and len(times) < 5


def test_no_table_looks_at_merged_cells_or_shown_numbers_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest, looked = find_headers.banners, list[int]()

    def banners(merged: Sequence[Merged], block: HeaderBlock) -> frozenset[int]:
        looked.append(len(merged))
        return honest(merged, block)

    class Counted(tuple[int, int, int, str]):
        def __getitem__(self, at: Any) -> Any:
            looked.append(1)
            return super().__getitem__(at)

    monkeypatch.setattr(find_headers, "banners", banners)
    row = ["42", *ROW[1:]]
    rows = [cells for n in range(TABLES) for cells in ([f"第{n}批"], HEAD, row, row, ["甲"], row)]
    tops = range(1, len(rows), 6)
    merged = [m for top in tops for m in (Merged(top + 4, 0, top + 4, 9), Merged(top + 2, 1, top + 3, 1))]  # fmt: skip
    runs = [Counted((0, top + 2, top + 3, "甲-\0\0\0")) for top in tops]
    file, source = InboxFile(Path("a.xlsx"), "a.xlsx", False, Hint()), Source("", "a.xlsx", "", 1)
    sheet = Sheet("", rows, merged=merged[::-1], shown=runs)
    opened = sheet_tables._open_sheet(source, sheet, file, clerks.CATALOG)
    tables = [each for each in opened if isinstance(each, Opened)]
    chunks = [each.chunk for each in tables if isinstance(each.chunk, partial)]
    layouts = [chunk.args[0].layout for chunk in chunks]
    assert [(layout.banners, layout.merged) for layout in layouts] == [
        ({top + 4}, [Merged(top + 2, 1, top + 3, 1)]) for top in tops
    ]
    parsed = [piece for each in tables for piece in each.pieces() if isinstance(piece, Parsed)]
    pieces = [piece.table["0"].to_pylist() for piece in parsed]
    assert [cells[2:] for cells in pieces] == [["甲-042", "甲-042", "甲", "42"]] * TABLES
    assert sum(looked) < 20 * TABLES
