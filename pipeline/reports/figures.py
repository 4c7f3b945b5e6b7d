"""Every number with a meaning in a report's text, in one pass over its sentences."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pipeline.reports import labels, numerals
from pipeline.reports.characters import simplified_view
from pipeline.reports.notfigures import masked
from pipeline.reports.numerals import NUMBER, Number
from pipeline.reports.units import COUNTING, NAMING, UNIT, is_noun

RANK = "位次"  # the unit of an ordinal: 排名第三 is 3 位次, no count
_BLANK = "\x00"
_CLAUSE = re.compile(r"[，,；;：:。！？!?\n（）()\x00]")
_SENTENCE = re.compile(r"[。！？!?\n]")
_QUIET_BRACKET = re.compile(r"[（(][^（）()\n。；;\d]{1,24}[）)]")
_BRACKET = re.compile(r"[（(][^（）()\n]*[）)]")
_TO = re.compile(r" ?(?:至|到|[-—–－~～]{1,2}) ?")
_RANK = re.compile(
    r"(?:(?:排名|位居|位列|名列|排在|排|居|列|获得?|荣获|夺得|取得|保持|综合成绩|成绩)[^，,。；;、\n第]{0,14}|(?<=[国省市区县州盟旗乡镇]))"
    r"第(?P<n>[一二三四五六七八九十]{1,3}|\d{1,3})(?P<unit>名|位)?(?=[，,。；;、\s）)”]|的(?:好)?(?:成绩|名次)|$)"
)
_TENTHS = re.compile(
    r"(?:(?P<more>超过?|逾)|近|约)?(?P<n>[一二两三四五六七八九])成(?P<half>半)?(?=以上|多|左右|[，,。；;、的群企案])"
)
_STRONG = re.compile(
    r"(?:召开|举办|开展|组织|选聘|聘请|设立|建立|成立|新建|建成|建设|打造|培育|创建|制定|出台|印发|修订|修改|废止|清理|审查|审核|备案|办理|办结|受理|审理|审结|查处|立案|移送|"
    r"处罚|化解|调解|调处|配备|评选|表彰|命名|招录|引进|发现|整改|纠正|督办|通报|抽查|检查|编制|取消|下放|公布|打掉|破获|起诉|撤销|维持|驳回|确认|约谈|问责|处分|督促|参加|吊销|没收|取缔|"
    r"新增|增加|减少|增设|收到|提出|发出|制发|签订|共|共计|累计|先后|分别|计|达|有|为|近|约|超过|向|对|至少|入选|获评|获|荣获|推出|报送|起草|通过|审议|听取|研究|完成|解决|实施|发布)了?$"
)
_NAME_BEHIND = re.compile(
    r"(?:重大|重点|基本|主要|工作|管理|监管|执法|核心|关键)?(?:制度|清单|机制|体系|原则|意识|自信|维护|方面|方案|工程|行动|任务|革命|建设|责任|目标|环节|领域|产业|分配|能力|功能|职能|层次|阶段|力量|"
    r"办法|纪律|规定|要求|措施|举措|关系|问题|抓手|服务|平台|队伍|干部|书记|联动|网络|合一|融合|统筹|结合|到位|必|严|一扶|面向)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A figure as found in a text; `start`:`end` cover the number and its unit."""

    start: int
    end: int
    number: Number
    unit: str
    label: str
    sentence: tuple[int, int]
    clause: int  # where the clause begins
    part: bool = False  # 其中: a part of the figure before it
    change: bool = False  # 比上年增长: a change of the figure before it


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int  # of the number
    end: int  # of its unit
    number: Number
    unit: str
    first: int = -1  # of what says how exact it is, in front of the number
    last: int = -1  # end of what says so behind the unit

    @property
    def span(self) -> tuple[int, int]:
        """All that belongs to the figure, words of exactness included."""
        return (
            self.start if self.first < 0 else self.first,
            self.end if self.last < 0 else self.last,
        )


def find(text: str) -> list[Found]:
    """All figures of `text`, in order; offsets count in `text`."""
    view = simplified_view(text)
    working = _without(view, masked(view))
    hits = sorted([*_ranks(view), *_counts(working)], key=lambda h: h.start)
    hits = [h for i, h in enumerate(hits) if i == 0 or h.start >= hits[i - 1].end]
    return list(_with_labels(text, view, working, hits))


def _without(view: str, places: list[tuple[int, int]]) -> str:
    """`view` with the numbers in `places` blanked; everything else keeps its place."""
    parts, at = [], 0
    for start, end in places:
        parts += [view[at:start], _BLANK * (end - start)]
        at = end
    return "".join([*parts, view[at:]])


# ---------------------------------------------------------------- numbers


def _ranks(view: str) -> Iterator[_Hit]:
    for match in _RANK.finditer(view):
        written = match["n"]
        value = Decimal(written) if written.isdigit() else numerals.han_value(written)
        if value:
            yield _Hit(match.start("n") - 1, match.end(), Number(value), RANK)


