"""JSON to rows of text: lists of records, at the top or one step below it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.intake.text import encodings

Rows = list[tuple[str, ...]]


def rows(path: Path) -> Rows | str:
    """The rows of the longest list, or the rule of the finding that says what is wrong."""
    read = tables(path)
    return read if isinstance(read, str) else max((r for _, r in read), key=len)


def tables(path: Path) -> list[tuple[str, Rows]] | str:
    """Each list of records with its name, as rows under a header row; or, where there is
    none, the rule of the finding that says what is wrong.

    Numbers stay as they are written in the file, so that no amount passes through a float.
    """
    facts = encodings.scan(path)
    encoding = encodings.decide(facts, path)
    try:
        text = b"".join(encodings.utf8_blocks(path, encoding, [])).decode()
        read = _parsed(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return "file-broken"
    lists = list(_lists(read))
    name_of = {0: ""} if len(lists) == 1 else {}
    found = [(name_of.get(i, name), _rows(records)) for i, (name, records) in enumerate(lists)]
    return found or "json-no-records"


def _parsed(text: str) -> Any:
    """One JSON value, or one to a line."""
    options: dict[str, Any] = {
        "parse_float": str,
        "parse_int": str,
        "parse_constant": str,
        "object_pairs_hook": _object,
    }
    try:
        return json.loads(text, **options)
    except json.JSONDecodeError:
        return [json.loads(line, **options) for line in text.split("\n") if line.strip()]


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


def _lists(read: Any) -> Iterator[tuple[str, list[Any]]]:
    """Every list with a record in it: at the top,
    or the values of an object one or two steps down.
    """
    if isinstance(read, list):
        if any(isinstance(r, dict) for r in read):
            yield "", read
    elif isinstance(read, dict):
        for name, value in read.items():
            inner = value.items() if isinstance(value, dict) else [(name, value)]
            for key, records in inner:
                if isinstance(records, list) and any(isinstance(r, dict) for r in records):
                    yield str(key), records


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
