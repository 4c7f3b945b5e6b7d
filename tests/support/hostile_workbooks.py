"""Workbooks that are no workbooks, are damaged, or have a cell far away, and what must come of each."""

from __future__ import annotations

import struct

from tests.support.filekinds import labels, xls_of
from tests.support.hostile_files import TABLE, patched, xlsx, zipped

SHEET = "xl/worksheets/sheet1.xml"
WORDS = [[str(cell) for cell in row] for row in TABLE]


def compound(*names: str) -> bytes:
    """An OLE file that has these streams, all of them empty."""
    whole = xls_of(b"")
    entry = whole.index("Workbook".encode("utf-16-le"))
    for name in names:
        said = name.encode("utf-16-le")
        body = said.ljust(64, b"\0") + struct.pack("<H", len(said) + 2)
        whole = whole[:entry] + body + whole[entry + 66 :]
    return whole


def encrypted_zip() -> bytes:
    """An XLSX whose parts ask for a password, as some archivers make them."""
    data = bytearray(xlsx(TABLE))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


XLSB_WITHOUT_LINKS = zipped({"xl/workbook.bin": b"\x9c\x01\x18\0\0\0\0\0\1\0\0\0\4\0\0\0r\0I\0d\0001\0\1\0\0\0S\0", "xl/_rels/workbook.bin.rels": b"<Relationships/>", "[Content_Types].xml": b"<Types/>"})  # fmt: skip
ODS_PASSWORD = zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": b"<m><encryption-data/></m>", "content.xml": bytes(range(256))})  # fmt: skip
REFUSED = {
    "an XLSB that makes the reader panic": (XLSB_WITHOUT_LINKS, "file-broken"),
    "an encrypted OOXML": (compound("EncryptedPackage"), "file-password"),
    "encrypted parts": (encrypted_zip(), "file-password"),
    "an ODS with a password": (ODS_PASSWORD, "file-password"),
    "Excel 4": (b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00" + bytes(600), "file-too-old"),
    "Excel 3": (b"\x09\x02\x06\x00\x00\x00\x10\x00\x00\x00" + bytes(600), "file-too-old"),
    "Excel 2": (b"\x09\x00\x04\x00\x02\x00\x10\x00" + bytes(600), "file-too-old"),
    "a Word document": (zipped({"word/document.xml": b"<w/>"}), "file-other-kind"),
    "an old Word document": (compound("WordDocument"), "file-other-kind"),
    "a presentation": (zipped({"ppt/presentation.xml": b"<p/>"}), "file-other-kind"),
    "an OpenDocument text": (zipped({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}), "file-other-kind"),
    "an archive of tables": (zipped({"a.xlsx": xlsx(TABLE)}), "file-other-kind"),
    "half a workbook": (xlsx(TABLE)[:-2000], "file-broken"),
    "half an old workbook": (xls_of(labels(WORDS))[:700], "file-broken"),
    "a workbook of nothing": (zipped({"xl/workbook.xml": b""}), "file-broken"),
    "a bomb": (zipped({"xl/workbook.xml": b"<w/>", SHEET: b" " * (64 << 20)}), "file-bomb"),
    "a name twice": (zipped({"xl/workbook.xml": b"<w/>", "XL/workbook.xml": b"<w/>"}), "file-broken"),
}  # fmt: skip


def with_cell(cell: str) -> bytes:
    more = f"</row>{cell}</sheetData>".encode()
    return patched(xlsx(TABLE), SHEET, b"</row></sheetData>", more)


FAR = {
    '<row r="9"><c r="ZZZZZZ1"><v>1</v></c></row>': "vast",
    '<row r="9"><c r="A1048577"><v>1</v></c></row>': "vast",
    '<row r="9"><c r = "XFD1048576"><v>1</v></c></row>': "vast",
    '<row r="9"><c r="A99999999999999999999"><v>1</v></c></row>': "vast",
    '<row r="9"><c r="zzzzzz1"><v>1</v></c></row>': "vast",
    '<row r="4000000000"><c><v>1</v></c></row>': "vast",
    '<row r="1100000"><c><v>1</v></c></row>': "vast",
    '<row r="0"><c r="A0"><v>1</v></c></row>': "broken",
}
