"""The exit guard: searches every public artefact of a release for what must never be public.

It searches for numbers of persons, for the values of this run's never-fields, for the persons that
the run keeps from the public, and for names that the contract masks and that are not masked. Compressed files and archives are opened.
Source: 个人信息保护法 §28; 政府信息公开条例 §15.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.engine import ordered_map
from pipeline.base.errors import GateRefused, RefusedRow, RowsRefused
from pipeline.base.model import Column, Dataset
from pipeline.base.sql import quoted, reading
from pipeline.base.words import language, say
from pipeline.checks.privacy.known_values import KnownValues, read_secrets, ways_written
from pipeline.release.gate import refused_rows
from pipeline.release.gate.artefacts import Blocks, blocks_in, columns_of
from pipeline.release.gate.personal_numbers import Match, line_at, numbers, own_numbers
from pipeline.release.package.package import csv_header, data_files


@dataclass(frozen=True, slots=True)
class _Sought:
    """What must not be public: known values, known persons, and numbers but for a body's `own`."""

    values: KnownValues
    persons: KnownValues
    own: frozenset[str]


def check(
    release: Path, secrets: Path | None, datasets: Sequence[Dataset], persons: Iterable[str] = ()
) -> None:
    """Search the folder `release`.

    `secrets`: a CSV with one column, the values of this run's never-fields; None where there are
    none. `persons`: names that may stand nowhere. Raises RowsRefused with all rows in which something is found, GateRefused where it is in
    no row; both name artefact and record of the first match.
    """
    values = KnownValues(read_secrets(secrets))
    sought = _Sought(values, KnownValues(persons), own_numbers(release, datasets))
    searches = [
        *(partial(_first_match, stream, sought) for stream in _streams(release)),
        *(
            partial(_first_name, release, dataset, column)
            for dataset in datasets
            for column in dataset.published
            if column.privacy == "masked"
        ),
    ]
    for refused in ordered_map(lambda search: search(), searches):
        if refused:
            rows = _rows_with_matches(release, datasets, sought)
            raise RowsRefused(str(refused), rows) if rows else refused


def _rows_with_matches(
    release: Path, datasets: Sequence[Dataset], sought: _Sought
) -> list[RefusedRow]:
    """Every row of the release in which there is something that must not be public."""

    def kind_of(text: bytes) -> str:
        return next((kind for kind, *_ in _matches(text, "", sought)), "")

    rows = refused_rows.with_matches(release, datasets, kind_of)
    for dataset in datasets:
        paths = data_files(release, dataset.name)
        has_origin = bool(paths) and set(_ORIGIN) <= {*csv_header(paths)}
        for column in (c for c in dataset.published if has_origin and c.privacy == "masked"):
            names = list(
                dict.fromkeys([_named_by(dataset), column.name, *column.masked_when, *_ORIGIN])
            )
            for cells in _open_names(release, dataset, column, names):
                rows.append(refused_rows.by_column(dataset, names, cells, column.name, "name"))
    return rows


_ORIGIN = ("source_id", "source_row")


def _named_by(dataset: Dataset) -> str:
    """The column by which a message names a record: that of its key, or the row it was read from."""
    return dataset.primary_key[0] if dataset.primary_key else "source_row"


def _streams(release: Path) -> list[Blocks]:
    """The artefacts' text in streams that can be searched in parallel, the longest first.

    A CSV, its gzip and the package's ZIP hold the same text: they are one stream, in which the same
    block is searched once.
    """
    files = sorted(p for p in release.rglob("*") if p.is_file())
    same = [p for p in files if p.name.endswith((".csv", ".csv.gz", ".zip"))]
    others = sorted((p for p in files if p not in same), key=_length, reverse=True)
    return [_distinct(blocks_in(release, same)), *(blocks_in(release, [p]) for p in others)]


def _length(path: Path) -> int:
    """About how many bytes of text are in a file: of a compressed one ten times its size."""
    return path.stat().st_size * (10 if path.suffix in (".gz", ".xlsx", ".parquet") else 1)


def _distinct(blocks: Blocks) -> Blocks:
    """`blocks` without those of a CSV that were already given."""
    seen = set[bytes]()
    for artefact, block in blocks:
        if artefact.endswith(".csv"):
            digest = hashlib.sha256(block).digest()
            if digest in seen:
                continue
            seen.add(digest)
        yield artefact, block


