"""Text as a reader's program would compare it: without disguises, marks and blanks."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote

_DIGITS = str.maketrans(
    "〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖两幺", "00123456789123456789" + "21"
)
_FILLERS = {0x115F: None, 0x1160: None, 0x3164: None, 0xFFA0: None}  # letters that show nothing
_NO_WORD = re.compile(r"[\W_]+")
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"&#?\w+;")


def folded(text: str) -> str:
    """`text` without what does not change its meaning: letters, digits and characters alone.

    HTML entities and percent escapes are undone, full-width and circled forms are plain, Chinese
    digits are digits, letters are small; separators, blanks and invisible characters are left out.
    """
    for _ in range(2):  # a cell that holds an entity holds it twice escaped in XML
        if _ENTITY.search(text):
            text = html.unescape(text)
    if "%" in text:
        text = _ESCAPED.sub(lambda found: unquote(found[0], errors="ignore"), text)
    text = unicodedata.normalize("NFKC", text).translate(_FILLERS).translate(_DIGITS)
    return _NO_WORD.sub("", text.casefold())
