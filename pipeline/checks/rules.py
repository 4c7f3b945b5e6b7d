"""Rules beyond Table Schema: each a function over a chunk's columns that says where it is broken.

A rule's name, texts, severity and legal source stand in `pipeline/messages/`; here is what it looks
at. `RULES` is what a dataset's `gongshi:rules` may name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import uscc

Mask: TypeAlias = "pa.BooleanArray"
Check = Callable[..., Mask]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that a dataset can use; `ok` and `bad` are rows that pass and fail it."""

    name: str
    check: Check
    ok: tuple[Mapping[str, Any], ...]
    bad: tuple[Mapping[str, Any], ...]


RULES: dict[str, Rule] = {}


def rule(
    name: str, *, ok: list[Mapping[str, Any]], bad: list[Mapping[str, Any]]
) -> Callable[[Check], Check]:
    """Register a rule under `name`; `ok` and `bad` are examples, each a row."""

    def register(check: Check) -> Check:
        RULES[name] = Rule(name, check, tuple(ok), tuple(bad))
        return check

    return register


def each_distinct(cells: pa.Array, broken: Callable[[str], bool]) -> Mask:
    """A mask from a test of single values, each distinct value tested once; blanks pass."""
    distinct = cells.dictionary_encode()
    judged = [bool(v) and broken(v) for v in distinct.dictionary.to_pylist()]
    return pa.array(judged, pa.bool_()).take(distinct.indices)


SOLE_TRADER_WITHOUT_CODE = "0" * 17 + "X"  # 424 layout: fails the check digit and is allowed
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = np.full(256, -1, np.int64)
_VALUES[[ord(c) for c in _ALPHABET]] = range(31)
_WEIGHTS = np.array([3**i % 31 for i in range(17)])


def check_digit_agrees(cells: pa.Array) -> Mask:
    """True where a cell is 18 characters whose check digit agrees, computed over the whole column.

    Weights 3^i mod 31 (GB 32100-2015). Only a shortcut: what it does not pass, python-stdnum judges.
    """
    eighteen = pc.equal(pc.binary_length(cells), 18)
    codes = cells.filter(eighteen)
    flat = np.frombuffer("".join(codes.to_pylist()).encode("ascii", "replace"), np.uint8)
    values = _VALUES[flat.reshape(-1, 18)]
    agrees = (values >= 0).all(1) & ((values[:, :17] @ _WEIGHTS + values[:, 17]) % 31 == 0)
    return pc.replace_with_mask(pa.array(np.zeros(len(cells), bool)), eighteen, pa.array(agrees))


@rule(
    "social-credit-code",
    ok=[{"field": "11411503005500001B"}, {"field": SOLE_TRADER_WITHOUT_CODE}, {"field": ""}],
    bad=[{"field": "914115030000000000"}, {"field": "9141150300000000"}],
)
def social_credit_code(table: pa.Table, field: str) -> Mask:
    """The code's check digit agrees with its other characters (GB 32100-2015)."""
    cells = table[field].combine_chunks()
    doubtful = pc.invert(check_digit_agrees(cells))
    wrong = each_distinct(
        cells.filter(doubtful),
        lambda v: v != SOLE_TRADER_WITHOUT_CODE and not uscc.is_valid(v),
    )
    return pc.replace_with_mask(pa.array(np.zeros(len(cells), bool)), doubtful, wrong)
