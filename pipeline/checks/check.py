"""One chunk through every check that needs no other chunk."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import seal
from pipeline.catalog import published_columns
from pipeline.checks import privacy, schema
from pipeline.checks.rules import RULES
from pipeline.errors import Unaccounted
from pipeline.model import Catalog, Checked, Chunk, Column, Dataset, Finding, Source, Tally, found

QUARANTINE = pa.schema(
    [(name, pa.string()) for name in ("file", "sheet", "row", "reasons", "record")]
)
MANY = ";"  # between the reasons of one row


def check_chunk(chunk: Chunk, dataset: Dataset, catalog: Catalog, key: bytes) -> Checked:
    """Each row of `chunk` accepted or quarantined, with a finding for every broken check.

    `key` makes the `record_id` of datasets that have an identity. Raises Unaccounted where rows
    came out that did not go in.
    """
    seal.compare(f"{chunk.source.path} intake", chunk.seal, seal.of_rows(chunk.table))
    findings = list(chunk.findings)
    reasons: dict[int, list[str]] = defaultdict(list)  # of rows that are not published
    table = _derived(chunk.table, dataset, catalog, key)
    for finding in _findings(chunk.source, table, dataset, catalog):
        findings.append(finding)
        if finding.severity == "error" and finding.row is not None:
            reasons[finding.row].append(finding.rule)
    for misfit in chunk.misfits:
        expected, got = len(chunk.source.header), len(misfit.cells)
        findings.append(
            found(
                misfit.rule, chunk.source, row=misfit.row, params={"expected": expected, "got": got}
            )
        )
    bad = pa.array(sorted(reasons), pa.int64())
    is_bad = pc.is_in(table["_row"], bad)
    accepted, screened = _publishable(table.filter(pc.invert(is_bad)), dataset, chunk.source)
    quarantined = pa.concat_tables([_quarantined(chunk, is_bad, reasons), _misfits(chunk)])
    _same_rows(chunk, accepted, quarantined)
    tally = Tally(chunk.read, len(accepted), len(quarantined), set_aside=len(chunk.set_aside))
    return Checked(
        chunk.source,
        accepted,
        seal.of_rows(accepted),
        quarantined,
        chunk.changes,
        chunk.set_aside,
        (*findings, *screened),
        tally,
    )


def _derived(table: pa.Table, dataset: Dataset, catalog: Catalog, key: bytes) -> pa.Table:
    """`table` with the columns that we fill: the keyed hash, the heaviest of several codes."""
    for column in dataset.columns:
        cells = None
        if dataset.identity and column.name == dataset.primary_key[0]:
            cells = record_ids(table, dataset.identity, key)
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

    Without the key nobody can try names until one fits.
    """
    joined = pc.binary_join_element_wise(*(table[name] for name in identity), "\x1f")
    ids = [
        hashlib.blake2b(text.encode(), key=key, digest_size=10).hexdigest()
        for text in joined.to_pylist()
    ]
    return pa.array(ids, pa.string())


def _findings(
    source: Source, table: pa.Table, dataset: Dataset, catalog: Catalog
) -> Iterator[Finding]:
    """Every finding of the chunk, column by column, then rule by rule."""
    rows = table["_row"]
    for column in dataset.columns:
        cells = table[column.name].combine_chunks()
        codes = (
            frozenset(c.code for c in catalog.codes[column.codes].codes) if column.codes else None
        )
        for breach in schema.breaches(column, cells, codes):
            yield from _broken(source, breach.rule, column, breach.mask, cells, rows, breach.params)
    for use in dataset.rules:
        mask = RULES[use.rule].check(table, **use.params)
        named = use.params.get("field")
        cells = table[named].combine_chunks() if named else pa.array([""] * len(table))
        yield from _broken(
            source, use.rule, dataset.column(named) if named else None, mask, cells, rows, {}
        )


def _broken(
    source: Source,
    rule: str,
    column: Column | None,
    mask: pa.Array,
    cells: pa.Array,
    rows: pa.ChunkedArray,
    params: Mapping[str, object],
) -> Iterator[Finding]:
    at = pc.indices_nonzero(mask)
    for row, value in zip(rows.take(at).to_pylist(), cells.take(at).to_pylist(), strict=True):
        name, shown = column.name if column else "", privacy.excerpt(column, value)
        yield found(
            rule, source, row=row, column=name, value=shown, params={**_titles(column), **params}
        )


def _titles(column: Column | None) -> dict[str, str]:
    return {"title": column.title, "title_en": column.title_en} if column else {}


def _publishable(
    table: pa.Table, dataset: Dataset, source: Source
) -> tuple[pa.Table, list[Finding]]:
    """The published columns with names and personal numbers masked, and where numbers were found."""
    arrays, findings = {}, list[Finding]()
    for column in dataset.published:
        cells = table[column.name].combine_chunks()
        if column.privacy == "masked":
            cells = privacy.mask_column(column, table, cells)
        elif column.kind in ("text", "name", "organisation"):
            cells, masked = privacy.screen_text(cells)
            findings += _broken(source, "personal-number", column, masked, cells, table["_row"], {})
        arrays[column.name] = cells
    arrays["source_id"] = pa.repeat(pa.scalar(source.source_id, pa.string()), len(table))
    arrays["source_row"] = table["_row"].cast(pa.string())
    return pa.table({c.name: arrays[c.name] for c in published_columns(dataset)}), findings


def _quarantined(
    chunk: Chunk, is_bad: pa.ChunkedArray, reasons: Mapping[int, list[str]]
) -> pa.Table:
    raw = chunk.raw.filter(is_bad)
    lines = []
    for record in raw.to_pylist():
        row = record.pop("_row")
        lines.append((row, reasons[row], as_written(chunk.source.header, list(record.values()))))
    return _quarantine_table(chunk.source, lines)


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


def _same_rows(chunk: Chunk, accepted: pa.Table, quarantined: pa.Table) -> None:
    """The rows that came out are those that went in, each once."""
    misfits = [m.row for m in chunk.misfits]
    went_in = np.concatenate([chunk.table["_row"].to_numpy(), np.array(misfits, np.int64)])
    out = [
        pc.cast(t[c], pa.int64()).to_numpy()
        for t, c in ((accepted, "source_row"), (quarantined, "row"))
    ]
    if not np.array_equal(np.sort(went_in), np.sort(np.concatenate(out))):
        raise Unaccounted(
            f"{chunk.source.path}: rows came out of the checks that did not go in, or the other way round"
        )
