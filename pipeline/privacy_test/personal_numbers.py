"""Made-up numbers of persons, valid by their check digits, in the sentences that clerks write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.disguises import OF_ACCOUNTS, OF_NUMBERS, disguised
from pipeline.privacy_test.values import Value, made

_AREAS = ("110105", "130102", "210203", "310115", "320106", "330106", "340104", "350203", "370202", "410105", "411502", "411503", "420111", "430104", "440305", "500112", "510107", "610113")  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MOBILES = ("130", "133", "135", "136", "137", "138", "139", "150", "152", "155", "158", "159", "166", "173", "177", "180", "181", "185", "187", "188", "189", "191", "198", "199")  # fmt: skip
_CARDS = ("621700", "622202", "622848", "621661", "623052", "622588")
_CITIES = ("010", "021", "0371", "0376", "025", "027", "0755", "0538")
_PLATES = "豫京沪粤苏浙鲁鄂湘皖川渝"
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SYLLABLES = ("zhang", "wang", "li", "chen", "xiao", "ming", "feng", "lin", "tian", "hai", "yue", "ning", "bo")  # fmt: skip
_MAIL_HOSTS = ("163.com", "qq.com", "126.com", "sina.com", "foxmail.com", "139.com", "example.com")

_IDENTITY = ("身份证号{}", "公民身份号码：{}", "（身份证号码：{}）", "证件号码{}，现住示例区", "其身份证为{}", "经查询，{}有前科", "该人持{}号身份证办理登记", "ID:{}")  # fmt: skip
_MOBILE = ("联系电话{}", "电话：{}", "手机号{}", "（{}）", "可拨打{}与其联系", "举报人留的号码是{}", "tel{}", "其手机{}停机", "联系人，{}", "微信同号{}")  # fmt: skip
_LANDLINE = ("固定电话{}", "联系电话：{}", "家中电话{}", "座机{}", "宅电{}", "（电话{}）")
_CARD = ("银行卡号{}", "转入{}账户", "卡号：{}", "将款项汇至其个人银行卡{}", "开户行示例银行，账号{}", "收款账号（个人）{}")  # fmt: skip
_PASSPORT = ("护照号{}", "持{}号护照入境", "护照：{}", "（护照号码{}）")
_PERMIT = ("港澳居民来往内地通行证{}", "通行证号：{}", "回乡证{}", "持来往内地通行证（{}）")
_TAIWAN = ("台胞证{}", "台湾居民来往大陆通行证号码{}", "台湾居民来往大陆通行证：{}")
_PLATE = ("车牌号{}", "驾驶{}小型轿车", "号牌为{}的车辆", "{}货车", "其名下{}")
_QQ = ("QQ：{}", "QQ号{}", "通过QQ（{}）联系", "扣扣{}", "qq {}")
_WECHAT = ("微信号{}", "微信：{}", "加微信{}付款", "VX：{}", "wx：{}", "微信账号为{}")
_MAIL = ("邮箱{}", "电子邮箱：{}", "E-mail:{}", "发送至{}", "（{}）")


def check_digit(first: str) -> str:
    """The last character of an identity number, of its first 17 digits (GB 11643)."""
    total = sum(int(c) * w for c, w in zip(first, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def luhn_digit(first: str) -> str:
    """The last digit of a bank card's number, of those before it (ISO/IEC 7812-1)."""
    doubled = (
        int(c) if place % 2 else sum(divmod(2 * int(c), 10))
        for place, c in enumerate(reversed(first))
    )
    return str(-sum(doubled) % 10)


def _born(dice: Dice) -> str:
    return f"{date(1952, 1, 1) + timedelta(days=dice.below(19_500)):%Y%m%d}"


def identity_number(dice: Dice) -> str:
    """18 characters: a division, a birth from 1952 on, a number, the check digit."""
    first = dice.one_of(_AREAS) + _born(dice) + f"{dice.between(10, 989):03}"
    return first + check_digit(first)


def identity(dice: Dice) -> Value:
    """An identity number of 18 characters."""
    number = identity_number(dice)
    name, shown = disguised(number, OF_NUMBERS, dice)
    return made("identity", name, dice.one_of(_IDENTITY), shown, number[6:17], shown)


def identity_form(dice: Dice) -> Value:
    """An identity number as lists have it: birth in brackets, last digit missing, small x."""
    number = identity_number(dice)
    left, right = dice.one_of((("（", "）"), ("(", ")"), ("[", "]"), ("【", "】"), ("〔", "〕")))
    forms = {
        "birth-in-brackets": f"{number[:6]}{left}{number[6:14]}{right}{number[14:]}",
        "last-missing": number[:17],
        "small-letter": number.lower() if number.endswith("X") else number,
        "three-groups": f"{number[:6]} {number[6:14]} {number[14:]}",
        "glued": f"{number}号",
    }
    name = dice.one_of(sorted(forms))
    return made("identity", name, dice.one_of(_IDENTITY[:5]), forms[name], number[6:17])


def identity_15(dice: Dice) -> Value:
    """An identity number of 15 digits, as it was until 2004."""
    number = dice.one_of(_AREAS) + _born(dice)[2:] + dice.digits(3)
    name, shown = disguised(number, OF_NUMBERS, dice)
    return made("identity-15", name, dice.one_of(_IDENTITY), shown, number, shown)


