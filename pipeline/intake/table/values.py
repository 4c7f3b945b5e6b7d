"""Written values to canonical ones: pure functions, text in, text out.

A normaliser never fails and never judges. What it knows to be another way of writing a value it
rewrites, and names the rule; what it does not know it leaves as it is, for the checks to find. Canonical forms: dates ISO 8601, money in yuan with two decimals, codes in half-width capitals
without spaces, document numbers with 〔〕 (GB/T 9704), names without inner blanks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from stdnum.cn import ric, uscc

from pipeline.base.normalise import INVISIBLE
from pipeline.base.numerals import read_digits, read_number
from pipeline.intake.table import cell_marks
from pipeline.intake.table.capital_amounts import capital_amount

LONG_TERM = "2099-12-31"  # 424 layout: the date that means 长期

TEXT_MARKS = "'‘’`"  # Excel's prefix of a text cell; other programs write it to the file

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_BLANK_BETWEEN_CJK = re.compile(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")


@dataclass(frozen=True, slots=True)
class Setting:
    """How the values of a column are read, from the contract, the header and sources.yaml."""

    unit: str = ""  # of the written amounts: 元, 万元, 亿元
    dates: str = ""  # year-first (default), short-year, ymd, mdy, dmy, minguo, japanese
    separator: str = ";"
    codes: Mapping[str, str] = field(default_factory=dict)  # folded spelling → code
    prefixes: Mapping[str, str] = field(default_factory=dict)  # folded beginning → code
    order: tuple[str, ...] = ()  # codes in the list's order
    as_meant: Mapping[str, str] = field(default_factory=dict)  # sources.yaml `values`
    is_1904: bool = False  # serial day numbers are counted from 1904-01-01
    keep_blanks: bool = False  # of text: blanks around it are part of it


#: A normaliser gives the canonical text and the name of the rule that made it ("" if unchanged).
Normaliser = Callable[[str, Setting], tuple[str, str]]


def tidy(text: str) -> str:
    """`text` without invisible characters and outer white space; line breaks become `\\n`."""
    return _visible(text).strip()


def _visible(text: str) -> str:
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def half_width(text: str) -> str:
    """`text` tidied, in the width that compatibility (NFKC) gives each character."""
    return tidy(unicodedata.normalize("NFKC", tidy(text)))


def unspaced(text: str) -> str:
    """`text` in half width without any blank.

    NFKC runs again at the end, because a combining mark can now follow a letter.
    """
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", half_width(text)))


def fold(text: str) -> str:
    """The form in which spellings of a code are compared: NFKC, no blanks, case folded."""
    if text.isalnum() and unicodedata.is_normalized("NFKC", text):
        return text.casefold()  # as nearly all are: letters and digits alone, half-width already
    return unspaced(text).casefold()


def text(written: str, setting: Setting) -> tuple[str, str]:
    """Free text: only invisible characters and outer blanks are removed.

    Outer blanks stay where the contract says `gongshi:keep_blanks`.
    """
    plain = tidy(written)
    if setting.keep_blanks and plain:
        plain = _visible(written)
    return _changed(written, plain, "white-space")


def name(written: str, setting: Setting) -> tuple[str, str]:
    """A person's or an organisation's name: half-width letters,
    full-width brackets, no inner blanks.
    """
    plain = half_width(written)
    plain = _BLANK_BETWEEN_CJK.sub("", plain)
    if re.search(f"[{_CJK}]", plain):
        plain = plain.replace("(", "（").replace(")", "）")
    return _changed(written, plain, "name-width")


def code(written: str, setting: Setting) -> tuple[str, str]:
    """A code that stays text: half-width, no blanks, no apostrophe as Excel puts in front."""
    plain = unspaced(written).lstrip(TEXT_MARKS)
    if _WITH_POINT.fullmatch(plain):
        return plain.partition(".")[0], "code-decimal"
    return _changed(written, plain, "code-width")


_WITH_POINT = re.compile(r"\d{5,}\.0+")  # a code that a program wrote as a number


def social_credit_code(written: str, setting: Setting) -> tuple[str, str]:
    """GB 32100-2015: 18 half-width capitals and digits; hyphens that group them are dropped."""
    plain = unspaced(code(written, setting)[0].replace("-", "").upper())
    return _changed(written, plain, "code-width")


_DOCUMENT_NUMBER = re.compile(
    r"^(?P<organ>.+?)[〔\[【(﹝{<](?P<year>\d{4})年?[〕\]】)﹞}>](?:第|字)?(?P<number>\d+(?:[-—]\d+)?)号?$"
)


def document_number(written: str, setting: Setting) -> tuple[str, str]:
    """文号 by GB/T 9704: organ, 〔year〕, number without leading zeros and without 第, 号."""
    plain = unspaced(written)
    match = _DOCUMENT_NUMBER.match(plain)
    if match is None:
        return _changed(written, tidy(written), "white-space")
    number = re.sub(r"^0+(?=\d)", "", match["number"].replace("—", "-"))
    canonical = (
        f"{match['organ'].replace('(', '（').replace(')', '）')}〔{match['year']}〕{number}号"
    )
    return _changed(written, canonical, "document-number")


_YMD = re.compile(
    r"^(?P<y>\d{4})(?P<s>[-/.。–—−])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"
    r"(?:[T\s]+(?P<h>\d{1,2}):(?P<min>\d{2})(?::\d{2}(?:\.\d+)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?$"
)
_COMPACT = re.compile(r"^(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})$")
_WORDS = re.compile(r"^(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]?(?:\d{1,2}[时:].*)?$")
_CHINESE = re.compile(
    r"^(?P<y>[〇零○oO一二三四五六七八九]{4})年(?P<m>[元正一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十廿卅]{1,3})[日号]?$"
)
_SHORT = re.compile(r"^(?P<y>\d{2})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})[日号]?$")
_YEAR_LAST = re.compile(
    r"^(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})(?:\d{1,2}:\d{2}(?::\d{2})?)?$"
)
_MINGUO = re.compile(
    r"^(?:(?:中[华華])?民[国國])?(?P<y>\d{2,3})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?$"
)
_JAPANESE = re.compile(
    r"^(?P<era>[MTSHR]|明治|大正|昭和|平成|令和)(?P<y>\d{1,2}|元)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?$",
    re.I,
)
_SERIAL = re.compile(r"^(?P<n>[2-7]\d{4})(?:\.\d+)?$")  # 1954 to 2119 as Excel counts days
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTERS = dict(zip("MTSHR", _ERAS.values(), strict=True))
_FOREVER = frozenset(("长期", "永久", "长期有效", "永久有效", "无期限", "無期限", "長期"))


def day(written: str, setting: Setting) -> tuple[str, str]:
    """A date as ISO 8601. One that no calendar has (2024-02-30) is left for the checks to find."""
    plain = half_width(written).lstrip(TEXT_MARKS).replace("︰", ":")
    if plain in _FOREVER:
        return LONG_TERM, "date-long-term"
    for rule, year, month, dom in _readings(plain, re.sub(r"\s+", "", plain), setting):
        try:
            return _changed(written, date(year, month, dom).isoformat(), rule)
        except ValueError:
            continue
    return _changed(written, tidy(written), "white-space")


def _readings(plain: str, tight: str, setting: Setting) -> Iterator[tuple[str, int, int, int]]:
    """Every way in which `plain` can be read as a date: (rule, year, month, day)."""
    if match := _YMD.match(plain) or _YMD.match(tight):
        yield _local(match) or ("date-style", int(match["y"]), int(match["m"]), int(match["d"]))
    if match := _COMPACT.match(tight) or _WORDS.match(tight):
        yield "date-style", int(match["y"]), int(match["m"]), int(match["d"])
    if match := _CHINESE.match(tight):
        month, dom = (
            read_number(match["m"].replace("元", "一").replace("正", "一")) or 0,
            read_number(match["d"]) or 0,
        )
        yield "date-chinese", read_digits(match["y"]), month, dom
    if setting.dates in ("mdy", "dmy") and (match := _YEAR_LAST.match(tight)):
        first, second, year = int(match["a"]), int(match["b"]), int(match["y"])
        month, dom = (first, second) if setting.dates == "mdy" else (second, first)
        yield f"date-{setting.dates}", year if year > 99 else 2000 + year, month, dom
    if setting.dates in ("short-year", "ymd") and (match := _SHORT.match(tight)):
        yield "date-short-year", 2000 + int(match["y"]), int(match["m"]), int(match["d"])
    if setting.dates == "minguo" and (match := _MINGUO.match(tight)):
        yield "date-minguo", 1911 + int(match["y"]), int(match["m"]), int(match["d"])
    if setting.dates == "japanese" and (match := _JAPANESE.match(tight)):
        start = _ERAS.get(match["era"]) or _ERA_LETTERS[match["era"].upper()]
        year = start + (1 if match["y"] == "元" else int(match["y"]))
        yield "date-japanese", year, int(match["m"]), int(match["d"])
    if match := _SERIAL.match(tight):
        start_day = date(1904, 1, 1) if setting.is_1904 else date(1899, 12, 30)
        counted = start_day + timedelta(days=int(match["n"]))
        yield "date-serial", counted.year, counted.month, counted.day


def _local(match: re.Match[str]) -> tuple[str, int, int, int] | None:
    """The day in Beijing of a moment that names its zone; None where it names none."""
    if not match["zone"]:
        return None
    zone = match["zone"].upper().replace("Z", "+00:00")
    moment = f"{match['y']}-{match['m']:0>2}-{match['d']:0>2}T{match['h']:0>2}:{match['min']}{zone}"
    try:
        there = datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=8)))
    except (ValueError, OverflowError):
        return None
    return "date-zone", there.year, there.month, there.day


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
_AMOUNT = re.compile(
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
        return _changed(written, tidy(written), "white-space")
    fen = yuan.quantize(_FEN, ROUND_HALF_UP)
    if abs(fen) >= MOST_YUAN:
        return _changed(written, tidy(written), "white-space")
    if fen != yuan:
        if not _has_tail(written):
            return _changed(written, tidy(written), "white-space")
        rule = "money-rounded"
    return _changed(written, str(fen if fen else abs(fen)), rule)


_FEN = Decimal("0.01")
#: Amounts from here on (ten trillion yuan) are slips: no double holds their fen for certain.
MOST_YUAN = Decimal(10) ** 13
MOST_INTEGER = 2**53  # of what SQLite, spreadsheets and JSON hold exactly


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
        number = Decimal((match["sign"] or match["after"]) + match["n"].replace(",", ""))
        if match["unit"]:
            unit = MONEY_UNITS[match["unit"]]
        elif setting.unit == UNKNOWN_UNIT and number:
            return None, "unit-unknown"
        return number * unit, "money-unit"
    spelled = capital_amount(plain)
    return (spelled, "money-capitals") if spelled is not None else (None, "")


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
        return _changed(written, tidy(written), "white-space")
    return _changed(written, canonical, "number-style")


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


def year(written: str, setting: Setting) -> tuple[str, str]:
    """A year as four digits: 2024年, 2024年度, 二〇二四年."""
    plain = re.sub(r"\s+|年度?$", "", half_width(written)).lstrip(TEXT_MARKS)
    if re.fullmatch(r"[〇零○一二三四五六七八九]{4}", plain):
        plain = f"{read_digits(plain):04d}"
    return _changed(written, plain.removesuffix(".0"), "year-style")


def choice(written: str, setting: Setting) -> tuple[str, str]:
    """One entry of a code list, under whichever of its spellings."""
    return _changed(written, _entry(written, setting) or tidy(written), "code-list")


def _entry(written: str, setting: Setting) -> str | None:
    """The code that `written` is a spelling of, or begins like one."""
    folded = fold(written)
    if folded in setting.codes:
        return setting.codes[folded]
    return next((c for begins, c in setting.prefixes.items() if folded.startswith(begins)), None)


def choices(written: str, setting: Setting) -> tuple[str, str]:
    """Several entries of a code list, joined by the separator in the list's order, each once."""
    whole = setting.codes.get(fold(written))
    if whole is not None:
        return _changed(written, whole, "code-list")
    found: list[str] = []
    for part in re.split(r"[;；/\n|]+", tidy(written)):
        found += _entries(part.strip(), setting)
    known = [c for c in setting.order if c in found]
    unknown = [c for c in dict.fromkeys(found) if c not in setting.order]
    return _changed(written, setting.separator.join(known + unknown), "code-list")


