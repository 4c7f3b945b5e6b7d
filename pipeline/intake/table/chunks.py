"""Raw rows to a chunk: what is no record set aside, the rest made canonical,
every row accounted for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.errors import Unaccounted
from pipeline.base.model import (
    Catalog,
    Chunk,
    Column,
    Dataset,
    Finding,
    Misfit,
    SetAside,
    Source,
    found,
)
from pipeline.base.row_checksums import in_memory
from pipeline.intake.table import columns, not_records, values
from pipeline.intake.table.find_headers import HeaderBlock, Merged
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.table.values import Setting
from pipeline.intake.text.blocks import Note, Parsed

_NUMBERS = frozenset(("integer", "number", "money"))
_SHOWN = frozenset(("code", "social-credit-code", "date", "money", "integer", "number", "year"))


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's header, and what a workbook says of its cells.

    `units`: field → unit of its amounts, as somebody named it. `is_1904`: whether its days count
    from 1904. `merged`: ranges of the body that were filled down.
    `banners`: rows in which one cell reaches over most of the table.
    """

    block: HeaderBlock
    units: Mapping[str, str] = field(default_factory=dict)
    is_1904: bool = False
    merged: Sequence[Merged] = ()
    banners: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """All that is needed to read the pieces of one table."""

    source: Source
    dataset: Dataset
    mapping: tuple[HeaderMatch, ...]
    settings: Mapping[str, Setting]
    constants: Mapping[str, str]
    heads: tuple[tuple[str, ...], ...]  # the header's rows as written in the file
    layout: Layout

    @property
    def needed(self) -> int:
        """The number of fields that the contract requires."""
        return sum(bool(c.constraints.get("required")) for c in self.dataset.columns)

    @property
    def numbered(self) -> tuple[int, int]:
        """The row under the header and the number of columns, where none of them holds numbers."""
        fields = [self.dataset.column(m.field) for m in self.mapping if m.field]
        if any(c.kind in _NUMBERS for c in fields):
            return 0, 0
        return self.source.header_row + 1, len(self.source.header)

    @property
    def checked_for_cut_codes(self) -> frozenset[str]:
        """Fields for which the contract has its own rule about codes in scientific notation."""
        uses = (u for u in self.dataset.rules if u.rule == "scientific-notation")
        return frozenset(str(use.params.get("field")) for use in uses)

    def field_at(self, position: int) -> str:
        """The field in a column of the file, "" where there is none."""
        return next((m.field for m in self.mapping if m.position == position), "")

    def header_at(self, position: int) -> str:
        header = self.source.header
        return header[position] if 0 <= position < len(header) else f"#{position + 1}"


def prepare(
    source: Source,
    dataset: Dataset,
    mapping: tuple[HeaderMatch, ...],
    hint: Hint,
    catalog: Catalog,
    layout: Layout,
) -> Work:
    """How to read a table's cells, from the contract, the header and `sources.yaml` (`hint`)."""
    units, is_1904 = layout.units, layout.is_1904
    settings = {
        c.name: columns.setting_for(
            c, catalog, units.get(c.name, ""), hint.dates, hint.values.get(c.name, {}), is_1904
        )
        for c in dataset.columns
    }
    head = layout.block
    rows = tuple(dict.fromkeys(map(not_records.stripped, (*head.rows, head.names))))
    return Work(source, dataset, mapping, settings, hint.constants, rows, layout)


def chunk_of(piece: Parsed, work: Work) -> Chunk:
    """The piece's raw and canonical rows, with its changes and findings.

    Each row is a record, a misfit, set aside, blank or part of the header.
    Raises Unaccounted where a row is counted as none of these, or a line is in no row.
    """
    piece, completed = _completed(piece, work)
    body, above, misfits, spent = _below_header(piece, work)
    raw, aside, blank = not_records.split(body, work.heads, work.needed, work.numbered)
    _account(piece, len(raw) + len(aside) + len(above) + len(misfits) + blank + spent)
    table, changes, doubts = _canonical(raw, work)
    known = {(note.row, note.position) for note in piece.notes if note.rule == "bad-bytes"}
    findings = (
        *(_noted(note, work) for note in piece.notes),
        *(f for at, f in doubts if f.rule != "lost-characters" or at not in known),
        *completed,
        *_merged(raw, work),
        *_without_header(raw, work),
    )
    return Chunk(
        work.source,
        raw,
        table,
        in_memory(table),
        changes,
        misfits,
        (*above, *aside),
        findings,
    )


