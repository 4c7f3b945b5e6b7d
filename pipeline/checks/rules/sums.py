"""Rules about money: amounts where the types ask for them, and as the decision's text states them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.checks.amounts import stated
from pipeline.checks.rules.base import NO_SUM, Bools, Columns, Setting, rule, to_numpy

WAN = 10_000
_OTHER = {"罚款": "没收", "没收": "罚款"}
_UNSURE = re.compile(r"每|按[日月]|/|／|倍|共计|合计|折合|分别|以上|以下")


@rule(
    "amount-missing",
    field="fine",
    types="types",
    penalty="罚款",
    ok=[{"types": "警告;罚款", "fine": "500.00"}, {"types": "警告", "fine": ""}],
    bad=[{"types": "警告;罚款", "fine": ""}],
)
def amount_missing(
    columns: Columns, setting: Setting, field: str, types: str, penalty: str
) -> Bools:
    """Where the types of penalty name one that has an amount, the amount is there."""
    return ~columns.filled(field) & columns.has(types, penalty)


@rule(
    "amount-unexpected",
    field="fine",
    types="types",
    penalty="罚款",
    ok=[{"types": "罚款", "fine": "500.00"}, {"types": "警告", "fine": "0.00"}, {"types": "", "fine": "500.00"}],
    bad=[{"types": "责令停产停业", "fine": "500.00"}],
)  # fmt: skip
def amount_unexpected(
    columns: Columns, setting: Setting, field: str, types: str, penalty: str
) -> Bools:
    """An amount stands only where the types of penalty name the one it belongs to."""
    return (columns.fen(field) > 0) & columns.filled(types) & ~columns.has(types, penalty)


@rule(
    "unit-slip",
    field="fine",
    text="text",
    word="罚款",
    ok=[{"fine": "200000.00", "text": "处以罚款20万元"}, {"fine": "200000.00", "text": "处以罚款人民币贰拾万元整"}, {"fine": "5.00", "text": "罚款"}],
    bad=[{"fine": "2000000000.00", "text": "处以罚款200000元"}, {"fine": "20.00", "text": "罚款人民币贰拾万元整"}, {"fine": "0.50", "text": "处5000元罚款"}],
)  # fmt: skip
def unit_slip(columns: Columns, setting: Setting, field: str, text: str, word: str) -> Bools:
    """The amount is not ten thousand times, or a ten-thousandth of, what the decision's text says."""
    return _disagree(columns, field, text, word)[0]


@rule(
    "amount-differs-from-text",
    field="fine",
    text="text",
    word="罚款",
    ok=[{"fine": "120000.00", "text": "罚款壹拾贰万元"}, {"fine": "3000.00", "text": "罚款1000元；罚款2000元"}, {"fine": "500.00", "text": "每日按3%加处罚款100元"}, {"fine": "31000.00", "text": "罚款人民币叁万壹仟元整（31000.00元）"}],
    bad=[{"fine": "210000.00", "text": "处以罚款壹拾贰万元"}],
)  # fmt: skip
def amount_differs_from_text(
    columns: Columns, setting: Setting, field: str, text: str, word: str
) -> Bools:
    """The amount is what the decision's text says, in digits or capitals, where it says just one."""
    return _disagree(columns, field, text, word)[1]


def _disagree(columns: Columns, field: str, text: str, word: str) -> tuple[Bools, Bools]:
    """Where the text states the amount slipped by a unit, and where it states another."""
    return cast(
        "tuple[Bools, Bools]",
        columns._once(
            "sums", f"{field}/{text}/{word}", lambda: _compare(columns, field, text, word)
        ),
    )


def _compare(columns: Columns, field: str, text: str, word: str) -> tuple[Bools, Bools]:
    fen, texts = columns.fen(field), columns[text]
    doubtful = (fen > 0) & to_numpy(pc.match_substring(texts, word)) & (fen != _plain(texts, word))
    at = np.flatnonzero(doubtful)
    slip, differs = np.zeros(len(fen), bool), np.zeros(len(fen), bool)
    for place, written, amount in zip(
        at, texts.take(pa.array(at)).to_pylist(), fen[at].tolist(), strict=True
    ):
        verdict = _verdict(written, word, amount)
        slip[place], differs[place] = verdict == "slip", verdict == "differs"
    return slip, differs


