"""A workbook in the copy of the inbox, whose cells are written to in its XML.

All that is not written to stays as the department made it: formats, dates, merged cells.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from pipeline.base import column_letters
from pipeline.base.column_letters import letters

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SHOWN = re.compile(r"[^\x09\x0a\x0d\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOOK, _RELATIONS, _SHARED = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


class WorkbookTable:
    """An XLSX file. Rows and columns count from 1 and 0, as findings and headers do.

    Raises ValueError where the file is no workbook of the usual layout.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {m.filename: archive.read(m) for m in archive.infolist()}
            self._book = self._parsed(_BOOK)
            self._sheets = self._places()
            self._shared = self._strings()
        except (KeyError, zipfile.BadZipFile, etree.XMLSyntaxError) as error:
            raise ValueError(str(error)) from error
        self._trees = dict[str, Any]()

    def _parsed(self, member: str) -> Any:
        return etree.fromstring(self._members[member], _PARSER)

    def _places(self) -> dict[str, str]:
        """Sheet → member of the archive."""
        targets = {r.get("Id"): r.get("Target", "") for r in self._parsed(_RELATIONS)}
        sheets = {
            s.get("name"): targets[s.get(_RELATION)] for s in self._book.iter(f"{_MAIN}sheet")
        }
        return {
            name: target.lstrip("/")
            if target.startswith("/")
            else (PurePosixPath("xl") / target).as_posix()
            for name, target in sheets.items()
        }

    def _strings(self) -> list[str]:
        if _SHARED not in self._members:
            return []
        return ["".join(t.text or "" for t in si.iter(f"{_MAIN}t")) for si in self._parsed(_SHARED).iter(f"{_MAIN}si")]  # fmt: skip

    def _tree(self, sheet: str) -> Any:
        member = self._sheets[sheet]
        if member not in self._trees:
            self._trees[member] = self._parsed(member)
        return self._trees[member]

    def _row(self, sheet: str, row: int) -> Any:
        found = self._tree(sheet).find(f"{_MAIN}sheetData/{_MAIN}row[@r='{row}']")
        if found is None:
            raise IndexError(row)
        return found

    def cell(self, sheet: str, row: int, position: int) -> str:
        """The text of a cell, "" for one that is not there; IndexError where there is no row."""
        found = self._row(sheet, row).find(f"{_MAIN}c[@r='{letters(position)}{row}']")
        if found is None:
            return ""
        value = found.findtext(f"{_MAIN}v", "")
        if found.get("t") == "s":
            return self._shared[int(value)]
        return value or "".join(t.text or "" for t in found.iter(f"{_MAIN}t"))

    def put(self, sheet: str, row: int, position: int, text: str) -> None:
        """Write `text` into a cell, without what XML cannot hold."""
        line, name = self._row(sheet, row), f"{letters(position)}{row}"
        cell = line.find(f"{_MAIN}c[@r='{name}']")
        if cell is None:
            cell = etree.Element(f"{_MAIN}c", r=name)
            before = [c for c in line if _place(c) < position]
            line.insert(len(before), cell)
        for child in list(cell):
            cell.remove(child)
        cell.set("t", "inlineStr")
        inline = etree.SubElement(cell, f"{_MAIN}is")
        etree.SubElement(inline, f"{_MAIN}t").text = _SHOWN.sub("", text)

    def add_column(self, sheet: str, header_row: int, header: str) -> None:
        """A column at the end, called `header`, whose cells are blank."""
        last = max(_place(c) for c in self._row(sheet, header_row))
        self.put(sheet, header_row, last + 1, header)

    def rename(self, sheet: str, name: str) -> None:
        """Call a sheet `name`."""
        for each in self._book.iter(f"{_MAIN}sheet"):
            if each.get("name") == sheet:
                each.set("name", name)

    def save(self) -> None:
        """Write the file."""
        changed = {member: etree.tostring(tree) for member, tree in self._trees.items()}
        changed[_BOOK] = etree.tostring(self._book)
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in (self._members | changed).items():
                archive.writestr(member, content)


def _place(cell: Any) -> int:
    """The column of a cell, from 0."""
    return column_letters.position(cell.get("r", "").rstrip("0123456789").encode())
