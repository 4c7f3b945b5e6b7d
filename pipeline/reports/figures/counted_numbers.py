"""Numbers that count something, with unit and exactness; `labels` finds what they count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pipeline.reports.figures import numerals, shares
from pipeline.reports.figures.numerals import NUMBER, Number
from pipeline.reports.figures.units import COUNTING, NAMING, UNIT, is_noun

RANK = "位次"  # the unit of an ordinal: 排名第三 is 3 位次, no count
_TO = re.compile(r" ?(?:至|到|[-—–－~～]{1,2}) ?")
_RANK = re.compile(
    r"(?:(?:排名|位居|位列|名列|排在|排|居|列|获得?|荣获|夺得|取得|保持|综合成绩|成绩)[^，,。；;、\n第]{0,14}|(?<=[国省市区县州盟旗乡镇]))"
    r"第 ?(?P<n>[一二三四五六七八九十]{1,3}|\d{1,3}) ?(?P<unit>名|位)?(?=[，,。；;、\s）)”]|的(?:好)?(?:成绩|名次)|$)"
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
class Counted:
    """A number that counts something; `unit` is "" where none is written."""

    start: int  # of the number
    end: int  # of its unit
    number: Number
    unit: str
    first: int = -1  # of the words of exactness before the number; -1: none
    last: int = -1  # end of those after the unit; -1: none

    @property
    def span(self) -> tuple[int, int]:
        """Start and end of the figure, words of exactness included."""
        return (
            self.start if self.first < 0 else self.first,
            self.end if self.last < 0 else self.last,
        )


def find(view: str, working: str) -> list[Counted]:
    """Every counted number in order, in simplified text.

    `view`: the text, for ranks; `working`: the same with numbers that count nothing blanked.
    """
    counted = sorted([*_ranks(view), *_counts(working)], key=lambda h: h.start)
    return [h for i, h in enumerate(counted) if i == 0 or h.start >= counted[i - 1].end]


def _ranks(view: str) -> Iterator[Counted]:
    for match in _RANK.finditer(view):
        written = match["n"]
        value = Decimal(written) if written.isdigit() else numerals.han_value(written)
        if value:
            yield Counted(view.rindex("第", 0, match.start("n")), match.end(), Number(value), RANK)


def _counts(working: str) -> Iterator[Counted]:
    yield from (Counted(*share) for share in shares.find(working))
    at = 0
    while match := NUMBER.search(working, at):
        item = _counted_number(working, match)
        at = max(item.span[1] if item else 0, match.end(), match.start() + 1)
        if item:
            yield item


def _counted_number(working: str, match: re.Match[str]) -> Counted | None:
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
    return Counted(_digits_start(match), stop, number, _unit(name), match.start(), stop + more)


def _digits_start(match: re.Match[str]) -> int:
    """Where the number itself begins, after 近, 约, 超过."""
    groups = ("percent", "arabic", "vague", "han")
    return min(match.start(g) for g in groups if match.start(g) >= 0)


def _unit(written: str) -> str:
    """A unit in its normal form: 场（次） and 场/次 become 场次."""
    return "%" if written == "％" else re.sub(r"[（(/／](\w+)[）)]?", r"\1", written)


def _skip_space(text: str, at: int) -> int:
    return at + 1 if text[at : at + 1] == " " else at


def _range(working: str, match: re.Match[str], unit: re.Match[str] | None) -> Counted | None:
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
        high[0].value / numerals.arabic_value(other["arabic"])
        if not match["scale"] and not unit
        else Decimal(1)
    )
    value = low[0].value * (scale if scale else 1)
    if value >= high[0].value:
        return None
    number = Number(value, "=", high[0].value)
    return Counted(
        _digits_start(match), other_unit.end(), number, _unit(other_unit[0]), match.start()
    )


def _counts_something(
    working: str, match: re.Match[str], unit: re.Match[str] | None, number: Number
) -> bool:
    before, after = (
        working[max(0, match.start() - 16) : match.start()],
        working[match.end() : match.end() + 1],
    )
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
    """Whether a number in Chinese characters counts something and is not part of a name."""
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
        return bool(re.search(r"[\u4e00-\u9fff”）)\x00]$", before)) or bool(
            re.search(r"[，,]共?$", before)
        )
    if written == "一" or (written == "二") or _NAME_BEHIND.match(behind):
        return False
    return name in COUNTING or bool(_STRONG.search(before))
