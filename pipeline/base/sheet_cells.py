"""Sheets exchanged with departments, and what a cell should contain.

The blank workbook, the feedback workbook and the reader of both use the same definitions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias

from pipeline.base.model import CodeList, Column
from pipeline.base.words import Lang, say

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta

#: Ends the first cell of every sheet that the pipeline adds, so that it is never read as data.
NOT_DATA = "（系统附表，不作为数据读取）"
FEW = 12  # a code list of at most this many entries is listed in full
YUAN = {"元": 1, "千元": 1_000, "万元": 10_000, "亿元": 100_000_000}


def is_added(first_cell: object) -> bool:
    """Whether the pipeline added the sheet with this first cell: lists, summaries, examples."""
    return isinstance(first_cell, str) and first_cell.rstrip().endswith(NOT_DATA)


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet of a department's file, as it was written.

    `rows()` gives (row number, cells from column A on), numbered as findings number them.
    """

    name: str  # "" for a file that has no sheets
    rows: Callable[[], Iterator[tuple[int, Sequence[Cell]]]]
    cells: int  # rows × columns, at most
    hidden: bool = False
    merged: tuple[
        tuple[int, int, int, int], ...
    ] = ()  # first row, column, last row, column; from 0


def written_unit(column: Column) -> str:
    """The unit in which departments write the column's amounts."""
    return column.source_unit or column.unit


def expected(column: Column, codes: CodeList | None, lang: Lang = "zh") -> str:
    """What a cell of `column` should contain, in a clerk's words, with an example."""
    said = say(f"expected-{_sort(column, codes)}", lang, **_params(column, codes))
    example = example_of(column)
    shown = example and column.kind not in ("choice", "choices")
    return said + (say("expected-example", lang, example=example) if shown else "")


def _sort(column: Column, codes: CodeList | None) -> str:
    if "enum" in column.constraints:
        return "enum"
    if codes:
        return f"{column.kind}-{'few' if len(codes.codes) <= FEW else 'many'}"
    if column.kind in ("text", "name", "organisation"):
        return "text-limit" if "maxLength" in column.constraints else "text"
    return column.kind


def _params(column: Column, codes: CodeList | None) -> dict[str, str]:
    listed = [str(v) for v in column.constraints.get("enum", ())]
    if codes and len(codes.codes) <= FEW:
        listed = [code.code for code in codes.codes]
    return {
        "unit": written_unit(column),
        "listed": "、".join(listed),
        "limit": str(column.constraints.get("maxLength", "")),
        "example": column.example,
    }


def example_of(column: Column) -> str:
    """The contract's example as a department would write it: amounts in the department's unit."""
    if column.kind == "money" and column.example:
        factor = Decimal(YUAN.get(column.unit, 1)) / YUAN.get(written_unit(column), 1)
        return f"{(Decimal(column.example) * factor).normalize():f}"
    if column.kind == "choices":
        return re.sub(re.escape(column.separator), "；", column.example)
    return column.example