def mobile(dice: Dice) -> Value:
    """A mobile number, grouped or not."""
    number = dice.one_of(_MOBILES) + dice.digits(8)
    shapes = {
        "3-4-4": f"{number[:3]}-{number[3:7]}-{number[7:]}",
        "4-4-3": f"{number[:4]} {number[4:8]} {number[8:]}",
        "3-3-5": f"{number[:3]} {number[3:6]} {number[6:]}",
        "country": f"{dice.one_of(('+86', '0086', '86-', '（+86）', '+86 '))}{number}",
        "glued": f"A{number}B",
        "in-a-list": f"{number}、{dice.one_of(_MOBILES)}{dice.digits(8)}",
    }
    if dice.below(3) == 0:
        name = dice.one_of(sorted(shapes))
        return made("mobile", name, dice.one_of(_MOBILE), shapes[name], number, number[3:])
    name, shown = disguised(number, OF_NUMBERS, dice)
    return made("mobile", name, dice.one_of(_MOBILE), shown, number, number[3:], shown)


def landline(dice: Dice) -> Value:
    """A telephone number at home, with or without its area code."""
    area, local = dice.one_of(_CITIES), str(dice.between(2, 8)) + dice.digits(6)
    if len(area) == 3 or area == "0755":
        local += dice.digits(1)
    forms = {
        "plain": f"{area}-{local}",
        "brackets": f"（{area}）{local}",
        "no-separator": area + local,
        "no-area": local,
        "extension": f"{area}-{local}-{dice.digits(3)}",
        "grouped": f"{area} {local[:4]} {local[4:]}",
    }
    name = dice.one_of(sorted(forms))
    shown = forms[name]
    if name == "no-separator":
        name, shown = disguised(shown, OF_NUMBERS, dice)
    return made("landline", name, dice.one_of(_LANDLINE), shown, local, shown)


def card(dice: Dice) -> Value:
    """A bank card's number, valid by its check digit."""
    first = dice.one_of(_CARDS) + dice.digits(12)
    number = first + luhn_digit(first)
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    if dice.below(4) == 0:
        return made("bank-card", "groups-of-four", dice.one_of(_CARD), grouped, number[-12:])
    name, shown = disguised(number, OF_NUMBERS, dice)
    return made("bank-card", name, dice.one_of(_CARD), shown, number[-12:], shown)


def _document(kind: str, number: str, templates: tuple[str, ...], dice: Dice) -> Value:
    name, shown = disguised(number, OF_NUMBERS, dice)
    return made(kind, name, dice.one_of(templates), shown, number, shown)


def passport(dice: Dice) -> Value:
    """A passport's number: a letter and eight digits, or two letters and seven."""
    old = dice.below(2)
    number = dice.one_of("EG") + (
        dice.digits(8) if old else dice.one_of("ABCDEFH") + dice.digits(7)
    )
    return _document("passport", number, _PASSPORT, dice)


def permit(dice: Dice) -> Value:
    """The number of a permit to travel from Hong Kong or Macao, or from Taiwan."""
    if dice.below(2):
        return _document("permit", dice.digits(8), _TAIWAN, dice)
    return _document("permit", dice.one_of("HM") + dice.digits(8), _PERMIT, dice)


def plate(dice: Dice) -> Value:
    """A private car's number plate, of five characters or six."""
    place, letter = dice.one_of(_PLATES), dice.one_of("ABCDEFGHJKLS")
    rest = dice.digits(3) + dice.one_of(_PLATE_LETTERS) + dice.digits(1)
    if dice.below(3) == 0:
        rest = dice.one_of("DF") + dice.digits(5)
    number = place + letter + rest
    point = f"{place}{letter}{dice.one_of(('·', '.', ' ', '-', '•'))}{rest}"
    if dice.below(2):
        return made("plate", "point", dice.one_of(_PLATE), point, letter + rest)
    name, shown = disguised(number, OF_NUMBERS, dice)
    return made("plate", name, dice.one_of(_PLATE), shown, letter + rest, shown)


def qq(dice: Dice) -> Value:
    """A number of the chat service QQ."""
    number = str(dice.between(1, 9)) + dice.digits(dice.between(7, 9))
    return _document("qq", number, _QQ, dice)


def wechat(dice: Dice) -> Value:
    """An account of WeChat."""
    word = dice.one_of(_SYLLABLES) + dice.one_of(_SYLLABLES)
    account = word + dice.one_of(("_", "", "-")) + dice.digits(dice.between(3, 5))
    name, shown = disguised(account, OF_ACCOUNTS, dice)
    return made("wechat", name, dice.one_of(_WECHAT), shown, account, shown)


def mail(dice: Dice) -> Value:
    """An address of e-mail."""
    user = dice.one_of(_SYLLABLES) + dice.one_of(("", ".", "_")) + dice.one_of(_SYLLABLES)
    user += dice.digits(dice.between(2, 5))
    host = dice.one_of(_MAIL_HOSTS)
    forms = {
        "sign-in-words": f"{user}{dice.one_of((' at ', '(at)', '[at]', '艾特', ' AT ', '#'))}{host}",
        "full-width-sign": f"{user}＠{host}",
        "blanks-at-sign": f"{user} @ {host}",
    }
    if dice.below(4) == 0:
        name = dice.one_of(sorted(forms))
        return made("mail", name, dice.one_of(_MAIL), forms[name], user)
    name, shown = disguised(f"{user}@{host}", OF_ACCOUNTS, dice)
    return made("mail", name, dice.one_of(_MAIL), shown, user, shown)


KINDS: tuple[Callable[[Dice], Value], ...] = (identity, identity, identity_form, identity_15, mobile, mobile, landline, card, passport, permit, plate, qq, wechat, mail)  # fmt: skip
