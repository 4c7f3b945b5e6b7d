"""Releases of other publishers united with what is our own: their rows, their withdrawals,
their figures.

Rows of a package go the way of any input, and keep the number that they have with their publisher.
Nothing that a publisher has withdrawn is published here, nor stays in a kept release; what it took
out without withdrawing it leaves `current` with that for a cause.
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
from pipeline.publishers.packages import Taken
from pipeline.publishers.proven import Received
from pipeline.release.package import changes, package
from pipeline.release.removal import tombstones
from pipeline.release.removal.tombstones import Tombstone

TABLE = "publishers"
_LONGEST = 500  # characters of a reason that another publisher gives
_ORIGIN = ("source_id", "source_row")


def wanted(catalog: Catalog) -> set[str]:
    """The names of what is taken of a package: what departments send,
    report figures, withdrawals.
    """
    inputs = {d.name for d in catalog.datasets.values() if not d.produced}
    return inputs | (UNITED.keys() & catalog.datasets.keys()) | {tombstones.TABLE}


# ---------------------------------------------------------------- rows


def files(taken: Iterable[Taken], catalog: Catalog) -> Iterator[InboxFile]:
    """The tables of all packages as files to read, each known by the hash that was proven."""
    for each in taken:
        if each.received:
            for name, paths in each.received.files.items():
                if name != tombstones.TABLE:
                    hint = _hint(each, catalog.datasets[name])
                    yield from (_file(each, path, hint) for path in paths)


def _file(each: Taken, path: str, hint: Hint) -> InboxFile:
    assert each.received
    place, digest = each.received.folder / path, each.received.sha256[path]
    return InboxFile(place, f"{each.publisher}/{path}", False, hint, digest)


def _hint(each: Taken, dataset: Dataset) -> Hint:
    """How a table of a package is written: as we write our own, amounts in the column's unit."""
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


def notes(taken: Iterable[Taken], catalog: Catalog) -> Iterator[Finding]:
    """What came of each package, and which of its tables our contract does not know."""
    for each in taken:
        yield from each.findings
        listed = proven.resources(each.received) if each.received else []
        strange = [n for n in listed if n not in catalog.datasets]
        if strange:
            params = {
                "publisher": each.publisher,
                "listed": ", ".join(n[:40] for n in strange[:10]),
            }
            yield found("package-dataset-unknown", Location(each.publisher), params=params)


def is_sample(taken: Iterable[Taken]) -> bool:
    """Whether any package says of itself that it is made up."""
    return any(each.received and each.received.about.get("gongshi:sample") for each in taken)


# ---------------------------------------------------------------- withdrawals


