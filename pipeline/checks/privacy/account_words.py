"""A bank account told in words, in a normalised text: the bank with the last digits, a card, a
balance. Of whom its sentence speaks is asked by `facts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.fact_details import Detail, Forms

_TAIL_NO = r"(?:[0-9]{3,6}|[零〇一二三四五六七八九]{3,6})"
_TAIL = r"(?:尾号|尾数|卡尾|末尾(?:[四4]位)?|[末后][一二三四五六3-6几]?[位数码]{1,3}|最后[三四五六3-6几]?[位个]数?字?)(?:数字|号码)?[为是系:\s]{0,2}"
_CARD = r"(?:的?(?:[\u4e00-\u9fff]{0,4}(?:卡|账户|账号|存折)))?"
_ENDS = rf"{_TAIL_NO}(?:结尾|收尾|开头)(?:的?[\u4e00-\u9fff]{{0,2}}(?:卡|账户))?"
_BANK_NAME = (
    r"(?:银行|信用社|农商行|[工建农中交招]行|邮储|信合|支付宝|微信|余额宝)[\u4e00-\u9fff]{0,12}"
)
_ACCOUNT = lazy(
    rf"(?P<tail>{_TAIL}{_TAIL_NO}{_CARD})"
    rf"|(?P<ends>{_ENDS})"
    rf"|(?P<bound>{_BANK_NAME}?[卡账户折(]{{1,2}}{_TAIL_NO}\)?)"
    rf"|(?P<own>{_BANK_NAME}?(?:个人[\u4e00-\u9fff]{{0,4}}(?:账户|账号|卡)|储蓄[卡账]户?|借记卡|信用卡|存折|存单|定期存款|存款(?:余额)?|[房车网消][贷款]{{1,2}}|贷款|养老金账户|社保卡|工资卡|低保[\u4e00-\u9fff]{{0,2}}[折卡]))"
    r"|(?P<balance>(?:存款|账户|卡内|卡上|账上)?余额(?:为|是|:|仅|还有|共)?(?:人民币)?[0-9][0-9,.]{0,14}[万亿]?元|(?:负债|欠债|外债|欠款|存款|积蓄|月收入|月工资|工资收入|年收入|养老金|网贷|借款|卡[里内上])[\u4e00-\u9fff]{0,4}[0-9一二三四五六七八九十百千万两][0-9,.一二三四五六七八九十百千]{0,12}[万亿多]?余?[元块])"
    rf"|(?P<vague>{_BANK_NAME}?(?:卡(?!机)|账户|存款|折|通))"
)  # fmt: skip
#: The bank in front of an account's last digits.
_BANK_BEFORE = lazy(
    r"(?:[\u4e00-\u9fff]{2,4}银行|[\u4e00-\u9fff]{0,4}信用社|农商行|[工建农中交招]行|邮储|信合|支付宝|微信)[\u4e00-\u9fff]{0,12}[,(、]?[\u4e00-\u9fff]{0,8}$"
)
_ACCOUNT_OF_ALL = lazy(
    r"专户|对公|基本户|基本账户|非税|缴至|缴纳至|存管|指定账户|营业大厅|单位账户|公司账户|公户|客户|保证金账户"
)


def _of_account(found: re.Match[str]) -> int:
    if found["tail"] or found["ends"]:
        return 3
    if found["bound"] or found["own"]:
        return 2
    return 0 if found["vague"] else 1


def accounts(text: str) -> Iterator[Detail]:
    """An account told in words: the bank with the last digits, a card, a balance."""
    for m in _ACCOUNT.finditer(text):
        if _ACCOUNT_OF_ALL.search(text, max(0, m.start() - 12), m.end() + 8):
            continue
        bank = _BANK_BEFORE.search(text, max(0, m.start() - 28), m.start())
        start = bank.start() if bank else m.start()
        yield Detail(start, m.end(), _of_account(m))


ACCOUNTS = Forms((_ACCOUNT.pattern,), alone=(_TAIL + _TAIL_NO, _ENDS))
