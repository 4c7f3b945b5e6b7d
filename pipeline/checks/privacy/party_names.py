"""Whether a party that a department calls an organisation is a person all the same.

Judged by the name alone: it does not end as a business does, it begins with a surname, and it
reads more easily as a name than as words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.name_odds import odds_of_names
from pipeline.checks.privacy.names import looks_like_organisation

#: How much likelier (log) it has to be a name than words, to be one surely, and to be one perhaps.
SURE, PERHAPS = 3.0, -1.0
LONGEST = 40  # characters of a cell that can be a list of persons
_PARTS = lazy(r"[、,;/()\n]+")
_OTHERS = lazy(r"等\s*(?:共?[\d一二两三四五六七八九十百]+)?\s*[人名位]?$")
_DOTTED = lazy(r"[\u3400-\u9fff]{1,8}(?:[·.][\u3400-\u9fff]{1,8})+")
_HAN = lazy(r"[\u3400-\u9fff\U00020000-\U000323af]{2,4}")


def like_persons(names: Sequence[str]) -> list[float]:
    """For each name the log odds that it is a person's, or persons': `SURE` and more, surely.

    Of several in one cell the likeliest counts; -inf for what cannot be one.
    """
    parts = [(at, part) for at, name in enumerate(names) for part in _parts(name)]
    found = [-np.inf] * len(names)
    for (at, _), odds in zip(parts, _odds([part for _, part in parts]), strict=True):
        found[at] = max(found[at], odds)
    return [float(odds) for odds in found]


def _parts(cell: str) -> list[str]:
    """The parts of a cell that may be a name each."""
    if len(cell) > LONGEST or "某" in cell or "*" in cell:
        return []
    parts = (_OTHERS.sub("", part.strip()) for part in _PARTS.split(by_character(cell)))
    return [part for part in parts if part and not looks_like_organisation(part)]


def _odds(names: Sequence[str]) -> list[float]:
    odds = [SURE if _DOTTED.fullmatch(name) and len(name) <= 16 else -np.inf for name in names]
    at = [n for n, name in enumerate(names) if _HAN.fullmatch(_joined(name))]
    for n, value in zip(at, odds_of_names([names[n] for n in at]), strict=True):
        odds[n] = value
    return odds


def _joined(name: str) -> str:
    return "".join(name.split())
