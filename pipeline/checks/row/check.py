"""One chunk through every check that needs no other chunk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base import row_checksums
from pipeline.base.arrow import of_numpy
from pipeline.base.errors import Unaccounted
from pipeline.base.model import (
    UNITED,
    Catalog,
    Checked,
    Chunk,
    Column,
    Dataset,
    Finding,
    RuleUse,
    Source,
    Tally,
    found,
)
from pipeline.checks.results import unpublished_rows
from pipeline.checks.row import facts, names, privacy, publication, schema
from pipeline.checks.row.listed_persons import listed_persons
from pipeline.checks.row.own_values import own_values, searched_kinds, without_own
from pipeline.checks.rules import RULES, Columns, Judged, Rule, Setting
from pipeline.checks.rules.base import Bools, named_in_words, why_open
from pipeline.contract.catalog import published_columns

RECORD_MOST = 15 << 20  # bytes of a record's text; written as CSV it has twice as many at most
RECORD_ID = "^[0-9a-f]{20}$"  # as `record_ids` makes it
QUARANTINE = pa.schema([(name, pa.string()) for name in unpublished_rows.QUARANTINE])
MANY = ";"  # between the reasons of one row


def check_chunk(
    chunk: Chunk, dataset: Dataset, catalog: Catalog, key: bytes, today: date
) -> Checked:
    """Each row of `chunk` accepted, quarantined or withheld, with a finding for every broken check,
    those of no row first and the others in the order of rows.

    `key` makes the `record_id` of datasets that have an identity; `today` is the day on which terms
    are judged. Raises Unaccounted where rows came out that did not go in.
    """
    _compare_with_intake(chunk)
    table = _derived(chunk.table, dataset, chunk.source, key)
    setting = Setting(today, catalog)
    findings, reasons = _judged(chunk, table, dataset, setting)
    good = table.filter(pc.invert(_among(table, reasons))) if reasons else table
    hidden = publication.hidden(good, dataset, setting)
    is_hidden = _among(table, hidden)
    good = good.filter(pc.invert(_among(good, hidden))) if hidden else good
    masks, is_good = _masks(dataset, table), pc.invert(_among(table, {*reasons, *hidden}))
    screened = _screened(good, dataset, chunk.source, _only(masks, is_good), catalog)
    accepted, unsure = _publishable(good, dataset, chunk.source, screened)
    findings += [*publication.findings(chunk.source, hidden), *screened.findings]
    reasons |= unsure
    is_bad = _among(table, reasons)
    quarantined = _by_row(_quarantined(chunk, is_bad, reasons), _misfits(chunk))
    withheld = publication.table(chunk, is_hidden, hidden, as_written)
    _same_rows(chunk, accepted, quarantined, withheld)
    return Checked(
        chunk.source,
        accepted,
        row_checksums.of_rows(accepted),
        quarantined,
        _with_origin(chunk.changes, chunk.source, 0),
        chunk.set_aside,
        tuple(sorted(findings, key=lambda f: f.row or 0)),
        _tally(chunk, accepted, quarantined, withheld),
        withheld,
        _left_out(table, pc.or_(is_bad, is_hidden), dataset, chunk.source),
        listed_persons(dataset, table, _sure(masks), screened.names, chunk.source.source_id),
        tuple(privacy.secrets(dataset, chunk.table)),
    )


def _compare_with_intake(chunk: Chunk) -> None:
    read = row_checksums.in_memory(chunk.table)
    row_checksums.compare(f"{chunk.source.path} intake", chunk.checksum, read)


def _tally(chunk: Chunk, accepted: pa.Table, quarantined: pa.Table, withheld: pa.Table) -> Tally:
    """What became of the chunk's rows."""
    aside = len(chunk.set_aside)
    return Tally(chunk.read, len(accepted), len(quarantined), len(withheld), set_aside=aside)


def _judged(
    chunk: Chunk, table: pa.Table, dataset: Dataset, setting: Setting
) -> tuple[list[Finding], dict[int, list[str]]]:
    """(all findings of a chunk, row number → the rules for which the row is not published)."""
    of_cells = _findings(chunk.source, table, dataset, setting)
    findings = [*chunk.findings, *_without_consequences(of_cells, chunk)]
    reasons = _refused([(held.row, held.rule) for held in chunk.held], findings)
    return [*findings, *_misfit_findings(chunk)], reasons


