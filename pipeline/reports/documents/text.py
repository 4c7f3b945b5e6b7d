"""The text of a report's file: TXT, HTML, DOCX, or PDF with a text layer.

Bad data gives findings, never exceptions. Sizes are limited before anything is decompressed, and
XML entities are never expanded.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree, html

from pipeline.base.model import Finding, Location, found
from pipeline.reports.documents import documents
from pipeline.reports.documents.documents import BIGGEST, Unreadable
from pipeline.reports.repair.characters import is_common

LONGEST = 20_000_000  # characters of text that are read
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAVIGATION = "script|style|noscript|template|nav|header|footer|aside|form|button|select|iframe|svg|figure|head"
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "br",
        "blockquote",
        "body",
        "td",
        "center",
    ]
)
_ASIDE = re.compile(
    r"nav|menu|crumb|sidebar|footer|header|share|related|recommend|comment|pager|breadcrumb|copyright|toolbar|login|search",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    r"(?:发布|發布|公开|公開|成文|发文|印发|更新)(?:时间|時間|日期)\s*[：:]?(?:\s|<[^<>]{0,80}>|&nbsp;){0,6}"
    r"((?:19|20)\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2})"
)
_MAKES_SENSE = 0.5  # of a text's characters are common ones
_ZIP, _PDF = b"PK\x03\x04", b"%PDF"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file's original text, the title and date that the file states, and findings."""

    text: str
    title: str = ""
    date: str = ""
    encoding: str = ""
    findings: tuple[Finding, ...] = ()


def load(path: Path, name: str) -> Loaded:
    """The text of the report at `path`, called `name` in findings; "" where it cannot be read."""
    try:
        if path.stat().st_size > BIGGEST:
            raise Unreadable("report-too-large", bytes=path.stat().st_size)
        data = path.read_bytes()
        loaded = _reader(path.suffix.lower(), data)(data)
    except Unreadable as unreadable:
        return Loaded("", findings=(finding(unreadable.rule, name, **unreadable.params),))
    except OSError as error:
        return Loaded("", findings=(finding("report-unreadable", name, why=error.strerror or ""),))
    if not loaded.text.strip():
        return Loaded("", loaded.title, findings=(finding("report-empty", name),))
    if len(loaded.text) > LONGEST:
        cut = finding("report-cut", name, characters=len(loaded.text), kept=LONGEST)
        return replace(loaded, text=loaded.text[:LONGEST], findings=(cut,))
    return loaded


def finding(rule: str, name: str, **params: object) -> Finding:
    """A finding about the report called `name`,
    as `pipeline/messages/reports.yaml` describes it.
    """
    value = str(params.pop("value", ""))
    return found(rule, Location(name, dataset="report_figures"), value=value, params=params)


def _reader(suffix: str, data: bytes) -> Callable[[bytes], Loaded]:
    """The reader for the file, chosen by its bytes, or by its suffix where they do not decide.

    Raises Unreadable where there is none.
    """
    if data.startswith(_PDF):
        return lambda data: Loaded(documents.pdf(data), encoding="pdf")
    if data.startswith(_ZIP):
        return lambda data: Loaded(documents.docx(data), encoding="docx")
    if suffix in (".html", ".htm", ".xhtml") or _looks_like_html(data):
        return _html
    if suffix in (".docx", ".pdf") or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("report-unreadable", why=f"{suffix or 'doc'}")
    return _txt


