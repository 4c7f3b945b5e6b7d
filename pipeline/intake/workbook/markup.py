"""Tables in markup: HTML, and the XML of Excel 2003.

Government systems export these under the name .xls, or as .html.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from pipeline.intake.table.find_headers import Merged
from pipeline.intake.text import encodings
from pipeline.intake.workbook.archive import safe_parser
from pipeline.intake.workbook.facts import CELLS_MOST
from pipeline.intake.workbook.sheet import Sheet, Unreadable

LARGEST = 128 << 20  # bytes
WIDEST = 1024  # columns that one cell may span
_EXCEL = "{urn:schemas-microsoft-com:office:spreadsheet}"

Spans = list[tuple[str, int, int, int]]  # text, columns to skip before it, rows, columns


def sheets(path: Path) -> Iterator[Sheet]:
    """Every table of the file, as a sheet. Raises Unreadable where there is none."""
    if path.stat().st_size > LARGEST:
        raise Unreadable("file-bomb")
    facts = encodings.scan(path)
    text = b"".join(encodings.utf8_blocks(path, encodings.decide(facts, path), [])).decode()
    text = text.removeprefix("\ufeff").replace("\0", "")
    is_excel = _EXCEL[1:-1] in text[:4096]
    found = list(_excel_xml(text) if is_excel else _html(text))
    if not found:
        raise Unreadable("file-broken" if is_excel else "markup-no-table")
    yield from found


def _excel_xml(text: str) -> Iterator[Sheet]:
    root = etree.fromstring(text.encode(), safe_parser("utf-8"))
    for sheet in root.iter(f"{_EXCEL}Worksheet") if root is not None else ():
        rows = [_excel_row(row) for row in sheet.iter(f"{_EXCEL}Row")]
        yield _laid_out(str(sheet.get(f"{_EXCEL}Name", "")), rows)


def _excel_row(row: etree._Element) -> Spans:
    cells, column = Spans(), 0
    for cell in row.iter(f"{_EXCEL}Cell"):
        at = _number(cell.get(f"{_EXCEL}Index"), column + 1) - 1
        merged = (cell.get(f"{_EXCEL}{name}") for name in ("MergeAcross", "MergeDown"))
        right, down = (_number(count, 0) for count in merged)
        data = cell.find(f"{_EXCEL}Data")
        text = "" if data is None else "".join(data.itertext())
        if data is not None and data.get(f"{_EXCEL}Type") == "DateTime":
            text = text.removesuffix("T00:00:00.000")
        cells.append((text, min(max(at - column, 0), WIDEST), down + 1, right + 1))
        column = max(at, column) + right + 1
    return cells


def _html(text: str) -> Iterator[Sheet]:
    try:
        root = html.fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return
    tables = [t for t in root.iter("table") if not t.xpath("ancestor::table")]
    for number, table in enumerate(tables, 1):
        rows = [_html_row(row) for row in table.iter("tr")]
        yield _laid_out(f"{number}" if len(tables) > 1 else "", rows)


def _html_row(row: etree._Element) -> Spans:
    return [
        (_text(c), 0, _number(c.get("rowspan"), 1), _number(c.get("colspan"), 1))
        for c in row
        if c.tag in ("td", "th")
    ]


def _text(cell: etree._Element) -> str:
    for line_break in cell.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    lines = "".join(cell.itertext()).replace("\xa0", " ").split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def _number(written: str | None, otherwise: int) -> int:
    number = int(written) if written and written.isdecimal() and len(written) < 9 else otherwise
    return min(number, 1 << 20)


def _laid_out(name: str, rows: list[Spans]) -> Sheet:
    """Rows of text with each cell in its column, those that reach over several being merged."""
    grid, merged, count = list[list[str]](), list[Merged](), 0
    covered = dict[int, int]()  # column → last row that a cell from above spans
    reach = until = 0  # columns, and last row, that whoever fills tall cells down may fill
    for number, cells in enumerate(rows, 1):
        line, column = list[str](), 0
        reach = reach if number <= until else 0
        for text, skipped, down, right in cells:
            column += skipped
            while covered.get(column, 0) >= number:
                column += 1
            right, down = min(right, WIDEST), min(down, len(rows) - number + 1)
            line += [""] * (column - len(line))
            line += [text, *[""] * (right - 1)]
            if right > 1 or down > 1:
                merged.append(Merged(number, column, number + down - 1, column + right - 1))
                covered |= dict.fromkeys(range(column, column + right), number + down - 1)
            column += right
            if down > 1:
                reach, until = max(reach, column), max(until, number + down - 1)
        grid.append(line)
        count += max(len(line), reach)
        if count > CELLS_MOST:
            raise Unreadable("file-too-large")
    return Sheet(name, grid, "" if any(map(any, grid)) else "empty", tuple(merged))