def _entries(part: str, setting: Setting) -> list[str]:
    """The entries in `part`, where commas join entries or are part of one: longest match first."""
    if not part:
        return []
    pieces = re.split(r"([、,，])", part)
    found: list[str] = []
    start = 0
    while start < len(pieces):
        for end in range(len(pieces), start, -2):
            entry = _entry("".join(pieces[start:end]), setting)
            if entry is not None or end == start + 1:
                found.append(entry or pieces[start].strip())
                start = end + 1
                break
    return [entry for entry in found if entry]


def _changed(written: str, canonical: str, rule: str) -> tuple[str, str]:
    if canonical == written:
        return written, ""
    return canonical, rule if canonical != tidy(written) else "white-space"


KINDS: Mapping[str, Normaliser] = {
    "text": text,
    "name": name,
    "organisation": name,
    "document-number": document_number,
    "date": day,
    "money": money,
    "code": code,
    "social-credit-code": social_credit_code,
    "choice": choice,
    "choices": choices,
    "integer": number,
    "number": number,
    "year": year,
    "url": code,
}


def normalise(written: str, kind: str, setting: Setting) -> tuple[str, str]:
    """The canonical form of one written value and the rule that made it ("" where unchanged).

    `values` of sources.yaml comes first; then a mark for "nothing" empties the cell.
    """
    meant = setting.as_meant.get(tidy(written))
    if meant is not None:
        return _changed(written, meant, "sources-yaml")
    if (inside := cell_marks.unguarded(written)) != written:
        canonical, rule = normalise(inside, kind, setting)
        return canonical, rule or "text-guard"
    if cell_marks.is_nothing(_visible(written)):
        return "", "blank-mark"
    if cell_marks.is_picture(written):
        return "", "picture-formula"
    if cell_marks.is_formula(written):
        return "", "formula-without-result"
    if FORMULA_ERROR.fullmatch(tidy(written)):
        return "", "formula-error"
    canonical, rule = KINDS[kind](written, setting)
    if kind != "text" and cell_marks.is_nothing(canonical):
        # The normaliser removed what was around the mark: an apostrophe, a comma.
        return "", "blank-mark"
    return canonical, rule


