"""Checks across rows and datasets, once every file is read: which accepted rows leave, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from pipeline.base import row_checksums
from pipeline.base.model import (
    Catalog,
    Column,
    Dataset,
    Finding,
    ForeignKey,
    Location,
    Source,
    found,
)
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.sql import quoted, read_parquet
from pipeline.checks.across import keys
from pipeline.checks.across.key_shuffle import Among
from pipeline.checks.privacy import other_rows
from pipeline.checks.privacy.known_values import KnownValues, read_secrets
from pipeline.checks.row.check import QUARANTINE, as_written
from pipeline.checks.rules import Setting, whole_datasets
from pipeline.contract.catalog import as_input, published_columns
from pipeline.flow.read_inbox import Means, Run
from pipeline.intake.read import Opened


def run_cross_checks(run: Run, means: Means) -> None:
    """Remove withdrawn, repeated, conflicting and dangling rows from the accepted ones.

    Fills `run.accepted` (dataset → SQL of its remaining rows) and `run.checksums`; findings,
    tallies and quarantine of the ledger follow. A dataset that is held back has the rows there that
    the public keeps. A distributed engine of `means` finds the shared keys. Raises Unaccounted
    where row checksums or tallies do not agree.
    """
    con, ledger = run.con, run.ledger
    catalog = _as_read(means.catalog, [name for name, _ in ledger.accepted()])
    _create_tables(run, catalog)
    rank = {o.source.source_id: (o.precedence, place) for place, o in enumerate(run.opened)}
    sources = {o.source.source_id: o.source for o in run.opened}
    among = Among(con, means.engine, ledger.home, dict(ledger.accepted()))
    known_values = KnownValues(read_secrets(ledger.secrets))
    datasets = keys.order_of({n: catalog.datasets[n] for n, _ in ledger.accepted()})
    for dataset in datasets:
        for stage in _stages(run, dataset, catalog, rank, among, known_values):
            _apply(run, dataset, stage, sources, catalog)
    setting = Setting(means.today, catalog, frozenset(d.name for d in datasets))
    if not run.held_back:
        _whole_datasets(run, datasets, setting, sources)
        return
    from pipeline.flow import held_back

    _whole_datasets(run, [d for d in datasets if d.name in run.held_back], setting, sources)
    held_back.show_known(run, catalog)  # only now: their own rules judge what was read
    others = [d for d in datasets if d.name not in run.held_back]
    _whole_datasets(run, others, setting, sources)
    held_back.put_in_place(run, catalog)


def _create_tables(run: Run, catalog: Catalog) -> None:
    """Create the views of accepted rows, verified, and the tables of rows that are removed."""
    con, ledger = run.con, run.ledger
    con.execute("create table withdrawn_keys (dataset varchar, key varchar)")
    for each in run.withdrawals:
        con.execute("insert into withdrawn_keys values (?, ?)", [each.dataset, each.key])
    for name, files in ledger.accepted():
        con.execute(f"create view {quoted('all_' + name)} as select * from {read_parquet(files)}")
        names = [c.name for c in published_columns(catalog.datasets[name])]
        found = row_checksums.of_query(con, quoted("all_" + name), names)
        row_checksums.compare(f"{name} accepted", ledger.checksums[name], found)
        con.execute(
            f"create table {quoted('removed_' + name)} (source_id varchar, source_row varchar)"
        )
        # Accepted rows stay in their Parquet files: the view leaves out those that are removed.
        con.execute(
            f"create view {quoted(name)} as select * from {quoted('all_' + name)} "
            f"anti join {quoted('removed_' + name)} using (source_id, source_row)"
        )


def _whole_datasets(
    run: Run, datasets: Sequence[Dataset], setting: Setting, sources: Mapping[str, Source]
) -> None:
    """The rules that need more than one row, over `datasets`; then their rows are final."""
    judged = whole_datasets.judge(run.con, datasets, setting, run.ledger.left_out)
    for dataset, outcomes in judged:
        _apply(run, dataset, outcomes, sources, setting.catalog)
    for finding in whole_datasets.collections(run.con, datasets, setting):
        run.ledger.finding(finding)
    for dataset in datasets:
        _close(run, dataset)


def _as_read(catalog: Catalog, names: Collection[str]) -> Catalog:
    """The contract with the datasets `names` as inputs: packages hold tables computed here."""
    read = {name: as_input(catalog.datasets[name]) for name in names}
    return replace(catalog, datasets={**catalog.datasets, **read})


def _stages(
    run: Run,
    dataset: Dataset,
    catalog: Catalog,
    rank: Mapping[str, tuple[int, int]],
    among: Among,
    known_values: KnownValues,
) -> Iterator[list[keys.Outcome]]:
    """The outcomes of each cross-row check, over the rows that the one before has left."""
    yield sorted(run.unsure.get(dataset.name, {}).values(), key=lambda o: (o.source_id, o.row))
    here = {name: catalog.datasets[name] for name, _ in run.ledger.accepted()}
    yield list(keys.withdrawn(run.con, dataset, here))
    yield list(keys.repeated(run.con, dataset, rank, among))
    yield list(keys.not_unique(run.con, dataset, among))
    yield sorted(
        other_rows.rows(run.con, dataset, known_values), key=lambda o: (o.source_id, o.row)
    )
    present = {name for name, _ in run.ledger.accepted()}
    for key in dataset.foreign_keys:
        if key.dataset in run.held_back:
            yield _dangling_from_held_back(run, dataset, key, catalog)
        elif key.dataset in present:
            yield list(keys.dangling(run.con, dataset, key, among))
        elif key.severity == "warning":
            column = dataset.column(key.fields[0])
            run.ledger.finding(_not_there(dataset, column, catalog.datasets[key.dataset]))
        else:
            blank = ", ".join(f"cast(null as varchar) as {quoted(f)}" for f in key.reference_fields)
            run.con.execute(
                f"create or replace temp view {quoted(key.dataset)} as select {blank} where false"
            )
            yield list(keys.dangling(run.con, dataset, key))


def _dangling_from_held_back(
    run: Run, dataset: Dataset, key: ForeignKey, catalog: Catalog
) -> list[keys.Outcome]:
    """Rows whose `key` names no record of a dataset that is held back, whether public or read now."""
    from pipeline.flow import held_back

    run.ledger.finding(held_back.reference_finding(dataset, key, run, catalog))
    others = held_back.known_rows(run, catalog.datasets[key.dataset])
    return list(keys.dangling(run.con, dataset, key, others=others))


def _not_there(dataset: Dataset, column: Column, other: Dataset) -> Finding:
    """The finding that no rows of `other`, to which `column` refers, were read."""
    params = {
        "title": column.title,
        "title_en": column.title_en,
        "other": other.title,
        "other_en": other.title_en,
    }
    where = Location(dataset=dataset.name)
    return found("foreign-key-none", where, column=column.name, params=params)


def _apply(
    run: Run,
    dataset: Dataset,
    outcomes: list[keys.Outcome],
    files: Mapping[str, Source],
    catalog: Catalog,
) -> None:
    """Remove the rows of `outcomes` from the accepted ones; add findings, tallies, quarantine."""
    removed = keys.keys_of(outcomes)
    if removed:
        run.con.register(
            "removed_keys",
            pa.table({"source_id": [g[0] for g in removed], "source_row": [g[1] for g in removed]}),
        )
        run.con.execute(
            f"insert into {quoted('removed_' + dataset.name)} select * from removed_keys"
        )
        run.con.unregister("removed_keys")
    quarantined: dict[str, dict[int, str]] = {}
    for outcome in outcomes:
        if outcome.rule:
            run.ledger.finding(_about(outcome, dataset, files, catalog), outcome.source_id)
        if outcome.status != "kept":
            run.ledger.move(outcome.source_id, outcome.status)
        if outcome.status == "quarantined":
            quarantined.setdefault(outcome.source_id, {})[outcome.row] = outcome.rule
    for source_id, reasons in quarantined.items():
        opened = next(o for o in run.opened if o.source.source_id == source_id)
        run.ledger.quarantine(dataset, _raw_rows(opened, reasons))


def _about(
    outcome: keys.Outcome, dataset: Dataset, files: Mapping[str, Source], catalog: Catalog
) -> Finding:
    """The finding of one row; names of columns, datasets and sources become titles and files."""
    params = dict(outcome.params)
    if "other_source" in params:
        params["other_file"] = files[params.pop("other_source")].path
    if "other" in params:
        other = catalog.datasets[params["other"]]
        params |= {"other": other.title, "other_en": other.title_en}
    if outcome.column:
        column = dataset.column(outcome.column)
        params = {"title": column.title, "title_en": column.title_en, **params}
    return found(
        outcome.rule,
        files[outcome.source_id],
        row=outcome.row,
        column=outcome.column,
        value=outcome.value,
        params=params,
    )


def _raw_rows(opened: Opened, reasons: Mapping[int, str]) -> pa.Table:
    """Rows of a source as written, read once more: raw rows are not kept until here."""
    lines = []
    for piece in opened.pieces():
        for record in opened.chunk(piece).raw.to_pylist():
            row = record.pop("_row")
            if row in reasons:
                lines.append(
                    (
                        opened.source.path,
                        opened.source.sheet,
                        str(row),
                        reasons[row],
                        as_written(opened.source.header, list(record.values())),
                    )
                )
    return pa.table(
        [pa.array(column, pa.string()) for column in zip(*lines, strict=True)], schema=QUARANTINE
    )


def _close(run: Run, dataset: Dataset) -> None:
    """Check that a dataset's remaining rows are its accepted rows less the removed ones.

    Row checksums are sums, so that they can be subtracted. Raises Unaccounted.
    """
    names = [c.name for c in published_columns(dataset)]
    had, everything, removed_keys = (
        run.ledger.checksums[dataset.name],
        quoted("all_" + dataset.name),
        quoted("removed_" + dataset.name),
    )
    if run.con.execute(f"select count(*) from {removed_keys}").fetchall()[0][0]:
        left = row_checksums.of_query(run.con, quoted(dataset.name), names)
        removed_rows = (
            f"(select * from {everything} semi join {removed_keys} using (source_id, source_row))"
        )
        row_checksums.compare(
            f"{dataset.name} settled",
            had - row_checksums.of_query(run.con, removed_rows, names),
            left,
        )
    else:
        left = had
    counted = run.by_dataset()[dataset.name].accepted
    row_checksums.compare(f"{dataset.name} tally", RowChecksum(counted), RowChecksum(left.rows))
    run.accepted[dataset.name], run.checksums[dataset.name] = quoted(dataset.name), left
