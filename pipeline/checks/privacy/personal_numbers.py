"""Personal numbers in a normalised text: identity papers, telephones, bank cards, online
accounts, vehicles.

Numbers that only look similar stay: an identity number has a division, a date of birth and a check
digit (GB 11643-1999), a bank card passes Luhn's check (ISO/IEC 7812-1), and a number behind
a word such as 许可证号 or 订单号 is of the kind that the word names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from pipeline.base.normalise import by_character

Spot = tuple[int, int, str]  # start, end, what is put there
_SEP = r"[\s\-.·_/,]{0,3}"

# ---------------------------------------------------------------- words in front of a number

#: A number behind one of these words is of that kind, and not personal.
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
    return bool(mod_11_2.is_valid(number.upper()))


def is_birth_date(digits: str) -> bool:
    """Whether eight digits are a day on which someone who has a number can have been born."""
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False


def birth_of(number: str) -> date | None:
    """The date of birth in an identity number of 18 or 15 digits, None where it has none."""
    number = re.sub(r"[\s\-]", "", by_character(number))
    if not re.fullmatch(r"\d{17}[\dXx]|\d{15}", number):
        return None
    digits = number[6:14] if len(number) == 18 else "19" + number[6:12]
    return (
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if is_birth_date(digits) else None
    )


@cache
def _divisions() -> frozenset[str]:
    """The first two digits of every division code,
    and 81 to 83 and 9 (who lives here from abroad).
    """
    provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91 92 93"
    return frozenset(provinces.split())


_RUN = re.compile(rf"\d(?:{_SEP}\d){{13,}}(?:{_SEP}[xX])?")


def identity_numbers(text: str) -> Iterator[Spot]:
    """Identity numbers of 18 and 15 digits (GB 11643-1999), with any separators, and those with one
    mistyped digit.
    """
    for run in _RUN.finditer(text):
        places = [run.start() + i for i, c in enumerate(run[0]) if c.isdigit() or c in "xX"]
        digits = "".join(text[i] for i in places)
        at = 0
        while at + 15 <= len(digits):
            length = _identity_length(text, digits, places, at)
            if length:
                start, end = places[at], places[at + length - 1] + 1
                yield start, end, stars(text[start:end])
            at += length or 1


def _identity_length(text: str, digits: str, places: list[int], at: int) -> int:
    """How many of `digits` from `at` on are an identity number: 18, 15 or 0."""
    number = digits[at : at + 18]
    if (
        len(number) == 18
        and number[:2] in _divisions()
        and number[:17].isdigit()
        and is_birth_date(number[6:14])
    ):
        alone = len(digits) == 18
        if has_check_digit(number):
            return 18
        if alone and not _behind(_OTHER_NUMBER, text, places[0]) and not is_credit_code(number):
            return 18  # a slip in one digit leaves the rest for everyone to read
    if (
        len(digits) == 15
        and at == 0
        and number[:2] in _divisions()
        and is_birth_date("19" + digits[6:12])
    ):
        solid = places[-1] - places[0] == 14
        solid &= not is_credit_code(text[places[0] : places[0] + 18])
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


def stars(text: str) -> str:
    """`text` with a star for each letter and digit; marks stay."""
    return re.sub(r"[^\W_]", "*", text)


_MOBILE = re.compile(
    r"(?<![\dA-Za-z.])(?<!\d-)(?:\(?(?:\+|00)?86\)?[ \-]?)?"
    r"(1[3-9]\d(?:[\s\-.·_]{1,2}\d{4}[\s\-.·_]{1,2}\d{4}|[\s\-.·_]{0,2}\d{8}|\d[\s\-]\d{3}[\s\-]\d{4}|\d{4}[\s\-.]\d{4})"
    r"|1[3-9]\d*\s*\n\s*\d+|1 [3-9](?: \d){9}|1-[3-9](?:-\d){9})(?![\dA-Za-z])"
)
_SEGMENT = re.compile(r"13|14[014-9]|15[0-35-9]|16[2567]|17[0-8]|18|19[0-35-9]")


def telephones(text: str) -> Iterator[Spot]:
    """Mobile numbers, fixed lines with their area, and short ones behind a word for telephone."""
    for m in _MOBILE.finditer(text):
        digits = re.sub(r"\D", "", m[1])
        labelled = _behind(_PHONE_LABEL, text, m.start())
        if len(digits) == 11 and (
            labelled or (_SEGMENT.match(digits) and not _behind(_OTHER_NUMBER, text, m.start()))
        ):
            yield m.start(1), m.end(1), text[m.start(1) : m.start(1) + 1] + stars(m[1][1:])
    for m in _FIXED.finditer(text):
        if not _behind(_OTHER_NUMBER, text, m.start()) or _behind(_PHONE_LABEL, text, m.start()):
            yield m.start(), m.end(), stars(m[0])
    for m in (*_SHORT.finditer(text), *_ISLAND_MOBILE.finditer(text)):
        yield m.start(1), m.end(1), stars(m[1])


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


def bank_cards(text: str) -> Iterator[Spot]:
    """Numbers of bank cards and accounts."""
    for m in _CARD.finditer(text):
        digits = re.sub(r"\D", "", m[0])
        card = (
            16 <= len(digits) <= 19
            and _CARD_PREFIX.match(digits)
            and luhn.is_valid(digits)
            and not _behind(_OTHER_NUMBER, text, m.start())
        )
        if card or _behind(_CARD_LABEL, text, m.start()):
            yield m.start(), m.end(), stars(m[0])
    for m in _ACCOUNT.finditer(text):
        yield m.start(1), m.end(1), stars(m[1])


_ACCOUNT = re.compile(
    r"(?:卡号|银行卡号?|银行账号|银行帐号|账号|帐号)[:：是为\s]{0,3}(\d{8,11})(?!\d)"
)

PERMITS = r"通行证|回乡证|台胞证|居住证|居留证|居留身份证"
_PASSPORT = re.compile(
    rf"(?:护照|{PERMITS})(?:证件)?(?:号码|编号|号)?[\s:：是为(（]{{0,4}}([A-Z]{{0,3}}[ \-]?\d[\d \-]{{5,13}}\d[A-Z]?)(?![\dA-Za-z])",
    re.I,
)
_PASSPORT_ALONE = re.compile(
    r"(?<![A-Za-z0-9\-])(?:[EGDSPHM]\d{8}|E[A-Z]\d{7}|[HMC]\d{10}|[A-Z]{3}\d{12})(?![A-Za-z0-9\-])",
    re.I,
)


#: Of Taiwan and Hong Kong, only behind their labels: a letter and digits can be many things.
_ISLAND = re.compile(
    r"身[份分]证(?:统一编号|字?号码?)?[\s:：是为(（]{0,4}([A-Z]{1,2}\d{6,9}(?:\([0-9A]\))?)", re.I
)


def passports(text: str) -> Iterator[Spot]:
    """Numbers of passports, of permits to enter and to stay,
    of Taiwan's and Hong Kong's identity cards.
    """
    for m in (*_PASSPORT.finditer(text), *_ISLAND.finditer(text)):
        yield m.start(1), m.end(1), stars(m[1])
    for m in _PASSPORT_ALONE.finditer(text):
        if not _behind(_OTHER_NUMBER, text, m.start()):
            yield m.start(), m.end(), stars(m[0])


# ---------------------------------------------------------------- addresses on the net, plates

_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}\s?(?:@|\(at\)|\[at\]|#@)\s?[A-Za-z0-9\-]{1,63}(?:\s?(?:\.|\(dot\)|。)\s?[A-Za-z0-9\-]{1,63}){0,6}?\s?(?:\.|\(dot\)|。)\s?(?:com|cn|net|org|edu|gov|info|me|cc|vip|hk|tw|io|top)(?![A-Za-z])",
    re.I,
)
_CHAT = re.compile(
    r"(?:微信号?|微信ID|QQ号?码?|qq|抖音号|支付宝账?号?|旺旺)[:：是为\s]{1,3}([A-Za-z0-9][A-Za-z0-9_\-]{4,19})",
    re.I,
)
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = re.compile(
    rf"(?<![\u4e00-\u9fff])(?=.)[{PROVINCES}] ?[A-HJ-NP-Za-hj-np-z] ?[·.\- ]? ?(?:[A-HJ-NP-Za-hj-np-z0-9](?: ?[A-HJ-NP-Za-hj-np-z0-9]){{3,4}} ?[A-HJ-NP-Za-hj-np-z0-9学警港澳挂使领]|[A-HJ-NP-Za-hj-np-z0-9]{{5,6}})(?![A-Za-z0-9\-])"
    rf"|[{PROVINCES}] ?[A-HJ-NP-Za-hj-np-z] ?[·.\- ]? ?(?:[A-HJ-NP-Za-hj-np-z0-9](?: ?[A-HJ-NP-Za-hj-np-z0-9]){{3,4}} ?[A-HJ-NP-Za-hj-np-z0-9学警港澳挂使领])(?![A-Za-z0-9\-])"
)


def mail_addresses(text: str) -> Iterator[Spot]:
    """Mail addresses, and names that one has in chats and payment apps."""
    for m in _MAIL.finditer(text):
        yield m.start(), m.end(), "***@***"
    for m in _CHAT.finditer(text):
        yield m.start(1), m.end(1), stars(m[1])


def number_plates(text: str) -> Iterator[Spot]:
    """Number plates of vehicles, but for the character of the province."""
    for m in _PLATE.finditer(text):
        tail = re.sub(r"[ ·.\-]", "", m[0])[2:]
        if sum(c.isdigit() for c in tail) >= 3 and not _behind(_OTHER_NUMBER, text, m.start()):
            yield m.start() + 1, m.end(), stars(text[m.start() + 1 : m.end()])


# ---------------------------------------------------------------- a value by itself


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
    """Whether `value` is an identity number of 18 characters with a right check digit and no
    doubt.
    """
    return re.fullmatch(r"\d{17}[\dXx]", value) is not None and bool(
        value[:2] in _divisions() and is_birth_date(value[6:14]) and has_check_digit(value)
    )
