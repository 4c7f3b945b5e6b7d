"""What a figure counts, as a phrase in the report's own words."""

from __future__ import annotations

import re
from typing import NamedTuple

_LONGEST = 36
_LONGEST_NOUN = 26

# Words that open or close a clause and do not say what is counted. Lookarounds keep them from being
# cut out of longer words: 和解, 现场, 持有, 签约.
_LEADING = re.compile(
    r"^(?:[\s　、，,；;：:”]|的(?=..)|(?:19|20)\d\d年度?|[（(][一二三四五六七八九十\d]{1,3}[）)]|"
    r"[一二三四五六七八九十]{1,3}(?:、|是|要)|\d{1,2}[.．、]|"
    r"(?:其中|同时|并且|以及|此外|另外|另有|另|截至目前|截至|截止|目前|今年以来|今年|去年|全年度?|年内|"
    r"一年来|近年来|本年度|上半年|下半年|期间|总共|共计|累计|总计|合计|共有|先后|分别|已经|至今|现有|现已|"
    r"现(?![场行代金存])|还(?![款本])|已|并(?![案购联网处])|共(?![同享产青治商性])|"
    r"各(?![类级项种地界村乡镇部单])|和(?![解谐平])|及(?![时格])|与(?!会)|或)(?=[^\s]))+"
)
_TRAILING = re.compile(
    r"(?:[\s　、，,：:“]|(?:均|都|已|全部|各)?(?:达到了?|(?<![送传到表直抵转下])达)|"
    r"(?:总数|总量|数量)?(?:分别|均|共|总)?(?<![作成认行])为|"
    r"分别|总共|共计|累计|总计|合计|共有|共|(?<![统审估])计|(?<![平人年月日户])均|"
    r"(?<![签违履制节公预特合邀])约|(?<!成)就|了|(?<![没持享拥所国具占实原])有|(?<!不)是|"
    r"已|仅|也|又|再|至少|多达|高达|近|超过?|(?<=[率比度])(?:在|保持在|稳定在))+$"
)
_VERB_UP = r"增长|增加|上升|提高|提升|上涨|增多|增|升"
_VERB_DOWN = r"下降|减少|降低|回落|缩短|压缩|压减|减|降"
_VERB = re.compile(rf"{_VERB_UP}|{_VERB_DOWN}|调整|扩大|扩展|优化|变")
_BESIDES = r"(?:与|比|较|同)?(?:上年度?|去年|上一年度?|前一年|20\d\d年|往年|上期)?(?:同期)?(?:相比|同比|环比|比)?"
_CHANGE = re.compile(
    rf"^(?:均|也|则)?{_BESIDES}(?:分别|均|大幅|显著|明显|再)*"
    rf"(?:{_VERB_UP}|{_VERB_DOWN}|增幅|降幅|提速|翻|多|少|高|低)(?:了|达|率|幅度)*$"
)
_CHANGED = re.compile(
    rf"(?:{_VERB_UP}|{_VERB_DOWN}|增幅|降幅|提速|翻|(?:比|较).{{0,8}}[多少高低])(?:了|率|幅度)?$"
)
_LEVEL_NOW = re.compile(rf"^(?:{_VERB_UP}|{_VERB_DOWN}|调整|扩大|扩展|优化)(?:至|到|为)$")
_LEVEL_BEFORE = re.compile(
    r"(?:由|从|[比较与](?=上|去|前|同期| ?19| ?20))(?: ?(?:19|20)\d\d ?年度?|上年度?|去年|上一年度?|原来|原先|改革前|此前)?(?:同期)?的?(?:[年月日平人]均)?$"
)
_LEANING = re.compile(
    r"^(?:[是为]其$|相当于|同比|环比|[比较](?:上年|去年)|占|位居|排名|名列|涉案金额|金额|涉及金额|标的额)"
)
_ALL_OF = re.compile(
    r"^((?:全|我)(?:[省市县区州旗局镇乡]|系统|街道)+)(?:现有|共计|累计|总共|共)有?(?=.)"
)
_ONLY_LISTED = re.compile(r"[\s、，,；;]*(?:以?及|和|与|或)?[\s]*")
_NEVER_BEHIND = "以左上及和与或等之不并且，,。；;：:、）)(（！？!?\n"
_NOT_BEHIND = (
    "比较同环并且及和与均全已占为以由到至后前中左右内之不分依共合增降上下提减达涉被经得获使让从在用"
    "对向给因未无是有应等，,。；;：:、）)(（！？!?\n的约其超近连"
)
_NOUN = re.compile(
    r"^[\u3400-\u9fff“《（(](?:[（(][^（）()\d\n]{1,9}[）)]|[^，,。；;：:、！？!?\n\x00])*"
)


