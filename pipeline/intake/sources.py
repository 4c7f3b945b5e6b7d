"""The inbox: which files there are, and what `sources.yaml` says of them."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from pipeline.errors import UnreadableInput, UsageError
from pipeline.model import Catalog, Finding, found
from pipeline.words import language, say

TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json"}
REPORTS = {".txt", ".docx", ".html", ".htm", ".pdf"}
KEYS = {
    "match",
    "dataset",
    "encoding",
    "delimiter",
    "sheet",
    "header_rows",
    "columns",
    "ignore",
    "values",
    "constants",
    "dates",
    "units",
    "precedence",
    "body",
    "region_code",
    "year",
}
DATE_STYLES = {"year-first", "short-year", "minguo", "japanese"}


@dataclass(frozen=True, slots=True)
class Hint:
    """What sources.yaml says of the files that one `match` names."""

    match: str = ""
    dataset: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str | int | None = None
    header_rows: int | None = None
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


@dataclass(frozen=True, slots=True)
class InboxFile:
    path: Path
    name: str  # inside the inbox, with forward slashes
    is_report: bool
    hint: Hint


@dataclass(frozen=True, slots=True)
class Inbox:
    files: tuple[InboxFile, ...]  # by name
    findings: tuple[Finding, ...]  # files that are not read, and why


def scan(folder: Path, catalog: Catalog) -> Inbox:
    """Every file of the inbox. Raises UnreadableInput where there is none to read.

    Symbolic links that leave the inbox, hidden files and Excel's lock files are not followed or read.
    """
    lang = language()
    if not folder.is_dir():
        raise UnreadableInput(say("inbox-missing", lang, path=folder))
    hints = read_hints(folder / "sources.yaml", catalog)
    files, findings = list[InboxFile](), list[Finding]()
    root = folder.resolve()
    for path in sorted(_walk(folder)):
        name = path.relative_to(folder).as_posix()
        if name == "sources.yaml" or any(
            part.startswith((".", "~$")) for part in PurePosixPath(name).parts
        ):
            continue
        if not path.resolve().is_relative_to(root):
            findings.append(found("file-outside", file=name))
            continue
        is_report = "reports" in PurePosixPath(name).parts[:-1]
        if name.endswith(".corrections.csv") and is_report:
            continue  # read with the report it corrects
        if path.suffix.lower() not in (REPORTS if is_report else TABLES):
            findings.append(found("file-kind", file=name, params={"suffix": path.suffix}))
            continue
        hint = next((h for h in hints if _matches(name, h.match)), Hint())
        files.append(InboxFile(path, name, is_report, hint))
    if not files:
        raise UnreadableInput(say("inbox-empty", lang, path=folder))
    return Inbox(tuple(files), tuple(findings))


def _walk(folder: Path) -> list[Path]:
    return [Path(at) / name for at, _, names in os.walk(folder) for name in names]


def _matches(name: str, pattern: str) -> bool:
    """Whether `pattern` means the file, or the one whose mended feedback it is: a.csv.xlsx, a.csv."""
    names = (name, name[: -len(".xlsx")]) if name.endswith(".xlsx") else (name,)
    return any(n == pattern or fnmatch.fnmatchcase(n, pattern) for n in names)


def read_hints(path: Path, catalog: Catalog) -> list[Hint]:
    """`sources.yaml`, checked: UsageError names the file, the entry and what is wrong with it."""
    if not path.exists():
        return []
    lang = language()
    try:
        read = yaml.safe_load(path.read_text("utf-8")) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise UsageError(say("sources-broken", lang, file=path, line=line)) from error
    if not isinstance(read, list) or not all(isinstance(e, dict) for e in read):
        raise UsageError(say("sources-not-a-list", lang, file=path))
    return [_hint(entry, number, path, catalog) for number, entry in enumerate(read, 1)]


def _hint(entry: dict[str, Any], number: int, path: Path, catalog: Catalog) -> Hint:
    lang = language()

    def refuse(what: str, expected: str) -> UsageError:
        return UsageError(
            say("sources-entry", lang, file=path, number=number, what=what, expected=expected)
        )

    if unknown := sorted(entry.keys() - KEYS, key=str):
        raise refuse(str(unknown[0]), ", ".join(sorted(KEYS)))
    if not isinstance(entry.get("match"), str):
        raise refuse("match", "match: department/file.csv")
    dataset = entry.get("dataset", "")
    inputs = [d.name for d in catalog.datasets.values() if not d.produced]
    if dataset and dataset not in inputs:
        raise refuse(f"dataset: {dataset}", ", ".join(inputs))
    if entry.get("dates", "year-first") not in DATE_STYLES:
        raise refuse(f"dates: {entry['dates']}", ", ".join(sorted(DATE_STYLES)))
    for key in ("columns", "values", "constants", "units"):
        if not isinstance(entry.get(key, {}), dict):
            raise refuse(key, f"{key}: {{…}}")
    named = {
        *entry.get("columns", {}).values(),
        *entry.get("values", {}),
        *entry.get("constants", {}),
        *entry.get("units", {}),
    }
    if dataset:
        fields = {c.name for c in catalog.datasets[dataset].columns}
        if strange := sorted(str(f) for f in named if f not in fields):
            raise refuse(strange[0], ", ".join(sorted(fields)))
    return Hint(
        match=entry["match"],
        dataset=dataset,
        encoding=entry.get("encoding", ""),
        delimiter=entry.get("delimiter", ""),
        sheet=entry.get("sheet"),
        header_rows=entry.get("header_rows"),
        columns={str(k): str(v) for k, v in entry.get("columns", {}).items()},
        ignore=tuple(str(i) for i in entry.get("ignore", ())),
        values={
            f: {str(k): str(v) for k, v in m.items()} for f, m in entry.get("values", {}).items()
        },
        constants={f: str(v) for f, v in entry.get("constants", {}).items()},
        dates=entry.get("dates", ""),
        units=entry.get("units", {}),
        precedence=int(entry.get("precedence", 0)),
        body=entry.get("body", ""),
        region_code=str(entry.get("region_code", "")),
        year=entry.get("year"),
    )
