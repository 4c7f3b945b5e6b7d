"""Numbers of persons in a normalised text: identity numbers, telephones, bank cards.

Found by what they are, not by how they are written: whatever marks stand between the digits
(`digit_runs`), an identity number has a division, a day of birth and a check digit (GB 11643-1999), a bank card passes
Luhn's check (ISO/IEC 7812-1), a mobile number has eleven digits and a segment of the numbering
plan. Where that leaves room for doubt, the words in front of the number, the unit behind it and the
shape of its groups decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from stdnum import luhn, numdb
from stdnum.iso7064 import mod_11_2

from pipeline.base.normalise import by_character
from pipeline.checks.privacy.digit_runs import Group, Window, in_digits, runs, window, windows

Spot = tuple[int, int, str]  # start, end, what is put there

# ---------------------------------------------------------------- words in front of a number

#: A number behind one of these words is of that kind, and not personal.
OTHER_NUMBER = re.compile(
    r"(?:注册号|登记证?号|许可证|许可证?号|编号|批号|批次|型号|单号|订单|流水号?|税号|识别号|信用代码|机构代码|代码|文号|案号|书号|条码|条形码|产品码|序列号|发票号?码?|合同号|证书号?|执法证|执法证号|证件编号|备案号|货号|标准号|箱号|车架号|发动机号|账套|档案号|备案|证照?号|号牌号码|字)[码为是:：\s（(【\[第]*[A-Za-z]{0,8}-?$"
)
#: Letters that a code begins with.
_CODE_LETTERS = re.compile(r"[A-Za-z]{2,}-?$")
_IDENTITY_WORD = re.compile(r"身[份分]证|公民身份|居民身份|证件号码?|身份号|身份证明|ID", re.I)
_IDENTITY_LABEL = re.compile(rf"(?:{_IDENTITY_WORD.pattern})[^，。；,;]{{0,8}}$", re.I)
_PHONE_WORD = re.compile(
    r"电话|手机|联系|致电|拨打|微信|传真|座机|固话|宅|接|来电|去电|打|回拨|呼叫|留号|短信|机主|(?<![票据证件单])号码|tel|phone|mobile",
    re.I,
)
_PHONE_LABEL = re.compile(rf"(?:{_PHONE_WORD.pattern})[^，。；,;]{{0,6}}$", re.I)
_PHONE_BEHIND = re.compile(r"\W{0,2}(?:宅电|电话|手机|座机|打来|来电)")
_CARD_WORD = re.compile(
    r"卡号|银行卡|账号|帐号|账户|帐户|户头|银行|储蓄卡|借记卡|信用卡|存折|农信|信用社"
)
_CARD_LABEL = re.compile(rf"(?:{_CARD_WORD.pattern})[^，。；,;]{{0,12}}$")


def behind(label: re.Pattern[str], text: str, at: int) -> bool:
    return label.search(text[max(0, at - 24) : at]) is not None


#: What a number measures, or how much money it is.
_MEASURE_BEHIND = re.compile(
    r"(?:\.\d+)?\s?(?:[万亿千百]?元|万|亿|吨|[千公]?[斤克]|[毫厘千分]?米|平方|立方|亩|公顷|[千毫]?升|℃|°|%|‰"
    r"|(?:[mckμ]?m|[mk]?g|m?l|[km]?[vwa]|m?pa|[kmg]?hz|db)(?![a-z]))",
    re.I,
)
#: What it counts: said of a number in groups only, since nothing has eleven digits of pieces.
_COUNT_BEHIND = re.compile(
    r"\s?[件次个只台套瓶袋盒箱辆户人名份批页组条款项年月天日时分秒号层楼栋幢室]"
)


def _is_measured(text: str, w: Window) -> bool:
    """Whether a unit behind a window shows that it is an amount or a list of counts."""
    is_counted = not w.is_solid and _COUNT_BEHIND.match(text, w.end)
    return bool(is_counted or _MEASURE_BEHIND.match(text, w.end))


# ---------------------------------------------------------------- identity numbers


def has_check_digit(number: str) -> bool:
    """Whether 18 characters end in the check digit of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    return bool(mod_11_2.is_valid(number.upper()))


