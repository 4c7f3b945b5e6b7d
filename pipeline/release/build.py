"""One release, made in a folder aside; what it is made of is told by `Material`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline import seal
from pipeline.catalog import published_columns
from pipeline.model import Catalog, Dataset
from pipeline.release import database, gate, metadata, package
from pipeline.seal import Seal, quoted


@dataclass(frozen=True, slots=True)
class Material:
    """What a release is made of.

    `accepted`: dataset → query (a bracketed SELECT) of its rows, unsorted, in `con`.
    `seals`: what those rows must add up to. `produced`: the tables that the pipeline fills itself.
    """

    con: duckdb.DuckDBPyConnection
    accepted: Mapping[str, str]
    seals: Mapping[str, Seal]
    produced: Mapping[str, pa.Table]
    inputs: Mapping[str, str]  # file → sha256
    tallies: Mapping[str, Mapping[str, int]]  # dataset → part → rows
    work: Path = field(default_factory=Path)


def build(
    material: Material,
    catalog: Catalog,
    site_words: Mapping[str, Any],
    folder: Path,
    today: date,
    sample: bool,
) -> str:
    """Write every file of a release into `folder`; gives the release's id.

    The id is the day and the first eight digits of a hash over what is published, so that the same
    content has the same id wherever it is made. Raises Unaccounted where a file does not hold just
    the rows it was given, and GateRefused where frictionless does not find the package valid.
    """
    datasets = list(catalog.datasets.values())
    rows, counts = _sorted(material, datasets)
    (folder / "data").mkdir()
    for dataset in datasets:
        path = folder / "data" / f"{dataset.name}.csv"
        package.write_csv(material.con, rows[dataset.name], path)
        seal.compare(path.name, counts[dataset.name], package.csv_seal(material.con, path, dataset))
    totals = {name: found.rows for name, found in counts.items()}
    descriptor = package.descriptor(catalog, datasets, folder, totals, today, sample)
    package.write_json(folder / "datapackage.json", descriptor)
    gate.valid_package(folder, descriptor, datasets)
    database.build(folder / "disclosure.db", datasets, rows)
    for dataset in datasets:
        found = database.read_seal(folder / "disclosure.db", dataset)
        seal.compare(f"disclosure.db {dataset.name}", counts[dataset.name], found)
    site = metadata.site_metadata(
        catalog, site_words, present=[d.name for d in datasets], today=today, sample=sample
    )
    package.write_json(folder / "metadata.json", site)
    return _manifest(folder, material, catalog, today)


def _sorted(material: Material, datasets: list[Dataset]) -> tuple[dict[str, Path], dict[str, Seal]]:
    """Each dataset's rows as sorted Parquet, and its seal, which is that of what was accepted."""
    rows, counts = {}, {}
    (material.work / "sorted").mkdir(exist_ok=True)
    for dataset in datasets:
        names = [c.name for c in published_columns(dataset)]
        if dataset.name in material.accepted:
            source, expected = material.accepted[dataset.name], material.seals[dataset.name]
        else:
            table = material.produced.get(dataset.name)
            if table is None:
                table = pa.table({name: pa.array([], pa.string()) for name in names})
            material.con.register(f"produced_{dataset.name}", table)
            source, expected = quoted(f"produced_{dataset.name}"), seal.of_table(table, names)
        path = material.work / "sorted" / f"{dataset.name}.parquet"
        package.sorted_rows(material.con, source, dataset, path)
        found = seal.of_query(material.con, f"read_parquet('{path}')", names)
        seal.compare(f"{dataset.name} sorted", expected, found)
        rows[dataset.name], counts[dataset.name] = path, found
    return rows, counts


def _manifest(folder: Path, material: Material, catalog: Catalog, today: date) -> str:
    """manifest.json: every file with bytes and sha256, the inputs, the tallies, code and contract."""
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        files[path.relative_to(folder).as_posix()] = {
            "bytes": path.stat().st_size,
            "sha256": digest,
        }
    content = {
        "code_version": version("gongshi"),
        "contract": catalog.version,
        "today": today.isoformat(),
        "inputs": dict(sorted(material.inputs.items())),
        "tallies": material.tallies,
        "files": files,
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    release = f"{today.isoformat()}-{digest[:8]}"
    package.write_json(folder / "manifest.json", {"release": release, **content})
    return release
