"""Rules about codes: social credit codes, divisions, numbers in scientific notation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import uscc

from pipeline.base.arrow import of_numpy
from pipeline.base.model import Catalog
from pipeline.base.patterns import lazy
from pipeline.checks.rules.base import (
    Bools,
    Columns,
    Field,
    Mask,
    On,
    Setting,
    each_distinct,
    rule,
    to_numpy,
)

SOLE_TRADER_WITHOUT_CODE = "0" * 17 + "X"  # 424 layout: fails the check digit and is allowed
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = np.full(256, -1, np.int64)
_VALUES[[ord(c) for c in _ALPHABET]] = range(31)
_WEIGHTS = np.array([3**i % 31 for i in range(17)])


def check_digit_agrees(cells: pa.Array) -> Mask:
    """True where a cell is 18 characters whose check digit agrees, computed over the whole column.

    Weights 3^i mod 31 (GB 32100-2015). Only a quick test: python-stdnum checks what does not pass.
    """
    eighteen = pc.and_(pc.equal(pc.binary_length(cells), 18), pc.string_is_ascii(cells))
    codes = pc.cast(cells.filter(eighteen), pa.binary()).cast(pa.binary(18))
    flat = np.frombuffer(codes.buffers()[1] or b"", np.uint8, 18 * len(codes))
    values = _VALUES[flat.reshape(-1, 18)]
    weighed = sum(values[:, i] * w for i, w in enumerate(_WEIGHTS)) + values[:, 17]
    agrees = (values >= 0).all(1) & (weighed % 31 == 0)
    return pc.replace_with_mask(of_numpy(np.zeros(len(cells), bool)), eighteen, of_numpy(agrees))


@rule(
    "social-credit-code",
    Field(field="code"),
    ok=[{"code": "11411503005500001B"}, {"code": SOLE_TRADER_WITHOUT_CODE}, {"code": ""}],
    bad=[{"code": "914115030000000000"}, {"code": "9141150300000000"}],
)
def social_credit_code(columns: Columns, setting: Setting, use: Field) -> Bools:
    """The code's check digit agrees with its other characters (GB 32100-2015)."""
    codes = columns.distinct(use.field)
    doubtful = pc.invert(check_digit_agrees(codes.dictionary))
    wrong = np.zeros(len(codes.dictionary), bool)
    for i in pc.indices_nonzero(doubtful).to_pylist():
        code = codes.dictionary[i].as_py()
        wrong[i] = code not in ("", SOLE_TRADER_WITHOUT_CODE) and not uscc.is_valid(code)
    return wrong[codes.indices.to_numpy()]


@dataclass(frozen=True, slots=True)
class OfKind:
    """A code, and the column with the kind of its owner."""

    field: str
    kind: str


@rule(
    "zero-code-for-organisation",
    OfKind(field="code", kind="kind"),
    ok=[{"code": SOLE_TRADER_WITHOUT_CODE, "kind": "个体工商户"}, {"code": "", "kind": "自然人"}],
    bad=[{"code": SOLE_TRADER_WITHOUT_CODE, "kind": "法人及非法人组织"}],
)
def zero_code_for_organisation(columns: Columns, setting: Setting, use: OfKind) -> Bools:
    """Seventeen zeros and X mean a sole trader without a code, and are used for no other party."""
    zeros = columns.equal(use.field, SOLE_TRADER_WITHOUT_CODE)
    return zeros & columns.filled(use.kind) & ~columns.equal(use.kind, "个体工商户")


@dataclass(frozen=True, slots=True)
class Registration:
    """The registration number, and the column of the credit code."""

    field: str
    code: str


@rule(
    "sole-trader-without-registration",
    Registration(field="number", code="code"),
    ok=[{"code": SOLE_TRADER_WITHOUT_CODE, "number": "411503600012345"}],
    bad=[{"code": SOLE_TRADER_WITHOUT_CODE, "number": ""}],
)
def sole_trader_without_registration(
    columns: Columns, setting: Setting, use: Registration
) -> Bools:
    """Where the credit code is seventeen zeros and X, the business registration number is given."""
    return columns.equal(use.code, SOLE_TRADER_WITHOUT_CODE) & ~columns.filled(use.field)


@cache
def _division_table(catalog: Catalog) -> Mapping[str, tuple[str, str, bool]]:
    """Division code → valid from, valid to, whether it is a unit of statistics alone."""
    return {
        c.code: (c.valid_from, c.valid_to, "统计用" in c.label)
        for c in catalog.codes["divisions"].codes
    }


