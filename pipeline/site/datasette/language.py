"""The site's two languages: every phrase from one gettext catalogue, numbers and dates as written.

Phrases stand in the templates and in the code in English, marked `_("…")`; their Chinese is in
`words/zh.po`, which is read as it is, so that nothing has to be compiled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.base.words import Lang

_LINE = re.compile(r'^(msgid_plural|msgid|msgstr(?:\[0\])?)?\s*(".*")\s*$')
_HTML_LANG = {"zh": "zh-CN", "en": "en"}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
FOREVER = "2099-12-31"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a phrase that is looked up elsewhere, so that the catalogue knows of it."""
    return text


#: What codes of the pipeline's own tables are called.
WORDS = {
    "error": N_("Error"),
    "warning": N_("Warning"),
    "info": N_("Note"),
    "department": N_("the department"),
    "publisher": N_("the publisher"),
    "pipeline": N_("the makers of this site"),
    "added": N_("first published"),
    "present": N_("already published"),
    "changed": N_("changed"),
    "removed": N_("removed"),
    "withdrawn": N_("withdrawn"),
    "agrees": N_("Agrees"),
    "differs": N_("Differs"),
    "not comparable": N_("Not comparable"),
}


@cache
def phrases(lang: Lang) -> Mapping[str, str]:
    """The phrases of `lang` by their English text; English itself needs none."""
    if lang == "en":
        return {}
    return read_catalogue((Path(__file__).parents[1] / "words" / f"{lang}.po").read_text("utf-8"))


def read_catalogue(text: str) -> dict[str, str]:
    """The translations of a `.po` file; of a plural, Chinese needs only one form."""
    found: dict[str, str] = {}
    entry: dict[str, str] = {}
    part = ""
    for line in [*text.splitlines(), 'msgid ""']:
        match = None if line.startswith("#") else _LINE.match(line)
        if not match:
            continue
        if match[1] == "msgid":
            _keep(entry, found)
            entry = {}
        part = match[1] or part
        entry[part] = entry.get(part, "") + ast.literal_eval(match[2])
    return found


def _keep(entry: Mapping[str, str], found: dict[str, str]) -> None:
    text = entry.get("msgstr") or entry.get("msgstr[0]")
    if entry.get("msgid") and text:
        found[entry["msgid"]] = text


@dataclass(frozen=True, slots=True)
class Language:
    """How one language says phrases and writes values."""

    lang: Lang

    @property
    def html(self) -> str:
        """The language's name for `<html lang>`."""
        return _HTML_LANG[self.lang]

    def phrase(self, message: str, **params: Any) -> str:
        """`message` in this language, its %(name)s filled in."""
        text = phrases(self.lang).get(message, message)
        return text % params if params else text

    def word(self, code: object) -> str:
        """What a code of the pipeline's own is called; any other text as it is."""
        return self.phrase(WORDS[str(code)]) if code in WORDS else str(code)

    def count(self, one: str, many: str, number: int, **params: Any) -> str:
        """The phrase for `number` things; %(number)s is it as people write it."""
        said = one if number == 1 or self.lang != "en" else many
        text = phrases(self.lang).get(one, said)
        return text % {"number": self.number(number), **params}

    def number(self, value: object, decimals: int | None = None) -> str:
        """A number with its thousands set apart; what is none stays as it is."""
        try:
            exact = Decimal(str(value))
        except InvalidOperation:
            return str(value)
        if not exact.is_finite():
            return str(value)
        if decimals is None:
            return f"{exact.normalize():,f}"
        return f"{exact:,.{decimals}f}"

    def money(self, value: object) -> str:
        """An amount in yuan: cents only where there are some."""
        text = self.number(value, 2)
        return text.removesuffix(".00")

    def short_money(self, value: object) -> str:
        """An amount for a headline: 1.2 万元, ¥12.3k."""
        amount = float(str(value or 0))
        steps = ((1e8, "亿元"), (1e4, "万元")) if self.lang == "zh" else ((1e9, "bn"), (1e6, "m"))
        for step, unit in steps:
            if abs(amount) >= step:
                text = f"{amount / step:,.2f}".rstrip("0").rstrip(".")
                return f"{text} {unit}" if self.lang == "zh" else f"¥{text}{unit}"
        return f"{self.money(amount)} 元" if self.lang == "zh" else f"¥{self.money(amount)}"

    def date(self, value: object) -> str:
        """An ISO date, or month, as people write it; long-term dates by their meaning."""
        text = str(value)
        if text == FOREVER:
            return self.phrase("Long-term")
        if match := _DATE.fullmatch(text[:10]):
            year, month, day = (int(part) for part in match.groups())
            if self.lang == "zh":
                return f"{year}年{month}月{day}日"
            return f"{day} {_MONTHS[month - 1]} {year}" if 1 <= month <= 12 else text
        if match := _MONTH.fullmatch(text):
            year, month = (int(part) for part in match.groups())
            if self.lang == "zh":
                return f"{year}年{month}月"
            return f"{_MONTHS[month - 1]} {year}" if 1 <= month <= 12 else text
        return text
