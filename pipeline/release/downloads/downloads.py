"""Each dataset to take away: CSV for Excel, workbook, Parquet, JSON Lines; and the package as ZIP.

All are made of the release's own sorted rows and hold the same bytes wherever they are made.
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
    """The downloads of a whole dataset; one that is in parts by `keys` has its Parquet in parts."""
    return [kind for kind in KINDS if kind != "parquet" or not keys]


@dataclass(frozen=True, slots=True)
class Table:
    """One dataset of a release: `rows` is its sorted Parquet file with text columns,
    `plain` its CSV.

    There are `count` rows; `today` is the release's day.
    """

    dataset: Dataset
    rows: Path
    plain: Sequence[Path]
    count: int
    today: date


def make(
    con: duckdb.DuckDBPyConnection, table: Table, folder: Path, asked: Collection[str]
) -> None:
    """Those downloads of one dataset into `folder` that are `asked` for, some of `KINDS`."""
    con = con.cursor()  # this runs beside others
    dataset, source, name = table.dataset, package.parquet_rows(table.rows), table.dataset.name
    if "csv.gz" in asked:
        text = excel_csv.blocks(con, dataset, source, table.plain)
        zip_gzip.write_gzip(folder / f"{name}.csv.gz", zip_gzip.deflated(text))
    if "jsonl.gz" in asked:
        text = zip_gzip.joined(json_lines(con, dataset, source))
        zip_gzip.write_gzip(folder / f"{name}.jsonl.gz", zip_gzip.deflated(text))
    if "parquet" in asked:
        write_parquet(con, dataset, source, folder / f"{name}.parquet")
    if "xlsx" in asked:
        workbook.write(con, dataset, source, folder / f"{name}.xlsx", table.count, table.today)


def make_parts(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, rows: Path, folder: Path, keys: Keys
) -> None:
    """The Parquet downloads of a dataset that is in parts by `keys`, into `folder`."""
    for part in parts.of_rows(con, rows, keys) if keys else ():
        path = folder / dataset.name / f"{part.place}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(con, dataset, part.source(rows), path)


def write_package(
    folder: Path,
    path: Path,
    files: Mapping[str, str],
    checksum: Callable[[Mapping[str, Any]], Mapping[str, bytes]],
) -> None:
    """The package as one ZIP: `files` (name → sha256) of the release, and what proves them.

    `checksum` gives manifest, signature and key for a list of files; they come last and unpacked.
    """
    listed = {}
    with naming(path), Zip(path) as packed:
        for name, digest in files.items():
            size = (folder / name).stat().st_size
            large = size >= zip_gzip.LARGE
            if twin := None if large else _twin(folder, folder / name, size):
                inside = packed.take(name, *twin)
            else:
                blocks = zip_gzip.blocks_of(folder / name)
                inside = packed.add(name, zip_gzip.deflated(blocks), large)
            listed[name] = {"bytes": size, "sha256": digest, "packed_sha256": inside}
        for name, content in checksum(listed).items():
            packed.store(name, content)


def _twin(folder: Path, plain: Path, size: int) -> tuple[zip_gzip.Facts, bytes] | None:
    """What a ZIP needs of a CSV whose download says the same behind its mark:
    that is deflated already.
    """
    path = folder / "downloads" / f"{plain.stem}.csv.gz"
    if plain.suffix != ".csv" or not path.is_file():
        return None
    mark, content = zip_gzip.deflate(excel_csv.BOM), path.read_bytes()
    start, end = zip_gzip.gzip_stream(content)
    crc, marked = 0, zlib.crc32(excel_csv.BOM)
    for block in zip_gzip.blocks_of(plain):
        crc, marked = zlib.crc32(block, crc), zlib.crc32(block, marked)
    same = (marked, size + len(excel_csv.BOM)) == zip_gzip.gzip_facts(content)
    if not same or not content.startswith(mark, start):
        return None
    packed = content[start + len(mark) : end] + zip_gzip.LAST
    return (crc, len(packed), size), packed


# ---------------------------------------------------------------- the formats


def typed(column: Column) -> Sql:
    """A text column as SQL of its own type."""
    types = {"money": "decimal(18, 2)", "integer": "bigint", "year": "bigint", "date": "date"}
    wanted = types.get(column.kind) or {"number": "double", "integer": "bigint"}.get(column.type)
    name = quoted(column.name)
    return f"cast({name} as {wanted}) as {name}" if wanted else name


def json_lines(con: duckdb.DuckDBPyConnection, dataset: Dataset, source: Sql) -> Iterator[bytes]:
    """One object a line; numbers as numbers, dates as ISO text, blanks as null."""
    cells = ", ".join(map(typed, published_columns(dataset)))
    yield from zip_gzip.texts_of(
        con, f"select to_json(t)::varchar || chr(10) from (select {cells} from {source}) t"
    )


def write_parquet(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, source: Sql, path: Path
) -> None:
    """Typed Parquet, zstd: money as decimal, dates as dates."""
    cells = ", ".join(map(typed, published_columns(dataset)))
    reader = con.sql(f"select {cells} from {source}").to_arrow_reader(ROW_GROUP)
    with naming(path), pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch, ROW_GROUP)


# ---------------------------------------------------------------- opened again


def opened(folder: Path, datasets: Sequence[Dataset], rows: Mapping[str, int]) -> None:
    """Every download opens, is whole and holds all rows; else GateRefused names it."""
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
        # A CSV has its header and a line for each line end inside a cell besides.
        whole = found.pop("csv.gz") > expected and set(found.values()) == {expected}
        if not whole:
            raise GateRefused(say("gate-download", language(), dataset=dataset.title, found=found))
    for path in folder.glob("*.zip"):
        with zipfile.ZipFile(path) as packed:
            if broken := packed.testzip():
                raise GateRefused(say("gate-download", language(), dataset=path.name, found=broken))


def parquets(folder: Path, name: str) -> list[Path]:
    """The Parquet file of a dataset among the downloads, or its parts."""
    whole = folder / f"{name}.parquet"
    return [whole] if whole.exists() else sorted((folder / name).rglob("*.parquet"))


def _lines(path: Path) -> int:
    count = 0
    with gzip.open(path) as file:
        while block := file.read(1 << 20):
            count += block.count(b"\n")
    return count
