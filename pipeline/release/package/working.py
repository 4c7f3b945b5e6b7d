"""The public tables about the run itself: counts and codes, never a quarantined value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from pipeline.base import words
from pipeline.base.model import (
    TALLY_PARTS,
    Catalog,
    Dataset,
    Source,
    Tally,
)
from pipeline.base.words import Lang
from pipeline.checks.privacy import unlabelled_numbers
from pipeline.checks.privacy.unlabelled_numbers import starred
from pipeline.contract.catalog import published_columns

Row = Sequence[object]
LANGS: tuple[Lang, ...] = ("zh", "en")


def table(dataset: Dataset, rows: Iterable[Row]) -> pa.Table:
    """`rows`, in the order of the dataset's columns, as an Arrow table of text; None becomes "".

    Numbers of persons in texts from the input (names of files, headers) are masked.
    """
    import pandas as pd  # 0.2 s to load, and a check does not need it

    names = [c.name for c in published_columns(dataset)]
    frame = pd.DataFrame(list(rows), columns=names, dtype=object)
    text = frame.where(frame.notna(), "").astype(str)
    schema = pa.schema([(name, pa.string()) for name in names])
    made = pa.Table.from_pandas(text, schema=schema, preserve_index=False)
    for place, column in enumerate(published_columns(dataset)):
        if column.kind == "text" and column.type == "string":
            made = made.set_column(place, column.name, _masked(made[column.name]))
    return made


def masked(text: str) -> str:
    """A text from the input with numbers of persons masked, whatever else was done before."""
    spots = unlabelled_numbers.found(text)
    return starred(text, spots) if spots else text


def _masked(cells: pa.ChunkedArray) -> pa.Array:
    """`cells` masked; each distinct text once, since they repeat from row to row."""
    distinct = cells.combine_chunks().dictionary_encode()
    clean = pa.array([masked(text) for text in distinct.dictionary.to_pylist()], pa.string())
    return clean.take(distinct.indices)


def sources(read: Iterable[Source], tallies: Mapping[str, Tally]) -> list[Row]:
    """The rows of `sources`: source_id, file, sheet, dataset, matched_by, sha256, bytes, encoding,
    delimiter, header_row, rows_read.
    """
    return [
        (
            s.source_id,
            s.path,
            s.sheet,
            s.dataset,
            s.matched_by,
            s.sha256,
            s.bytes,
            s.encoding,
            s.delimiter,
            s.header_row or None,
            tallies[s.source_id].read if s.source_id in tallies else 0,
        )
        for s in read
    ]


def issues(counts: Mapping[tuple[str, str, str, str, str, str], int]) -> list[Row]:
    """The rows of `issues`: rule, severity, owner, dataset, source_id, field, count."""
    return [(*key, count) for key, count in sorted(counts.items())]


def rules(catalog: Catalog) -> list[Row]:
    """The rows of `rules`: rule, version, severity, owner; then title, message, fix, source, and
    examples of both kinds, each in both languages.

    The parameters of a message (a value, a column) are written as ….
    """
    from pipeline.checks.rules.explain import examples

    return [
        (
            r.name,
            r.version,
            r.severity,
            r.owner,
            r.title["zh"],
            r.title["en"],
            *(words.say(r.name, lang) for lang in LANGS),
            *(words.say_fix(r.name, lang) for lang in LANGS),
            r.source.get("zh", ""),
            r.source.get("en", ""),
            *(examples(r.name, catalog, lang, kind) for kind in ("ok", "bad") for lang in LANGS),
        )
        for r in sorted(words.rules().values(), key=lambda r: r.name)
    ]


def run_tallies(read: Iterable[Source], tallies: Mapping[str, Tally]) -> list[Row]:
    """The rows of `run_tallies`: source_id, file, dataset, read, and each part of the tally."""
    return [
        (
            s.source_id,
            s.path,
            s.dataset,
            tally.read,
            *(getattr(tally, part) for part in TALLY_PARTS),
        )
        for s in read
        if (tally := tallies.get(s.source_id))
    ]
