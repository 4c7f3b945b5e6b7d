"""Numbers with letters in them: passports and permits, number plates, addresses on the net, accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.digit_runs import DIGIT, GAP, SPELT
from pipeline.checks.privacy.number_context import OTHER_NUMBER, Spot, behind, stars
from pipeline.checks.privacy.spelt_digits import MISREAD

# ---------------------------------------------------------------- passports and permits

PERMITS = r"通行证|回乡[证卡]|台胞[证卡]|双程证|绿卡|居住证|居留证|居留许可|居留身份证|永久居留|旅行证|海员证"
#: What stands between the word for a kind of number and the number.
_LEAD = r"(?:[\W_]|[证件号码编为是系]|贴纸|ID|No|Nr){0,10}?"
#: Of a passport: letters and digits, in whatever groups.
_SIGN = rf"[A-Z]|{DIGIT}"
_PASSPORT = lazy(
    rf"(?:护\s?照|passport|{PERMITS}){_LEAD}(?<![A-Z\d])((?!N[or]\W)(?:{_SIGN})(?:{GAP}(?:{_SIGN})){{6,14}})(?![A-Z\d])",
    re.I,
)
#: A letter or two and seven to nine digits behind any word for a paper.
_PAPER = lazy(
    rf"(?:[证照]|passport|permit){_LEAD}(?<![A-Za-z\d])((?!NO)[A-Z]{{1,2}}{GAP}\d(?:{GAP}\d){{6,8}}(?:\([0-9A]\))?)(?![A-Za-z\d])",
    re.I,
)
_PASSPORT_ALONE = lazy(
    r"(?<![A-Za-z0-9\-])(?:[EGDSPHM]\d{8}|E[A-Z]\d{7}|[HMC]\d{10}|[A-Z]{3}\d{12})(?![A-Za-z0-9\-])",
    re.I,
)
#: Of Taiwan and Hong Kong, only behind their labels: a letter and digits can be many things.
_ISLAND = lazy(
    rf"身[份分]证(?:统一编号|字?号码?)?{_LEAD}(?<![A-Za-z])([A-Z]{{1,2}}{GAP}\d(?:{GAP}\d){{5,8}}(?:\([0-9A]\))?)(?!\d)",
    re.I,
)


#: Papers of organisations and goods.
_OF_BUSINESS = lazy(
    r"(?:许可|合格|登记|资格|生产|经营|注册|认证|检验|检疫|营运|道路运输|使用|备案|执业|执法)(?:证书?|[执牌]照)(?:[\W_]|[证件号码编为是系]|ID|No){0,8}$",
    re.I,
)


def passports(text: str) -> Iterator[Spot]:
    """Numbers of passports, of permits to enter and to stay,
    of Taiwan's and Hong Kong's identity cards.
    """
    for m in _PASSPORT.finditer(text):
        if len(re.findall(DIGIT, m[1])) >= 5:
            yield m.start(1), m.end(1), stars(m[1])
    for m in _ISLAND.finditer(text):
        yield m.start(1), m.end(1), stars(m[1])
    for m in _PAPER.finditer(text):
        if not behind(_OF_BUSINESS, text, m.start(1)):
            yield m.start(1), m.end(1), stars(m[1])
    for m in _PASSPORT_ALONE.finditer(text):
        if not behind(OTHER_NUMBER, text, m.start()):
            yield m.start(), m.end(), stars(m[0])


# ---------------------------------------------------------------- addresses on the net, accounts

_AT = r"\s{0,3}(?:@|[(\[{<]\s?(?:at?|@)\s?[)\]}>]|#@|艾特|圈a)\s{0,3}"
_DOT = r"\s?(?:\.|[(\[{<]\s?(?:dot|\.)\s?[)\]}>]|点|。)\s?"
_TOP = r"(?:com|cn|net|org|edu|gov|info|me|cc|vip|hk|tw|io|top)"
_MAIL = lazy(
    rf"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{{0,63}}{_AT}[A-Za-z0-9\-]{{1,63}}(?:{_DOT}[A-Za-z0-9\-]{{1,63}}){{0,6}}?{_DOT}{_TOP}(?![A-Za-z])",
    re.I,
)
#: The mail services that persons use, with any sign for @ in front but those of an address on the
#: web (www.163.com).
_PRIVATE_MAIL = lazy(
    rf"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9][A-Za-z0-9._%+\-]{{2,63}}(?:[^\w\s./:\-]{{1,3}}|{_AT}|\s+at\s+)(?:qq|163|126|139|189|sina|sohu|foxmail|gmail|hotmail|outlook|yeah|aliyun|icloud|21cn|tom|188)(?:{_DOT}|,){_TOP}(?![A-Za-z])",
    re.I,
)
_CHATS = r"微\s?[信亻][言]?|[威薇徽]信|[加+]\s?[薇微]|v\W{0,2}[信❤♥]|(?<![a-z])(?:v\W?x|wx|wechat|weixin)|[加+]\s?v(?![a-z])|绿泡泡|抖音|快手|小红书|微博|陌陌|支付宝|旺旺|淘宝|闲鱼|(?<![a-z])(?:telegram|whatsapp|skype|tg)"
#: A name that its owner chose: it has a digit or a mark, or stands behind a label that says so.
_CHAT = lazy(
    rf"(?:{_CHATS})(?P<label>\s?(?:账[号户]|帐[号户]|号码?|id|昵称|名[片称]?)?(?:[\W_]|[为是系])*)(?P<name>[a-z0-9][a-z0-9_\-]{{4,30}})(?![a-z0-9])",
    re.I,
)
_AS_DIGIT = f"[0-9{SPELT}{MISREAD}]"
_QQ_WORD = r"(?:(?<![a-z])q\s?q|扣扣|企鹅|球球|(?<![a-z])q(?=号)|(?<=[加+])q|叩叩)"
_QQ = lazy(
    rf"{_QQ_WORD}(?:[\W_]|[小大]号|号码?|账号|[为是系]){{0,8}}?(?<!\d)({_AS_DIGIT}(?:{GAP}{_AS_DIGIT}){{4,11}})(?![A-Z\d])",
    re.I,
)
#: In a list behind another account, or in front of the word for it.
_NEXT = lazy(r"[、/，,;；和或及 ]{1,3}([A-Za-z0-9][A-Za-z0-9_\-]{4,30})(?![A-Za-z0-9])")
_BEHIND = lazy(
    rf"(?<![A-Za-z0-9])([A-Za-z0-9][A-Za-z0-9_\-]{{4,30}})[\W_]{{1,3}}(?:{_CHATS}|{_QQ_WORD})(?:号码?|账号)?(?=[\W_]|$)",
    re.I,
)


def mail_addresses(text: str) -> Iterator[Spot]:
    """Mail addresses, and names and numbers that one has in chats and payment apps."""
    for m in (*_MAIL.finditer(text), *_PRIVATE_MAIL.finditer(text)):
        yield m.start(), m.end(), "***@***"
    for start, end in _accounts(text):
        yield start, end, stars(text[start:end])


def _accounts(text: str) -> Iterator[tuple[int, int]]:
    free = 0
    for m in _QQ.finditer(text):
        if m.start(1) >= free and len(re.findall(DIGIT, m[1])) >= 3:
            for start, free in (m.span(1), *_next_ones(text, m.end(1))):
                yield start, free
    free = 0
    for m in _CHAT.finditer(text):
        is_one = _is_chosen(m["name"]) or re.search(r"[号码d:：为是]", m["label"])
        if is_one and m.start("name") >= free:
            for start, free in (m.span("name"), *_next_ones(text, m.end("name"))):
                yield start, free
    for m in _BEHIND.finditer(text):
        if _is_chosen(m[1]):
            yield m.span(1)


def _next_ones(text: str, end: int) -> Iterator[tuple[int, int]]:
    while (m := _NEXT.match(text, end)) and _is_chosen(m[1]):
        yield m.span(1)
        end = m.end()


def _is_chosen(name: str) -> bool:
    """Whether letters and digits are a name that somebody chose, and no word."""
    return re.search(r"[\d_\-]", name) is not None


# ---------------------------------------------------------------- plates

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_P = f"[A-Za-z]|{DIGIT}"  # no plate has I or O: they are misread digits
_PLATE = lazy(
    rf"(?<![0-9{MISREAD}])[{PROVINCES}]{GAP}[A-HJ-NP-Za-hj-np-z]{GAP}(?:{_P})(?:{GAP}(?:{_P})){{3,4}}{GAP}(?:{_P}|[学警港澳挂使领临超])(?![A-Za-z0-9])"
)


def number_plates(text: str) -> Iterator[Spot]:
    """Number plates of vehicles, but for the character of the province."""
    for m in _PLATE.finditer(text):
        tail = re.sub(r"[\W_]", "", m[0])[2:]
        least = 2 if tail[-1] in "学警港澳挂使领临超" else 3
        digits, misread = (len(re.findall(c, tail)) for c in (DIGIT, f"[{MISREAD}i]"))
        if digits >= 2 and digits + misread >= least and not behind(OTHER_NUMBER, text, m.start()):
            yield m.start() + 1, m.end(), stars(text[m.start() + 1 : m.end()])
