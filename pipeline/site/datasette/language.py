"""The site's two languages: phrases from a gettext catalogue, and how numbers and dates look.

Phrases are in English in the templates and the code, marked `_("…")` or `N_("…")`. Their Chinese
is in `words/zh.po`, which is read without compiling it.
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
    """Mark a phrase for the catalogue; it is translated where it is used."""
    return text


#: Names of the codes in the pipeline's own tables.
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
    """The translations into `lang` by English text; empty for English."""
    if lang == "en":
        return {}
    return read_catalogue((Path(__file__).parents[1] / "words" / f"{lang}.po").read_text("utf-8"))


def read_catalogue(text: str) -> dict[str, str]:
    """The translations in the text of a `.po` file, by msgid.

    Of a plural only the first form is read: Chinese has one.
    """
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
    """Phrases, numbers, amounts and dates as one language writes them."""

    lang: Lang

    @property
    def html(self) -> str:
        """The language tag (BCP 47) for `<html lang>`."""
        return _HTML_LANG[self.lang]

    def phrase(self, message: str, **params: Any) -> str:
        """`message` in this language, its %(name)s filled in."""
        text = phrases(self.lang).get(message, message)
        return text % params if params else text

    def word(self, code: object) -> str:
        """The name of one of the pipeline's codes; any other text unchanged."""
        return self.phrase(WORDS[str(code)]) if code in WORDS else str(code)

    def count(self, one: str, many: str, number: int, **params: Any) -> str:
        """The phrase for `number` things, with the number formatted as %(number)s."""
        english = one if number == 1 or self.lang != "en" else many
        text = phrases(self.lang).get(one, english)
        return text % {"number": self.number(number), **params}

    def number(self, value: object, decimals: int | None = None) -> str:
        """A number with separators of thousands; a value that is no number unchanged."""
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
        """An amount in yuan, with cents only where they are not zero."""
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
        """An ISO date or month in the language's form; 2099-12-31 means long-term."""
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
