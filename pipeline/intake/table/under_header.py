"""Rows right under a header that say how its columns are filled in: hints, an example, data types."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.base.patterns import lazy

ROWS = 3  # under a header in which such a row may be

#: How a column is to be filled in, as a form says it in a row under its header.
_PLAIN_HINT = (
    r"[(（\[【*＊]*(?:"
    r"(?:非|不)?(?:必填|必录|必选|选填|可选|可填|可空)项?|自动(?:生成|填写|计算)|(?:无需|不用|不必)填写?|不填"
    r"|(?:单行|多行|短|长)?(?:文本|文字|字符串?|数字|数值|整数|小数|日期|时间|金额|下拉|单选|多选|枚举|字典)(?:型|类型|格式|框|列表|选择|项)?"
    r"|text|string|date|datetime|number|integer|int|varchar|char|required|optional|mandatory"
    r"|y{2,4}[-/.年]m{1,2}[-/.月]d{1,2}日?(?:\s*h{1,2}:m{1,2}(?::s{1,2})?)?"
    r")[)）\]】*＊]*"
)
_HINT = lazy(
    rf"{_PLAIN_HINT}"
    r"|.*(?:必填|选填|填写|填报要求|请填|请选|请输入|下拉|格式|例如|[示样举]例\s*[:：]|(?:^|[,，;；(（])\s*[例如]\s*[:：]|y{4}[-/.年]m|\d+\s*位(?:数字|代码|字符|$)|字以内|不超过\s*\d+|精确到|保留.{0,4}小数|单位\s*[:：为]).*",
    re.I | re.S,
)
#: Of all of a row of hints at least one says so without doubt, and one begins with nothing else.
_SURE_HINT = lazy(
    r"必填|选填|必录|填写|填报|请[填选输]|下拉|格式|[示样举]例\s*[:：]|例如|例\s*[:：]|y{2,4}[-/.年]m|required|optional|mandatory",
    re.I,
)
_EXAMPLE = lazy(r"[(（【\[]?(?:填写|填表|填报)?(?:示例|样例|范例|举例|例如|例)[)）】\]]?[:：]?")

#: Types of columns in the words of databases, of exchange layouts and of forms.
_TYPE_WORD = (
    r"n?(?:var)?char(?:acter)?2?(?:\s+varying)?|n?text|string|(?:big|small|tiny|medium)?int(?:eger)?\d{0,2}"
    r"|long|number|numeric|decimal|float\d{0,2}|double(?:\s+precision)?|real|bool(?:ean)?|bit|money"
    r"|date(?:time2?)?(?:64\[ns\])?|time(?:stamp)?|n?clob|blob|object"
    r"|(?:可变|变长|定长|长|短|大)?(?:字符串?|文本|文字|数字|数值|数|整数?|长整|小数|浮点|双精度|日期时间|日期|时间|布尔|逻辑|货币|枚举|备注)(?:类?型)?"
)
_LETTER = r"an?|dt|[bcdfilmntvx]"
_SIZE = r"\d{1,5}(?:\s*[,，.]\s*\d{1,3})?"
_BRACKETED = rf"\s*[(（\[]\s*{_SIZE}\s*(?:byte|char|字节|个?字符|位)?\s*[)）\]]"
_BEHIND = r"(?:[\s,，;；]*(?:not\s+null|null|primary\s+key|pk|unique|[(（]?(?:必填|选填|可空|非空|主键)[)）]?))*"
_TYPE = lazy(
    rf"(?:(?:{_TYPE_WORD}|{_LETTER})(?:{_BRACKETED}|\s*(?:\.\.)?\s*{_SIZE})?){_BEHIND}", re.I
)
#: A type that is no value: with its size in brackets or behind two points, or by its word.
_SURE_TYPE = lazy(
    rf"(?:(?:{_TYPE_WORD}|{_LETTER})(?:{_BRACKETED}|\s*\.\.\s*{_SIZE})|n?varchar2?\d*|timestamp|datetime2?|bigint|n?clob|\S+型){_BEHIND}",
    re.I,
)


def are_hints(cells: Sequence[str]) -> bool:
    """Whether the filled cells of a row, but for one in five at most, say how their columns are
    filled in (必填, 日期格式 yyyy-mm-dd) or of which type they are (C(200), 日期型), or the row says
    that it is an example.
    """
    filled = _rejoined([cell.strip() for cell in cells if cell.strip()])
    if len(filled) > 1 and _EXAMPLE.fullmatch(filled[0]):
        return True
    hints = [c for c in filled if len(c) < 200 and (_HINT.fullmatch(c) or _TYPE.fullmatch(c))]
    if len(filled) < 2 or len(hints) * 5 < len(filled) * 4:
        return False
    types = sum(bool(_SURE_TYPE.fullmatch(cell)) for cell in hints)
    is_plain = any(re.fullmatch(rf"{_PLAIN_HINT}(?:[，,;；:：\s].*)?", c, re.I) for c in hints)
    is_sure = is_plain and any(_SURE_HINT.search(cell) for cell in hints)
    return is_sure or types >= max(2, len(filled) / 4)


def _rejoined(cells: Sequence[str]) -> list[str]:
    """The cells with those put together that a comma inside brackets has parted: N(18 and 6)."""
    whole = list[str]()
    for cell in cells:
        if whole and re.search(r"[(（]\s*\d+$", whole[-1]) and re.match(r"\d+\s*[)）]", cell):
            whole[-1] += f",{cell}"
        else:
            whole.append(cell)
    return whole
