"""Names of persons in texts, found by evidence: sure, or not sure.

All texts are searched at once. Their clauses are compared first, since texts of one department
repeat most of theirs: each different clause is judged once.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base import parse_cache
from pipeline.checks.privacy import ethnic_names, foreign_names, name_labels, name_lists
from pipeline.checks.privacy.dictionary import pack
from pipeline.checks.privacy.found_names import Name, apart, united, without_escapes
from pipeline.checks.privacy.name_evidence import (
    BETWEEN,
    WORDS,
    Codes,
    candidates,
    features,
    fold,
    is_end,
    windows,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
#: From this score a name is masked without asking; from the other one, a person is asked.
SURE, DOUBT = 1.5, -1.0
_NAMED_OTHERWISE = 6.0
AT_ONCE = 1 << 20  # characters searched at a time
_WINDOWS = 1 << 15  # windows read at a time
#: What each piece of evidence adds; written by tools/fit_name_weights.py.
WEIGHTS = Path(__file__).with_name("name_weights.csv")


def names_in(texts: Sequence[str]) -> list[list[Name]]:
    """For each text the names in it, which do not overlap, in their order."""
    return without_escapes(_names_in, texts)


def _names_in(texts: Sequence[str]) -> list[list[Name]]:
    found: list[list[Name]] = [[] for _ in texts]
    for first, some in batches(texts):
        codes, at = fold(BETWEEN.join(some))
        begins = np.cumsum([0, *(len(text) + 1 for text in some)])
        for start, end, score in _spans(codes):
            first_at, last_at = int(at[start]), int(at[end - 1])
            text = int(np.searchsorted(begins, first_at, "right")) - 1
            origin = int(begins[text])
            name = Name(first_at - origin, last_at + 1 - origin, score >= SURE)
            found[first + text].append(name)
    for text, names in _by_text(foreign_names.names_in(texts)):
        found[text] = apart(found[text], names)
    for text, names in _by_text(ethnic_names.names_in(texts)):
        found[text] = united(found[text], names)
    for text, names in _by_text(name_labels.names_in(texts)):
        found[text] = apart(names, found[text])
    lists = pc.match_substring_regex(pa.array(texts, pa.string()), name_lists.SIGN_OF_BLANKS)
    for text in pc.indices_nonzero(lists).to_pylist():
        found[text] = apart(found[text], name_lists.between_blanks(texts[text]))
    both = zip(texts, found, strict=True)
    return [name_lists.with_neighbours(text, names) for text, names in both]


def _by_text(found: Iterable[tuple[int, Name]]) -> list[tuple[int, list[Name]]]:
    """(index of the text, its names) of all that is found, which do not overlap."""
    by_text: dict[int, list[Name]] = {}
    for text, name in found:
        names = by_text.setdefault(text, [])
        if not names or names[-1].end <= name.start:
            names.append(name)
    return [*by_text.items()]


_GAP = np.zeros(1, np.uint16)


def batches(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """(index of the first, texts of about `AT_ONCE` characters)."""
    first, size = 0, 0
    for at, text in enumerate(texts):
        size += len(text) + 1
        if size >= AT_ONCE:
            yield first, texts[first : at + 1]
            first, size = at + 1, 0
    if first < len(texts):
        yield first, texts[first:]


def _spans(codes: Codes) -> Iterator[tuple[int, int, float]]:
    """(start, end, score) of what reads as a name in `codes`, without overlaps, in their order."""
    starts, ends, same = _clauses(codes)
    _, first, which = np.unique(same, return_index=True, return_inverse=True)
    distinct = np.concatenate(
        [_GAP, *(part for at in first for part in (codes[starts[at] : ends[at]], _GAP))]
    )
    begins = np.cumsum([1, *(ends[first] - starts[first] + 1)])
    by_clause: dict[int, list[tuple[int, int, float]]] = {}
    for start, end, score in _best(distinct):
        clause = int(np.searchsorted(begins, start, "right")) - 1
        origin = int(begins[clause])
        by_clause.setdefault(clause, []).append((start - origin, end - origin, score))
    has_names = np.zeros(len(first), bool)
    has_names[np.array([*by_clause], np.int64)] = True
    for at in np.flatnonzero(has_names[which]):
        origin = int(starts[at])
        for start, end, score in by_clause[int(which[at])]:
            yield origin + start, origin + end, score


def _clauses(codes: Codes) -> tuple[Ints, Ints, npt.NDArray[np.uint64]]:
    """(start, end, a hash) of each clause, with the marks at both of its ends.

    The hashes are differences of one running sum of powers (Karp and Rabin 1987).
    """
    stops = np.flatnonzero(is_end(codes))
    starts = np.concatenate([[0], stops])
    ends = np.concatenate([stops + 1, [len(codes)]])
    keep = ends - starts > 2
    starts, ends = starts[keep], ends[keep]
    powers, inverses = _powers(len(codes))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_SPREAD[codes] * powers)])
    return (
        starts,
        ends,
        (sums[ends] - sums[starts]) * inverses[starts] + (ends - starts).astype(np.uint64),
    )


_BASE = 0x9E37_79B9_7F4A_7C15  # odd, so that it has an inverse modulo 2^64


def _spread() -> npt.NDArray[np.uint64]:
    """A number for each character, far from that of the next (SplitMix64, Steele et al. 2014).

    `numpy.random` would give one too, but takes longer to load than to search ten rows.
    """
    numbers = np.arange(1, (1 << 16) + 1, dtype=np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return numbers ^ (numbers >> np.uint64(31))


_SPREAD = _spread()


def _powers(count: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The first `count` powers of the base and of its inverse, modulo 2^64."""
    steps = np.ones((2, count), np.uint64)
    steps[0, 1:], steps[1, 1:] = _BASE, pow(_BASE, -1, 1 << 64)
    powers, inverses = np.cumprod(steps, axis=1)
    return powers, inverses


