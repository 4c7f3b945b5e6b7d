"""One file of the inbox to chunks of canonical rows with their origin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.clerk import is_added
from pipeline.intake import columns, headers, json_files, rows, text_files, tolerant, workbooks
from pipeline.intake.headers import HeaderMatch
from pipeline.intake.sources import Hint, InboxFile
from pipeline.intake.values import Setting
from pipeline.model import Catalog, Chunk, Dataset, Finding, Misfit, SetAside, Source, found
from pipeline.seal import of_rows

HEAD = 60  # rows in which a header is looked for
TEXT = {".csv", ".tsv", ".txt"}


@dataclass(frozen=True, slots=True)
class Opened:
    """One table of one file, ready to be read as often as needed.

    `pieces()` gives the parts of the file in order; `chunk(piece)` reads one of them. They are apart
    so that pieces can be read side by side.
    """

    source: Source
    dataset: Dataset | None  # None: not known, so not read; `findings` say why
    mapping: tuple[HeaderMatch, ...]
    findings: tuple[Finding, ...]
    pieces: Callable[[], Iterator[text_files.Block | text_files.Parsed]]
    chunk: Callable[[text_files.Block | text_files.Parsed], Chunk]
    precedence: int = 0


def open_file(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    """Every table of a file, or the finding that says why there is none."""
    suffix = file.path.suffix.lower()
    try:
        if suffix in TEXT:
            yield _open_text(file, catalog)
        elif suffix == ".json":
            yield _open_json(file, catalog)
        else:
            yield from _open_workbook(file, catalog)
    except OSError as error:
        yield found("file-unreadable", file=file.name, params={"why": error.strerror})


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------- one way in for each kind of file


def _open_text(file: InboxFile, catalog: Catalog) -> Opened | Finding:
    fmt = text_files.examine(file.path, file.hint.encoding, file.hint.delimiter)
    if fmt.bytes == 0:
        return found("file-empty", file=file.name)
    head = []
    first = next(text_files.text_blocks(file.path, fmt))
    for record in tolerant.read(first[: 1 << 20].decode("utf-8", "ignore"), fmt.delimiter, 0):
        head.append(record.cells)
        if len(head) == HEAD:
            break
    source = Source("", file.name, fmt.sha256, fmt.bytes, "", fmt.encoding, fmt.delimiter)
    opened = _matched(source, head, file.hint, catalog)
    if fmt.bad_bytes:
        bad = found("bad-bytes", opened.source, params={"encoding": fmt.encoding})
        opened = replace(opened, findings=(bad, *opened.findings))
    width = len(opened.source.header)
    if opened.dataset is None:
        return opened

    def chunk(piece: text_files.Block | text_files.Parsed) -> Chunk:
        if isinstance(piece, text_files.Block):
            piece = text_files.parse(piece, fmt.delimiter, width)
        return _chunk(opened, piece, file.hint, settings)

    settings = _settings(opened, file.hint, catalog)
    return replace(opened, pieces=lambda: text_files.records(file.path, fmt, width), chunk=chunk)


def _open_json(file: InboxFile, catalog: Catalog) -> Opened | Finding:
    read = json_files.rows(file.path)
    if isinstance(read, str):
        return found(read, file=file.name)
    source = Source("", file.name, sha256(file.path), file.path.stat().st_size, "", "utf-8")
    return _open_rows(source, read, file.hint, catalog)


def _open_workbook(file: InboxFile, catalog: Catalog) -> Iterator[Opened | Finding]:
    digest, size = sha256(file.path), file.path.stat().st_size
    if size == 0:
        yield found("file-empty", file=file.name)
        return
    tables = list[Opened]()
    try:
        for number, sheet in enumerate(workbooks.sheets(file.path), 1):
            if sheet.rows and is_added(sheet.rows[0][0]):
                yield found("sheet-notes", file=file.name, sheet=sheet.name)
            elif file.hint.sheet not in (None, number, sheet.name):
                yield found("sheet-not-asked", file=file.name, sheet=sheet.name)
            elif sheet.skipped:
                yield found(f"sheet-{sheet.skipped}", file=file.name, sheet=sheet.name)
            else:
                source = Source("", file.name, digest, size, sheet.name)
                tables.append(_open_rows(source, sheet.rows, file.hint, catalog))
    except workbooks.Unreadable as problem:
        yield found(problem.rule, file=file.name)
    known = [opened for opened in tables if opened.dataset]
    for opened in tables:
        beside_a_table = known and opened.findings and opened.findings[0].rule == "dataset-unknown"
        yield found("sheet-notes", opened.source) if beside_a_table else opened


def _open_rows(
    source: Source, cells: Sequence[Sequence[str]], hint: Hint, catalog: Catalog
) -> Opened:
    """A table held as rows of text (a sheet, a JSON list)."""
    opened = _matched(source, cells[:HEAD], hint, catalog)
    if opened.dataset is None:
        return opened
    settings = _settings(opened, hint, catalog)

    def pieces() -> Iterator[text_files.Parsed]:
        width = max(len(row) for row in cells)
        full = [(*row, *[""] * (width - len(row))) for row in cells]
        table = pa.table(
            {str(i): pa.array([row[i] for row in full], pa.string()) for i in range(width)}
        )
        yield text_files.Parsed(text_files.with_rows(table, range(1, len(full) + 1)))

    return replace(opened, pieces=pieces, chunk=lambda piece: _chunk(opened, piece, hint, settings))


# ---------------------------------------------------------------- header and dataset


def _matched(source: Source, head: Sequence[Sequence[str]], hint: Hint, catalog: Catalog) -> Opened:
    """The table's header row, its dataset, and what each column holds."""
    source = replace(
        source, source_id=hashlib.sha256(f"{source.path}\0{source.sheet}".encode()).hexdigest()[:12]
    )
    inputs = [d for d in catalog.datasets.values() if not d.produced]
    named, matched_by = _named(source.path, hint, inputs)
    row, scores = headers.find_header(head, [named] if named else inputs)
    if hint.header_rows:
        row = hint.header_rows
    elif named and hint.columns:
        row = next((i for i, cells in enumerate(head, 1) if hint.columns.keys() & set(cells)), row)
    dataset, candidates = named, list[Dataset]()
    if dataset is None and row:
        filled = sum(bool(cell.strip()) for cell in head[row - 1])
        dataset, candidates = headers.identify(scores, filled)
        matched_by = "headers"
    if dataset is None or not row:
        return _unmatched(source, named, candidates)
    header = _trimmed(head[row - 1])
    mapping = headers.match(header, dataset, hint.columns, hint.ignore)
    source = replace(
        source, dataset=dataset.name, matched_by=matched_by, header_row=row, header=header
    )
    return Opened(
        source,
        dataset,
        mapping,
        tuple(_header_findings(source, dataset, mapping, hint)),
        _no_pieces,
        _no_chunk,
        hint.precedence,
    )


