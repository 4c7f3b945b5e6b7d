"""Columns of documents' numbers in which a bare number is the day that a spreadsheet has made of one.

2024-3 becomes 2024-03-01, and shown as a number 45352. By itself that may be a number that somebody
has given; among 示罚〔2024〕1号 and 2024-5 it is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.base.model import Dataset
from pipeline.base.patterns import lazy
from pipeline.intake.table.cell_marks import SERIAL
from pipeline.intake.table.find_headers import Rows
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.spelling import half_width

SAMPLE = 60  # rows under the header that are looked at
KINDS = frozenset(("code", "document-number"))
#: A number with its year in brackets; or numbers with hyphens, which may be read as a day.
_NUMBERED = lazy(
    r".*[〔\[(（【{〈﹝]\s*(?:19|20)\d{2}年?\s*[〕\])）】}〉﹞].*|\d{1,4}\s*[-/—]\s*\d{1,4}(?:\s*[-/—]\s*\d{1,4})?号?",
    re.S,
)
_DAY = lazy(r"\d{4}([-/.])\d{1,2}\1\d{1,2}(?: [\d:.]+)?")


def fields(dataset: Dataset, mapping: Sequence[HeaderMatch], below: Rows) -> frozenset[str]:
    """The fields whose first values are mostly documents' numbers, not counting those that may be
    days. `below`: the rows under the header.
    """
    numbered = set[str]()
    for match in mapping:
        if match.field and dataset.column(match.field).kind in KINDS:
            at = match.position
            cells = [half_width(row[at]) for row in below[:SAMPLE] if at < len(row)]
            serials = sum(bool(re.match(SERIAL, cell)) for cell in cells)
            rest = [c for c in cells if c and not re.match(SERIAL, c) and not _DAY.fullmatch(c)]
            good = sum(bool(_NUMBERED.fullmatch(cell)) for cell in rest)
            if good * 2 > len(rest) and good >= serials:
                numbered.add(match.field)
    return frozenset(numbered)
