"""Personal details in a normalised text: birth dates, names of third persons."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.names import COMPOUND, SURNAMES, mask_name, name_at
from pipeline.checks.privacy.number_context import Spot

# ---------------------------------------------------------------- when somebody was born

_N = r"[0-9〇零○一二三四五六七八九十]"
_DAY = rf"(?:{_N}{{4}}|{_N}{{2}}) ?[年.\-/] ?{_N}{{1,3}}(?: ?[月.\-/] ?{_N}{{1,3}} ?[日号]?| ?月)|(?:18|19|20)\d{{6}}"
_BIRTH = lazy(
    rf"(?:出生日期|出生年月日?|出生时间|生日|出生于|出生|生于)(?:是|为|:|：|\s){{0,3}}((?:{_DAY})|(?:18|19|20)\d{{2}} ?年)"
    rf"|((?:{_DAY})|(?:18|19|20)\d{{2}} ?年) ?(?:出生|生(?=[，。,;；、)）于 ]|人|$))"
)


def birth_dates(text: str) -> Iterator[Spot]:
    """Days, months and years of birth."""
    for m in _BIRTH.finditer(text):
        group = 1 if m[1] else 2
        yield m.start(group), m.end(group), re.sub(rf"{_N}", "*", m[group])


# ---------------------------------------------------------------- names of others

ROLES = (
    "案外人|第三人|证人|举报人|投诉人|信访人|受害人|被害人|被侵权人|伤者|死者|患者|病人|家属|其妻|其夫|妻子|丈夫|其父|其母|父亲|母亲|其子|其女|儿子|女儿|"
    "哥哥|弟弟|姐姐|妹妹|岳父|岳母|女婿|儿媳|员工|职工|工人|雇员|店员|服务员|驾驶员|驾驶人|司机|乘客|业主|房东|租户|租客|承租人|出租人|邻居|村民|居民|"
    "学生|同学|未成年人|男孩|女孩|男童|女童|儿童|幼儿|婴儿|监护人|联系人|经办人|委托代理人|代理人|委托人|受托人|见证人|负责人|经营者|实际经营人|法定代表人|"
    "法人代表|法人|实际控制人|股东|合伙人|会计|出纳|店长|厂长|经理|老板|购买者|消费者|顾客|买家|卖家|收货人|申请人|被申请人|原告|被告|嫌疑人|违法行为人|"
    "行为人|亲属|朋友|同伙|姓名|名叫|名为|收款人|付款人|户主|持证人|签收人|受送达人|被执行人"
)
_ROLE = lazy(rf"(?:{ROLES})(?:姓名)?[:：是为“\"\s]{{0,2}}")
#: In the name of an organisation a role names somebody only where a mark sets it off,
#: but for these.
_CERTAIN = "案外人|第三人|证人|举报人|投诉人|信访人|受害人|被害人|被侵权人|见证人|嫌疑人"
ROLE_IN_NAME = lazy(
    rf"(?:(?<=[(,，;；])(?:{ROLES})|(?:{ROLES})(?=[:：为])|(?:{_CERTAIN}))(?:姓名)?[:：是为“\"\s]{{0,2}}"
)
#: A cheap sign (RE2) of either.
SIGN = rf"(?:{ROLES})(?:姓名)?[:：是为“\"\s]{{0,2}}(?:[{SURNAMES}]|[A-Z]|{'|'.join(sorted(COMPOUND))}|[\x{{4e00}}-\x{{9fff}}]{{1,6}}[·•])|[(（，,] ?[男女]"
_MORE = lazy(r"、|和|与|及|,|，")
_SEXED = lazy(r"(?:男|女)(?=[，,)）。;；]|$)")
_BEFORE_SEX = lazy(r"[(（，,]\s?(?:男|女)(?=[，,)）。;；]|$)")


def third_persons(text: str, role_of: re.Pattern[str] = _ROLE) -> Iterator[Spot]:
    """Names behind a word of `role_of` or in front of a sex, with the masked name of each."""
    for start, end in (*behind_roles(text, role_of), *before_sexes(text)):
        yield start, end, mask_name(text[start:end])


def behind_roles(text: str, role_of: re.Pattern[str] = _ROLE) -> Iterator[tuple[int, int]]:
    """(start, end) of what may be names behind a word of `role_of`."""
    for role in role_of.finditer(text):
        start = role.end()
        while (end := name_at(text, start)) > start:
            yield start, end
            more = _MORE.match(text, end)
            start = more.end() if more else end


def before_sexes(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of names with a sex behind: 钱某（女）."""
    for m in _BEFORE_SEX.finditer(text):
        for start in range(max(0, m.start() - 4), m.start() - 1):
            name = text[start : m.start()]
            if (name[:2] in COMPOUND or name[0] in SURNAMES) and name_at(text, start) == m.start():
                yield start, m.start()
                break
