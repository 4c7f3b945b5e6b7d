"""Union of other publishers' releases with our own data: rows, withdrawals, report figures.

Rows of a package are read and checked as any input, and keep their publisher's record number. What
a publisher has withdrawn is neither published here nor left in a kept release. What it removed
without a withdrawal is removed from `current`, and that is the cause.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.base.model import PACKAGE, UNITED, Catalog, Dataset, Finding, Location, Source, found
from pipeline.base.sql import Sql, quoted, read_parquet
from pipeline.checks.across.keys import key_of
from pipeline.checks.privacy import screen
from pipeline.checks.row.check import RECORD_ID
from pipeline.contract.catalog import published_columns
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table.sources_yaml import Hint
from pipeline.publishers import proven
from pipeline.publishers.packages import PackageResult
from pipeline.publishers.proven import Received
from pipeline.release.package import package, record_changes
from pipeline.release.removal import tombstones
from pipeline.release.removal.tombstones import Tombstone

TABLE = "publishers"
_LONGEST = 500  # characters of another publisher's reason for a withdrawal
_ORIGIN = ("source_id", "source_row")


def wanted(catalog: Catalog) -> set[str]:
    """The names of the resources to read of a package: what departments send, report figures,
    withdrawals.
    """
    inputs = {d.name for d in catalog.datasets.values() if not d.produced}
    return inputs | (UNITED.keys() & catalog.datasets.keys()) | {tombstones.TABLE}


# ---------------------------------------------------------------- rows


def files(results: Iterable[PackageResult], catalog: Catalog) -> Iterator[InboxFile]:
    """The tables of all packages as files of the inbox, each with its verified hash."""
    for each in results:
        if each.received:
            for name, paths in each.received.files.items():
                if name != tombstones.TABLE:
                    hint = _hint(each, catalog.datasets[name])
                    yield from (_file(each, path, hint) for path in paths)


def _file(each: PackageResult, path: str, hint: Hint) -> InboxFile:
    assert each.received
    place, digest = each.received.folder / path, each.received.sha256[path]
    return InboxFile(place, f"{each.publisher}/{path}", False, hint, digest)


def _hint(each: PackageResult, dataset: Dataset) -> Hint:
    """The format of a package's table: that of our own CSV, with amounts in the column's unit."""
    return Hint(
        dataset=dataset.name,
        encoding="utf-8",
        delimiter=",",
        header_rows=(1,),
        columns={c.name: c.name for c in dataset.published},
        ignore=_ORIGIN,
        units={c.name: c.unit for c in dataset.columns if c.kind == "money"},
        precedence=each.listed.precedence,
        publisher=each.publisher,
    )


def notes(results: Iterable[PackageResult], catalog: Catalog) -> Iterator[Finding]:
    """The findings of each package, and one for its tables that our contract does not know."""
    for each in results:
        yield from each.findings
        listed = proven.resources(each.received) if each.received else []
        unknown = [n for n in listed if n not in catalog.datasets]
        if unknown:
            params = {
                "publisher": each.publisher,
                "listed": ", ".join(n[:40] for n in unknown[:10]),
            }
            yield found("package-dataset-unknown", Location(each.publisher), params=params)


def is_sample(results: Iterable[PackageResult]) -> bool:
    """Whether any package is marked as a made-up sample."""
    return any(each.received and each.received.about.get("gongshi:sample") for each in results)


# ---------------------------------------------------------------- withdrawals


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """All withdrawals, our own and those of other publishers, each record once."""

    tombstones: tuple[Tombstone, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The accepted rows of this run (dataset → Parquet files, read by `con`), and their sources."""

    con: duckdb.DuckDBPyConnection
    accepted: Mapping[str, Sequence[Path]]
    sources: Sequence[Source]


