"""The downloads of each dataset: CSV for Excel, workbook, Parquet, JSON Lines; the package as ZIP.

All are written from the release's sorted rows, and have the same bytes on every machine.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from pipeline.base.errors import GateRefused
from pipeline.base.files import naming
from pipeline.base.model import Column, Dataset
from pipeline.base.sql import Sql, quoted
from pipeline.base.words import language, say
from pipeline.contract.catalog import published_columns
from pipeline.release.downloads import excel_csv, workbook, zip_gzip
from pipeline.release.downloads.zip_gzip import Zip
from pipeline.release.package import package, parts
from pipeline.release.package.parts import Keys

ROW_GROUP = 50_000
KINDS = ("csv.gz", "jsonl.gz", "parquet", "xlsx")


def kinds(keys: Keys) -> list[str]:
    """The kinds of downloads that are one file; Parquet is not, for a dataset in parts by `keys`."""
    return [kind for kind in KINDS if kind != "parquet" or not keys]


@dataclass(frozen=True, slots=True)
class Table:
    """One dataset of a release.

    `rows`: its sorted Parquet file of text columns; `plain`: its CSV files; `count`: its number of
    rows; `today`: the release's day.
    """

    dataset: Dataset
    rows: Path
    plain: Sequence[Path]
    count: int
    today: date


def write(
    con: duckdb.DuckDBPyConnection, table: Table, folder: Path, wanted: Collection[str]
) -> None:
    """Write the `wanted` downloads of one dataset, some of `KINDS`, into `folder`."""
    con = con.cursor()  # other threads use the connection at the same time
    dataset, source, name = table.dataset, package.parquet_rows(table.rows), table.dataset.name
    if "csv.gz" in wanted:
        text = excel_csv.blocks(con, dataset, source, table.plain)
        zip_gzip.write_gzip(folder / f"{name}.csv.gz", zip_gzip.deflated(text))
    if "jsonl.gz" in wanted:
        text = zip_gzip.joined(json_lines(con, dataset, source))
        zip_gzip.write_gzip(folder / f"{name}.jsonl.gz", zip_gzip.deflated(text))
    if "parquet" in wanted:
        write_parquet(con, dataset, source, folder / f"{name}.parquet")
    if "xlsx" in wanted:
        workbook.write(con, dataset, source, folder / f"{name}.xlsx", table.count, table.today)


def write_parts(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, rows: Path, folder: Path, keys: Keys
) -> None:
    """Write the Parquet downloads of a dataset in parts by `keys` into `folder`; none for {}."""
    for part in parts.of_rows(con, rows, keys) if keys else ():
        path = folder / dataset.name / f"{part.place}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(con, dataset, part.source(rows), path)


def write_package(
    folder: Path,
    path: Path,
    files: Mapping[str, str],
    signed: Callable[[Mapping[str, Any]], Mapping[str, bytes]],
) -> None:
    """Write the package as one ZIP at `path`: `files` (name → sha256) of the release `folder`, and
    a signed manifest of them.

    `signed` gives manifest, signature and public key (name → bytes) for a list of files; they are
    the last entries, stored without compression.
    """
    listed = {}
    with naming(path), Zip(path) as archive:
        for name, digest in files.items():
            size = (folder / name).stat().st_size
            large = size >= zip_gzip.LARGE
            if reused := None if large else _compressed(folder, folder / name, size):
                compressed = archive.add_compressed(name, *reused)
            else:
                blocks = zip_gzip.blocks_of(folder / name)
                compressed = archive.add(name, zip_gzip.deflated(blocks), large)
            listed[name] = {"bytes": size, "sha256": digest, "packed_sha256": compressed}
        for name, content in signed(listed).items():
            archive.store(name, content)


def _compressed(folder: Path, plain: Path, size: int) -> tuple[zip_gzip.Facts, bytes] | None:
    """The compressed bytes of a CSV, out of its .csv.gz, with their facts, to be put into the ZIP.

    None where the two files differ in more than the byte order mark.
    """
    path = folder / "downloads" / f"{plain.stem}.csv.gz"
    if plain.suffix != ".csv" or not path.is_file():
        return None
    # Each block of the gzip file is compressed alone, so the stream without the block of the byte
    # order mark is the stream of the plain CSV.
    mark, content = zip_gzip.deflate(excel_csv.BOM), path.read_bytes()
    start, end = zip_gzip.gzip_stream(content)
    crc, marked = 0, zlib.crc32(excel_csv.BOM)
    for block in zip_gzip.blocks_of(plain):
        crc, marked = zlib.crc32(block, crc), zlib.crc32(block, marked)
    same = (marked, size + len(excel_csv.BOM)) == zip_gzip.gzip_facts(content)
    if not same or not content.startswith(mark, start):
        return None
    stream = content[start + len(mark) : end] + zip_gzip.LAST
    return (crc, len(stream), size), stream


# ---------------------------------------------------------------- the formats


def typed(column: Column) -> Sql:
    """The SQL that casts a text column to its type: decimal(18, 2), bigint, double, date, text."""
    types = {"money": "decimal(18, 2)", "integer": "bigint", "year": "bigint", "date": "date"}
    wanted = types.get(column.kind) or {"number": "double", "integer": "bigint"}.get(column.type)
    name = quoted(column.name)
    return f"cast({name} as {wanted}) as {name}" if wanted else name


def _in_json(column: Column) -> Sql:
    name, text = quoted(column.name), f"cast({quoted(column.name)} as varchar)"
    if column.kind != "number":
        return typed(column)
    double = f"cast({text} as double)"
    same = f"cast({double} as varchar) in ({text}, {text} || '.0')"
    written = f"{workbook.is_long(text)} and not {same}"
    return f"case when {written} then to_json({text}) else to_json({double}) end as {name}"


def json_lines(con: duckdb.DuckDBPyConnection, dataset: Dataset, source: Sql) -> Iterator[bytes]:
    """JSON Lines, some lines at a time: numbers as numbers, dates as ISO 8601 text, blanks as null.

    A number of more digits than a double holds is text, with all of them. `source`: an SQL source
    of text columns.
    """
    cells = ", ".join(map(_in_json, published_columns(dataset)))
    yield from zip_gzip.texts_of(
        con, f"select to_json(t)::varchar || chr(10) from (select {cells} from {source}) t"
    )


def write_parquet(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, source: Sql, path: Path
) -> None:
    """Write `source`, an SQL source of text columns, as typed Parquet with zstd compression."""
    cells = ", ".join(map(typed, published_columns(dataset)))
    reader = con.sql(f"select {cells} from {source}").to_arrow_reader(ROW_GROUP)
    with naming(path), pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch, ROW_GROUP)


# ---------------------------------------------------------------- checks


def check(folder: Path, datasets: Sequence[Dataset], rows: Mapping[str, int]) -> None:
    """Open every download in `folder`, and count its rows against `rows` (dataset → rows).

    Raises GateRefused, naming the file, where one is damaged or has another number of rows.
    """
    for dataset in datasets:
        expected = rows[dataset.name]
        found = {
            "csv.gz": _lines(folder / f"{dataset.name}.csv.gz"),
            "jsonl.gz": _lines(folder / f"{dataset.name}.jsonl.gz"),
            "parquet": sum(
                pq.read_metadata(path).num_rows for path in parquets(folder, dataset.name)
            ),
            "xlsx": workbook.rows_in(folder / f"{dataset.name}.xlsx"),
        }
        # A CSV has more lines than rows: its header, and the line ends inside cells.
        complete = found.pop("csv.gz") > expected and set(found.values()) == {expected}
        if not complete:
            raise GateRefused(say("gate-download", language(), dataset=dataset.title, found=found))
    for path in folder.glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            if broken := archive.testzip():
                raise GateRefused(say("gate-download", language(), dataset=path.name, found=broken))


def parquets(folder: Path, name: str) -> list[Path]:
    """The Parquet file of a dataset among the downloads in `folder`, or its parts."""
    whole = folder / f"{name}.parquet"
    return [whole] if whole.exists() else sorted((folder / name).rglob("*.parquet"))


def _lines(path: Path) -> int:
    count = 0
    with gzip.open(path) as file:
        while block := file.read(1 << 20):
            count += block.count(b"\n")
    return count
