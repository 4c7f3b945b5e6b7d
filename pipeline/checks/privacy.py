"""What must not be public: names of natural persons masked, personal numbers in free text masked.

Never-fields need nothing here: they are no published columns, so no accepted row has them.
Source: 个人信息保护法 §6, 28; 政府信息公开条例 §15.
"""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import ric

from pipeline.model import Column

# The two-character surnames that are still common; any other name has a surname of one character.
COMPOUND = frozenset(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 司徒 令狐 长孙 宇文 夏侯 端木 南宫 百里 东郭 西门 澹台 公冶 轩辕 呼延 申屠 淳于 单于 太史 钟离 闾丘 鲜于 赫连 拓跋 独孤".split()  # noqa: SIM905
)


def mask_name(name: str) -> str:
    """张三丰 → 张某某, 李四 → 李某, 欧阳峰 → 欧阳某, John Smith → J***."""
    if not re.match(r"[\u3400-\u9fff]", name):
        return name[:1] + "***" if name else ""
    surname = name[:2] if name[:2] in COMPOUND and len(name) > 2 else name[:1]
    return surname + "某" * (len(name) - len(surname)) if len(name) <= 4 else surname + "某某"


def mask_column(column: Column, table: pa.Table, cells: pa.Array) -> pa.Array:
    """`cells` with the names masked in the rows that the contract says (`masked_when`; all, if not)."""
    who = pc.not_equal(cells, "")
    for field, values in column.masked_when.items():
        who = pc.and_(who, pc.is_in(table[field].combine_chunks(), pa.array(values, pa.string())))
    if not pc.any(who).as_py():
        return cells
    distinct = cells.filter(who).dictionary_encode()
    masked = pa.array([mask_name(v) for v in distinct.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(cells, who, masked.take(distinct.indices))


_NUMBERISH = r"\d[\d \-]{13,}[\dXx]|1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}"
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])(?![0-9A-Za-z])")  # fmt: skip
_MOBILE = re.compile(r"(?<![0-9A-Za-z〔])(1[3-9]\d)[ \-]?(\d{4})[ \-]?(\d{4})(?![0-9A-Za-z号])")


def screen_text(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """(`cells` with identity and mobile numbers masked in place, true where one was found)."""
    suspect = pc.match_substring_regex(cells, _NUMBERISH)
    if not pc.any(suspect).as_py():
        return cells, suspect
    distinct = cells.filter(suspect).dictionary_encode()
    screened = [_screened(v) for v in distinct.dictionary.to_pylist()]
    clean = pa.array(screened, pa.string()).take(distinct.indices)
    result = pc.replace_with_mask(cells, suspect, clean)
    return result, pc.not_equal(result, cells)


def _screened(text: str) -> str:
    text = _IDENTITY.sub(lambda m: _identity(m[1]), text)
    return _MOBILE.sub(lambda m: f"{m[1]}****{m[3]}", text)


def _identity(number: str) -> str:
    """First six and nothing more of an identity number; look-alikes whose date is none stay."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return number
    known = ric.is_valid(number.upper()) or number[6:8] in ("19", "20")
    return number[:6] + "*" * 12 if known else number


def excerpt(column: Column | None, value: str, longest: int = 40) -> str:
    """What a finding may show of a value: nothing of a never-field, a masked name, a screened text."""
    if column is not None and column.privacy == "never":
        return "***"
    if column is not None and column.privacy == "masked":
        return mask_name(value)
    text = _screened(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
