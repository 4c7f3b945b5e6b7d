"""What a column holds, guessed from its header and a sample of its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.base.model import Catalog, Column
from pipeline.base.words import Lang, say
from pipeline.contract.catalog import spellings
from pipeline.flow.authoring.personal import look
from pipeline.intake.table import amounts, cell_marks, match_columns, values
from pipeline.intake.table.spelling import Setting

ENOUGH = 0.9  # of a column's values must be of a kind, for a few are always wrong
LIST_MOST, LIST_LONGEST = 12, 20  # entries of a guessed list; characters of an entry

_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_NUMBER_OF_DOCUMENT = re.compile(r".*[〔\[【(（﹝]\d{4}[〕\]】)）﹞].*\d+\s*号?")
_CODE = re.compile(r"(?!\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}$)(?=.*\d)[0-9A-Za-z./_-]{5,}")
_ZERO = re.compile(r"0\d+(?:\.\d+)?")  # no quantity: a number has no leading zero
_IS_CODE = re.compile(r"[0-9A-Za-z./_-]+")
_INTEGER = re.compile(r"0|-?[1-9]\d{0,11}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_SHORT = re.compile(r"-?(?:0|[1-9]\d{0,11})(?:\.\d+)?")  # whole numbers of more digits are codes
_ORGAN = re.compile(
    r".*(?:公司|局|委员会|委|政府|中心|院|队|厂|店|所|站|部|协会|学校|合作社|办公室|银行)(?:[（(].*[)）])?"
)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column may be; `why` gives the reason for the guess, in words."""

    kind: str
    why: str
    privacy: str = "public"
    unit: str = ""
    codes: str = ""
    enum: tuple[str, ...] = ()
    like: Column | None = None  # a column of the contract that has the same header
    opening: str = ""  # of a never-field by guess: how it is made public


def guess(header: str, written: Sequence[str], catalog: Catalog, lang: Lang) -> Guess:
    """The most likely kind of a column whose cells (blank ones too) are `written`."""
    filled = values_of(written)
    personal = _personal(header, filled, lang)
    if known := _known(header, catalog):
        column, dataset = known
        if column.privacy != "public" or personal is None:
            why = say("draft-same", lang, dataset=dataset)
            return Guess(column.kind, why, column.privacy, column.unit, column.codes, like=column)
    if personal:
        return personal
    if not filled:
        return Guess("text", say("draft-blank", lang))
    listed = _in_code_list(filled, catalog)
    if listed:
        return Guess("choice", say("draft-codes", lang, codes=listed), codes=listed)
    return _by_values(header, filled, lang)


def values_of(written: Sequence[str]) -> list[str]:
    """The cells that hold a value: neither blank nor a word for nothing."""
    plain = (values.tidy(cell_marks.unguarded(cell)) for cell in written)
    return [cell for cell in plain if cell and not cell_marks.is_nothing(cell)]


def _known(header: str, catalog: Catalog) -> tuple[Column, str] | None:
    """The column of the contract that `header` names, with its dataset."""
    form, _ = match_columns.canonical(header)
    for dataset in catalog.datasets.values():
        for column in () if dataset.produced else dataset.columns:
            spelled = (column.title, *column.aliases)
            if form and form in {match_columns.canonical(s)[0] for s in spelled}:
                return column, dataset.name
    return None


def _personal(header: str, filled: list[str], lang: Lang) -> Guess | None:
    found = look(header, filled)
    if found is None:
        return None
    why = say(f"draft-personal-{found.why}", lang, count=found.count, fit=found.fit)
    kind = "name" if found.is_name else "text"
    opening = say("draft-open-name" if found.is_name else "draft-open", lang)
    return Guess(kind, why, "never", opening=opening)


