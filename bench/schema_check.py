"""Table Schema alone, by our checks: what `frictionless validate` does and no more, on the same
file.

    python -m bench.schema_check FILE.csv SCHEMA.json

Reads every cell as text, checks types, formats and constraints over columns, and the key over all
rows. The rest of `gongshi check` (other spellings, the law's rules, privacy, origin, row checksums
between stages) is left out, since the peer does none of it. Prints how many cells and keys are
wrong.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.engine import ordered_map
from pipeline.base.model import Column
from pipeline.checks.row import schema
from pipeline.intake.text import blocks, text_files


def columns_of(descriptor: dict[str, Any]) -> list[Column]:
    """The columns of a Table Schema."""
    return [
        Column(f["name"], f["name"], f["name"], type=f["type"], format=f["format"], constraints=f["constraints"])
        for f in descriptor["fields"]
    ]  # fmt: skip


def main(file: Path, target: Path) -> int:
    """Check `file` by the schema; print the numbers of wrong cells and keys."""
    descriptor = json.loads(target.read_text("utf-8"))
    columns = columns_of(descriptor)
    names = [c.name for c in columns]
    keys = [
        key for key in [descriptor.get("primaryKey", []), *descriptor.get("uniqueKeys", [])] if key
    ]
    fmt = text_files.examine(file)

    def check(piece: blocks.Block | blocks.Parsed) -> tuple[int, list[pa.Array]]:
        if isinstance(piece, blocks.Block):
            piece = blocks.parse(piece, fmt.delimiter, len(columns))
        table = piece.table.slice(1) if piece.table["_row"][0].as_py() == 1 else piece.table
        wrong = len(piece.ragged)
        for position, column in enumerate(columns):
            cells = table[str(position)].combine_chunks()
            wrong += sum(pc.sum(b.mask).as_py() for b in schema.breaches(column, cells, None))
        joined = [
            pc.binary_join_element_wise(*(table[str(names.index(n))] for n in key), "\x1f")
            for key in keys
        ]
        return wrong, joined

    total, seen = 0, [list[pa.ChunkedArray]() for _ in keys]
    for wrong, joined in ordered_map(check, text_files.records(file, fmt, len(columns))):
        total += wrong
        for place, cells in zip(seen, joined, strict=True):
            place.append(cells)
    for parts in seen:
        cells = pa.chunked_array([c for part in parts for c in part.chunks])
        total += len(cells) - len(pc.unique(cells))
    print(f"{total} errors")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
