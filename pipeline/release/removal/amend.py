"""A release made anew without some of its records: what the law withdraws leaves every artefact.

Nothing is cut out of a file: data, database and downloads of each dataset concerned are written again
from the rows that stay, the package is packed again, the manifest signed again. What a release does
not lose is taken over as it is. A release tells itself how it is built, so that one made by an older
contract can be amended too.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.base import row_checksums, sql
from pipeline.base.errors import Unaccounted
from pipeline.base.files import link
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import Seal, quoted
from pipeline.contract.catalog import published_columns
from pipeline.release import build
from pipeline.release.data import derived, draft
from pipeline.release.downloads import downloads
from pipeline.release.package import changes, manifest, package, parts, working
from pipeline.release.package.changes import KEY_SEPARATOR, Change
from pipeline.release.package.parts import Keys as PartKeys
from pipeline.release.removal import amended_database, holdings, rewrite_files, tombstones
from pipeline.release.removal.amended_database import Loss
from pipeline.release.removal.holdings import Keys
from pipeline.release.removal.rewrite_files import Gone, Missed
from pipeline.release.removal.tombstones import Tombstone

TALLIES = "run_tallies"
_WHOLE: PartKeys = {}


@dataclass(frozen=True, slots=True)
class Amendment:
    """What to do to a release.

    `withdrawn` and `lapsed`: keys to take out. `stones`: what its table of withdrawals is to hold.
    `replaces`: set where the result is a release of its own, the new `current`.
    """

    withdrawn: Keys
    lapsed: Keys
    stones: Collection[Tombstone]
    on: date
    secret: bytes
    work: Path
    replaces: bool = False
    number: int = 0
    taken: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)  # key, source, part
    gone: dict[str, Gone] = field(default_factory=dict)  # the same, as they stood in the CSV

    @property
    def keys(self) -> Keys:
        """Those of the records that are taken out."""
        return {name: {key for key, *_ in each} for name, each in self.taken.items()}


def amend(release: Path, target: Path, order: Amendment) -> str:
    """Write `release` into the empty folder `target` without what `order` takes out; gives its id."""
    datasets = {d.name: d for d in holdings.datasets_of(release)}
    told = manifest.read(release)
    for part, keys in (("withheld", order.lapsed), ("withdrawn", order.withdrawn)):
        for name, each in holdings.holds(release, keys).items():
            order.taken.setdefault(name, []).extend((*pair, part) for pair in each)
    remade = {tombstones.TABLE, TALLIES} & datasets.keys() | {
        n for n, d in datasets.items() if d.query
    }
    concerned = {*order.taken, *remade}
    if order.replaces:
        concerned |= {changes.TABLE} & datasets.keys()
    con, were = sql.connect(order.work / "spill"), parts.of_release(holdings.described(release))
    touched = _touched(con, release, datasets, order, were)
    _take_over(release, target, concerned, touched, order.replaces)
    rows = _data(con, release, target, datasets, order, were)
    told = _retold(told, release, target, order)
    gone = [Change(n, key, "withdrawn" if part == "withdrawn" else "removed") for n, each in order.taken.items() for key, _, part in each]  # fmt: skip
    if order.replaces:
        changes.write(target / "changes.csv", told["release"], gone)
        told["changes"] = changes.counts(gone)
        if changes.TABLE in datasets:
            listed = changes.rows(release, told["release"], order.on, gone)
            rows[changes.TABLE] = _small(con, datasets[changes.TABLE], listed, target, order.work)
    descriptor = _redescribed(release, target, rows, con, told["release"])
    keys = parts.of_release(descriptor)
    told["rows"] |= {r["name"]: r["gongshi:rows"] for r in descriptor["resources"]}
    loss = Loss(release, target, order.work, datasets, order.keys)
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(amended_database.write, loss, "disclosure.db", rows)
        if (release / "downloads").is_dir():
            _downloads(con, release, target, datasets, rows, told, keys, order)
            amended_database.write_parts(con, loss, were, touched)
        made.result()
    con.close()
    build.seal_release(target, descriptor, told, order.secret)
    return str(told["release"])


def _touched(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    datasets: Mapping[str, Dataset],
    order: Amendment,
    keys: Mapping[str, PartKeys],
) -> set[str]:
    """The outermost folders, such as `year=2024`, of the parts that lose a record."""
    found = set[str]()
    for name in order.taken.keys() & keys.keys():
        test = _leaves(con, datasets[name], [key for key, *_ in order.taken[name]])
        rows = f"select distinct {parts.folder(keys[name])} from {holdings.csv_of(release, datasets[name])}"
        found |= {folder for (folder,) in con.execute(f"{rows} where {test}").fetchall()}
    return found


def _take_over(
    release: Path,
    target: Path,
    concerned: Collection[str],
    touched: Collection[str],
    replaces: bool,
) -> None:
    """Files that lose nothing, as they are: linked where the file system can, so never written to."""
    ours_below = {f"downloads/{parts.DATABASE.format(part=folder)}" for folder in touched}
    ours = {"manifest.json", "manifest.sig", "datapackage.json", "catalog.jsonld", "disclosure.db"}
    ours |= {"public_key.pem", *(["changes.csv"] if replaces else [])}
    for path in sorted(p for p in release.rglob("*") if p.is_file()):
        name = path.relative_to(release).as_posix()
        if name in ours or name in ours_below or path.suffix == ".zip":
            continue
        if path.parent != release and name.split("/")[1].split(".")[0] in concerned:
            continue
        link(path, target / name)


def _data(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    target: Path,
    datasets: Mapping[str, Dataset],
    order: Amendment,
    keys: Mapping[str, PartKeys],
) -> dict[str, Path]:
    """The CSV of every dataset concerned, in parts as it was; gives their sorted Parquet files."""
    rows = {}
    (target / "data").mkdir(exist_ok=True)
    for name, taken in order.taken.items():
        leaving, here = [k for k, *_ in taken], keys.get(name, {})
        rows[name], order.gone[name] = _without(
            con, release, target, datasets[name], leaving, order.work, here
        )
    if tombstones.TABLE in datasets:
        public = tombstones.public_rows(order.stones)
        rows[tombstones.TABLE] = _small(con, datasets[tombstones.TABLE], public, target, order.work)
    if TALLIES in datasets:
        tallies = _tallies(release, order)
        rows[TALLIES] = _small(con, datasets[TALLIES], tallies, target, order.work)
    return rows | _derived(con, release, target, datasets, order, rows)


def _derived(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    target: Path,
    datasets: Mapping[str, Dataset],
    order: Amendment,
    rows: Mapping[str, Path],
) -> dict[str, Path]:
    """Tables that are made of others, made anew of what stays, for the release's own day."""
    stand = {name: package.parquet_rows(path) for name, path in rows.items()}
    for name, dataset in datasets.items():
        stand.setdefault(name, holdings.csv_of(release, dataset))
    day = date.fromisoformat(manifest.read(release)["today"])
    made = derived.tables(datasets.values(), stand, day, order.work / "spill-derived")
    return {
        name: _small(con, datasets[name], table, target, order.work) for name, table in made.items()
    }


