"""Which rows under a header are no records: totals, signatures, footnotes, headers said again."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.model import SetAside

_TOTAL = r"^\s*(?:合\s*计|小\s*计|总\s*计|累\s*计|本页合计|本季度合计)"
_SIGNATURE = r"^\s*(?:填\s*表\s*人|填\s*报\s*人|审\s*核\s*人|制\s*表|复\s*核|经\s*办\s*人|负\s*责\s*人|填\s*报\s*日\s*期|填\s*报\s*单\s*位|联\s*系\s*电\s*话|联\s*系\s*人)\s*[（(：:]?"
_FOOTNOTE = r"^\s*(?:[*＊※]|注\s*[：:]|备\s*注\s*[：:]|说\s*明\s*[：:]|填\s*表\s*说\s*明|数据来源|示例数据|以上|本表)"
_CLOSING = f"(?:{_TOTAL})|(?:{_SIGNATURE})|(?:{_FOOTNOTE})"


def split(
    table: pa.Table, header: Sequence[str], needed: int
) -> tuple[pa.Table, list[SetAside], int]:
    """(records, what was set aside, how many rows were blank) of a chunk of raw rows.

    `needed` is how many cells the contract asks of a record: a row that opens like a footnote but
    fills as many is a record all the same.
    """
    columns = [name for name in table.column_names if name != "_row"]
    suspect = _suspects(table, columns, header)
    if not pc.any(suspect).as_py():
        return table, [], 0
    aside, drop, blank = list[SetAside](), set[int](), 0
    rows = table.filter(suspect)
    for cells, row in zip(
        zip(*(rows[c].to_pylist() for c in columns), strict=True),
        rows["_row"].to_pylist(),
        strict=True,
    ):
        filled = [cell.strip() for cell in cells if cell and cell.strip()]
        why = _why(filled, cells, header, needed)
        if why is None:
            continue
        drop.add(row)
        if why:
            aside.append(SetAside(row, why, " ".join(filled)))
        else:
            blank += 1
    kept = table.filter(pc.invert(pc.is_in(table["_row"], pa.array(sorted(drop), pa.int64()))))
    return kept, aside, blank


def _suspects(table: pa.Table, columns: list[str], header: Sequence[str]) -> pa.Array:
    """Rows worth a look: the first cell is blank, or opens as a total, a signature or a note does."""
    first = table[columns[0]]
    suspect = pc.or_(
        pc.equal(pc.utf8_trim_whitespace(first), ""), pc.match_substring_regex(first, _CLOSING)
    )
    suspect = pc.or_(suspect, pc.equal(first, header[0]))
    for name in columns[1:3]:
        suspect = pc.or_(
            suspect, pc.match_substring_regex(table[name], f"(?:{_TOTAL})|(?:{_SIGNATURE})")
        )
    return suspect


def _why(filled: list[str], cells: Sequence[str], header: Sequence[str], needed: int) -> str | None:
    """total, signature, footnote, header; "" for a blank row; None for a record."""
    if not filled:
        return ""
    if list(cells) == list(header):
        return "header"
    if re.match(_TOTAL, filled[0]):
        return "total"
    if len(filled) >= max(needed, 2) and not re.match(_SIGNATURE, filled[0]):
        return None
    if re.match(_SIGNATURE, filled[0]):
        return "signature"
    return "footnote" if re.match(_FOOTNOTE, filled[0]) else None
