"""Radicals in a PDF's text layer instead of the characters that look like them: ⼈ for 人.

Unicode encodes dictionary radicals separately from characters; prose never uses them. The
Kangxi radicals have compatibility decompositions; for the supplement, the pairs are those of
Unicode's EquivalentUnifiedIdeograph.txt that are characters of their own.
"""

from __future__ import annotations

import re
import unicodedata

_SUPPLEMENT = dict(
    zip(
        "⺟⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳⻑⻯⻱",
        "母民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟長竜龜",
        strict=True,
    )
)
_KANGXI = {chr(c): unicodedata.normalize("NFKC", chr(c)) for c in range(0x2F00, 0x2FD6)}
UNIFIED = str.maketrans(_KANGXI | _SUPPLEMENT)
RADICALS = re.compile(f"[{''.join(map(chr, UNIFIED))}]+")