def _refused(held: Iterable[tuple[int, str]], findings: Iterable[Finding]) -> dict[int, list[str]]:
    """Row number → the rules for which the row is not published: those of `held`, then of errors."""
    errors = ((f.row, f.rule) for f in findings if f.severity == "error" and f.row is not None)
    reasons: dict[int, list[str]] = {}
    for row, rule in (*held, *errors):
        reasons.setdefault(row, []).append(rule)
    return reasons


#: What is wrong with a cell's form: no other rule can judge what is in it.
_OF_FORM = frozenset(("type", "pattern", "required", "enum", "code-unknown"))


def _without_consequences(findings: Iterable[Finding], chunk: Chunk) -> Iterator[Finding]:
    """`findings` without those about a cell in which intake has found an error, and without what
    rules say of a cell whose form is wrong."""
    findings = list(findings)
    formless = {(f.row, f.column) for f in findings if f.rule in _OF_FORM and f.row}
    errors = (f for f in chunk.findings if f.severity == "error")
    causes = {(f.row, f.column) for f in errors if f.row and f.column}
    causes |= {(held.row, held.column) for held in chunk.held}
    for finding in findings:
        cell = finding.row, finding.column
        if cell not in causes and (cell not in formless or finding.rule in _OF_FORM):
            yield finding


def _among(table: pa.Table, rows: Collection[int]) -> pa.ChunkedArray:
    """True for the rows of `table` whose numbers are among `rows`."""
    return pc.is_in(table["_row"], pa.array(sorted(rows), pa.int64()))


def _misfit_findings(chunk: Chunk) -> Iterator[Finding]:
    for misfit in chunk.misfits:
        params = {"expected": len(chunk.source.header), "got": len(misfit.cells)}
        yield from _each(chunk.source, misfit.rule, [misfit.row], params)


def _each(
    source: Source,
    rule: str,
    rows: Sequence[int | None],
    params: Mapping[str, object],
    column: str = "",
    values: Sequence[str] = (),
) -> Iterator[Finding]:
    """A finding of `rule` for each of `rows` (None: of no one row).

    `values`: what each may show.
    """
    for row, value in zip(rows, values or [""] * len(rows), strict=True):
        yield found(rule, source, row=row, column=column, value=value, params=params)


def _left_out(table: pa.Table, mask: pa.Array, dataset: Dataset, source: Source) -> pa.Table:
    """The rows that are not published, of a dataset with a numbered series: their numbers show that
    none was skipped.
    """
    rows = table.filter(mask).select([c.name for c in dataset.published])
    return _with_origin(rows, source, rows.num_columns)


def _with_origin(table: pa.Table, source: Source, position: int) -> pa.Table:
    ids = pa.repeat(source.source_id, len(table))
    return table.add_column(position, "source_id", ids)


def _derived(table: pa.Table, dataset: Dataset, source: Source, key: bytes) -> pa.Table:
    """`table` with the columns that the pipeline fills: the record id, the heaviest of several codes.

    A record that another publisher released keeps its id.
    """
    for column in dataset.columns:
        cells = None
        if _made(column, dataset):
            if not source.publisher:
                cells = record_ids(table, dataset.identity, key)
        elif source.publisher and column.name == UNITED.get(dataset.name):
            cells = pc.binary_join_element_wise(source.publisher, table[column.name], "/")
        elif column.heaviest_of:
            separator = dataset.column(column.heaviest_of).separator
            joined = table[column.heaviest_of].combine_chunks().dictionary_encode()
            last = [v.rsplit(separator, 1)[-1] for v in joined.dictionary.to_pylist()]
            cells = pa.array(last, pa.string()).take(joined.indices)
        if cells is not None:
            table = table.set_column(table.column_names.index(column.name), column.name, cells)
    return table