@rule(
    "credit-code-division",
    Field(field="code"),
    ok=[
        {"code": "91411503MA44T8XQ3B"},
        {"code": SOLE_TRADER_WITHOUT_CODE},
        {"code": "91100000MA44T8XQ3B"},
    ],
    bad=[{"code": "91999999MA44T8XQ3B"}],
)
def credit_code_division(columns: Columns, setting: Setting, use: Field) -> Mask:
    """Characters 3 to 8 of a credit code are a division (GB/T 2260), or national: 100000."""
    known = _division_table(setting.catalog)

    def wrong(part: str) -> bool:
        # A code keeps the division of its first registration, so an abolished one is no mistake as
        # long as its prefecture is known.
        return part not in known and part != "100000" and part[:4] + "00" not in known

    cells = columns[use.field]
    whole = pc.and_(
        pc.equal(pc.utf8_length(cells), 18), pc.not_equal(cells, SOLE_TRADER_WITHOUT_CODE)
    )
    parts = pc.if_else(whole, pc.utf8_slice_codeunits(cells, 2, 8), "")
    return each_distinct(parts, wrong)


@rule(
    "credit-code-kind",
    OfKind(field="code", kind="kind"),
    ok=[
        {"code": "92411503MA44T8XQ3B", "kind": "个体工商户"},
        {"code": "91411503MA44T8XQ3B", "kind": "法人及非法人组织"},
        {"code": "", "kind": "自然人"},
    ],
    bad=[
        {"code": "91411503MA44T8XQ3B", "kind": "个体工商户"},
        {"code": "92411503MA44T8XQ3B", "kind": "法人及非法人组织"},
        {"code": "91411503MA44T8XQ3B", "kind": "自然人"},
    ],
)
def credit_code_kind(columns: Columns, setting: Setting, use: OfKind) -> Bools:
    """The code's second character agrees with the kind of party: 92 is a sole trader,
    all else is not.
    """
    coded = columns.filled(use.field) & ~columns.equal(use.field, SOLE_TRADER_WITHOUT_CODE)
    trader = to_numpy(pc.starts_with(columns[use.field], "92"))
    wrong = np.where(
        columns.equal(use.kind, "个体工商户"), ~trader, trader | columns.equal(use.kind, "自然人")
    )
    return coded & columns.filled(use.kind) & wrong


@rule(
    "organ-code-kind",
    Field(field="code"),
    ok=[{"code": "11411503005500001B"}, {"code": "12411503005500001B"}, {"code": ""}],
    bad=[{"code": "91411503005500001B"}],
)
def organ_code_kind(columns: Columns, setting: Setting, use: Field) -> Bools:
    """An organ's credit code begins with 11,
    that of an institution with delegated powers with 12.
    """
    return columns.filled(use.field) & ~to_numpy(
        pc.match_substring_regex(columns[use.field], "^1[12]")
    )


@rule(
    "statistical-division",
    Field(field="division"),
    ok=[{"division": "411503"}, {"division": ""}],
    bad=[{"division": "411571"}],
)
def statistical_division(columns: Columns, setting: Setting, use: Field) -> Mask:
    """The division is one of administration, not a unit that exists for statistics alone."""
    known = _division_table(setting.catalog)
    return each_distinct(columns[use.field], lambda v: v in known and known[v][2])


@rule(
    "division-not-current",
    On(field="division", on="day"),
    ok=[
        {"division": "411503", "day": "2024-01-01"},
        {"division": "413000", "day": "1998-01-01"},
        {"division": "", "day": ""},
    ],
    bad=[{"division": "413000", "day": "2024-01-01"}],  # Xinyang was a prefecture until 1998-06-09
)
def division_not_current(columns: Columns, setting: Setting, use: On) -> Mask:
    """The division existed on the record's date, if the code list has the dates of its validity."""
    known = _division_table(setting.catalog)
    if not any(begun or ended for begun, ended, _ in known.values()):
        return of_numpy(np.zeros(len(columns), bool))
    joined = pc.binary_join_element_wise(columns[use.field], columns[use.on], " ")

    def over(cell: str) -> bool:
        code, _, day = cell.partition(" ")
        begun, ended, _ = known.get(code, ("", "", False))
        return bool(day and ((begun and day < begun) or (ended and day > ended)))

    return each_distinct(joined, over)


_SCIENTIFIC = lazy(r"^\d(?:\.\d+)?[eE]\+?\d{1,2}$")


@rule(
    "scientific-notation",
    Field(field="number"),
    ok=[{"number": "16110312345"}, {"number": ""}, {"number": "E2345"}],
    bad=[{"number": "1.61103E+10"}, {"number": "9.14E+17"}],
)
def scientific_notation(columns: Columns, setting: Setting, use: Field) -> Mask:
    """A number is not in a spreadsheet's scientific notation, 1.61103E+10, which loses digits."""
    return pc.match_substring_regex(columns[use.field], _SCIENTIFIC.pattern)