@dataclass(frozen=True, slots=True)
class Orders:
    """All that must not be public: our own orders and those of other publishers, each told once."""

    stones: tuple[Tombstone, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that this run has accepted: dataset → Parquet files, read by `con`.

    Their sources.
    """

    con: duckdb.DuckDBPyConnection
    accepted: Mapping[str, Sequence[Path]]
    sources: Sequence[Source]


def orders(
    rows: Rows,
    taken: Iterable[Taken],
    catalog: Catalog,
    known: Sequence[Tombstone],
    today: date,
) -> Orders:
    """The orders `known` with what the packages have withdrawn.

    A publisher can withdraw what is its own: a record that others publish, and that its package of
    before did not hold, stays, with a finding.
    """
    stones = {(s.dataset, s.key): s for s in known}
    findings = list[Finding]()
    for each in taken:
        new = [s for s in _withdrawn(each, catalog, today) if (s.dataset, s.key) not in stones]
        foreign = set[tuple[str, str]]()
        for name in {s.dataset for s in new}:
            dataset, keys = catalog.datasets[name], [s.key for s in new if s.dataset == name]
            others = [s.source_id for s in rows.sources if s.publisher != each.publisher]
            held = _held(rows, dataset, keys, others)
            foreign |= {(name, key) for key in held - _had(rows.con, each, dataset, keys)}
        obeyed = [s for s in new if (s.dataset, s.key) not in foreign]
        stones |= {(s.dataset, s.key): s for s in obeyed}
        findings += _told(each, len(obeyed), sorted(foreign))
    return Orders(tuple(sorted(stones.values())), tuple(findings))


def _told(each: Taken, obeyed: int, foreign: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    if obeyed:
        params = {"publisher": each.publisher, "count": obeyed}
        yield found("package-withdrawn", Location(each.publisher), params=params)
    for name, key in foreign:
        params = {"publisher": each.publisher, "key": _clean(key, 80)}
        yield found(
            "package-withdrawal-foreign", Location(each.publisher, dataset=name), params=params
        )


def _withdrawn(each: Taken, catalog: Catalog, today: date) -> Iterator[Tombstone]:
    """The tombstones of a package, with its publisher named in the reason.

    The texts are somebody else's and will be public here, so they are screened as any text is.
    """
    for row in each.received.withdrawals if each.received else ():
        dataset, key = catalog.datasets.get(row["dataset"]), row["record_id"]
        if dataset and not dataset.produced and _is_key(key, dataset):
            reason = f"{each.publisher}：{_clean(row['reason'])}"
            day, basis = _day(row.get("withdrawn_on", ""), today), _clean(row.get("basis", ""))
            yield Tombstone(dataset.name, key, day, reason, basis or "–")


def _is_key(key: str, dataset: Dataset) -> bool:
    """Whether a record published here could have this key: what looks like a person's never has."""
    if dataset.identity:
        return re.fullmatch(RECORD_ID, key) is not None
    columns = [dataset.column(name) for name in dataset.primary_key]
    is_own = len(columns) == 1 and columns[0].owns(key)
    return bool(columns and key) and (is_own or _clean(key) == key)


def _clean(text: str, longest: int = _LONGEST) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return screen.screened(plain)[0][:longest]


def _day(written: str, today: date) -> str:
    try:
        return min(date.fromisoformat(written), today).isoformat()
    except ValueError:
        return today.isoformat()


def _held(rows: Rows, dataset: Dataset, keys: Sequence[str], source_ids: Sequence[str]) -> set[str]:
    """Those of `keys` that rows from `source_ids` have."""
    if dataset.name not in rows.accepted:
        return set()
    others = pa.table({"source_id": pa.array(source_ids, pa.string())})
    files = read_parquet(rows.accepted[dataset.name])
    theirs = f"(select * from {files} semi join others using (source_id))"
    return _among(rows.con, theirs, dataset, keys, others=others)


def _had(
    con: duckdb.DuckDBPyConnection, each: Taken, dataset: Dataset, keys: Sequence[str]
) -> set[str]:
    """Those of `keys` that the package taken before had among its records."""
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
    """Those of `keys` that `rows` have; none where those cannot be read.

    `tables`: what `rows` names.
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
    """The rows of a CSV or its parts as SQL; "" where there are none, or no key."""
    try:
        header = package.csv_header(paths) if paths else []
    except (OSError, UnicodeDecodeError, StopIteration, csv.Error):
        return ""
    return package.csv_rows(paths, header) if set(dataset.primary_key) <= set(header) else ""


# ---------------------------------------------------------------- records that left


def gone(
    con: duckdb.DuckDBPyConnection, parent: Path, taken: Iterable[Taken], catalog: Catalog
) -> dict[str, set[str]]:
    """Dataset → keys of records in the release `parent` that their publisher's package has no
    more.
    """
    by_publisher = {each.publisher: each.received for each in taken if each.received}
    listing, found = package.data_files(parent, "sources"), dict[str, set[str]]()
    for dataset in changes.compared_datasets(list(catalog.datasets.values())):
        paths = package.data_files(parent, dataset.name)
        if listing and paths and "source_id" in package.csv_header(paths):
            found[dataset.name] = _left(con, paths, listing, dataset, by_publisher)
    return found


def _left(
    con: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    listing: Sequence[Path],
    dataset: Dataset,
    by_publisher: Mapping[str, Received],
) -> set[str]:
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
    except duckdb.Error:  # a table that cannot be read explains nothing
        return set()


# ---------------------------------------------------------------- public tables


def publishers(taken: Sequence[Taken], catalog: Catalog) -> list[Sequence[object]]:
    """publisher, region_code, state, release, released_on, address, fingerprint, manifest_sha256.

    Where packages are listed, whoever unites them is the first row.
    """
    if not taken:
        return []
    own = (
        next((str(c.get("title", "")) for c in catalog.package.get("contributors", ())), "") or "–"
    )
    return [(own, "", "own", "", "", "", "", ""), *map(_publisher, taken)]


def _publisher(each: Taken) -> tuple[Any, ...]:
    about = each.listed.publisher, each.listed.region_code, each.state
    if each.received is None:
        return *about, "", "", "", "", ""
    new = each.received
    home = new.about.get("homepage")
    address = home if isinstance(home, str) and home.startswith(("http://", "https://")) else ""
    if not address or not address.isprintable() or len(address) > 300:
        address = ""
    return *about, new.release, new.today, address, new.fingerprint, new.manifest_sha256


def with_packages(con: duckdb.DuckDBPyConnection, dataset: Dataset, own: pa.Table) -> pa.Table:
    """A table that we make, with the rows that packages brought to it, which `con` has settled."""
    names = ", ".join(quoted(c.name) for c in published_columns(dataset))
    theirs = con.sql(f"select {names} from {quoted(dataset.name)}").to_arrow_table()
    return pa.concat_tables([own, theirs.cast(own.schema)])
