"""The closing table of a run: where every row of every file went, and what is to be corrected."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.base.model import TALLY_PARTS, Catalog, Tally
from pipeline.base.words import Lang, rules, say, say_fix
from pipeline.flow.read_inbox import Run

RANK = {"error": 0, "warning": 1, "info": 2, "": 3}
COLOURS = {"error": "red", "warning": "yellow", "info": "dim", "": ""}
NARROWEST_NAME = 30  # cells that a file's name must have to be shown in a table
MOST_KINDS = 20  # kinds of findings that are shown


@dataclass(frozen=True, slots=True)
class Row:
    """One table of one file: its name for people, its dataset's title, where its rows went."""

    name: str
    dataset: str
    tally: Tally | None  # None: not read
    severity: str
    worst: str


def show(run: Run, catalog: Catalog, lang: Lang, console: Console | None = None) -> None:
    """The closing table and the findings by kind, on standard output."""
    rows = list(table_rows(run, catalog, lang))
    table = _table(rows, lang)
    console = console or _console(table)
    if console.width >= _least(table, rows):
        console.print(table)
    else:
        for row in rows:
            console.print(_block(row, lang))
        console.print()
    _show_kinds(run, lang, console)


def counts(run: Run) -> Counter[str]:
    """How many findings of each severity there are."""
    count = Counter({"error": 0, "warning": 0, "info": 0})
    for (_, severity, *_), n in run.ledger.issues.items():
        count[severity] += n
    return count


def say_reports(run: Run, lang: Lang) -> Iterator[str]:
    """What was read of each yearly report, and how far the records agree with it."""
    for read in run.reports:
        verdicts = Counter(c.verdict for c in run.comparisons if c.report == read.report.name)
        yield say(
            "report-read",
            lang,
            file=read.source.path,
            figures=len(read.report.figures),
            agree=verdicts["agrees"],
            differ=verdicts["differs"],
        )


def say_held_back(run: Run, catalog: Catalog, lang: Lang) -> Iterator[str]:
    """Each dataset that is held back: why, what the public sees of it, what to do."""
    if not run.held_back:
        return
    from pipeline.flow.held_back import shown_rows

    for held in run.held_back.values():
        dataset = catalog.datasets[held.dataset]
        yield say(
            "held-back-line",
            lang,
            dataset=dataset.title if lang == "zh" else dataset.title_en,
            why=held.reason[lang],
            rows=shown_rows(held, lang),
            name=held.dataset,
        )


def say_files(run: Run, private: Path, lang: Lang) -> Iterator[str]:
    """Where the findings are, and the workbooks that go back to the departments."""
    yield say("files-findings", lang, findings=private / "findings.csv")
    if run.feedback:
        yield say("files-feedback", lang, count=len(run.feedback), folder=private / "feedback")


def _console(table: Table) -> Console:
    """A console of the terminal's width; for a file or a pipe, of the table's."""
    console = Console(highlight=False, emoji=False)
    if not sys.stdout.isatty():
        width = console.measure(table, options=console.options.update(width=1000)).maximum
        return Console(highlight=False, emoji=False, width=max(width, 80))
    return console


# ---------------------------------------------------------------- file by file


def table_rows(run: Run, catalog: Catalog, lang: Lang) -> Iterator[Row]:
    """A row for each table that was opened, and for each file that could not be."""
    worst, seen = run.ledger.worst, set[str]()
    for opened in run.opened:
        source = opened.source
        seen.add(source.path)
        name = f"{source.path} › {source.sheet}" if source.sheet else source.path
        tally = run.ledger.tallies.get(source.source_id)
        title = say("nothing-read", lang)
        if source.dataset:
            dataset = catalog.datasets[source.dataset]
            title = dataset.title if lang == "zh" else dataset.title_en
            if source.dataset in run.held_back:
                title = say("held-back-mark", lang, dataset=title)
        yield Row(name, title, tally, *_worst(worst.get((source.path, source.sheet)), lang))
    seen |= {r.source.path for r in run.reports} | {""}  # "": findings of a whole dataset
    for file in sorted({file for file, _ in worst} - seen):
        found = min((w for (f, _), w in worst.items() if f == file), key=lambda w: RANK[w[0]])
        yield Row(file, say("nothing-read", lang), None, *_worst(found, lang))


def _worst(found: tuple[str, str] | None, lang: Lang) -> tuple[str, str]:
    severity, rule = found or ("", "")
    return severity, rules()[rule].title[lang] if rule else ""