def is_birth_date(digits: str) -> bool:
    """Whether eight digits are a day on which someone who has a number can have been born."""
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year < 2100
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
def _is_division(code: str) -> bool:
    """Whether six digits are or were a division of GB/T 2260, or of those who live here from abroad
    (81 to 83, 91 to 93).
    """
    if code[:2] in ("81", "82", "83", "91", "92", "93"):
        return True
    return any("county" in about for _, about in numdb.get("cn/loc").info(code))


#: The first two digits of every division: of more of them than any list has, a number with a right
#: check digit shows that they are one.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91 92 93".split()  # noqa: SIM905
)
#: Years of birth of those who can be party to a case: a number with a wrong or missing check digit
#: is a person's only with one of these. A case's own number has its year instead.
_BORN = range(1915, 2016)


def identity_numbers(text: str) -> Iterator[Spot]:
    """Identity numbers of 18 and 15 digits (GB 11643-1999), whatever stands between the digits,
    also with one digit mistyped or the last one missing.
    """
    free, plain = 0, in_digits(text).translate(_DAY_MARKS)
    for start, end in sorted((*_right_ones(plain), *_padded(text), *_others(plain))):
        if start >= free:
            yield start, end, stars(text[start:end])
            free = end


#: The day of birth in a number may be written with its words.
_DAY_MARKS = str.maketrans("年月日", "---")
_WITH_DAY = re.compile(
    r"(\d{6})[\W_]{0,3}((?:18|19|20)\d\d)年(\d{1,2})月(\d{1,2})日[\W_]{0,3}(\d{3}[\dXx])(?!\d)"
)


def _padded(text: str) -> Iterator[tuple[int, int]]:
    """Numbers in which month or day has lost its zero: 410105（1952年3月3日）6633."""
    for m in _WITH_DAY.finditer(text):
        division, year, month, day, rest = m.groups()
        if sure_identity(f"{division}{year}{month:0>2}{day:0>2}{rest}"):
            yield m.span()


_LAST_X = re.compile(r"[\W_]{0,3}[xX]")


def _right_ones(text: str) -> Iterator[tuple[int, int]]:
    """Numbers of 18 characters with a right check digit, wherever in a run they stand."""
    for groups in runs(text):
        places = [at for group in groups for at in range(group.start, group.end)]
        digits = "".join(group.digits for group in groups)
        x = _LAST_X.match(text, places[-1] + 1)
        if x:
            places.append(x.end() - 1)
            digits += "X"
        at = 0
        while at + 18 <= len(digits):
            if sure_identity(digits[at : at + 18]) and not _has_days(groups, places[at]):
                yield places[at], places[at + 17] + 1
                at += 17
            at += 1


def _has_days(groups: list[Group], start: int) -> bool:
    """Whether two groups behind `start` are days: a period, and no number."""
    return (
        sum(len(g.digits) == 8 and is_birth_date(g.digits) for g in groups if g.start >= start) > 1
    )


_DAY_OF_BIRTH = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
#: By its length and day of birth; of any digits behind a label.
_MAY_BE_ONE = re.compile(
    rf"[1-9]\d{{5}}(?:(?:19|20)\d\d{_DAY_OF_BIRTH}\d{{3,4}}|\d\d{_DAY_OF_BIRTH}\d{{3}})"
)
_ANY_OF_ITS_LENGTH = re.compile(r"\d{15,18}")


def _others(text: str) -> Iterator[tuple[int, int]]:
    """Whole groups that are an identity number with a mistyped or missing digit, or an old one."""
    may = _ANY_OF_ITS_LENGTH if _IDENTITY_WORD.search(text) else _MAY_BE_ONE
    for groups in runs(text):
        for group in groups:
            if _begins_with_one(group.digits):
                yield group.start, group.start + 18
        for w in windows(text, groups, may):
            is_named = behind(_IDENTITY_LABEL, text, w.start)
            end = w.end
            if (
                len(w.digits) == 17
                and (x := _LAST_X.match(text, w.end))
                and not text[x.end() : x.end() + 1].isalpha()
            ):
                end = x.end()
            is_alone = w.before is None and w.after is None
            if (is_named and is_alone) or _is_almost_one(text, w, end - w.end > 0):
                yield w.start, end