def _counts(working: str) -> Iterator[_Hit]:
    for tenths in _TENTHS.finditer(working):
        value = (numerals.han_value(tenths["n"]) or 0) * 10 + (5 if tenths["half"] else 0)
        behind = working[tenths.end() : tenths.end() + 2]
        at_least = tenths["more"] or behind[:2] == "以上" or behind[:1] == "多"
        number = Number(Decimal(value), "≥" if at_least else "≈")
        yield _Hit(tenths.start("n"), tenths.end(), number, "%", tenths.start())
    at = 0
    while match := NUMBER.search(working, at):
        hit = _hit(working, match)
        at = max(hit.span[1] if hit else 0, match.end(), match.start() + 1)
        if hit:
            yield hit


def _hit(working: str, match: re.Match[str]) -> _Hit | None:
    unit = UNIT.match(working, _skip_space(working, match.end()))
    ranged = _range(working, match, unit)
    if ranged:
        return ranged
    stop = unit.end() if unit else match.end()
    reading = numerals.read(match, working[stop : stop + 4])
    if reading is None or not _counts_something(working, match, unit, reading[0]):
        return None
    number, more = reading
    name = number.per or (unit[0] if unit else "")
    return _Hit(_digits_start(match), stop, number, _unit(name), match.start(), stop + more)


def _digits_start(match: re.Match[str]) -> int:
    """Where the number itself begins, behind 近, 约, 超过."""
    groups = ("percent", "arabic", "vague", "han")
    return min(match.start(g) for g in groups if match.start(g) >= 0)


def _unit(written: str) -> str:
    """One way of writing a unit: 场（次） and 场/次 are 场次."""
    return "%" if written == "％" else re.sub(r"[（(/／](\w+)[）)]?", r"\1", written)


def _skip_space(text: str, at: int) -> int:
    return at + 1 if text[at : at + 1] == " " else at


def _range(working: str, match: re.Match[str], unit: re.Match[str] | None) -> _Hit | None:
    """3至5件, 90%-95%; not 由20件增至35件, which are two figures."""
    stop = unit.end() if unit else match.end()
    to = _TO.match(working, stop)
    other = NUMBER.match(working, to.end()) if to else None
    if to is None or other is None or not (match["arabic"] and other["arabic"]):
        return None
    if unit and re.search(
        r"[由从自][^，。；\n]{0,12}$", working[max(0, match.start() - 13) : match.start()]
    ):
        return None
    other_unit = UNIT.match(working, _skip_space(working, other.end()))
    if other_unit is None or (unit and _unit(unit[0]) != _unit(other_unit[0])):
        return None
    low, high = numerals.read(match, ""), numerals.read(other, "")
    if low is None or high is None:
        return None
    scale = (
        high[0].value / Decimal(re.sub(r"[,，\s]", "", other["arabic"]))
        if not match["scale"] and not unit
        else Decimal(1)
    )
    value = low[0].value * (scale if scale else 1)
    if value >= high[0].value:
        return None
    number = Number(value, "=", high[0].value)
    return _Hit(_digits_start(match), other_unit.end(), number, _unit(other_unit[0]), match.start())


def _counts_something(
    working: str, match: re.Match[str], unit: re.Match[str] | None, number: Number
) -> bool:
    before, after = working[max(0, match.start() - 16) : match.start()], working[match.end() :][:1]
    if re.search(r"第$|[A-Za-z]$", before):
        return False
    if match["arabic"]:
        return _arabic_counts(working, match, unit, before, after)
    if number.per:
        return True
    return unit is not None and _han_counts(working, match, unit, before, number)


def _arabic_counts(
    working: str, match: re.Match[str], unit: re.Match[str] | None, before: str, after: str
) -> bool:
    if unit is not None or match["scale"]:
        return not re.search(r"[0-9.]$", before)
    if re.search(r"[0-9.\-/#№_:：+＋]$", before) or (after in "-/:.+号年月日时点" and after):
        return False
    digits = match["arabic"]
    if len(digits) > 1 and digits[0] == "0" and "." not in digits:
        return False
    counted_before = bool(re.search(r"[\u4e00-\u9fff”]$", before)) or bool(
        re.search(r"[\u4e00-\u9fff][，,：:]?$", before)
    )
    return counted_before and (not after or after in "，,。；;、）)（(\n 和及")


def _han_counts(
    working: str, match: re.Match[str], unit: re.Match[str], before: str, number: Number
) -> bool:
    """A number in characters counts where it is no part of a name."""
    name, written = unit[0], match["han"]
    rough = bool(match["some"] or match["rest"] or match["vague"] or match["near"])
    if is_noun(name) and not rough:
        return False
    if rough or len(written) > 1:
        return len(written) > 1 or rough
    if written in "百千万亿十" and not match["more"]:
        return written == "十" and _small_counts(working, unit, before, name, written)
    return _small_counts(working, unit, before, name, written)


