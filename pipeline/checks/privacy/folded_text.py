"""Text without its disguises: full-width characters half-width, all dashes one dash, digits that are spelt out.

Character for character, so that an offset in the folded text is an offset in the text.
"""

from __future__ import annotations

import re

from pipeline.checks.privacy.traditional import FOLD

_FULL: dict[int, str | int] = {0xFF01 + i: 0x21 + i for i in range(94)}
_DASHES: dict[int, str | int] = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")
_SPACES: dict[int, str | int] = dict.fromkeys(
    map(ord, "\u3000\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\ufeff\u00ad\t"), " "
)
_FOLD: dict[int, str | int] = str.maketrans({**_FULL, **_DASHES, **_SPACES, ord("•"): "·", ord("﹒"): ".", ord("×"): "x"})  # fmt: skip
_CHINESE_DIGITS = str.maketrans(
    "〇零○ΟОoO一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0000000" + "123456789" + "1" + "123456789"
)
_SPELT = re.compile(r"[〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{7,}")


def fold(text: str) -> str:
    """`text` with its disguises taken off, character for character."""
    return _SPELT.sub(
        lambda m: m[0].translate(_CHINESE_DIGITS), text.translate(_FOLD).translate(FOLD)
    )
