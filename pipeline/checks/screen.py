"""Personal values in free text: where they stand and what is put in their place.

Text is looked at in a folded form of the same length (full-width characters made half-width, all
dashes one dash), so that an offset there is an offset in the text. Numbers that only look alike stay:
an identity number has a division, a date of birth and a check digit (GB 11643-1999), a bank card
passes Luhn's check (ISO/IEC 7812-1), and whatever stands behind a word such as 许可证号 or 订单号 is what
that word says. What must not be public: 个人信息保护法 §28; 政府信息公开条例 §15; 未成年人保护法 §103.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from stdnum import luhn

from pipeline.checks import bare
from pipeline.checks.bare import replaced, starred
from pipeline.checks.names import COMPOUND, SURNAMES, mask_name, name_at
from pipeline.checks.traditional import FOLD, either

Spot = tuple[int, int, str]  # start, end, what is put there
_FULL: dict[int, str | int] = {0xFF01 + i: 0x21 + i for i in range(94)}
_DASHES: dict[int, str | int] = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")
_SPACES: dict[int, str | int] = dict.fromkeys(
    map(ord, "\u3000\u00a0\u2002\u2003\u2009\u200b\u200c\u200d\u2060\ufeff\u00ad\t"), " "
)
_FOLD: dict[int, str | int] = str.maketrans({**_FULL, **_DASHES, **_SPACES, ord("•"): "·", ord("﹒"): ".", ord("×"): "x"})  # fmt: skip
_CHINESE_DIGITS = str.maketrans(
    "〇零○ΟОoO一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "0000000" + "123456789" + "1" + "123456789"
)
_SPELT = re.compile(r"[〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{7,}")
_SEP = r"[\s\-.·_/,]{0,3}"


def fold(text: str) -> str:
    """`text` with its disguises taken off, character for character."""
    return _SPELT.sub(
        lambda m: m[0].translate(_CHINESE_DIGITS), text.translate(_FOLD).translate(FOLD)
    )


# ---------------------------------------------------------------- what stands in front of a number

#: A number behind one of these is what the word says, and no person's.
_OTHER_NUMBER = re.compile(
    r"(?:注册号|登记证?号|许可证|许可证?号|编号|批号|批次|型号|单号|订单|流水号?|税号|识别号|信用代码|机构代码|代码|文号|案号|书号|条码|条形码|产品码|序列号|发票号?码?|合同号|证书号?|执法证|执法证号|证件编号|备案号|货号|标准号|箱号|车架号|发动机号|账套|档案号|备案|证照?号|号牌号码|[A-Za-z]{2,})[码为是:：\s（(【\[第]*$"
)
_IDENTITY_LABEL = re.compile(
    r"(?:身[份分]证|公民身份|居民身份|证件号码?|身份号|身份证明|ID)[^，。；,;]{0,8}$", re.I
)
_PHONE_LABEL = re.compile(
    r"(?:电话|手机|联系方式|联系|号码|致电|拨打|微信|传真|座机|来电|机主|tel|phone|mobile)[^，。；,;]{0,6}$",
    re.I,
)
_CARD_LABEL = re.compile(
    r"(?:卡号|银行卡|账号|帐号|账户|帐户|户头|银行|储蓄卡|借记卡|信用卡|存折|农信|信用社)[^，。；,;]{0,12}$"
)


def _behind(label: re.Pattern[str], text: str, at: int) -> bool:
    return label.search(text[max(0, at - 24) : at]) is not None


# ---------------------------------------------------------------- numbers


def has_check_digit(number: str) -> bool:
    """Whether 18 characters end in the check digit of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    total = sum(int(c) * w for c, w in zip(number, _ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_birth_date(digits: str) -> bool:
    """Whether eight digits are a day on which someone who has a number can have been born."""
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False


def birth_of(number: str) -> date | None:
    """The date of birth in an identity number of 18 or 15 digits, None where it has none."""
    number = re.sub(r"[\s\-]", "", fold(number))
    if not re.fullmatch(r"\d{17}[\dXx]|\d{15}", number):
        return None
    digits = number[6:14] if len(number) == 18 else "19" + number[6:12]
    return (
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if is_birth_date(digits) else None
    )


@cache
def _divisions() -> frozenset[str]:
    """The first two digits of every division code, and 81 to 83 and 9 (who lives here from abroad)."""
    provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91 92 93"
    return frozenset(provinces.split())


_RUN = re.compile(rf"\d(?:{_SEP}\d){{13,}}(?:{_SEP}[xX])?")


def _identity(text: str) -> Iterator[Spot]:
    for run in _RUN.finditer(text):
        places = [run.start() + i for i, c in enumerate(run[0]) if c.isdigit() or c in "xX"]
        digits = "".join(text[i] for i in places)
        at = 0
        while at + 15 <= len(digits):
            length = _identity_length(text, digits, places, at)
            if length:
                start, end = places[at], places[at + length - 1] + 1
                yield start, end, _stars(text[start:end])
            at += length or 1


def _identity_length(text: str, digits: str, places: list[int], at: int) -> int:
    """How many of `digits` from `at` on are an identity number: 18, 15 or 0."""
    number = digits[at : at + 18]
    if len(number) == 18 and number[:2] in _divisions() and number[:17].isdigit() and is_birth_date(number[6:14]) and "1880" <= number[6:10] <= "2029":  # fmt: skip
        alone = len(digits) == 18
        if has_check_digit(number):
            return 18
        if alone and not _behind(_OTHER_NUMBER, text, places[0]) and not is_credit_code(number):
            return 18  # a slip in one digit leaves the rest for everyone to read
    if len(digits) == 15 and at == 0 and number[:2] in _divisions() and is_birth_date("19" + digits[6:12]):  # fmt: skip
        solid = places[-1] - places[0] == 14
        if _behind(_IDENTITY_LABEL, text, places[0]) or (
            solid and not _behind(_OTHER_NUMBER, text, places[0])
        ):
            return 15
    if len(digits) in (15, 18) and at == 0 and _behind(_IDENTITY_LABEL, text, places[0]):
        return len(digits)
    return 0


def is_credit_code(number: str) -> bool:
    """Whether 18 characters are a social credit code, by the check digit of GB 32100-2015."""
    from stdnum.cn import uscc

    return bool(uscc.is_valid(number))


def _stars(text: str) -> str:
    return re.sub(r"[^\W_]", "*", text)


_MOBILE = re.compile(
    r"(?<![\dA-Za-z.])(?<!\d-)(?:\(?(?:\+|00)?86\)?[ \-]?)?"
    r"(1[3-9]\d(?:[\s\-.·_]{1,2}\d{4}[\s\-.·_]{1,2}\d{4}|[\s\-.·_]{0,2}\d{8}|\d[\s\-]\d{3}[\s\-]\d{4}|\d{4}[\s\-.]\d{4})"
    r"|1[3-9]\d*\s*\n\s*\d+|1 [3-9](?: \d){9}|1-[3-9](?:-\d){9})(?![\dA-Za-z])"
)
_SEGMENT = re.compile(r"13|14[014-9]|15[0-35-9]|16[2567]|17[0-8]|18|19[0-35-9]")


def _telephone(text: str) -> Iterator[Spot]:
    for m in _MOBILE.finditer(text):
        digits = re.sub(r"\D", "", m[1])
        labelled = _behind(_PHONE_LABEL, text, m.start())
        if len(digits) == 11 and (
            labelled or (_SEGMENT.match(digits) and not _behind(_OTHER_NUMBER, text, m.start()))
        ):
            yield m.start(1), m.end(1), text[m.start(1) : m.start(1) + 1] + _stars(m[1][1:])
    for m in _FIXED.finditer(text):
        if not _behind(_OTHER_NUMBER, text, m.start()) or _behind(_PHONE_LABEL, text, m.start()):
            yield m.start(), m.end(), _stars(m[0])
    for m in (*_SHORT.finditer(text), *_ISLAND_MOBILE.finditer(text)):
        yield m.start(1), m.end(1), _stars(m[1])


_AREA = r"(?:010|02[0-57-9]|0[3-9]\d{2})"
_FIXED = re.compile(
    rf"(?<![\dA-Za-z\-.])(?:\(?(?:\+|00)86\)?[ \-]?\(?0?)?(?:\({_AREA}\)\s?|{_AREA}\s?-\s?|{_AREA} |{_AREA})[2-9]\d{{2,3}}[ \-]?\d{{4}}(?:(?:-|转|ext\.?) ?\d{{1,5}})?(?![\dA-Za-z])"
)
_SHORT = re.compile(
    r"(?:电话|座机|固话|传真|宅电)(?:号码)?[:：是为\s]{0,3}([2-8]\d{2,3}[ \-]?\d{4})(?!\d)"
)

_ISLAND_MOBILE = re.compile(
    r"(?:电话|手机|行动)(?:号码)?[:：是为\s]{0,3}(09\d{2}[ \-]?\d{3}[ \-]?\d{3})(?!\d)"
)

_CARD = re.compile(r"(?<![\dA-Za-z])\d(?:[ \-\n]{0,2}\d){11,24}(?![\dA-Za-z])")
_CARD_PREFIX = re.compile(r"62|4\d|5[1-5]|3[47]|35|60|65|68|69|84|9558|9559|98|90|91")


def _bank_card(text: str) -> Iterator[Spot]:
    for m in _CARD.finditer(text):
        digits = re.sub(r"\D", "", m[0])
        card = (
            16 <= len(digits) <= 19
            and _CARD_PREFIX.match(digits)
            and luhn.is_valid(digits)
            and not _behind(_OTHER_NUMBER, text, m.start())
        )
        if card or _behind(_CARD_LABEL, text, m.start()):
            yield m.start(), m.end(), _stars(m[0])
    for m in _ACCOUNT.finditer(text):
        yield m.start(1), m.end(1), _stars(m[1])


_ACCOUNT = re.compile(
    r"(?:卡号|银行卡号?|银行账号|银行帐号|账号|帐号)[:：是为\s]{0,3}(\d{8,11})(?!\d)"
)

_PERMITS = r"通行证|回乡证|台胞证|居住证|居留证|居留身份证"
_PASSPORT = re.compile(
    rf"(?:护照|{_PERMITS})(?:证件)?(?:号码|编号|号)?[\s:：是为(（]{{0,4}}([A-Z]{{0,3}}[ \-]?\d[\d \-]{{5,13}}\d[A-Z]?)(?![\dA-Za-z])",
    re.I,
)
_PASSPORT_ALONE = re.compile(r"(?<![A-Za-z0-9\-])(?:[EGDSPHM]\d{8}|E[A-Z]\d{7}|[HMC]\d{10}|[A-Z]{3}\d{12})(?![A-Za-z0-9\-])", re.I)  # fmt: skip


#: Of Taiwan and Hong Kong, behind their labels only: a letter and digits are many things.
_ISLAND = re.compile(
    r"身[份分]证(?:统一编号|字?号码?)?[\s:：是为(（]{0,4}([A-Z]{1,2}\d{6,9}(?:\([0-9A]\))?)", re.I
)


def _passport(text: str) -> Iterator[Spot]:
    for m in (*_PASSPORT.finditer(text), *_ISLAND.finditer(text)):
        yield m.start(1), m.end(1), _stars(m[1])
    for m in _PASSPORT_ALONE.finditer(text):
        if not _behind(_OTHER_NUMBER, text, m.start()):
            yield m.start(), m.end(), _stars(m[0])


# ---------------------------------------------------------------- addresses on the net, plates

_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}\s?(?:@|\(at\)|\[at\]|#@)\s?[A-Za-z0-9\-]{1,63}(?:\s?(?:\.|\(dot\)|。)\s?[A-Za-z0-9\-]{1,63}){0,6}?\s?(?:\.|\(dot\)|。)\s?(?:com|cn|net|org|edu|gov|info|me|cc|vip|hk|tw|io|top)(?![A-Za-z])",
    re.I,
)
_CHAT = re.compile(r"(?:微信号?|微信ID|QQ号?码?|qq|抖音号|支付宝账?号?|旺旺)[:：是为\s]{1,3}([A-Za-z0-9][A-Za-z0-9_\-]{4,19})", re.I)  # fmt: skip
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = re.compile(
    rf"(?<![\u4e00-\u9fff])(?=.)[{_PROVINCES}] ?[A-HJ-NP-Za-hj-np-z] ?[·.\- ]? ?(?:[A-HJ-NP-Za-hj-np-z0-9](?: ?[A-HJ-NP-Za-hj-np-z0-9]){{3,4}} ?[A-HJ-NP-Za-hj-np-z0-9学警港澳挂使领]|[A-HJ-NP-Za-hj-np-z0-9]{{5,6}})(?![A-Za-z0-9\-])"
    rf"|[{_PROVINCES}] ?[A-HJ-NP-Za-hj-np-z] ?[·.\- ]? ?(?:[A-HJ-NP-Za-hj-np-z0-9](?: ?[A-HJ-NP-Za-hj-np-z0-9]){{3,4}} ?[A-HJ-NP-Za-hj-np-z0-9学警港澳挂使领])(?![A-Za-z0-9\-])"
)


def _mail(text: str) -> Iterator[Spot]:
    for m in _MAIL.finditer(text):
        yield m.start(), m.end(), "***@***"
    for m in _CHAT.finditer(text):
        yield m.start(1), m.end(1), _stars(m[1])


def _plate(text: str) -> Iterator[Spot]:
    for m in _PLATE.finditer(text):
        tail = re.sub(r"[ ·.\-]", "", m[0])[2:]
        if sum(c.isdigit() for c in tail) >= 3 and not _behind(_OTHER_NUMBER, text, m.start()):
            yield m.start() + 1, m.end(), _stars(text[m.start() + 1 : m.end()])


# ---------------------------------------------------------------- where someone lives, when born

_LIVES = r"(?:家庭住址|家庭地址|住址|现住址?|家住|户籍所在地|户籍地址?|户籍|居住地|居住于|居住在|租住于?|租住在|暂住于?|暂住地|暂住在|常住地|住所地?|住于|住在|联系地址|通讯地址|收货地址|籍贯|家在)"
_PUBLIC_PART = re.compile(r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}?(?:市|州|盟))?(?:[\u4e00-\u9fff]{1,6}?(?:区|县|旗|市))?")  # fmt: skip
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


