"""Reads and checks a file of `datapackage/`: YAML with line numbers.

Only for `pipeline.contract.catalog`. Every mistake raises `UsageError`, whose one sentence names
the file, the line, what is wrong and what to do (pipeline/messages/catalog.yaml).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from pipeline.base.errors import UsageError
from pipeline.base.model import CodeList, Column, Dataset, ForeignKey, RuleUse
from pipeline.base.words import language, say

# yaml and jsonschema are imported where they are used: a contract from the cache needs neither.
if TYPE_CHECKING:
    import yaml
    from jsonschema import ValidationError

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

_KIND_NEEDS = {"choice": "gongshi:codes", "choices": "gongshi:codes", "money": "gongshi:unit"}
_TEXT_ONLY = {"pattern", "minLength", "maxLength"}
_NOT_TEXT = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
Where = tuple[str | int, ...]


class Parametrised(Protocol):
    """A rule, as far as the contract needs it: the fields of dataclass `takes` are its parameters."""

    @property
    def takes(self) -> type[Any]:
        """A dataclass whose fields are the rule's parameters."""


def broken_at(file: Path, line: int, message: str, **params: Any) -> UsageError:
    """The error for a mistake in `file` at `line` (0: the whole file); `message` is its key."""
    return UsageError(say(message, language(), file=file, line=line, **params))


def read_text(file: Path) -> str:
    """The text of `file` in UTF-8, with or without a byte order mark; UsageError where it is not."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise broken_at(file, line, "contract-not-text") from error


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain data, with the line of each of its keys and items."""

    file: Path
    data: Any
    lines: dict[Where, int] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Document:
        """Read `file`. UsageError where it is not UTF-8 or not YAML, or has a key twice."""
        import yaml

        try:
            root = yaml.compose(read_text(file), Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise broken_at(file, line, "contract-broken-yaml", problem=error.problem) from error
        except yaml.YAMLError as error:
            raise broken_at(file, 1, "contract-broken-yaml", problem=error) from error
        lines: dict[Where, int] = {}
        return cls(file, _plain(file, root, (), lines) if root else {}, lines)

    def line(self, where: Where) -> int:
        """The line of `where`, or of the nearest key or item around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def broken(self, where: Where, message: str, **params: Any) -> UsageError:
        """The error for a mistake at `where`; `message` is its key."""
        return broken_at(self.file, self.line(where), message, **params)


def _scalar(node: yaml.Node) -> Any:
    """A scalar as int, float, bool, None or text. Dates stay text, in ISO 8601."""
    tag, text = node.tag.rpartition(":")[2], node.value
    if tag == "bool":
        return text.lower() in {"true", "yes", "on"}
    if tag == "null":
        return None
    try:
        return {"int": int, "float": float}.get(tag, str)(text)
    except ValueError:  # a number as only YAML writes it, such as 1:30
        return text


def _plain(file: Path, node: yaml.Node, where: Where, lines: dict[Where, int]) -> Any:
    import yaml

    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, item, (*where, i), lines) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    found: dict[str, Any] = {}
    for key_node, value in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in found:
            raise broken_at(file, line, "contract-doubled-key", key=key)
        lines[(*where, key)] = line
        found[key] = _plain(file, value, (*where, key), lines)
    return found


# ---------------------------------------------------------------- the profile


def check_profile(document: Document, profile: Mapping[str, Any]) -> None:
    """Validate `document` by a JSON Schema. UsageError for the mistake that is first in the file."""
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(profile).iter_errors(document.data)
    errors_found = sorted((_profile_error(document, error) for error in errors), key=lambda e: e[0])
    if errors_found:
        raise errors_found[0][1]


def _profile_error(document: Document, error: ValidationError) -> tuple[int, UsageError]:
    """(line, error) of one violation of the profile."""
    where: Where = tuple(error.absolute_path)
    found, wanted = cast(Any, error.instance), cast(Any, error.validator_value)
    key = next((step for step in reversed(where) if isinstance(step, str)), document.file.name)
    params: dict[str, Any] = {"key": key, "problem": error.message}
    message = "contract-bad-value"
    if error.validator == "additionalProperties":
        known = cast(Any, error.schema)["properties"]
        extra = next(name for name in found if name not in known)
        where, message = (*where, extra), "contract-unknown-key"
        params = {"key": extra, "known": listed(known)}
    elif error.validator == "required":
        missing = next(name for name in wanted if name not in found)
        params, message = {"key": missing}, "contract-missing-key"
    elif error.validator == "enum":
        message = "contract-not-listed"
        params |= {"value": found, "known": listed(wanted)}
    return document.line(where), document.broken(where, message, **params)


def listed(names: Collection[Any]) -> str:
    """`names` as an enumeration in the user's language."""
    return "、".join(map(str, names)) if language() == "zh" else ", ".join(map(str, names))


# ---------------------------------------------------------------- what a JSON Schema cannot say


def check(
    document: Document,
    dataset: Dataset,
    datasets: Mapping[str, Dataset],
    codes: Mapping[str, CodeList],
    rules: Mapping[str, Parametrised] | None,
) -> None:
    """Check what a JSON Schema cannot express: references to fields, codes, datasets and rules.

    UsageError at the first mistake. `rules`: as in `pipeline.contract.catalog.load`.
    """
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
                known=listed(sorted(rules)),
            )
        if rules is not None:
            _check_parameters(document, ("gongshi:rules", i), use, rules[use.rule])


