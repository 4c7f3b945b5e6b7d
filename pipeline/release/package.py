"""The Data Package: a CSV a dataset, sorted by key, and datapackage.json that describes them.

Data Package v2: https://datapackage.org/standard/data-package/
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline import seal
from pipeline.catalog import published_columns, table_schema
from pipeline.model import Catalog, Dataset
from pipeline.seal import Seal, quoted

ROW_GROUP = 20_480  # rows; a reader holds several groups at once, and a writer one for each thread
LONGEST_LINE = 32 << 20  # bytes; without a word DuckDB would hold sixteen times as much of a file


def sorted_rows(con: duckdb.DuckDBPyConnection, source: str, dataset: Dataset, path: Path) -> None:
    """`source` (a table, a view or a bracketed query) as Parquet, sorted by key, blanks missing."""
    columns = ", ".join(
        f"nullif({quoted(c.name)}, '') as {quoted(c.name)}" for c in published_columns(dataset)
    )
    order = ", ".join(map(quoted, dataset.primary_key)) or "all"
    con.execute(
        f"copy (select {columns} from {source} order by {order}) to '{_sql(path)}' (format parquet, compression zstd, compression_level 1, row_group_size {ROW_GROUP})"
    )


def write_csv(con: duckdb.DuckDBPyConnection, rows: Path, path: Path) -> None:
    """A Parquet file as CSV: UTF-8, `\\n`, quotes only where needed, nothing between commas where blank."""
    con.execute(f"copy (select * from {parquet_rows(rows)}) to '{_sql(path)}' (format csv, header)")


def csv_seal(con: duckdb.DuckDBPyConnection, path: Path, dataset: Dataset) -> Seal:
    """The seal of a written CSV, read back."""
    names = [c.name for c in published_columns(dataset)]
    return seal.of_query(con, csv_rows(path, names), names)


def csv_rows(path: Path, names: Sequence[str]) -> str:
    """The rows of a CSV of ours as an SQL table function, every cell as text."""
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return f"read_csv('{_sql(path)}', header=true, delim=',', quote='\"', escape='\"', auto_detect=false, columns={{{types}}}, max_line_size={LONGEST_LINE}, buffer_size={LONGEST_LINE})"


def parquet_rows(path: Path) -> str:
    """The rows of a Parquet file as an SQL table function."""
    return f"read_parquet('{_sql(path)}')"


def csv_header(path: Path) -> list[str]:
    """The names of a CSV's columns."""
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")


def descriptor(
    catalog: Catalog,
    datasets: Sequence[Dataset],
    folder: Path,
    rows: Mapping[str, int],
    words: Mapping[str, Any],
    release: str,
    today: date,
    sample: bool,
) -> dict[str, Any]:
    """datapackage.json for the CSV files under `folder`/data; `rows` counts each dataset's records.

    `words`: metadata.yml, which says where the data comes from and at which address it is.
    """
    package = {
        key: value for key, value in catalog.package.items() if not key.startswith("gongshi")
    }
    source = {"title": words["source"]["name"]["zh"], "path": words["source"]["url"]}
    label = {"gongshi:sample": "示例数据 / synthetic sample"} if sample else {}
    home = {"homepage": words["address"]} if words["address"] else {}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        **home,
        **package,
        "version": release,
        "created": f"{today.isoformat()}T00:00:00Z",
        "sources": [{key: value for key, value in source.items() if value}],
        **label,
        "resources": [_resource(dataset, folder, rows[dataset.name]) for dataset in datasets],
    }


def _resource(dataset: Dataset, folder: Path, rows: int) -> dict[str, Any]:
    told = {
        "name": dataset.name,
        "type": "table",
        "path": f"data/{dataset.name}.csv",
        "title": dataset.title,
        "title_en": dataset.title_en,
        "description": dataset.description,
        "description_en": dataset.description_en,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "gongshi:query": dataset.query,
        **file_facts(folder / "data" / f"{dataset.name}.csv", rows),
        "schema": {**table_schema(dataset), "fieldsMatch": "exact", "missingValues": [""]},
    }
    return {key: value for key, value in told.items() if value != ""}


def file_facts(path: Path, rows: int) -> dict[str, Any]:
    """What a resource says of its file: bytes, hash, rows."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "hash": f"sha256:{digest}", "gongshi:rows": rows}


def json_text(content: Any) -> str:
    """JSON as people read it: two blanks in, Chinese as Chinese, one line end at the end."""
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def write_json(path: Path, content: Any) -> None:
    """`content` at `path` as `json_text` has it."""
    path.write_text(json_text(content), "utf-8")