def _begins_with_one(digits: str) -> bool:
    """Whether a mobile number, or a second one, is glued to a number with a slip in it."""
    is_glued = (_SEGMENT.match(digits, 18) and len(digits) == 29) or len(digits) == 36
    return bool(is_glued and _is_division(digits[:6]) and _is_birth_of_one(digits[6:14]))


def _is_birth_of_one(digits: str) -> bool:
    return is_birth_date(digits) and int(digits[:4]) in _BORN


def _is_almost_one(text: str, w: Window, has_x: bool) -> bool:
    """Whether a window has a division and a day of birth where an identity number has them."""
    if len(w.digits) == 16 or not _is_division(w.digits[:6]):
        return False
    if behind(OTHER_NUMBER, text, w.start) or behind(_CODE_LETTERS, text, w.start):
        return False
    if len(w.digits) == 15:
        code = is_credit_code(text[w.start : w.start + 18])
        return (
            (w.shape == (6, 6, 3) or not w.is_listed)
            and is_birth_date("19" + w.digits[6:12])
            and not code
        )
    return _is_birth_of_one(w.digits[6:14]) and (
        len(w.digits) == 17 or has_x or not is_credit_code(w.digits)
    )


def is_credit_code(number: str) -> bool:
    """Whether 18 characters are a social credit code, by the check digit of GB 32100-2015."""
    from stdnum.cn import uscc

    return bool(uscc.is_valid(number))


def stars(text: str) -> str:
    """`text` with a star for each letter and digit; marks stay."""
    return re.sub(r"[^\W_]", "*", text)


# ---------------------------------------------------------------- telephones

_SEGMENT = re.compile(r"1(?:3|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8|9[0-35-9])")
#: How a mobile number is cut by whoever writes one down; any cut where a label says what it is.
_MOBILE_SHAPES = {
    (11,), (3, 8), (7, 4), (3, 4, 4), (4, 4, 3), (4, 3, 4), (3, 3, 5), (3, 5, 3), (5, 6), (6, 5), (4, 7), (1, 10), (2, 9),
    (3, 2, 2, 2, 2), (3, 2, 3, 3), (3, 3, 3, 2), (3, 2, 2, 4), (3, 4, 2, 2), (2, 2, 2, 2, 2, 1), (1,) * 11,
}  # fmt: skip
_COUNTRY = re.compile(r"(?:00)?86")
_YEAR = re.compile(r"(?:19|20)\d\d")
#: 010; 02x; 03xx to 09xx.
_AREA = re.compile(r"010|02[0-57-9]|0[3-9]\d{2}")
#: The same behind the country's number.
_AREA_ABROAD = re.compile(r"10|2[0-57-9]|[3-9]\d{2}")
_LOCAL_SHAPES = frozenset([(7,), (8,), (3, 4), (4, 4), (4, 3)])
_EXTENSION = re.compile(r"\s?(?:-|转|分机号?|ext\.?)\s?(\d{1,5})(?![\d-])", re.I)
_BETWEEN_NUMBERS = re.compile(r"[\W_或和及与转]{1,4}")
#: Numbers of services, which are public: 12345, 12315, 95xxx, 96xxx, 400, 800.
_PUBLIC = re.compile(r"[48]00\d{7}|1[012]\d{1,3}|9[56]\d{3,6}")


#: By first digits and length: a mobile number, with what may stand in front; several; a fixed line.
_MAY_BE_TELEPHONE = re.compile(
    r"(?:(?:00)?86|0|20\d{6}|\d{5,6})?1[3-9]\d{9}|(?:1[3-9]\d{9}){2,4}|(?:00)?(?:86)?0?[1-9]\d{8,10}|0[1-9]\d{8,10}"
)
_LABELLED = re.compile(rf"{_MAY_BE_TELEPHONE.pattern}|[2-8]\d{{6,7}}")