def _looks_like_html(data: bytes) -> bool:
    head = data[:1000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return head.startswith((b"<!doctype html", b"<html"))


# ---------------------------------------------------------------- plain text


def _txt(data: bytes) -> Loaded:
    text, encoding = decode(data)
    return Loaded(text, encoding=encoding)


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """(text, its encoding): UTF-8, UTF-16, GB18030 or Big5.

    `declared`: the encoding that the file states; tried first. Raises Unreadable for binary data.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding) or data.decode(encoding, "replace"), encoding
    if b"\x00" in data[:4000]:
        return _wide(data)
    for encoding in (declared, "utf-8"):
        text = _strictly(data, encoding) if encoding else None
        if text is not None:
            return text, encoding
    readings = {e: _strictly(data, e) for e in ("gb18030", "big5hkscs")}
    good = {e: text for e, text in readings.items() if text is not None}
    if good:
        encoding = max(good, key=lambda e: _sense(good[e] or ""))
        return good[encoding] or "", encoding
    return _damaged(data)


def _wide(data: bytes) -> tuple[str, str]:
    """UTF-16 without a byte order mark: the byte order that gives common characters."""
    readings = {e: _strictly(data, e) or "" for e in ("utf-16-le", "utf-16-be")}
    encoding = max(readings, key=lambda e: _sense(readings[e]))
    if "\x00" in readings[encoding][:4000] or _sense(readings[encoding]) < _MAKES_SENSE:
        raise Unreadable("report-unreadable", why="binary")
    return readings[encoding], encoding


def _damaged(data: bytes) -> tuple[str, str]:
    """Text with bytes invalid in every encoding: decoded by the one that loses least."""
    texts = {e: data.decode(e, "replace") for e in ("utf-8", "gb18030", "big5hkscs")}
    encoding = min(texts, key=lambda e: texts[e].count("\ufffd"))
    if texts[encoding].count("\ufffd") * 10 > len(texts[encoding]):
        raise Unreadable("report-unreadable", why="binary")
    return texts[encoding], encoding


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _sense(text: str) -> float:
    """The share of common characters among the non-ASCII ones at a text's start, 0 to 1."""
    sample = [c for c in text[:4000] if c > "\x7f"]
    return sum(map(is_common, sample)) / len(sample) if sample else 0.0


# ---------------------------------------------------------------- html


def _html(data: bytes) -> Loaded:
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:2000])
    name = declared[1].decode("ascii").lower() if declared else ""
    name = "gb18030" if name in ("gb2312", "gbk") else name
    source, encoding = decode(data, name)
    source = re.sub(r"^\s*<\?xml[^>]*\?>", "", source)
    parser = html.HTMLParser(no_network=True, huge_tree=False, recover=True, remove_comments=True)
    try:
        tree = html.document_fromstring(source, parser=parser)
    except (etree.LxmlError, ValueError):
        raise Unreadable("report-unreadable", why="html") from None
    title, published = _html_title(tree), _PUBLISHED.search(source)
    for node in tree.xpath("|".join(f"//{tag}" for tag in _NAVIGATION.split("|"))):
        if node.getparent() is not None:
            node.drop_tree()
    return Loaded(_lines(_main(tree)), title, published[1] if published else "", encoding)


def _html_title(tree: html.HtmlElement) -> str:
    for path in ("//h1", "//title"):
        for node in tree.xpath(path):
            text = " ".join(node.text_content().split())
            if text:
                return re.split(r"[_|]| [-–—] ", text)[0].strip()
    return ""


def _main(tree: html.HtmlElement) -> html.HtmlElement:
    """The innermost element that still holds most of the page's sentences."""
    for node in list(tree.iter()):
        marks = f"{node.get('class', '')} {node.get('id', '')}" if isinstance(node.tag, str) else ""
        if marks.strip() and _ASIDE.search(marks) and _weight(node) * 4 < _weight(tree):
            node.drop_tree()
    node, whole = tree, _weight(tree)
    while True:
        heavy = [c for c in node if isinstance(c.tag, str) and _weight(c) * 10 > whole * 8]
        if not heavy or not whole:
            return node
        node = heavy[0]


def _weight(node: html.HtmlElement) -> int:
    """How much prose an element holds: text outside links, sentences above all."""
    text = node.text_content()
    links = sum(len(a.text_content()) for a in node.iter("a"))
    return max(0, len(text.strip()) - links) + 20 * len(re.findall("[。；，]", text))


def _lines(node: html.HtmlElement) -> str:
    """An element's text, one line for each block."""
    parts: list[str] = []

    def walk(element: html.HtmlElement) -> None:
        block = element.tag in _BLOCKS
        parts.append("\n" if block else "")
        parts.append(_spaces(element.text))
        for child in element:
            if isinstance(child.tag, str):
                walk(child)
            parts.append(_spaces(child.tail))
        parts.append("\n" if block else "")

    walk(node)
    lines = (line.strip(" \t\u00a0") for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line.strip())


def _spaces(text: str | None) -> str:
    return re.sub(r"[ \t\r\n\u00a0]+", " ", text or "")
