"""Numbers of bank cards and accounts in a normalised text: by Luhn's check (ISO/IEC 7812-1), or behind
a word for one.
"""

from __future__ import annotations

from collections.abc import Iterator

from stdnum import luhn

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.digit_runs import Window, runs, windows
from pipeline.checks.privacy.number_context import (
    CODE_LETTERS,
    OTHER_NUMBER,
    SEGMENT,
    Spot,
    behind,
    is_measured,
    stars,
)
from pipeline.checks.privacy.spelt_digits import in_digits

_CARD_WORD = lazy(
    r"卡号|银行卡|账号|帐号|账户|帐户|户头|银行|储蓄卡|借记卡|信用卡|存折|农信|信用社"
)
_CARD_LABEL = lazy(rf"(?:{_CARD_WORD.pattern})[^，。；,;]{{0,12}}$")
#: Words of payment: without them, only UnionPay's numbers are a card's beyond doubt.
_OF_PAYMENT = lazy(r"[卡账帐汇转付收款户退存取刷]|POS|pos")
_CARD_PREFIX = lazy(r"62|4\d|5[1-5]|3[47]|35|60|65|68|69|84|9558|9559|98|90|91")


_MAY_BE_CARD = lazy(r"[3-69]\d{15,18}|84\d{14,17}")
_ANY_ACCOUNT = lazy(r"\d{8,25}")


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
    return length if is_card and SEGMENT.match(digits, length) else 0


def _is_card(text: str, w: Window) -> bool:
    """Whether a window is a card's or an account's number."""
    if behind(_ACCOUNT_LABEL, text, w.start):
        return not is_measured(text, w) and w.after is None
    if len(w.digits) >= 12 and behind(_CARD_LABEL, text, w.start):
        return not is_measured(text, w) and (w.after is None or not w.is_listed)
    is_card = 16 <= len(w.digits) <= 19 and luhn.is_valid(w.digits)
    if not is_card or not _CARD_PREFIX.match(w.digits):
        return False
    if w.digits.startswith("62"):  # UnionPay, which hardly another number begins with
        return True
    is_code = behind(OTHER_NUMBER, text, w.start) or behind(CODE_LETTERS, text, w.start)
    return not is_code and not w.is_listed and behind(_OF_PAYMENT, text, w.start)


_ACCOUNT_LABEL = lazy(r"(?:卡号|银行卡号?|银行账号|银行帐号|账号|帐号)[:：是为\s]{0,3}$")