def _without(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    target: Path,
    dataset: Dataset,
    leaving: Collection[str],
    work: Path,
    keys: PartKeys,
) -> tuple[Path, Gone]:
    """A dataset's CSV without `leaving`, proven to be what it was less those rows; gives both as Parquet."""
    names = [c.name for c in published_columns(dataset)]
    source, test = holdings.csv_of(release, dataset), _leaves(con, dataset, leaving)
    rows, apart = (work / f"{dataset.name}.{kind}" for kind in ("parquet", "gone.parquet"))
    gone = Gone(dataset, apart, len(set(leaving)))
    package.sorted_rows(con, f"(select * from {source} where {test})", dataset, gone.path)
    left = row_checksums.of_query(con, package.parquet_rows(gone.path), names)
    if left.rows != gone.rows:
        raise Unaccounted(f"{dataset.name}: {gone.rows} records to take out, {left.rows} found")
    try:
        if keys:
            raise Missed
        old, new = (folder / "data" / f"{dataset.name}.csv" for folder in (release, target))
        rewrite_files.csv(con, gone, old, new)
        package.rows_in_order(con, new, dataset, rows)
    except Missed:
        expected = row_checksums.of_query(con, source, names) - left
        keys = keys if expected.rows else {}  # nothing is left to be in parts
        package.sorted_rows(con, f"(select * from {source} where not {test})", dataset, rows, keys)
        _as_csv(con, dataset, rows, target, expected, keys)
    return rows, gone


def _leaves(con: duckdb.DuckDBPyConnection, dataset: Dataset, keys: Collection[str]) -> str:
    """The SQL that tells whether a row is one of `keys`."""
    con.execute("create or replace temp table leaving (key varchar)")
    con.executemany("insert into leaving values (?)", [[k] for k in keys])
    key = ", ".join(f"coalesce({quoted(k)}, '')" for k in dataset.primary_key)
    return f"concat_ws('{KEY_SEPARATOR}', {key}) in (select key from leaving)"


