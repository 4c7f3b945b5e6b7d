"""What stands around a number in a text and says what it is: the word in front, the unit behind."""

from __future__ import annotations

import re

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.digit_runs import Window

Spot = tuple[int, int, str]  # start, end, what is put there

#: A number behind one of these words is of that kind, and not personal.
OTHER_NUMBER = lazy(
    r"(?:注册号|登记证?号|许可证|许可证?号|编号|批号|批次|型号|单号|订单|流水号?|税号|识别号|信用代码|机构代码|代码|文号|案号|书号|条码|条形码|产品码|序列号|发票号?码?|合同号|证书号?|执法证|执法证号|证件编号|备案号|货号|标准号|箱号|车架号|发动机号|账套|档案号|备案|证照?号|号牌号码|字)[码为是:：\s（(【\[第]*[A-Za-z]{0,8}-?$"
)
#: Letters that a code begins with.
CODE_LETTERS = lazy(r"[A-Za-z]{2,}-?$")
#: The numbers that mobile telephones have, by their first digits.
SEGMENT = lazy(r"1(?:3|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8|9[0-35-9])")


def behind(label: re.Pattern[str], text: str, at: int) -> bool:
    return label.search(text[max(0, at - 24) : at]) is not None


#: What a number measures, or how much money it is.
_MEASURE_BEHIND = lazy(
    r"(?:\.\d+)?\s?(?:[万亿千百]?元|万|亿|吨|[千公]?[斤克]|[毫厘千分]?米|平方|立方|亩|公顷|[千毫]?升|℃|°|%|‰"
    r"|(?:[mckμ]?m|[mk]?g|m?l|[km]?[vwa]|m?pa|[kmg]?hz|db)(?![a-z]))",
    re.I,
)
#: What it counts: said of a number in groups only, since nothing has eleven digits of pieces.
_COUNT_BEHIND = lazy(r"\s?[件次个只台套瓶袋盒箱辆户人名份批页组条款项年月天日时分秒号层楼栋幢室]")


def is_measured(text: str, w: Window) -> bool:
    """Whether a unit behind a window shows that it is an amount or a list of counts."""
    is_counted = not w.is_solid and _COUNT_BEHIND.match(text, w.end)
    return bool(is_counted or _MEASURE_BEHIND.match(text, w.end))


def stars(text: str) -> str:
    """`text` with a star for each letter and digit; marks stay."""
    return re.sub(r"[^\W_]", "*", text)
