"""The only reader of `datapackage/`, the contract from which everything else is derived.

A mistake in the contract stops the run at once: `UsageError`, whose one sentence names the file,
the line, what is wrong and what to do. What each key means: docs/authoring.md.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.base import parse_cache
from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Code, CodeList, Column, Dataset, ForeignKey, RuleUse
from pipeline.base.sql import trusted
from pipeline.contract.yaml_reader import (
    KIND_TYPES,
    Document,
    Parametrised,
    broken_at,
    check,
    check_profile,
    plain_header,
    read_text,
)

__all__ = [
    "KIND_TYPES",
    "ORIGIN",
    "as_input",
    "load",
    "plain_header",
    "published_columns",
    "read",
    "spellings",
    "table_schema",
]

ORIGIN = (
    Column(
        "source_id",
        "来源编号",
        "Source",
        "本行所出的文件和工作表，详见“来源”表。",
        "The file and sheet that the row came from; see the table of sources.",
        kind="code",
    ),
    Column(
        "source_row",
        "来源行号",
        "Row in the source",
        "本行在来源文件中的行号，文件第一行为 1。",
        "The row's number in its file as a spreadsheet counts it, 1 being the first.",
        type="integer",
        constraints={"minimum": 1},
        kind="integer",
    ),
)
"""The columns that every published record of an input dataset has for its origin."""

CODE_HEADER = ["code", "label", "label_en", "aliases", "valid_from", "valid_to"]


def load(folder: Path, rules: Mapping[str, Parametrised] | None = None) -> Catalog:
    """Read the contract under `folder`; `rules` are those a dataset may use (None: any), by name.

    Raises `UsageError` at the first mistake. Datasets come in their `gongshi:order`. A contract
    that was read before, and whose files are unchanged, comes from the cache and is not checked
    again.
    """
    for needed in (folder, folder / "package.yaml", folder / "profile.json"):
        if not needed.exists():
            raise broken_at(needed, 0, "contract-missing")
    known = None if rules is None else sorted(rules)
    version = _version(folder)
    of = repr((version, str(folder), known))
    catalog = parse_cache.parsed("contract", of, lambda: read(folder, rules))
    # A file saved during the reading may leave a cache entry of neither version.
    return catalog if catalog.version == version else read(folder, rules)


def read(folder: Path, rules: Mapping[str, Parametrised] | None = None) -> Catalog:
    """As `load`, of a contract that is read only once: nothing is kept in the cache."""
    profile = json.loads((folder / "profile.json").read_text("utf-8"))
    package = Document.read(folder / "package.yaml")
    check_profile(package, profile | {"$ref": "#/$defs/package"})
    codes = {file.stem: _read_codes(file) for file in sorted((folder / "codes").glob("*.csv"))}
    documents = _documents(folder, profile | {"$ref": "#/$defs/dataset"})
    datasets = {name: _dataset(folder, document) for name, document in documents.items()}
    for name, dataset in datasets.items():
        check(documents[name], dataset, datasets, codes, rules)
    ordered = sorted(datasets.values(), key=lambda d: (d.order, d.name))
    return Catalog(package.data, {d.name: d for d in ordered}, codes, _version(folder), folder)


def published_columns(dataset: Dataset) -> tuple[Column, ...]:
    """The columns of the published table in order: without never-fields, origin at the end."""
    return dataset.published if dataset.produced else dataset.published + ORIGIN


def as_input(dataset: Dataset) -> Dataset:
    """`dataset` as an input: tables computed here are read from other publishers' packages."""
    return replace(dataset, produced=False) if dataset.produced else dataset


def spellings(codes: CodeList) -> dict[str, str]:
    """Every spelling of a value of `codes` → the code that is stored.

    An alias that ends in `*` stands for all values with that prefix; it is returned unchanged.
    """
    return {written: code.code for code in codes.codes for written in _written(code)}


def table_schema(dataset: Dataset) -> dict[str, Any]:
    """The Table Schema of `dataset` in the published datapackage.json (Data Package 2.0).

    It declares only what holds for the published file: without foreign keys of severity warning,
    and without unique keys over masked names, since two people may share a masked name.
    """
    schema: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [_field_descriptor(column) for column in published_columns(dataset)],
    }
    if dataset.primary_key:
        schema["primaryKey"] = list(dataset.primary_key)
    open_fields = {c.name for c in dataset.columns if c.privacy == "public"}
    unique = [list(key) for key in dataset.unique_keys if open_fields.issuperset(key)]
    if unique:
        schema["uniqueKeys"] = unique
    foreign = [key for key in dataset.foreign_keys if key.severity == "error"]
    if foreign:
        schema["foreignKeys"] = [
            {
                "fields": list(key.fields),
                "reference": {"resource": key.dataset, "fields": list(key.reference_fields)},
            }
            for key in foreign
        ]
    return schema