def telephones(text: str) -> Iterator[Spot]:
    """Mobile numbers and fixed lines with their area, in any grouping; shorter ones behind a word for
    telephone, or in a list behind another number.
    """
    free, listed, text = 0, -1, in_digits(text)
    may = _LABELLED if _PHONE_WORD.search(text) else _MAY_BE_TELEPHONE
    for groups in runs(text):
        for w in windows(text, groups, may):
            if w.start < free:
                continue
            is_named = behind(_PHONE_LABEL, text, w.start) or _follows(text, listed, w.start)
            is_named |= _PHONE_BEHIND.match(text, w.end) is not None
            for start, end in _numbers_of(text, w, is_named):
                yield start, end, _masked_telephone(text[start:end])
                free = listed = end
            if free > w.start and (more := _EXTENSION.match(text, free)):
                yield more.start(1), more.end(1), stars(more[1])
                free = listed = more.end()
    for m in _ISLAND_MOBILE.finditer(text):
        yield m.start(1), m.end(1), stars(m[1])


def _numbers_of(text: str, w: Window, is_named: bool) -> list[tuple[int, int]]:
    """The telephone numbers that a window is, from its first digit to its last; [] for none."""
    if _is_mobile(text, w, is_named) or _is_fixed(text, w, is_named, _AREA):
        return [(w.start, w.end)]
    if w.is_solid and len(w.digits) in (22, 33, 44):
        starts = range(0, len(w.digits), 11)
        if all(_SEGMENT.match(w.digits, at) for at in starts):
            return [(w.start + at, w.start + at + 11) for at in starts]
    of_a_place = (_POSTCODE,) if behind(_POST_LABEL, text, w.start) else ()
    for prefix in (_COUNTRY, _ZERO, _DAY, _CARRIER, *of_a_place):
        m = prefix.match(w.digits)
        inner = _without(text, w, m.end()) if m and w.shape[0] >= m.end() else None
        if m is None or inner is None:
            continue
        is_abroad = prefix is _COUNTRY and (len(m[0]) > 2 or "+" in text[w.start - 2 : w.start])
        is_apart = prefix is _COUNTRY and w.shape[0] == 2
        areas = (_AREA, _AREA_ABROAD) if is_abroad or is_named or is_apart else ()
        if _is_mobile(text, inner, is_named or is_abroad) and not _is_part(text, w):
            return [(inner.start, w.end)]
        if prefix is _COUNTRY and any(_is_fixed(text, inner, True, area) for area in areas):
            return [(inner.start, w.end)]
    return []


_ZERO = re.compile("0(?=1)")
#: Prefixes by which calls go through another network, dialled in front of a number.
_CARRIER = re.compile(r"(?:179\d\d|125[89]\d|10193|10131|11808|96688)(?=1[3-9]\d{9}$)")
_POSTCODE, _POST_LABEL = re.compile(r"\d{6}(?=1[3-9]\d{9}$)"), re.compile(r"邮政?编码?\W{0,2}$")
_DAY = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=1[3-9]\d{9}$)")


def _without(text: str, w: Window, count: int) -> Window | None:
    """The window without its first `count` digits, which are in its first group."""
    start = w.start + count
    groups = [Group(m.start(), m.end(), m[0]) for m in _GROUP.finditer(text, start, w.end)]
    return window(text, groups, 0, len(groups) - 1) if groups else None


_GROUP = re.compile(r"\d+")


def _follows(text: str, listed: int, start: int) -> bool:
    return 0 <= listed < start and _BETWEEN_NUMBERS.fullmatch(text, listed, start) is not None


def _is_mobile(text: str, w: Window, is_named: bool) -> bool:
    digits = w.digits
    if len(digits) != 11 or digits[0] != "1" or digits[1] not in "3456789":
        return False
    if is_named:
        return True
    if not _SEGMENT.match(digits) or _is_measured(text, w) or _is_part(text, w):
        return False
    if w.is_solid:
        return True  # a batch number lost costs less than a telephone number published
    is_thousands = w.shape == (2, 3, 3, 3) or ("." in w.gaps[-1] and w.shape[-1] == 2)
    return w.shape in _MOBILE_SHAPES and not is_thousands and (w.is_even or not w.is_listed)


def _is_part(text: str, w: Window) -> bool:
    """Whether a window continues a number: a decimal, a version, a code with hyphens."""
    return w.before in (".", "-", "_") or bool(
        re.search(r"\d\.$", text[max(0, w.start - 2) : w.start])
    )


