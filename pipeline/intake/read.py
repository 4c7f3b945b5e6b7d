"""One file of the inbox to chunks of canonical rows with their origin."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.base.model import Catalog, Finding, Location, found
from pipeline.intake import sheet_tables, text_tables
from pipeline.intake.inbox import kinds
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened as Opened
from pipeline.intake.opened_table import Piece as Piece
from pipeline.intake.text import encodings
from pipeline.intake.workbook.sheet import Unreadable


def open_file(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    """Every table of a file, and a finding for each sheet or file that is not read.

    The kind of a file is detected from its bytes; a name that differs becomes a finding. Errors of
    reading the file become findings too.
    """
    try:
        if not file.path.stat().st_size:
            yield found("file-empty", Location(file.name))
            return
        if encodings.is_utf32(file.path):
            yield found("file-utf32", Location(file.name))
            return
        yield from _opened(file, catalog)
    except OSError as error:
        yield found("file-unreadable", Location(file.name), params={"why": error.strerror or ""})
    except Unreadable as problem:
        yield found(problem.rule, Location(file.name), params=problem.params)


def _opened(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    if other := kinds.other_kind(file.path):
        yield found("file-other-kind", Location(file.name), params={"kind": other})
        return
    named = kinds.KINDS.get(file.suffix, kinds.WORKBOOK)
    kind = kinds.kind_of(file.path, named)
    for number, each in enumerate(_OPEN[kind](file, catalog)):
        if number == 0 and kind != named:  # it is read all the same
            params = {"suffix": file.suffix, "kind": kind}
            yield found("file-renamed", Location(file.name), params=params)
        yield each


_OPEN = {
    kinds.TEXT: text_tables.open_text,
    kinds.JSON: sheet_tables.open_json,
    kinds.WORKBOOK: sheet_tables.open_workbook,
    kinds.MARKUP: sheet_tables.open_markup,
}
