"""The only reader of `datapackage/`, the contract that everything else derives from.

A mistake in the contract stops the run at once: `UsageError`, whose one sentence names the file,
the line, what is wrong and what to do. What each key means: docs/authoring.md.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator, ValidationError

from pipeline.errors import UsageError
from pipeline.model import Catalog, Code, CodeList, Column, Dataset, ForeignKey, RuleUse
from pipeline.words import language, say

KIND_TYPES: Mapping[str, str] = {
    "text": "string",
    "name": "string",
    "organisation": "string",
    "document-number": "string",
    "date": "date",
    "money": "number",
    "code": "string",
    "social-credit-code": "string",
    "choice": "string",
    "choices": "string",
    "integer": "integer",
    "number": "number",
    "year": "integer",
    "url": "string",
}
"""Every kind of value that intake can make canonical, and the Table Schema type it is stored as."""

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
"""What every published record of an input dataset keeps of where it came from."""

CODE_HEADER = ["code", "label", "label_en", "aliases", "valid_from", "valid_to"]
_KIND_NEEDS = {"choice": "gongshi:codes", "choices": "gongshi:codes", "money": "gongshi:unit"}
_TEXT_ONLY = {"pattern", "minLength", "maxLength"}
_NOT_TEXT = {"minimum", "maximum"}
_Where = tuple[str | int, ...]


def load(folder: Path, rules: Collection[str] | None = None) -> Catalog:
    """Read the contract under `folder`; `rules` are the names a dataset may use (None: any).

    Raises `UsageError` at the first mistake. Datasets come in their `gongshi:order`.
    """
    for needed in (folder, folder / "package.yaml", folder / "profile.json"):
        if not needed.exists():
            raise _broken(needed, 0, "contract-missing")
    package = _read_package(folder / "package.yaml")
    profile = Draft202012Validator(json.loads((folder / "profile.json").read_text("utf-8")))
    codes = {f.stem: _read_codes(f) for f in sorted((folder / "codes").glob("*.csv"))}
    documents: dict[str, _Document] = {}
    for file in sorted(folder.glob("*.yaml")):
        if file.name == "package.yaml":
            continue
        document = _Document.read(file)
        _check_profile(document, profile)
        name = document.data["name"]
        if name in documents:
            other = documents[name].file.name
            raise document.broken(("name",), "contract-doubled-dataset", value=name, other=other)
        documents[name] = document
    datasets = {name: _dataset(folder, document) for name, document in documents.items()}
    for name, dataset in datasets.items():
        _check(documents[name], dataset, datasets, codes, rules)
    ordered = sorted(datasets.values(), key=lambda d: (d.order, d.name))
    return Catalog(package, {d.name: d for d in ordered}, codes, _version(folder))


def published_columns(dataset: Dataset) -> tuple[Column, ...]:
    """The columns of the published table in their order: never-fields out, origin at the end."""
    return dataset.published if dataset.produced else dataset.published + ORIGIN


def spellings(codes: CodeList) -> dict[str, str]:
    """Every way a value of `codes` may be written, to the code that is stored.

    An alias that ends in `*` stands for all values that begin so; it is given as it is.
    """
    return {written: code.code for code in codes.codes for written in _written(code)}


def table_schema(dataset: Dataset) -> dict[str, Any]:
    """The Table Schema of `dataset` as the published datapackage.json holds it.

    Only what the published file keeps is promised there: a foreign key that is a mere warning is
    left out, and so is a unique key over masked names, since two people may share a masked name.
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
        "gongshi:aliases": list(column.aliases),
        "gongshi:unit": column.unit,
        "gongshi:codes": column.codes,
        "gongshi:separator": column.separator,
        "gongshi:privacy": "masked" if column.privacy == "masked" else "",
    }
    return {key: value for key, value in descriptor.items() if value}


# ---------------------------------------------------------------- YAML with line numbers


def _broken(file: Path, line: int, message: str, **params: Any) -> UsageError:
    return UsageError(say(message, language(), file=file.as_posix(), line=line, **params))


