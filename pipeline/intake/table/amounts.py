"""Amounts of money and other numbers as they are written, in yuan or as plain digits."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from pipeline.base.patterns import lazy
from pipeline.intake.table.capital_amounts import capital_amount
from pipeline.intake.table.spelling import TEXT_MARKS, Setting, changed, half_width, tidy, unspaced

KINDS = frozenset(("money", "integer", "number"))
UNKNOWN_UNIT = "?"  # of amounts that are not published before somebody names their unit
MONEY_UNITS = {
    "元": Decimal(1),
    "圆": Decimal(1),
    "万": Decimal(10_000),
    "万元": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "亿元": Decimal(100_000_000),
    "千元": Decimal(1_000),
}
_AMOUNT = lazy(
    r"^(?P<sign>[+-]?)(?:人民币|RMB|CNY|¥)?(?P<after>[+-]?)(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?P<unit>万元|亿元|千元|元|圆|万|亿)?(?:整|正)?$",
    re.I,
)


def money(written: str, setting: Setting) -> tuple[str, str]:
    """An amount in yuan with two decimals; a unit in the cell goes before the header's.

    The tail that a formula or a float leaves (33333.3333333333) is rounded to the fen. Any other
    amount that is not a whole number of fen is left as it is, for `doubt` to find.
    """
    yuan, rule = _yuan(written, setting)
    if yuan is None:
        return changed(written, tidy(written), "white-space")
    if _is_too_large(yuan):
        return changed(written, tidy(written), "white-space")
    fen = yuan.quantize(_FEN, ROUND_HALF_UP)
    if fen != yuan:
        if not _has_tail(written):
            return changed(written, tidy(written), "white-space")
        rule = "money-rounded"
    return changed(written, str(fen if fen else abs(fen)), rule)


_FEN = Decimal("0.01")
#: Amounts from here on (ten trillion yuan) are slips: no double holds their fen for certain.
MOST_YUAN = Decimal(10) ** 13
LONGEST = 100  # characters of an amount's number; Decimal fails at a million
_ENDLESS = Decimal("Infinity")  # the amount of a longer one
MOST_INTEGER = 2**53  # of what SQLite, spreadsheets and JSON hold exactly
_EXPONENT = lazy(r"[+-]?[\d.]+E[+-]?\d{1,3}(?:万元|亿元|千元|元|圆|万|亿)?", re.I)


def amount(written: str, setting: Setting) -> Decimal | None:
    """The amount in yuan, of whatever precision; None where the cell holds none."""
    return _yuan(written, setting)[0]


def _yuan(written: str, setting: Setting) -> tuple[Decimal | None, str]:
    """(the amount in yuan, the rule by which it was read); None where it is none."""
    plain = unspaced(written).lstrip(TEXT_MARKS)
    plain = plain.replace("萬", "万").replace("億", "亿").replace("圓", "圆").replace("−", "-")
    unit = MONEY_UNITS.get(setting.unit, Decimal(1))
    if match := _AMOUNT.match(plain):
        if match["sign"] and match["after"]:
            return None, ""
        if len(match["n"]) > LONGEST:
            return _ENDLESS, "money-unit"
        number = Decimal((match["sign"] or match["after"]) + match["n"].replace(",", ""))
        if match["unit"]:
            unit = MONEY_UNITS[match["unit"]]
        elif setting.unit == UNKNOWN_UNIT and number:
            return None, "unit-unknown"
        return number * unit, "money-unit"
    spelled = capital_amount(plain)
    return (spelled, "money-capitals") if spelled is not None else (None, "")


def _is_too_large(yuan: Decimal) -> bool:
    """Whether an amount is a slip, if only once it is rounded. Asked before that: `quantize` fails
    where its result has more than 28 digits.
    """
    return abs(yuan) >= MOST_YUAN - _FEN / 2


def _has_tail(written: str) -> bool:
    """Whether a number has as many digits as a computer writes, and nobody by hand."""
    digits = re.sub(r"\D", "", unspaced(written)).lstrip("0")
    return len(digits) >= 15  # IEEE 754 doubles have 15 to 17


def number(written: str, setting: Setting) -> tuple[str, str]:
    """A number in half width, without thousands separators and trailing `.0`.

    No digit is rounded away; what a database would round is left for `doubt` to find.
    """
    plain = re.sub(r"[\s,]+", "", half_width(written)).lstrip(TEXT_MARKS)
    canonical = _plain_number(plain)
    if canonical is None:
        return changed(written, tidy(written), "white-space")
    return changed(written, canonical, "number-style")


def is_double(number: str) -> bool:
    """Whether a double (IEEE 754), as databases and JSON have it, comes back as `number`, which is
    canonical: its shortest text is that very number.
    """
    return _plain_number(repr(float(number))) == number


def _plain_number(text: str) -> str | None:
    """A number without exponent, sign of plus and closing zeros; None where it is none, or its
    exponent is absurd.
    """
    if not re.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", text, re.ASCII):
        return None
    value = Decimal(text)
    if value and abs(value.adjusted()) > 40:
        return None
    canonical = f"{value:f}"
    if "." in canonical:
        canonical = canonical.rstrip("0").rstrip(".")
    return "0" if canonical in ("-0", "") else canonical.removeprefix("+")


def doubt(written: str, kind: str, setting: Setting) -> str:
    """The rule of the finding about a number (of one of `KINDS`) that cannot be published as it is;
    "" for none.
    """
    if kind == "money":
        if _EXPONENT.fullmatch(unspaced(written).lstrip(TEXT_MARKS)):
            return "amount-exponent"  # a spreadsheet shows 1.2E+05 for any amount near it
        yuan, why = _yuan(written, setting)
        if yuan is None:
            return why
        if _is_too_large(yuan):
            return "number-too-large"
        return "amount-below-fen" if yuan != yuan.quantize(_FEN) and not _has_tail(written) else ""
    canonical = number(written, setting)[0]
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", canonical):
        return ""
    is_large = abs(Decimal(canonical)) > MOST_INTEGER
    if kind == "integer":
        return "number-too-large" if is_large else ""
    if is_double(canonical):
        return ""
    return "number-too-large" if is_large else "number-digits"
