"""Rewrites a release without some of its records: they are removed from every artefact.

Data, database and downloads of each affected dataset are rewritten with the rows that remain, the
package is compressed again, and the manifest signed again. All other files are linked. Everything
needed for it is in the release itself, so that one made by an older contract can be amended too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.base import row_checksums, sql
from pipeline.base.errors import Unaccounted
from pipeline.base.files import link
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.sql import Sql, quoted
from pipeline.contract.catalog import published_columns
from pipeline.release import build
from pipeline.release.data import derived
from pipeline.release.downloads import downloads
from pipeline.release.downloads.downloads import Table
from pipeline.release.package import manifest, package, parts, record_changes, working
from pipeline.release.package.parts import Keys as PartKeys
from pipeline.release.package.record_changes import KEY_SEPARATOR
from pipeline.release.removal import (
    amended_database,
    amended_manifest,
    holdings,
    remove_rows,
    tombstones,
)
from pipeline.release.removal.plan import TALLIES, Amendment, RemovalPlan
from pipeline.release.removal.remove_rows import NotRewritable, RemovedRows

_WHOLE: PartKeys = {}


@dataclass(frozen=True, slots=True)
class Written:
    """The rewritten datasets: dataset → its sorted Parquet file, dataset → the rows it lost."""

    rows: Mapping[str, Path]
    removed: Mapping[str, RemovedRows]


def amend(amendment: Amendment) -> str:
    """Write the release without the records of `amendment.removal`; gives the id of the result.

    Raises Unaccounted where a rewritten file does not hold exactly the rows that remain.
    """
    with closing(sql.connect(amendment.work / "spill")) as con:
        plan = RemovalPlan.of(amendment, con)
        folders = _folders_with_removed(plan)
        _link_others(plan, folders)
        written = _data(plan)
        content = amended_manifest.amended(plan)
        if amendment.replaces:
            content["changes"] = record_changes.counts(plan.changes())
            written = _with_changes(plan, written, content["release"])
        descriptor = _descriptor(plan, written.rows, content["release"])
        content["rows"] |= {r["name"]: r["gongshi:rows"] for r in descriptor["resources"]}
        with ThreadPoolExecutor(1) as thread:
            databases = thread.submit(amended_database.write, plan, "disclosure.db", written.rows)
            if (plan.release / "downloads").is_dir():
                _downloads(plan, written, content, parts.of_release(descriptor))
                amended_database.write_parts(plan, folders)
            databases.result()
    build.sign_release(plan.target, descriptor, content, amendment.secret)
    return str(content["release"])


def _folders_with_removed(plan: RemovalPlan) -> set[str]:
    """The outermost folders, such as `year=2024`, of the parts that lose a record."""
    found, keys = set[str](), plan.keys_of_parts
    for name in plan.removed.keys() & keys.keys():
        dataset = plan.datasets[name]
        test = _is_removed(plan.con, dataset, plan.keys(name))
        source = holdings.csv_of(plan.release, dataset)
        rows = f"select distinct {parts.folder(keys[name])} from {source} where {test}"
        found |= {folder for (folder,) in plan.con.execute(rows).fetchall()}
    return found


def _link_others(plan: RemovalPlan, folders: Collection[str]) -> None:
    """Link the files that do not change (copy them where the file system has no links).

    `folders`: those of the parts that lose a record, whose databases are rewritten.
    """
    datasets, replaces = plan.rewritten(), plan.amendment.replaces
    databases = {f"downloads/{parts.DATABASE.format(part=folder)}" for folder in folders}
    changed = {
        "manifest.json",
        "manifest.sig",
        "datapackage.json",
        "catalog.jsonld",
        "disclosure.db",
    }
    changed |= {"public_key.pem", *(["changes.csv"] if replaces else [])}
    for path in sorted(p for p in plan.release.rglob("*") if p.is_file()):
        name = path.relative_to(plan.release).as_posix()
        if name in changed or name in databases or path.suffix == ".zip":
            continue
        if path.parent != plan.release and name.split("/")[1].split(".")[0] in datasets:
            continue
        link(path, plan.target / name)


def _data(plan: RemovalPlan) -> Written:
    """Write the CSV of every affected dataset, in parts where it was so before."""
    (plan.target / "data").mkdir(exist_ok=True)
    rewritten = {name: _without_removed(plan, plan.datasets[name]) for name in plan.removed}
    rows = {name: path for name, (path, _) in rewritten.items()}
    if public := plan.datasets.get(tombstones.TABLE):
        listed = tombstones.public_rows(plan.amendment.removal.tombstones)
        rows[public.name] = _small(plan, public, listed)
    if tallies := plan.datasets.get(TALLIES):
        rows[tallies.name] = _small(plan, tallies, amended_manifest.tallies(plan))
    removed = {name: lost for name, (_, lost) in rewritten.items()}
    return Written(rows | _derived(plan, rows), removed)


def _with_changes(plan: RemovalPlan, written: Written, release: str) -> Written:
    """Write changes.csv and the public table of changes; gives `written` with that table."""
    removed = plan.changes()
    record_changes.write(plan.target / "changes.csv", release, removed)
    if record_changes.TABLE not in plan.datasets:
        return written
    earlier = record_changes.rows(plan.release, list)  # persons are masked in it already
    listed = earlier + record_changes.new_rows(release, plan.amendment.on, removed)
    path = _small(plan, plan.datasets[record_changes.TABLE], listed)
    return replace(written, rows={**written.rows, record_changes.TABLE: path})


def _derived(plan: RemovalPlan, rows: Mapping[str, Path]) -> dict[str, Path]:
    """Rebuild the derived tables from the rows that remain, as of the release's own day."""
    relations = {name: package.parquet_rows(path) for name, path in rows.items()}
    for name, dataset in plan.datasets.items():
        relations.setdefault(name, holdings.csv_of(plan.release, dataset))
    day = date.fromisoformat(manifest.read(plan.release)["today"])
    rebuilt = derived.tables(plan.datasets.values(), relations, day, plan.work / "spill-derived")
    return {name: _small(plan, plan.datasets[name], table) for name, table in rebuilt.items()}