def _by_values(header: str, filled: list[str], lang: Lang) -> Guess:
    if _share(filled, _ZERO.fullmatch) and _share(filled, _IS_CODE.fullmatch) >= ENOUGH:
        return Guess("code", say("draft-zeros", lang))
    if _too_long(filled):
        return Guess("text", say("draft-digits", lang))
    whole = not any("." in _canonical("number", v) for v in filled if _NUMBER.fullmatch(v))
    for kind, fits in _tests(header, whole):
        share = _share(filled, fits)
        if share >= ENOUGH:
            count = {"count": len(filled), "fit": round(share * len(filled))}
            unit = match_columns.canonical(header)[1] or "元" if kind == "money" else ""
            return Guess(
                kind, say("draft-values-unit" if unit else "draft-values", lang, **count), unit=unit
            )
    distinct = tuple(dict.fromkeys(filled))
    few = len(distinct) <= LIST_MOST and len(filled) >= 3 * len(distinct)
    if few and max(map(len, distinct)) <= LIST_LONGEST:
        return Guess("text", say("draft-list", lang), enum=distinct)
    return Guess("text", say("draft-values", lang, count=len(filled), fit=len(filled)))


def _too_long(filled: list[str]) -> bool:
    """Whether these are numbers, some with more digits than a double holds."""
    numbers = [v for v in (_canonical("number", v) for v in filled) if _NUMBER.fullmatch(v)]
    return len(numbers) >= ENOUGH * len(filled) and not all(map(amounts.is_double, numbers))


def _tests(header: str, whole: bool) -> list[tuple[str, Callable[[str], object]]]:
    """(kind, test of a value), the most specific first; `whole`: no number has decimals."""
    tests: list[tuple[str, Callable[[str], object]]] = [
        ("social-credit-code", _CREDIT_CODE.fullmatch),
        ("document-number", _NUMBER_OF_DOCUMENT.fullmatch),
        ("url", re.compile(r"https?://\S+").fullmatch),
    ]
    if re.search(r"年度|年份", header):
        tests.append(("year", lambda v: re.fullmatch(r"\d{4}", _canonical("year", v))))
    if re.search(r"日期|时间|期限|年月日|至$|日$", header):
        tests.append(("date", _is_date))
    if re.search(r"元|金额|款|费|价", header):
        unit = match_columns.canonical(header)[1]
        tests.append(
            ("money", lambda v: re.fullmatch(r"-?\d+\.\d\d", _canonical("money", v, unit)))
        )
    if re.search(r"号|码|编号|代码|証|\b(?:no|id|code|number|ref)\b", header, re.I):
        tests.append(("code", _CODE.fullmatch))
    return [
        *tests,
        ("date", lambda v: not _NUMBER.fullmatch(v) and _is_date(v)),
        ("integer", lambda v: whole and _INTEGER.fullmatch(_canonical("integer", v))),
        ("number", lambda v: _SHORT.fullmatch(_canonical("number", v))),
        ("code", _CODE.fullmatch),
        ("organisation", _ORGAN.fullmatch),
    ]


def _canonical(kind: str, value: str, unit: str = "") -> str:
    return values.normalise(value, kind, Setting(unit=unit))[0]


def _is_date(value: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", _canonical("date", value)))


def _share(filled: list[str], fits: Callable[[str], object]) -> float:
    return sum(bool(fits(cell)) for cell in filled) / len(filled) if filled else 0.0


def _in_code_list(filled: list[str], catalog: Catalog) -> str:
    """The name of a code list that has every value, and more than one of them; "" if none has.

    Short numbers say nothing: any column may count from 1.
    """
    distinct = {values.fold(cell) for cell in filled}
    if len(distinct) < 2 or all(re.fullmatch(r"\d{1,3}", cell) for cell in distinct):
        return ""
    used = {c.codes for d in catalog.datasets.values() if not d.produced for c in d.columns}
    for name in sorted(used - {""}):
        if distinct <= {values.fold(s) for s in spellings(catalog.codes[name])}:
            return name
    return ""
