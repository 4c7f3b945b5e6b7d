"""What kind of file a file is: by its first bytes, else as its name says."""

from __future__ import annotations

import codecs
from pathlib import Path

from pipeline.intake.text import encodings
from pipeline.intake.workbook import starts

TEXT, JSON, WORKBOOK, MARKUP = "text", "json", "workbook", "markup"
KINDS = {
    ".csv": TEXT,
    ".tsv": TEXT,
    ".txt": TEXT,
    ".json": JSON,
    ".jsonl": JSON,
    ".html": MARKUP,
    ".htm": MARKUP,
}
_WORKBOOK_STARTS = (starts.ZIP, starts.OLE, *starts.OLD)
_MARKUP_STARTS = (
    "<html",
    "<!doctype",
    "<table",
    "<?xml",
    "<head",
    "<meta",
    "<body",
    "<style",
    "<div",
)
#: How files begin that hold no table, and what they are called in any language.
_OTHER_STARTS = {
    b"%PDF-": "PDF",
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"\x1f\x8b\x08": "gzip",
    b"{\\rtf": "RTF",
    b"SQLite format 3\0": "SQLite",
    b"PK\x05\x06": "ZIP",
}


def kind_of(path: Path, named: str) -> str:
    """text, json, workbook or markup: by how the file begins, else as its name says."""
    start = _start(path)
    if start.startswith(_WORKBOOK_STARTS):
        return WORKBOOK
    text = _as_text(start)
    if text.lstrip().lower().startswith(_MARKUP_STARTS):
        return MARKUP
    if text and (named == WORKBOOK or (named == MARKUP and "<" not in text)):
        return TEXT
    return named


def other_kind(path: Path) -> str:
    """What a file is that holds no table, such as PDF; "" where it may hold one."""
    start = _start(path)
    return next((kind for mark, kind in _OTHER_STARTS.items() if start.startswith(mark)), "")


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _as_text(start: bytes) -> str:
    """The file's beginning as text; "" where it is no text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return start.decode("utf-16", "ignore")
    if b"\0" in start:
        return start.decode("utf-16-le", "ignore") if encodings.without_mark(start) else ""
    text = start.decode("utf-8", "replace").removeprefix("\ufeff")
    if text.count(encodings.LOST) * 8 > len(text):
        text = start.decode("gb18030", "replace")
    odd = sum(text.count(c) for c in (encodings.LOST, *map(chr, range(9))))
    return text if odd * 16 <= len(text) else ""