def _named(path: str, hint: Hint, inputs: list[Dataset]) -> tuple[Dataset | None, str]:
    by_name = {d.name: d for d in inputs}
    if hint.dataset:
        return by_name[hint.dataset], "sources.yaml"
    for folder in reversed(path.split("/")[:-1]):
        if folder in by_name:
            return by_name[folder], "folder"
    return None, ""


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return tuple(cells[:end])


def _unmatched(source: Source, named: Dataset | None, candidates: list[Dataset]) -> Opened:
    if named:
        rule, params = "header-not-found", {"dataset": named.title}
    elif candidates:
        rule, params = "dataset-ambiguous", {"candidates": "、".join(d.title for d in candidates)}
    else:
        rule, params = "dataset-unknown", {}
    finding = found(rule, source, params=params)
    return Opened(source, None, (), (finding,), _no_pieces, _no_chunk)


def _no_pieces() -> Iterator[text_files.Parsed]:
    return iter(())


def _no_chunk(piece: text_files.Block | text_files.Parsed) -> Chunk:
    raise AssertionError("a table without a dataset has no pieces")


def _header_findings(
    source: Source, dataset: Dataset, mapping: tuple[HeaderMatch, ...], hint: Hint
) -> Iterator[Finding]:
    """Every column of the file that is no field, and every field that is no column of the file."""
    row = source.header_row
    for m in mapping:
        params = {"header": m.header, "suggestion": m.suggestion}
        if m.matched_by == "second":
            yield found("header-twice", source, row=row, params=params)
        elif not m.matched_by:
            rule = "header-near" if m.suggestion else "header-unmapped"
            yield found(rule, source, row=row, params=params)
    ours = {c.name for c in dataset.columns if c.heaviest_of} | set(
        dataset.primary_key if dataset.identity else ()
    )
    present = {m.field for m in mapping} | hint.constants.keys() | ours
    for column in dataset.columns:
        if column.name not in present and column.privacy != "never":
            rule = "header-missing" if column.constraints.get("required") else "header-absent"
            params = {"title": column.title, "title_en": column.title_en}
            yield found(rule, source, row=row, column=column.name, params=params)