def _parts(rows: list[Row]) -> list[str]:
    """The parts of a tally that are shown: withdrawn only where there is one."""
    some = any(row.tally and row.tally.withdrawn for row in rows)
    return ["read", *(p for p in TALLY_PARTS if p != "withdrawn" or some)]


def _table(rows: list[Row], lang: Lang) -> Table:
    table = Table(box=SIMPLE, show_footer=True, pad_edge=False)
    table.add_column(say("column-file", lang), say("column-total", lang), overflow="fold")
    table.add_column(say("column-dataset", lang), no_wrap=True)
    for part in _parts(rows):
        total = sum(getattr(row.tally, part) for row in rows if row.tally)
        table.add_column(say(f"column-{part}", lang), f"{total:,}", justify="right", no_wrap=True)
    table.add_column(say("column-worst", lang), no_wrap=True)
    for row in rows:
        numbers = (f"{getattr(row.tally, p):,}" if row.tally else "–" for p in _parts(rows))
        table.add_row(Text(row.name), row.dataset, *numbers, _worst_finding(row, lang))
    return table


def _worst_finding(row: Row, lang: Lang) -> Text:
    if not row.severity:
        return Text("")
    return Text(f"{say(f'severity-{row.severity}', lang)} · {row.worst}", COLOURS[row.severity])


def _least(table: Table, rows: list[Row]) -> int:
    """The least width of the table: names get `NARROWEST_NAME` cells."""
    console = Console(width=1000)
    names = max((Text(row.name).cell_len for row in rows), default=0)
    whole: Any = console.measure(table)
    return int(whole.maximum) - max(0, names - NARROWEST_NAME)


def _block(row: Row, lang: Lang) -> Text:
    """One table in two lines, for a narrow terminal: only what is not zero."""
    colon, comma = ("：", "，") if lang == "zh" else (": ", ", ")
    parts = [p for p in ("read", *TALLY_PARTS) if row.tally and getattr(row.tally, p)]
    numbers = comma.join(f"{say(f'column-{p}', lang)} {getattr(row.tally, p):,}" for p in parts)
    text = Text(row.name, "bold").append(f"\n  {row.dataset}", "not bold")
    text.append(f"{colon}{numbers}" if numbers else "", "not bold")
    return text.append("\n  ").append_text(_worst_finding(row, lang)) if row.severity else text


# ---------------------------------------------------------------- kind by kind


def kinds(run: Run) -> list[tuple[str, str, str, int]]:
    """(severity, rule, owner, count) of errors and warnings, the worst and most first."""
    count: Counter[tuple[str, str, str]] = Counter()
    for (rule, severity, owner, *_), n in run.ledger.issues.items():
        count[severity, rule, owner] += n
    listed = [(*kind, n) for kind, n in count.items() if kind[0] != "info"]
    return sorted(listed, key=lambda k: (RANK[k[0]], -k[3], k[1]))


def _show_kinds(run: Run, lang: Lang, console: Console) -> None:
    found = kinds(run)
    if not found:
        return
    console.print(Text(say("findings-title", lang), "bold"))
    grid = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "left"):
        grid.add_column(justify=justify, no_wrap=justify == "right")
    for severity, rule, owner, n in found[:MOST_KINDS]:
        label = Text("  " + say(f"severity-{severity}", lang), COLOURS[severity])
        cell = _folded(_kind(rule, owner, lang), console.width - 16)
        grid.add_row(label, f"{n:,}", cell)
    console.print(grid)
    if len(found) > MOST_KINDS:
        console.print("  " + say("findings-more", lang, kinds=len(found) - MOST_KINDS))


def _kind(rule: str, owner: str, lang: Lang) -> Text:
    """A kind of finding: its name, what to do, and who must."""
    colon, stop = ("：", "。") if lang == "zh" else (": ", ". ")
    text = Text(rules()[rule].title[lang], "bold")
    text.append(f"{colon}{say_fix(rule, lang).rstrip('。. ')}{stop}", "not bold")
    return text.append(f"({say(f'owner-{owner}', lang)})", "dim not bold")


def _folded(text: Text, width: int) -> Text:
    """`text` broken at `width` cells: Chinese has no blanks at which a line could break."""
    if text.plain.isascii() or text.cell_len <= width:
        return text
    cuts, used = list[int](), 0
    for at, character in enumerate(text.plain):
        wide = Text(character).cell_len
        if used + wide > width:
            cuts, used = [*cuts, at], 0
        used += wide
    return Text("\n").join(text.divide(cuts))
