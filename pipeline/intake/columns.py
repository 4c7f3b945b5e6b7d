"""A chunk's cells made canonical, a column at a time.

Each kind of value has a pattern that its canonical form fulfils; what fulfils it already is let
through by Arrow without a Python step, and of the rest each distinct spelling is judged once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.catalog import spellings
from pipeline.intake import values
from pipeline.intake.values import Setting
from pipeline.model import Catalog, Column

_TIDY = r"^$|^[^\pZ\s]$|^[^\pZ\s](?s:.*)[^\pZ\s]$"

_BLANK_MARK = r"^(?i:[-/\\—―~]+|无|暂无|空|不详|n/?a|null|none|nan|[(（]空[)）])$"
_BRACKETS = r"\[\]【】()（）﹝﹞{}〔〕"
_PLAIN = rf"[^\pZ\pC\s{_BRACKETS}\x{{ff01}}-\x{{ff5e}}]"  # half-width, shows something, no bracket

#: What is canonical already, by kind. RE2 syntax; kinds not named go through Python always.
CANONICAL = {
    "date": r"^(?:\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]))?$",
    "code": r"^[0-9A-Za-z_.~:()@#+=&?%-]*[0-9A-Za-z]$|^$",
    "social-credit-code": r"^(?:[0-9A-Z]{18})?$",
    "document-number": rf"^{_PLAIN}+〔\d{{4}}〕[1-9]\d*号$|^{_PLAIN}{{5,}}$|^$",
    "year": r"^(?:\d{4})?$",
    "integer": r"^(?:0|-?[1-9]\d*)?$",
}

#: Other spellings that RE2 can rewrite by itself: pattern, replacement, name of the rule.
REWRITES = {
    "document-number": (
        rf"^({_PLAIN}+)[\[【(（﹝〔](\d{{4}})[\]】)）﹞〕]第?0*([1-9]\d*)号$",
        r"\1〔\2〕\3号",
        "document-number",
    ),
}

# A plain amount of at most six decimals, as the 424 layout has it (N(18,6), 10,000 yuan).
_PLAIN_AMOUNT = r"^\d{1,12}(?:\.\d{1,6})?$"
_HIDDEN = (
    "["
    + "".join(
        rf"\x{{{ord(m[0]):x}}}-\x{{{ord(m[-1]):x}}}"
        for m in re.findall("(.-.|.)", values.INVISIBLE, re.S)
    )
    + r"\r]"
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """Canonical columns of a chunk, and every cell that was changed on the way.

    `table`: a string column for each field ("" where blank) and `_row`.
    `changes`: row, column, rule, raw, canonical; one line a changed cell.
    """

    table: pa.Table
    changes: pa.Table


CHANGES = pa.schema(
    [
        ("row", pa.int64()),
        ("column", pa.string()),
        ("rule", pa.string()),
        ("raw", pa.string()),
        ("canonical", pa.string()),
    ]
)


def setting_for(
    column: Column, catalog: Catalog, unit: str, dates: str, as_meant: dict[str, str]
) -> Setting:
    """What the contract, the header and `sources.yaml` together say of a column's values."""
    codes: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    order: tuple[str, ...] = ()
    if column.codes:
        entries = catalog.codes[column.codes]
        order = tuple(entry.code for entry in entries.codes)
        for spelling, code in spellings(entries).items():
            begins = spelling.removesuffix("*")
            (codes if begins == spelling else prefixes)[values.fold(begins)] = code
    return Setting(
        unit=unit or column.source_unit or column.unit,
        dates=dates,
        separator=column.separator or ";",
        codes=codes,
        prefixes=prefixes,
        order=order,
        as_meant=as_meant,
    )


