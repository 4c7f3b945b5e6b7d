"""A report's sections by their numbering (一、（一）1. 一是), as a tree."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_HAN = "一二三四五六七八九十"
_LEVELS = (
    re.compile(
        rf"(?m)^[ \t　]*(?P<mark>第[{_HAN}]{{1,3}}[章部][分]?|[{_HAN}]{{1,3}}、)[ 　]*(?P<rest>[^\n]*)"
    ),
    re.compile(rf"(?m)^[ \t　]*(?P<mark>[（(][{_HAN}]{{1,3}}[）)])[、 　]*(?P<rest>[^\n]*)"),
    re.compile(
        r"(?m)^[ \t　]*(?P<mark>\d{1,2} ?[.．、](?!\d)|[（(]\d{1,2}[）)]|[①-⑳])[ 　]*(?P<rest>[^\n]*)"
    ),
    re.compile(
        rf"(?m)(?:^[ \t　]*|(?<=[。；;:：！!]))(?P<mark>[{_HAN}]{{1,2}}(?:是|要))(?P<rest>[^\n。；;，,]*)"
    ),
)
_TITLE_ENDS = re.compile(r"[。；;:：！!]")
_LONGEST_TITLE = 40


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of a report, `start`:`end` in its text, and the parts inside it."""

    mark: str
    title: str
    level: int
    start: int
    end: int
    parts: tuple[Section, ...] = ()


def sections(text: str) -> tuple[Section, ...]:
    """The sections of `text`, outermost first; empty where nothing is numbered."""
    heads = sorted(
        {
            match.start("mark"): Section(
                match["mark"].strip(), _title(match["rest"]), level, match.start("mark"), 0
            )
            for level, pattern in enumerate(_LEVELS)
            for match in pattern.finditer(text)
        }.values(),
        key=lambda s: s.start,
    )
    return _nested(heads, len(text))


def _title(rest: str) -> str:
    return _TITLE_ENDS.split(rest.strip(), maxsplit=1)[0][:_LONGEST_TITLE].strip()


def _nested(heads: list[Section], end: int) -> tuple[Section, ...]:
    """A tree of headings in order: a section ends at the next one of its level or higher."""
    result: list[Section] = []
    at = 0
    while at < len(heads):
        head, stop = heads[at], at + 1
        while stop < len(heads) and heads[stop].level > head.level:
            stop += 1
        last = heads[stop].start if stop < len(heads) else end
        inner = _nested(heads[at + 1 : stop], last)
        result.append(Section(head.mark, head.title, head.level, head.start, last, inner))
        at = stop
    return tuple(result)


class Places:
    """Looks up the path of titles above an offset."""

    def __init__(self, tree: tuple[Section, ...]) -> None:
        self._starts: list[int] = []
        self._paths: list[str] = []
        self._walk(tree, "")

    def _walk(self, tree: tuple[Section, ...], above: str) -> None:
        for section in tree:
            here = f"{section.mark}{section.title}"
            path = f"{above} / {here}" if above else here
            self._starts.append(section.start)
            self._paths.append(path)
            self._walk(section.parts, path)

    def path(self, offset: int) -> str:
        """Titles from the outermost to the innermost section around `offset`, joined by ` / `."""
        at = bisect_right(self._starts, offset) - 1
        return self._paths[at] if at >= 0 else ""