# ---------------------------------------------------------------- rows


def _settings(opened: Opened, hint: Hint, catalog: Catalog) -> dict[str, Setting]:
    assert opened.dataset
    units = {m.field: m.unit for m in opened.mapping}
    return {
        column.name: columns.setting_for(
            column,
            catalog,
            hint.units.get(column.name, units.get(column.name, "")),
            hint.dates,
            dict(hint.values.get(column.name, {})),
        )
        for column in opened.dataset.columns
    }


def _chunk(
    opened: Opened,
    piece: text_files.Block | text_files.Parsed,
    hint: Hint,
    settings: dict[str, Setting],
) -> Chunk:
    """A piece's rows, those that are no records set aside, the rest made canonical."""
    assert isinstance(piece, text_files.Parsed)
    assert opened.dataset
    source, dataset = opened.source, opened.dataset
    raw, above, misfits = _below_header(piece, source)
    needed = sum(bool(c.constraints.get("required")) for c in dataset.columns)
    raw, aside, blank = rows.split(raw, source.header, needed)
    numbers = raw["_row"].combine_chunks()
    by_field = {m.field: str(m.position) for m in opened.mapping if m.field}
    canonical, changes = {}, []
    for column in dataset.columns:
        name = column.name
        if name in by_field:
            written = raw[by_field[name]].combine_chunks()
            array, rules = columns.normalise_column(written, column.kind, settings[name])
            changes.append(columns.changes_of(numbers, name, written, array, rules))
        else:
            array = pa.repeat(pa.scalar(hint.constants.get(name, ""), pa.string()), len(raw))
        canonical[name] = array
    notes = tuple(found(rule, source, row=row) for row, rule in piece.notes)
    table = pa.table({**canonical, "_row": numbers})
    return Chunk(
        source,
        raw,
        table,
        of_rows(table),
        pa.concat_tables(changes) if changes else columns.CHANGES.empty_table(),
        misfits,
        (*above, *aside),
        blank,
        notes,
    )


def _below_header(
    piece: text_files.Parsed, source: Source
) -> tuple[pa.Table, list[SetAside], tuple[Misfit, ...]]:
    """The rows under the header; titles above it are set aside, rows that do not fit are apart."""
    table, first, above = piece.table, source.header_row, list[SetAside]()
    misfits = []
    for ragged in piece.ragged:
        filled = [cell for cell in ragged.cells if cell.strip()]
        if ragged.row < first:
            above += [SetAside(ragged.row, "title", " ".join(filled))] if filled else []
        elif ragged.row > first and filled:
            why = rows._why(filled, (), source.header, len(source.header))
            if why:
                above.append(SetAside(ragged.row, why, " ".join(filled)))
            else:
                misfits.append(Misfit(ragged.row, ragged.note, ragged.cells))
    if len(table) and table["_row"][0].as_py() <= first:
        upper = table.filter(pc.less(table["_row"], first))
        for record in upper.to_pylist():
            row = record.pop("_row")
            filled = [cell for cell in record.values() if cell.strip()]
            above += [SetAside(row, "title", " ".join(filled))] if filled else []
        table = table.filter(pc.greater(table["_row"], first))
    return table, above, tuple(misfits)