def _is_fixed(text: str, w: Window, is_named: bool, area_of: re.Pattern[str]) -> bool:
    if _PUBLIC.fullmatch(w.digits):
        return False
    area = area_of.match(w.digits)
    local = w.digits[area.end() :] if area else w.digits
    if len(local) not in (7, 8) or local[0] not in "2345678":
        return False
    if area is None:
        return is_named and _is_short(text, w)
    rest = w.shape[0] - area.end()
    if is_named or rest < 0:
        return is_named
    shape = (rest, *w.shape[1:]) if rest else w.shape[1:]
    is_code = behind(OTHER_NUMBER, text, w.start) or _is_measured(text, w) or _is_part(text, w)
    is_apart = rest == 0 and len(shape) == 1  # 0376:2295479
    return not is_code and shape in _LOCAL_SHAPES and (is_apart or not w.is_listed)


def _is_short(text: str, w: Window) -> bool:
    """Whether seven or eight digits behind a word for telephone are a local number, and no day."""
    is_day = len(w.digits) == 8 and is_birth_date(w.digits)
    return not is_day and not _is_measured(text, w)


def _masked_telephone(number: str) -> str:
    return number[:1] + stars(number[1:]) if number[0] == "1" else stars(number)


_ISLAND_MOBILE = re.compile(
    r"(?:电话|手机|行动)(?:号码)?[:：是为\s]{0,3}(09\d{2}[ \-]?\d{3}[ \-]?\d{3})(?!\d)"
)

# ---------------------------------------------------------------- bank cards

#: Words of payment: without them, only UnionPay's numbers are a card's beyond doubt.
_OF_PAYMENT = re.compile(r"[卡账帐汇转付收款户退存取刷]|POS|pos")
_CARD_PREFIX = re.compile(r"62|4\d|5[1-5]|3[47]|35|60|65|68|69|84|9558|9559|98|90|91")


_MAY_BE_CARD = re.compile(r"[3-69]\d{15,18}|84\d{14,17}")
_ANY_ACCOUNT = re.compile(r"\d{8,25}")


def bank_cards(text: str) -> Iterator[Spot]:
    """Numbers of bank cards and accounts."""
    free, text = 0, in_digits(text)
    may = _ANY_ACCOUNT if _CARD_WORD.search(text) else _MAY_BE_CARD
    for groups in runs(text):
        for group in groups:
            if length := _card_in_front(group.digits):
                yield group.start, group.start + length, stars(group.digits[:length])
        for w in windows(text, groups, may):
            if w.start >= free and _is_card(text, w):
                yield w.start, w.end, stars(text[w.start : w.end])
                free = w.end


def _card_in_front(digits: str) -> int:
    """How many of these digits are a card's, where a mobile number is glued to it; 0 for none."""
    length = len(digits) - 11
    is_card = 16 <= length <= 19 and digits.startswith("62") and luhn.is_valid(digits[:length])
    return length if is_card and _SEGMENT.match(digits, length) else 0


def _is_card(text: str, w: Window) -> bool:
    """Whether a window is a card's or an account's number."""
    if behind(_ACCOUNT_LABEL, text, w.start):
        return not _is_measured(text, w) and w.after is None
    if len(w.digits) >= 12 and behind(_CARD_LABEL, text, w.start):
        return not _is_measured(text, w) and (w.after is None or not w.is_listed)
    is_card = 16 <= len(w.digits) <= 19 and luhn.is_valid(w.digits)
    if not is_card or not _CARD_PREFIX.match(w.digits):
        return False
    if w.digits.startswith("62"):  # UnionPay, which hardly another number begins with
        return True
    is_code = behind(OTHER_NUMBER, text, w.start) or behind(_CODE_LETTERS, text, w.start)
    return not is_code and not w.is_listed and behind(_OF_PAYMENT, text, w.start)


_ACCOUNT_LABEL = re.compile(r"(?:卡号|银行卡号?|银行账号|银行帐号|账号|帐号)[:：是为\s]{0,3}$")

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
        value[:2] in _PROVINCES and is_birth_date(value[6:14]) and has_check_digit(value)
    )
