"""What stands above the columns, matched to the contract; and where in a file that row is."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import opencc

from pipeline.model import Dataset

_UNIT = re.compile(
    r"[(〔\[【](?:单位[::])?(亿元|万元|千元|元)[)〕\]】]|[,,/_](?:单位[::]?)?(亿元|万元|千元|元)$"
)
_NUMBERING = re.compile(
    r"^(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）.、．:：](?!\d)|\d{1,2}\s+(?=\D))"
)
_MARKS = re.compile(r"[\s*＊★☆※•·_\-—()（）〔〕\[\]【】{}<>《》“”\"'、,，;；:：./／。!！?？#]+")
_HINTS = re.compile(
    r"[(（](?:必填|选填|必填项|可为空|格式|示例|例如|填写|请填|yyyy|下拉)[^)）]*[)）]", re.I
)


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def canonical(header: str) -> tuple[str, str]:
    """(canonical form, unit): width, brackets, blanks, numbering, stars, hints, units and script aside."""
    plain = unicodedata.normalize("NFKC", header).strip()
    plain = _HINTS.sub("", plain)
    unit = ""
    if match := _UNIT.search(plain):
        unit = match[1] or match[2]
        plain = plain[: match.start()] + plain[match.end() :]
    plain = _NUMBERING.sub("", re.sub(r"^[*★☆※\s]+", "", plain))
    return _MARKS.sub("", _simplifier().convert(plain)).casefold(), unit


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """One column of a file: its header as written and the field it is taken for ("" for none)."""

    position: int
    header: str
    field: str
    matched_by: str  # sources.yaml, title, alias, ignored, "" (not matched)
    unit: str = ""
    suggestion: str = ""  # the nearest field's title, never taken


@cache
def _spellings(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Canonical spelling → (field, how it is known)."""
    known: dict[str, tuple[str, str]] = {}
    for column in dataset.columns:
        for spelling, how in [
            (column.title, "title"),
            (column.name, "name"),
            (column.title_en, "title"),
            *((a, "alias") for a in column.aliases),
        ]:
            known.setdefault(canonical(spelling)[0], (column.name, how))
    return known


def match(
    header: Sequence[str], dataset: Dataset, columns: Mapping[str, str], ignore: Iterable[str]
) -> tuple[HeaderMatch, ...]:
    """Each column of `header` with the field it holds; `columns` and `ignore` are sources.yaml's.

    A field is given out once: a second column that claims it stays unmatched, and so shows up.
    """
    known, ignored, taken = _spellings(dataset), set(ignore), set[str]()
    matches = []
    for position, written in enumerate(header):
        form, unit = canonical(written)
        if written in columns:
            field, how = columns[written], "sources.yaml"
        elif written in ignored or not form:
            field, how = "", "ignored"
        else:
            field, how = known.get(form, ("", ""))
        if field in taken:
            field, how = "", "second"
        taken |= {field} - {""}
        near = "" if how else _nearest(form, known, dataset, taken)
        matches.append(HeaderMatch(position, written, field, how, unit, near))
    return tuple(matches)


def _nearest(
    form: str, known: Mapping[str, tuple[str, str]], dataset: Dataset, taken: set[str]
) -> str:
    free = [spelling for spelling, (field, _) in known.items() if field not in taken]
    close = difflib.get_close_matches(form, free, n=1, cutoff=0.6)
    return dataset.column(known[close[0]][0]).title if close else ""


def score(header: Sequence[str], dataset: Dataset) -> int:
    """How many of a row's cells are headers of `dataset`, each field counted once."""
    known = _spellings(dataset)
    return len({known[f][0] for cell in header if cell and (f := canonical(cell)[0]) in known})


def find_header(
    rows: Sequence[Sequence[str]], datasets: Iterable[Dataset]
) -> tuple[int, list[tuple[int, Dataset]]]:
    """The row (1-based) that matches a dataset best, and the datasets by how well, best first.

    Row 0 where no row has two headers of one dataset.
    """
    best_row, best = 0, list[tuple[int, Dataset]]()
    for number, row in enumerate(rows, 1):
        scores = sorted(((score(row, d), d) for d in datasets), key=lambda s: -s[0])
        if scores and scores[0][0] >= 2 and (not best or scores[0][0] > best[0][0]):
            best_row, best = number, scores
    return best_row, best


def identify(
    scores: list[tuple[int, Dataset]], filled: int
) -> tuple[Dataset | None, list[Dataset]]:
    """The one dataset that a header row of `filled` cells is of, else None and the candidates.

    It must know at least half of the row, and more of it than any other.
    """
    if not scores or scores[0][0] * 2 < filled:
        return None, [dataset for hits, dataset in scores if hits >= 2][:3]
    tied = [dataset for hits, dataset in scores if hits == scores[0][0]]
    return (tied[0], []) if len(tied) == 1 else (None, tied)
