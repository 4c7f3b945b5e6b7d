"""The schema of disclosure.db: SQL of each dataset's table and of its indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.base.model import Column, Dataset
from pipeline.base.sql import Sql, quoted
from pipeline.contract.catalog import published_columns


def create_table(dataset: Dataset, present: set[str]) -> Sql:
    """The CREATE TABLE statement of a dataset; foreign keys only to the tables `present`."""
    columns = published_columns(dataset)
    lines = [f"  {quoted(c.name)} {_declared(c, dataset)}" for c in columns]
    if dataset.primary_key:
        lines.append(f"  primary key ({', '.join(map(quoted, dataset.primary_key))})")
    for key in dataset.foreign_keys:
        if key.severity == "error" and key.dataset in present:
            fields, theirs = (
                ", ".join(map(quoted, key.fields)),
                ", ".join(map(quoted, key.reference_fields)),
            )
            lines.append(f"  foreign key ({fields}) references {quoted(key.dataset)} ({theirs})")
    return f"create table {quoted(dataset.name)} (\n" + ",\n".join(lines) + "\n)"


def _declared(column: Column, dataset: Dataset) -> Sql:
    """Its type; INT for a key of one whole number, since SQLite takes a primary key declared as
    INTEGER for the rowid (https://www.sqlite.org/lang_createtable.html#rowid), which is the place
    of a row in the table's order here.
    """
    kind = sql_type(column)
    return "INT" if kind == "INTEGER" and list(dataset.primary_key) == [column.name] else kind


def sql_type(column: Column) -> Sql:
    """A column's declared SQLite type: DECIMAL(18,2), INTEGER, NUMERIC or TEXT."""
    if column.kind == "money":
        return "DECIMAL(18,2)"
    return {"integer": "INTEGER", "year": "INTEGER", "number": "NUMERIC"}.get(column.type, "TEXT")


def indexes(dataset: Dataset) -> Iterator[Sql]:
    """The CREATE INDEX statements of a table.

    One in the table's default order; one for each facet, with that order second, so that a page of
    one authority is read and not sorted; one for each foreign key and for the party's code. Where
    there are facets, a narrow covering index of facets, order and amounts is all that counting the
    facets of a filter reads: an eighth of the table or less.
    """
    key = list(dataset.primary_key)
    sort = dataset.sort.removeprefix("-")
    order = (
        [f"{quoted(sort)} desc" if dataset.sort.startswith("-") else quoted(sort)] if sort else []
    )
    order += [quoted(k) for k in key if k != sort]
    if sort and sort not in key[:1]:
        yield _index(dataset, sort, order)
    for facet in dataset.facets:
        if facet != sort:
            yield _index(dataset, facet, [quoted(facet), *(o for o in order if o != quoted(facet))])
    plain = [*(k.fields[0] for k in dataset.foreign_keys), *_party_code(dataset)]
    for column in dict.fromkeys(plain):
        if column not in (*dataset.facets, sort, *key[:1]):
            yield _index(dataset, column, [quoted(column)])
    money = [c.name for c in dataset.published if c.kind == "money"]
    narrow = list(dict.fromkeys([*dataset.facets, *([sort] if sort else []), *money]))
    if len(dataset.facets) > 1:
        yield _index(dataset, "narrow", [quoted(name) for name in narrow])


def _party_code(dataset: Dataset) -> list[str]:
    """An organisation's records are looked up by its social credit code: the table's first."""
    return [c.name for c in dataset.published if c.kind == "social-credit-code"][:1]


def _index(dataset: Dataset, name: str, columns: Sequence[Sql]) -> Sql:
    index, listed = quoted(f"{dataset.name}_{name}"), ", ".join(columns)
    return f"create index {index} on {quoted(dataset.name)} ({listed})"
