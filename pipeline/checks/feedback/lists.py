"""The two sheets added to a department's own: the list of problems, and the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from pipeline.base.column_letters import letters
from pipeline.base.model import Tally
from pipeline.base.sheet_cells import NOT_DATA
from pipeline.base.sheet_styles import Formats, lines
from pipeline.base.words import rules, say
from pipeline.checks.feedback.painted import MOST_COLUMNS, MOST_ROWS
from pipeline.checks.results.notes import MOST_OF_A_KIND, Kind

MOST_LINKS = 60_000  # a sheet can hold 65,530
LINE = 16  # points: the height of a line of text


@dataclass(frozen=True, slots=True)
class Problem:
    """A note in words, as the workbook shows it.

    `sheet`: its name in the workbook, "" where the workbook has no such sheet.
    """

    kind: Kind
    sheet: str
    row: int | None
    position: int | None
    title: str
    value: str
    wrong: str
    expected: str
    fix: str

    @property
    def severity(self) -> str:
        return self.kind[0]

    @property
    def rule(self) -> str:
        return self.kind[1]

    @property
    def basis(self) -> str:
        """The title of the rule, and the law or standard that it is based on."""
        text = rules()[self.rule]
        return (
            f"{text.title['zh']}（{source}）" if (source := text.source["zh"]) else text.title["zh"]
        )

    @property
    def cell(self) -> str:
        """The cell as a spreadsheet names it (B7); "" where it is about no cell or row."""
        if not self.sheet or self.row is None or self.row > MOST_ROWS:
            return ""
        return f"{letters(min(self.position or 0, MOST_COLUMNS - 1))}{self.row}"


def z(key: str, **params: object) -> str:
    """A text of the workbook, in Chinese whatever the language of the run."""
    return say(f"feedback-{key}", "zh", **params)


COLUMNS = (
    ("no", 6),
    ("severity", 7),
    ("sheet", 16),
    ("row", 7),
    ("column", 22),
    ("cell", 9),
    ("value", 26),
    ("wrong", 38),
    ("expected", 40),
    ("fix", 38),
    ("rule", 32),
)


def write_list(sheet: Worksheet, formats: Formats, problems: Sequence[Problem]) -> None:
    """The sheet of problems: one a row, each with a link to its cell."""
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    for position, (_, wide) in enumerate(COLUMNS):
        sheet.set_column(position, position, wide)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, z("list") + NOT_DATA, formats.get("title"))
    sheet.write_string(1, 0, z("list-hint"), formats.get("label"))
    for position, (key, _) in enumerate(COLUMNS):
        sheet.write_string(2, position, z(key), formats.get("head"))
    for number, each in enumerate(problems, 1):
        _line(sheet, formats, number, each)
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(2)
    sheet.autofilter(2, 0, 2 + len(problems), len(COLUMNS) - 1)
    sheet.ignore_errors({"number_stored_as_text": f"A1:K{MOST_ROWS}"})


def _line(sheet: Worksheet, formats: Formats, number: int, problem: Problem) -> None:
    row, text = number + 2, formats.get("text", "@")
    cells = (
        problem.title,
        problem.value,
        problem.wrong,
        problem.expected,
        problem.fix,
        problem.basis,
    )
    columns = (4, 6, 7, 8, 9, 10)
    tall = max(lines(c, COLUMNS[at][1] - 2) for c, at in zip(cells, columns, strict=True))
    sheet.set_row(row, LINE * min(tall, 12) + 4)
    sheet.write_number(row, 0, number, formats.get("number"))
    badge = formats.get(f"badge-{problem.severity}")
    sheet.write_string(row, 1, say(f"severity-{problem.severity}", "zh"), badge)
    sheet.write_string(row, 2, problem.sheet or z("whole-file"), text)
    if problem.row is None:
        sheet.write_blank(row, 3, None, formats.get("number"))
    else:
        sheet.write_number(row, 3, problem.row, formats.get("number"))
    if problem.cell and number <= MOST_LINKS:
        quoted = problem.sheet.replace("'", "''")
        target = f"internal:'{quoted}'!{problem.cell}"
        sheet.write_url(row, 5, target, formats.get("link"), problem.cell)
    else:
        sheet.write_string(row, 5, problem.cell, formats.get("number"))
    for at, cell in zip(columns, cells, strict=True):
        sheet.write_string(row, at, cell, text)


# ---------------------------------------------------------------- the summary


@dataclass(frozen=True, slots=True)
class Summary:
    """What the summary says of a file."""

    file: str
    titles: Sequence[str]  # of the datasets that it holds
    tally: Tally | None  # None: nothing could be read
    counts: Mapping[Kind, int]
    part: bool  # only some rows are in the workbook
    shortened: int  # cells that only begin in the workbook


def write_summary(
    sheet: Worksheet, formats: Formats, summary: Summary, problems: Sequence[Problem]
) -> None:
    """The sheet that is shown first: what was found, what to do, and the problems by kind."""
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for position, wide in enumerate((9, 34, 40, 8, 64)):
        sheet.set_column(position, position, wide)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, z("title") + NOT_DATA, formats.get("title"))
    row = 2
    for label, text in _facts(summary):
        sheet.write_string(row, 0, label, formats.get("label"))
        row = _wide(sheet, formats, row, text, first=1)
    row = _heading(sheet, formats, row + 1, z("how"))
    for text in _steps(summary):
        row = _wide(sheet, formats, row, text, first=0)
    row = _heading(sheet, formats, row + 1, z("kinds"))
    _kinds(sheet, formats, row, summary, problems)
    sheet.activate()
    sheet.set_first_sheet()


def _heading(sheet: Worksheet, formats: Formats, row: int, text: str) -> int:
    sheet.set_row(row, 22)
    sheet.write_string(row, 0, text, formats.get("subtitle"))
    return row + 1


def _wide(sheet: Worksheet, formats: Formats, row: int, text: str, first: int) -> int:
    """`text` across the sheet from column `first` on; gives the row below."""
    sheet.merge_range(row, first, row, 4, "", formats.get("value"))
    sheet.write_string(row, first, text, formats.get("value", "@"))
    sheet.set_row(row, LINE * lines(text, 130) + 3)
    return row + 1


def _facts(summary: Summary) -> list[tuple[str, str]]:
    count: Counter[str] = Counter()
    for (severity, *_), n in summary.counts.items():
        count[severity] += n
    facts = [(z("file"), summary.file)]
    if summary.titles:
        facts.append((z("dataset"), "、".join(summary.titles)))
    t = summary.tally
    rows = z("rows-none")
    if t:
        parts = {
            p: getattr(t, p)
            for p in ("read", "accepted", "quarantined", "withheld", "repeated", "set_aside")
        }
        rows = z("rows-text", **parts)
    found = z("found-text", errors=count["error"], warnings=count["warning"])
    return [*facts, (z("rows"), rows), (z("found"), found)]


def _steps(summary: Summary) -> list[str]:
    if summary.tally is None:
        return [z("step-list")]
    names = {"list": z("list"), "summary": z("summary")}
    if summary.part:
        steps = [z("step-part"), z("step-resend")]
    else:
        steps = [z("step-mend"), z("step-save", **names)]
    if summary.shortened:
        steps.append(z("shortened", count=summary.shortened))
    if max(summary.counts.values(), default=0) > MOST_OF_A_KIND:
        steps.append(z("too-many", most=MOST_OF_A_KIND))
    return steps


def _kinds(
    sheet: Worksheet, formats: Formats, row: int, summary: Summary, problems: Sequence[Problem]
) -> None:
    """Errors and warnings counted by rule and column, the worst and most first."""
    for position, key in enumerate(("severity", "kind", "column", "count", "fix")):
        sheet.write_string(row, position, z(key), formats.get("head"))
    counted = _counted(summary.counts, problems)
    ordered = sorted(counted.items(), key=lambda c: (c[0][0] != "error", -c[1], c[0]))
    for at, ((severity, rule, title, fix), n) in enumerate(ordered, row + 1):
        name = rules()[rule].title["zh"]
        tall = max(lines(name, 36), lines(title, 42), lines(fix, 68))
        sheet.set_row(at, LINE * tall + 4)
        badge = formats.get(f"badge-{severity}")
        sheet.write_string(at, 0, say(f"severity-{severity}", "zh"), badge)
        for position, text in ((1, name), (2, title), (4, fix)):
            sheet.write_string(at, position, text, formats.get("text", "@"))
        sheet.write_number(at, 3, n, formats.get("number"))


def _counted(
    counts: Mapping[Kind, int], problems: Sequence[Problem]
) -> Counter[tuple[str, str, str, str]]:
    """The number of problems by (severity, rule, column's title, fix), with those not listed."""
    first: dict[Kind, tuple[str, str, str, str]] = {}
    counted: Counter[tuple[str, str, str, str]] = Counter()
    listed: Counter[Kind] = Counter()
    for each in problems:
        alike = each.severity, each.rule, each.title, each.fix
        first.setdefault(each.kind, alike)
        counted[alike] += 1
        listed[each.kind] += 1
    for kind, n in counts.items():
        counted[first[kind]] += n - listed[kind]
    return counted