def _best(codes: Codes) -> Iterator[tuple[int, int, float]]:
    """(start, end, score) of the best candidates; of two that overlap the better one."""
    starts, lengths = candidates(codes)
    scores = np.concatenate(
        [np.zeros(0, np.float32)]
        + [
            score(codes, starts[at : at + _WINDOWS], lengths[at : at + _WINDOWS])
            for at in range(0, len(starts), _WINDOWS)
        ]
    )
    likely = np.flatnonzero(scores >= DOUBT)
    likely = likely[np.argsort(-scores[likely], kind="stable")]
    taken = np.zeros(len(codes), bool)
    found = []
    for at in likely.tolist():
        start, end = int(starts[at]), int(starts[at] + lengths[at])
        if not taken[start:end].any():
            taken[start:end] = True
            found.append((start, end, float(scores[at])))
    yield from sorted(found)


def score(codes: Codes, starts: Ints, lengths: Ints) -> Floats:
    """The log odds that each candidate is a name."""
    evidence = features(windows(codes, starts, lengths), lengths)
    weights = _weights()
    total = (evidence.numbers * weights.numbers).sum(axis=1) + weights.bias
    for kind, values in evidence.kinds.items():
        known, weight = weights.kinds[kind]
        at = np.searchsorted(known, values).clip(max=len(known) - 1)
        total += np.where(known[at] == values, weight[at], 0)
    total -= np.where(evidence.named_otherwise, _NAMED_OTHERWISE, 0)
    odds: Floats = total.astype(np.float32)
    return odds


@dataclass(frozen=True, slots=True)
class _Weights:
    """What each piece of evidence adds to the log odds; of kinds: (sorted values, weights)."""

    numbers: Floats
    bias: float
    kinds: dict[str, tuple[npt.NDArray[np.uint64], Floats]]


@cache
def _weights() -> _Weights:
    content = WEIGHTS.read_text("utf-8")
    numbers, bias, kinds = parse_cache.parsed("name-weights", content, lambda: _parsed(content))
    return _Weights(numbers, bias, kinds)


def _parsed(content: str) -> tuple[Floats, float, dict[str, tuple[npt.NDArray[np.uint64], Floats]]]:
    by_kind: dict[str, list[tuple[int, float]]] = {}
    for kind, value, weight in list(csv.reader(content.splitlines()))[1:]:
        number = int(value) if kind not in WORDS else pack(value)
        by_kind.setdefault(kind, []).append((number, float(weight)))
    numbers = np.array([weight for _, weight in sorted(by_kind.pop("number"))], np.float32)
    ((_, bias),) = by_kind.pop("bias")
    kinds = {
        kind: (
            np.array([value for value, _ in sorted(pairs)], np.uint64),
            np.array([weight for _, weight in sorted(pairs)], np.float32),
        )
        for kind, pairs in by_kind.items()
    }
    return numbers, bias, kinds
