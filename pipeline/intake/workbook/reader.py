"""The program of the reader's process: reads one workbook after another, and prints their sheets.

    python -m pipeline.intake.workbook.reader

Each line of its input is a request, a JSON list: path; whether the file is markup; whether cells
are wanted as they are and not as text; how many sheets to leave out. Each line of its output is a
JSON list: "begin" with a sheet's name, "sheet" with what is known of it, "rows" with some of its
rows, "end"; at last "done", or "unreadable" with a rule and its parameters, or "failed" with the
name of an exception.

calamine trusts the sizes that a file states, and panics on some damage: a bad file may make it take
more memory than there is, loop, or end the process. So this process has bounds, and loads no Arrow,
so that it starts fast.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import python_calamine as calamine

from pipeline.intake.workbook import archive, limits
from pipeline.intake.workbook.celltext import as_text
from pipeline.intake.workbook.facts import COLUMNS_MOST, ROWS_MOST, SheetFacts
from pipeline.intake.workbook.sheet import Unreadable
from pipeline.intake.workbook.shown_numbers import PLACE, shown

MEMORY = 4 << 30  # bytes of address space
SECONDS = 120  # of the processor, for one file; however busy the machine is, they are the file's
ROWS = 4096  # in one line of output
Frame = list[Any]


def frames(path: Path, is_markup: bool, is_typed: bool, first: int) -> Iterator[Frame]:
    """The output about one file, but for its last line. Raises Unreadable."""
    if is_markup:
        from pipeline.intake.workbook import markup  # with Arrow

        for sheet in islice(markup.sheets(path), first, None):
            yield ["begin", sheet.name]
            merged = [[m.top, m.left, m.bottom, m.right] for m in sheet.merged]
            about = {"skipped": sheet.skipped, "merged": merged}
            yield from _framed(sheet.name, about, sheet.rows)
        return
    facts = limits.inspect(path)
    with _opened(path, facts.is_plain) as book:
        if not book.sheets_metadata:
            raise Unreadable("file-broken")
        for position, meta in enumerate(book.sheets_metadata[first:], first):
            yield ["begin", meta.name]
            known = facts.of(position, meta.name)
            yield from _sheet(book, meta, known, facts.is_1904, is_typed)


def _opened(path: Path, is_plain: bool) -> Any:
    """By content, not by name: an .xls is often an XLSX."""
    with path.open("rb") if is_plain else archive.rewritten(path) as file:
        try:
            return calamine.load_workbook(file)
        except calamine.PasswordError as error:
            raise Unreadable("file-password") from error
        except BaseException as error:
            raise _of_the_file(error) from error


def _of_the_file(error: BaseException) -> BaseException:
    """What calamine has raised: a finding about the file, unless it is of the process.

    It raises many kinds, all of them meaning this; a panic of its own is no Exception.
    """
    if isinstance(error, MemoryError | KeyboardInterrupt | SystemExit) or _is_refusal(error):
        return error
    return Unreadable("file-broken")


def _is_refusal(error: BaseException) -> bool:
    """Whether the system refuses a file; an offset that no file has is the file's own fault."""
    return isinstance(error, OSError) and error.errno not in (None, errno.EINVAL, errno.EOVERFLOW)


def _sheet(
    book: Any, meta: Any, facts: SheetFacts, is_1904: bool, is_typed: bool
) -> Iterator[Frame]:
    name, skipped = meta.name, _skipped(meta, facts)
    if skipped and not (is_typed and skipped == "hidden"):
        yield from _framed(name, {"skipped": skipped}, [])
        return
    try:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height > ROWS_MOST or sheet.total_width > COLUMNS_MOST:
            yield from _framed(name, {"skipped": "vast"}, [])
            return
        rows = sheet.to_python(skip_empty_area=False)
        ranges = [[a + 1, b, c + 1, d] for (a, b), (c, d) in sheet.merged_cell_ranges or ()]
    except BaseException as error:  # of one sheet: the others are read
        if not isinstance(_of_the_file(error), Unreadable):
            raise
        yield from _framed(name, {"skipped": "broken"}, [])
        return
    rows = _with_zeros(rows, facts) if is_typed else _as_shown(rows, facts)
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    about = {
        "skipped": skipped or ("" if rows else "empty"),
        "merged": ranges or facts.merged,
        "is_1904": is_1904,
        "hidden": sorted(facts.hidden),
        "struck": sorted(facts.struck),
        "hidden_columns": sorted(facts.hidden_columns),
        "shown": facts.shown,
    }
    yield from _framed(name, about, rows)