def _check_parameters(document: Document, where: Where, use: RuleUse, rule: Parametrised) -> None:
    """A rule gets all parameters that it requires, and none that it does not have."""
    parameters = {f.name: f.default is MISSING for f in fields(rule.takes)}
    for name in use.params:
        if name not in parameters:
            known = listed(parameters)
            raise document.broken((*where, name), "contract-unknown-key", key=name, known=known)
    for name, is_needed in parameters.items():
        if is_needed and name not in use.params:
            raise document.broken(where, "contract-missing-key", key=name)


def _check_column(
    document: Document, where: Where, column: Column, codes: Mapping[str, CodeList]
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
            known=listed(sorted(codes)),
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


def _check_headers(document: Document, dataset: Dataset) -> None:
    """No field is defined twice, and no header belongs to two fields."""
    names: set[str] = set()
    owners: dict[str, str] = {}
    for i, column in enumerate(dataset.columns):
        where: Where = ("schema", "fields", i)
        if column.name in names:
            raise document.broken((*where, "name"), "contract-doubled-field", value=column.name)
        names.add(column.name)
        places = {(*where, "name"): column.name, (*where, "title"): column.title}
        places[(*where, "title_en")] = column.title_en
        places |= {(*where, "gongshi:aliases", j): a for j, a in enumerate(column.aliases)}
        for place, header in places.items():
            owner = owners.setdefault(plain_header(header), column.name)
            if owner != column.name:
                raise document.broken(
                    place, "contract-doubled-alias", value=header, other=owner, field=column.name
                )


def plain_header(header: str) -> str:
    """The form in which two headers of the contract count as the same."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", header)).casefold()


def _references(data: Mapping[str, Any]) -> Iterator[tuple[Where, list[str]]]:
    """(place, fields) for every list of this dataset's own fields in its contract."""
    schema = data["schema"]
    yield ("schema", "primaryKey"), schema.get("primaryKey", [])
    for i, key in enumerate(schema.get("uniqueKeys", ())):
        yield ("schema", "uniqueKeys", i), key
    for i, key in enumerate(schema.get("foreignKeys", ())):
        yield ("schema", "foreignKeys", i, "fields"), key["fields"]
    for name in ("gongshi:identity", "gongshi:search", "gongshi:facets"):
        yield (name,), data.get(name, [])
    for i, use in enumerate(data.get("gongshi:rules", ())):
        yield ("gongshi:rules", i, "field"), [use["field"]] if "field" in use else []
        yield ("gongshi:rules", i, "fields"), use.get("fields", [])
    for i, column in enumerate(schema["fields"]):
        where: Where = ("schema", "fields", i)
        yield (*where, "gongshi:masked_when"), list(column.get("gongshi:masked_when", ()))
        of = column.get("gongshi:heaviest_of")
        yield (*where, "gongshi:heaviest_of"), [of] if of else []
        yield (*where, "gongshi:term"), list(column.get("gongshi:term", {}).values())
    lapses = data.get("gongshi:expect", {}).get("lapses", {})
    yield ("gongshi:expect", "lapses"), [lapses["field"]] if lapses else []
    for name in ("gongshi:sort", "gongshi:label"):
        yield (name,), [data[name].removeprefix("-")] if name in data else []


def _check_fields(document: Document, where: Where, names: list[str], dataset: Dataset) -> None:
    known = {column.name: column.privacy for column in dataset.columns}
    for i, name in enumerate(names):
        if name not in known:
            raise document.broken(
                (*where, i),
                "contract-unknown-field",
                dataset=dataset.name,
                value=name,
                known=listed(known),
            )
        # A keyed hash and a rule reveal no value; everywhere else a never-field would be published.
        hidden = known[name] == "never"
        if hidden and where[0] not in ("gongshi:identity", "gongshi:rules"):
            key = next(step for step in reversed(where) if isinstance(step, str))
            raise document.broken((*where, i), "contract-hidden-field", value=name, key=key)


def _check_foreign_key(
    document: Document, where: Where, key: ForeignKey, datasets: Mapping[str, Dataset]
) -> None:
    at: Where = (*where, "reference")
    if key.dataset not in datasets:
        known = listed(sorted(datasets))
        at = (*at, "resource")
        raise document.broken(at, "contract-unknown-dataset", value=key.dataset, known=known)
    if len(key.fields) != len(key.reference_fields):
        raise document.broken(where, "contract-foreign-width")
    _check_fields(document, (*at, "fields"), list(key.reference_fields), datasets[key.dataset])
