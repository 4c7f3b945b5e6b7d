"""Which rows under a header are no records: totals, signatures, footnotes, repeated headers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.model import SetAside
from pipeline.base.patterns import lazy
from pipeline.intake.table import under_header

_TOTAL = r"^\s*(?:本页|本表|本月|本季度|本年|全年)?(?:合\s*计|小\s*计|总\s*计|累\s*计|汇\s*总)\s*(?:[：:（(\d].*)?$"
_SIGNATURE = r"^\s*(?:填\s*表\s*人|填\s*报\s*人|审\s*核\s*人|制\s*表(?:\s*人)?|复\s*核(?:\s*人)?|经\s*办\s*人|(?:单位|部门)?负\s*责\s*人|填\s*报\s*日\s*期|填\s*表\s*日\s*期|填\s*报\s*单\s*位|联\s*系\s*电\s*话|联\s*系\s*人)\s*(?:（签[字章]）|\(签[字章]\))?\s*(?:[：:]|$)"
_FOOTNOTE = r"^\s*(?:[*＊※]|注\s*\d*\s*[：:]|备\s*注\s*[：:]|说\s*明\s*[：:]|填[表写报]\s*(?:说\s*明|要\s*求)|数据来源|示例数据|以上(?:数据|均|为|共)|本表)"
_SUM = r"^\s*\S[^，。；,;]{0,24}(?:小\s*计|合\s*计|总\s*计|汇\s*总)\s*$"  # of a group
#: No records where little else is filled in: a group's sum, a title, what a program prints below.
_SCANT = (
    rf"{_SUM}|^\s*[（(【]?\s*(?:以上|本表|总|合)?\s*(?:共|共计)\s*\d+\s*[件条宗项个份行页人]"
    r"|^\s*[-—]?\s*第\s*\d+\s*页|^\s*共\s*\d+\s*页|^\s*Page\s+\d+|^\s*\(?\d+ rows?(?: (?:in set|affected|selected)|\))"
    r"|^\s*[（(]?(?:完|以下空白|此页无正文|-{3,}|={3,})[）)]?\s*$|^\s*\d{4}\s*年(?:度|第?[一二三四1-4]季度|[上下]半年|\d{1,2}月份?)?\s*$"
)
#: A word for a sum that may be a value too: only with nothing but numbers behind it.
_SUM_WORD = r"^\s*(?:本页|本表|全[年部])?(?:共\s*计|总\s*共|一\s*共|合\s*共|总\s*数|总\s*额|总金额|[Tt]otals?|TOTAL|[Gg]rand [Tt]otal|[Ss]um|[Ss]ubtotal)\s*[：:]?\s*$"
_NUMBER = r"[-+]?[¥￥]?\s*\d[\d,]*(?:\.\d+)?\s*(?:[万亿千]?元|[件条宗项个份行页人户次家起])?|[件条宗项个份人户次家起]|[万亿千]?元|[-—/]"
#: A label of words with a colon (打印时间：…), as forms and programs write them around a table.
_LABELLED = r"^\s*[（(【\[]?[^ \t　\d，。；,;：:、《》〔〕/][^\d，。；,;：:、《》〔〕/]{1,23}[：:]"
#: Words and a moment: 导出时间 2025-01-03 09:12.
_MOMENT = r"^\s*[一-鿿]{2,10}\s+\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?(?:\s*\d{1,2}[:：时]\d{2}(?:[:：分]\d{2}秒?)?分?)?\s*$"
NOTE_MOST = 60  # characters of a note that only its label shows to be one
_NUMBERING = r"^\s*(?:栏次|列号|甲|[（(]?1[)）]?)\s*$"
# For Arrow, whose \s is ASCII alone: 合　计 is mostly written with a blank of full width.
_CLOSING = f"(?:{_TOTAL})|(?:{_SIGNATURE})|(?:{_FOOTNOTE})|(?:{_NUMBERING})|(?:{_SCANT})|(?:{_SUM_WORD})|(?:{_LABELLED})|(?:{_MOMENT})".replace(
    r"\s", r"[\s\pZ]"
)

_LABEL = lazy(_LABELLED)

Heads = Sequence[tuple[str, ...]]


def split(
    table: pa.Table, heads: Heads, needed: int, numbered: tuple[int, int] = (0, 0)
) -> tuple[pa.Table, list[SetAside], int]:
    """(records, what was set aside, how many rows were blank) of a chunk of raw rows.

    `table`: string columns and `_row`. `heads`: the header's rows as written, which may be repeated
    on each page. `needed`: the number of fields that the contract requires; a row that begins like
    a footnote but fills as many cells is a record. `numbered`: the row under the header, and how many
    columns there are whose bare numbers may be in it; 0 where they would be a record's.
    """
    columns = [name for name in table.column_names if name != "_row"]
    under = pc.and_(
        pc.greater_equal(table["_row"], numbered[0]),
        pc.less(table["_row"], numbered[0] + under_header.ROWS if numbered[0] else 0),
    )
    suspect = pc.or_(_suspects(table, columns, heads), under)
    if not pc.any(suspect).as_py():
        return table, [], 0
    aside, drop, blank = list[SetAside](), list[int](), 0
    rows = table.filter(suspect)
    for cells, row in zip(
        zip(*(rows[c].to_pylist() for c in columns), strict=True),
        rows["_row"].to_pylist(),
        strict=True,
    ):
        why = reason(cells, heads, needed)
        if why is None and row == numbered[0] and is_bare_numbering(cells, numbered[1]):
            why = "header"
        if why is None and is_under(row, numbered[0]) and under_header.are_hints(cells):
            why = "hint"
        if why is None:
            continue
        drop.append(row)
        if why:
            aside.append(SetAside(row, why, " ".join(_filled(cells))))
        else:
            blank += 1
    kept = table.filter(pc.invert(pc.is_in(table["_row"], pa.array(drop, pa.int64()))))
    return kept, aside, blank


def _suspects(table: pa.Table, columns: list[str], heads: Heads) -> pa.Array:
    """Rows that may be no record, by their first cell: it is blank, or begins like a header, a
    total, a signature or a note. Only these rows are read in Python by `reason`."""
    first = pc.utf8_trim_whitespace(table[columns[0]])
    openings = pa.array(["", *(head[0] for head in heads if head)], pa.string())
    return pc.or_(pc.is_in(first, openings), pc.match_substring_regex(first, _CLOSING))


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def reason(cells: Sequence[str], heads: Heads, needed: int) -> str | None:
    """total, signature, footnote, header; "" for a blank row; None for a record."""
    filled = _filled(cells)
    if not filled:
        return ""
    if stripped(cells) in heads or is_numbering(filled):
        return "header"
    if re.match(_TOTAL, filled[0]):
        return "total"
    if re.match(_SIGNATURE, filled[0]):
        return "signature"
    if len(filled) <= 2 and re.match(_SUM, filled[0]):
        return "total"
    if len(filled) >= max(needed, 2):
        return None
    if re.match(_FOOTNOTE, filled[0]):
        return "footnote"
    if len(filled) <= 2 and re.match(_SCANT, filled[0], re.I):
        return "footnote"
    if len(filled) >= needed:
        return None
    return "total" if _is_sum(filled) else "footnote" if _is_note(cells, filled, heads) else None


def _is_sum(filled: Sequence[str]) -> bool:
    """Whether a row is a word for a sum with nothing but numbers behind it."""
    numbers = all(re.fullmatch(_NUMBER, cell) for cell in filled[1:])
    return len(filled) > 1 and numbers and re.match(_SUM_WORD, filled[0]) is not None


def _is_note(cells: Sequence[str], filled: Sequence[str], heads: Heads) -> bool:
    """Whether each filled cell of a row, which begins in the first column, is a label with a few
    words behind it. A label that is a column's name says that its row may be a record.
    """
    if (not cells[0].strip() and len(filled) == 1) or filled[0].startswith(("=", "＝")):
        return False
    if len(filled) == 1 and re.match(_MOMENT, filled[0]):
        return True
    labels = [match[0] for match in map(_LABEL.match, filled) if match]
    names = {cell.strip() for head in heads for cell in head}
    return (
        len(labels) == len(filled)
        and names.isdisjoint(label.strip(" 　（(【[：:") for label in labels)
        and not any(len(cell) > NOTE_MOST or "。" in cell or "://" in cell for cell in filled)
    )


def stripped(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells in the form in which header rows are compared: no outer blanks, none at the end."""
    tight = [cell.strip() for cell in cells]
    while tight and not tight[-1]:
        tight.pop()
    return tuple(tight)


def is_under(row: int, first: int) -> bool:
    """Whether a row is so near under the header that it may say how columns are filled in.

    `first`: the row under the header.
    """
    return first <= row < first + under_header.ROWS


def is_numbering(filled: list[str]) -> bool:
    """栏次, or 甲 乙 1 2 3: the row of column numbers that printed forms have under the header.

    Bare digits alone are not enough, since they may be a record's.
    """
    digits = [cell.strip("()（）") for cell in filled if cell not in "甲乙丙丁戊栏次列号"]
    counted = len(digits) >= 3 and digits == [str(i) for i in range(1, len(digits) + 1)]
    return counted and digits != filled


def is_bare_numbering(cells: Sequence[str], width: int) -> bool:
    """1, 2, 3, … over all `width` columns: their numbers, where the row is right under the header
    and no column holds numbers.
    """
    return width > 1 and [c.strip() for c in cells][:width] == [str(i) for i in range(1, width + 1)]