def _address(text: str) -> Iterator[Spot]:
    for m in _HOME.finditer(text):
        kept = _PUBLIC_PART.match(m[1])
        yield m.start(1) + (kept.end() if kept else 0), m.end(1), "***"
    for m in _DOOR.finditer(text):
        start = _place_start(text, m.start())
        kept = _PUBLIC_PART.match(text, start, m.start())
        yield kept.end() if kept else start, m.end(), "***"


_BEFORE_A_PLACE = re.compile(
    r"位于|坐落于|坐落在|来到|前往|送至|送到|[于在到往至从其对,，。；;、:：()（）\s]"
)


def _place_start(text: str, door: int) -> int:
    """Where the address of a door begins: behind the last word or mark that leads to a place."""
    first = max(0, door - _PLACE_NAME)
    leads = [m.end() for m in _BEFORE_A_PLACE.finditer(text, first, door)]
    return leads[-1] if leads else first


_N = r"[0-9〇零○一二三四五六七八九十]"
_DAY = rf"(?:{_N}{{4}}|{_N}{{2}}) ?[年.\-/] ?{_N}{{1,3}}(?: ?[月.\-/] ?{_N}{{1,3}} ?[日号]?| ?月)|(?:18|19|20)\d{{6}}"
_BIRTH = re.compile(
    rf"(?:出生日期|出生年月日?|出生时间|生日|出生于|出生|生于)(?:是|为|:|：|\s){{0,3}}((?:{_DAY})|(?:18|19|20)\d{{2}} ?年)"
    rf"|((?:{_DAY})|(?:18|19|20)\d{{2}} ?年) ?(?:出生|生(?=[，。,;；、)）于 ]|人|$))"
)


