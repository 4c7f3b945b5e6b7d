"""Cross-row checks of keys: repeated records, unique keys, foreign keys, withdrawn records.

They run in DuckDB over the accepted rows on disk, so that memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

import duckdb

from pipeline.base.model import Dataset, ForeignKey
from pipeline.base.sql import Sql, literal, quoted
from pipeline.checks.across.key_shuffle import Among


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a cross-row check for one accepted row (`source_id`, `row`).

    `status`: "kept" rows are published and have a finding; the others are not published.
    `column` and `value` (as text) are what the finding is about, `params` fill its message.
    """

    source_id: str
    row: int
    status: Literal["kept", "repeated", "quarantined", "withdrawn"]
    rule: str = ""  # "" where there is no finding
    column: str = ""
    value: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


def order_of(datasets: Mapping[str, Dataset]) -> list[Dataset]:
    """The datasets in an order in which each comes after those that its foreign keys point to."""
    ordered: list[Dataset] = []

    def place(dataset: Dataset, above: tuple[str, ...] = ()) -> None:
        if dataset in ordered or dataset.name in above:
            return
        for key in dataset.foreign_keys:
            if key.dataset in datasets:
                place(datasets[key.dataset], (*above, dataset.name))
        ordered.append(dataset)

    for dataset in datasets.values():
        place(dataset)
    return ordered


def withdrawn(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, datasets: Mapping[str, Dataset]
) -> Iterator[Outcome]:
    """Rows whose publication was withdrawn, and rows whose foreign key points to one of those.

    `con` has the table `withdrawn_keys` (dataset, key), to which the found keys are added.
    `datasets`: those of this run.
    """
    if not dataset.primary_key:
        return
    leaving = "select key from withdrawn_keys where dataset ="
    tests = [f"{key_of(dataset)} in ({leaving} {literal(dataset.name)})"]
    for key in dataset.foreign_keys:
        if key.severity == "error" and key.dataset in datasets and key.dataset != dataset.name:
            fields = ", ".join(quoted(f) for f in key.fields)
            theirs = ", ".join(quoted(f) for f in key.reference_fields)
            tests.append(
                f"({fields}) in (select ({theirs}) from {quoted('all_' + key.dataset)} where "
                f"{key_of(datasets[key.dataset])} in ({leaving} {literal(key.dataset)}))"
            )
    found = con.execute(
        f"select source_id, source_row, {key_of(dataset)} from {quoted(dataset.name)} "
        f"where {' or '.join(tests)} order by source_id, cast(source_row as bigint)"
    ).fetchall()
    for source_id, row, key_text in found:
        con.execute("insert into withdrawn_keys values (?, ?)", [dataset.name, key_text])
        yield Outcome(source_id, int(row), "withdrawn")


def key_of(dataset: Dataset) -> Sql:
    """A record's key as an SQL expression: several columns are joined by commas, as in addresses."""
    fields = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    return f"concat_ws(',', {fields})"


def repeated(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    rank: Mapping[str, tuple[int, int]],
    among: Among | None = None,
) -> Iterator[Outcome]:
    """Rows that share a primary key; `among` limits the rows that are searched.

    `rank`: source_id → (precedence, place in the inbox). Identical rows count once, and the first
    is kept. If the contents differ, the row of the source with the highest precedence is kept; if
    several have it, it is unknown which is right and all are quarantined.
    """
    if not dataset.primary_key:
        return
    key = ", ".join(quoted(k) for k in dataset.primary_key)
    content = ", ".join(f"coalesce({quoted(c.name)}, '')" for c in dataset.published)
    name = quoted(dataset.name)
    seen = among.sharing(dataset.name, dataset.primary_key, takes_blanks=True) if among else name
    rows = con.execute(
        f"select {key}, md5(concat_ws(chr(31), {content})) as content, source_id, source_row "
        f"from {seen} where ({key}) in "
        f"(select ({key}) from {seen} group by {key} having count(*) > 1)"
    ).fetchall()
    # Columns of a row: the key's n columns, content, source_id, source_row. In each group the
    # highest precedence comes first, then the order of the inbox and of the file.
    n = len(dataset.primary_key)
    for _, group in groupby(
        sorted(rows, key=lambda r: (r[:n], -rank[r[-2]][0], rank[r[-2]][1], int(r[-1]))),
        lambda r: r[:n],
    ):
        yield from _repeated_in(list(group), rank)


