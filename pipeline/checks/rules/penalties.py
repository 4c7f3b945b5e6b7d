"""Rules about penalty decisions: types, licences, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.checks.rules.base import NO_DAY, Bools, Columns, On, Setting, matches, rule


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence, the types of penalty, and which of these need one."""

    field: str
    types: str
    needs: Sequence[str]


@rule(
    "licence-missing",
    Licence(field="licence", types="types", needs=["暂扣许可证件", "吊销许可证件"]),
    ok=[{"types": "吊销许可证件", "licence": "排污许可证 1"}, {"types": "罚款", "licence": ""}],
    bad=[{"types": "罚款;吊销许可证件", "licence": ""}],
)
def licence_missing(columns: Columns, setting: Setting, use: Licence) -> Bools:
    """Where a licence is suspended or revoked, its name and number are given."""
    asked = np.zeros(len(columns), bool)
    for name in use.needs:
        asked |= columns.has(use.types, name)
    return asked & ~columns.filled(use.field)


_NAMED_IN_TEXT = {
    "罚款": r"(?:处|并处|处以|予以|给予)罚款",
    "没收违法所得、没收非法财物": r"没收",
    "责令停产停业": r"责令(?:停产停业|停产|停业)",
    "暂扣许可证件": r"暂扣",
    "吊销许可证件": r"吊销",
    "行政拘留": r"行政拘留",
    "通报批评": r"给予通报批评|予以通报批评",
    "警告": r"给予警告|予以警告",
}


@dataclass(frozen=True, slots=True)
class InText:
    """The types of penalty, and the text of the decision."""

    field: str
    text: str


@rule(
    "type-not-in-text",
    InText(field="types", text="text"),
    ok=[
        {"types": "罚款;吊销许可证件", "text": "处以罚款1万元，吊销许可证"},
        {"types": "暂扣许可证件", "text": "暂扣"},
    ],
    bad=[{"types": "罚款", "text": "吊销许可证。"}],
)
def type_not_in_text(columns: Columns, setting: Setting, use: InText) -> Bools:
    """A type of penalty that the decision's text imposes is among the types given."""
    broken, given = np.zeros(len(columns), bool), columns.distinct(use.field)
    which = given.indices.to_numpy()
    for i, types in enumerate(given.dictionary.to_pylist()):
        lacking = [said for name, said in _NAMED_IN_TEXT.items() if name not in types.split(";")]
        if types and lacking:
            broken |= matches(columns[use.text], "|".join(lacking), which == i)
    return broken


@rule(
    "decision-year-mismatch",
    On(field="number", on="day"),
    ok=[
        {"number": "平市监罚〔2024〕1号", "day": "2024-05-01"},
        {"number": "平市监罚〔2023〕99号", "day": "2024-01-05"},
        {"number": "无年份", "day": "2024-01-05"},
    ],
    bad=[{"number": "平市监罚〔2021〕1号", "day": "2023-05-01"}],
)
def decision_year_mismatch(columns: Columns, setting: Setting, use: On) -> Bools:
    """The year in the decision's number is that of its date.

    In January it may be the year before.
    """
    parts = pc.extract_regex(columns[use.field], r"〔(?P<year>\d{4})〕")
    years = pc.cast(pc.struct_field(parts, "year"), pa.int64())
    year = pc.fill_null(years, 0).to_numpy(zero_copy_only=False)
    days = columns.days(use.on)
    dates = (np.where(days == NO_DAY, 1, days) - 719163).astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(np.int64)
    behind = months // 12 + 1970 - year
    return (year > 0) & (days != NO_DAY) & (behind != 0) & ~((behind == 1) & (months % 12 == 0))
