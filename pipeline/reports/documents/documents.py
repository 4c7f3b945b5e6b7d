"""The text of a DOCX, or of a PDF with a text layer. XML entities are never expanded."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence

from lxml import etree

BIGGEST = 100_000_000  # bytes of a file, or of a document inside it once decompressed
_RATIO = 200  # a member that decompresses to more times its size is refused as a ZIP bomb
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GAP = re.compile(r"(?<=[^\x00-\x7f]) +(?=\S)|(?<=\S) +(?=[^\x00-\x7f])")
_EDGE = 2  # lines at the top and the foot of a page that may be its header or footer


class Unreadable(Exception):
    """A file without readable text; has the finding's rule and params."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(rule)
        self.rule, self.params = rule, params


def docx(data: bytes) -> str:
    """The text of a Word document (ECMA-376), one line for each paragraph.

    Raises Unreadable where it is damaged, encrypted or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = archive.getinfo("word/document.xml")
            if member.file_size > BIGGEST or member.file_size > _RATIO * max(
                member.compress_size, 1
            ):
                raise Unreadable("report-too-large", bytes=member.file_size)
            with archive.open(member) as stream:
                document = stream.read(BIGGEST + 1)
    except (
        KeyError,
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise Unreadable("report-unreadable", why=type(error).__name__) from None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        raise Unreadable("report-unreadable", why="XML") from None
    return "\n".join(_paragraph(p) for p in root.iter(f"{_WORD}p"))


def _paragraph(paragraph: etree._Element) -> str:
    parts = []
    for node in paragraph.iter(f"{_WORD}t", f"{_WORD}tab", f"{_WORD}br"):
        if node.tag == f"{_WORD}t":
            parts.append(node.text or "")
        else:
            parts.append("\t" if node.tag == f"{_WORD}tab" else "\n")
    return "".join(parts)


def pdf(data: bytes) -> str:
    """The text layer of a PDF, without headers and footers.

    Spaces beside Chinese characters are removed: a PDF has gaps there, which are read as spaces.
    Raises Unreadable where it is damaged, encrypted or has no text layer.
    """
    from pypdf import PdfReader  # 0.2 s to import: few reports are pdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("report-unreadable", why="encrypted")
        pages = [page.extract_text() for page in reader.pages]
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable("report-unreadable", why=type(error).__name__) from None
    if not "".join(pages).strip():
        raise Unreadable("report-no-text-layer", pages=len(pages))
    return _GAP.sub("", "\n".join(_without_edges([p.split("\n") for p in pages])))


def _without_edges(pages: Sequence[list[str]]) -> Iterator[str]:
    """The lines of all pages, without those at the same edge of most pages."""
    seen = Counter(key for page in pages for key in {_alike(page[i]) for i in _edges(page)})
    often = {key for key, pages_with in seen.items() if pages_with > max(1, len(pages) // 2)}
    for page in pages:
        repeated = {i for i in _edges(page) if _alike(page[i]) in often}
        yield from (line for i, line in enumerate(page) if i not in repeated)


def _edges(page: Sequence[str]) -> set[int]:
    return {*range(min(_EDGE, len(page))), *range(max(0, len(page) - _EDGE), len(page))}


def _alike(line: str) -> str:
    """A line with its numbers as 0: headers and footers have page numbers."""
    return re.sub(r"\d+", "0", line.strip())