def _skipped(meta: Any, facts: SheetFacts) -> str:
    if meta.typ != calamine.SheetTypeEnum.WorkSheet:
        return "chart"
    if meta.visible != calamine.SheetVisibleEnum.Visible:
        return "hidden"
    return "vast" if facts.is_vast else "broken" if facts.is_unclear else ""


def _as_shown(read: list[list[Any]], facts: SheetFacts) -> list[list[str]]:
    rows = [*map(_as_texts, read)]
    for (row, column), width in facts.widths.items():
        if row <= len(rows) and column < len(cells := rows[row - 1]) and cells[column].isdecimal():
            cells[column] = cells[column].zfill(width)
    for (row, column), text in facts.texts.items():
        if row <= len(rows):  # near the rows that were read
            cells = rows[row - 1]
            cells += [""] * (column + 1 - len(cells)) if column < 16384 else []
            if column < len(cells):
                cells[column] = text
    return rows


def _with_zeros(read: list[list[Any]], facts: SheetFacts) -> list[list[Any]]:
    """Typed rows in which a number that is shown with leading zeros or in groups of digits is that
    text: whoever writes the rows anew would lose it.
    """
    for at, text in facts.texts.items():
        if text.isdecimal():
            _change(read, at, partial(_padded, width=len(text)))
    for at, width in facts.widths.items():
        _change(read, at, partial(_padded, width=width))
    for column, first, last, text in facts.shown:
        if text.count(PLACE) > 1:
            for row in range(first, min(last, len(read)) + 1):
                _change(read, (row, column), partial(shown, text=text))
    return read


def _padded(digits: str, width: int) -> str:
    return digits.zfill(width)


def _change(read: list[list[Any]], at: tuple[int, int], made: Callable[[str], str]) -> None:
    """Put what `made` makes of a whole number in its place."""
    cells = read[at[0] - 1] if at[0] <= len(read) else []
    digits = as_text(cells[at[1]]) if at[1] < len(cells) else ""
    if digits.isdecimal():
        cells[at[1]] = made(digits)


def _as_texts(row: list[Any]) -> list[str]:
    """A row's cells as text; most rows hold nothing else."""
    if {*map(type, row)} == {str}:
        return row
    return [c if c.__class__ is str else as_text(c) for c in row]


def _framed(name: str, about: dict[str, Any], rows: Any) -> Iterator[Frame]:
    yield ["sheet", {"name": name, **about}]
    for start in range(0, len(rows), ROWS):
        yield ["rows", rows[start : start + ROWS]]
    yield ["end"]


# ---------------------------------------------------------------- the process


def encoded(frame: Frame) -> bytes:
    """A frame as a line; numbers, dates and any text come back as they are."""
    text = json.dumps(frame, ensure_ascii=False, default=_tagged, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _tagged(value: object) -> dict[str, Any]:
    if isinstance(value, timedelta):
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    for kind in (datetime, date, time):
        if isinstance(value, kind):
            return {kind.__name__: value.isoformat()}
    raise TypeError(type(value).__name__)


def _answered(request: Frame) -> Iterator[Frame]:
    """All frames about one file."""
    path, is_markup, is_typed, first = request
    try:
        yield from frames(Path(path), is_markup, is_typed, first)
        yield ["done"]
    except Unreadable as problem:
        yield ["unreadable", problem.rule, dict(problem.params)]
    except MemoryError:
        yield ["unreadable", "file-too-large", {}]
    except OSError as error:
        if _is_refusal(error):
            yield ["refused", error.errno, error.strerror or ""]
        else:
            yield ["unreadable", "file-broken", {}]
    except Exception as error:  # a mistake of ours, which is no fault of the file
        yield ["failed", type(error).__name__]  # its text may hold a cell


def _bound() -> None:
    """Bounds for the whole life of the process."""
    with suppress(OSError):  # where memory is short, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    with suppress(ImportError):  # Windows has no such limits
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(kind)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            with suppress(OSError, ValueError):
                resource.setrlimit(kind, (least, hard))


def _allow(seconds: int) -> None:
    """Let the process work for `seconds` more."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        until = int(sum(os.times()[:2])) + seconds
        resource.setrlimit(
            resource.RLIMIT_CPU,
            (until if hard == resource.RLIM_INFINITY else min(until, hard), hard),
        )


def main(requests: TextIO = sys.stdin) -> None:
    """Answer requests until there are no more, or whoever asks is gone."""
    _bound()
    out = sys.stdout.buffer
    with suppress(BrokenPipeError):
        out.write(encoded(["ready"]))
        out.flush()
        for line in requests:
            _allow(SECONDS)
            for frame in _answered(json.loads(line)):
                out.write(encoded(frame))
                out.flush()


if __name__ == "__main__":
    main()
