"""A pattern of `re` as a cheap sign (RE2) of it, with which Arrow searches thousands of texts at once.

A sign is found wherever the pattern is, and sometimes elsewhere: what the pattern asks of its
neighbours is left out. It is made from the pattern, so that no word is forgotten when one is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.base.patterns import lazy
from pipeline.base.script import traditional_forms

_ONE = r"\\u[0-9a-fA-F]{4}|\\.|[^\\]"
_TOKEN = lazy(
    r"(?P<around>\(\?<?[=!])|(?P<open>\((?:\?(?:P<\w+>|:))?)|(?P<count>\{\d*,?\d*\})"
    rf"|\[(?P<not>\^?)(?P<class>(?:\\.|[^\]\\])+)\]|(?P<end>[\^$])|(?P<syntax>[)|*+?.])|(?P<one>{_ONE})",
    re.DOTALL,
)
_OF_CLASS = lazy(rf"(?P<first>{_ONE})(?:-(?P<last>{_ONE}))?", re.DOTALL)
_BLANKS = r"\s\x{a0}\x{3000}"
#: What normalising writes otherwise, though it is no disguise (`normalise.DISGUISED`).
_WRITTEN = {" ": _BLANKS, "x": "x×", "·": "·•", "-": r"\-‐-―−", "\n": r"\n"}
_DIGITS = "0-9０-９〇零一二三四五六七八九壹贰貳叁叄肆伍陆陸柒捌玖两幺"
_KINDS = {r"\d": _DIGITS, r"\s": _BLANKS, r"\n": r"\n"}
_FULL_WIDTH = 0xFEE0  # from a character of ASCII to its full-width form


def sign_of(pattern: str) -> str:
    """`pattern` for RE2, without its looks around and ends, in simplified and traditional characters and in
    both widths: it matches a text as it is written where `pattern` matches the normalised text.

    A text with other disguises is to be normalised before.
    """
    return "".join(_parts(pattern))


def _parts(pattern: str) -> Iterator[str]:
    depth = 0  # of groups that look around, which are left out
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token[0]
        if kind == "end":
            continue  # so that it is found anywhere
        if kind in ("around", "open"):
            depth += kind == "around" or depth > 0
            part = "(?:"
        elif kind in ("count", "syntax"):
            part = text
        else:
            part = f"[{token['not'] or ''}{_of_class(token['class'] or text)}]"
        if not depth:
            yield part
        elif text == ")":
            depth -= 1


def _of_class(characters: str) -> str:
    """What is inside a class of characters, with the other forms of each."""
    parts = list[str]()
    for each in _OF_CLASS.finditer(characters):
        first, last = _character(each["first"]), each["last"] and _character(each["last"])
        if not last:
            parts += _KINDS.get(each[0]) or _forms(first)
            continue
        parts.append(f"{re.escape(first)}-{re.escape(last)}")
        if last.isdigit():
            parts.append(_DIGITS)
        elif last <= "~":
            parts.append(f"{_full_width(first)}-{_full_width(last)}")
    return "".join(parts)


def _character(written: str) -> str:
    """The character that a pattern writes as itself, with a backslash, or by its code."""
    if len(written) > 2:
        return chr(int(written[2:], 16))
    return written[-1]


def _forms(character: str) -> Iterator[str]:
    """How a character may be written."""
    yield _DIGITS if character.isdigit() else _WRITTEN.get(character) or re.escape(character)
    if "!" <= character <= "~":
        yield _full_width(character)
    yield from traditional_forms(character)


def _full_width(character: str) -> str:
    return chr(ord(character) + _FULL_WIDTH)
