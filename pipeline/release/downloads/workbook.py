"""A dataset as XLSX: typed cells, a frozen header, codes as text, never a formula.

xlsxwriter writes the workbook with its styles, properties and headers; the rows are inserted into
its sheets as XML that DuckDB makes of whole columns, which is ten times faster than cell by cell.
SpreadsheetML: ECMA-376 part 1, 18.3.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import xlsxwriter

from pipeline.base.files import naming
from pipeline.base.model import Column, Dataset
from pipeline.base.spreadsheet_safety import WORKBOOK
from pipeline.base.sql import Sql, quoted
from pipeline.contract.catalog import published_columns
from pipeline.release.downloads import zip_gzip
from pipeline.release.downloads.zip_gzip import Zip

ROWS_A_SHEET = 1_048_575  # Excel's 1,048,576 less the header
MOST_DIGITS = 15  # of a number; one that has more is written as text
LONGEST = 32_767  # characters that a cell can hold
CUT = "……（全文见 CSV）"  # the end of a longer text
_FORMATS = {
    "text": "@",
    "date": "yyyy-mm-dd",
    "money": "#,##0.00",
    "integer": "0",
    "number": "General",
}
_NO_XML = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}"  # not allowed in XML 1.0 (2.2), in RE2 syntax
)
_END = b"</sheetData>"
_STYLED = re.compile(rb'<c r="[A-Z]+2" s="(\d+)"/>')


def write(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    source: Sql,
    path: Path,
    count: int,
    today: date,
) -> None:
    """Write the workbook of `source`, an SQL source of `count` rows of text, at `path`.

    More rows than a sheet holds go to further sheets. `today`: the release's day, which is the
    workbook's date of creation, so that the same rows give the same bytes.
    """
    columns = published_columns(dataset)
    made = zipfile.ZipFile(io.BytesIO(template(dataset, count, today)))
    with made, naming(path), Zip(path) as archive:
        for name in sorted(made.namelist(), key=part_order):
            sheet = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
            if not sheet:
                archive.add(name, zip_gzip.deflated([made.read(name)]))
                continue
            before = (int(sheet[1]) - 1) * ROWS_A_SHEET
            rows = f"(select * from {source} limit {ROWS_A_SHEET} offset {before})"
            here = min(count - before, ROWS_A_SHEET)
            text = zip_gzip.joined(_sheet(con, made.read(name), columns, rows, here))
            archive.add(name, zip_gzip.deflated(text))


def part_order(name: str) -> tuple[bool, str]:
    """The sort key of a workbook's files: [Content_Types].xml comes first (ECMA-376 part 2)."""
    return name != "[Content_Types].xml", name


