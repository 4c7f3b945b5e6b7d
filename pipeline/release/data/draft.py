"""A release's data, made in a folder aside, and which release that is:
a run that finds nothing changed ends here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.base import row_checksums, sql
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.sql import Sql, quoted
from pipeline.checks.results.parquet import made_home
from pipeline.contract.catalog import published_columns
from pipeline.release.data import derived, part_files
from pipeline.release.data.part_files import Places
from pipeline.release.package import changes, manifest, package, parts
from pipeline.release.package.package import About
from pipeline.release.package.parts import Keys, Layout

_WHOLE: Keys = {}


@dataclass(frozen=True, slots=True)
class Material:
    """What a release is made of.

    `accepted`: dataset → query (a bracketed SELECT) of its rows, unsorted, in `con`.
    `checksums`: what those rows must add up to. `produced`: the tables that the pipeline fills itself.
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
    """A release whose data stands in `folder` and which is not described, packed or signed yet.

    `content`: a hash over all that was put in, whatever the day; `release`: its id. `hashes`: the
    data files' sha256. `rows`: each dataset's sorted Parquet file, `checksums` what is in it, `keys` by
    what a dataset is in parts; of these the files are written at `places`.
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
        return {name: found.rows for name, found in self.checksums.items()}

    def hashes_of(self, dataset: str) -> list[tuple[str, str]]:
        """A dataset's data files, each with its sha256."""
        own = (f"data/{dataset}.csv", f"data/{dataset}/")
        return [each for each in self.hashes.items() if each[0].startswith(own)]


def write(material: Material, about: About, folder: Path, engine: Engine = LOCAL) -> Draft:
    """Sort the rows and write each dataset's CSV into `folder`,
    in parts where metadata.yml says so.

    Parts are written by `engine`, which has a folder beside `folder` to work in.

    The id is the day and the first eight digits of a hash over what is published, so that the same
    content has the same id wherever it is made. Raises Unaccounted where a file does not hold just
    the rows it was given.
    """
    datasets = [d for d in about.catalog.datasets.values() if d.name != changes.TABLE]
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
    for dataset in datasets:
        if dataset.query:
            rows[dataset.name], checksums[dataset.name] = write_dataset(material, dataset, places)
    hashes = data_hashes(folder)
    content = content_hash(told_of(material, about), hashes)
    release = f"{about.today.isoformat()}-{content[:8]}"
    return Draft(material, about, folder, content, release, hashes, rows, checksums, keys, places)


def _keys(material: Material, datasets: Collection[Dataset], asked: Layout) -> dict[str, Keys]:
    """By what each dataset is in parts; those that are not are left out."""
    accepted = material.accepted
    found = {
        d.name: parts.keys(
            material.con, accepted[d.name], d, asked, material.checksums[d.name].rows
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
    """One dataset as sorted Parquet and as CSV, both proven to hold what was accepted."""
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
    row_checksums.compare(
        f"{dataset.name}.csv", found, _as_csv(con, dataset, rows, places, keys, engine)
    )
    return rows, found


def _as_csv(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    rows: Path,
    places: Places,
    keys: Keys,
    engine: Engine,
) -> RowChecksum:
    """A dataset's sorted rows as its CSV, or as one for each part.

    Gives the checksum of what was read back.
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
    relations = {name: package.parquet_rows(path) for name, path in rows.items()}
    made = derived.tables(datasets, relations, today, material.work / "spill-derived")
    return replace(material, produced={**material.produced, **made})


_CONTENT = ("code_version", "contract", "words", "sample", "inputs", "tallies")


def told_of(material: Material, about: About) -> dict[str, Any]:
    """What goes into a release besides its data, as the manifest says it."""
    said = json.dumps(about.words, sort_keys=True, default=str)
    return {
        "code_version": version("gongshi"),
        "contract": about.catalog.version,
        "words": hashlib.sha256(said.encode()).hexdigest(),
        "sample": about.sample,
        "inputs": dict(sorted(material.inputs.items())),
        "tallies": {name: dict(parts) for name, parts in material.tallies.items()},
    }


def data_hashes(release: Path) -> dict[str, str]:
    """The sha256 of every data file of a release, by its name there."""
    return hashes_of(release, files_in(release / "data"))


def hashes_of(release: Path, files: Collection[Path]) -> dict[str, str]:
    return {path.relative_to(release).as_posix(): manifest.sha256(path) for path in files}


def content_hash(told: Mapping[str, Any], hashes: Mapping[str, str]) -> str:
    """A hash over everything that goes into a release but the day and the releases before it.

    `told`: what its manifest says; `hashes`: its data's. The public changes do not count: they tell
    of other releases.
    """
    content = {key: told[key] for key in _CONTENT}
    data = {name.removeprefix("data/"): digest for name, digest in hashes.items()}
    content["data"] = {name: each for name, each in data.items() if name != f"{changes.TABLE}.csv"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def files_in(folder: Path) -> list[Path]:
    return sorted((p for p in folder.rglob("*") if p.is_file()), key=Path.as_posix)
