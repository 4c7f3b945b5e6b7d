"""Workbooks (XLSX, XLSB, XLS, ODS, tables in markup) to rows, sheet by sheet.

calamine and lxml read them, in a process of their own with bounded memory and time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from pipeline.intake.table.find_headers import Merged
from pipeline.intake.workbook import reader_process
from pipeline.intake.workbook.reader_process import Ended, Frame
from pipeline.intake.workbook.sheet import Sheet, Unreadable

CRASHES_MOST = 3  # sheets of one file at which a process may end
_SKIPPED = {"file-too-large": "too-large", "file-broken": "broken"}


def sheets(path: Path, is_markup: bool = False, is_typed: bool = False) -> Generator[Sheet]:
    """Every sheet of the workbook.

    Cells are texts, as a person would have typed them; with `is_typed`, numbers and dates are as
    they are, and rows of hidden sheets are given too. Raises Unreadable where the workbook cannot
    be opened, OSError where the system refuses the file.
    """
    done = crashes = 0
    was_tried = False
    begun = list[str]()  # the sheet that is being read
    while True:
        try:
            request = [str(path.absolute()), is_markup, is_typed, done]
            for sheet in _sheets(request, begun):
                yield sheet
                done, was_tried = done + 1, False
            return
        except Ended as ended:
            if ended.by_chance and not was_tried:
                was_tried = True
                continue
            crashes += 1
            if ended.is_ours or not begun or crashes > CRASHES_MOST:
                raise Unreadable(ended.rule) from ended
            yield Sheet(begun[-1], skipped=_SKIPPED[ended.rule])
            done, was_tried = done + 1, False


def _sheets(request: Frame, begun: list[str]) -> Iterator[Sheet]:
    """The sheets that a request gives; `begun` holds the name of the one that is not complete."""
    begun.clear()
    about, rows = dict[str, Any](), list[list[str]]()
    with reader_process.lent() as reader:
        for kind, *rest in reader.frames(request):
            if kind == "begin":
                begun.append(rest[0])
            elif kind == "sheet":
                about, rows = rest[0], []
            elif kind == "rows":
                rows += rest[0]
            elif kind == "end":
                begun.clear()
                yield _sheet(about, rows)
            elif kind == "unreadable":
                if begun:  # the others may be read
                    raise Ended(rest[0], is_ours=False, by_chance=False)
                raise Unreadable(rest[0], rest[1])
            elif kind == "refused":
                raise OSError(*rest)
            elif kind == "failed":
                raise Unreadable("reader-failed", {"error": rest[0]})


def _sheet(about: dict[str, Any], rows: list[list[str]]) -> Sheet:
    merged = tuple(Merged(*corners) for corners in about.pop("merged", ()))
    for name in ("hidden", "struck", "hidden_columns"):
        about[name] = frozenset(about.get(name, ()))
    about["shown"] = tuple(map(tuple, about.get("shown", ())))
    return Sheet(rows=rows, merged=merged, **about)