class Phrase(NamedTuple):
    """A label, how much of the text after the number it uses, and whether it is of a change."""

    text: str
    behind: int = 0
    change: bool = False


def phrase(before: str, behind: str, last: str, clause_before: str) -> Phrase:
    """The phrase that a number counts.

    `before`: from the clause's start or the figure before to the number; `behind`: from its unit to
    the clause's end or the next number; `last` is the label of the figure before in
    the sentence, and `clause_before` the clause before: 同比增长 or 共 alone refer to them.
    """
    front = clean(before)
    support = subject(last) or clean(clause_before)
    former = _LEVEL_BEFORE.search(front)
    if former:
        thing = _VERB.split(_noun(behind, leads_on=True))[0]
        base = clean(front[: former.start()]) or support or last
        return Phrase(_cut(base + thing), len(thing), change=True)
    if _LEVEL_NOW.match(front):
        thing = _repeated(support, behind)
        return Phrase(_cut(support + front), len(thing))
    if front == "其中" and support:
        return Phrase(_cut(support))
    leans = _LEANING.match(front) and last and not ("金额" in front and last.endswith("率"))
    if _CHANGE.match(front) or leans:
        return Phrase(_cut(support + front), 0, bool(_CHANGED.search(front)))
    if only_listed(before) and last and not clean(clause_before):
        back = _noun(behind, leads_on=True)
        return Phrase(_cut(back), len(back)) if back else Phrase(last)
    back = _noun(behind, leads_on=not front or before.rstrip().endswith("的"))
    if front or back:
        return Phrase(_cut(front + back), len(back), bool(_CHANGED.search(front)) and not back)
    return Phrase(_cut(clean(clause_before) or last))


def only_listed(before: str) -> bool:
    """Whether only a mark or 和 is between two numbers."""
    return _ONLY_LISTED.fullmatch(before) is not None


def listed(text: str) -> list[str]:
    """The items of a phrase that lists several things, empty where it names one."""
    items = [clean(item) for item in re.split(r"[、和与及](?![解谐时格])", text)]
    return items if len(items) > 1 and all(len(item) > 1 for item in items) else []


def subject(label: str) -> str:
    """A label without words of change or rank, to which the next figure may refer."""
    label = re.sub(r"(?:，|,)?(?:与|比|较|同)(?:上年|去年|上一年|往年|比|期).*$", "", label)
    label = re.sub(rf"(?:{_VERB_UP}|{_VERB_DOWN})(?:至|到|为)$|(?:位居|排名|名列).*$", "", label)
    return re.sub(r"(?<=..)(?:增加|减少|增长|下降|增幅|降幅|占|翻)+$", "", label)


def clean(text: str) -> str:
    """A phrase without filler words at its ends."""
    previous = None
    while text != previous:
        previous = text
        text = _ALL_OF.sub(r"\1", _TRAILING.sub("", _LEADING.sub("", text)))
    return _balanced(text.strip(" \t\u3000、，,"))


def _balanced(text: str) -> str:
    """`text` without unpaired brackets at its ends."""
    for opening, closing in ("（）", "()"):
        if text.count(opening) != text.count(closing):
            text = text.strip(opening + closing)
    return text


def _noun(behind: str, *, leads_on: bool) -> str:
    """The thing counted where it follows the number: 26家基层联系点."""
    if not behind or behind[0] in (_NEVER_BEHIND if leads_on else _NOT_BEHIND):
        return ""
    match = _NOUN.match(behind)
    noun = match[0] if match else ""
    opened = re.search(r"[（(][^）)]*$", noun[:_LONGEST_NOUN])
    noun = (noun[: opened.start()] if opened else noun)[:_LONGEST_NOUN]
    return _TRAILING.sub("", noun).rstrip("和及与或")


def _repeated(support: str, behind: str) -> str:
    """The noun after a number, if `support` already ends with it: 由3个环节减至1个环节."""
    noun = _noun(behind, leads_on=True)
    return noun if noun and support.endswith(noun) else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[-_LONGEST:]
