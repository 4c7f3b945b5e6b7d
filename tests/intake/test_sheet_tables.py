"""Many tables on one sheet take as long as they are long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.base.model import Source
from pipeline.intake import sheet_tables
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table import find_headers
from pipeline.intake.table.find_headers import Area
from pipeline.intake.table.sources_yaml import Hint
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