def _birth(text: str) -> Iterator[Spot]:
    for m in _BIRTH.finditer(text):
        group = 1 if m[1] else 2
        yield m.start(group), m.end(group), re.sub(rf"{_N}", "*", m[group])


# ---------------------------------------------------------------- names of others

_ROLES = (
    "案外人|第三人|证人|举报人|投诉人|信访人|受害人|被害人|被侵权人|伤者|死者|患者|病人|家属|其妻|其夫|妻子|丈夫|其父|其母|父亲|母亲|其子|其女|儿子|女儿|"
    "哥哥|弟弟|姐姐|妹妹|岳父|岳母|女婿|儿媳|员工|职工|工人|雇员|店员|服务员|驾驶员|驾驶人|司机|乘客|业主|房东|租户|租客|承租人|出租人|邻居|村民|居民|"
    "学生|同学|未成年人|男孩|女孩|男童|女童|儿童|幼儿|婴儿|监护人|联系人|经办人|委托代理人|代理人|委托人|受托人|见证人|负责人|经营者|实际经营人|法定代表人|"
    "法人代表|法人|实际控制人|股东|合伙人|会计|出纳|店长|厂长|经理|老板|购买者|消费者|顾客|买家|卖家|收货人|申请人|被申请人|原告|被告|嫌疑人|违法行为人|"
    "行为人|亲属|朋友|同伙|姓名|名叫|名为|收款人|付款人|户主|持证人|签收人|受送达人|被执行人"
)
_ROLE = re.compile(rf"(?:{_ROLES})(?:姓名)?[:：是为“\"\s]{{0,2}}")
#: In the name of an organisation a role names somebody only where a mark sets it off, but for these.
_CERTAIN = "案外人|第三人|证人|举报人|投诉人|信访人|受害人|被害人|被侵权人|见证人|嫌疑人"
_ROLE_IN_NAME = re.compile(
    rf"(?:(?<=[(,，;；])(?:{_ROLES})|(?:{_ROLES})(?=[:：为])|(?:{_CERTAIN}))(?:姓名)?[:：是为“\"\s]{{0,2}}"
)
_MORE = re.compile(r"、|和|与|及|,|，")
_SEXED = re.compile(r"(?:男|女)(?=[，,)）。;；]|$)")
_BEFORE_SEX = re.compile(r"[(（，,]\s?(?:男|女)(?=[，,)）。;；]|$)")