def _field_descriptor(column: Column) -> dict[str, Any]:
    descriptor = {
        "name": column.name,
        "title": column.title,
        "title_en": column.title_en,
        "description": column.description,
        "description_en": column.description_en,
        "type": column.type,
        "constraints": dict(column.constraints),
        "example": column.example,
        "gongshi:kind": column.kind,
        "gongshi:keep_blanks": column.keep_blanks,
        "gongshi:aliases": list(column.aliases),
        "gongshi:unit": column.unit,
        "gongshi:codes": column.codes,
        "gongshi:separator": column.separator,
        "gongshi:privacy": "masked" if column.privacy == "masked" else "",
        "gongshi:masked_when": {name: list(which) for name, which in column.masked_when.items()},
        "gongshi:heaviest_of": column.heaviest_of,
    }
    return {key: value for key, value in descriptor.items() if value}


# ---------------------------------------------------------------- from YAML to the dataclasses


def _documents(folder: Path, profile: Mapping[str, Any]) -> dict[str, Document]:
    """Every dataset's YAML by the dataset's name, each valid by the JSON Schema `profile`."""
    documents: dict[str, Document] = {}
    for file in sorted(folder.glob("*.yaml")):
        if file.name == "package.yaml":
            continue
        document = Document.read(file)
        check_profile(document, profile)
        name = document.data["name"]
        if name in documents:
            other = documents[name].file.name
            raise document.broken(("name",), "contract-doubled-dataset", value=name, other=other)
        documents[name] = document
    return documents


def _dataset(folder: Path, document: Document) -> Dataset:
    data, file = document.data, f"{folder.name}/{document.file.name}"
    schema = data["schema"]
    return Dataset(
        name=data["name"],
        title=data["title"],
        title_en=data["title_en"],
        description=data.get("description", ""),
        description_en=data.get("description_en", ""),
        columns=tuple(map(_column, schema["fields"])),
        primary_key=tuple(schema.get("primaryKey", ())),
        unique_keys=tuple(map(tuple, schema.get("uniqueKeys", ()))),
        foreign_keys=tuple(map(_foreign_key, schema.get("foreignKeys", ()))),
        rules=tuple(_rule_uses(document, file)),
        search=tuple(data.get("gongshi:search", ())),
        facets=tuple(data.get("gongshi:facets", ())),
        sort=data.get("gongshi:sort", ""),
        label=data.get("gongshi:label", ""),
        identity=tuple(data.get("gongshi:identity", ())),
        produced=data.get("gongshi:produced", "gongshi:query" in data),
        query=trusted(data.get("gongshi:query", "")),
        order=data.get("gongshi:order", 1000),
        expect=data.get("gongshi:expect", {}),
        file=file,
    )


def _column(data: Mapping[str, Any]) -> Column:
    keys = {key.removeprefix("gongshi:"): value for key, value in data.items()}
    keys["aliases"] = tuple(keys.get("aliases", ()))
    if "masked_when" in keys:
        keys["masked_when"] = {name: tuple(which) for name, which in keys["masked_when"].items()}
    if keys["kind"] == "choices":
        keys.setdefault("separator", ";")
    return Column(**keys)


def _foreign_key(data: Mapping[str, Any]) -> ForeignKey:
    reference = data["reference"]
    severity = data.get("gongshi:severity", "error")
    return ForeignKey(
        tuple(data["fields"]), reference["resource"], tuple(reference["fields"]), severity
    )


def _rule_uses(document: Document, file: str) -> Iterator[RuleUse]:
    for i, use in enumerate(document.data.get("gongshi:rules", ())):
        params = {key: value for key, value in use.items() if key != "rule"}
        yield RuleUse(use["rule"], params, file, document.line(("gongshi:rules", i)))


# ---------------------------------------------------------------- code lists


def _written(code: Code) -> tuple[str, ...]:
    return (code.code, code.label, *code.aliases)


def _read_codes(file: Path) -> CodeList:
    """Read one code list. Its rows' order is kept: some lists are ordered by weight."""
    with io.StringIO(read_text(file), newline="") as text:
        rows = csv.reader(text)
        header = next(rows, [])
        if header[: len(CODE_HEADER)] != CODE_HEADER:
            raise broken_at(file, 1, "contract-codes-header", known=",".join(CODE_HEADER))
        codes: dict[str, Code] = {}
        owners: dict[str, str] = {}
        for row in rows:
            if len(row) != len(header) or not row[0] or not row[1]:
                raise broken_at(file, rows.line_num, "contract-codes-row")
            code = _code(row)
            if code.code in codes:
                raise _codes_doubled(file, rows.line_num, code.code, code.code, code.code)
            codes[code.code] = code
            for written in set(_written(code)):
                owner = owners.setdefault(written, code.code)
                if owner != code.code:
                    raise _codes_doubled(file, rows.line_num, written, owner, code.code)
    return CodeList(file.stem, tuple(codes.values()))


def _code(row: list[str]) -> Code:
    code, label, label_en, aliases, valid_from, valid_to = row[: len(CODE_HEADER)]
    listed = tuple(alias for alias in aliases.split("|") if alias)
    return Code(code, label, label_en or label, listed, valid_from, valid_to)


def _codes_doubled(file: Path, line: int, value: str, other: str, now: str) -> UsageError:
    return broken_at(file, line, "contract-codes-doubled", value=value, other=other, field=now)


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.suffix in {".yaml", ".csv", ".json"}):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
