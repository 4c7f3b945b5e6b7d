"""Reading and normalising beside the libraries that merely read.

Text: our intake of a file of 25 columns against pyarrow reading the same file as text. Workbooks:
against pandas with calamine reading all sheets. Each is run in turn with its rival and the best of
several runs counts, so that a busy machine affects both alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from bench.run import DATASET, HERE, prepare
from pipeline.base.engine import ordered_map
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.read import Opened
from pipeline.intake.table.sources_yaml import Hint

ROWS = 200_000
SHEETS, SHEET_ROWS = 4, 5_000
TEXT_AIM, WORKBOOK_AIM = 3.0, 1.6  # times the rival's time, at most
TRIES = 5


def run() -> dict[str, Any]:
    """Seconds of each, the ratios and what they should be."""
    contract = catalog.load(HERE.parent / "datapackage", RULES)
    text = prepare(ROWS) / "inbox" / DATASET / f"synthetic-sample-{ROWS}.csv"
    book = _workbook(text)
    return {
        "text": _beside(lambda: _intake(text, contract), lambda: _arrow(text), TEXT_AIM),
        "workbook": _beside(lambda: _intake(book, contract), lambda: _pandas(book), WORKBOOK_AIM),
    }


def _beside(ours: Callable[[], int], theirs: Callable[[], int], aim: float) -> dict[str, Any]:
    """The best of several turns of each; both must read the same number of rows."""
    best = [float("inf"), float("inf")]
    for _ in range(TRIES):
        rows = []
        for i, work in enumerate((ours, theirs)):
            start = time.perf_counter()
            rows.append(work())
            best[i] = min(best[i], time.perf_counter() - start)
        if rows[0] != rows[1]:
            raise AssertionError(f"{rows[0]} rows read, {rows[1]} by the other")
    return {
        "rows": rows[0],
        "seconds": round(best[0], 3),
        "rival_seconds": round(best[1], 3),
        "ratio": round(best[0] / best[1], 2),
        "aim": aim,
    }


def _intake(path: Path, contract: Any) -> int:
    """Rows of all chunks, read side by side as a run reads them: it has hashed the file already."""
    file = InboxFile(path, f"{DATASET}/{path.name}", False, Hint(), sha256="0" * 64)
    rows = 0
    for opened in read.open_file(file, contract):
        assert isinstance(opened, Opened)
        rows += sum(len(chunk.table) for chunk in ordered_map(opened.chunk, opened.pieces()))
    return rows


def _arrow(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split(",")
    types = dict.fromkeys(names, pa.string())
    options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    return len(pa_csv.read_csv(path, convert_options=options))


def _pandas(path: Path) -> int:
    sheets = pd.read_excel(path, sheet_name=None, engine="calamine", dtype=str)
    return sum(map(len, sheets.values()))


def _workbook(text: Path) -> Path:
    """The first rows of the text file as a workbook of several sheets, made once."""
    path = text.parent.parent.parent / "intake-workbook.xlsx"
    if not path.exists():
        frame = pd.read_csv(text, dtype=str, keep_default_na=False, nrows=SHEETS * SHEET_ROWS)
        with pd.ExcelWriter(path, engine="xlsxwriter") as writer:
            for n in range(SHEETS):
                part = frame.iloc[n * SHEET_ROWS : (n + 1) * SHEET_ROWS]
                part.to_excel(writer, sheet_name=f"第{n + 1}季度", index=False)
    return path