def _person(text: str, role_of: re.Pattern[str] = _ROLE) -> Iterator[Spot]:
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


# ---------------------------------------------------------------- all of them


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal value: the rule that it breaks, how it is found, a cheap sign of it (RE2)."""

    rule: str
    find: Callable[[str], Iterator[Spot]]
    sign: str


_D = r"[0-9０-９]"
_LONG = rf"{_D}(?:[\s\-.·_/,－—–‐‑‒―−﹣\x{{3000}}\x{{a0}}\x{{200b}}\x{{200c}}\x{{200d}}\x{{2060}}\x{{feff}}\x{{ad}}\x{{2002}}-\x{{2009}}，．•（）()]{{0,3}}{_D}){{6,}}|[〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{{7,}}"
#: In this order: a value that two kinds would take is the first one's.
KINDS = (
    Kind("identity-number-in-text", _identity, _LONG),
    Kind("bank-card-in-text", _bank_card, _LONG),
    Kind("passport-in-text", _passport, _LONG),
    Kind("telephone-in-text", _telephone, _LONG),
    Kind("e-mail-in-text", _mail, r"[@＠]|[(（\[]at[)）\]]|微信|QQ|qq|抖音号|支付宝|旺旺"),
    Kind("number-plate-in-text", _plate, rf"[{_PROVINCES}] ?[A-Za-zＡ-Ｚａ-ｚ]"),
    Kind("birth-date-in-text", _birth, r"出生|生日|生于|[日号月年] ?生"),
    Kind("address-in-text", _address, r"住[址在于所]|[家现居租暂常]住|户籍|籍贯|[联讯货家][系地庭][地址在]|家在|[\d０-９一二三四五六七八九十]室|[户楼院栋幢].{0,12}[\d０-９一二三四五六七八九十][号户室]|[村湾屯庄寨].{0,8}[组队社].{0,6}号|[小花家苑村寓里弄].{0,12}[-－—]"),
    Kind("third-person-in-text", _person, rf"(?:{_ROLES})(?:姓名)?[:：是为“\"\s]{{0,2}}(?:[{SURNAMES}]|[A-Z]|{'|'.join(sorted(COMPOUND))}|[\x{{4e00}}-\x{{9fff}}]{{1,6}}[·•])|[(（，,] ?[男女]"),
)  # fmt: skip
#: Those of names, of organisations too.
IN_NAMES = (*KINDS[:-1], Kind(KINDS[-1].rule, partial(_person, role_of=_ROLE_IN_NAME), KINDS[-1].sign))  # fmt: skip
#: A cheap sign of any of them; text without it holds none.
SIGN = either("|".join(dict.fromkeys(kind.sign for kind in KINDS)))
#: The same for a cell that should hold a code and holds words too, which has short numbers by right.
WORDY_SIGN = "|".join((SIGN.replace("{6,}", "{10,}"), either(rf"[A-Za-z] ?\d{{7}}|{_PERMITS}|护照|电话|座机|固话|传真|宅电|卡号|银行卡|[账帐]号")))  # fmt: skip
#: A cheap sign of a personal value in a cell that holds one code.
CODE_SIGN = either(
    r"\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]|(?:^|\D)1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?:\D|$)"
    rf"|^[EGDSPHM]\d{{8}}$|^E[A-Z]\d{{7}}$|^[HMC]\d{{10}}$|^[A-Z]{{3}}\d{{12}}$|[@＠]|电话|手机|身份证|护照|(?:^|\D)62\d{{14,17}}(?:\D|$)|^[{_PROVINCES}][A-Z][·.]?[A-Z0-9]{{5,6}}$"
)


def is_organisation_code(value: str) -> bool:
    """Whether nine characters are an old organisation code, by the check digit of GB 11714-1997."""
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", value):
        return False
    total = sum(int(c, 36) * w for c, w in zip(value, (3, 7, 9, 10, 5, 8, 4, 2), strict=False))
    return "0X987654321"[total % 11] == value[8]


def is_mobile(value: str) -> bool:
    """Whether `value` is eleven digits of a range that mobile telephones have."""
    return re.fullmatch(r"1\d{10}", value) is not None and bool(_SEGMENT.match(value))


def sure_identity(value: str) -> bool:
    """Whether `value` is an identity number of 18 characters with a right check digit and no doubt."""
    return re.fullmatch(r"\d{17}[\dXx]", value) is not None and bool(
        value[:2] in _divisions() and is_birth_date(value[6:14]) and has_check_digit(value)
    )


def screened(text: str, among: tuple[Kind, ...] = KINDS) -> tuple[str, list[str]]:
    """(`text` with every personal value masked in place, the rules of the kinds that it held)."""
    folded, kinds = fold(text), list[str]()
    spots, taken = list[Spot](), bytearray(len(text))  # taken: 1 where a value was found
    for kind in among:
        for start, end, instead in kind.find(folded):
            if start < end and not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                spots.append((start, end, instead))
                kinds.append(kind.rule)
        folded = starred(folded, spots)
    while more := bare.found(starred(text, spots)):  # what is masked can free what is beside it
        spots += [(start, end, _stars(text[start:end])) for start, end, _ in more]
        kinds += [rule for _, _, rule in more]
    return replaced(text, spots), list(dict.fromkeys(kinds))