def template(dataset: Dataset, count: int, today: date) -> bytes:
    """The bytes of a workbook for `count` rows: headers, and one row of empty cells per sheet, from
    which each column's style number is read.
    """
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, **WORKBOOK})
    created = datetime(today.year, today.month, today.day)
    book.set_properties({"title": dataset.title, "comments": dataset.title_en, "created": created})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
    styles = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
    columns = published_columns(dataset)
    for number in range(max(1, -(-count // ROWS_A_SHEET))):
        name = dataset.name[:28]
        sheet = book.add_worksheet(name if number == 0 else f"{name}_{number + 1}")
        here = min(count - number * ROWS_A_SHEET, ROWS_A_SHEET)
        for place, column in enumerate(columns):
            style = styles[_style(column)]
            sheet.set_column(place, place, 12 if column.type != "string" else 20, style)
            sheet.write_string(0, place, column.name, head)
            sheet.write_blank(1, place, None, style)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(here, 1), len(columns) - 1)
    book.close()
    return target.getvalue()


def _style(column: Column) -> str:
    if column.kind in ("money", "date"):
        return column.kind
    if column.type in ("integer", "year") or column.kind == "year":
        return "integer"
    return column.type if column.type in ("date", "number") else "text"


def _sheet(
    con: duckdb.DuckDBPyConnection,
    made: bytes,
    columns: tuple[Column, ...],
    rows: Sql,
    count: int,
) -> Iterator[bytes]:
    """A sheet's XML with `rows` in place of the row of empty cells."""
    above, below = frame(made, count)
    yield above
    yield from row_texts(con, made, columns, rows)
    yield below


def frame(made: bytes, count: int) -> tuple[bytes, bytes]:
    """The XML above and below the `count` rows of a sheet from `template`."""
    above, _, below = made.partition(_END)
    above = above[: above.index(b'<row r="2"')]
    last = re.search(rb'<dimension ref="A1:([A-Z]+)\d+"', above)
    if last:
        at = b'<dimension ref="A1:%s%d"' % (last[1], count + 1)
        above = above[: last.start()] + at + above[last.end() :]
    return above, _END + below


def row_texts(
    con: duckdb.DuckDBPyConnection, made: bytes, columns: tuple[Column, ...], rows: Sql
) -> Iterator[bytes]:
    """The XML of `rows`, an SQL source, many at a time. `made`: the sheet's XML from `template`."""
    styles = [int(style) for style in _STYLED.findall(made)]
    # One concat of all cells: a chain of || would copy the row once for each.
    cells = ", ".join(_cell(c, s) for c, s in zip(columns, styles, strict=True))
    return zip_gzip.texts_of(con, f"select concat('<row>', {cells}, '</row>') from {rows}")


def _cell(column: Column, style: int) -> Sql:
    """The SQL of one cell's XML. Text is written as inline text, which Excel never runs."""
    name, kind = quoted(column.name), _style(column)
    if kind == "date":
        # Excel counts days from 1899-12-30, wrongly before 1900-03-01: those are written as text.
        days = f"date_diff('day', date '1899-12-30', cast({name} as date))"
        cell = f"'<c s=\"{style}\"><v>' || {days} || '</v></c>'"
        number = f"case when {name} >= '1900-03-01' then {cell} else {_text(name)} end"
        return f"coalesce({number}, '<c/>')"
    if kind in ("money", "integer", "number"):
        number = f"'<c s=\"{style}\"><v>' || {name} || '</v></c>'"
        cell = number if kind == "money" else _unless_long(name, number)
        return f"coalesce({cell}, '<c/>')"
    return f"coalesce({_text(name)}, '<c/>')"


def is_long(name: Sql) -> Sql:
    """The SQL condition that a plain number has more digits than a spreadsheet shows: 15."""
    return f"length(ltrim(replace(replace({name}, '-', ''), '.', ''), '0')) > {MOST_DIGITS}"


def _unless_long(name: Sql, number: Sql) -> Sql:
    return f"case when {is_long(name)} then {_text(name)} else {number} end"


def _text(name: Sql) -> Sql:
    """Inline text, escaped for XML 1.0; so is `_xHHHH_`, which Excel reads as an escape
    (ECMA-376 part 1, 22.9.2.19).

    Most cells need no escape: one regular expression finds those that do.
    """
    short = f"left({name}, {LONGEST - len(CUT)}) || '{CUT}'"
    cut = f"case when length({name}) > {LONGEST} then {short} else {name} end"
    plain = f"regexp_matches({name}, '[&<>\\r{_NO_XML}]|^\\s|\\s$|\\n|_x')"
    escaped = f"replace(replace(replace({cut}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    escaped = f"regexp_replace({escaped}, '_(x[0-9A-Fa-f]{{4}}_)', '_x005F_\\1', 'g')"
    escaped = f"regexp_replace(replace({escaped}, chr(13), '_x000D_'), '[{_NO_XML}]', '', 'g')"
    return (
        f"case when length({name}) > {LONGEST} or {plain} "
        f"then '<c t=\"inlineStr\"><is><t xml:space=\"preserve\">' || {escaped} || '</t></is></c>' "
        f"else '<c t=\"inlineStr\"><is><t>' || {name} || '</t></is></c>' end"
    )


def rows_in(path: Path) -> int:
    """The number of rows below the headers of a workbook's sheets; reads every byte."""
    count = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as part:
                tail = b""
                while block := part.read(1 << 20):
                    text = tail + block
                    if name.startswith("xl/worksheets/sheet"):
                        count += text.count(b"<row>")
                    tail = text[-4:]
    return count
