"""The data files of a release, written in a temporary folder, and the id that their content gives.

A run whose content is that of the current release ends after this step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.base import row_checksums, sql
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.files import sha256
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.sql import Sql, quoted
from pipeline.checks.results.parquet import made_home
from pipeline.contract.catalog import published_columns
from pipeline.release.data import derived, differing_rows, part_files
from pipeline.release.data.part_files import Places
from pipeline.release.package import expectations, package, parts, record_changes
from pipeline.release.package.about import About
from pipeline.release.package.parts import Keys, Layout

_WHOLE: Keys = {}


@dataclass(frozen=True, slots=True)
class Material:
    """The input of a release.

    `accepted`: dataset → query (a bracketed SELECT) of its rows, unsorted, in `con`. `checksums`:
    dataset → row checksum of those rows. `produced`: dataset → table of text that the pipeline
    fills itself. `work`: a folder for temporary files.
    """

    con: duckdb.DuckDBPyConnection
    accepted: Mapping[str, Sql]
    checksums: Mapping[str, RowChecksum]
    produced: Mapping[str, pa.Table]
    inputs: Mapping[str, str]  # file → sha256
    tallies: Mapping[str, Mapping[str, int]]  # dataset → part → rows
    work: Path = field(default_factory=Path)


@dataclass(frozen=True, slots=True)
class Draft:
    """A release whose data files are in `folder`, without description, downloads and signature.

    `content`: a hash of all input but the day; `release`: its id. `hashes`: data file → sha256.
    `rows`: dataset → its sorted Parquet file; `checksums`: dataset → row checksum of that file.
    `keys`: dataset → the columns by which it is divided into parts; `places`: the folders in which
    files of parts are written.
    """

    material: Material
    about: About
    folder: Path
    content: str
    release: str
    hashes: dict[str, str]
    rows: Mapping[str, Path]
    checksums: Mapping[str, RowChecksum]
    keys: Mapping[str, Keys]
    places: Places

    @property
    def datasets(self) -> list[Dataset]:
        return list(self.about.catalog.datasets.values())

    @property
    def counts(self) -> dict[str, int]:
        """Dataset → number of rows."""
        return {name: found.rows for name, found in self.checksums.items()}

    def hashes_of(self, dataset: str) -> list[tuple[str, str]]:
        """A dataset's data files: (name in the release, sha256)."""
        own = (f"data/{dataset}.csv", f"data/{dataset}/")
        return [each for each in self.hashes.items() if each[0].startswith(own)]


def write(material: Material, about: About, folder: Path, engine: Engine = LOCAL) -> Draft:
    """Sort the rows and write each dataset's CSV into `folder`, in parts as metadata.yml says.

    `engine` writes the parts; its unfinished files are in a folder beside `folder`. The id is the
    day and the first eight hex digits of the content hash, so that the same content has the same id
    on every machine. Raises Unaccounted where a file does not hold exactly the rows it was given.
    """
    datasets = [d for d in about.catalog.datasets.values() if d.name != record_changes.TABLE]
    (folder / "data").mkdir()
    homes = made_home(material.work / "sorted"), made_home(folder.with_name("unfinished"))
    places = Places(*homes, folder)
    rows, checksums, keys = {}, {}, _keys(material, datasets, parts.layout(about.words))
    for dataset in datasets:
        if not dataset.query:
            here = keys.get(dataset.name, {})
            rows[dataset.name], checksums[dataset.name] = write_dataset(
                material, dataset, places, here, engine
            )
    material = _with_derived(material, datasets, rows, about.today)
    for dataset in datasets:  # after all others, since they are computed from them
        if dataset.query:
            rows[dataset.name], checksums[dataset.name] = write_dataset(material, dataset, places)
    hashes = data_hashes(folder)
    content = content_hash(input_facts(material, about), hashes)
    release = f"{about.today.isoformat()}-{content[:8]}"
    return Draft(material, about, folder, content, release, hashes, rows, checksums, keys, places)


def _keys(material: Material, datasets: Collection[Dataset], layout: Layout) -> dict[str, Keys]:
    """Dataset → the columns of its parts; datasets that stay one file are left out."""
    accepted = material.accepted
    found = {
        d.name: parts.keys(
            material.con, accepted[d.name], d, layout, material.checksums[d.name].rows
        )
        for d in datasets
        if d.name in accepted
    }
    return {name: keys for name, keys in found.items() if keys}


