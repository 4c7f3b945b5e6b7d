"""Division of a large dataset into parts: by year, by division (region), or by both.

The setting is `parts` in `metadata.yml` (docs/operations.md); without it every dataset is one file.
A part's place is in Hive style, `year=2024/region=411503/part-0`, below `data/<dataset>/` and
`downloads/<dataset>/`; for blanks Hive's own name is used. Years and divisions are labels of the
files; every file has every column. A release's datapackage.json lists the columns by which each
dataset is divided, so that it can be amended after the setting has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeGuard

import duckdb

from pipeline.base.errors import UsageError
from pipeline.base.model import Dataset
from pipeline.base.sql import Sql, literal, quoted, read_parquet
from pipeline.base.words import language, say

KEY = "gongshi:parts"  # in a resource: label → the column that it is made from
YEAR, REGION, REGION_COLUMN = "year", "region", "region_code"
BLANK = "__HIVE_DEFAULT_PARTITION__"
DATABASE = "disclosure-{part}.db"  # in downloads/: one for each year or division
_LONGEST = 60  # characters of a value that may be a folder's name
_ORDERS = ([YEAR], [REGION], [YEAR, REGION], [REGION, YEAR])
_SETTINGS = ("by", "above_rows", "combined_up_to_rows")

Keys = Mapping[str, str]  # label → column, the outermost first


@dataclass(frozen=True, slots=True)
class Layout:
    """The setting. `by`: labels, the outermost first; () where nothing is divided.

    `above_rows`: datasets of more rows are divided. `combined_up_to`: a release of more rows has no
    database of all tables; None: no limit.
    """

    by: tuple[str, ...] = ()
    above_rows: int = 0
    combined_up_to: int | None = None

    def combines(self, rows: int) -> bool:
        """Whether a release of so many rows in all has the one database that the site serves."""
        return self.combined_up_to is None or rows <= self.combined_up_to


def layout(words: Mapping[str, Any]) -> Layout:
    """The setting in metadata.yml (`words`). Raises UsageError where it is not as documented."""
    if "parts" not in words:
        return Layout()
    setting = words["parts"]
    if not isinstance(setting, Mapping) or not set(setting) <= set(_SETTINGS):
        raise _wrong()
    by, above, combined = (setting.get(name) for name in _SETTINGS)
    if not isinstance(by, list) or by not in _ORDERS or not _is_count(above):
        raise _wrong()
    if combined is not None and not _is_count(combined):
        raise _wrong()
    return Layout(tuple(by), above, combined)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _wrong() -> UsageError:
    return UsageError(say("parts-setting", language(), settings=", ".join(_SETTINGS)))


# ---------------------------------------------------------------- which parts a dataset has


def keys(
    con: duckdb.DuckDBPyConnection, source: Sql, dataset: Dataset, layout: Layout, rows: int
) -> Keys:
    """The columns by which a dataset of `rows` rows in `source` (SQL) is divided: label → column.

    {} where it stays one file: where it is small, made by the pipeline itself, has no such column,
    or holds a value that is too long for the name of a folder.
    """
    if not layout.by or rows <= layout.above_rows or dataset.produced:
        return {}
    columns = {YEAR: _day(dataset), REGION: _region(dataset)}
    names = {c.name for c in dataset.columns}
    found = {
        label if label not in names else f"part_{label}": columns[label]
        for label in layout.by
        if columns[label]
    }
    return found if found and _fit(con, source, found) else {}


def _day(dataset: Dataset) -> str:
    """The column of a dataset's main date: the one it is sorted by, else its first date or year."""
    dates = [c.name for c in dataset.published if c.kind in ("date", "year") or c.type == "year"]
    return next((d for d in dates if d == dataset.sort.lstrip("-")), dates[0] if dates else "")


def _region(dataset: Dataset) -> str:
    return next((c.name for c in dataset.published if c.name == REGION_COLUMN), "")


def _fit(con: duckdb.DuckDBPyConnection, source: Sql, found: Keys) -> bool:
    longest = ", ".join(f"max(length({_value(*each)}))" for each in found.items())
    lengths = con.execute(f"select {longest} from {source}").fetchall()[0]
    return all((length or 0) <= _LONGEST for length in lengths)


def of_release(descriptor: Mapping[str, Any]) -> dict[str, Keys]:
    """Dataset → the columns of its parts, from the release's datapackage.json (`descriptor`)."""
    return {r["name"]: r[KEY] for r in descriptor["resources"] if KEY in r}


# ---------------------------------------------------------------- the place of a row


def folder(found: Keys) -> Sql:
    """The SQL expression of the outermost folder of a row's place, such as `year=2024`."""
    label, column = next(iter(found.items()))
    return f"{literal(f'{label}=')} || {_value(label, column)}"


def place(found: Keys) -> Sql:
    """The SQL expression of a row's place, such as `year=2024/region=411503/part-0`.

    No value can lead out of the dataset's folder: all but letters, digits, `-`, `_` and `~` is
    percent-encoded (RFC 3986), dots too, as Hive and DuckDB read it.
    """
    folders = (folder({label: column}) for label, column in found.items())
    return " || '/' || ".join([*folders, "'part-0'"])


def _value(label: str, column: str) -> Sql:
    name = f"nullif({quoted(column)}, '')"
    if label.endswith(YEAR):
        plain = f"nullif(regexp_extract({name}, '^\\d{{4}}'), '')"
    else:
        plain = f"replace(url_encode({name}), '.', '%2E')"
    return f"coalesce({plain}, '{BLANK}')"


@dataclass(frozen=True, slots=True)
class Part:
    """A range of rows, from `start` on, in a dataset's Parquet file, which is sorted by place."""

    place: str
    start: int
    rows: int

    def source(self, path: Path) -> Sql:
        """The rows of this part of the Parquet file `path`, as an SQL source."""
        end = self.start + self.rows
        return (
            f"(select * exclude (file_row_number) from {read_parquet([path], row_numbers=True)} "
            f"where file_row_number >= {self.start} and file_row_number < {end})"
        )


def of_rows(con: duckdb.DuckDBPyConnection, rows: Path, found: Keys) -> list[Part]:
    """The parts of the Parquet file `rows`, which is sorted by their places, in that order."""
    counted = con.execute(
        f"select {place(found)} as place, count(*) from {read_parquet([rows])} "
        "group by 1 order by 1"
    ).fetchall()
    starts = accumulate((count for _, count in counted), initial=0)
    return [Part(name, start, count) for (name, count), start in zip(counted, starts, strict=False)]
