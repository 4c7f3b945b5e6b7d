"""`sources.yaml`: settings for files whose dataset, encoding or headers cannot be detected."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog
from pipeline.base.words import language, say
from pipeline.intake.table.amounts import MONEY_UNITS

HEADER_MOST = 60  # the last row that may hold a header
DATE_STYLES = {"year-first", "short-year", "minguo", "japanese", "ymd", "mdy", "dmy"}


@dataclass(frozen=True, slots=True)
class Hint:
    """What sources.yaml says of the files that one `match` names."""

    match: str = ""
    dataset: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str | int | None = None  # its name, or its number from 1
    header_rows: tuple[int, ...] | None = None  # the header's row, or the first and the last
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    precedence: int = 0
    body: str = ""
    region_code: str = ""
    year: int | None = None
    publisher: str = ""  # whose released package the file is of; "" where a department sent it


def read_hints(path: Path, catalog: Catalog) -> list[Hint]:
    """The entries of `sources.yaml` about files, checked against `catalog`.

    Raises UsageError, with the number of the entry and what is wrong.
    """
    listed = enumerate(entries(path), 1)
    return [_hint(e, number, path, catalog) for number, e in listed if "package" not in e]


def entries(path: Path) -> list[dict[str, Any]]:
    """The entries of `sources.yaml` as written; none where there is no such file.

    Raises UsageError where the file is no YAML in UTF-8 or no list of mappings.
    """
    if not path.exists():
        return []
    import yaml

    lang = language()
    try:
        read = yaml.safe_load(path.read_text("utf-8")) or []
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise UsageError(say("sources-broken", lang, file=path, line=line)) from error
    if not isinstance(read, list) or not all(isinstance(e, dict) for e in read):
        raise UsageError(say("sources-not-a-list", lang, file=path))
    return read


def check_entry(
    entry: Mapping[str, Any],
    keys: Mapping[str, tuple[Callable[[Any], bool], str]],
    needed: Sequence[str],
    refuse: Callable[[object, str], UsageError],
) -> None:
    """Raises the error of `refuse` for an unknown key, a missing one of `needed`, or a bad value.

    `keys`: key → (test of its value, example for the message).
    """
    if unknown := sorted(entry.keys() - keys.keys(), key=str):
        raise refuse(unknown[0], ", ".join(sorted(keys)))
    for key in needed:
        if key not in entry:
            raise refuse(key, keys[key][1])
    for key, value in entry.items():
        good, example = keys[key]
        if not good(value):
            raise refuse(f"{key}: {value}", example)


def refusal(path: Path, number: int) -> Callable[[object, str], UsageError]:
    """A function that makes the UsageError for entry `number`: what is wrong, what is expected."""

    def refuse(what: object, expected: str) -> UsageError:
        params = {"file": path, "number": number, "what": what, "expected": expected}
        return UsageError(say("sources-entry", language(), **params))

    return refuse


def _is_encoding(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(codecs.lookup(value))
    except (LookupError, ValueError):
        return False


def is_word(value: Any) -> bool:
    return isinstance(value, str | int | float | date) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _maps_words(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_word, (*value, *value.values())))


#: What each key may hold: a test, and an example for the message.
KEYS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "match": (lambda v: isinstance(v, str) and bool(v), "match: department/file.csv"),
    "dataset": (lambda v: isinstance(v, str), "dataset: penalty_filings"),
    "encoding": (_is_encoding, "encoding: gb18030"),
    "delimiter": (
        lambda v: isinstance(v, str) and len(v) == 1 and v not in '"\r\n',
        'delimiter: ";"',
    ),
    "sheet": (is_word, "sheet: Sheet1"),
    "header_rows": (lambda v: _is_rows(v), "header_rows: 3, header_rows: [2, 3]"),
    "columns": (_maps_words, "columns: {header: field}"),
    "ignore": (lambda v: isinstance(v, list) and all(map(is_word, v)), "ignore: [header]"),
    "values": (
        lambda v: isinstance(v, dict) and all(map(_maps_words, v.values())),
        "values: {field: {as written: as meant}}",
    ),
    "constants": (_maps_words, "constants: {field: value}"),
    "dates": (lambda v: v in DATE_STYLES, ", ".join(sorted(DATE_STYLES))),
    "units": (
        lambda v: isinstance(v, dict) and all(u in MONEY_UNITS for u in v.values()),
        "units: {fine_yuan: 万元} (" + ", ".join(MONEY_UNITS) + ")",
    ),
    "precedence": (is_number, "precedence: 1"),
    "body": (lambda v: isinstance(v, str), "body: 示例区人民政府"),
    "region_code": (is_word, 'region_code: "411503"'),
    "year": (is_number, "year: 2024"),
}


def _is_rows(value: Any) -> bool:
    """Whether `value` is the header's row, or a list of its first and last row."""
    rows = value if isinstance(value, list) else [value]
    return (
        1 <= len(rows) <= 2
        and all(is_number(r) and 1 <= r <= HEADER_MOST for r in rows)
        and rows == sorted(rows)
    )


def _hint(entry: dict[str, Any], number: int, path: Path, catalog: Catalog) -> Hint:
    refuse = refusal(path, number)
    check_entry(entry, KEYS, ["match"], refuse)
    dataset = entry.get("dataset", "")
    inputs = {d.name: d for d in catalog.datasets.values() if not d.produced}
    if dataset and dataset not in inputs:
        raise refuse(f"dataset: {dataset}", ", ".join(inputs))
    known = [inputs[dataset]] if dataset else inputs.values()
    fields = {c.name for d in known for c in d.columns}
    if strange := sorted(f for f in map(str, _fields_named(entry)) if f not in fields):
        raise refuse(strange[0], ", ".join(sorted(fields)))
    return _checked(entry)


def _fields_named(entry: Mapping[str, Any]) -> set[Any]:
    """Every field that an entry names."""
    named = [entry.get(key, {}) for key in ("values", "constants", "units")]
    return {*entry.get("columns", {}).values(), *(field for part in named for field in part)}


def _checked(entry: Mapping[str, Any]) -> Hint:
    rows = entry.get("header_rows")
    values = entry.get("values", {})
    return Hint(
        match=entry["match"],
        dataset=entry.get("dataset", ""),
        encoding=entry.get("encoding", ""),
        delimiter=entry.get("delimiter", ""),
        sheet=entry.get("sheet"),
        header_rows=None if rows is None else tuple(rows if isinstance(rows, list) else [rows]),
        columns=_words(entry.get("columns", {})),
        ignore=tuple(str(i) for i in entry.get("ignore", ())),
        values={str(f): _words(meant) for f, meant in values.items()},
        constants=_words(entry.get("constants", {})),
        dates=entry.get("dates", ""),
        units=_words(entry.get("units", {})),
        precedence=entry.get("precedence", 0),
        body=entry.get("body", ""),
        region_code=str(entry.get("region_code", "")),
        year=entry.get("year"),
    )


def _words(mapping: Mapping[Any, Any]) -> dict[str, str]:
    return {str(k): str(v) for k, v in mapping.items()}