def _completed(piece: Parsed, work: Work) -> tuple[Parsed, list[Finding]]:
    """The piece with blank cells at the end of short rows, and a finding for each such row.

    Only where what is missing may be blank and the cells that are there are in their columns: a row
    that lost a cell in its middle stays a misfit.
    """
    width = piece.table.num_columns - 1
    required = {c.name for c in work.dataset.columns if c.constraints.get("required")}
    least = max((m.position + 1 for m in work.mapping if m.field in required), default=width)
    short = [
        ragged
        for ragged in piece.ragged
        if ragged.note == "ragged-row"
        and ragged.row > work.source.header_row
        and max(least, 2) <= len(ragged.cells) < width
        and not_records.reason(ragged.cells, work.heads, work.needed) is None
        and _is_in_place(ragged.cells, work)
    ]
    if not short:
        return piece, []
    columns = list(zip(*((*r.cells, *[""] * (width - len(r.cells))) for r in short), strict=True))
    names = piece.table.column_names
    more = [
        *(pa.array(c, pa.string()) for c in columns),
        pa.array([r.row for r in short], pa.int64()),
    ]
    added = pa.table(dict(zip(names, more, strict=True)), schema=piece.table.schema)
    table = pa.concat_tables([piece.table, added]).sort_by("_row").combine_chunks()
    rest = tuple(r for r in piece.ragged if r not in short)
    params = {"expected": len(work.source.header)}
    findings = [
        found("cells-missing", work.source, row=r.row, params={**params, "got": len(r.cells)})
        for r in short
    ]
    return replace(piece, table=table, ragged=rest), findings


def _is_in_place(cells: Sequence[str], work: Work) -> bool:
    """Whether the cells of a short row are surely in their columns: each date, number, code or
    choice is one, no name is a date or a number, and one of the last three cells shows it.
    """
    proven = list[int]()
    for match in work.mapping:
        if not match.field or match.position >= len(cells) or not cells[match.position].strip():
            continue
        column = work.dataset.column(match.field)
        text, setting = cells[match.position], work.settings[match.field]
        if column.kind in _PROVEN:
            canonical = values.normalise(text, column.kind, setting)[0]
            if not re.fullmatch(_PROVEN[column.kind], canonical):
                return False
            proven.append(match.position)
        elif column.kind in ("choice", "choices"):
            if not set(
                values.normalise(text, "choices", setting)[0].split(setting.separator)
            ) <= set(setting.order):
                return False
            proven.append(match.position)
        elif re.fullmatch(r"[\d\s.,/:年月日-]+", text):
            return False
    return any(position >= len(cells) - 3 for position in proven)


#: What a value of these kinds looks like once it is canonical.
_PROVEN = {
    "date": r"\d{4}-\d{2}-\d{2}",
    "money": r"-?\d+\.\d{2}",
    "integer": r"-?\d+",
    "number": r"-?\d+(?:\.\d+)?",
    "year": r"\d{4}",
    "social-credit-code": r"[0-9A-Z]{18}",
}


def _account(piece: Parsed, rows_counted: int) -> None:
    rows_there = len(piece.table) + len(piece.ragged)
    if rows_counted != rows_there or piece.lines != rows_there + piece.inside:
        raise Unaccounted(
            f"{piece.lines} lines: {rows_there} rows and {piece.inside} lines inside cells, "
            f"{rows_counted} rows told"
        )


def _below_header(
    piece: Parsed, work: Work
) -> tuple[pa.Table, list[SetAside], tuple[Misfit, ...], int]:
    """(rows under the header, titles above it, misfits, number of header and blank rows)."""
    first, last = work.layout.block.first, work.source.header_row
    above, misfits, spent = list[SetAside](), list[Misfit](), 0
    for ragged in piece.ragged:
        filled = [cell.strip() for cell in ragged.cells if values.tidy(cell)]
        why = _ragged_kind(ragged.row, filled, first, last, work)
        if not why:
            misfits.append(Misfit(ragged.row, ragged.note, ragged.cells))
        elif why == "spent":
            spent += 1
        else:
            above.append(SetAside(ragged.row, why, " ".join(filled)))
    excluded = _no_records(piece.table, work)
    if not pc.any(excluded).as_py():
        return piece.table, above, tuple(misfits), spent
    for record in piece.table.filter(excluded).to_pylist():
        row = record.pop("_row")
        filled = [cell.strip() for cell in record.values() if cell.strip()]
        if not filled or first <= row <= last:
            spent += 1
        else:
            above.append(SetAside(row, "title", " ".join(filled)))
    return piece.table.filter(pc.invert(excluded)), above, tuple(misfits), spent