def _repeated_in(
    group: list[tuple[Any, ...]], rank: Mapping[str, tuple[int, int]]
) -> Iterator[Outcome]:
    """The outcomes of a group of rows with one key, sorted by rank."""
    first_of: dict[str, tuple[Any, ...]] = {}
    for row in group:
        if row[-3] in first_of:
            yield Outcome(row[-2], int(row[-1]), "repeated")
        else:
            first_of[row[-3]] = row
    distinct = list(first_of.values())
    if len(distinct) == 1:
        return
    highest = rank[distinct[0][-2]][0]
    for row in distinct[1:]:
        if rank[row[-2]][0] < highest:
            yield Outcome(
                row[-2], int(row[-1]), "repeated", "superseded", params=_twin(distinct[0])
            )
    rivals = [row for row in distinct if rank[row[-2]][0] == highest]
    if len(rivals) > 1:
        for row in rivals:
            twin = rivals[1] if row is rivals[0] else rivals[0]
            yield Outcome(row[-2], int(row[-1]), "quarantined", "conflict", params=_twin(twin))


def _twin(row: tuple[Any, ...]) -> dict[str, Any]:
    return {"other_source": row[-2], "other_row": int(row[-1])}


def not_unique(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, among: Among | None = None
) -> Iterator[Outcome]:
    """Rows that share the values of a unique key or of a field that must be unique;
    blanks do not count.

    A unique key over masked columns is not checked here, because masked names can be equal; the
    keyed record id is made from the full names.
    """
    open_fields = {c.name for c in dataset.published if c.privacy == "public"}
    keys = [key for key in dataset.unique_keys if open_fields.issuperset(key)]
    keys += [
        (c.name,)
        for c in dataset.published
        if c.constraints.get("unique") and (c.name,) != dataset.primary_key
    ]
    for key in keys:
        names = ", ".join(quoted(k) for k in key)
        filled = " and ".join(f"{quoted(k)} <> ''" for k in key)
        seen = among.sharing(dataset.name, key) if among else quoted(dataset.name)
        found = con.execute(
            f"select source_id, source_row, concat_ws(' + ', {names}) from {seen} "
            f"where {filled} and ({names}) in (select ({names}) from {seen} "
            f"where {filled} group by {names} having count(*) > 1) "
            "order by source_id, cast(source_row as bigint)"
        ).fetchall()
        for source_id, row, value in found:
            yield Outcome(source_id, int(row), "quarantined", "unique", key[0], value)


def dangling(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    key: ForeignKey,
    among: Among | None = None,
    others: Sql = "",
) -> Iterator[Outcome]:
    """Rows whose foreign key `key` matches no record of the other dataset; blank keys are allowed.

    `others`: that dataset's records as an SQL source, "" for its accepted rows.
    """
    names = [quoted(k) for k in key.fields]
    filled = " and ".join(f"m.{k} <> ''" for k in names)
    joined = " and ".join(
        f"m.{k} = o.{quoted(r)}" for k, r in zip(names, key.reference_fields, strict=True)
    )
    values = ", ".join(f"m.{k}" for k in names)
    seen = among.dangling(dataset.name, key) if among else quoted(dataset.name)
    found = con.execute(
        f"select m.source_id, m.source_row, concat_ws(' + ', {values}) from {seen} m "
        f"anti join {others or quoted(key.dataset)} o on {joined} where {filled} "
        "order by m.source_id, cast(m.source_row as bigint)"
    ).fetchall()
    status: Literal["kept", "quarantined"] = "quarantined" if key.severity == "error" else "kept"
    rule = "foreign-key" if key.severity == "error" else "foreign-key-open"
    for source_id, row, value in found:
        yield Outcome(
            source_id, int(row), status, rule, key.fields[0], value, {"other": key.dataset}
        )


def keys_of(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """(source_id, source_row) of the rows that are not published."""
    return [(o.source_id, str(o.row)) for o in outcomes if o.status != "kept"]
