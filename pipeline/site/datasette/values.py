"""How a value is shown to a reader, by the kind that the contract gives its column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pipeline.site.datasette.language import WORDS, Language

_FOLD = 90  # characters; longer text is folded in a table
_LONGEST = 2_000  # characters of a text in a table; its record's page shows all
_HTTP = re.compile(r"https?://[^\s\"'<>]+\Z", re.I)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
#: The colour in which a state is shown.
_TONES = {
    "good": {"有效", "合法适当", "合格", "继续有效", "agrees", "通过"},
    "warn": {"暂扣", "已修改", "责令改正", "变更", "not comparable", "warning", "修改"},
    "bad": {"废止", "失效", "注销", "收缴", "取消资格", "撤销", "differs", "error", "宣布失效"},
}
_CODED = {"verdict", "severity", "owner"}


@dataclass(frozen=True, slots=True)
class Field:
    """A column as a page shows it."""

    name: str
    title: str
    description: str = ""
    kind: str = "text"
    unit: str = ""
    codes: str = ""
    separator: str = ""
    refers: Mapping[str, str] | None = None
    privacy: str = ""

    @property
    def label(self) -> str:
        """The title, with the unit in brackets."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def align(self) -> str:
        """The CSS class of its cells: numbers align right, codes have digits of one width."""
        if self.kind in ("money", "number", "integer"):
            return "number"
        if self.kind in ("date", "code", "social-credit-code", "year"):
            return "code"
        if self.kind == "document-number":
            return "document"
        return "words"


class Values:
    """Values in one language, with the code lists of one release."""

    def __init__(self, language: Language, codes: Mapping[str, Mapping[str, str]]) -> None:
        self._language = language
        self._codes = codes

    def label(self, field: Field, value: object) -> str:
        """A code's meaning in the visitor's language; any other value as text."""
        text = str(value)
        if field.name in _CODED and text in WORDS:
            return self._language.word(text)
        return self._codes.get(field.codes, {}).get(text, text) if field.codes else text

    def plain(self, field: Field, value: object) -> str:
        """A value as text without markup: for titles, charts and lists. "" for None."""
        if value is None or value == "":
            return ""
        if field.kind == "money":
            return self._language.money(value)
        if field.kind in ("number", "integer"):
            return self._language.number(value)
        if field.kind == "date":
            return self._language.date(value)
        return self._separated(field, value)

    def cell(self, field: Field, value: object) -> Markup:
        """The HTML of a value in a table; long text is folded and cut."""
        if value is None or value == "":
            return Markup('<span class="none" aria-hidden="true">–</span>')
        text = self.plain(field, value)
        if field.kind in ("text", "name") and len(text) > _FOLD:
            return self._folded(text)
        return self._marked(field, value, text)

    def full(self, field: Field, value: object) -> Markup:
        """The HTML of a value on its record's page: whole, with its unit."""
        if value is None or value == "":
            return Markup('<span class="none">{}</span>').format(self._language.phrase("Not given"))
        text = self.plain(field, value)
        if field.kind == "text" and "\n" in text:
            return Markup("<br>").join(text.split("\n"))
        shown = self._marked(field, value, text)
        if field.unit:
            return shown + Markup(' <span class="unit">{}</span>').format(field.unit)
        return shown

    def _separated(self, field: Field, value: object) -> str:
        if field.separator:
            parts = [self.label(field, part.strip()) for part in str(value).split(field.separator)]
            return ("、" if self._language.lang == "zh" else "; ").join(parts)
        return self.label(field, value)

    def _marked(self, field: Field, value: object, text: str) -> Markup:
        if field.kind == "date":
            return Markup('<time datetime="{}">{}</time>').format(value, text)
        if field.kind == "url" and _HTTP.match(str(value)):
            return Markup('<a href="{0}" rel="nofollow noopener external">{0}</a>').format(value)
        if tone := self._tone(field, value):
            return Markup('<span class="state {}">{}</span>').format(tone, text)
        return self.foreign(text)

    def _tone(self, field: Field, value: object) -> str:
        """`good`, `warn` or `bad` for a coded value; "" for any other."""
        if not field.codes and field.name not in _CODED:
            return ""
        return next((tone for tone, words in _TONES.items() if str(value) in words), "")

    def _folded(self, text: str) -> Markup:
        head, rest = text[: _FOLD - 20], text[_FOLD - 20 : _LONGEST]
        rest += "…" if len(text) > _LONGEST else ""
        return Markup(
            '<details class="fold"><summary>{}<span class="more">… {}</span></summary>{}</details>'
        ).format(head, self._language.phrase("more"), rest)

    def foreign(self, text: str) -> Markup:
        """HTML of `text`; on an English page Chinese gets a `lang`, for fonts and screen readers."""
        if self._language.lang == "en" and _CHINESE.search(text):
            return Markup('<span lang="zh-CN">{}</span>').format(text)
        return escape(text)


def fields_of(table: Mapping[str, Any], names: list[str], titles: Mapping[str, str]) -> list[Field]:
    """The fields `names` of a table, described by its metadata.

    `titles`: titles of columns that the metadata does not have.
    """
    by_name = {column["name"]: column for column in table["plugins"]["gongshi"]["columns"]}
    return [_field(name, by_name.get(name, {}), titles) for name in names]


def _field(name: str, metadata: Mapping[str, Any], titles: Mapping[str, str]) -> Field:
    return Field(
        name=name,
        title=metadata.get("title") or titles.get(name, name),
        description=metadata.get("description", ""),
        kind=metadata.get("kind") or ("date" if name.endswith("_date") else "text"),
        unit=metadata.get("unit", ""),
        codes=metadata.get("codes", ""),
        separator=metadata.get("separator", ""),
        refers=metadata.get("refers"),
        privacy=metadata.get("privacy", ""),
    )


def mark_hits(text: str, words: list[str], around: int = 30) -> Markup:
    """HTML of the part of `text` around the first of `words`, with every word marked.

    `around`: characters shown before the first word.
    """
    pattern = re.compile("|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)), re.I)
    first = pattern.search(text) if words else None
    start = max(0, (first.start() if first else 0) - around)
    end = min(len(text), start + around * 4)
    shown = Markup("…") if start else Markup("")
    at = start
    for hit in pattern.finditer(text, start, end) if words else ():
        shown += escape(text[at : hit.start()]) + Markup("<mark>{}</mark>").format(hit[0])
        at = hit.end()
    return shown + escape(text[at:end]) + ("…" if end < len(text) else "")