def _small(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    told: Iterable[Iterable[object]] | pa.Table,
    target: Path,
    work: Path,
) -> Path:
    table = told if isinstance(told, pa.Table) else working.table(dataset, list(map(list, told)))
    con.register("told", table)
    path = work / f"{dataset.name}.parquet"
    package.sorted_rows(con, "told", dataset, path)
    con.unregister("told")
    return _as_csv(con, dataset, path, target, row_checksums.of_rows(table))


def _as_csv(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    rows: Path,
    target: Path,
    expected: Seal,
    keys: PartKeys = _WHOLE,
) -> Path:
    paths = package.write_data(con, rows, dataset.name, target, keys)
    row_checksums.compare(f"{dataset.name}.csv", expected, package.csv_seal(con, paths, dataset))
    return rows


def _tallies(release: Path, order: Amendment) -> list[list[str]]:
    """run_tallies with each record that leaves counted as what it now is."""
    moved: dict[tuple[str, str], list[str]] = {}
    for name, taken in order.taken.items():
        for _, source, part in taken:
            moved.setdefault((source, name), []).append(part)
    with (release / "data" / f"{TALLIES}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for part in moved.get((row["source_id"], row["dataset"]), ()):
            row["accepted"] = str(int(row["accepted"]) - 1)
            row[part] = str(int(row[part]) + 1)
    return [list(row.values()) for row in rows]


def _retold(told: dict[str, Any], release: Path, target: Path, order: Amendment) -> dict[str, Any]:
    """What the amended release's manifest says: who left, never what it was."""
    del told["files"]
    for name, taken in order.taken.items():
        for *_, part in taken:
            if name in told["tallies"]:
                told["tallies"][name]["accepted"] -= 1
                told["tallies"][name][part] += 1
    link = manifest.link(release)
    assert link
    note = {
        "on": order.on.isoformat(),
        "manifest_sha256": link["manifest_sha256"],
        "withdrawn": _taken(order, "withdrawn"),
        "lapsed": _taken(order, "withheld"),
    }
    if not order.replaces:
        return told | {"amendments": [*told["amendments"], note]}
    content = draft.content_hash(told, draft.data_hashes(target))
    name = f"{told['today']}-{content[:8]}"
    return told | {
        "release": name,
        "number": order.number,
        "content": content,
        "parent": link,
        "chain": [*told["chain"], link],
        "amendments": [],
        "replaces": release.name,
        "withdrawal": note,
    }


def _taken(order: Amendment, part: str) -> list[list[str]]:
    """Dataset and key of each record that leaves as `part` of the tally."""
    every = [(name, *each) for name, listed in order.taken.items() for each in listed]
    return [[name, key] for name, key, _, left_as in sorted(every) if left_as == part]


def _redescribed(
    release: Path,
    target: Path,
    rows: Mapping[str, Path],
    con: duckdb.DuckDBPyConnection,
    name: str,
) -> dict[str, Any]:
    told = holdings.described(release)
    for resource in told["resources"]:
        if path := rows.get(resource["name"]):
            count = con.execute(f"select count(*) from read_parquet('{path}')").fetchall()[0][0]
            keys = resource.get(parts.KEY, {}) if count else {}
            resource |= package.file_facts(target, resource["name"], count, keys)
            if not keys:
                resource.pop(parts.KEY, None)
    told["version"] = name
    package.write_json(target / "datapackage.json", told)
    return told


def _downloads(
    con: duckdb.DuckDBPyConnection,
    release: Path,
    target: Path,
    datasets: Mapping[str, Dataset],
    rows: Mapping[str, Path],
    told: Mapping[str, Any],
    keys: Mapping[str, PartKeys],
    order: Amendment,
) -> None:
    old, new = release / "downloads", target / "downloads"
    day, scratch = date.fromisoformat(told["today"]), []
    for name, path in rows.items():
        plain, here, count = (
            package.data_files(target, name),
            keys.get(name, {}),
            told["rows"][name],
        )
        try:
            if name not in order.gone or here:
                raise Missed
            rewrite_files.write_downloads(
                con, order.gone[name], old, path, plain[0], new, count, day
            )
        except Missed:
            downloads.make(con, datasets[name], path, plain, new, count, day, downloads.kinds(here))
            downloads.make_parts(con, datasets[name], path, new, here)
            scratch.append(datasets[name])
    downloads.opened(new, scratch, told["rows"])
