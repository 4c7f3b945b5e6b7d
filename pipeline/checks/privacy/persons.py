"""Personal details in a normalised text: home addresses, birth dates, names of third persons."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.checks.privacy.names import COMPOUND, SURNAMES, mask_name, name_at
from pipeline.checks.privacy.number_context import Spot

# ---------------------------------------------------------------- where someone lives, when born

_LIVES = r"(?:家庭住址|家庭地址|住址|现住址?|家住|户籍所在地|户籍地址?|户籍|居住地|居住于|居住在|租住于?|租住在|暂住于?|暂住地|暂住在|常住地|住所地?|住于|住在|联系地址|通讯地址|收货地址|籍贯|家在)"
_PUBLIC_PART = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}?(?:市|州|盟))?(?:[\u4e00-\u9fff]{1,6}?(?:区|县|旗|市))?"
)
_HOME = re.compile(
    rf"{_LIVES}(?:是|为|位于|在|:|：|\s){{0,3}}([\u4e00-\u9fffA-Za-z0-9\-#()（） ]{{2,60}}?(?:号|室|户|楼|层|组|栋|幢|座|单元|村|屯|庄|寨|湾|小区|花园|家园|苑|街|路|巷|弄|胡同)(?:[\u4e00-\u9fff0-9A-Za-z\-#]{{0,16}}(?:号|室|户|楼|组|栋|幢|单元|门))*(?:\d{{1,5}}(?:号|室)?)?)"
)
_COUNT = r"[0-9一二三四五六七八九十]{1,5}"
_DOOR = re.compile(
    rf"(?:[0-9A-Z]{{1,5}}|[一二三四五六七八九十甲乙丙丁]{{1,3}})(?:号楼|栋|幢|座|号院)[\u4e00-\u9fff0-9A-Z\-]{{0,10}}?(?:单元|门)?[\s\-]?{_COUNT}(?:室|户|号)(?:[楼院]?(?:{_COUNT}(?:单元|门|层|楼|栋|幢|座))?{_COUNT}(?:室|户|号))*"
    rf"|(?:村|屯|庄|寨|湾)[\u4e00-\u9fff]{{0,6}}?{_COUNT}(?:组|队|社){_COUNT}号"
    r"|(?:小区|花园|家园|苑|新村|公寓|里|弄)[\u4e00-\u9fff0-9A-Z]{0,8}?\d{1,4}-\d{1,4}-\d{1,5}(?:号|室)?"
)
_PLACE_NAME = 24  # characters before a door that may belong to the address


def home_addresses(text: str) -> Iterator[Spot]:
    """Home addresses, without the part up to the district, which is public."""
    for m in _HOME.finditer(text):
        if m[0].startswith("住所") and _is_of_a_business(text, m.start(), m.end()):
            continue
        kept = _PUBLIC_PART.match(m[1])
        yield m.start(1) + (kept.end() if kept else 0), m.end(1), "***"
    for m in _DOOR.finditer(text):
        start = _place_start(text, m.start())
        if _is_of_a_business(text, start, m.end()):
            continue
        kept = _PUBLIC_PART.match(text, start, m.start())
        yield kept.end() if kept else start, m.end(), "***"


#: Words beside an address that is an organisation's, which is public, and beside a person's.
_BUSINESS = re.compile(r"公司|企业|经营场所|登记住所|注册地|营业|商铺|门店|门面|厂址|集群注册")
_DWELLING = re.compile(r"家|住(?!所|建)|户籍|租|宿舍|本人|男|女|法定代表人|经营者|负责人")


def _is_of_a_business(text: str, start: int, end: int) -> bool:
    """Whether the words around an address say that it is an organisation's and nothing says that
    somebody lives there.
    """
    clause = text[max(0, start - 16) : end + 8]
    return _BUSINESS.search(clause) is not None and _DWELLING.search(clause) is None


_BEFORE_A_PLACE = re.compile(
    r"位于|坐落于|坐落在|来到|前往|送至|送到|[于在到往至从其对,，。；;、:：()（）\s]"
)


def _place_start(text: str, door: int) -> int:
    """The offset where the address of a door begins: behind the last word or mark before a place."""
    first = max(0, door - _PLACE_NAME)
    leads = [m.end() for m in _BEFORE_A_PLACE.finditer(text, first, door)]
    return leads[-1] if leads else first


_N = r"[0-9〇零○一二三四五六七八九十]"
_DAY = rf"(?:{_N}{{4}}|{_N}{{2}}) ?[年.\-/] ?{_N}{{1,3}}(?: ?[月.\-/] ?{_N}{{1,3}} ?[日号]?| ?月)|(?:18|19|20)\d{{6}}"
_BIRTH = re.compile(
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
_ROLE = re.compile(rf"(?:{ROLES})(?:姓名)?[:：是为“\"\s]{{0,2}}")
#: In the name of an organisation a role names somebody only where a mark sets it off,
#: but for these.
_CERTAIN = "案外人|第三人|证人|举报人|投诉人|信访人|受害人|被害人|被侵权人|见证人|嫌疑人"
ROLE_IN_NAME = re.compile(
    rf"(?:(?<=[(,，;；])(?:{ROLES})|(?:{ROLES})(?=[:：为])|(?:{_CERTAIN}))(?:姓名)?[:：是为“\"\s]{{0,2}}"
)
_MORE = re.compile(r"、|和|与|及|,|，")
_SEXED = re.compile(r"(?:男|女)(?=[，,)）。;；]|$)")
_BEFORE_SEX = re.compile(r"[(（，,]\s?(?:男|女)(?=[，,)）。;；]|$)")


def third_persons(text: str, role_of: re.Pattern[str] = _ROLE) -> Iterator[Spot]:
    """Names behind a word of `role_of` or in front of a sex, with the masked name of each."""
    for role in role_of.finditer(text):
        start = role.end()
        while (end := name_at(text, start)) > start:
            yield start, end, mask_name(text[start:end])
            more = _MORE.match(text, end)
            start = more.end() if more else end
    for m in _BEFORE_SEX.finditer(text):
        for start in range(max(0, m.start() - 4), m.start() - 1):
            name = text[start : m.start()]
            if (name[:2] in COMPOUND or name[0] in SURNAMES) and name_at(text, start) == m.start():
                yield start, m.start(), mask_name(name)
                break