def record_ids(table: pa.Table, identity: Sequence[str], key: bytes) -> pa.Array:
    """A stable id for each row: keyed BLAKE2b (RFC 7693) over the identity fields, 20 hex digits.

    Without the key nobody can find a name by trying many of them.
    """
    joined = pc.binary_join_element_wise(*(table[name] for name in identity), "\x1f")
    ids = [
        hashlib.blake2b(text.encode(), key=key, digest_size=10).hexdigest()
        for text in joined.to_pylist()
    ]
    return pa.array(ids, pa.string())


def _findings(
    source: Source, table: pa.Table, dataset: Dataset, setting: Setting
) -> Iterator[Finding]:
    """Every finding of the chunk, column by column, then rule by rule."""
    columns = Columns(table)
    yield from _too_long(source, table, dataset)
    coded = privacy.code_suspects(dataset, columns)
    for column in dataset.columns:
        if column.heaviest_of:
            continue  # filled from another column, which is checked itself
        cells, listed = columns[column.name], setting.catalog.codes.get(column.codes)
        if source.publisher and _made(column, dataset):
            odd = pc.invert(pc.match_substring_regex(cells, RECORD_ID))
            yield from _broken(source, "record-id-broken", column, odd, columns, {})
        codes = frozenset(c.code for c in listed.codes) if listed else None
        for breach in (
            *schema.breaches(column, cells, codes),
            *schema.not_canonical(column, cells),
        ):
            yield from _broken(source, breach.rule, column, breach.mask, columns, breach.params)
        if column.privacy == "never" or _made(column, dataset):
            continue
        for breach in privacy.cell_breaches(column, cells, coded.get(column.name)):
            yield from _broken(source, breach.rule, column, breach.mask, columns, breach.params)
    for use in dataset.rules:
        rule = RULES[use.rule]
        if rule.scope == "row":
            yield from _ruled(source, rule, use, dataset, columns, setting)


def _too_long(source: Source, table: pa.Table, dataset: Dataset) -> Iterator[Finding]:
    """A finding for each row with more text than readers of a release accept in one record."""
    if table.nbytes <= RECORD_MOST:
        return
    sizes = [pc.binary_length(table[c.name]).to_numpy() for c in dataset.published]
    total = np.sum(np.stack(sizes).astype(np.int64), axis=0)
    for at in np.flatnonzero(total > RECORD_MOST):
        column = dataset.published[int(np.argmax([size[at] for size in sizes]))]
        params = {**_titles(column), "size": int(total[at]) >> 20, "most": RECORD_MOST >> 20}
        row = table["_row"][int(at)].as_py()
        yield from _each(source, "record-too-long", [row], params, column.name)


def _made(column: Column, dataset: Dataset) -> bool:
    """Whether the pipeline fills the column itself."""
    return bool(dataset.identity) and column.name == dataset.primary_key[0]


def _ruled(
    source: Source, rule: Rule, use: RuleUse, dataset: Dataset, columns: Columns, setting: Setting
) -> Iterator[Finding]:
    judged = rule.check(columns, setting, rule.use(use.params))
    if not isinstance(judged, Judged):
        judged = Judged(judged)
    named = use.params.get("field")
    column = dataset.column(named) if named else None
    params = {**named_in_words(dataset, use.params), **judged.params}
    yield from _broken(source, rule.name, column, judged.broken, columns, params)
    if judged.open is not None and judged.open.any():
        count = int(judged.open.sum())
        name = column.name if column else ""
        about = {"name": rule.name, "count": count, **why_open(judged.why)}
        yield from _each(source, "rule-not-applicable", [None], about, name)


def _broken(
    source: Source,
    rule: str,
    column: Column | None,
    mask: pa.Array | Bools,
    columns: Columns,
    params: Mapping[str, object],
) -> Iterator[Finding]:
    at = (
        pc.indices_nonzero(mask)
        if isinstance(mask, pa.Array | pa.ChunkedArray)
        else of_numpy(np.flatnonzero(mask))
    )
    if not len(at):
        return
    name, shown = "", [""] * len(at)
    if column is not None:
        name, shown = column.name, privacy.excerpts(column, columns[column.name].take(at))
    params = {**_titles(column), **params}
    rows = columns.table["_row"].take(at).to_pylist()
    yield from _each(source, rule, rows, params, name, shown)


def _titles(column: Column | None) -> dict[str, str]:
    return {"title": column.title, "title_en": column.title_en} if column else {}


