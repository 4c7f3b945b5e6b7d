"""A release made anew without some of its records: what the law withdraws leaves every artefact.

Nothing is cut out of a file: data, database and downloads of each dataset concerned are written
again from the rows that stay, the package is packed again, the manifest signed again. What a
release does not lose is taken over as it is. A release tells itself how it is built, so that one
made by an older contract can be amended too.
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
from pipeline.release.package import changes, manifest, package, parts, working
from pipeline.release.package.changes import KEY_SEPARATOR
from pipeline.release.package.parts import Keys as PartKeys
from pipeline.release.removal import (
    amended_database,
    amended_manifest,
    holdings,
    rewrite_files,
    tombstones,
)
from pipeline.release.removal.loss import TALLIES, Amendment, Loss
from pipeline.release.removal.rewrite_files import Gone, Missed

_WHOLE: PartKeys = {}


@dataclass(frozen=True, slots=True)
class Written:
    """The datasets that were written again: each one's sorted Parquet file,
    and the rows it lost.
    """

    rows: Mapping[str, Path]
    gone: Mapping[str, Gone]


def amend(order: Amendment) -> str:
    """Write the release of `order` without what its removal takes out; gives the result's id."""
    with closing(sql.connect(order.work / "spill")) as con:
        loss = Loss.of(order, con)
        touched = _touched(loss)
        _take_over(loss, touched)
        written = _data(loss)
        told = amended_manifest.amended(loss)
        if order.replaces:
            told["changes"] = changes.counts(loss.changes())
            written = _with_changes(loss, written, told["release"])
        descriptor = _redescribed(loss, written.rows, told["release"])
        told["rows"] |= {r["name"]: r["gongshi:rows"] for r in descriptor["resources"]}
        with ThreadPoolExecutor(1) as beside:
            made = beside.submit(amended_database.write, loss, "disclosure.db", written.rows)
            if (loss.release / "downloads").is_dir():
                _downloads(loss, written, told, parts.of_release(descriptor))
                amended_database.write_parts(loss, touched)
            made.result()
    build.sign_release(loss.target, descriptor, told, order.secret)
    return str(told["release"])


def _touched(loss: Loss) -> set[str]:
    """The outermost folders, such as `year=2024`, of the parts that lose a record."""
    found, keys = set[str](), loss.keys_of_parts
    for name in loss.leavers.keys() & keys.keys():
        dataset = loss.datasets[name]
        test = _leaves(loss.con, dataset, loss.keys(name))
        source = holdings.csv_of(loss.release, dataset)
        rows = f"select distinct {parts.folder(keys[name])} from {source} where {test}"
        found |= {folder for (folder,) in loss.con.execute(rows).fetchall()}
    return found


def _take_over(loss: Loss, touched: Collection[str]) -> None:
    """Files that lose nothing, as they are: linked where the file system can,
    so never written to.
    """
    concerned, replaces = loss.concerned(), loss.order.replaces
    ours_below = {f"downloads/{parts.DATABASE.format(part=folder)}" for folder in touched}
    ours = {"manifest.json", "manifest.sig", "datapackage.json", "catalog.jsonld", "disclosure.db"}
    ours |= {"public_key.pem", *(["changes.csv"] if replaces else [])}
    for path in sorted(p for p in loss.release.rglob("*") if p.is_file()):
        name = path.relative_to(loss.release).as_posix()
        if name in ours or name in ours_below or path.suffix == ".zip":
            continue
        if path.parent != loss.release and name.split("/")[1].split(".")[0] in concerned:
            continue
        link(path, loss.target / name)


def _data(loss: Loss) -> Written:
    """The CSV of every dataset concerned, in parts as it was."""
    (loss.target / "data").mkdir(exist_ok=True)
    left = {name: _without(loss, loss.datasets[name]) for name in loss.leavers}
    rows = {name: path for name, (path, _) in left.items()}
    if public := loss.datasets.get(tombstones.TABLE):
        stones = tombstones.public_rows(loss.order.removal.stones)
        rows[public.name] = _small(loss, public, stones)
    if tallies := loss.datasets.get(TALLIES):
        rows[tallies.name] = _small(loss, tallies, amended_manifest.tallies(loss))
    return Written(rows | _derived(loss, rows), {name: gone for name, (_, gone) in left.items()})


def _with_changes(loss: Loss, written: Written, release: str) -> Written:
    """The same with the public table of changes,
    which `changes.csv` of the new release is part of.
    """
    gone = loss.changes()
    changes.write(loss.target / "changes.csv", release, gone)
    if changes.TABLE not in loss.datasets:
        return written
    listed = changes.rows(loss.release, release, loss.order.on, gone)
    path = _small(loss, loss.datasets[changes.TABLE], listed)
    return replace(written, rows={**written.rows, changes.TABLE: path})


