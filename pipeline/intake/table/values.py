"""Written values to canonical ones: pure functions, text in, text out.

A normaliser never fails and never judges. What it knows to be another way of writing a value it
rewrites, and names the rule; what it does not know it leaves as it is, for the checks to find. Canonical
forms: dates ISO 8601 (`dates`), money in yuan with two decimals (`amounts`), codes in half-width
capitals without spaces, document numbers with 〔〕 (GB/T 9704), names without inner blanks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from stdnum.cn import ric, uscc

from pipeline.base.numerals import read_digits
from pipeline.base.patterns import lazy
from pipeline.intake.table import amounts, cell_marks, dates
from pipeline.intake.table.spelling import (
    TEXT_MARKS,
    Normaliser,
    changed,
    half_width,
    unspaced,
    visible,
)
from pipeline.intake.table.spelling import Setting as Setting
from pipeline.intake.table.spelling import fold as fold
from pipeline.intake.table.spelling import tidy as tidy

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_BLANK_BETWEEN_CJK = lazy(rf"(?<=[{_CJK}])\s+(?=[{_CJK}])")


def text(written: str, setting: Setting) -> tuple[str, str]:
    """Free text: only invisible characters and outer blanks are removed.

    Outer blanks stay where the contract says `gongshi:keep_blanks`.
    """
    plain = tidy(written)
    if setting.keep_blanks and plain:
        plain = visible(written)
    return changed(written, plain, "white-space")


def name(written: str, setting: Setting) -> tuple[str, str]:
    """A person's or an organisation's name: half-width letters,
    full-width brackets, no inner blanks.
    """
    plain = half_width(written)
    plain = _BLANK_BETWEEN_CJK.sub("", plain)
    if re.search(f"[{_CJK}]", plain):
        plain = plain.replace("(", "（").replace(")", "）")
    return changed(written, plain, "name-width")


def code(written: str, setting: Setting) -> tuple[str, str]:
    """A code that stays text: half-width, no blanks, no apostrophe as Excel puts in front."""
    plain = unspaced(written).lstrip(TEXT_MARKS)
    if _WITH_POINT.fullmatch(plain):
        return plain.partition(".")[0], "code-decimal"
    return changed(written, plain, "code-width")


_WITH_POINT = lazy(r"\d{5,}\.0+")  # a code that a program wrote as a number


def social_credit_code(written: str, setting: Setting) -> tuple[str, str]:
    """GB 32100-2015: 18 half-width capitals and digits; hyphens that group them are dropped."""
    plain = unspaced(code(written, setting)[0].replace("-", "").upper())
    return changed(written, plain, "code-width")


_DOCUMENT_NUMBER = lazy(
    r"^(?P<organ>.+?)[〔\[【(﹝{<](?P<year>\d{4})年?[〕\]】)﹞}>](?:第|字)?(?P<number>\d+(?:[-—]\d+)?)号?$"
)


def document_number(written: str, setting: Setting) -> tuple[str, str]:
    """文号 by GB/T 9704: organ, 〔year〕, number without leading zeros and without 第, 号."""
    plain = unspaced(written)
    match = _DOCUMENT_NUMBER.match(plain)
    if match is None:
        return changed(written, tidy(written), "white-space")
    number = re.sub(r"^0+(?=\d)", "", match["number"].replace("—", "-"))
    canonical = (
        f"{match['organ'].replace('(', '（').replace(')', '）')}〔{match['year']}〕{number}号"
    )
    return changed(written, canonical, "document-number")


def year(written: str, setting: Setting) -> tuple[str, str]:
    """A year as four digits: 2024年, 2024年度, 二〇二四年."""
    plain = re.sub(r"\s+|年度?$", "", half_width(written)).lstrip(TEXT_MARKS)
    if re.fullmatch(r"[〇零○一二三四五六七八九]{4}", plain):
        plain = f"{read_digits(plain):04d}"
    return changed(written, plain.removesuffix(".0"), "year-style")


def choice(written: str, setting: Setting) -> tuple[str, str]:
    """One entry of a code list, under whichever of its spellings."""
    return changed(written, _entry(written, setting) or tidy(written), "code-list")


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
        return changed(written, whole, "code-list")
    found: list[str] = []
    for part in re.split(r"[;；/\n|]+", tidy(written)):
        found += _entries(part.strip(), setting)
    known = [c for c in setting.order if c in found]
    unknown = [c for c in dict.fromkeys(found) if c not in setting.order]
    return changed(written, setting.separator.join(known + unknown), "code-list")


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


KINDS: Mapping[str, Normaliser] = {
    "text": text,
    "name": name,
    "organisation": name,
    "document-number": document_number,
    "date": dates.day,
    "money": amounts.money,
    "code": code,
    "social-credit-code": social_credit_code,
    "choice": choice,
    "choices": choices,
    "integer": amounts.number,
    "number": amounts.number,
    "year": year,
    "url": code,
}


def normalise(written: str, kind: str, setting: Setting) -> tuple[str, str]:
    """The canonical form of one written value and the rule that made it ("" where unchanged).

    `values` of sources.yaml comes first; then a mark for "nothing" empties the cell.
    """
    meant = setting.as_meant.get(tidy(written))
    if meant is not None:
        return changed(written, meant, "sources-yaml")
    if (inside := cell_marks.unguarded(written)) != written:
        canonical, rule = normalise(inside, kind, setting)
        return canonical, rule or "text-guard"
    if cell_marks.is_nothing(visible(written)):
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

FORMULA_ERROR = lazy(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|GETTING_DATA|UNKNOWN!)"
    r"|(?:Err|错误|錯誤):\d{3}"  # of LibreOffice
)
_DESTROYED = lazy(r"-?\d(?:\.\d+)?E\+\d{2,3}", re.I)
_EXPONENT = lazy(r"\d(?:\.\d+)?E\+?\d{1,3}", re.I)  # which no document has for a number
_CODES = frozenset(("code", "social-credit-code"))
_CREDIT_CODE = lazy(r"[0-9A-Z]{18}")
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
    if kind in _CODES or kind == "document-number":
        return _doubt_of_code(written, kind, setting)
    if kind == "date" and tidy(written) not in setting.as_meant:
        if meant := dates.months_from_zero(written):
            return "date-months-from-zero", meant
        return ("date-ambiguous" if dates.is_ambiguous(written, setting) else ""), ""
    if kind in amounts.KINDS and tidy(written) not in setting.as_meant:
        return amounts.doubt(written, kind, setting), ""
    return "", ""


def _doubt_of_code(written: str, kind: str, setting: Setting) -> tuple[str, str]:
    if setting.is_numbered and (day := _counted_day(written, setting)):
        return "number-became-serial", day
    if kind == "document-number":
        return ("code-destroyed" if _EXPONENT.fullmatch(half_width(written)) else ""), ""
    if _DESTROYED.fullmatch(code(written, setting)[0]):
        return "code-destroyed", ""
    if kind == "social-credit-code" and (proposal := _meant(written, setting)):
        return "code-look-alike", proposal
    return "", ""


def _counted_day(written: str, setting: Setting) -> str:
    """The day that a bare number counts to, where it may be one; "" where sources.yaml says what is
    meant.
    """
    plain = half_width(written)
    if tidy(written) in setting.as_meant or not re.fullmatch(cell_marks.SERIAL, plain):
        return ""
    return dates.day(plain, setting)[0]


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
