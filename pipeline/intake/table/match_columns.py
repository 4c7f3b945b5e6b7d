"""Header names, matched to the fields of the contract."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from pipeline.base.model import Dataset, Finding, Source, found
from pipeline.base.patterns import lazy
from pipeline.base.script import simplified
from pipeline.contract.catalog import ORIGIN
from pipeline.intake.table.values import tidy

LONGEST = 200  # characters of a header that are compared

_UNIT = lazy(
    r"[(〔\[【](?:(?:单位|金额单位)[::])?(?:人民币)?(亿元|万元|千元|元)[)〕\]】]|[,,/_](?:单位[::]?)?(亿元|万元|千元|元)$"
)
_NUMBERING = lazy(
    r"^(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）.、．:：](?!\d)|\d{1,2}\s+(?=\D))"
)
_MARKS = lazy(r"[\s*＊★☆※•·_\-—()（）〔〕\[\]【】{}<>《》“”\"'、,，;；:：./／。!！?？#]+")
_HINTS = lazy(
    r"[(（](?:必填|选填|可为空|格式|示例|例如|填写|请填|yyyy|下拉|[规标]?[范准]?全称|全名|\d+位)[^)）]*[)）]",
    re.I,
)
SERIAL = lazy(r"^(?:序号|编次|行号|No\.?|#)$", re.I)  # a column of row numbers


@lru_cache(1 << 14)
def canonical(header: str) -> tuple[str, str]:
    """(canonical form, unit of amounts or "") of a header name.

    The form is without differences of width, brackets, blanks, numbering, stars, hints, units and
    script (traditional or simplified).
    """
    plain = unicodedata.normalize("NFKC", tidy(header[:LONGEST]))
    plain = _HINTS.sub("", plain)
    unit = ""
    if match := _UNIT.search(plain):
        unit = match[1] or match[2]
        plain = plain[: match.start()] + plain[match.end() :]
    plain = _NUMBERING.sub("", re.sub(r"^[*★☆※\s]+", "", plain))
    return _MARKS.sub("", simplified(plain)).casefold(), unit


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """One column of a file: its header as written and the field it matches ("" for none)."""

    position: int
    header: str
    field: str
    matched_by: str  # sources.yaml, title, name, alias, serial, origin, ignored, second, ""
    # (not matched)
    unit: str = ""
    suggestion: str = ""  # the nearest field's title, shown in the finding and never applied


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
    for form, (field, _) in _with_units(dataset).items():
        known.setdefault(form, (field, "title"))
    return known


@cache
def _with_units(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Titles with the column's own unit behind them, as the site's downloads have them: canonical
    spelling → (field, unit)."""
    known: dict[str, tuple[str, str]] = {}
    for column in dataset.columns:
        for title, unit in ((column.title, column.unit), (column.title_en, column.unit_en)):
            form, read = canonical(f"{title} ({unit})")
            if unit and not read:  # a unit that is read off any title needs no spelling
                known[form] = (column.name, column.unit)
    return known


def spellings(datasets: Iterable[Dataset]) -> set[str]:
    """Every title, name and alias exactly as the contract writes it.

    A quick filter for header rows; `knows` compares canonical forms.
    """
    return {
        spelling
        for dataset in datasets
        for column in dataset.columns
        for spelling in (column.title, column.name, column.title_en, *column.aliases)
    }