def withdrawals(
    rows: Rows,
    results: Iterable[PackageResult],
    catalog: Catalog,
    known: Sequence[Tombstone],
    today: date,
) -> Withdrawals:
    """The tombstones `known` and those of the packages.

    A publisher can withdraw only its own records: one that others publish, and that its last
    package did not hold, stays, with a finding.
    """
    merged = {(s.dataset, s.key): s for s in known}
    findings = list[Finding]()
    for each in results:
        new = [s for s in _withdrawn(each, catalog, today) if (s.dataset, s.key) not in merged]
        foreign = set[tuple[str, str]]()
        for name in {s.dataset for s in new}:
            dataset, keys = catalog.datasets[name], [s.key for s in new if s.dataset == name]
            others = [s.source_id for s in rows.sources if s.publisher != each.publisher]
            held = _held(rows, dataset, keys, others)
            foreign |= {(name, key) for key in held - _had(rows.con, each, dataset, keys)}
        followed = [s for s in new if (s.dataset, s.key) not in foreign]
        merged |= {(s.dataset, s.key): s for s in followed}
        findings += _withdrawal_findings(each, len(followed), sorted(foreign))
    return Withdrawals(tuple(sorted(merged.values())), tuple(findings))


def _withdrawal_findings(
    each: PackageResult, followed: int, foreign: Sequence[tuple[str, str]]
) -> Iterator[Finding]:
    """Findings for the number of withdrawals followed, and for each that was not."""
    if followed:
        params = {"publisher": each.publisher, "count": followed}
        yield found("package-withdrawn", Location(each.publisher), params=params)
    for name, key in foreign:
        params = {"publisher": each.publisher, "key": _clean(key, 80)}
        yield found(
            "package-withdrawal-foreign", Location(each.publisher, dataset=name), params=params
        )


def _withdrawn(each: PackageResult, catalog: Catalog, today: date) -> Iterator[Tombstone]:
    """The tombstones of a package, with its publisher's name in the reason.

    Reason and basis come from outside and become public, so they are screened as any text.
    """
    for row in each.received.withdrawals if each.received else ():
        dataset, key = catalog.datasets.get(row["dataset"]), row["record_id"]
        if dataset and not dataset.produced and _is_key(key, dataset):
            reason = f"{each.publisher}：{_clean(row['reason'])}"
            day, basis = _day(row.get("withdrawn_on", ""), today), _clean(row.get("basis", ""))
            yield Tombstone(dataset.name, key, day, reason, basis or "–")


def _is_key(key: str, dataset: Dataset) -> bool:
    """Whether a record published here can have this key; no key looks like a person's number."""
    if dataset.identity:
        return re.fullmatch(RECORD_ID, key) is not None
    columns = [dataset.column(name) for name in dataset.primary_key]
    is_own = len(columns) == 1 and columns[0].owns(key)
    return bool(columns and key) and (is_own or _clean(key) == key)


def _clean(text: str, longest: int = _LONGEST) -> str:
    """`text` screened for personal data, printable, and cut to `longest` characters."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return screen.screened(plain)[0][:longest]


def _day(written: str, today: date) -> str:
    """A day in ISO 8601; `today` where it is later or cannot be read."""
    try:
        return min(date.fromisoformat(written), today).isoformat()
    except ValueError:
        return today.isoformat()


def _held(rows: Rows, dataset: Dataset, keys: Sequence[str], source_ids: Sequence[str]) -> set[str]:
    """Those of `keys` that accepted rows from `source_ids` have."""
    if dataset.name not in rows.accepted:
        return set()
    others = pa.table({"source_id": pa.array(source_ids, pa.string())})
    files = read_parquet(rows.accepted[dataset.name])
    theirs = f"(select * from {files} semi join others using (source_id))"
    return _among(rows.con, theirs, dataset, keys, others=others)


def _had(
    con: duckdb.DuckDBPyConnection, each: PackageResult, dataset: Dataset, keys: Sequence[str]
) -> set[str]:
    """Those of `keys` that the publisher's last package held."""
    paths = proven.tables(each.before, dataset.name) if each.before else []
    rows = _rows(paths, dataset)
    return _among(con, rows, dataset, keys) if rows else set()


def _among(
    con: duckdb.DuckDBPyConnection,
    rows: Sql,
    dataset: Dataset,
    keys: Sequence[str],
    **tables: pa.Table,
) -> set[str]:
    """Those of `keys` that `rows` (SQL) have; none where those cannot be read.

    `tables`: Arrow tables that `rows` refers to by name.
    """
    tables["asked"] = pa.table({"key": pa.array(keys, pa.string())})
    for name, table in tables.items():
        con.register(name, table)
    try:
        found = con.execute(
            f"select key from (select {key_of(dataset)} as key from {rows}) "
            "semi join asked using (key)"
        )
        return {row[0] for row in found.fetchall()}
    except duckdb.Error:
        return set()
    finally:
        for name in tables:
            con.unregister(name)


