"""What a figure counts, as a phrase in the report's own words."""

from __future__ import annotations

import re

_LONGEST = 36
_LEADING = re.compile(
    r"^(?:[\s　、，,；;：:“”]|(?:其中|同时|并且|以及|此外|另外|另有|另|截至目前|截至|截止|目前|今年以来|今年|去年|全年度?|年内|一年来|近年来|本年度|上半年|下半年|"
    r"期间|总共|共计|累计|总计|合计|先后|分别|已经|至今|现有|现已|现|还|已|并|共|各|和|及|与|或)(?=[^\s]))+"
)
_TRAILING = re.compile(
    r"(?:[\s　、，,：:“]|(?:均|都|已|全部|各)?(?:达到了?|达成|(?<![送传到表直抵转])达)|(?:总数|总量|数量)?(?:分别|均|共|总)?(?<![作成认行])为|"
    r"分别|总共|共计|累计|总计|合计|共有|共|(?<![统审估])计|均|约|就|了|(?<!没)有|(?<!不)是|各|已|就|仅|只|也|又|再|至少|多达|高达|"
    r"(?<=[率比])(?:为|在|保持在|稳定在|提升至|提高到|上升至|降至))+$"
)
_CHANGE = re.compile(
    r"^(?:(?:均|也|则)?(?:与|比|较|同)?(?:上年度?|去年|上一年度?|前一年|20\d\d年|往年|上期)?(?:同期)?(?:相比|同比|环比|比)?)"
    r"(?:分别|均|大幅|显著|明显|再)*(?:增长|增加|上升|提高|提升|增幅|增多|上涨|下降|减少|降低|降幅|回落|缩短|压缩|压减|翻|多|少|高|低)(?:了|达|率|幅度|到|至)*$"
)
_LEANING = re.compile(
    r"^(?:同比|环比|比上年|较上年|比去年|较去年|占|占比|位居|排名|排|列|居|名列|涉案?金额|金额|涉及|达|率|比例|人均|平均|平均每)"
)
_STOPS_BEHIND = (
    "比较同环并且及和与均全已占为以由到至后前中左右内之不分依共合增降上下提减达涉被经得获使让从在用"
    "对向给因未无是有应等，,。；;：:、）)(（！？!?\n的约其超近连"
)
_BEHIND = re.compile(r"^[^，,。；;：:、！？!?\n]+")


def label(before: str, behind: str, last: str, clause_before: str) -> str:
    """The phrase that a number counts.

    `before` stands between the number and the clause's start or the figure before; `behind` from
    its unit to the clause's end or the next number; `last` is the label of the figure before in
    the sentence, and `clause_before` the clause in front: a bare 同比增长 or 共 leans on them.
    """
    front = clean(before)
    if _CHANGE.match(front) or (_LEANING.match(front) and last):
        return _cut((subject(last) or clean(clause_before)) + front)
    back = _noun_behind(behind, leads_on=before.rstrip().endswith("的"))
    if front or back:
        return _cut(front + back)
    return _cut(clean(clause_before) or last)


def is_change(phrase: str) -> bool:
    """Does a phrase tell how much something changed, not how much there is?"""
    return bool(
        re.search(
            r"(?:增长|增加|上升|提高|提升|增幅|上涨|下降|减少|降低|降幅|回落|多|少)(?:了|到)?$",
            phrase,
        )
    )


def subject(phrase: str) -> str:
    """A label without what it says of change: what the next figure may lean on."""
    return re.sub(r"(?:，|,)?(?:与|比|较|同)(?:上年|去年|上一年|往年|比|期).*$", "", phrase)


def clean(phrase: str) -> str:
    """A phrase without the fillers at its ends."""
    previous = None
    while phrase != previous:
        previous = phrase
        phrase = _TRAILING.sub("", _LEADING.sub("", phrase))
    if phrase.count("”") > phrase.count("“"):
        phrase = phrase.lstrip("”")
    return phrase.strip(" \t\u3000、，,（）()")


def _noun_behind(behind: str, *, leads_on: bool) -> str:
    """The thing counted where it follows the number: 26家基层联系点."""
    if not behind or (behind[0] in _STOPS_BEHIND and not leads_on):
        return ""
    match = _BEHIND.match(behind)
    noun = match[0] if match else ""
    if not re.match(r"[\u3400-\u9fff“《（(]", noun):
        return ""
    return _trim_noun(noun)


def _trim_noun(noun: str) -> str:
    """Up to a bracket left open; the whole clause behind, when it goes on as one."""
    opened = re.search(r"[（(][^）)]*$", noun)
    return (noun[: opened.start()] if opened else noun)[:26]


def _cut(phrase: str) -> str:
    return phrase if len(phrase) <= _LONGEST else phrase[-_LONGEST:]