def _without_removed(plan: RemovalPlan, dataset: Dataset) -> tuple[Path, RemovedRows]:
    """Write a dataset's CSV without the removed records; gives the rest and those, as Parquet.

    Raises Unaccounted unless the rest has the row checksum of the old CSV less that of those rows.
    """
    con, keys_to_remove = plan.con, plan.keys(dataset.name)
    names = [c.name for c in published_columns(dataset)]
    source, test = holdings.csv_of(plan.release, dataset), _is_removed(con, dataset, keys_to_remove)
    rows, removed_path = (
        plan.work / f"{dataset.name}.{kind}" for kind in ("parquet", "gone.parquet")
    )
    removed = RemovedRows(dataset, removed_path, len(set(keys_to_remove)))
    package.sorted_rows(con, f"(select * from {source} where {test})", dataset, removed.path)
    lost = row_checksums.of_query(con, package.parquet_rows(removed.path), names)
    if lost.rows != removed.rows:
        raise Unaccounted(f"{dataset.name}: {removed.rows} records to take out, {lost.rows} found")
    keys = plan.keys_of_parts.get(dataset.name, _WHOLE)
    try:
        if keys:
            raise NotRewritable
        old, new = (f / "data" / f"{dataset.name}.csv" for f in (plan.release, plan.target))
        remove_rows.csv(con, removed, old, new)
        package.rows_in_order(con, new, dataset, rows)
    except NotRewritable:
        expected = row_checksums.of_query(con, source, names) - lost
        keys = keys if expected.rows else {}  # a dataset without rows is one file
        package.sorted_rows(con, f"(select * from {source} where not {test})", dataset, rows, keys)
        _as_csv(plan, dataset, rows, expected, keys)
    return rows, removed


def _is_removed(con: duckdb.DuckDBPyConnection, dataset: Dataset, keys: Collection[str]) -> Sql:
    """The SQL condition that a row's key is one of `keys`, which are put in a temporary table."""
    con.execute("create or replace temp table leaving (key varchar)")
    con.executemany("insert into leaving values (?)", [[k] for k in keys])
    key = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    return f"concat_ws('{KEY_SEPARATOR}', {key}) in (select key from leaving)"


def _small(
    plan: RemovalPlan, dataset: Dataset, rows: Iterable[Iterable[object]] | pa.Table
) -> Path:
    """Rewrite a whole table that the pipeline fills; gives its sorted Parquet file."""
    con = plan.con
    table = rows if isinstance(rows, pa.Table) else working.table(dataset, list(map(list, rows)))
    con.register("rewritten", table)
    path = plan.work / f"{dataset.name}.parquet"
    package.sorted_rows(con, "rewritten", dataset, path)
    con.unregister("rewritten")
    return _as_csv(plan, dataset, path, row_checksums.of_rows(table))


def _as_csv(
    plan: RemovalPlan, dataset: Dataset, rows: Path, expected: RowChecksum, keys: PartKeys = _WHOLE
) -> Path:
    """Write the CSV of the Parquet file `rows`, verified against `expected`; gives `rows`."""
    con = plan.con
    paths = package.write_data(con, rows, dataset.name, plan.target, keys)
    row_checksums.compare(
        f"{dataset.name}.csv", expected, package.csv_checksum(con, paths, dataset)
    )
    return rows


def _descriptor(plan: RemovalPlan, rows: Mapping[str, Path], name: str) -> dict[str, Any]:
    """Write datapackage.json of the release `name`: as before, but for the rewritten files."""
    descriptor, con = holdings.described(plan.release), plan.con
    for resource in descriptor["resources"]:
        if path := rows.get(resource["name"]):
            count = con.execute(f"select count(*) from {package.parquet_rows(path)}").fetchall()[0][
                0
            ]
            keys = resource.get(parts.KEY, {}) if count else {}
            resource |= package.file_facts(plan.target, resource["name"], count, keys)
            if not keys:
                resource.pop(parts.KEY, None)
    descriptor["version"] = name
    package.write_json(plan.target / "datapackage.json", descriptor)
    return descriptor


def _downloads(
    plan: RemovalPlan, written: Written, content: Mapping[str, Any], keys: Mapping[str, PartKeys]
) -> None:
    """Write the downloads of every rewritten dataset.

    `content`: the manifest; `keys`: dataset → the columns of its parts.
    """
    con, old, new = plan.con, plan.release / "downloads", plan.target / "downloads"
    day, from_rows = date.fromisoformat(content["today"]), list[Dataset]()
    for name, path in written.rows.items():
        here, plain = keys.get(name, _WHOLE), package.data_files(plan.target, name)
        table = Table(plan.datasets[name], path, plain, content["rows"][name], day)
        try:
            if name not in written.removed or here:
                raise NotRewritable
            remove_rows.write_downloads(con, written.removed[name], table, old, new)
        except NotRewritable:
            downloads.write(con, table, new, downloads.kinds(here))
            downloads.write_parts(con, table.dataset, path, new, here)
            from_rows.append(table.dataset)
    downloads.check(new, from_rows, content["rows"])
