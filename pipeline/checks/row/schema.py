"""Table Schema over whole columns: types, formats and constraints of canonical text.

Each check gives a mask, true where a cell is broken. Blank cells break `required` and nothing else.
What contracts say is judged column by column; any other type, format or constraint of the standard
is left to frictionless's own cell reader, which sees each distinct value once. Source of the rules:
Table Schema (Data Package v2), https://datapackage.org/standard/table-schema/
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.model import Column

#: Canonical text that is of its type without a further look. RE2 syntax.
_SURELY = {
    "date": r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$",
    "number": r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$",
    "integer": r"^[+-]?\d+$",
    "year": r"^\d{4}$",
    "boolean": r"^(?:true|True|TRUE|1|false|False|FALSE|0)$",
}

#: What leaves a normaliser, by the column's kind; all else is a finding. RE2 syntax.
_CANONICAL = {
    "money": r"^-?\d+\.\d\d$",
    "integer": r"^(?:0|-?[1-9]\d*)$",
    "number": r"^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$",
    "year": r"^[1-9]\d{3}$",
}

#: What is judged over whole columns; `required` of all types besides.
_BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
_BY_COLUMN: dict[str, set[str]] = {
    "string": {"pattern", "enum", "minLength", "maxLength"},
    "any": set(),
    "boolean": set(),
    "date": _BOUNDS,
    "integer": _BOUNDS,
    "number": _BOUNDS,
    "year": _BOUNDS,
}
RULES = {
    "minLength": "min-length",
    "maxLength": "max-length",
    "exclusiveMinimum": "exclusive-minimum",
    "exclusiveMaximum": "exclusive-maximum",
}  # constraint → rule, where they are not called the same


@dataclass(frozen=True, slots=True)
class Breach:
    """A check that some cells of a column do not pass."""

    rule: str
    mask: pa.BooleanArray
    params: dict[str, Any] = field(default_factory=dict)


def breaches(column: Column, cells: pa.Array, codes: frozenset[str] | None) -> Iterator[Breach]:
    """Every check of `column` that `cells` (canonical text, "" where blank) break somewhere.

    `codes`: the entries of the column's code list, None where it has none.
    """
    if not _is_by_column(column):
        yield from _by_reader(column, cells)
        return
    blank = pc.equal(cells, "")
    if blank.false_count == 0:
        if column.constraints.get("required") and len(cells):
            yield Breach("required", blank)
        return
    for breach in _all(column, cells, blank, codes):
        mask = breach.mask
        if mask.true_count and breach.rule != "required":
            mask = pc.and_not(mask, blank)
        if mask.true_count:
            yield Breach(breach.rule, mask, breach.params)


def _all(
    column: Column, cells: pa.Array, blank: pa.Array, codes: frozenset[str] | None
) -> Iterator[Breach]:
    limits = column.constraints
    if limits.get("required"):
        yield Breach("required", blank)
    typed = of_type(column, cells)
    if typed is not None:
        yield Breach("type", pc.invert(typed), {"type": column.type})
    if codes is not None:
        yield Breach("code-unknown", pc.invert(_in_list(column, cells, codes)))
    if "pattern" in limits:
        yield Breach(
            "pattern", pc.invert(matches(cells, limits["pattern"])), {"pattern": limits["pattern"]}
        )
    if "enum" in limits:
        allowed = [str(v) for v in limits["enum"]]
        yield Breach(
            "enum",
            pc.invert(pc.is_in(cells, pa.array(allowed, pa.string()))),
            {"allowed": "、".join(allowed)},
        )
    if "minLength" in limits:
        yield Breach(
            "min-length",
            pc.less(pc.utf8_length(cells), limits["minLength"]),
            {"limit": limits["minLength"]},
        )
    if "maxLength" in limits and pc.max(pc.binary_length(cells)).as_py() > limits["maxLength"]:
        yield Breach(
            "max-length",
            pc.greater(pc.utf8_length(cells), limits["maxLength"]),
            {"limit": limits["maxLength"]},
        )
    for key in _BEYOND:
        if key in limits:
            beyond = _beyond(column, cells, typed, limits[key], key)
            yield Breach(RULES.get(key, key), beyond, {"limit": limits[key]})


def not_canonical(column: Column, cells: pa.Array) -> Iterator[Breach]:
    """Cells that are of their type and yet not in the form in which stores hold it: `+5`, `1E5`.

    A normaliser makes each canonical that it knows, so what is left is not published.
    """
    pattern = _CANONICAL.get(column.kind)
    if pattern is None:
        return
    odd = pc.invert(pc.or_(pc.match_substring_regex(cells, pattern), pc.equal(cells, "")))
    if odd.true_count and (typed := of_type(column, cells)) is not None:
        odd = pc.and_(odd, typed)
    if odd.true_count:
        yield Breach("type", odd, {"type": column.type})


def _is_by_column(column: Column) -> bool:
    if column.type not in _BY_COLUMN or column.format != "default" or column.options:
        return False
    return set(column.constraints) <= {"required", "unique", *_BY_COLUMN[column.type]}


def _by_reader(column: Column, cells: pa.Array) -> Iterator[Breach]:
    """The errors of frictionless's cell reader for each distinct value, by kind."""
    read = _field(column).create_cell_reader()
    distinct = cells.dictionary_encode()
    notes: list[dict[str, str]] = [read(v)[1] or {} for v in distinct.dictionary.to_pylist()]
    for kind in dict.fromkeys(kind for each in notes for kind in each):
        broken = pa.array([kind in each for each in notes], pa.bool_())
        yield Breach(RULES.get(kind, kind), broken.take(distinct.indices), _params(column, kind))


