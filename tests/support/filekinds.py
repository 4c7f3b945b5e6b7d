"""One table written in every kind of file that an inbox may hold."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import opencc
import openpyxl

Grid = Sequence[Sequence[str]]  # the header, then the rows
Write = Callable[[Path, Grid], None]  # the path comes without an ending


def separated(encoding: str, mark: str = ",", ending: str = ".csv") -> Write:
    def write(path: Path, grid: Grid) -> None:
        out = io.StringIO()
        csv.writer(out, delimiter=mark).writerows(grid)
        path.with_suffix(ending).write_bytes(out.getvalue().encode(encoding))

    return write


def big5(path: Path, grid: Grid) -> None:
    """In traditional characters, since Big5 has no others."""
    convert = opencc.OpenCC("s2t").convert
    lines = [[convert(cell).replace("〔", "[").replace("〕", "]") for cell in row] for row in grid]
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    path.with_suffix(".csv").write_bytes(out.getvalue().encode("big5hkscs", "ignore"))


def xlsx(path: Path, grid: Grid) -> None:
    book = openpyxl.Workbook()
    for row in grid:
        book.active.append(list(row))
    book.save(path.with_suffix(".xlsx"))


def ods(path: Path, grid: Grid) -> None:
    rows = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{escape(c)}</text:p></table:table-cell>' for c in row)
        + "</table:table-row>"
        for row in grid
    )  # fmt: skip
    name = "urn:oasis:names:tc:opendocument:xmlns:"
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{name}office:1.0" xmlns:table="{name}table:1.0" xmlns:text="{name}text:1.0"><office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(path.with_suffix(".ods"), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>')  # fmt: skip
        archive.writestr("content.xml", content)


def xls(path: Path, grid: Grid) -> None:
    """BIFF8 (MS-XLS): a workbook's globals, one sheet of LABEL records, in a compound file."""
    path.with_suffix(".xls").write_bytes(xls_of(labels(grid)))


def labels(grid: Grid) -> bytes:
    return b"".join(
        record(0x0204, struct.pack("<HHH", r, c, 0) + _string("<H", cell))
        for r, row in enumerate(grid)
        for c, cell in enumerate(row)
    )


def xls_of(records: bytes, styles: bytes = b"") -> bytes:
    """An XLS of one sheet with these records; `styles` are records of the workbook."""
    sheet = record(0x0809, _BOF_SHEET) + records + record(0x000A, b"")
    opening, name = record(0x0809, _BOF_BOOK) + styles, _string("<B", "S")
    offset = len(opening) + 4 + 6 + len(name) + 4
    bound = record(0x0085, struct.pack("<IH", offset, 0) + name)
    return _compound(opening + bound + record(0x000A, b"") + sheet)


_BOF_BOOK, _BOF_SHEET = (struct.pack("<HHHHII", 0x0600, of, 0, 0, 0, 0) for of in (0x0005, 0x0010))


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _string(length: str, text: str) -> bytes:
    return struct.pack(length, len(text.encode("utf-16-le")) // 2) + b"\x01" + text.encode("utf-16-le")  # fmt: skip


def _compound(stream: bytes) -> bytes:
    """A compound file (MS-CFB) of 512-byte sectors with one stream: FAT, directory, then the stream."""
    stream = stream.ljust(4096, b"\0")  # shorter ones would lie elsewhere
    count = -(-len(stream) // 512)
    fats = 1 + (count + 2) // 128 + ((count + 2 + (count + 2) // 128) // 128 > (count + 2) // 128)
    end, first = 0xFFFFFFFE, fats + 1
    chain = [0xFFFFFFFD] * fats + [end] + [*range(first + 1, first + count), end]
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(512 * fats, b"\xff")
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
    )
    header += struct.pack("<IIIIIIIII", 0, fats, fats, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", *range(fats), *[0xFFFFFFFF] * (109 - fats))
    root = _entry("Root Entry", 5, 1, end, 0)
    directory = (
        root
        + _entry("Workbook", 2, 0xFFFFFFFF, first, len(stream))
        + _entry("", 0, 0xFFFFFFFF, 0, 0) * 2
    )
    return header + fat + directory + stream.ljust(512 * count, b"\0")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    said = name.encode("utf-16-le")
    none = 0xFFFFFFFF
    length = len(said) + 2 if name else 0
    return said.ljust(64, b"\0") + struct.pack("<HBBIII", length, kind, 1, none, none, child) + bytes(36) + struct.pack("<IQ", start, size)  # fmt: skip


def _records(grid: Grid) -> list[dict[str, str]]:
    return [dict(zip(grid[0], row, strict=True)) for row in grid[1:]]


def json_list(path: Path, grid: Grid) -> None:
    path.with_suffix(".json").write_text(json.dumps(_records(grid), ensure_ascii=False), "utf-8")


def json_object(path: Path, grid: Grid) -> None:
    written = json.dumps({"total": len(grid) - 1, "data": {"rows": _records(grid)}})
    path.with_suffix(".json").write_text(written, "utf-8")


KINDS: dict[str, Write] = {
    "utf-8": separated("utf-8"),
    "utf-8 with a mark": separated("utf-8-sig"),
    "utf-16": separated("utf-16"),
    "gb18030": separated("gb18030"),
    "big5": big5,
    "tsv": separated("utf-8", "\t", ".tsv"),
    "txt": separated("gb18030", "\t", ".txt"),
    "xlsx": xlsx,
    "xls": xls,
    "ods": ods,
    "json list": json_list,
    "json object": json_object,
}
