"""The parts of a compressed workbook by their names, however an archiver wrote these.

Part names are compared without case (ECMA-376 part 2, 6.2.2.3). Some programs write them with
backslashes or a slash in front, or put all of them into a folder. A workbook's part is where
`_rels/.rels` says, which need not be in `xl/`.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

from pipeline.intake.workbook.sheet import Unreadable

UNCOMPRESSED_MOST = 1 << 30  # bytes of all parts; a workbook with more is refused as a zip bomb
RATIO_MOST = 400  # uncompressed bytes for each byte of the file
PIECE = 1 << 20  # bytes read at a time
LONGEST = 64  # bytes up to the name of a cell's tag, with its prefix
HELD_MOST = 8 << 20  # bytes of a part that are kept in memory while no cell begins in them
#: What reading a damaged archive raises.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_ENCRYPTED_PART = 1  # bit of a part's flags
#: Parts that only other kinds of document have, and what they are called.
_OTHERS = {
    "word/document.xml": "Word",
    "ppt/presentation.xml": "PowerPoint",
}
#: By which the folder is known that holds all parts.
_MARKS = ("[content_types].xml", "mimetype")


class Archive:
    """The parts of a ZIP archive; their names are small letters with slashes."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        """`size`: bytes of the file. Raises Unreadable where the archive's directory exceeds the
        limits (`file-bomb`), asks for a password, or has a name twice. A directory with false
        sizes makes reading a part fail.
        """
        self._archive = archive
        files = [info for info in archive.infolist() if not info.is_dir()]
        self._folder = _common_folder([_cleaned(info.filename) for info in files])
        self._infos = {self._key(info.filename): info for info in files}
        if len(self._infos) < len(files):
            raise Unreadable("file-broken")
        uncompressed = sum(info.file_size for info in archive.infolist())
        if uncompressed > UNCOMPRESSED_MOST or uncompressed > RATIO_MOST * max(size, 1 << 16):
            raise Unreadable("file-bomb")
        if any(info.flag_bits & _ENCRYPTED_PART for info in archive.infolist()):
            raise Unreadable("file-password")

    def _key(self, name: str) -> str:
        return _cleaned(name).removeprefix(self._folder).lower()

    @property
    def is_plain(self) -> bool:
        """Whether calamine finds the parts by their names: case and backslashes do not matter."""
        names = (info.filename.replace("\\", "/").lower() for info in self._infos.values())
        return all(map(str.__eq__, self._infos, names))

    @property
    def names(self) -> list[str]:
        return list(self._infos)

    def __contains__(self, name: str) -> bool:
        return _lower(name) in self._infos

    def parts(self) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        """(cleaned name, entry) of each part."""
        for info in self._infos.values():
            yield _cleaned(info.filename).removeprefix(self._folder), info

    def size(self, name: str) -> int:
        """Uncompressed bytes of a part; 0 where there is no such part."""
        info = self._infos.get(_lower(name))
        return info.file_size if info else 0

    def open(self, name: str) -> IO[bytes]:
        return self._archive.open(self._infos[_lower(name)])

    def read(self, name: str) -> bytes:
        return self._archive.read(self._infos[_lower(name)])

    def parsed(self, name: str) -> etree._Element | None:
        """The root of an XML part; None where there is nothing to be read.

        What calamine reads in spite of a mistake is read here too.
        """
        return etree.fromstring(self.read(name), safe_parser()) if name in self else None

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part in pieces, none of which ends inside a cell's opening tag or value."""
        held = b""
        with self.open(name) as part:
            while data := part.read(PIECE):
                before = max(len(held) - LONGEST, 0)
                held += data
                if (cut := _border(held, before)) > 0:
                    yield held[:cut]
                    held = held[cut:]
        yield held

    def links(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → (kind, name of the part) of what `part` refers to ("" for the archive)."""
        folder, name = posixpath.split(part)
        root = self.parsed(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for link in root if root is not None else ():
            target = str(link.get("Target", "")).replace("\\", "/")
            target = posixpath.normpath(posixpath.join("/", folder, target))
            kind = str(link.get("Type", "")).rsplit("/", 1)[-1]
            found[str(link.get("Id"))] = kind, _lower(target)
        return found

    def workbook(self) -> str:
        """The name of the part that lists the sheets of an XLSX or XLSB; "" where there is none."""
        parts = [name for kind, name in self.links("").values() if kind == "officeDocument"]
        usual = ["xl/workbook.xml", "xl/workbook.bin"]
        parts += [*usual, *(name for name in self.names if name.endswith("/workbook.xml"))]
        return next((n for n in parts if n in self and n not in _OTHERS), "")

    def other_kind(self) -> str:
        """What this archive is if it is no workbook."""
        return next((kind for name, kind in _OTHERS.items() if name in self), "ZIP")


def safe_parser(encoding: str | None = None) -> etree.XMLParser:
    """A parser that loads no DTD, opens no address and expands no entity (XXE, billion laughs).

    `encoding`: of all, whatever the XML itself says.
    """
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, recover=True, encoding=encoding
    )


def rewritten(path: Path) -> IO[bytes]:
    """The archive at `path` in a temporary file, with names that any reader finds.

    It is bounded by the limits that `Archive` holds.
    """
    made = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asks closes it
    try:
        with (
            zipfile.ZipFile(path) as opened,
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out,
        ):
            for name, info in Archive(opened, path.stat().st_size).parts():
                with opened.open(info) as source, out.open(name, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, PIECE)
    except BaseException as error:
        made.close()
        if isinstance(error, DAMAGE):
            raise Unreadable("file-broken") from error
        raise
    made.seek(0)
    return made


def _lower(name: str) -> str:
    return name.lower().lstrip("/")


def _cleaned(name: str) -> str:
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/")


def _common_folder(names: list[str]) -> str:
    """The folder, with a slash behind it, that holds all parts; "" where they lie at the top."""
    known = [name for name in names if posixpath.basename(name).lower() in _MARKS]
    folder = posixpath.dirname(min(known, key=len)) + "/" if known else "/"
    return folder if folder != "/" else ""


#: The beginning of a cell's tag; with a prefix, as programs by Microsoft's own library write it.
_CELL = re.compile(rb"<(?:[\w.-]+:)?c[\s>]")
_NEAR = 1 << 12  # bytes at the end that are searched first


def _border(held: bytes, before: int) -> int:
    """The offset of the last cell that begins behind `before`; 0 where there is none.

    If more than `HELD_MOST` bytes are held without a cell, the offset of the last tag.
    """
    for start in (max(before, len(held) - _NEAR), before):
        if cut := max((cell.start() for cell in _CELL.finditer(held, start)), default=0):
            return cut
    return held.rfind(b"<", before) if len(held) > HELD_MOST else 0
