"""What exporting programs and people put into a cell in place of its value, or around it.

Each is recognised by its form, whatever the case, width and brackets: a word for "nothing", the
guards `="…"` and `'=…`, a mark for "as above", a picture's formula, characters that were lost, a document's
number that a spreadsheet took for a date, two values in one cell.
"""

from __future__ import annotations

import re
import unicodedata

from pipeline.base.patterns import lazy
from pipeline.base.spreadsheet_safety import safe

#: How a program writes a missing value, bare or in brackets.
_OF_PROGRAMS = r"null|none|nil|nan|nat|na|n/a|<na>|undefined|\\n"
#: How a person writes that there is nothing.
_OF_PEOPLE = r"[/\\~]|[-—―–−]{1,4}|无|暂无|空|不详|没有|未填"
_NOTHING = lazy(rf"[(<\[{{]?(?:{_OF_PROGRAMS}|{_OF_PEOPLE})[)>\]}}]?", re.I)
_GUARD = lazy(r'=\s*"(?P<inside>(?:[^"]|"")*)"', re.S)
#: How a person writes "as above". RE2 syntax.
_AS_ABOVE = (
    r"同\s*[上前左][一]?[行栏格条列面项例述]?|上同|[与和跟同]上(?:面|[一]?[行栏格条列项])?(?:内容)?(?:相同|一样|一致|同)"
    r"|〃+|″|\"\s*|ditto|do\.|(?:the\s+)?same(?:\s+as)?(?:\s+the)?\s+(?:above|previous)(?:\s+(?:row|line|cell))?|as\s+above"
)
_DITTO = lazy(rf"[(]?(?:{_AS_ABOVE})[)]?", re.I)
_PICTURE = lazy(r"=\s*(?:_xlfn\.)*(?:_xlws\.)*(?:DISPIMG|IMAGE)\(", re.I)
_FORMULA = lazy(r"=\s*[^=\s]")  # what a spreadsheet would compute, whatever it is
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LOST = lazy(
    rf"锟斤拷|锟斤|烫烫烫|屯屯屯|ï¿½|\?{{2,}}(?=[{_CJK}])|(?<=[{_CJK}])\?{{2,}}(?=[^?\s”」』）)])"
    rf"|^\?{{3,}}$"
)
_LOST_IN_NAME = lazy(rf"\?(?=[{_CJK}])|(?<=[{_CJK}])\?|[\ue000-\uf8ff\ufffd]")
_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = lazy(
    rf"\d{{4}}([-/.])\d{{1,2}}\1\d{{1,2}}(?:[ T]\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?)?"
    rf"|\d{{1,2}}[-/ ](?:{_MONTH})(?:[-/ ]\d{{2,4}})?|(?:{_MONTH})[-/ ]\d{{2,4}}"
    rf"|(?:\d{{4}}年)?\d{{1,2}}月\d{{1,2}}日|\d{{4}}年\d{{1,2}}月",
    re.I,
)
_NUMBERED = lazy(r"[〔\[(（【]\s*(?:19|20)\d{2}\s*[〕\])）】][^〔\[(（【]{0,12}?\d+\s*号")

_COMPANY = "(?:公司|厂|店|商行|经营部|合作社|企业|集团)"
#: Names that may be several companies' (RE2), and such as are.
PARTIES = rf"{_COMPANY}\s*[、;；,，/]"
_PARTIES = lazy(rf"{_COMPANY}\s*[、;,/]\s*[^、;,/]{{2,}}?{_COMPANY}")
#: Cells that may be one of these, by their beginning, so that all others need no Python (RE2).
SUSPECT = (
    r"(?i)^\s*(?:=|＝|'|[(（<\[{]?\s*(?:null|none|nil|nan|nat|na|n/a|undefined|\\n|[/\\~／＼]|[-—―–−－]{1,4}|无|暂无|空"
    rf"|不详|没有|未填|{_AS_ABOVE})\s*[)）>\]}}]?\s*$)|锟斤|烫烫烫|屯屯屯|ï¿½|\?\?|？？"
)
#: Cells of codes that may be dates, or numbers with a point.
NO_CODE = r"^\d{4}[-/.年]\d{1,2}[-/.月]|^\d{1,2}月\d|\.0+$|^\d(?:\.\d+)?[Ee]\+?\d{1,3}$"
#: A day as spreadsheets count them from 1900: 1982 to 2064.
SERIAL = r"^\s*[3-5]\d{4}(?:\.0+)?\s*$"
_KEYS = frozenset(("code", "social-credit-code", "document-number"))
_NAMES = frozenset(("name", "organisation")) | _KEYS


def folded(text: str) -> str:
    """`text` in half width, without outer blanks."""
    return unicodedata.normalize("NFKC", text.strip()).strip()


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return bool(_NOTHING.fullmatch(folded(text)))


def unguarded(text: str) -> str:
    """The text inside `="…"`, by which a CSV keeps a spreadsheet from reading a code as a number, or
    behind the apostrophes that keep it from being run, as in our own CSV for Excel."""
    plain = text.strip().lstrip("'")
    if plain == text.strip() or plain == safe(plain):
        plain = text
    match = _GUARD.fullmatch(plain.strip())
    return match["inside"].replace('""', '"') if match else plain


def is_picture(text: str) -> bool:
    """Whether a cell is the formula of a picture in it (`=DISPIMG(…)` of WPS, `=IMAGE(…)`)."""
    return bool(_PICTURE.match(text.strip()))


def is_formula(text: str) -> bool:
    """Whether a cell holds a formula and not its result."""
    return bool(_FORMULA.match(text.strip())) and not _GUARD.fullmatch(text.strip())


def trouble(text: str, kind: str) -> str:
    """The rule of the finding about a cell that holds no value of its own; "" for none."""
    plain = folded(text)
    if _DITTO.fullmatch(plain):
        return "as-above"
    if is_picture(plain):
        return "picture-in-cell"
    if is_formula(plain):
        return "formula-without-result"
    if _LOST.search(text) or (kind in _NAMES and _LOST_IN_NAME.search(plain)):
        return "garbled-text"
    if kind in _KEYS and _DATE.fullmatch(plain):
        return "number-became-date"
    if kind == "document-number" and len(_NUMBERED.findall(plain)) > 1:
        return "two-in-one"
    if kind in ("name", "organisation") and _PARTIES.search(plain):
        return "two-in-one"
    return ""
