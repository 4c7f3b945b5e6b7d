"""JSON to rows of text: lists of records, wherever they are, and other ways to write a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.intake.text import encodings

Rows = list[tuple[str, ...]]
#: How many of some names are headers of a dataset.
Known = Callable[[Sequence[str]], int]
DEEPEST = 6  # objects around a list of records


class _Uneven(ValueError):
    """Lists that are columns of one table have different lengths."""


class BrokenLine(tuple[str, ...]):
    """A row that is no record: one line of many that is no JSON, as it stands in the file."""

    __slots__ = ()


class _Broken(str):
    """The text of such a line among the records."""

    __slots__ = ()


def rows(path: Path) -> Rows | str:
    """The rows of the longest list, or the rule of the finding that says what is wrong."""
    read = tables(path)
    return read if isinstance(read, str) else max((r for _, r in read), key=len)


def _none_known(_: Sequence[str]) -> int:
    return 0


def tables(path: Path, known: Known = _none_known) -> list[tuple[str, Rows]] | str:
    """Each list of records with its name, as rows under a header row; or, where there is
    none, the rule of the finding that says what is wrong.

    `known` tells keys that name columns from keys that name records, where an object of objects
    can be a table either way. Numbers stay as they are written in the file, so that no amount passes through a float.
    """
    facts = encodings.scan(path)
    encoding = encodings.decide(facts, path)
    try:
        text = b"".join(encodings.utf8_blocks(path, encoding, [])).decode()
        read = _parsed(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return "file-broken"
    try:
        lists = list(_lists(read, known))
    except _Uneven:
        return "json-columns-uneven"
    name_of = {0: ""} if len(lists) == 1 else {}
    found = [(name_of.get(i, name), _rows(records)) for i, (name, records) in enumerate(lists)]
    return found or "json-no-records"


def _parsed(text: str) -> Any:
    """One JSON value, or one to a line; of lines, those that are no JSON as they stand.

    Control characters inside texts are let through: they are told where they stand.
    """
    options: dict[str, Any] = {
        "parse_float": str,
        "parse_int": str,
        "parse_constant": str,
        "object_pairs_hook": _object,
        "strict": False,
    }
    try:
        return json.loads(text, **options)
    except json.JSONDecodeError:
        lines = [_line(line, options) for line in text.split("\n") if line.strip()]
        if sum(isinstance(line, dict) for line in lines) * 2 < max(2, len(lines)):
            raise
        return lines


def _line(text: str, options: dict[str, Any]) -> Any:
    try:
        return json.loads(text, **options)
    except (ValueError, RecursionError):
        return _Broken(text.strip())


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a second value of the same key is named `key (2)`, so that it is not lost."""
    read: dict[str, Any] = {}
    for key, value in pairs:
        name, n = key, 1
        while name in read:
            n += 1
            name = f"{key} ({n})"
        read[name] = value
    return read


def _lists(
    read: Any, known: Known, name: str = "", depth: int = 0
) -> Iterator[tuple[str, list[Any]]]:
    """Every list with a record in it, at any depth, with the name that it has there.

    Also what programs write instead: `{columns, data}`, a list of lists under its header, an object
    of columns, an object of alike objects. Raises _Uneven.
    """
    if isinstance(read, list):
        if any(isinstance(r, dict) for r in read):
            yield name, read
        elif len(read) > 1 and all(isinstance(r, list) for r in read):
            yield name, _named(read[0], read[1:])
    elif isinstance(read, dict) and depth < DEEPEST:
        if table := _split(read) or _by_columns(read, known) or _of_columns(read, known):
            yield name, table
        elif records := _alike(read):
            yield name, records
        else:
            for key, value in read.items():
                yield from _lists(value, known, str(key), depth + 1)


def _split(read: dict[str, Any]) -> list[Any]:
    """The records of `{columns: […], data: [[…], …]}`, as pandas and many services write tables."""
    for head in ("columns", "fields", "header", "headers"):
        names = read.get(head)
        for body in ("data", "rows", "values", "records"):
            rows = read.get(body)
            if isinstance(names, list) and isinstance(rows, list) and rows:
                names = [
                    n.get("name", n.get("title", "")) if isinstance(n, dict) else n for n in names
                ]
                if all(isinstance(row, list) for row in rows):
                    return _named(names, rows)
    return []


def _named(names: list[Any], rows: list[Any]) -> list[Any]:
    """Rows as records; cells beyond the names are kept under their number."""
    return [
        {_text(names[i]) if i < len(names) else f"#{i + 1}": cell for i, cell in enumerate(row)}
        for row in rows
    ]


def _by_columns(read: dict[str, Any], known: Known) -> list[Any]:
    """The records of `{title: {"0": …, "1": …}}`, as pandas writes a table unless told otherwise.

    The keys inside name records: they are numbers, and those outside are not; or more of those
    outside are headers.
    """
    columns = list(read.values())
    if len(columns) < 2 or not all(isinstance(c, dict) and c for c in columns):
        return []
    places = list(dict.fromkeys(key for column in columns for key in column))
    if known(list(read)) <= known(places):
        is_plain = not any(isinstance(v, list | dict) for c in columns for v in c.values())
        numbered = all(map(str.isdecimal, places)) and not any(map(str.isdecimal, read))
        if not (is_plain and numbered and known(places) == 0):
            return []
    return [{title: column.get(at) for title, column in read.items()} for at in places]


def _of_columns(read: dict[str, Any], known: Known) -> list[Any]:
    """The records of `{title: […], title: […]}`, whose lists hold no record and are equally long.

    Raises _Uneven where they are not, though their names are headers.
    """
    inside = {key: value for key, value in read.items() if isinstance(value, list | dict)}
    lists = {key: value for key, value in inside.items() if isinstance(value, list) and value}
    if len(lists) < 2 or len(lists) < len(inside):
        return []
    if any(isinstance(cell, list | dict) for cells in lists.values() for cell in cells):
        return []
    if len({*map(len, lists.values())}) > 1:
        if known(list(lists)) >= 2:
            raise _Uneven
        return []
    return [dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True)]


def _alike(read: dict[str, Any]) -> list[Any]:
    """The values of an object of objects that share most of their keys: records by their id."""
    values = list(read.values())
    if len(values) < 2 or not all(isinstance(v, dict) for v in values):
        return []
    if any(isinstance(cell, list | dict) for v in values for cell in v.values()):
        return []
    shared = set.intersection(*(set(v) for v in values))
    return values if shared and len(shared) * 2 >= max(map(len, values)) else []


def _rows(records: list[Any]) -> Rows:
    """A header row and the records; a value that is no record goes to the first column, for the
    checks to find."""
    header = tuple(dict.fromkeys(key for r in records if isinstance(r, dict) for key in r))
    if not header:
        return [("",), *((json.dumps(r, ensure_ascii=False),) for r in records)]
    blank = ("",) * (len(header) - 1)
    return [
        tuple(map(_text, header)),
        *(
            tuple(_text(r.get(key)) for key in header)
            if isinstance(r, dict)
            else BrokenLine((r,))
            if isinstance(r, _Broken)
            else (_text(r), *blank)
            for r in records
        ),
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).encode("utf-8", "replace").decode()
