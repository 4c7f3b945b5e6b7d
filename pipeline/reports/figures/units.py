"""The measure words and units that a report counts in."""

from __future__ import annotations

import re
from functools import cache

# Longest first within a group; lookaheads keep a measure word from being cut out of a longer word
# (部门 is not 部).
_COMPOUND = (
    "方面|个次|人次|场次|条次|篇次|项次|课次|辆次|轮次|批次|车次|班次|件次|家次|户次|台次|架次|例次|岗次|期次|课时|学时|个百分点|百分点|个工作日|工作日|"
    "平方公里|平方米|立方米|公里|公顷|亩|万千瓦时|千瓦时|小时|分钟|美元|欧元|港元|公斤|千克|"
    "件套|台件|台套|册次|份次|批次|户次|起次|宗次|个点位|个点|个人|余人"
)
_SIMPLE = (
    r"件|起|次(?!生|序|要)|场(?!所|地|景|馆|面)|名(?!单(?!位)|录|称|义|列(?!席))|人(?!民|才|员|大|均|事|社|口|身|工智)|家(?!庭|长|属)|"
    r"个(?!别|体工商|体户|性化|月|年)|份(?!额)|元(?!旦|素)|条(?!例)|项|部(?!门|队|分|级|位|署)|期(?!间|限|满|末)|宗(?!旨|教)|"
    r"例(?!如|会|行)|所(?!有|属|在|需|涉)|支(?!持|付|部|撑|援)|册|本(?!级|年|地|市|县|区|省|单位|人)|张|辆|台(?!账|风)|套|间|处(?!罚|理|置|分|级|于|以)|座|栋|幢|"
    r"户|篇|幅|块|面(?!对|临|向|上|积)|批|轮|堂|节(?!约|点|能|日)|门|科|类|种|对(?!象|于|接|外|口|照)|组(?!织|建|成|长)|队|位(?!置|于|列|居)|株|"
    r"只(?!有|要|能)|头|艘|架|枚|封|则|首(?!次|批|个|位|部)|集(?!中|体|团|合)|档|卷|页|字|句|段|笔|单(?!位)|票|通(?!过|报|知)|站|岗|路|"
    r"倍|%|％|‰|天|分(?!别|钟|类|局|析|级|子)|团|桩|案|吨|公斤|米(?!其)|升(?!至|到|级|为|格)|村|社区|乡镇|镇|县区|区县|县|街道|环节|万元|方|点(?!位|对|击|多)|"
    r"(?:小)?区(?!域|别|直|级|间)|学校|企业|部门|单位|站点|网格|平台|师生|干部|群众|学生|件"
)
UNIT = re.compile(
    rf"(?:{_COMPOUND}|{_SIMPLE})(?:[（(](?:人|家|件|起|次|场|户|个|批|册|本|套|份|台|条|名|项|张|间|部|卷|组|辆|座|所|笔|处|篇|幅|宗|位|支)次?[）)]|[/／](?:次|人|起|件|册|套))?"
)
_NOUNS = frozenset(
    [
        "村",
        "社区",
        "乡镇",
        "镇",
        "县区",
        "区县",
        "县",
        "街道",
        "区",
        "小区",
        "学校",
        "企业",
        "部门",
        "单位",
        "站点",
        "网格",
        "平台",
        "师生",
        "干部",
        "群众",
        "学生",
        "案",
        "环节",
    ]
)

# Measure words with which even 一, 二 or 三 count something; with the others small numbers are mostly
# part of names (三项制度, 四张清单, 五级书记).
COUNTING = frozenset(
    [
        "件",
        "起",
        "次",
        "场",
        "场次",
        "人次",
        "批次",
        "名",
        "家",
        "份",
        "期",
        "部",
        "宗",
        "例",
        "所",
        "支",
        "篇",
        "封",
        "户",
        "辆",
        "处",
        "人",
    ]
)
NAMING = frozenset(
    [
        "个",
        "项",
        "条",
        "批",
        "位",
        "张",
        "轮",
        "本",
        "类",
        "种",
        "级",
        "套",
        "支",
        "块",
        "座",
        "组",
        "对",
        "台",
        "门",
        "堂",
    ]
)

_SAME = (
    frozenset(["件", "起", "宗", "例", "桩", "份", "部", "个", "案", "项"]),
    frozenset(["人", "名", "位", "个", "人次"]),
    frozenset(["次", "场", "场次", "期", "个", "批次", "轮", "堂"]),
    frozenset(["家", "个", "所", "处"]),
    frozenset(["条", "件", "项", "个"]),
    frozenset(["本", "件", "个", "张"]),
)


def is_noun(unit: str) -> bool:
    """Whether `unit` is the thing counted itself (28乡镇) and not a measure word."""
    return unit in _NOUNS


@cache
def alike(one: str, other: str) -> bool:
    """Whether two units can count the same thing: 件 and 起 can, 件 and 元 cannot."""
    return one == other or any(one in group and other in group for group in _SAME)