def normalise_column(raw: pa.Array, kind: str, setting: Setting) -> tuple[pa.Array, pa.Array]:
    """The canonical array and, beside it, the rule that changed each cell ("" where none did)."""
    todo = pc.invert(_canonical_already(raw, kind, setting))
    if not pc.any(todo).as_py():
        return raw, pa.nulls(len(raw), pa.string()).fill_null("")
    if kind == "money":
        fast = pc.match_substring_regex(raw, _PLAIN_AMOUNT)
        if not setting.as_meant and pc.all(pc.or_(fast, pc.equal(raw, ""))).as_py():
            return _plain_amounts(raw, setting)
    rules = pa.nulls(len(raw), pa.string()).fill_null("")
    if kind in REWRITES and not setting.as_meant:
        raw, rules, todo = _rewritten(raw, todo, kind)
    distinct = raw.filter(todo).dictionary_encode()
    results = [values.normalise(v, kind, setting) for v in distinct.dictionary.to_pylist()]
    canonical = pa.array([r[0] for r in results], pa.string()).take(distinct.indices)
    by = pa.array([r[1] for r in results], pa.string()).take(distinct.indices)
    return pc.replace_with_mask(raw, todo, canonical), pc.replace_with_mask(rules, todo, by)


def _rewritten(raw: pa.Array, todo: pa.Array, kind: str) -> tuple[pa.Array, pa.Array, pa.Array]:
    """(`raw` with what RE2 can rewrite rewritten, the rules that did it, what is still to do)."""
    pattern, replacement, rule = REWRITES[kind]
    can = pc.and_(todo, pc.match_substring_regex(raw, pattern))
    after = pc.replace_substring_regex(raw.filter(can), pattern, replacement)
    blank = pa.nulls(len(raw), pa.string()).fill_null("")
    return (
        pc.replace_with_mask(raw, can, after),
        pc.if_else(can, rule, blank),
        pc.and_not(todo, can),
    )


def _canonical_already(raw: pa.Array, kind: str, setting: Setting) -> pa.Array:
    if setting.as_meant:
        return pc.equal(raw, "")
    if kind in ("choice", "choices"):
        return pc.is_in(raw, pa.array([*setting.order, ""], pa.string()))
    if kind in ("text", "name", "organisation"):
        tidy = pc.equal(pc.utf8_trim_whitespace(raw), raw)
        plain = pc.invert(pc.match_substring_regex(raw, _HIDDEN))
        if kind != "text":
            odd = r"\pZ|\s|[\x{ff01}-\x{ff07}\x{ff0a}-\x{ff5e}()]|" + _BLANK_MARK
            plain = pc.and_not(plain, pc.match_substring_regex(raw, odd))
        return pc.and_(tidy, plain)
    if kind in CANONICAL:
        return pc.match_substring_regex(raw, CANONICAL[kind])
    return pc.equal(raw, "")


_FACTOR = {"元": 1, "千元": 1_000, "万元": 10_000, "亿元": 100_000_000}


def _plain_amounts(raw: pa.Array, setting: Setting) -> tuple[pa.Array, pa.Array]:
    """Digits alone, in Arrow's exact decimals: written amount × unit, where it comes out in fen."""
    present = pc.if_else(pc.equal(raw, ""), pa.scalar(None, pa.string()), raw)
    factor = pa.scalar(Decimal(_FACTOR.get(setting.unit, 1)), pa.decimal128(9, 0))
    exact = pc.multiply(present.cast(pa.decimal128(19, 6)), factor).cast(pa.decimal128(32, 6))
    rounded = exact.cast(pa.decimal128(32, 2), safe=False)
    whole = pc.equal(rounded.cast(pa.decimal128(32, 6)), exact)
    canonical = pc.if_else(whole, rounded.cast(pa.string()), raw)
    canonical = pc.fill_null(canonical, "")
    rules = pc.if_else(pc.equal(canonical, raw), "", "money-unit")
    return canonical, rules


def changes_of(
    rows: pa.Array, name: str, raw: pa.Array, canonical: pa.Array, rules: pa.Array
) -> pa.Table:
    """The lines of the record of changes for one column of a chunk."""
    changed = pc.not_equal(raw, canonical)
    n = pc.sum(changed).as_py() or 0
    return pa.table(
        [
            rows.filter(changed),
            pa.array([name] * n, pa.string()),
            rules.filter(changed),
            raw.filter(changed),
            canonical.filter(changed),
        ],
        schema=CHANGES,
    )
