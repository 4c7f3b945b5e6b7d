"""A report's title, body, division, year and date, read from its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.base.model import CodeList
from pipeline.base.numerals import read_digits, read_number
from pipeline.base.script import simplified_by_character

_ABOUT = re.compile(
    r"法治|依法行政|依法治|行政执法|年度报告|工作报告|工作总结|情况报告|情况的报告|情况汇报|报告"
)
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八九十\d]{1,3}[、.．）)]")
_YEAR = re.compile(r"((?:19|20)\d{2}) ?年")
_HAN_YEAR = re.compile(r"(二[〇零○]二[〇零○一二三四五六七八九]) ?年")
_DATE = re.compile(r"((?:19|20)\d{2}) ?[-./年] ?(\d{1,2}) ?[-./月] ?(\d{1,2}) ?日?")
_HAN_DATE = re.compile(
    r"(二[〇零○][一二][〇零○一二三四五六七八九])年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_ORGAN = (
    r"(?:人民政府办公室|人民政府|人民法院|人民检察院|管理委员会|管委会|委员会|街道办事处|办事处|街道|司法厅|司法局|"
    r"[\u4e00-\u9fff]{1,8}[局厅委办]|自治[州县旗]|[省市县区旗州镇乡])"
)
_BODY_IN_TITLE = re.compile(
    rf"^(?:关于)?(?:印发)?(?:《)?(?P<body>[\u4e00-\u9fff]{{2,24}}?{_ORGAN}?)(?:关于)?(?:(?:19|20)\d{{2}}|二[〇零○]|法治政府|行政复议|行政应诉|普法|政务公开|司法行政|年度|推进|落实|贯彻|依法行政|行政执法)"
)
_SIGNATURE = re.compile(rf"^[\u4e00-\u9fff]{{2,24}}?{_ORGAN}$")
_BLANKS = " \t\r　"
_US = re.compile(r"[我全]([市县区州旗镇乡])")


@dataclass(frozen=True, slots=True)
class Heading:
    """A report's title, body, division, year and date; "" or None where it states none."""

    title: str = ""
    body: str = ""
    region_code: str = ""
    year: int | None = None
    date: str = ""


def heading(
    text: str, title: str = "", published: str = "", divisions: CodeList | None = None
) -> Heading:
    """Read title, body, division, year and date of `text`.

    `title` and `published` are those that the file states. All is in the text's own script but the
    body, which is simplified, as in the records.
    """
    view = simplified_by_character(text)
    pairs = zip(text.split("\n"), view.split("\n"), strict=True)
    lines = [(raw.strip(_BLANKS), plain.strip(_BLANKS)) for raw, plain in pairs]
    lines = [line for line in lines if line[1]]
    plain_lines = [line[1] for line in lines]
    stated = _title(lines)
    if not stated and _ABOUT.search(simplified_by_character(title)):
        stated = title
    plain_title = simplified_by_character(stated)
    day = _date(plain_lines) or _date([published])
    body = _body(plain_title, plain_lines) or _most_named(view, divisions)
    return Heading(stated, body, _region(body, divisions), _year(plain_title, view, day), day)


def _title(lines: Sequence[tuple[str, str]]) -> str:
    """The lines before the first sentence that name a report."""
    parts: list[str] = []
    for raw, line in lines[:12]:
        if _NUMBERED.match(line) or len(line) > 60 or re.search(r"[。；，,;]", line):
            break
        if _DATE.match(line) or re.match(r"(?:发布|来源|时间|浏览|作者|字体|索引|[（(])", line):
            continue
        parts.append(raw)
        if _ABOUT.search(line) and re.search(r"报告|总结|汇报", line):
            goes_back = len(parts) > 1 and (line.startswith("关于") or not _whole(line))
            return "".join(parts[-2:]) if goes_back else raw
    return ""


def _whole(line: str) -> bool:
    """Does a line name its body and matter by itself?"""
    return bool(_BODY_IN_TITLE.match(line)) or len(line) > 18


def _body(title: str, lines: Sequence[str]) -> str:
    match = _BODY_IN_TITLE.match(title)
    if match and re.search(rf"{_ORGAN}$", match["body"]):
        return match["body"]
    for line in reversed(lines[-4:]):
        if len(line) <= 24 and _SIGNATURE.match(line):
            return line
    return ""


def _region(body: str, divisions: CodeList | None) -> str:
    """The division that `body` names; "" where it names none, or several have the name."""
    if not body or divisions is None:
        return ""
    names: dict[str, set[str]] = {}
    for code in divisions.codes:
        for name in (code.label, *code.aliases):
            names.setdefault(name, set()).add(code.code)
    for length in range(len(body), 1, -1):
        found = names.get(body[:length])
        if found:
            return next(iter(found)) if len(found) == 1 else ""
    return ""


def _most_named(view: str, divisions: CodeList | None) -> str:
    """The division that a text names most, more than once, of the kind of 我区 or 全区."""
    kinds = Counter(_US.findall(view))
    if divisions is None or not kinds:
        return ""
    kind = max(kinds, key=lambda k: kinds[k])
    names = {c.label for c in divisions.codes if c.label[-1:] == kind and len(c.label) > 2}
    named = Counter({name: view.count(name) for name in names if name in view})
    best = [name for name, count in named.most_common(2) if count > 1]
    tied = len(best) == 2 and named[best[0]] == named[best[1]]
    return best[0] if best and not tied else ""


def _year(title: str, view: str, published: str) -> int | None:
    for source in (title, view[:600]):
        match = _YEAR.search(source)
        if match:
            return int(match[1])
        han = _HAN_YEAR.search(source)
        if han:
            return read_digits(han[1])
    years = Counter(_YEAR.findall(view))
    if years:
        return int(max(years, key=lambda y: (years[y], y)))
    return int(published[:4]) - 1 if published else None


def _date(lines: Sequence[str]) -> str:
    """The date under the text, else one above it; ISO 8601, "" where there is none."""
    for line in (*reversed(lines[-6:]), *lines[:8]):
        if len(line) > 40:
            continue
        match = _DATE.search(line)
        if match:
            return _iso(int(match[1]), int(match[2]), int(match[3]))
        han = _HAN_DATE.search(line)
        if han:
            month, day = (read_number(part) or 0 for part in (han[2], han[3]))
            return _iso(read_digits(han[1]), month, day)
    return ""


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def overruled(read: Heading, given: Heading) -> Heading:
    """`read` with body, division and year replaced by those of `sources.yaml`, where given."""
    return replace(
        read,
        body=given.body or read.body,
        region_code=given.region_code or read.region_code,
        year=given.year or read.year,
    )
