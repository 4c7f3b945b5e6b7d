"""Repairs page layout: full-width digits, page numbers, doubled spaces, lines broken in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pipeline.reports.repair.edits import Edit, Traced
from pipeline.reports.repair.radicals import RADICALS, UNIFIED

_WIDE_DIGITS = re.compile(r"[０-９．％]*[０-９][０-９．％]*")
_NARROW = {ord(wide): ord(wide) - 0xFEE0 for wide in "０１２３４５６７８９．％"}
_SPACES = re.compile(r"(?<=[^\s])[ \u00a0]{2,}(?=[^\s])")
_PAGE_LINE = re.compile(
    r"^[ \t　]*(?:[-－—–―─]+ ?\d{1,4} ?[-－—–―─]+|第 ?\d{1,4} ?页(?:[ ，,/]*共 ?\d{1,4} ?页)?"
    r"|[Pp]age ?\d{1,4}(?: of \d{1,4})?)[ \t　]*(?:\r?\n|\Z)",
    re.MULTILINE,
)
_LONE_NUMBER = re.compile(r"^[ \t　]*(\d{1,3})[ \t　]*(?:\r?\n|\Z)", re.MULTILINE)
_BREAK = re.compile(r"[ \t]*\r?\n")
_OPENS = re.compile(
    r"[ \t　]*(?:[一二三四五六七八九十]+[、是要]|[（(][一二三四五六七八九十\d]+[）)]|\d{1,2}[.．、](?!\d)|第[一二三四五六七八九十]+[章节条]"
    r"|[（(]此件|附件|\d{4}年\d{1,2}月\d{1,2}日\s*$|[●■◆•*#-])"
)
_INDENT = re.compile(r"(?:[ \t]{2,8}|　{1,2})\S")
_SENTENCE_MARK = re.compile(r"[，。；,;]")
_GOES_ON = "，,、（(《“"
_FULL_LINE = 0.85  # of the widest line: a line that long was broken by its width
_NARROWEST = 15  # characters: no page wraps at fewer


def tidy(traced: Traced) -> Traced:
    """The text with its layout repaired; text without such damage is unchanged."""
    for layer in (_radicals, _digits, _page_numbers, _breaks, _spaces):
        traced = traced.edit(list(layer(traced.text)))
    return traced


def _radicals(text: str) -> Iterator[Edit]:
    for match in RADICALS.finditer(text):
        yield Edit(match.start(), match.end(), match[0].translate(UNIFIED), "radical")


def _digits(text: str) -> Iterator[Edit]:
    for match in _WIDE_DIGITS.finditer(text):
        yield Edit(match.start(), match.end(), match[0].translate(_NARROW), "full-width-digit")


def _spaces(text: str) -> Iterator[Edit]:
    for match in _SPACES.finditer(text):
        yield Edit(match.start(), match.end(), " ", "double-space")


def _page_numbers(text: str) -> Iterator[Edit]:
    found = {m.start(): m.end() for m in _PAGE_LINE.finditer(text)}
    numbers = list(_LONE_NUMBER.finditer(text))
    steps = sum(int(b[1]) == int(a[1]) + 1 for a, b in pairwise(numbers))
    if len(numbers) > 1 and steps == len(numbers) - 1:  # a line with a number alone, counting up
        found |= {m.start(): m.end() for m in numbers}
    for start, end in sorted(found.items()):
        yield Edit(start, end, "", "page-number")


def _breaks(text: str) -> Iterator[Edit]:
    """Edits that remove line breaks inside sentences."""
    lines = text.split("\n")
    widest = _wrap_width(lines)
    at, in_paragraph = 0, False
    for line, following in pairwise(lines):
        end = at + len(line)
        stripped = line.rstrip("\r \t")
        in_paragraph = _opens_paragraph(line) or (in_paragraph and bool(stripped))
        if _goes_on(stripped, following.rstrip(), widest, in_paragraph):
            words = stripped[-1:].isascii() and following[:1].isascii()
            letters = words and stripped[-1:].isalpha() and following[:1].isalpha()
            yield Edit(at + len(stripped), end + 1, " " if letters else "", "broken-line")
        else:
            in_paragraph = False
        at = end + 1


def _opens_paragraph(line: str) -> bool:
    """Whether it is an indented line of prose and not a heading."""
    if not _INDENT.match(line):
        return False
    return not _OPENS.match(line) or bool(_SENTENCE_MARK.search(line))


def _wrap_width(lines: list[str]) -> int:
    """The width at which lines were broken, 0 where the text has whole paragraphs for lines."""
    widths = sorted(_width(line) for line in lines if line.strip())
    if len(widths) < 4:
        return 0
    widest = widths[-1]
    full = sum(w >= widest * _FULL_LINE for w in widths)
    return widest if 2 * _NARROWEST <= widest <= 160 and full * 3 >= len(widths) else 0


def _width(line: str) -> int:
    """Columns that a line takes: a Chinese character takes two."""
    return sum(1 if c < "\u0500" else 2 for c in line.strip())


def _goes_on(line: str, following: str, widest: int, in_paragraph: bool) -> bool:
    """Whether a sentence continues in the next line.

    It does after a comma or inside a number, and where the page's width broke it: the line is full,
    or it is a paragraph's indented first line and the next one is not indented.
    """
    if not line.strip() or not following.strip() or _OPENS.match(following):
        return False
    if following[:1] in " \t　":
        return False
    if line[-1] in _GOES_ON:
        return True
    if line[-1].isdigit() and re.match(r"[\d.%万亿余多个件起次场名人家份条元项部期]", following):
        return True
    full = bool(widest) and _width(line) >= widest * _FULL_LINE
    if full or (in_paragraph and _width(line) >= 2 * _NARROWEST):
        return line[-1] not in "。！？!?：:；;"
    return False
