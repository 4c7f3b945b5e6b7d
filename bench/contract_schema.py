"""Writes a Table Schema with a file's own headers that asks what our contract asks of it.

    python -m bench.contract_schema FILE.csv SCHEMA.json

So that `frictionless validate` does the work on the file as sent that `gongshi check` does: types,
required, pattern, enum, bounds, lengths, and the primary key.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

from pipeline.base.model import Catalog, Column
from pipeline.contract import catalog
from pipeline.intake.table.match_columns import match

ROOT = Path(__file__).parent.parent


def code_pattern(column: Column, contract: Catalog) -> str:
    """One or several codes of the column's list, joined as the contract joins them."""
    code = "|".join(re.escape(code.code) for code in contract.codes[column.codes].codes)
    return f"({code})({re.escape(column.separator)}({code}))*"


def field_for(header: str, unit: str, column: Column, contract: Catalog) -> dict[str, Any]:
    """The Table Schema field of `column` for a file's own `header`, which may name a `unit`."""
    constraints = dict(column.constraints)
    # Bounds are in yuan: where the file is in 万元, only zero means the same in both.
    if unit and unit != "元":
        constraints = {k: v for k, v in constraints.items() if k == "required" or v in (0, "0")}
    if column.codes and column.separator:
        constraints.pop("enum", None)
        constraints["pattern"] = code_pattern(column, contract)
    elif column.codes:
        constraints["enum"] = [code.code for code in contract.codes[column.codes].codes]
    return {
        "name": header,
        "type": column.type,
        "format": column.format,
        "constraints": constraints,
    }


def main(file: Path, target: Path) -> None:
    """Write the schema of `file` to `target`."""
    contract = catalog.load(ROOT / "datapackage")
    dataset = contract.datasets[file.parent.name]
    with file.open(encoding="utf-8", newline="") as opened:
        headers = next(csv.reader(opened))
    matches = match(headers, dataset, {}, ())
    if unknown := [found.header for found in matches if not found.field]:
        raise SystemExit(f"{dataset.file}: no field has the title or alias {', '.join(unknown)}")
    header_of = {found.field: found.header for found in matches}
    keys = [
        key for key in (dataset.primary_key, *dataset.unique_keys) if set(key) <= set(header_of)
    ]
    schema: dict[str, Any] = {
        "fields": [
            field_for(found.header, found.unit, dataset.column(found.field), contract)
            for found in matches
        ],
    }
    if keys:
        schema["primaryKey"] = [header_of[name] for name in keys[0]]
    target.write_text(json.dumps(schema, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
