"""Masks the persons of this run in the accepted rows of every dataset, once all files are read.

A row's own persons are masked when it is checked. Here those of all other rows are looked for: of
rows with the same document number every name is masked, as in the row it is listed in, so that
numbers still refer to each other; any other is masked where it surely is the person, and where it
may be, the row waits for somebody to say. Rows that change are written to new Parquet files.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.base import row_checksums
from pipeline.base.engine import ordered_map
from pipeline.base.model import Catalog, Column, Dataset, Source, found
from pipeline.base.sql import quoted, read_parquet
from pipeline.checks.across.keys import Outcome
from pipeline.checks.privacy.found_names import Name
from pipeline.checks.privacy.known_persons import KnownPersons, bytes_of, distinct
from pipeline.checks.privacy.names import mask_name
from pipeline.checks.privacy.person_list import occurrences
from pipeline.checks.privacy.unlabelled_numbers import replaced
from pipeline.checks.row.names import around
from pipeline.checks.row.own_values import searched_kinds
from pipeline.flow.read_inbox import Run

AT_ONCE = 20_000  # rows
MASKED, UNSURE = "listed-person-masked", "name-unsure"

Row = tuple[str, str]  # source id, row number
OfCases = Mapping[Row, Sequence[str]]  # names listed in other rows with the same document number


def mask_persons(run: Run, catalog: Catalog) -> None:
    """Mask listed persons in `run.ledger`'s accepted rows; sets `run.persons` and `run.unsure`.

    Findings tell which rows changed. Raises StoreError where a file cannot be written.
    """
    listed = run.ledger.persons()
    if not listed:
        return
    con = run.con
    con.execute(f"create or replace view listed_persons as select * from {read_parquet(listed)}")
    names = [name for (name,) in con.execute("select distinct name from listed_persons").fetchall()]
    run.persons = KnownPersons(names)
    sources = {each.source.source_id: each.source for each in run.opened}
    for name, files in [*run.ledger.accepted()]:
        dataset, kinds = catalog.datasets[name], searched_kinds(catalog)
        if columns := [c.name for c in dataset.published if _is_searched(c, kinds)]:
            search = partial(_search, dataset, columns, run.persons, _of_cases(run, dataset, files))
            _replace(run, dataset, [*ordered_map(search, files)], sources)


def never_public(run: Run, catalog: Catalog, rows: Mapping[str, Path]) -> list[str]:
    """The listed names that may stand nowhere in a release: those that are nothing but a name, and
    that no column shows in which the contract leaves names public (an officer's, say).

    `rows`: dataset → Parquet file of the rows that are published.
    """
    if not run.persons:
        return []
    listed = {name for (name,) in run.con.execute("select name from listed_persons").fetchall()}
    within_others = catalog.shows_names("in_organisations")
    shown = set[bytes]()
    for name, path in rows.items():
        for column in catalog.datasets[name].published:
            if column.kind == "name" and column.privacy != "masked":
                listed -= {*_cells(run, path, column)}
            elif column.kind in ("name", "organisation") and within_others:
                shown |= _persons_in(run, [*_cells(run, path, column)])
    return [name for name in distinct(sorted(listed)) if bytes_of(name) not in shown]


def _cells(run: Run, path: Path, column: Column) -> Iterator[str]:
    """The distinct cells of a column in a Parquet file of public rows."""
    name = quoted(column.name)
    asked = f"select distinct {name} from {read_parquet([path])} where {name} <> ''"
    yield from (cell for (cell,) in run.con.execute(asked).fetchall())


def _persons_in(run: Run, texts: Sequence[str]) -> set[bytes]:
    """The listed persons in `texts`, as they are compared."""
    found = zip(texts, run.persons.names_in(texts), strict=True)
    return {bytes_of(text[n.start : n.end]) for text, names in found for n in names}


def _is_searched(column: Column, kinds: Collection[str]) -> bool:
    """Whether other rows' persons are looked for in a column; not where the contract shows names."""
    return column.kind in kinds and (column.kind != "name" or column.privacy == "masked")


def _of_cases(run: Run, dataset: Dataset, files: Sequence[Path]) -> OfCases:
    """Of the accepted rows of `dataset` those that have a document number of other rows."""
    found: dict[Row, list[str]] = {}
    for column in (c for c in dataset.published if c.kind == "document-number"):
        rows = run.con.execute(
            "select a.source_id, a.source_row, list(distinct p.name order by p.name) "
            f'from {read_parquet(files)} a join listed_persons p on p."case" = a.{quoted(column.name)} '
            "where p.\"case\" <> '' "
            "and (p.source_id, p.source_row) <> (a.source_id, a.source_row) group by all"
        )
        for source, row, names in rows.fetchall():
            found.setdefault((source, row), []).extend(names)
    return found


# ---------------------------------------------------------------- one file


@dataclass(slots=True)
class _Found:
    """What is to be changed in one Parquet file: offset of the row → column → text; `unsure`: rows
    in which something may be a listed person: (row, column, what may be shown).
    """

    path: Path
    changed: dict[int, dict[str, str]] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    unsure: list[tuple[Row, str, str]] = field(default_factory=list)


def _search(
    dataset: Dataset, columns: Sequence[str], known: KnownPersons, cases: OfCases, path: Path
) -> _Found:
    found = _Found(path)
    for start, batch in _batches(path, [*columns, "source_id", "source_row"]):
        origin = [
            *zip(batch["source_id"].to_pylist(), batch["source_row"].to_pylist(), strict=True)
        ]
        for column in columns:
            cells = batch[column].combine_chunks().dictionary_encode()
            texts = [text or "" for text in cells.dictionary.to_pylist()]
            named = known.names_in(texts)
            for at, index in enumerate(cells.indices.to_pylist()):
                own = cases.get(origin[at], ()) if cases else ()
                if index is None or not (named[index] or own):
                    continue
                text, names = texts[index], named[index]
                if (masked := _masked(text, names, own)) != text:
                    found.changed.setdefault(start + at, {})[column] = masked
                    found.rows[start + at] = origin[at]
                unsure = [n for n in names if not n.sure and text[n.start : n.end] not in own]
                if unsure and column != dataset.label:
                    found.unsure.append((origin[at], column, around(text, unsure[0])))
    return found


def _masked(text: str, names: Sequence[Name], own: Collection[str]) -> str:
    sure = [(n.start, n.end, mask_name(text[n.start : n.end])) for n in names if n.sure]
    text = replaced(text, sure)
    for name in sorted(own, key=len, reverse=True):
        spots = occurrences(text, name)
        text = replaced(text, [(start, end, mask_name(name)) for start, end in spots])
    return text


def _batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[tuple[int, pa.Table]]:
    """(offset of its first row, rows) of a Parquet file."""
    with pq.ParquetFile(path) as file:
        start = 0
        for batch in file.iter_batches(AT_ONCE, columns=columns):
            yield start, pa.Table.from_batches([batch])
            start += len(batch)


# ---------------------------------------------------------------- what changes


def _replace(
    run: Run, dataset: Dataset, results: Sequence[_Found], sources: Mapping[str, Source]
) -> None:
    """Put files with masked cells in the place of those that have names; findings and doubts."""
    files, less, more = dict[Path, Path](), row_checksums.RowChecksum(), row_checksums.RowChecksum()
    masked = [(each.rows[at], cells) for each in results for at, cells in each.changed.items()]
    order = {source_id: number for number, source_id in enumerate(sources)}
    for place, cells in sorted(masked, key=lambda m: (order[m[0][0]], int(m[0][1]))):
        _tell(run, dataset, place, cells, sources)  # in the order of rows, however files were cut
    for found_in in results:
        for (source_id, row), column, shown in found_in.unsure:
            doubt = Outcome(source_id, int(row), "quarantined", UNSURE, column, shown)
            run.unsure.setdefault(dataset.name, {}).setdefault((source_id, row), doubt)
        if found_in.changed:
            path, before, after = _rewritten(found_in, run.ledger.home.folder)
            files[found_in.path], less, more = path, less + before, more + after
    if files:
        run.ledger.replace_accepted(dataset.name, files, less, more)


def _tell(
    run: Run, dataset: Dataset, row: Row, cells: Collection[str], sources: Mapping[str, Source]
) -> None:
    source_id, number = row
    for name in cells:
        column = dataset.column(name)
        params = {"title": column.title, "title_en": column.title_en}
        finding = found(MASKED, sources[source_id], row=int(number), column=name, params=params)
        run.ledger.finding(finding, source_id)


def _rewritten(
    changes: _Found, folder: Path
) -> tuple[Path, row_checksums.RowChecksum, row_checksums.RowChecksum]:
    """(a new file with the changed cells, the row checksums of the changed rows before and after)."""
    target = folder / f"masked-{secrets.token_hex(12)}.parquet"
    old, new = list[pa.Table](), list[pa.Table]()
    schema = pq.read_schema(changes.path)
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for start, table in _batches(changes.path):
            at = [row for row in range(start, start + len(table)) if row in changes.changed]
            if at:
                offsets = [row - start for row in at]
                old.append(table.take(offsets))
                for name in {column for row in at for column in changes.changed[row]}:
                    cells = table[name].to_pylist()
                    for row in at:
                        cells[row - start] = changes.changed[row].get(name, cells[row - start])
                    place = table.column_names.index(name)
                    table = table.set_column(place, table.field(name), pa.array(cells, pa.string()))
                new.append(table.take(offsets))
            writer.write_table(table)
    before, after = (row_checksums.of_rows(pa.concat_tables(each)) for each in (old, new))
    return target, before, after