# ---------------------------------------------------------------- what only a person can correct

FORMULA_ERROR = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA|UNKNOWN!)"
    r"|(?:Err|错误|錯誤):\d{3}"  # of LibreOffice
)
_DESTROYED = re.compile(r"-?\d(?:\.\d+)?E\+\d{2,3}", re.I)
_EXPONENT = re.compile(r"[+-]?[\d.]+E[+-]?\d{1,3}(?:万元|亿元|千元|元|圆|万|亿)?", re.I)
_CODES = frozenset(("code", "social-credit-code"))
_CREDIT_CODE = re.compile(r"[0-9A-Z]{18}")
_MISREAD = str.maketrans("OIo", "010")


def doubt(written: str, kind: str, setting: Setting) -> tuple[str, str]:
    """(rule, proposal) of the finding about a cell that was read but is doubtful; ("", "") for
    none.

    A proposal is what was probably meant. It is shown in the finding and never applied.
    """
    written = cell_marks.unguarded(written)
    if tidy(written) not in setting.as_meant and (rule := cell_marks.trouble(written, kind)):
        return rule, ""
    if "\ufffd" in written:
        return "lost-characters", ""
    if FORMULA_ERROR.fullmatch(tidy(written)) and tidy(written) not in setting.as_meant:
        return "formula-error", ""
    if "\0" in written:
        return "nul-bytes", ""
    if kind in _CODES and _DESTROYED.fullmatch(code(written, setting)[0]):
        return "code-destroyed", ""
    if kind == "social-credit-code" and (proposal := _meant(written, setting)):
        return "code-look-alike", proposal
    if kind in _NUMERIC and tidy(written) not in setting.as_meant:
        return _numeric_doubt(written, kind, setting), ""
    return "", ""


_NUMERIC = frozenset(("money", "integer", "number"))


def _numeric_doubt(written: str, kind: str, setting: Setting) -> str:
    """The rule of the finding about a number that cannot be published as it is; "" for none."""
    if kind == "money":
        if _EXPONENT.fullmatch(unspaced(written).lstrip(TEXT_MARKS)):
            return "amount-exponent"  # a spreadsheet shows 1.2E+05 for any amount near it
        yuan, why = _yuan(written, setting)
        if yuan is None:
            return why
        if abs(yuan) >= MOST_YUAN:
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


def _meant(written: str, setting: Setting) -> str:
    """The valid code (GB 32100-2015) with O read as 0 and I as 1; "" where there is none.

    Nothing is proposed for what may be an identity number (GB 11643-1999): a finding must not
    complete one.
    """
    plain = social_credit_code(written, setting)[0]
    changed = plain.translate(_MISREAD)
    if changed == plain or not _CREDIT_CODE.fullmatch(changed) or ric.is_valid(changed):
        return ""
    return changed if uscc.is_valid(changed) else ""
