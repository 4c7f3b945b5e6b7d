"""The Data Package: one CSV for each dataset, sorted by key, described by datapackage.json.

A dataset in parts is several CSV files, each with its header. Readers that join them leave out all
headers but the first. So do bytes and hash in datapackage.json: they are those of the one CSV that
the parts would make (as frictionless 5.21 computes them; the standard leaves it open).

Data Package v2: https://datapackage.org/standard/data-package/
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.base import row_checksums
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.sql import Sql, copy, quoted, read_csv, read_parquet
from pipeline.contract.catalog import published_columns, table_schema
from pipeline.release.package import parts
from pipeline.release.package.about import About
from pipeline.release.package.parts import Keys

ROW_GROUP = 20_480  # rows; in memory are several groups of a reader, one per thread of a writer
OLDER_KEYS = "gongshi:foreignKeys"  # of a schema: between datasets of different releases
LONGEST_LINE = 32 << 20  # bytes; DuckDB's own limits would buffer sixteen times as much
_WHOLE: Keys = {}
_BLOCK = 1 << 20  # bytes


def sorted_rows(
    con: duckdb.DuckDBPyConnection, source: Sql, dataset: Dataset, path: Path, keys: Keys = _WHOLE
) -> None:
    """Write `source` (a table, a view or a bracketed query) as Parquet to `path`, sorted by key.

    Columns are text; blanks become NULL. With `keys`, the columns of the dataset's parts, rows are
    sorted by the places of the parts first.
    """
    columns = ", ".join(
        f"nullif({quoted(c.name)}, '') as {quoted(c.name)}" for c in published_columns(dataset)
    )
    order = ", ".join(map(quoted, dataset.primary_key)) or "all"
    if keys:
        own = map(quoted, dataset.primary_key or [c.name for c in published_columns(dataset)])
        order = ", ".join([parts.place(keys), *own])
    write_rows(con, f"(select {columns} from {source} order by {order})", path)


def write_rows(con: duckdb.DuckDBPyConnection, source: Sql, path: Path) -> None:
    """Write `source`, a bracketed query, as a Parquet file, in its order."""
    form = f"format parquet, compression zstd, compression_level 1, row_group_size {ROW_GROUP}"
    con.execute(copy(source, path, form))


def rows_in_order(con: duckdb.DuckDBPyConnection, path: Path, dataset: Dataset, rows: Path) -> None:
    """Write the CSV at `path`, a release's file of `dataset`, as the Parquet file `rows`.

    The order is kept. Raises Unaccounted where the two do not hold the same rows.
    """
    names = [c.name for c in published_columns(dataset)]
    write_rows(
        con, f"(select {', '.join(map(quoted, names))} from {csv_rows([path], names)})", rows
    )
    found = row_checksums.of_query(con, parquet_rows(rows), names)
    row_checksums.compare(rows.name, csv_checksum(con, [path], dataset), found)


def write_csv(con: duckdb.DuckDBPyConnection, source: Sql, path: Path) -> None:
    """Write an SQL source as CSV (RFC 4180 but for line ends): UTF-8, `\\n`, quotes only where
    needed, nothing between commas for blanks.
    """
    con.execute(copy(f"(select * from {source})", path, "format csv, header"))


def write_data(
    con: duckdb.DuckDBPyConnection, rows: Path, name: str, release: Path, keys: Keys = _WHOLE
) -> list[Path]:
    """Write a dataset's sorted Parquet file as one CSV in `release`, or one for each part.

    Gives the files. `name`: the dataset's; `keys`: the columns of its parts.
    """
    data = release / "data"
    if not keys:
        write_csv(con, parquet_rows(rows), data / f"{name}.csv")
    for part in parts.of_rows(con, rows, keys) if keys else ():
        path = data / name / f"{part.place}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_csv(con, part.source(rows), path)
    return data_files(release, name)


def data_files(release: Path, name: str) -> list[Path]:
    """The CSV file of a dataset in `release`, or those of its parts in order; [] where none is."""
    whole, folder = release / "data" / f"{name}.csv", release / "data" / name
    return [whole] if whole.exists() else sorted(folder.rglob("*.csv"), key=Path.as_posix)


def csv_checksum(
    con: duckdb.DuckDBPyConnection, paths: Sequence[Path], dataset: Dataset
) -> RowChecksum:
    """The row checksum of written CSV files, read back."""
    names = [c.name for c in published_columns(dataset)]
    return row_checksums.of_query(con, csv_rows(paths, names), names)


def csv_rows(paths: Sequence[Path], names: Sequence[str]) -> Sql:
    """The rows of a release's CSV files as an SQL table function, every cell as text.

    `names`: the columns of their header.
    """
    return read_csv(paths, names, LONGEST_LINE)


def parquet_rows(path: Path) -> Sql:
    """The rows of a Parquet file as an SQL table function."""
    return read_parquet([path])


def parquet_batches(
    source: Path | BinaryIO, rows: int, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """The batches of a Parquet file, or of some of its columns, of `rows` rows each."""
    # With pre_buffer everything read stays in memory until the file is closed.
    with pq.ParquetFile(source, pre_buffer=False) as file:
        yield from file.iter_batches(rows, columns=columns)


def csv_header(paths: Sequence[Path]) -> list[str]:
    """The names of the columns of CSV files, which all have the same header."""
    with paths[0].open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def csv_dicts(paths: Sequence[Path]) -> Iterator[dict[str, str]]:
    """The rows of a release's CSV files, one by one: column → cell."""
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def as_one(paths: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of CSV files joined into one, with one header, in blocks that end at line ends."""
    for number, path in enumerate(paths):
        with path.open("rb") as file:
            if number:
                file.readline()
            while block := file.read(_BLOCK):
                yield block + file.readline()


def descriptor(
    about: About, release: str, folder: Path, rows: Mapping[str, int], keys: Mapping[str, Keys]
) -> dict[str, Any]:
    """The content of datapackage.json for the CSV files in `folder`/data.

    `release`: its id; `rows`: dataset → number of rows; `keys`: dataset → the columns of its parts.
    """
    words, datasets = about.words, about.catalog.datasets
    package = {
        key: value for key, value in about.catalog.package.items() if not key.startswith("gongshi")
    }
    source = {"title": words["source"]["name"]["zh"], "path": words["source"]["url"]}
    label = {"gongshi:sample": "示例数据 / synthetic sample"} if about.sample else {}
    home = {"homepage": words["address"]} if words["address"] else {}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        **home,
        **package,
        "version": release,
        "created": f"{about.today.isoformat()}T00:00:00Z",
        "sources": [{key: value for key, value in source.items() if value}],
        **label,
        "resources": [
            _resource(dataset, folder, rows[name], keys.get(name, {})) | _held_back(dataset, about)
            for name, dataset in datasets.items()
        ],
    }


def _held_back(dataset: Dataset, about: About) -> dict[str, Any]:
    """What differs in a dataset's resource where it, or one that it refers to, is held back.

    The two may then be of different releases: such a foreign key is listed as `OLDER_KEYS`, which
    frictionless does not check.
    """
    held, changed = about.held(dataset.name), dict[str, Any]()
    if held:
        said = {key: value for key, value in held.as_json().items() if key != "dataset"}
        changed["gongshi:held_back"] = said
    is_older = [k for k in dataset.foreign_keys if held or about.held(k.dataset)]
    if any(k.severity == "error" for k in is_older):
        own = tuple(k for k in dataset.foreign_keys if k not in is_older)
        schema = _schema(replace(dataset, foreign_keys=own))
        older = table_schema(replace(dataset, foreign_keys=tuple(is_older)))["foreignKeys"]
        changed["schema"] = {**schema, OLDER_KEYS: older}
    return changed


def _schema(dataset: Dataset) -> dict[str, Any]:
    return {**table_schema(dataset), "fieldsMatch": "exact", "missingValues": [""]}


def _resource(dataset: Dataset, folder: Path, rows: int, keys: Keys) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": dataset.name,
        "type": "table",
        "path": "",
        "title": dataset.title,
        "title_en": dataset.title_en,
        "description": dataset.description,
        "description_en": dataset.description_en,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "gongshi:query": dataset.query,
        **file_facts(folder, dataset.name, rows, keys),
        "schema": _schema(dataset),
    }
    return {key: value for key, value in resource.items() if value != ""}


def file_facts(release: Path, name: str, rows: int, keys: Keys = _WHOLE) -> dict[str, Any]:
    """The keys of a resource that describe its files: path, bytes, hash, rows, columns of parts."""
    paths, digest, size = data_files(release, name), hashlib.sha256(), 0
    for block in as_one(paths):
        digest.update(block)
        size += len(block)
    names = [path.relative_to(release).as_posix() for path in paths]
    return {
        "path": names if keys else names[0],
        "bytes": size,
        "hash": f"sha256:{digest.hexdigest()}",
        "gongshi:rows": rows,
        **({parts.KEY: dict(keys)} if keys else {}),
    }


def json_text(content: Any) -> str:
    """JSON with an indent of two, Chinese not escaped, and a line end at the end."""
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def write_json(path: Path, content: Any) -> None:
    """Write `content` to `path`, formatted by `json_text`."""
    with naming(path):
        path.write_text(json_text(content), "utf-8")