@dataclass(frozen=True, slots=True)
class _Document:
    """A YAML file as plain data, with the line that each of its keys and items stands on."""

    file: Path
    data: Any
    lines: dict[_Where, int] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> _Document:
        try:
            root = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise _broken(file, line, "contract-broken-yaml", problem=error.problem) from error
        except yaml.YAMLError as error:
            raise _broken(file, 1, "contract-broken-yaml", problem=error) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise _broken(file, line, "contract-not-text") from error
        lines: dict[_Where, int] = {}
        return cls(file, _plain(file, root, (), lines) if root else {}, lines)

    def line(self, where: _Where) -> int:
        """The line of `where`, or of the nearest thing around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def broken(self, where: _Where, message: str, **params: Any) -> UsageError:
        return _broken(self.file, self.line(where), message, **params)


_SCALARS: dict[str, Callable[[str], Any]] = {
    "int": lambda text: int(text, 0),
    "float": float,
    "bool": lambda text: text.lower() in {"true", "yes", "on"},
    "null": lambda text: None,
}  # everything else stays text, dates too: the contract's dates are ISO text


def _plain(file: Path, node: yaml.Node, where: _Where, lines: dict[_Where, int]) -> Any:
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, item, (*where, i), lines) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _SCALARS.get(node.tag.rpartition(":")[2], str)(node.value)
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if str(key.value) in found:
            raise _broken(file, line, "contract-doubled-key", key=key.value)
        lines[(*where, key.value)] = line
        found[key.value] = _plain(file, value, (*where, key.value), lines)
    return found


def _read_package(file: Path) -> Mapping[str, Any]:
    document = _Document.read(file)
    for key in ("name", "title", "title_en", "licenses"):
        if not isinstance(document.data, dict) or key not in document.data:
            raise document.broken((), "contract-missing-key", key=key)
    return dict(document.data)


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.suffix in {".yaml", ".csv", ".json"}):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


# ---------------------------------------------------------------- the profile


def _check_profile(document: _Document, profile: Draft202012Validator) -> None:
    errors = list(profile.iter_errors(document.data))
    if errors:
        raise min((_profile_error(document, error) for error in errors), key=lambda e: e[0])[1]


def _profile_error(document: _Document, error: ValidationError) -> tuple[int, UsageError]:
    """The line of one violation of the profile and the sentence about it."""
    where: _Where = tuple(error.absolute_path)
    found, wanted = cast(Any, error.instance), cast(Any, error.validator_value)
    key = next((step for step in reversed(where) if isinstance(step, str)), document.file.name)
    params: dict[str, Any] = {"key": key, "problem": error.message}
    message = "contract-bad-value"
    if error.validator == "additionalProperties":
        known = cast(Any, error.schema)["properties"]
        extra = next(name for name in found if name not in known)
        where, message = (*where, extra), "contract-unknown-key"
        params = {"key": extra, "known": _listed(known)}
    elif error.validator == "required":
        missing = next(name for name in wanted if name not in found)
        params, message = {"key": missing}, "contract-missing-key"
    elif error.validator == "enum":
        message = "contract-not-listed"
        params |= {"value": found, "known": _listed(wanted)}
    return document.line(where), document.broken(where, message, **params)


def _listed(names: Collection[Any]) -> str:
    return "、".join(map(str, names)) if language() == "zh" else ", ".join(map(str, names))


# ---------------------------------------------------------------- from YAML to the dataclasses


def _dataset(folder: Path, document: _Document) -> Dataset:
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
        produced=data.get("gongshi:produced", False),
        order=data.get("gongshi:order", 1000),
        expect=data.get("gongshi:expect", {}),
        file=file,
    )


def _column(data: Mapping[str, Any]) -> Column:
    keys = {key.removeprefix("gongshi:"): value for key, value in data.items()}
    keys["aliases"] = tuple(keys.get("aliases", ()))
    if keys["kind"] == "choices":
        keys.setdefault("separator", ";")
    return Column(**keys)


def _foreign_key(data: Mapping[str, Any]) -> ForeignKey:
    reference = data["reference"]
    severity = data.get("gongshi:severity", "error")
    return ForeignKey(
        tuple(data["fields"]), reference["resource"], tuple(reference["fields"]), severity
    )


def _rule_uses(document: _Document, file: str) -> Iterator[RuleUse]:
    for i, use in enumerate(document.data.get("gongshi:rules", ())):
        params = {key: value for key, value in use.items() if key != "rule"}
        yield RuleUse(use["rule"], params, file, document.line(("gongshi:rules", i)))


# ---------------------------------------------------------------- what a JSON Schema cannot say


def _check(
    document: _Document,
    dataset: Dataset,
    datasets: Mapping[str, Dataset],
    codes: Mapping[str, CodeList],
    rules: Collection[str] | None,
) -> None:
    for i, column in enumerate(dataset.columns):
        _check_column(document, ("schema", "fields", i), column, codes)
    _check_headers(document, dataset)
    for where, names in _references(document.data):
        _check_fields(document, where, names, dataset)
    for i, key in enumerate(dataset.foreign_keys):
        _check_foreign_key(document, ("schema", "foreignKeys", i), key, datasets)
    for i, use in enumerate(dataset.rules):
        if rules is not None and use.rule not in rules:
            raise document.broken(
                ("gongshi:rules", i, "rule"),
                "contract-unknown-rule",
                value=use.rule,
                known=_listed(sorted(rules)),
            )


def _check_column(
    document: _Document, where: _Where, column: Column, codes: Mapping[str, CodeList]
) -> None:
    needed = _KIND_NEEDS.get(column.kind)
    if needed and needed not in document.data["schema"]["fields"][where[-1]]:
        raise document.broken(where, "contract-kind-needs", kind=column.kind, key=needed)
    if column.type != KIND_TYPES[column.kind]:
        raise document.broken(
            (*where, "type"), "contract-kind-type", kind=column.kind, type=KIND_TYPES[column.kind]
        )
    if column.codes and column.codes not in codes:
        raise document.broken(
            (*where, "gongshi:codes"),
            "contract-unknown-codes",
            value=column.codes,
            known=_listed(sorted(codes)),
        )
    for constraint in column.constraints:
        if constraint in (_NOT_TEXT if column.type == "string" else _TEXT_ONLY):
            raise document.broken(
                (*where, "constraints", constraint),
                "contract-constraint-type",
                key=constraint,
                type=column.type,
            )
    try:
        re.compile(column.constraints.get("pattern", ""))
    except re.error as error:
        at = (*where, "constraints", "pattern")
        raise document.broken(at, "contract-bad-value", key="pattern", problem=error) from error


def _check_headers(document: _Document, dataset: Dataset) -> None:
    """No field twice, and no header that could be meant for two fields or is listed twice."""
    names: set[str] = set()
    owners: dict[str, str] = {}
    for i, column in enumerate(dataset.columns):
        where: _Where = ("schema", "fields", i)
        if column.name in names:
            raise document.broken((*where, "name"), "contract-doubled-field", value=column.name)
        names.add(column.name)
        places = {(*where, "name"): column.name, (*where, "title"): column.title}
        places |= {(*where, "gongshi:aliases", j): a for j, a in enumerate(column.aliases)}
        for place, header in places.items():
            owner = owners.setdefault(_plain_header(header), column.name)
            if owner != column.name:
                raise document.broken(
                    place, "contract-doubled-alias", value=header, other=owner, field=column.name
                )


def _plain_header(header: str) -> str:
    return re.sub(r"[\s_]", "", unicodedata.normalize("NFKC", header)).casefold()


def _references(data: Mapping[str, Any]) -> Iterator[tuple[_Where, list[str]]]:
    """Every list of this dataset's own fields that the contract names, with where it stands."""
    schema = data["schema"]
    yield ("schema", "primaryKey"), schema.get("primaryKey", [])
    for i, key in enumerate(schema.get("uniqueKeys", ())):
        yield ("schema", "uniqueKeys", i), key
    for i, key in enumerate(schema.get("foreignKeys", ())):
        yield ("schema", "foreignKeys", i, "fields"), key["fields"]
    for name in ("gongshi:identity", "gongshi:search", "gongshi:facets"):
        yield (name,), data.get(name, [])
    for name in ("gongshi:sort", "gongshi:label"):
        yield (name,), [data[name].removeprefix("-")] if name in data else []