def _params(column: Column, kind: str) -> dict[str, Any]:
    """What the message of a broken `type` or constraint is filled with."""
    limit = column.constraints.get(kind)
    allowed = "、".join(map(str, limit)) if kind == "enum" and limit else ""
    return {"type": column.type, "pattern": limit, "allowed": allowed, "limit": limit}


def _field(column: Column) -> Any:
    """The column as frictionless knows it."""
    from frictionless import Field

    descriptor = {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "constraints": dict(column.constraints),
    }
    return Field.from_descriptor({**descriptor, **column.options})


def of_type(column: Column, cells: pa.Array) -> pa.Array | None:
    """True where a cell is a value of the column's type; None where any text is."""
    if column.type in ("string", "any") and column.format == "default":
        return None
    sure = _SURELY.get(column.type) if column.format == "default" else None
    good = pc.match_substring_regex(cells, sure) if sure else pa.array([False] * len(cells))
    rest = pc.invert(pc.or_(good, pc.equal(cells, "")))
    if not rest.true_count:
        return good
    distinct = cells.filter(rest).dictionary_encode()
    judged = pa.array([_is_value(column, v) for v in distinct.dictionary.to_pylist()], pa.bool_())
    return pc.replace_with_mask(good, rest, judged.take(distinct.indices))


def _is_value(column: Column, value: str) -> bool:
    """The slow, exact test: dates by the calendar, everything else by frictionless's cell reader."""
    if column.type == "date" and column.format == "default":
        try:
            return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) and date.fromisoformat(value))
        except ValueError:
            return False
    return _field(column).read_cell(value)[0] is not None


def matches(cells: pa.Array, pattern: str) -> pa.Array:
    """True where the whole cell matches `pattern`, by RE2 where it knows the syntax,
    else by Python.
    """
    whole = f"^(?:{pattern})$"
    try:
        return pc.match_substring_regex(cells, whole)
    except pa.ArrowInvalid:
        compiled = re.compile(pattern)
        distinct = cells.dictionary_encode()
        judged = [compiled.fullmatch(v) is not None for v in distinct.dictionary.to_pylist()]
        return pa.array(judged, pa.bool_()).take(distinct.indices)


def _in_list(column: Column, cells: pa.Array, codes: frozenset[str]) -> pa.Array:
    known = pa.array(sorted(codes), pa.string())
    if not column.separator:
        return pc.is_in(cells, known)
    distinct = cells.dictionary_encode()
    judged = [set(v.split(column.separator)) <= codes for v in distinct.dictionary.to_pylist()]
    return pa.array(judged, pa.bool_()).take(distinct.indices)


def _beyond(
    column: Column, cells: pa.Array, typed: pa.Array | None, limit: Any, key: str
) -> pa.Array:
    """True where a value of the right type is outside `limit`; dates compare as ISO text."""
    compare = _BEYOND[key][0]
    if column.type == "date":
        beyond = compare(cells, str(limit))
        return beyond if typed is None else pc.and_(beyond, typed)
    # A value that is not of its type is reported as such; it has no size to compare.
    plain = pc.and_(typed, pc.match_substring_regex(cells, _PLAIN_NUMBER))
    exact = pc.cast(pc.if_else(plain, cells, "0"), pa.decimal128(38, 6))
    beyond = pc.and_(compare(exact, pa.scalar(Decimal(str(limit)), pa.decimal128(38, 6))), plain)
    rest = pc.and_(typed, pc.invert(pc.or_(plain, pc.equal(cells, ""))))
    if not pc.any(rest).as_py():
        return beyond
    distinct = cells.filter(rest).dictionary_encode()
    judged = [_outside(v, Decimal(str(limit)), key) for v in distinct.dictionary.to_pylist()]
    return pc.replace_with_mask(beyond, rest, pa.array(judged, pa.bool_()).take(distinct.indices))


#: Which side of a bound is out of it, of columns and of single values.
_BEYOND: dict[str, tuple[Any, Any]] = {
    "minimum": (pc.less, operator.lt),
    "maximum": (pc.greater, operator.gt),
    "exclusiveMinimum": (pc.less_equal, operator.le),
    "exclusiveMaximum": (pc.greater_equal, operator.ge),
}
_PLAIN_NUMBER = r"^-?\d{1,20}(?:\.\d{1,6})?$"  # what a decimal of 38 digits holds exactly


def _outside(value: str, limit: Decimal, key: str) -> bool:
    try:
        return bool(_BEYOND[key][1](Decimal(value), limit))
    except ArithmeticError:  # NaN is within no bounds
        return True