#: Kinds of published columns that may hold words.
_SCREENED = frozenset({"text", "name", "organisation", "code", "document-number", "url"})
#: By masked column: masks of the rows in which it is masked, and of those in which that is unsure.
_Masks = dict[str, tuple[pa.Array, pa.Array]]


def _masks(dataset: Dataset, table: pa.Table) -> _Masks:
    columns = [c for c in dataset.published if c.privacy == "masked"]
    return {column.name: privacy.masked_rows(column, table) for column in columns}


def _only(masks: _Masks, rows: pa.ChunkedArray) -> _Masks:
    """The masks of some of the rows."""
    keep = rows.combine_chunks()
    return {name: (who.filter(keep), unsure.filter(keep)) for name, (who, unsure) in masks.items()}


def _sure(masks: _Masks) -> dict[str, pa.Array]:
    return {name: who for name, (who, _) in masks.items()}


@dataclass(slots=True)
class _Screened:
    """The published columns of rows with names and personal values masked, where values were found,
    and the persons found in texts by row number.
    """

    arrays: dict[str, pa.Array]
    findings: list[Finding]
    names: dict[int, frozenset[str]]


def _publishable(
    table: pa.Table, dataset: Dataset, source: Source, screened: _Screened
) -> tuple[pa.Table, dict[int, list[str]]]:
    """(the published columns with what is personal masked, row number → why a person has to look at
    the row first; such rows are left out).
    """
    arrays = dict(screened.arrays)
    arrays["source_id"] = pa.array([source.source_id], pa.string()).take(
        pa.array([0] * len(table), pa.int64())
    )
    arrays["source_row"] = table["_row"].cast(pa.string())
    made = pa.table({c.name: arrays[c.name] for c in published_columns(dataset)})
    unsure = _refused((), screened.findings)
    return made.filter(pc.invert(_among(table, unsure))) if unsure else made, unsure


def _screened(
    table: pa.Table, dataset: Dataset, source: Source, masks: _Masks, catalog: Catalog
) -> _Screened:
    columns, findings = Columns(table), list[Finding]()
    masked = _sure(masks)
    for name, (_, unsure) in masks.items():
        findings += _broken(source, "party-unsure", dataset.column(name), unsure, columns, {})
    own = own_values(dataset, table, masked)
    arrays = {c.name: columns[c.name] for c in dataset.published}
    arrays |= {
        name: privacy.mask_column(dataset.column(name), table, masked[name]) for name in masked
    }
    suspects = privacy.free_suspects(dataset, arrays)
    kinds = searched_kinds(catalog)
    for column in (c for c in dataset.published if c.kind in _SCREENED):
        cells = arrays[column.name]
        if column.name in suspects:
            cells, breaches = privacy.screen_column(column, cells, suspects[column.name])
            for breach in breaches:
                findings += _broken(source, breach.rule, column, breach.mask, columns, {})
        is_own = column.kind in kinds and column.name not in masked
        if own and is_own and not _made(column, dataset):
            cells, rows = without_own(cells, own)
            where = np.isin(np.arange(len(table)), rows)
            findings += _broken(source, "own-value-in-text", column, where, columns, {})
        arrays[column.name] = cells
    screened = _Screened(arrays, findings, {})
    listed = frozenset(name for values in own.values() for name in values)
    screening = names.Setting(listed, catalog.shows_names("officers_in_texts"))
    findings += _without_names(table, dataset, source, screened, screening)
    findings += _without_facts(table, dataset, source, arrays)
    return screened