def _check_fields(document: _Document, where: _Where, names: list[str], dataset: Dataset) -> None:
    known = {column.name: column.privacy for column in dataset.columns}
    for i, name in enumerate(names):
        if name not in known:
            raise document.broken(
                (*where, i),
                "contract-unknown-field",
                dataset=dataset.name,
                value=name,
                known=_listed(known),
            )
        # The hash of an identity reveals nothing; everywhere else a never-field would show.
        if known[name] == "never" and where != ("gongshi:identity",):
            key = next(step for step in reversed(where) if isinstance(step, str))
            raise document.broken((*where, i), "contract-hidden-field", value=name, key=key)


def _check_foreign_key(
    document: _Document, where: _Where, key: ForeignKey, datasets: Mapping[str, Dataset]
) -> None:
    at: _Where = (*where, "reference")
    if key.dataset not in datasets:
        known = _listed(sorted(datasets))
        at = (*at, "resource")
        raise document.broken(at, "contract-unknown-dataset", value=key.dataset, known=known)
    if len(key.fields) != len(key.reference_fields):
        raise document.broken(where, "contract-foreign-width")
    _check_fields(document, (*at, "fields"), list(key.reference_fields), datasets[key.dataset])


# ---------------------------------------------------------------- code lists


def _written(code: Code) -> tuple[str, ...]:
    return (code.code, code.label, *code.aliases)


def _read_codes(file: Path) -> CodeList:
    """Read one code list; its rows' order is kept, since for some lists it carries a meaning."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text)
        header = next(rows, [])
        if header[: len(CODE_HEADER)] != CODE_HEADER:
            raise _broken(file, 1, "contract-codes-header", known=",".join(CODE_HEADER))
        codes: list[Code] = []
        owners: dict[str, str] = {}
        for row in rows:
            if len(row) != len(header) or not row[0] or not row[1]:
                raise _broken(file, rows.line_num, "contract-codes-row")
            code = _code(row)
            if any(code.code == other.code for other in codes):
                raise _codes_doubled(file, rows.line_num, code.code, code.code, code.code)
            codes.append(code)
            for written in set(_written(code)):
                owner = owners.setdefault(written, code.code)
                if owner != code.code:
                    raise _codes_doubled(file, rows.line_num, written, owner, code.code)
    return CodeList(file.stem, tuple(codes))


def _code(row: list[str]) -> Code:
    code, label, label_en, aliases, valid_from, valid_to = row[: len(CODE_HEADER)]
    listed = tuple(alias for alias in aliases.split("|") if alias)
    return Code(code, label, label_en or label, listed, valid_from, valid_to)


def _codes_doubled(file: Path, line: int, value: str, other: str, now: str) -> UsageError:
    return _broken(file, line, "contract-codes-doubled", value=value, other=other, field=now)