def write_dataset(
    material: Material,
    dataset: Dataset,
    places: Places,
    keys: Keys = _WHOLE,
    engine: Engine = LOCAL,
) -> tuple[Path, RowChecksum]:
    """Write one dataset as sorted Parquet and as CSV; gives the Parquet file and its row checksum.

    `keys`: the columns of its parts, {} where it is one file. Raises Unaccounted where either does
    not hold exactly the accepted rows.
    """
    con, names = material.con, [c.name for c in published_columns(dataset)]
    if dataset.name in material.accepted:
        source, expected = material.accepted[dataset.name], material.checksums[dataset.name]
    else:
        table = material.produced.get(dataset.name)
        if table is None:
            table = pa.table({name: pa.array([], pa.string()) for name in names})
        con.register(f"produced_{dataset.name}", table)
        source, expected = quoted(f"produced_{dataset.name}"), row_checksums.of_table(table, names)
    rows = places.rows.folder / f"{dataset.name}.parquet"
    sql.prepare(con, expected.rows)
    package.sorted_rows(con, source, dataset, rows, keys)
    found = row_checksums.of_query(con, package.parquet_rows(rows), names)
    row_checksums.compare(f"{dataset.name} sorted", expected, found)
    written = _as_csv(con, dataset, rows, places, keys, engine)
    if written != found and written.rows == found.rows:
        files = package.data_files(places.release, dataset.name)
        given, held = (
            _in_order(con, each, names)
            for each in (package.parquet_rows(rows), package.csv_rows(files, names))
        )
        differing_rows.refuse(dataset, f"{dataset.name}.csv", given, held)
    row_checksums.compare(f"{dataset.name}.csv", found, written)
    return rows, found


def _in_order(
    con: duckdb.DuckDBPyConnection, source: Sql, names: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """All rows of `source` in the order of where they were read, "" for blanks."""
    cells = ", ".join(f"coalesce({quoted(name)}, '')" for name in names)
    cursor = con.cursor().execute(f"select {cells} from {source} order by source_id, source_row")
    while some := cursor.fetchmany(2_000):
        yield from some


def _as_csv(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    rows: Path,
    places: Places,
    keys: Keys,
    engine: Engine,
) -> RowChecksum:
    """Write a dataset's sorted rows as one CSV, or one for each part; gives the checksum that the
    files have when they are read back.
    """
    if not keys:
        paths = package.write_data(con, rows, dataset.name, places.release)
        return package.csv_checksum(con, paths, dataset)
    items = part_files.pieces(con, dataset, rows, keys, "data/{dataset}/{place}.csv")
    written = part_files.write_csv(engine, places, dataset, items)
    return sum((each.checksum for each in written), RowChecksum())


def _with_derived(
    material: Material, datasets: Collection[Dataset], rows: Mapping[str, Path], today: date
) -> Material:
    """`material` with the derived tables, computed from the sorted `rows`."""
    relations = {name: package.parquet_rows(path) for name, path in rows.items()}
    computed = derived.tables(datasets, relations, today, material.work / "spill-derived")
    return replace(material, produced={**material.produced, **computed})


_CONTENT = ("code_version", "contract", "words", "sample", "inputs", "tallies")
_IF_ANY = (expectations.HELD_BACK, expectations.ACCEPTED)  # part of the content where there are any


def input_facts(material: Material, about: About) -> dict[str, Any]:
    """The input of a release besides its rows, as the manifest lists it."""
    site_texts = json.dumps(about.words, sort_keys=True, default=str)
    listed = (
        (expectations.HELD_BACK, about.held_back),
        (expectations.ACCEPTED, about.accepted),
    )
    return {
        "code_version": version("gongshi"),
        "contract": about.catalog.version,
        "words": hashlib.sha256(site_texts.encode()).hexdigest(),
        "sample": about.sample,
        "inputs": dict(sorted(material.inputs.items())),
        "tallies": {name: dict(parts) for name, parts in material.tallies.items()},
        **{key: [each.as_json() for each in some] for key, some in listed if some},
    }


def data_hashes(release: Path) -> dict[str, str]:
    """Data file of a release (its name there) → sha256."""
    return hashes_of(release, files_in(release / "data"))


def hashes_of(release: Path, files: Collection[Path]) -> dict[str, str]:
    """File (its name in the folder `release`) → sha256."""
    return {path.relative_to(release).as_posix(): sha256(path) for path in files}


def content_hash(facts: Mapping[str, Any], hashes: Mapping[str, str]) -> str:
    """A SHA-256 of all input of a release but its day and the releases before it.

    `facts`: a manifest, or the part of it that `input_facts` gives; `hashes`: data file → sha256.
    The public table of changes does not count: it describes other releases too.
    """
    content = {key: facts[key] for key in _CONTENT}
    content |= {key: facts[key] for key in _IF_ANY if key in facts}
    data = {name.removeprefix("data/"): digest for name, digest in hashes.items()}
    content["data"] = {
        name: each for name, each in data.items() if name != f"{record_changes.TABLE}.csv"
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def files_in(folder: Path) -> list[Path]:
    """All files below `folder`, in the order of their names on every system."""
    return sorted((p for p in folder.rglob("*") if p.is_file()), key=Path.as_posix)
