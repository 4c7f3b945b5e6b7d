"""How much likelier a few characters are a person's name than words, by themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.checks.privacy.name_evidence import NAME, Codes, Floats, fold, name_share, word_share


def odds_of_codes(names: Sequence[Codes]) -> tuple[Floats, Floats, Floats]:
    """Of names of two to four folded characters: the log odds of being a name and not words, the
    log share among names, and that as words.
    """
    rows = np.zeros((len(names), NAME), np.uint16)
    for row, codes in zip(rows, names, strict=True):
        row[: len(codes)] = codes
    lengths = np.array([len(codes) for codes in names], np.int64)
    share, words = name_share(rows, lengths), word_share(rows, names_too=False)
    return share - words, share, words


def odds_of_names(names: Sequence[str]) -> list[float]:
    """The log odds of each name; -inf for what has another length."""
    odds = [-np.inf] * len(names)
    folded = {at: fold(name)[0] for at, name in enumerate(names)}
    folded = {at: codes for at, codes in folded.items() if 2 <= len(codes) <= NAME}
    if folded:
        found, _, _ = odds_of_codes([*folded.values()])
        for at, value in zip(folded, found, strict=True):
            odds[at] = float(value)
    return odds
