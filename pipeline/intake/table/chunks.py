"""Raw rows to a chunk: what is no record set aside, the rest made canonical,
every row accounted for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.column_letters import letters
from pipeline.base.errors import Unaccounted
from pipeline.base.model import Chunk, Column, Finding, Held, Misfit, SetAside, found
from pipeline.base.row_checksums import in_memory
from pipeline.base.sheet_cells import written_unit
from pipeline.intake.table import columns, misplaced, not_records, terms, under_header
from pipeline.intake.table.columns import Cells
from pipeline.intake.table.spelling import tidy
from pipeline.intake.table.work import Work
from pipeline.intake.text.blocks import Note, Parsed

_SHOWN = frozenset(("code", "social-credit-code", "date", "money", "integer", "number", "year"))

_OF_DAYS = frozenset(("number-became-date", "number-became-serial"))  # the value is but a day


def chunk_of(piece: Parsed, work: Work) -> Chunk:
    """The piece's raw and canonical rows, with its changes and findings.

    Each row is a record, a misfit, set aside, blank or part of the header.
    Raises Unaccounted where a row is counted as none of these, or a line is in no row.
    """
    piece, completed = _completed(piece, work)
    body, above, misfits, spent = _below_header(piece, work)
    raw, aside, blank = not_records.split(body, work.heads, work.needed, work.numbered)
    _account(piece, len(raw) + len(aside) + len(above) + len(misfits) + blank + spent)
    table, changes, doubts, held = _canonical(raw, work)
    known = {(note.row, note.position) for note in piece.notes if note.rule == "bad-bytes"}
    findings = (
        *(_noted(note, work) for note in piece.notes if note.rule != "backslash-quote"),
        *_backslashes(piece, work),
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
        held,
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
    completed = {r.row for r in short}
    rest = tuple(r for r in piece.ragged if r.row not in completed)
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
        is_good = misplaced.is_proven(text, column, setting)
        if is_good is False:
            return False
        if is_good:
            proven.append(match.position)
        elif re.fullmatch(r"[\d\s.,/:年月日-]+", text):
            return False
    return any(position >= len(cells) - 3 for position in proven)


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
        filled = [cell.strip() for cell in ragged.cells if tidy(cell)]
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
    if not_records.is_under(row, last + 1) and under_header.are_hints(filled):
        return "hint"  # a comma inside N(18,6) makes it a row of another width
    return not_records.reason(filled, work.heads, len(work.source.header)) or ""


def _canonical(
    raw: pa.Table, work: Work
) -> tuple[pa.Table, pa.Table, list[tuple[tuple[int, int], Finding]], tuple[Held, ...]]:
    """(canonical columns with `_row`, record of changes, findings with the row and position that
    each is about, cells for which a row is held).
    """
    numbers = columns.whole(raw["_row"])
    written = {m.field: columns.whole(raw[str(m.position)]) for m in work.mapping if m.field}
    cells = {
        name: columns.normalise_column(column, work.dataset.column(name).kind, work.settings[name])
        for name, column in written.items()
    }
    for column in work.dataset.columns:
        if column.term and column.name in cells:
            cells[column.name] = _terms(column, written[column.name], cells)
    canonical, changes = {}, list[pa.Table]()
    for column in work.dataset.columns:
        name = column.name
        if name in cells:
            canonical[name] = cells[name].canonical
            changed = columns.changes_of(numbers, name, written[name], cells[name])
            changes += [] if changed is None else [changed]
        else:
            canonical[name] = pa.repeat(work.constants.get(name) or "", len(raw))
    table = pa.table({**canonical, "_row": numbers})
    every = pa.concat_tables(changes) if changes else columns.CHANGES.empty_table()
    return table, every, *_doubts(numbers, written, cells, work)


def _terms(column: Column, written: pa.Array, cells: Mapping[str, Cells]) -> Cells:
    """The column's cells with terms in words worked out, from the fields that the contract says."""
    mine, term = cells[column.name], column.term or {}
    todo = pc.invert(pc.match_substring_regex(mine.canonical, columns.CANONICAL["date"]))
    if not pc.any(todo).as_py():
        return mine
    done, rules = (
        mine.canonical.to_pylist(),
        (mine.rules or pa.repeat("", len(written))).to_pylist(),
    )
    starts, ends = (
        cells[term[which]].canonical if term.get(which) in cells else pa.repeat("", len(written))
        for which in ("from", "public_until")
    )
    for at in pc.indices_nonzero(todo).to_pylist():
        if terms.is_until_public(done[at]):
            end = ends[at].as_py()
        else:
            end = terms.worked_out(done[at], starts[at].as_py())
        if terms.is_day(end):
            done[at], rules[at] = end, "date-term"
    return replace(mine, canonical=pa.array(done, pa.string()), rules=pa.array(rules, pa.string()))


def _doubts(
    numbers: pa.Array, written: Mapping[str, pa.Array], cells: Mapping[str, Cells], work: Work
) -> tuple[list[tuple[tuple[int, int], Finding]], tuple[Held, ...]]:
    """(findings about cells, with the row and position of each; cells that one finding about the
    column has told of).
    """
    position = {m.field: m.position for m in work.mapping if m.field}
    doubts, held = list[tuple[tuple[int, int], Finding]](), list[Held]()
    for column in (c for c in work.dataset.columns if c.name in cells):
        name = column.name
        for at, rule, proposal in cells[name].doubts:
            row = numbers[at].as_py()
            if rule == "code-destroyed" and name in work.checked_for_cut_codes:
                continue
            if rule == "number-digits" and name in work.dataset.primary_key:
                rule = "number-key-digits"  # two keys may be one and the same double
            if rule == "date-ambiguous":
                held.append(Held(row, name, rule))
                continue
            finding = _doubt(column, row, rule, proposal, written[name][at].as_py(), work)
            doubts.append(((row, position[name]), finding))
    return doubts, tuple(held)


# ---------------------------------------------------------------- findings of a piece


def _doubt(column: Column, row: int, rule: str, proposal: str, written: str, work: Work) -> Finding:
    is_open = column.privacy == "public" and (column.kind in _SHOWN or rule in _OF_DAYS)
    value = written[:40] if is_open else ""
    params = {
        "title": column.title,
        "title_en": column.title_en,
        "unit": written_unit(column),
        "proposal": proposal if is_open else "***",
        "value": value or "***",
    }
    return found(rule, work.source, row=row, column=column.name, value=value, params=params)


def _noted(note: Note, work: Work) -> Finding:
    params: dict[str, object] = {"header": work.header_at(note.position)}
    if note.byte and note.byte.offset >= 0:
        params |= {"byte": note.byte.offset + 1, "hex": note.byte.hex.upper()}
    field = work.field_at(note.position) if note.position >= 0 else ""
    return found(note.rule, work.source, row=note.row, column=field, params=params)


def _backslashes(piece: Parsed, work: Work) -> Iterator[Finding]:
    """One finding for all records whose quotes are escaped by backslashes."""
    if count := sum(note.rule == "backslash-quote" for note in piece.notes):
        yield found("backslash-quote", work.source, params={"count": count})


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