def _rows(paths: Sequence[Path], dataset: Dataset) -> Sql:
    """The rows of CSV files as an SQL source; "" where there are none, or no column of the key."""
    try:
        header = package.csv_header(paths) if paths else []
    except (OSError, UnicodeDecodeError, StopIteration, csv.Error):
        return ""
    return package.csv_rows(paths, header) if set(dataset.primary_key) <= set(header) else ""


# ---------------------------------------------------------------- removed records


def dropped(
    con: duckdb.DuckDBPyConnection, parent: Path, results: Iterable[PackageResult], catalog: Catalog
) -> dict[str, set[str]]:
    """Dataset → keys of records in the release `parent` that are no longer in the package of the
    publisher they came from.
    """
    by_publisher = {each.publisher: each.received for each in results if each.received}
    listing, found = package.data_files(parent, "sources"), dict[str, set[str]]()
    for dataset in record_changes.compared_datasets(list(catalog.datasets.values())):
        paths = package.data_files(parent, dataset.name)
        if listing and paths and "source_id" in package.csv_header(paths):
            found[dataset.name] = _dropped(con, paths, listing, dataset, by_publisher)
    return found


def _dropped(
    con: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    listing: Sequence[Path],
    dataset: Dataset,
    by_publisher: Mapping[str, Received],
) -> set[str]:
    """The keys of one dataset; `paths`, `listing`: the CSV files of its rows and of `sources`.

    By an anti join in DuckDB of the rows that came from packages with the packages' rows now.
    """
    rows, listed = (package.csv_rows(p, package.csv_header(p)) for p in (paths, listing))
    params, parts = list[str](), ["select '' as publisher, '' as key"]
    for publisher, each in by_publisher.items():
        if now := _rows([each.folder / n for n in each.files.get(dataset.name, ())], dataset):
            params.append(publisher)
            parts.append(f"select ?, {key_of(dataset)} from {now}")
    try:
        found = con.execute(
            "select key from "
            f"(select split_part(file, '/', 1) as publisher, {key_of(dataset)} as key "
            f"from {rows} join {listed} using (source_id) where matched_by = '{PACKAGE}') "
            f"anti join ({' union all '.join(parts)}) using (publisher, key) "
            "where list_contains(?, publisher)",
            [*params, list(by_publisher)],
        )
        return {row[0] for row in found.fetchall()}
    except duckdb.Error:  # a table that cannot be read is no cause for a removal
        return set()


# ---------------------------------------------------------------- public tables


def publishers(results: Sequence[PackageResult], catalog: Catalog) -> list[Sequence[object]]:
    """The rows of the public table `publishers`: publisher, region_code, state, release,
    released_on, address, fingerprint, manifest_sha256, held_back.

    The first row is our own, as the publisher of the union; no rows where no packages are listed.
    """
    if not results:
        return []
    own = (
        next((str(c.get("title", "")) for c in catalog.package.get("contributors", ())), "") or "–"
    )
    rows = (_publisher(each, catalog) for each in results)
    return [(own, "", "own", "", "", "", "", "", ""), *rows]


def _publisher(each: PackageResult, catalog: Catalog) -> tuple[Any, ...]:
    about = each.listed.publisher, each.listed.region_code, each.state
    if each.received is None:
        return *about, "", "", "", "", "", ""
    new = each.received
    home = new.about.get("homepage")
    address = home if isinstance(home, str) and home.startswith(("http://", "https://")) else ""
    if not address or not address.isprintable() or len(address) > 300:
        address = ""
    held = "; ".join(
        f"{name} {day}"
        for name, day in sorted(proven.held_back(new).items())
        if name in catalog.datasets
    )
    return (*about, new.release, new.today, address, new.fingerprint, new.manifest_sha256, held)


def with_packages(con: duckdb.DuckDBPyConnection, dataset: Dataset, own: pa.Table) -> pa.Table:
    """`own`, a table that the pipeline fills, with the checked rows of packages, from `con`."""
    names = ", ".join(quoted(c.name) for c in published_columns(dataset))
    theirs = con.sql(f"select {names} from {quoted(dataset.name)}").to_arrow_table()
    return pa.concat_tables([own, theirs.cast(own.schema)])
