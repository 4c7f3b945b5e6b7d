"""Fits the weights of the evidence for persons' names from texts in which the names are known.

python tools/fit_name_weights.py TEXTS.csv… writes pipeline/checks/privacy/name_weights.csv.
Each CSV has the columns `text`, `secret` (the names in it, with | between; empty: it names nobody)
and `form` (texts of one form are worded alike). Logistic regression by Adam (Kingma and Ba 2015)
with a penalty on the squares of the weights; words have a higher one, so that they count only
where several forms agree.
"""

from __future__ import annotations

import csv
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.checks.privacy.name_evidence import (
    BETWEEN,
    WORDS,
    candidates,
    features,
    fold,
    windows,
)
from pipeline.checks.privacy.name_search import WEIGHTS

AT_ONCE = 2000  # texts
STEPS, FAST, SLOW = 400, 0.15, 0.05
PENALTY, PENALTY_OF_WORDS = 2e-5, 1e-4
FORMS, TIMES = 3, 20  # forms that have a word, and candidates that have a class, to get a weight
PART = 0.3  # what a candidate counts that is a part of a name, or holds one
Floats = npt.NDArray[np.float64]


class Evidence:
    """The candidates of all texts: `numbers`, `kinds`, `is_name` (1, 0), `counts`, `forms`."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        numbers, kinds, labels, forms = [], [], list[float](), list[int]()
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            codes, at = fold(BETWEEN.join(row["text"] for row in some))
            starts, lengths = candidates(codes)
            found = features(windows(codes, starts, lengths), lengths)
            numbers.append(found.numbers)
            kinds.append(found.kinds)
            begins = np.cumsum([0, *(len(row["text"]) + 1 for row in some)])
            spans = [[*_spans(row["text"], row["secret"])] for row in some]
            of_text = np.searchsorted(begins, at[starts], "right") - 1
            stops = at[starts + lengths - 1] + 1
            for text, start, stop in zip(
                of_text.tolist(), at[starts].tolist(), stops.tolist(), strict=True
            ):
                begin = int(begins[text])
                labels.append(_label(start - begin, stop - begin, spans[text]))
                forms.append(zlib.crc32(some[text]["form"].encode()))
        label = np.array(labels)
        self.numbers: Floats = np.concatenate(numbers).astype(np.float64)
        self.kinds = {k: np.concatenate([each[k] for each in kinds]) for k in kinds[0]}
        self.is_name: Floats = (label == 1).astype(np.float64)
        self.counts: Floats = np.where(label == PART, PART, 1.0)
        self.forms = np.array(forms, np.uint64)


def _spans(text: str, names: str) -> Iterator[tuple[int, int]]:
    for name in filter(None, names.split("|")):
        start = text.find(name)
        while start >= 0:
            yield start, start + len(name)
            start = text.find(name, start + 1)


def _label(start: int, end: int, spans: list[tuple[int, int]]) -> float:
    if (start, end) in spans:
        return 1
    return PART if any(start < last and first < end for first, last in spans) else 0


def fit(evidence: Evidence) -> Iterator[tuple[str, object, float]]:
    """(evidence, value, weight) of everything that has a weight."""
    known = {kind: _worth_a_weight(evidence, kind) for kind in evidence.kinds}
    columns, size = [], 0
    for kind, values in known.items():
        at = np.searchsorted(values, evidence.kinds[kind]).clip(max=len(values) - 1)
        columns.append(np.where(values[at] == evidence.kinds[kind], at + size, -1))
        size += len(values)
    index = np.stack(columns, 1)
    places = np.where(index < 0, size, index)
    penalty = np.concatenate(
        [
            np.full(len(v), PENALTY_OF_WORDS if k in WORDS else PENALTY, np.float64)
            for k, v in known.items()
        ]
        + [np.zeros(1)]
    )
    share = evidence.counts / evidence.counts.sum()
    weights = [np.zeros(size + 1), np.zeros(evidence.numbers.shape[1]), np.zeros(1)]
    mean, spread = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    for step in range(1, STEPS + 1):
        odds = evidence.numbers @ weights[1] + weights[0][places].sum(1) + weights[2]
        wrong = (1 / (1 + np.exp(-odds)) - evidence.is_name) * share
        of_places = penalty * weights[0]
        for column in range(places.shape[1]):
            of_places += np.bincount(places[:, column], wrong, minlength=size + 1)
        of_places[size] = 0
        gradients = (of_places, evidence.numbers.T @ wrong, np.array([wrong.sum()]))
        rate = FAST if step < STEPS * 0.6 else SLOW
        for w, m, s, g in zip(weights, mean, spread, gradients, strict=True):
            m += 0.1 * (g - m)
            s += 0.01 * (g * g - s)
            w -= rate * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.99**step)) + 1e-8)
    yield "bias", 0, float(weights[2][0])
    yield from (("number", at, float(w)) for at, w in enumerate(weights[1]))
    every = ((kind, value) for kind, values in known.items() for value in values.tolist())
    for (kind, value), weight in zip(every, weights[0], strict=False):
        yield kind, _unpacked(value) if kind in WORDS else value, float(weight)


def _worth_a_weight(evidence: Evidence, kind: str) -> npt.NDArray[np.uint64]:
    values = evidence.kinds[kind]
    if kind not in WORDS:
        found, count = np.unique(values, return_counts=True)
        return found[count >= TIMES]
    pairs = np.unique(np.stack([values, evidence.forms], 1), axis=0)
    found, count = np.unique(pairs[:, 0], return_counts=True)
    return found[(count >= FORMS) & (found > 0)]


def _unpacked(number: int) -> str:
    word = ""
    while number:
        word, number = chr(number & 0xFFFF) + word, number >> 16
    return word


def main(paths: list[str]) -> None:
    """Fit on the CSVs at `paths` and write the weights that are not nearly nothing."""
    rows = list[dict[str, str]]()
    for path in paths:
        with Path(path).open(encoding="utf-8", newline="") as texts:
            rows += csv.DictReader(texts)
    weights = [*fit(Evidence(rows))]
    with WEIGHTS.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["evidence", "value", "weight"])
        for kind, value, weight in weights:
            if kind in ("bias", "number") or (abs(weight) >= 0.03 and str(value).isprintable()):
                out.writerow([kind, value, f"{weight:.3f}"])


if __name__ == "__main__":
    main(sys.argv[1:])
