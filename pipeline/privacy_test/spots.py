"""Where in a copy of the inbox a value can be planted, so that it would be public unless masked."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from pipeline.base.model import Catalog, Column, Dataset, Source
from pipeline.intake.inbox.sources import InboxFile, matches, scan
from pipeline.intake.opened_table import Opened
from pipeline.privacy_test.aside import Aside
from pipeline.privacy_test.folding import folded
from pipeline.privacy_test.text_table import TextTable
from pipeline.privacy_test.workbook_table import WorkbookTable
from pipeline.release.package.package import data_files

Place = Literal["text", "code", "file", "sheet", "header", "report"]
Table = TextTable | WorkbookTable

MOST_ROWS = 50_000  # of a dataset that are looked at
LARGEST = 1 << 26  # bytes of a file that is written to
_TEXT = {".csv", ".tsv", ".txt"}
MOST_PARAGRAPHS = 10  # of a report
_PARAGRAPH = 40  # characters, more than a heading has
_SHEET_NAME = 31  # characters, in every spreadsheet program
_LONG = 100_000


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of the inbox. `written`: what it holds; `room`: the characters it may have.

    Of a cell: `row` and `position` in the file, counted from 1 and 0, and its `column` (a field). Of
    a header: `row` is the header's. Of a report: `column` is sentence, or paragraph for a new one.
    """

    place: Place
    file: str
    sheet: str = ""
    row: int = 0
    position: int = 0
    dataset: str = ""
    column: str = ""
    written: str = ""
    room: int = _LONG


@dataclass(frozen=True, slots=True)
class Spots:
    """All spots of an inbox: those of a record together; and files that cannot be written to."""

    records: tuple[tuple[Spot, ...], ...]
    labels: tuple[Spot, ...]
    sentences: tuple[Spot, ...]
    closed: tuple[str, ...]


def find(published: Aside, catalog: Catalog) -> Spots:
    """The spots of the inbox that was `published`, of records and sentences that are public."""
    files = {file.name: file for file in scan(published.inbox, catalog).files}
    rows = _public_rows(published, catalog)
    records, labels, closed = list[tuple[Spot, ...]](), list[Spot](), set[str]()
    named = set[str]()
    for opened in published.run.opened:
        source, file = opened.source, files.get(opened.source.path)
        if opened.dataset is None or file is None:
            continue
        table = open_table(published.inbox / file.name, file)
        if table is None:
            closed.add(file.name)
            continue
        records += _records(table, opened, rows.get(source.source_id, {}))
        labels += _labels(source, file, named)
    sentences = tuple(_sentences(published, files))
    return Spots(tuple(records), tuple(labels), sentences, tuple(sorted(closed)))


def open_table(path: Path, file: InboxFile) -> Table | None:
    """A file for writing to; None where it is of another kind, too large or damaged."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        if file.suffix == ".xlsx":
            return WorkbookTable(path)
        if file.suffix in _TEXT:
            return TextTable(path, file.hint.encoding, file.hint.delimiter)
    except (ValueError, LookupError, csv.Error):
        pass
    return None


def _public_rows(published: Aside, catalog: Catalog) -> dict[str, dict[int, dict[str, str]]]:
    """Source → row → what is public of it."""
    found: dict[str, dict[int, dict[str, str]]] = {}
    for dataset in catalog.datasets.values():
        for row in islice(public_rows(published.release, dataset), MOST_ROWS):
            found.setdefault(row["source_id"], {})[int(row["source_row"])] = row
    return found


def public_rows(release: Path, dataset: Dataset) -> Iterator[dict[str, str]]:
    """The public rows of a dataset that is read from an inbox."""
    for path in [] if dataset.produced else data_files(release, dataset.name):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row.get("source_row", "").isdigit():
                    yield row


def _records(
    table: Table, opened: Opened, public: Mapping[int, Mapping[str, str]]
) -> Iterator[tuple[Spot, ...]]:
    """The spots of each public record, where the file has the same cells as the release."""
    assert opened.dataset is not None
    source, dataset = opened.source, opened.dataset
    places = {m.field: m.position for m in opened.mapping if m.field}
    names = {c.name for c in dataset.columns}
    usable = {n: dataset.column(n) for n in places if n in names and _takes_text(dataset, n)}
    for row, values in sorted(public.items()):
        written = {name: _cell(table, source.sheet, row, at) for name, at in places.items()}
        same = {n for n, text in written.items() if text is not None and folded(text) == folded(values.get(n, ""))}  # fmt: skip
        if not any(len(values.get(name, "")) > 1 for name in same):
            continue  # another row than the release means
        spots = tuple(
            _spot(source, column, row, places[name], written[name] or "")
            for name, column in usable.items()
            if name in same
        )
        if spots:
            yield spots


def _cell(table: Table, sheet: str, row: int, position: int) -> str | None:
    try:
        return table.cell(sheet, row, position)
    except (IndexError, KeyError):
        return None


def _spot(source: Source, column: Column, row: int, position: int, written: str) -> Spot:
    room = int(column.constraints.get("maxLength", _LONG))
    place: Place = "text" if column.kind == "text" else "code"
    return Spot(place, source.path, source.sheet, row, position, source.dataset, column.name, written, room)  # fmt: skip


def _takes_text(dataset: Dataset, name: str) -> bool:
    """Whether more words in a column break nothing else: no key, no reference, no list, no form."""
    column = dataset.column(name)
    keys = {*dataset.primary_key, *dataset.identity, *(n for key in dataset.unique_keys for n in key)}  # fmt: skip
    referring = {n for key in dataset.foreign_keys for n in key.fields}
    return (
        column.type == "string"
        and column.kind in ("text", "document-number", "code")
        and column.privacy == "public"
        and not column.codes
        and name not in keys | referring
        and column.constraints.keys() <= {"required", "maxLength", "minLength"}
    )


def _labels(source: Source, file: InboxFile, named: set[str]) -> Iterator[Spot]:
    """The names that may change without another entry of sources.yaml then being about the file."""
    exact = file.hint.match and not any(c in file.hint.match for c in "*?[")
    if file.name not in named and not exact:
        named.add(file.name)
        yield Spot("file", file.name, source.sheet, dataset=source.dataset)
    if source.sheet and file.suffix == ".xlsx" and file.hint.sheet is None:
        yield Spot("sheet", file.name, source.sheet, dataset=source.dataset, written=source.sheet, room=_SHEET_NAME)  # fmt: skip
    if source.header_row:
        yield Spot("header", file.name, source.sheet, source.header_row, dataset=source.dataset)


def renamed(name: str, label: str, file: InboxFile) -> str | None:
    """A file's new name, with `label` at its end; None where its entry would no longer match."""
    new = name.removesuffix(file.suffix) + f"-{label}{file.suffix}"
    hint = file.hint.match
    return new if not hint or matches(new, hint) else None


def _sentences(published: Aside, files: Mapping[str, InboxFile]) -> Iterator[Spot]:
    """The public sentences of reports in plain text, as they are in the file; and some paragraphs,
    behind which a new one may stand.
    """
    for read in published.run.reports:
        file = files.get(read.source.path)
        if file is None or file.suffix != ".txt":
            continue
        try:
            text = (published.inbox / file.name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for sentence in dict.fromkeys(f.sentence for f in read.report.figures):
            if sentence.endswith("。") and text.count(sentence) == 1:
                yield Spot("report", file.name, column="sentence", written=sentence)
        for line in [each for each in text.splitlines() if len(each) > _PARAGRAPH][
            :MOST_PARAGRAPHS
        ]:
            if text.count(line) == 1:
                yield Spot("report", file.name, column="paragraph", written=line)
