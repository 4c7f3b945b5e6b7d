"""Rules about money: amounts that the types of penalty require, and amounts in the decision's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.arrow import of_numpy
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.amounts import stated
from pipeline.checks.rules.base import NO_SUM, Bools, Columns, Numbers, Setting, looks_for, rule

WAN = 10_000
_OTHER = {"罚款": "没收", "没收": "罚款"}
_UNSURE = lazy(r"每|按[日月]|/|／|倍|共计|合计|折合|分别|以上|以下")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount, the types of penalty, and the one that has such an amount."""

    field: str
    types: str
    penalty: str


@rule(
    "amount-missing",
    Amount(field="fine", types="types", penalty="罚款"),
    ok=[{"types": "警告;罚款", "fine": "500.00"}, {"types": "警告", "fine": ""}],
    bad=[{"types": "警告;罚款", "fine": ""}],
)
def amount_missing(columns: Columns, setting: Setting, use: Amount) -> Bools:
    """Where the types of penalty name one that has an amount, the amount is there."""
    return ~columns.filled(use.field) & columns.has(use.types, use.penalty)


@rule(
    "amount-unexpected",
    Amount(field="fine", types="types", penalty="罚款"),
    ok=[
        {"types": "罚款", "fine": "500.00"},
        {"types": "警告", "fine": "0.00"},
        {"types": "", "fine": "500.00"},
    ],
    bad=[{"types": "责令停产停业", "fine": "500.00"}],
)
def amount_unexpected(columns: Columns, setting: Setting, use: Amount) -> Bools:
    """There is an amount only where the types of penalty include the one it belongs to."""
    return (
        (columns.fen(use.field) > 0)
        & columns.filled(use.types)
        & ~columns.has(use.types, use.penalty)
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """An amount, the text of the decision, and the word in front of the amount there."""

    field: str
    text: str
    word: str


@rule(
    "unit-slip",
    Stated(field="fine", text="text", word="罚款"),
    ok=[
        {"fine": "200000.00", "text": "处以罚款20万元"},
        {"fine": "200000.00", "text": "处以罚款人民币贰拾万元整"},
        {"fine": "5.00", "text": "罚款"},
    ],
    bad=[
        {"fine": "2000000000.00", "text": "处以罚款200000元"},
        {"fine": "20.00", "text": "罚款人民币贰拾万元整"},
        {"fine": "0.50", "text": "处5000元罚款"},
    ],
)
def unit_slip(columns: Columns, setting: Setting, use: Stated) -> Bools:
    """The amount is not ten thousand times, or a ten-thousandth of,
    what the decision's text says.
    """
    return _disagree(columns, use.field, use.text, use.word)[0]


@rule(
    "amount-differs-from-text",
    Stated(field="fine", text="text", word="罚款"),
    ok=[
        {"fine": "120000.00", "text": "罚款壹拾贰万元"},
        {"fine": "3000.00", "text": "罚款1000元；罚款2000元"},
        {"fine": "500.00", "text": "每日按3%加处罚款100元"},
        {"fine": "31000.00", "text": "罚款人民币叁万壹仟元整（31000.00元）"},
    ],
    bad=[{"fine": "210000.00", "text": "处以罚款壹拾贰万元"}],
)
def amount_differs_from_text(columns: Columns, setting: Setting, use: Stated) -> Bools:
    """The amount is what the decision's text says, in digits or capitals,
    where it says just one.
    """
    return _disagree(columns, use.field, use.text, use.word)[1]


def _disagree(columns: Columns, field: str, text: str, word: str) -> tuple[Bools, Bools]:
    """Masks of the rows where the text states the amount in another unit, and another amount."""
    return cast(
        "tuple[Bools, Bools]",
        columns._once(
            "sums", f"{field}/{text}/{word}", lambda: _compare(columns, field, text, word)
        ),
    )


def _compare(columns: Columns, field: str, text: str, word: str) -> tuple[Bools, Bools]:
    fen = columns.fen(field)
    slip, differs = np.zeros(len(fen), bool), np.zeros(len(fen), bool)
    paid = np.flatnonzero(fen > 0)
    if not len(paid):
        return slip, differs
    texts = columns[text].take(of_numpy(paid))
    at = np.flatnonzero(_plain(texts, word) != fen[paid])
    for place, written in zip(paid[at].tolist(), texts.take(of_numpy(at)).to_pylist(), strict=True):
        if word in written:
            verdict = _verdict(written, word, int(fen[place]))
            slip[place], differs[place] = verdict == "slip", verdict == "differs"
    return slip, differs


def _plain(texts: pa.StringArray, word: str) -> Numbers:
    """The amounts in fen of texts in the usual form, 罚款人民币200,000元 or 罚款20万元; else NO_SUM.

    The bytes of all texts are read in parallel as one NumPy array, which is ten times as fast as
    one text after another. 64 zero bytes at its end keep every window inside the array.
    """
    ends = np.frombuffer(texts.buffers()[1], np.int32)[1 : len(texts) + 1]
    data = np.frombuffer(b"".join((*filter(None, texts.buffers()[2:]), bytes(64))), np.uint8)
    found = pc.find_substring(texts, word).to_numpy(zero_copy_only=False)
    at = np.where(found < 0, 0, found + ends - pc.binary_length(texts).to_numpy())
    at = _past(data, at, word)[0]
    for word_between in ("违法所得", "人民币"):
        at = _past(data, at, word_between)[0]
    yuan, at, digits = _number_at(data, at)
    at, wan = _past(data, at, "万")
    at, is_yuan = _past(data, at, "元")
    usual = (found >= 0) & digits & is_yuan & (at <= ends)
    return np.where(usual, yuan * np.where(wan, WAN, 1) * 100, NO_SUM)


def _past(data: Any, at: Numbers, word: str) -> tuple[Numbers, Bools]:
    """(the offsets behind `word`, unchanged where it is absent; a mask of where it is)."""
    sought = np.frombuffer(word.encode(), np.uint8)
    is_there = (data[at[:, None] + np.arange(len(sought))] == sought).all(1)
    return at + len(sought) * is_there, is_there


def _number_at(data: Any, at: Numbers) -> tuple[Numbers, Numbers, Bools]:
    """(the whole number at each offset, the offset of its end, whether there is one).

    Digits and thousands separators are read in at most 16 bytes.
    """
    window = data[at[:, None] + np.arange(16)]
    digit, inside = window - ord("0"), np.ones(len(at), bool)
    value, length = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    for k in range(16):
        is_digit = inside & (digit[:, k] < 10)
        inside = is_digit | (inside & (window[:, k] == ord(",")))
        value = np.where(is_digit, value * 10 + digit[:, k], value)
        length += inside
    return value, at + length, length > 0


@lru_cache(maxsize=4096)
def _verdict(text: str, word: str, fen: int) -> str:
    amounts = stated(text, word, _OTHER.get(word, "没收"))
    if not amounts or fen in amounts or sum(amounts) == fen:
        return ""
    if any(fen == s * WAN or fen * WAN == s for s in (*amounts, sum(amounts))):
        return "slip"
    return "differs" if len(set(amounts)) == 1 and not _UNSURE.search(text) else ""


_ON_THE_SPOT = looks_for("简易程序|当场(?:作出|处以|处罚|给予)")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A fine, the kind of party, the texts, and the highest fine of each kind in yuan."""

    field: str
    kind: str
    texts: Sequence[str]
    person: int
    organisation: int


@rule(
    "on-the-spot-fine-too-high",
    Ceiling(field="fine", kind="kind", texts=["content"], person=200, organisation=3000),
    ok=[
        {"fine": "3000.00", "kind": "法人及非法人组织", "content": "当场作出处罚决定"},
        {"fine": "5000.00", "kind": "自然人", "content": "罚款"},
    ],
    bad=[
        {"fine": "5000.00", "kind": "法人及非法人组织", "content": "适用简易程序，当场处罚"},
        {"fine": "300.00", "kind": "自然人", "content": "当场作出行政处罚决定"},
    ],
)
def on_the_spot_fine_too_high(columns: Columns, setting: Setting, use: Ceiling) -> Bools:
    """A fine imposed on the spot is at most 200 yuan for a person, 3,000 for an organisation."""
    ceiling = np.where(columns.equal(use.kind, "自然人"), use.person, use.organisation) * 100
    high = columns.fen(use.field) > ceiling
    spot = np.zeros(len(columns), bool)
    for name in use.texts:
        spot |= columns.mentions(name, _ON_THE_SPOT, high)
    return spot


@dataclass(frozen=True, slots=True)
class Major:
    """Amounts, kind of party and types, and from how many yuan a penalty is a major one."""

    field: str
    confiscated: str
    kind: str
    types: str
    always: Sequence[str]
    person: int
    organisation: int


@rule(
    "not-major",
    Major(
        field="fine",
        confiscated="taken",
        kind="kind",
        types="types",
        always=["责令停产停业", "吊销许可证件"],
        person=10_000,
        organisation=100_000,
    ),
    ok=[
        {"fine": "100000.00", "kind": "法人及非法人组织", "types": "罚款"},
        {"fine": "500.00", "kind": "自然人", "types": "罚款;吊销许可证件"},
        {"taken": "10000.00", "kind": "自然人", "types": "没收"},
    ],
    bad=[{"fine": "8000.00", "kind": "法人及非法人组织", "types": "罚款"}],
)
def not_major(columns: Columns, setting: Setting, use: Major) -> Bools:
    """What is filed as a major penalty is one: by its sum, or by a type that always is."""
    least = np.where(columns.equal(use.kind, "自然人"), use.person, use.organisation) * 100
    large = np.maximum(columns.fen(use.field), columns.fen(use.confiscated)) >= least
    by_type = np.zeros(len(columns), bool)
    for name in use.always:
        by_type |= columns.has(use.types, name)
    return columns.filled(use.types) & columns.filled(use.kind) & ~large & ~by_type
