"""JSON to rows of text: a list of records, or an object that holds one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def rows(path: Path) -> list[tuple[str, ...]] | str:
    """The records as rows under a header row, or the rule of the finding that says what is wrong.

    Numbers stay as they are written in the file, so that no amount passes through a float.
    """
    try:
        read = json.loads(path.read_bytes().decode("utf-8-sig"), parse_float=str, parse_int=str)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return "file-broken"
    records = _records(read)
    if records is None:
        return "json-no-records"
    header = tuple(dict.fromkeys(str(key) for record in records for key in record))
    return [header, *(tuple(_text(record.get(key)) for key in header) for record in records)]


def _records(read: Any) -> list[dict[str, Any]] | None:
    """The longest list of objects at the top or one step below it."""
    lists = (
        [read] if isinstance(read, list) else list(read.values()) if isinstance(read, dict) else []
    )
    found = [x for x in lists if isinstance(x, list) and x and all(isinstance(r, dict) for r in x)]
    return max(found, key=len, default=None)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