def _plain(texts: pa.StringArray, word: str) -> Any:
    """Fen of the usual way to write it, 罚款人民币200,000元 or 罚款20万元; NO_SUM for any other."""
    parts = pc.extract_regex(
        texts,
        rf"{word}(?:违法所得)?(?:人民币)?(?P<n>\d{{1,3}}(?:,?\d{{3}}){{0,4}}|\d{{1,12}})(?P<w>万?)元",
    )
    number = pc.replace_substring(pc.struct_field(parts, "n"), ",", "")
    yuan = pc.fill_null(pc.cast(number, pa.int64()), -1).to_numpy(zero_copy_only=False)
    wan = to_numpy(pc.fill_null(pc.equal(pc.struct_field(parts, "w"), "万"), False))
    return np.where(yuan < 0, NO_SUM - 1, yuan * np.where(wan, WAN, 1) * 100)


@lru_cache(maxsize=4096)
def _verdict(text: str, word: str, fen: int) -> str:
    said = stated(text, word, _OTHER.get(word, "没收"))
    if not said or fen in said or sum(said) == fen:
        return ""
    if any(fen == s * WAN or fen * WAN == s for s in (*said, sum(said))):
        return "slip"
    return "differs" if len(set(said)) == 1 and not _UNSURE.search(text) else ""


@rule(
    "on-the-spot-fine-too-high",
    field="fine",
    kind="kind",
    texts=["content"],
    person=200,
    organisation=3000,
    ok=[{"fine": "3000.00", "kind": "法人及非法人组织", "content": "当场作出处罚决定"}, {"fine": "5000.00", "kind": "自然人", "content": "罚款"}],
    bad=[{"fine": "5000.00", "kind": "法人及非法人组织", "content": "适用简易程序，当场处罚"}, {"fine": "300.00", "kind": "自然人", "content": "当场作出行政处罚决定"}],
)  # fmt: skip
def on_the_spot_fine_too_high(
    columns: Columns,
    setting: Setting,
    field: str,
    kind: str,
    texts: list[str],
    person: int,
    organisation: int,
) -> Bools:
    """A fine imposed on the spot is at most 200 yuan for a person, 3,000 for an organisation."""
    ceiling = np.where(columns.equal(kind, "自然人"), person, organisation) * 100
    high = columns.fen(field) > ceiling
    spot = np.zeros(len(columns), bool)
    for name in texts:
        spot |= to_numpy(
            pc.match_substring_regex(columns[name], "简易程序|当场(?:作出|处以|处罚|给予)")
        )
    return high & spot


@rule(
    "not-major",
    field="fine",
    confiscated="taken",
    kind="kind",
    types="types",
    always=["责令停产停业", "吊销许可证件"],
    person=10_000,
    organisation=100_000,
    ok=[{"fine": "100000.00", "kind": "法人及非法人组织", "types": "罚款"}, {"fine": "500.00", "kind": "自然人", "types": "罚款;吊销许可证件"}, {"taken": "10000.00", "kind": "自然人", "types": "没收"}],
    bad=[{"fine": "8000.00", "kind": "法人及非法人组织", "types": "罚款"}],
)  # fmt: skip
def not_major(
    columns: Columns,
    setting: Setting,
    field: str,
    confiscated: str,
    kind: str,
    types: str,
    always: list[str],
    person: int,
    organisation: int,
) -> Bools:
    """What is filed as a major penalty is one: by its sum, or by a type that always is."""
    least = np.where(columns.equal(kind, "自然人"), person, organisation) * 100
    large = np.maximum(columns.fen(field), columns.fen(confiscated)) >= least
    by_type = np.zeros(len(columns), bool)
    for name in always:
        by_type |= columns.has(types, name)
    return columns.filled(types) & columns.filled(kind) & ~large & ~by_type
