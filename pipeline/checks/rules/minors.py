"""The rule that withholds the records of punished minors (未成年人保护法 §103)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from pipeline.base.arrow import of_numpy
from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.personal_numbers import birth_of
from pipeline.checks.rules.base import Columns, Judged, Setting, looks_for, rule
from pipeline.checks.rules.deadlines import months_after
from pipeline.checks.rules.publicity import withheld_since

_CALLED_MINOR = lazy(
    r"(?:当事人|违法行为人|被处罚人|行为人|其)(?:[^，。；,;]{0,12})?(?:系|为|是|属|属于)(?:在校)?(?:限制民事行为能力的)?未成年人|(?:当事人|被处罚人|行为人)[(（][^)）]{0,12}未成年"
    r"|已满十四周?岁不满十八周?岁|不满十八周?岁的?(?:当事人|违法行为人|被处罚人)"
)
_AGED = lazy(
    r"(?:当事人|被处罚人|行为人)[^。；;]{0,20}?(?<![\d一二三四五六七八九十])(\d{1,2}|[一二三四五六七八九十]{1,3})(?:周岁|岁)(?!以上|以下)"
)
_WORDS = ("零", *"一二三四五六七八九十", *("十" + unit for unit in "一二三四五六七"))
_MINOR_SIGN = looks_for("未成年|周岁|[0-9０-９一二三四五六七八九十]岁")


@dataclass(frozen=True, slots=True)
class Party:
    """The columns with the party's name, kind, identity number, age and birth, and the decision's day."""

    field: str
    kind: str
    identity: str
    age: str
    born: str
    texts: Sequence[str]
    decided: str


@rule(
    "minor",
    Party(
        field="name",
        kind="kind",
        identity="identity",
        age="age",
        born="born",
        texts=["facts"],
        decided="decided",
    ),
    scope="publication",
    ok=[
        {"kind": "自然人", "facts": "当事人向未成年人销售烟草制品", "decided": "2024-01-01"},
        {"kind": "自然人", "identity": "411503190001010011", "decided": "2024-01-01"},
        {"kind": "法人及非法人组织", "facts": "当事人招用未满十六周岁的未成年人"},
    ],
    bad=[
        {"kind": "自然人", "facts": "当事人系未成年人（十六周岁）"},
        {"kind": "自然人", "identity": "411503201001010015", "decided": "2024-01-01"},
        {"kind": "自然人", "age": "17"},
        {"kind": "自然人", "born": "2010年1月1日", "decided": "2024-01-01"},
    ],
)
def minor(columns: Columns, setting: Setting, use: Party) -> Judged:
    """The punished party was under eighteen at the time: nothing of the record may be public."""
    person = columns.equal(use.kind, "自然人") | ~columns.filled(use.kind)
    broken = np.zeros(len(columns), bool)
    signs = person & (
        columns.filled(use.identity) | columns.filled(use.age) | columns.filled(use.born)
    )
    for name in use.texts:
        signs |= columns.mentions(name, _MINOR_SIGN, person)
    at = np.flatnonzero(signs)
    rows = of_numpy(at)
    known = (use.identity, use.born, use.age, use.decided)
    of = {name: columns[name].take(rows).to_pylist() for name in {*known, *use.texts}}
    for i, row in enumerate(at.tolist()):
        identity, born, age, decided = (of[name][i] for name in known)
        text = "。".join(of[name][i] for name in use.texts)
        broken[row] = _under_age(identity, born, age, text, decided)
    return withheld_since(broken, columns.days(use.decided))


def _under_age(identity: str, born: str, age: str, text: str, decided: str) -> bool:
    """Whether the party was a minor on the day `decided`: by birth, else by age, else by `text`.

    A year of age is complete on the day after the birthday (法释〔2006〕1号 §2).
    """
    birth, day = birth_of(identity) or _written_day(born), _day(decided)
    if birth and day:
        return day.toordinal() <= int(months_after(np.array([birth.toordinal()]), 18 * 12)[0])
    if age.rstrip("岁周 ").isdecimal() and int(age.rstrip("岁周 ")) < 18:
        return True
    text = by_character(text)
    return bool(_CALLED_MINOR.search(text)) or any(_number(m[1]) < 18 for m in _AGED.finditer(text))


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else _WORDS.index(word) if word in _WORDS else 99


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _written_day(written: str) -> date | None:
    parts = [int(p) for p in re.findall(r"\d+", by_character(written))]
    try:
        if len(parts) == 1 and len(str(parts[0])) == 8:
            return date.fromisoformat(str(parts[0]))
        if len(parts) < 2 or parts[0] <= 1880:
            return None
        return date(parts[0], parts[1], parts[2] if len(parts) >= 3 else 28)
    except ValueError:
        return None