def _first_match(stream: Blocks, sought: _Sought) -> GateRefused | None:
    """The first match in a stream, as an error."""
    with closing(stream) as blocks:  # SQLite wants to be closed by the thread that opened it
        for artefact, block in blocks:
            for kind, value, line in _matches(block, artefact, sought):
                return _refused(artefact, line, kind, value)
    return None


def _matches(block: bytes, artefact: str, sought: _Sought) -> Iterator[Match]:
    for match in numbers(block, artefact):
        if match[0] not in ("mobile", "identity") or match[1] not in sought.own:
            yield match
    yield from _values(block, "never", sought.values)
    yield from _values(block, "name", sought.persons)


def _refused(artefact: str, record: str, kind: str, value: str) -> GateRefused:
    kinds = say(f"guard-{kind}", language())
    shown = value[:2] + "…"
    return GateRefused(
        say("gate-personal", language(), artefact=artefact, record=record, kind=kinds, value=shown)
    )


def _values(block: bytes, kind: str, known: KnownValues) -> Iterator[Match]:
    """Every known value in `block`, also where it is escaped, as a match of `kind`."""
    for text in ways_written(block) if known.by_end else ():
        for start, end in known.places(text):
            line = text[text.rfind(b"\n", 0, start) + 1 : end].decode("utf-8", "replace")
            yield kind, text[start:end].decode("utf-8", "replace"), line_at(line, len(line) - 1)


# ---------------------------------------------------------------- masked names


def _first_name(release: Path, dataset: Dataset, column: Column) -> GateRefused | None:
    """The first unmasked name in the CSV or a database, of a column that the contract masks."""
    for key, value in _rows_of_csv(release, dataset, column):
        return _refused(f"{dataset.name}.csv", key, "name", value)
    for path in sorted(release.rglob("*.db")):
        for key, value in _rows_of_table(path, dataset, column):
            return _refused(path.name, key, "name", value)
    return None


#: Every part of a list of persons shows that its name is masked: 张某某、李某某等3人, J***.
_ALL_MASKED = (
    r"^$|^[^、，,；;/]*[某*][^、，,；;/]*(?:[、，,；;/]+[^、，,；;/]*[某*][^、，,；;/]*)*$"
)


_MASKED = re.compile(_ALL_MASKED)


def _rows_of_csv(release: Path, dataset: Dataset, column: Column) -> Iterator[tuple[str, str]]:
    """(key, name) of every record whose name must be masked and is not."""
    names = [_named_by(dataset), column.name, *column.masked_when]
    for key, name, *_ in _open_names(release, dataset, column, names):
        yield key, name


def _open_names(
    release: Path, dataset: Dataset, column: Column, names: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """The columns `names` of every record whose name in `column` must be masked and is not."""
    paths = data_files(release, dataset.name)
    if not paths:
        return
    for batch in columns_of(paths, list(dict.fromkeys(names))):
        open_names = pc.invert(pc.match_substring_regex(batch[column.name], _ALL_MASKED))
        for field, values in column.masked_when.items():
            open_names = pc.and_(open_names, pc.is_in(batch[field], pa.array(values)))
        for row in batch.filter(open_names).to_pylist():
            yield tuple(row[name] for name in names)


def _rows_of_table(path: Path, dataset: Dataset, column: Column) -> Iterator[tuple[str, str]]:
    name, key = quoted(column.name), quoted(_named_by(dataset))
    where = [f"{name} <> ''"]
    where += [f"{quoted(f)} in ({', '.join('?' * len(v))})" for f, v in column.masked_when.items()]
    values = [value for each in column.masked_when.values() for value in each]
    with closing(reading(path)) as con:
        if not con.execute(
            "select 1 from sqlite_schema where name = ?", (dataset.name,)
        ).fetchone():
            return  # a part's database, which this dataset is not in
        found = con.execute(
            f"select {key}, {name} from {quoted(dataset.name)} where {' and '.join(where)}", values
        )
        yield from ((row, cell) for row, cell in found if not _MASKED.match(cell))