def _derived(loss: Loss, rows: Mapping[str, Path]) -> dict[str, Path]:
    """Tables that are made of others, made anew of what stays, for the release's own day."""
    stand = {name: package.parquet_rows(path) for name, path in rows.items()}
    for name, dataset in loss.datasets.items():
        stand.setdefault(name, holdings.csv_of(loss.release, dataset))
    day = date.fromisoformat(manifest.read(loss.release)["today"])
    made = derived.tables(loss.datasets.values(), stand, day, loss.work / "spill-derived")
    return {name: _small(loss, loss.datasets[name], table) for name, table in made.items()}


def _without(loss: Loss, dataset: Dataset) -> tuple[Path, Gone]:
    """A dataset's CSV without what leaves, proven to be what it was less those rows.

    Both as Parquet.
    """
    con, leaving = loss.con, loss.keys(dataset.name)
    names = [c.name for c in published_columns(dataset)]
    source, test = holdings.csv_of(loss.release, dataset), _leaves(con, dataset, leaving)
    rows, apart = (loss.work / f"{dataset.name}.{kind}" for kind in ("parquet", "gone.parquet"))
    gone = Gone(dataset, apart, len(set(leaving)))
    package.sorted_rows(con, f"(select * from {source} where {test})", dataset, gone.path)
    left = row_checksums.of_query(con, package.parquet_rows(gone.path), names)
    if left.rows != gone.rows:
        raise Unaccounted(f"{dataset.name}: {gone.rows} records to take out, {left.rows} found")
    keys = loss.keys_of_parts.get(dataset.name, _WHOLE)
    try:
        if keys:
            raise Missed
        old, new = (f / "data" / f"{dataset.name}.csv" for f in (loss.release, loss.target))
        rewrite_files.csv(con, gone, old, new)
        package.rows_in_order(con, new, dataset, rows)
    except Missed:
        expected = row_checksums.of_query(con, source, names) - left
        keys = keys if expected.rows else {}  # nothing is left to be in parts
        package.sorted_rows(con, f"(select * from {source} where not {test})", dataset, rows, keys)
        _as_csv(loss, dataset, rows, expected, keys)
    return rows, gone


def _leaves(con: duckdb.DuckDBPyConnection, dataset: Dataset, keys: Collection[str]) -> Sql:
    """The SQL that tells whether a row is one of `keys`."""
    con.execute("create or replace temp table leaving (key varchar)")
    con.executemany("insert into leaving values (?)", [[k] for k in keys])
    key = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    return f"concat_ws('{KEY_SEPARATOR}', {key}) in (select key from leaving)"


def _small(loss: Loss, dataset: Dataset, told: Iterable[Iterable[object]] | pa.Table) -> Path:
    """A table that the pipeline makes, written again whole; gives its sorted Parquet file."""
    con = loss.con
    table = told if isinstance(told, pa.Table) else working.table(dataset, list(map(list, told)))
    con.register("told", table)
    path = loss.work / f"{dataset.name}.parquet"
    package.sorted_rows(con, "told", dataset, path)
    con.unregister("told")
    return _as_csv(loss, dataset, path, row_checksums.of_rows(table))


def _as_csv(
    loss: Loss, dataset: Dataset, rows: Path, expected: RowChecksum, keys: PartKeys = _WHOLE
) -> Path:
    con = loss.con
    paths = package.write_data(con, rows, dataset.name, loss.target, keys)
    row_checksums.compare(
        f"{dataset.name}.csv", expected, package.csv_checksum(con, paths, dataset)
    )
    return rows


def _redescribed(loss: Loss, rows: Mapping[str, Path], name: str) -> dict[str, Any]:
    """datapackage.json of the release called `name`: as it was, but for the files written again."""
    told, con = holdings.described(loss.release), loss.con
    for resource in told["resources"]:
        if path := rows.get(resource["name"]):
            count = con.execute(f"select count(*) from {package.parquet_rows(path)}").fetchall()[0][
                0
            ]
            keys = resource.get(parts.KEY, {}) if count else {}
            resource |= package.file_facts(loss.target, resource["name"], count, keys)
            if not keys:
                resource.pop(parts.KEY, None)
    told["version"] = name
    package.write_json(loss.target / "datapackage.json", told)
    return told


def _downloads(
    loss: Loss, written: Written, told: Mapping[str, Any], keys: Mapping[str, PartKeys]
) -> None:
    """The downloads of every dataset written again.

    `keys`: by what those are in parts that are so.
    """
    con, old, new = loss.con, loss.release / "downloads", loss.target / "downloads"
    day, scratch = date.fromisoformat(told["today"]), list[Dataset]()
    for name, path in written.rows.items():
        here, plain = keys.get(name, _WHOLE), package.data_files(loss.target, name)
        table = Table(loss.datasets[name], path, plain, told["rows"][name], day)
        try:
            if name not in written.gone or here:
                raise Missed
            rewrite_files.write_downloads(con, written.gone[name], table, old, new)
        except Missed:
            downloads.make(con, table, new, downloads.kinds(here))
            downloads.make_parts(con, table.dataset, path, new, here)
            scratch.append(table.dataset)
    downloads.opened(new, scratch, told["rows"])
