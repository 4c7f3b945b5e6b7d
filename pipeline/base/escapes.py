r"""Escaped characters: `&#64;` and `&commat;` (HTML), `%40` (RFC 3986), `\u0040` (JSON, RFC 8259),
`\u{40}` and `\x40` (ECMAScript).

Nested and repeated escapes are undone completely, in time linear in the text: each escape is read
once, and again only where one beside it was undone.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from html.entities import html5

from pipeline.base.patterns import lazy

#: A cheap test for escapes, for `re` and RE2, in bytes as in text: without a match there is none.
SIGN = r"&[#A-Za-z]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]|\\x[0-9A-Fa-f]{2}"
_SIGN = lazy(SIGN)
_LONGEST = 40  # characters of an escape and of the text after it that decides where it ends
_NUMERIC = lazy(
    r"&#(?:0{0,20}[1-9][0-9]{0,6}(?![0-9])|[xX]0{0,20}[1-9A-Fa-f][0-9A-Fa-f]{0,5}(?![0-9A-Fa-f]));?"
)
_NAMED = lazy(r"&([A-Za-z][A-Za-z0-9]{1,31};?)")
_PERCENT = lazy(r"(?:%[0-9A-Fa-f]{2}){1,4}")
_UNICODE = lazy(
    r"\\u(?:([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|([0-9a-fA-F]{4}))"
    r"|\\u\{([0-9A-Fa-f]{1,6})\}|\\x([0-9A-Fa-f]{2})"
)
#: The beginning of an escape, at a text's end.
_BEGUN = lazy(
    r"&(?:#[xX]?[0-9A-Fa-f]*|[A-Za-z][A-Za-z0-9]*)?\Z|(?=%)(?:%[0-9A-Fa-f]{2}){0,3}(?:%[0-9A-Fa-f]?)?\Z"
    r"|\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\)?(?:u[0-9A-Fa-f]{0,4})?\Z|\\(?:u\{[0-9A-Fa-f]{0,6}|x[0-9A-Fa-f]?)\Z"
)
_Undone = tuple[int, str]  # (length of the escape, the character that it stands for)


def has_escapes(text: str) -> bool:
    """Whether `text` may hold an escape."""
    return _SIGN.search(text) is not None


def undo_escapes(text: str, each: Callable[[str], str] = str) -> tuple[str, list[int]]:
    """(`text` with every escape undone, the offset in `text` of each character of the result).

    An escape's character is at the offset where the escape begins; `each` is applied to it before
    it can be part of another escape. Escapes of no character (`&#xD800;`, `%FF`, `%13`) stay.
    """
    made, origins = list[str](), list[int]()
    ahead = list[tuple[str, int]]()  # still to be read before text[at:], the next one last
    at = 0
    while True:
        if not ahead:
            sign = _SIGN.search(text, at)
            stop = sign.start() if sign else len(text)
            made.extend(text[at:stop])
            origins.extend(range(at, stop))
            at = stop
            if not sign:
                return "".join(made), origins
        near = "".join(c for c, _ in ahead[: -_LONGEST - 1 : -1])
        undone = _escape(near + text[at : at + _LONGEST - len(near)])
        length = undone[0] if undone else 1
        origin = ahead[-1][1] if ahead else at
        if undone is None:
            made.append(near[0] if near else text[at])
            origins.append(origin)
        used = min(length, len(ahead))
        del ahead[len(ahead) - used :]
        at += length - used
        if undone is not None:
            ahead += [(c, origin) for c in reversed(each(undone[1]))]
            _reread(made, origins, ahead)


def _reread(made: list[str], origins: list[int], ahead: list[tuple[str, int]]) -> None:
    """Move a possible beginning of an escape from the end of `made` back to `ahead`."""
    begun = _BEGUN.search("".join(made[-_LONGEST:]))
    if begun:
        count = len(begun[0])
        ahead += zip(reversed(made[-count:]), reversed(origins[-count:]), strict=True)
        del made[-count:], origins[-count:]


def _escape(text: str) -> _Undone | None:
    """The escape that `text` begins with; None where it begins with none."""
    first = text[:1]
    if first == "&":
        return _numeric(text) if text[1:2] == "#" else _named(text)
    if first == "%":
        return _percent(text)
    return _unicode(text) if first == "\\" else None


def _numeric(text: str) -> _Undone | None:
    found = _NUMERIC.match(text)
    character = html.unescape(found[0]) if found else "\ufffd"
    return (found.end(), character) if found and character != "\ufffd" else None


def _named(text: str) -> _Undone | None:
    """A named character of HTML; the oldest names need no semicolon (`&copy2024`)."""
    found = _NAMED.match(text)
    for length in range(len(found[1]) if found else 0, 1, -1):
        if (character := html5.get(text[1 : 1 + length])) is not None:
            return 1 + length, character
    return None


def _percent(text: str) -> _Undone | None:
    """A character of UTF-8. No control character: 100%13812345678 holds a telephone number."""
    found = _PERCENT.match(text)
    if not found:
        return None
    octets = bytes.fromhex(found[0].replace("%", ""))
    count = 1 if octets[0] < 0x80 else 2 if octets[0] < 0xE0 else 3 if octets[0] < 0xF0 else 4
    try:
        character = octets[:count].decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_text = count > 1 or character.isprintable() or character in "\t\n\r"
    return (3 * count, character) if is_text else None


def _unicode(text: str) -> _Undone | None:
    r"""A character of JSON, also where it takes two (`\ud83d\ude00`)."""
    found = _UNICODE.match(text)
    if not found:
        return None
    if found[1]:
        pair = bytes.fromhex(found[1] + found[2]).decode("utf-16-be")
        return found.end(), pair
    code = int(found[3] or found[4] or found[5], 16)
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return None
    return found.end(), chr(code)
