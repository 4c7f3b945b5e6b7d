"""What a spreadsheet would run as a formula, and how a text cell is kept from being run.

In a CSV that is opened in Excel, WPS, LibreOffice or Google Sheets, a cell that begins with `=`,
`+`, `-` or `@` is a formula: it can call a program or send other cells to an address
(OWASP, CSV Injection; OWASP ASVS 5.0, 1.2.10). East Asian versions read the full-width and small
forms `＝＋－＠` and `﹦﹢﹣﹫` as these. A tab or a line break in front, a blank or a mark without
width are stripped by some programs, so that the text after them begins the cell.

The rule, for every CSV that is meant for spreadsheets:

Text that begins so gets one apostrophe in front. So does text that begins so after its own
apostrophes. To restore the original: where a cell begins with an apostrophe, and the text after all
its apostrophes begins so, remove one apostrophe.

A sign is enough: signed numbers in a column of text are marked too, since they would not stay as
written (`+8613800138000` becomes 8.6E+12). Numbers in columns of numbers are not text and are not
marked. A lone `-`, which clerks write for a blank, is left.
A dash `—` and the minus `−` are no signs of a formula.

A workbook needs no mark: its cells have types, and with `WORKBOOK` xlsxwriter keeps text as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.base.patterns import lazy
from pipeline.base.sql import Sql, literal, quoted

#: Options of xlsxwriter that keep text from becoming a formula, a link or a number.
WORKBOOK: Mapping[str, bool] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
# Controls, spaces, marks of direction and width, fillers: invisible before a sign.
_BLANKS = (
    r"\x00-\x20\x7f-\xa0\xad"
    "\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
_SIGNS = "=+@＝＋－＠﹦﹢﹣﹫"
# One expression for Python and for DuckDB (RE2), in what both understand alike: there is no sign
# for the end of the text that both have, so a dash counts where anything follows.
_RUN = rf"^'*(?:[\t\r\n]|[{_BLANKS}]*(?:[{_SIGNS}]|-(?s:.)))"
_MATCH = lazy(_RUN).match


def safe(text: str) -> str:
    """`text` as a cell of a CSV for spreadsheets: marked where it would be run, else unchanged."""
    return f"'{text}" if _MATCH(text) else text


def is_marked_sql(column: str) -> Sql:
    """SQL for DuckDB: whether `safe` marks the text in `column`; NULL for NULL."""
    return f"regexp_matches({quoted(column)}, {literal(_RUN)})"


def safe_sql(columns: Sequence[str]) -> Sql:
    """SQL for DuckDB: `columns` of text with `safe` applied, for `select * replace (…)`."""
    return ", ".join(
        f"case when {is_marked_sql(c)} then '''' || {quoted(c)} else {quoted(c)} end as {quoted(c)}"
        for c in columns
    )