@lru_cache(64)
def _of_all(datasets: tuple[Dataset, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """(the canonical spellings of all datasets, those of them that are titles)."""
    known = [item for dataset in datasets for item in _spellings(dataset).items()]
    return frozenset(f for f, _ in known), frozenset(f for f, (_, how) in known if how == "title")


def field_of(header: str, dataset: Dataset) -> str:
    """The field of `dataset` that `header` means; "" for none."""
    return _spellings(dataset).get(canonical(header)[0], ("", ""))[0]


def knows(header: str, datasets: Sequence[Dataset]) -> bool:
    """Whether `header` means a field of one of `datasets`."""
    return canonical(header)[0] in _of_all(tuple(datasets))[0]


def is_title(header: str, datasets: Sequence[Dataset]) -> bool:
    """Whether `header` is the title of a field, and not only its name or an alias."""
    return canonical(header)[0] in _of_all(tuple(datasets))[1]


def match(
    header: Sequence[str], dataset: Dataset, columns: Mapping[str, str], ignore: Iterable[str]
) -> tuple[HeaderMatch, ...]:
    """Each column of `header` with the field it holds.

    `columns` (header → field) and `ignore` are from sources.yaml. A field is assigned once: a
    second column that matches it is the field called so with （2） behind it; where there is none,
    it stays unmatched, and becomes a finding.
    """
    known, used, times = _spellings(dataset), set[str](), Counter[str]()
    origin = _of_origin(header)
    listed = {canonical(name)[0]: field for name, field in columns.items()}
    with_units = _with_units(dataset)
    ignored = {canonical(name)[0] for name in ignore}
    matches = []
    for position, written in enumerate(header):
        form, unit = canonical(written)
        unit = unit or with_units.get(form, ("", ""))[1]
        if written in columns or (form and form in listed):
            field, how = columns.get(written) or listed[form], "sources.yaml"
        elif form in ignored or not form:
            field, how = "", "ignored"
        else:
            serial = "serial" if SERIAL.match(form) else "origin" if form in origin else ""
            field, how = known.get(form, ("", serial))
        times[form] += 1
        if field in used:
            field, how = known.get(canonical(again(written, times[form]))[0], ("", "second"))
        if field in used:
            field, how = "", "second"
        used |= {field} - {""}
        near = "" if how else _nearest(form, known, dataset, used)
        matches.append(HeaderMatch(position, written, field, how, unit, near))
    return tuple(matches)


def _of_origin(header: Sequence[str]) -> frozenset[str]:
    """The canonical forms of the columns that say where a published record came from, where a
    header has them all: it is one of our own downloads. One alone may be a department's.
    """
    forms = {canonical(written)[0] for written in header}
    each = [{canonical(n)[0] for n in (c.name, c.title, c.title_en)} & forms for c in ORIGIN]
    return frozenset[str]().union(*each) if all(each) else frozenset()


def again(header: str, number: int) -> str:
    """How the contract calls the column that is the `number`th with this header: 电话（2）."""
    return f"{header}（{number}）" if number > 1 else header


def _nearest(
    form: str, known: Mapping[str, tuple[str, str]], dataset: Dataset, used: set[str]
) -> str:
    free = [spelling for spelling, (field, _) in known.items() if field not in used]
    close = difflib.get_close_matches(form, free, n=1, cutoff=0.6)
    return dataset.column(known[close[0]][0]).title if close else ""


def scores(header: Sequence[str], datasets: Sequence[Dataset]) -> tuple[tuple[int, Dataset], ...]:
    """How many of a row's cells are headers of each dataset, each field counted once; best first."""
    known = _of_all(tuple(datasets))[0]
    forms = {form for cell in header if cell and (form := canonical(cell)[0]) in known}
    counts = [(_fields(forms, dataset), dataset) for dataset in datasets]
    return tuple(sorted(counts, key=lambda count: -count[0]))


def _fields(forms: Iterable[str], dataset: Dataset) -> int:
    known = _spellings(dataset)
    return len({known[form][0] for form in forms if form in known})


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """`cells` without the blank ones at the end."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return tuple(cells[:end])


def identify(
    scores: Sequence[tuple[int, Dataset]], filled: int
) -> tuple[Dataset | None, list[Dataset]]:
    """(the dataset of a header row with `filled` cells, []), or (None, the candidates).

    `scores`: (matched fields, dataset), best first. At least half of the cells must match, and
    more than for any other dataset.
    """
    if not scores or scores[0][0] * 2 < filled:
        return None, [dataset for matched, dataset in scores if matched >= 2][:3]
    tied = [dataset for matched, dataset in scores if matched == scores[0][0]]
    return (tied[0], []) if len(tied) == 1 else (None, tied)


def signals(
    source: Source, dataset: Dataset, mapping: Sequence[HeaderMatch], constants: Iterable[str]
) -> Iterator[Finding]:
    """A finding for each column of the file without a field, and each field without a column."""
    row = source.header_row
    for m in mapping:
        params = {"header": m.header[:LONGEST], "suggestion": m.suggestion}
        if m.matched_by == "second":
            yield found("header-twice", source, row=row, params=params)
        elif not m.matched_by:
            rule = "header-near" if m.suggestion else "header-unmapped"
            yield found(rule, source, row=row, params=params)
    ours = {c.name for c in dataset.columns if c.heaviest_of} | set(
        dataset.primary_key if dataset.identity else ()
    )
    present = {m.field for m in mapping} | set(constants) | ours
    for column in dataset.columns:
        if column.name not in present and column.privacy != "never":
            rule = "header-missing" if column.constraints.get("required") else "header-absent"
            params = {"title": column.title, "title_en": column.title_en}
            yield found(rule, source, row=row, column=column.name, params=params)
