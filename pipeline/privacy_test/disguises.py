"""How a value is written so that a plain search misses it; by intent, or by a clerk's habit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from urllib.parse import quote

from pipeline.base.script import traditional_forms
from pipeline.privacy_test.dice import Dice

Disguise = Callable[[str, Dice], str]

_SEPARATORS = ("-", " ", ".", "·", "/", "－", "—", "_", "*", "~", "、", "，", "：", "|")
_INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u200e")
_BLANKS = (" ", "\u3000", "\u00a0", "\u2009", "  ")
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨"
_BOLD = {
    ord(plain) + place: bold + place
    for plain, bold, count in (("0", 0x1D7CE, 10), ("A", 0x1D400, 26), ("a", 0x1D41A, 26))
    for place in range(count)
}
_CHINESE = ("〇一二三四五六七八九", "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "零幺二三四五六七八九")  # fmt: skip


def _cut(text: str, dice: Dice) -> list[str]:
    """`text` in pieces of two to four characters; a short one in single characters."""
    pieces, at = list[str](), 0
    while at < len(text):
        size = 1 if len(text) < 5 else dice.between(2, 4)
        pieces.append(text[at : at + size])
        at += size
    return pieces


def _separated(text: str, dice: Dice) -> str:
    return dice.one_of(_SEPARATORS).join(_cut(text, dice))


def _blanks(text: str, dice: Dice) -> str:
    blank = dice.one_of(_BLANKS)
    return blank.join(text) if dice.below(2) else blank.join(_cut(text, dice))


def _line_break(text: str, dice: Dice) -> str:
    at = dice.between(1, len(text) - 1)
    return f"{text[:at]}\n{text[at:]}"


def _invisible(text: str, dice: Dice) -> str:
    return dice.one_of(_INVISIBLE).join(text if dice.below(2) else _cut(text, dice))


def _full_width(text: str, _: Dice) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _circled(text: str, _: Dice) -> str:
    return "".join(_CIRCLED[int(c)] if c.isascii() and c.isdigit() else c for c in text)


def _chinese_digits(text: str, dice: Dice) -> str:
    forms = dice.one_of(_CHINESE)
    return "".join(forms[int(c)] if c.isascii() and c.isdigit() else c for c in text)


def _mathematical(text: str, _: Dice) -> str:
    """Bold digits and letters, as phones write them into chat texts."""
    return text.translate(_BOLD)


def _entities(text: str, dice: Dice) -> str:
    form = dice.one_of(("&#{};", "&#x{:x};"))
    return "".join(form.format(ord(c)) for c in text)


def _percent(text: str, _: Dice) -> str:
    return "".join(f"%{ord(c):02X}" if c.isascii() else quote(c) for c in text)


def _letters(text: str, _: Dice) -> str:
    """O for 0 and l for 1, as typing machines taught."""
    return text.replace("0", "O").replace("1", "l")


def _traditional(text: str, _: Dice) -> str:
    return "".join(traditional_forms(c)[:1] or c for c in text)


def _decomposed(text: str, dice: Dice) -> str:
    """A mark that does not show behind a character, as copying from some PDF files leaves it."""
    at = dice.between(1, len(text))
    return unicodedata.normalize("NFD", text[:at]) + "\ufe0e" + text[at:]


OF_NUMBERS: dict[str, Disguise] = {
    "separators": _separated,
    "blanks": _blanks,
    "line-break": _line_break,
    "invisible": _invisible,
    "full-width": _full_width,
    "circled": _circled,
    "chinese-digits": _chinese_digits,
    "mathematical": _mathematical,
    "entities": _entities,
    "percent": _percent,
    "letters": _letters,
}
OF_WORDS: dict[str, Disguise] = {
    "blanks": _blanks,
    "line-break": _line_break,
    "invisible": _invisible,
    "entities": _entities,
    "percent": _percent,
    "traditional": _traditional,
    "variation-mark": _decomposed,
}
OF_ACCOUNTS: dict[str, Disguise] = {
    "blanks": _blanks,
    "invisible": _invisible,
    "full-width": _full_width,
    "mathematical": _mathematical,
    "entities": _entities,
    "percent": _percent,
}
#: Of whole sentences that tell something of a person.
OF_FACTS: dict[str, Disguise] = {
    name: OF_WORDS[name] for name in ("blanks", "line-break", "invisible", "traditional")
}


def disguised(text: str, of: dict[str, Disguise], dice: Dice) -> tuple[str, str]:
    """(name of the disguise, `text` in it); every other value stays plain."""
    if dice.below(2):
        return "plain", text
    name = dice.one_of(sorted(of))
    written = of[name](text, dice)
    return (name, written) if written != text else ("plain", text)
