"""Personal values in free text: which kinds there are, a cheap sign of each,
and the text without them.

A text is searched twice: character for character, and without its disguises (`base.normalise`).
What must not be public: 个人信息保护法 §28; 政府信息公开条例 §15; 未成年人保护法 §103.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from pipeline.base.normalise import Normalised, by_character, normalise
from pipeline.base.script import in_either_script
from pipeline.checks.privacy import (
    bank_cards,
    facts,
    lettered_numbers,
    personal_numbers,
    persons,
    telephones,
    unlabelled_numbers,
)
from pipeline.checks.privacy.number_context import Spot, stars
from pipeline.checks.privacy.unlabelled_numbers import in_original, replaced, starred


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal value: the rule that it breaks, how it is found,
    a cheap sign of it (RE2).
    """

    rule: str
    find: Callable[[str], Iterator[Spot]]
    sign: str


#: Of a number whose digits an escape parts; `long_runs` finds all others.
_PARTED = r"_x000[aAdD]_|[0-9](?:<[a-z/]+>|\\[nrt])[0-9]"
#: Digits of a run that may be a number of a person; in a cell of codes, where short ones are normal.
LONG_RUN, LONG_AMONG_CODES = 7, 11
_PASSPORT_SIGN = r"护\s?照|(?i:passport)"
#: In this order: a value that two kinds match is of the first one.
KINDS = (
    Kind("identity-number-in-text", personal_numbers.identity_numbers, _PARTED),
    Kind("bank-card-in-text", bank_cards.bank_cards, _PARTED),
    Kind("passport-in-text", lettered_numbers.passports, _PASSPORT_SIGN),
    Kind("telephone-in-text", telephones.telephones, _PARTED),
    Kind("e-mail-in-text", lettered_numbers.mail_addresses, r"[@＠]|[(（\[{｛]\s?[aａ]|艾特|圈a|(?:[.。点．,]|dot\W?)\s?(?:com|cn|net)|[微威徽薇vVｖＶ加❤♥]\W{0,3}信|信\W{0,2}(?:[:：号]|[a-zA-Zａ-ｚＡ-Ｚ])|微亻|[+＋加]\s?[薇微vVｖＶqQｑＱ]|(?i:q\s?q|ｑｑ|q号|[vｖ]\W?[xｘ]|v\W{0,2}[信❤♥]|[wｗ][xｘ]|wechat|weixin|telegram|whatsapp|skype|tg)|绿泡泡|扣扣|企鹅|球球|叩叩|抖音|快手|小红书|微博|陌陌|支付宝|旺旺|淘宝|闲鱼"),
    Kind("number-plate-in-text", lettered_numbers.number_plates, rf"[{lettered_numbers.PROVINCES}][^\pL\pN]{{0,3}}[A-Za-zＡ-Ｚａ-ｚ]"),
    Kind("birth-date-in-text", persons.birth_dates, r"出生|生日|生于|[日号月年] ?生"),
    Kind("address-in-text", facts.homes_in, r"住[址在于所]|[家现居租暂借寄常]住|独居|户[籍口]|籍贯|[联讯货家][系地庭][地址在]|家在|[\d０-９一二三四五六七八九十][室户]|[户楼院栋幢].{0,12}[\d０-９一二三四五六七八九十]号|[村湾屯庄寨].{0,8}[组队社].{0,6}号|[小花家苑村寓里弄].{0,12}[-－—]"),
    Kind("third-person-in-text", persons.third_persons, persons.SIGN),
)  # fmt: skip
#: Those of texts, in which names are found by evidence (`name_search`).
IN_TEXTS = KINDS[:-1]
#: Those of names, of organisations too.
IN_NAMES = (
    *KINDS[:-1],
    Kind(
        KINDS[-1].rule, partial(persons.third_persons, role_of=persons.ROLE_IN_NAME), KINDS[-1].sign
    ),
)
_IN_CODES = rf"[A-Za-z] ?\d{{7}}|{lettered_numbers.PERMITS}|护照|电话|座机|固话|传真|宅电|卡号|银行卡|[账帐]号"
#: A document's number: its year, a mark, up to seven digits, and no further digit. These are too
#: few and too far from each other for a personal number, so such a cell is searched only for words.
DATED_NUMBER = r"^[^0-9０-９]*20[0-9]{2}[^0-9０-９]{1,3}[0-9]{1,7}[^0-9０-９]*$"


@cache
def text_sign() -> str:
    """A cheap sign of any of the kinds (RE2); a text without it and without a run of `LONG_RUN`
    digits, and not disguised, holds none.
    """
    return in_either_script("|".join(dict.fromkeys(kind.sign for kind in KINDS)))


@cache
def sign_among_words() -> str:
    """The same for a cell of codes that has words too, in which short numbers are normal."""
    return f"{text_sign()}|{in_either_script(_IN_CODES)}"


@cache
def dated_sign() -> str:
    """The same for a cell that is a `DATED_NUMBER`: words alone."""
    words = dict.fromkeys(kind.sign for kind in KINDS if kind.sign != _PARTED)
    return in_either_script("|".join((*words, _IN_CODES)))


@cache
def code_sign() -> str:
    """A cheap sign of a personal value in a cell that holds one code."""
    return in_either_script(
        r"\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]|(?:^|\D)1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?:\D|$)"
        rf"|^[EGDSPHM]\d{{8}}$|^E[A-Z]\d{{7}}$|^[HMC]\d{{10}}$|^[A-Z]{{3}}\d{{12}}$|[@＠]|电话|手机|身份证|护照|(?:^|\D)62\d{{14,17}}(?:\D|$)|^[{lettered_numbers.PROVINCES}][A-Z][·.]?[A-Z0-9]{{5,6}}$"
    )


def screened(text: str, among: tuple[Kind, ...] = KINDS) -> tuple[str, list[str]]:
    """(`text` with every personal value masked in place, the rules that were broken).

    `among`: the kinds of values that are searched for.
    """
    spots, rules = personal_spots(text, among)
    return replaced(text, spots), rules


def personal_spots(text: str, among: tuple[Kind, ...] = KINDS) -> tuple[list[Spot], list[str]]:
    """(where in `text` personal values stand, with what is public instead; the rules broken)."""
    plain = by_character(text)
    spots, rules = _found(Normalised(plain, range(len(plain)), text), among)
    hidden = normalise(starred(text, spots))
    if hidden.text != by_character(hidden.original):
        more, others = _found(hidden, among)
        spots, rules = spots + more, rules + others
    while numbers := unlabelled_numbers.found(starred(text, spots)):
        # masking one number can uncover another next to it
        spots += [(a, b, stars(text[a:b])) for a, b, _ in numbers]
        rules += [rule for _, _, rule in numbers]
    return spots, list(dict.fromkeys(rules))


def _found(text: Normalised, among: tuple[Kind, ...]) -> tuple[list[Spot], list[str]]:
    """(the spots of personal values in the original, with their replacement; their rules)."""
    plain, rules = text.text, list[str]()
    spots, found_at = list[Spot](), bytearray(len(plain))  # found_at: 1 where a value was found
    for kind in among:
        for start, end, instead in kind.find(plain):
            if start < end and not any(found_at[start:end]):
                found_at[start:end] = b"\1" * (end - start)
                spots.append((start, end, instead))
                rules.append(kind.rule)
        plain = starred(plain, spots)
    return in_original(text, spots), rules
