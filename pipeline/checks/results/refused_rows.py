"""Rows that a later stage found it cannot publish, taken out of the accepted ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.base import row_checksums
from pipeline.base.errors import RefusedRow
from pipeline.base.model import Checked, found
from pipeline.checks.results import unpublished_rows

#: By source id: row → why it is refused.
Refused = Mapping[str, Mapping[int, RefusedRow]]


def without(checked: Checked, refused: Mapping[int, RefusedRow]) -> Checked:
    """`checked` with the rows `refused` (row number → why) quarantined, each with its finding."""
    accepted = _rows(checked, "accepted")
    numbers = pc.cast(accepted["source_row"], pa.int64())
    is_out = pc.is_in(numbers, pa.array(sorted(refused), pa.int64()))
    out = accepted.filter(is_out)
    if not len(out):
        return checked
    rows = [int(row) for row in out["source_row"].to_pylist()]
    kept = accepted.filter(pc.invert(is_out))
    findings = [
        found(each.rule, checked.source, row=row, column=each.column, params=each.params)
        for row in rows
        for each in (refused[row],)
    ]
    tally, left = checked.tally, _rows(checked, "left_out")
    return replace(
        checked,
        accepted=kept,
        checksum=row_checksums.of_rows(kept),
        quarantined=pa.concat_tables([checked.quarantined, _quarantined(checked, out, refused)]),
        findings=(*checked.findings, *findings),
        tally=replace(
            tally,
            accepted=tally.accepted - len(out),
            quarantined=tally.quarantined + len(out),
        ),
        left_out=pa.concat_tables([left, out.select(left.column_names)]),
        parts={
            kind: part for kind, part in checked.parts.items() if kind in ("changes", "persons")
        },
    )


def _rows(checked: Checked, kind: str) -> pa.Table:
    part = checked.parts.get(kind)
    table: pa.Table = pq.read_table(part.path) if part else getattr(checked, kind)
    return table


def _quarantined(checked: Checked, out: pa.Table, refused: Mapping[int, RefusedRow]) -> pa.Table:
    """The rows as the quarantine lists them; the record as it would have been published."""
    source, lines = checked.source, list[dict[str, str]]()
    for record in out.to_pylist():
        row = int(record["source_row"])
        cells = (source.path, source.sheet, str(row), refused[row].rule)
        text = json.dumps(record, ensure_ascii=False)
        lines.append(dict(zip(unpublished_rows.QUARANTINE, (*cells, text), strict=True)))
    return pa.Table.from_pylist(lines, schema=checked.quarantined.schema)