def _small_counts(working: str, unit: re.Match[str], before: str, name: str, written: str) -> bool:
    if name not in COUNTING and name not in NAMING:
        return name in "倍%天" or name in ("小时", "个工作日", "元")
    if re.search(r"[每同各哪几某任另]$|每[^，。；]{0,6}$", before):
        return False
    behind = working[unit.end() : unit.end() + 8]
    closes = not behind or behind[0] in "，,。；;、）)\n以左及和并比共"
    if closes:
        return bool(re.search(r"[\u4e00-\u9fff”）)]$", before)) or bool(
            re.search(r"[，,]共?$", before)
        )
    if written == "一" or (written == "二") or _NAME_BEHIND.match(behind):
        return False
    return name in COUNTING or bool(_STRONG.search(before))


# ---------------------------------------------------------------- phrases


def _with_labels(text: str, view: str, working: str, hits: list[_Hit]) -> Iterator[Found]:
    borders = _borders(working, hits)
    ends = [m.start() for m in _SENTENCE.finditer(view)]
    brackets = [m.span() for m in _BRACKET.finditer(working)]
    last, outer, taken, sentence = "", "", 0, (0, 0)
    respective: list[str] = []  # A、B分别为1、2: what the numbers to come count
    for i, hit in enumerate(hits):
        around = _around(ends, hit.start, len(text))
        if around != sentence:
            last, outer, sentence = "", "", around
        inside = _within(brackets, hit.start)
        last = last if inside else outer  # what stands in brackets is passed by
        first, end = hit.span
        clause = max(_border_before(borders, hit.start), sentence[0])
        before = view[max(clause, taken) : first]
        following = hits[i + 1].span[0] if i + 1 < len(hits) else len(text)
        behind = view[end : min(following, sentence[1], end + 40)]
        earlier = _clause_before(view, borders, clause, sentence[0], taken)
        phrase = _phrase(hit, before, behind, last, earlier)
        if "分别" in before:
            respective = labels.listed(phrase.text)
        elif not labels.only_listed(before):
            respective = []
        if respective:
            phrase = phrase._replace(text=respective.pop(0))
        yield Found(
            hit.start,
            hit.end,
            hit.number,
            hit.unit,
            _original_words(phrase.text, text, view, sentence),
            sentence,
            clause,
            part="其中" in before,
            change=phrase.change,
        )
        last, taken = phrase.text, end + phrase.behind
        outer = outer if inside else last


def _phrase(hit: _Hit, before: str, behind: str, last: str, earlier: str) -> labels.Phrase:
    if hit.unit == RANK:
        return labels.phrase(before, "", last, earlier)
    if is_noun(hit.unit):  # what follows the number is itself what is counted
        phrase = labels.phrase(before, hit.unit + behind, last, earlier)
        return phrase._replace(behind=max(0, phrase.behind - len(hit.unit)))
    return labels.phrase(before, behind, last, earlier)


def _original_words(phrase: str, text: str, view: str, sentence: tuple[int, int]) -> str:
    """A phrase put together from pieces of the simplified sentence, in the text's own script."""
    start, end = sentence
    if text[start:end] == view[start:end]:
        return phrase
    words, at = "", 0
    while at < len(phrase):
        size = len(phrase) - at
        while size > 1 and view.find(phrase[at : at + size], start, end) < 0:
            size -= 1
        place = view.find(phrase[at : at + size], start, end)
        words += text[place : place + size] if place >= 0 else phrase[at]
        at += size
    return words


def _borders(working: str, hits: list[_Hit]) -> list[int]:
    """Where clauses begin: behind a mark that is neither inside a number nor in a quiet bracket."""
    quiet = [m.span() for m in _QUIET_BRACKET.finditer(working)]
    starts, hit_starts = [q[0] for q in quiet], [h.start for h in hits]
    result = []
    for match in _CLAUSE.finditer(working):
        at = match.start()
        if match[0] == _BLANK:
            continue
        q = bisect_right(starts, at) - 1
        h = bisect_right(hit_starts, at) - 1
        if (q >= 0 and at < quiet[q][1]) or (h >= 0 and at < hits[h].span[1]):
            continue
        result.append(at + 1)
    return result


def _within(spans: list[tuple[int, int]], at: int) -> bool:
    i = bisect_right(spans, (at, len(spans) and spans[-1][1])) - 1
    return i >= 0 and spans[i][0] <= at < spans[i][1]


def _border_before(borders: list[int], at: int) -> int:
    i = bisect_right(borders, at) - 1
    return borders[i] if i >= 0 else 0


def _around(ends: list[int], at: int, length: int) -> tuple[int, int]:
    i = bisect_left(ends, at)
    return (ends[i - 1] + 1 if i else 0), (ends[i] + 1 if i < len(ends) else length)


def _clause_before(text: str, borders: list[int], clause: int, floor: int, taken: int) -> str:
    """The clause in front of `clause` in the same sentence, where it holds no figure."""
    if clause <= floor:
        return ""
    start = max(_border_before(borders, clause - 2), floor)
    return "" if start < taken else text[start : clause - 1]