def _no_records(table: pa.Table, work: Work) -> pa.Array:
    """True for the rows down to the header, and for title rows between records."""
    excluded = pc.less_equal(table["_row"], work.source.header_row)
    if work.layout.banners:
        numbers = pa.array(sorted(work.layout.banners), pa.int64())
        filled = [pc.not_equal(table[c], "").cast(pa.int8()) for c in table.column_names[:-1]]
        # A merged cell is a title only where nothing else is filled in its row: the masks of all
        # columns, added up, are the number of filled cells of each row.
        few = pc.less_equal(reduce(pc.add, filled), 1)
        excluded = pc.or_(excluded, pc.and_(pc.is_in(table["_row"], numbers), few))
    return excluded


def _ragged_kind(row: int, filled: list[str], first: int, last: int, work: Work) -> str:
    """What a row of the wrong width is: "title", "total", …; "spent" for a header or blank row;
    "" for a misfit.
    """
    if not filled or first <= row <= last:
        return "spent"
    if row < first:
        return "title"
    return not_records.reason(filled, work.heads, len(work.source.header)) or ""


def _canonical(
    raw: pa.Table, work: Work
) -> tuple[pa.Table, pa.Table, list[tuple[tuple[int, int], Finding]]]:
    """(canonical columns with `_row`, record of changes, findings with the row and position that
    each is about).
    """
    numbers = columns.whole(raw["_row"])
    position = {m.field: m.position for m in work.mapping if m.field}
    canonical, changes = {}, list[pa.Table]()
    doubts = list[tuple[tuple[int, int], Finding]]()
    blank = pa.repeat("", len(raw))
    for column in work.dataset.columns:
        name = column.name
        if name not in position:
            constant = work.constants.get(name)
            canonical[name] = pa.repeat(constant, len(raw)) if constant else blank
            continue
        written = columns.whole(raw[str(position[name])])
        cells = columns.normalise_column(written, column.kind, work.settings[name])
        canonical[name] = cells.canonical
        if (changed := columns.changes_of(numbers, name, written, cells)) is not None:
            changes.append(changed)
        for at, rule, proposal in cells.doubts:
            if rule == "code-destroyed" and name in work.checked_for_cut_codes:
                continue
            if rule == "number-digits" and name in work.dataset.primary_key:
                rule = "number-key-digits"  # two keys may be one and the same double
            row = numbers[at].as_py()
            finding = _doubt(column, row, rule, proposal, written[at].as_py(), work)
            doubts.append(((row, position[name]), finding))
    table = pa.table({**canonical, "_row": numbers})
    every = pa.concat_tables(changes) if changes else columns.CHANGES.empty_table()
    return table, every, doubts


# ---------------------------------------------------------------- findings of a piece


def _doubt(column: Column, row: int, rule: str, proposal: str, written: str, work: Work) -> Finding:
    is_open = column.privacy == "public" and column.kind in _SHOWN
    params = {
        "title": column.title,
        "title_en": column.title_en,
        "proposal": proposal if is_open else "***",
    }
    value = written[:40] if is_open else ""
    return found(rule, work.source, row=row, column=column.name, value=value, params=params)


def _noted(note: Note, work: Work) -> Finding:
    params: dict[str, object] = {"header": work.header_at(note.position)}
    if note.byte and note.byte.offset >= 0:
        params |= {"byte": note.byte.offset + 1, "hex": note.byte.hex.upper()}
    field = work.field_at(note.position) if note.position >= 0 else ""
    return found(note.rule, work.source, row=note.row, column=field, params=params)


def _merged(raw: pa.Table, work: Work) -> Iterator[Finding]:
    """A finding for each merged cell that was filled down, at its first row."""
    present = set(raw["_row"].to_pylist()) if work.layout.merged else ()
    for area in work.layout.merged:
        if area.top in present and 0 <= area.left < len(work.source.header):
            header = work.header_at(area.left)
            if header:
                params = {"header": header, "last": area.bottom}
                field = work.field_at(area.left)
                yield found("merged-cells", work.source, row=area.top, column=field, params=params)


def _without_header(raw: pa.Table, work: Work) -> Iterator[Finding]:
    """A finding for each column that has a value but no header."""
    header = work.source.header
    for name in raw.column_names[:-1]:
        if int(name) < len(header) and header[int(name)].strip():
            continue
        filled = pc.not_equal(pc.utf8_trim_whitespace(raw[name]), "")
        if pc.any(filled).as_py():
            row = raw["_row"].filter(filled)[0].as_py()
            params = {"column": letters(int(name))}
            yield found("header-blank", work.source, row=row, params=params)


def letters(position: int) -> str:
    """A column as a spreadsheet names it: 0 → A, 26 → AA."""
    name, number = "", position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name