def _without_names(
    table: pa.Table,
    dataset: Dataset,
    source: Source,
    screened: _Screened,
    setting: names.Setting,
) -> Iterator[Finding]:
    """Mask persons' names in the texts of `screened`: a finding where one is, and an error where
    something may be one, but in the column that names the record (a document's title is an act of
    an organ, which nobody may word otherwise) and in numbers, which other records refer to: there
    the run's list of persons decides.
    """
    kinds = ("text", "document-number", "code")
    texts = {
        c.name: screened.arrays[c.name]
        for c in dataset.published
        if c.kind in kinds and not _made(c, dataset)
    }
    named = names.screen(texts, setting)
    screened.arrays |= named.texts
    rows = table["_row"]
    screened.names = {rows[at].as_py(): names for at, names in named.names.items()}
    unsure = {
        name: shown
        for name, shown in named.unsure.items()
        if name != dataset.label and dataset.column(name).kind == "text"
    }
    for rule, places in (("third-person-in-text", named.masked), ("name-unsure", unsure)):
        for name, shown in places.items():
            rows = table["_row"].take(pa.array([*shown], pa.int64())).to_pylist()
            titles = _titles(dataset.column(name))
            yield from _each(source, rule, rows, titles, name, [*shown.values()])


def _without_facts(
    table: pa.Table, dataset: Dataset, source: Source, arrays: dict[str, pa.Array]
) -> Iterator[Finding]:
    """Mask facts about persons in the texts of `arrays`, in which names are masked: a finding where
    one is, and an error where something may be one.
    """
    texts = {c.name: arrays[c.name] for c in dataset.published if c.kind == "text"}
    told = facts.screen(texts)
    arrays |= told.texts
    masked = [(rule, name, dict.fromkeys(rows, "")) for (rule, name), rows in told.masked.items()]
    unsure = {name: shown for name, shown in told.unsure.items() if name != dataset.label}
    waits = [("personal-fact-unsure", name, shown) for name, shown in unsure.items()]
    for rule, name, shown in (*masked, *waits):
        rows = table["_row"].take(pa.array([*shown], pa.int64())).to_pylist()
        titles = _titles(dataset.column(name))
        yield from _each(source, rule, rows, titles, name, [*shown.values()])


def _quarantined(
    chunk: Chunk, is_bad: pa.ChunkedArray, reasons: Mapping[int, list[str]]
) -> pa.Table:
    raw = chunk.raw.filter(is_bad)
    lines = []
    for record in raw.to_pylist():
        row = record.pop("_row")
        lines.append((row, reasons[row], as_written(chunk.source.header, list(record.values()))))
    return _quarantine_table(chunk.source, lines)


def _by_row(*tables: pa.Table) -> pa.Table:
    """Rows in the order of the file, however it was cut."""
    table = pa.concat_tables(tables)
    return table.take(pc.sort_indices(table["row"].cast(pa.int64()))) if len(table) else table


def _misfits(chunk: Chunk) -> pa.Table:
    lines = [(m.row, [m.rule], json.dumps(m.cells, ensure_ascii=False)) for m in chunk.misfits]
    return _quarantine_table(chunk.source, lines)


def as_written(header: Sequence[str], cells: Sequence[str]) -> str:
    """A raw row as JSON, header: cell; headers that repeat or are missing get their position."""
    names = [h if h and header.index(h) == i else f"{h}#{i + 1}" for i, h in enumerate(header)]
    names += [f"#{i + 1}" for i in range(len(header), len(cells))]
    return json.dumps(dict(zip(names, cells, strict=True)), ensure_ascii=False)


def _quarantine_table(source: Source, lines: list[tuple[int, list[str], str]]) -> pa.Table:
    columns = (
        [source.path] * len(lines),
        [source.sheet] * len(lines),
        [str(row) for row, _, _ in lines],
        [MANY.join(dict.fromkeys(why)) for _, why, _ in lines],
        [record for _, _, record in lines],
    )
    return pa.table([pa.array(c, pa.string()) for c in columns], schema=QUARANTINE)


def _same_rows(chunk: Chunk, accepted: pa.Table, quarantined: pa.Table, withheld: pa.Table) -> None:
    """Raises an error unless the rows that come out are those that went in, each once."""
    misfits = [m.row for m in chunk.misfits]
    went_in = np.concatenate([chunk.table["_row"].to_numpy(), np.array(misfits, np.int64)])
    out = [
        pc.cast(t[c], pa.int64()).to_numpy()
        for t, c in ((accepted, "source_row"), (quarantined, "row"), (withheld, "row"))
    ]
    if not np.array_equal(np.sort(went_in), np.sort(np.concatenate(out))):
        raise Unaccounted(
            f"{chunk.source.path}: rows came out of the checks that did not go in, "
            "or the other way round"
        )
