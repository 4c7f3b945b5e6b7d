"""What a file does to the process that reads it is told of the file; what this machine does to it is not."""

from __future__ import annotations

import sys
import textwrap
import threading
import time as clock
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.engine import ordered_map
from pipeline.base.words import Lang, rules, say
from pipeline.intake.workbook import reader, reader_process, workbooks
from pipeline.intake.workbook.sheet import NOT_OF_THE_FILE, Unreadable
from tests.support.hostile_files import TABLE, xlsx

READY = """
import json, os, signal, sys, time
def say(*frame): print(json.dumps(frame), flush=True)
say("ready")
"""
ASKED = READY + "path, markup, typed, first = json.loads(sys.stdin.readline())\n"
GOOD = """
say("begin", "S"); say("sheet", {"name": "S", "skipped": ""}); say("rows", [["a"]]); say("end")
"""


@pytest.fixture(autouse=True)
def no_other_process() -> Iterator[None]:
    """A test that replaces the program must not be given a process of the one before."""
    reader_process.close_idle()
    yield
    reader_process.close_idle()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.xlsx"
    path.write_bytes(xlsx({"甲": TABLE, "乙": TABLE, "丙": TABLE}))
    return path


def with_program(monkeypatch: pytest.MonkeyPatch, code: str, start: str = READY) -> None:
    program = [sys.executable, "-c", start + textwrap.dedent(code)]
    monkeypatch.setattr(reader_process, "PROGRAM", program)


def said_of(path: Path) -> str:
    """The rule of the finding about the file, or what became of its sheets."""
    try:
        return " ".join(f"{s.name}:{s.skipped or len(s.rows)}" for s in workbooks.sheets(path))
    except Unreadable as problem:
        return problem.rule


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("sys.stdin.readline(); os.kill(os.getpid(), signal.SIGKILL)", "reader-ended"),
        ("sys.stdin.readline(); os.kill(os.getpid(), signal.SIGTERM)", "reader-ended"),
        ("sys.stdin.readline(); sys.exit(3)", "reader-ended"),
        ("sys.stdin.readline(); time.sleep(60)", "reader-too-slow"),
        ("sys.stdin.readline(); say('failed', 'IndexError')", "reader-failed"),
    ],
)
def test_what_this_machine_or_program_does_is_never_the_files_fault(
    book: Path, monkeypatch: pytest.MonkeyPatch, code: str, rule: str
) -> None:
    if "sleep" in code:
        monkeypatch.setattr(reader_process, "WAIT_S", 1)
    with_program(monkeypatch, code)
    assert said_of(book) == rule
    assert rule in NOT_OF_THE_FILE and rules()[rule].owner == "pipeline"


def test_a_mistake_of_the_reader_is_named_by_its_kind_and_never_by_its_text(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise IndexError("张某 13800000000")

    monkeypatch.setattr(reader, "frames", fails)
    (frame,) = reader._answered([str(book), False, False, 0])
    assert frame == ["failed", "IndexError"]
    with_program(monkeypatch, f"sys.stdin.readline(); say(*{frame})")
    with pytest.raises(Unreadable) as raised:
        list(workbooks.sheets(book))
    problem = raised.value
    told = [say(problem.rule, lang, file="a", **problem.params) for lang in get_args(Lang)]
    assert all("IndexError" in text for text in told) and len(told) == 2


@pytest.mark.parametrize(
    "program",
    [["no-such-program"], [sys.executable, "-c", "raise SystemExit(1)"], [sys.executable, "-m", "no_such_module_here"]],
)  # fmt: skip
def test_a_program_that_is_missing_or_does_not_start_is_not_the_files_fault(
    book: Path, monkeypatch: pytest.MonkeyPatch, program: list[str]
) -> None:
    monkeypatch.setattr(reader_process, "PROGRAM", program)
    assert said_of(book) == "reader-not-started"


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("sys.stdin.readline(); os.kill(os.getpid(), signal.SIGSEGV)", "file-broken"),
        ("sys.stdin.readline(); os.abort()", "file-broken"),
        ("sys.stdin.readline(); os.kill(os.getpid(), signal.SIGXCPU)", "file-too-large"),
        ("sys.stdin.readline(); print('memory allocation of 9 bytes failed', file=sys.stderr, flush=True); os.abort()", "file-too-large"),
    ],
)  # fmt: skip
def test_a_crash_and_more_than_the_bounds_are_evidence_about_the_file(
    book: Path, monkeypatch: pytest.MonkeyPatch, code: str, rule: str
) -> None:
    with_program(monkeypatch, "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n" + code)  # fmt: skip
    assert said_of(book) == rule


def test_a_process_that_is_ended_once_is_started_again_where_it_was(
    book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "was-here"
    code = f"""
    mark = {str(mark)!r}
    if not os.path.exists(mark):
        open(mark, "w").close()
        {GOOD.strip()}
        say("begin", "T")
        os.kill(os.getpid(), signal.SIGKILL)
    assert first == 1
    say("begin", "T"); say("sheet", {{"name": "T", "skipped": ""}}); say("rows", [["b"]] * 2); say("end")
    say("done")
    """
    with_program(monkeypatch, code, ASKED)
    assert said_of(book) == "S:1 T:2"


def test_a_sheet_that_crashes_the_reader_does_not_take_the_others_with_it(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for n in range(first, 3):
        say("begin", str(n))
        if n == 1:
            os.kill(os.getpid(), signal.SIGSEGV)
        say("sheet", {"name": str(n), "skipped": ""}); say("rows", [["a"]]); say("end")
    say("done")
    """
    with_program(monkeypatch, code, ASKED)
    assert said_of(book) == "0:1 1:broken 2:1"


def test_a_file_at_which_every_process_ends_comes_to_an_end(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    say("begin", str(first)); say("unreadable", "file-too-large", {})
    """
    with_program(monkeypatch, code, ASKED)
    with pytest.raises(Unreadable, match="file-too-large"):
        list(workbooks.sheets(book))


def test_a_process_that_was_killed_while_it_waited_is_replaced(book: Path) -> None:
    assert said_of(book) == "甲:6 乙:6 丙:6"
    (waiting,) = reader_process._idle
    waiting._process.kill()
    waiting._process.wait()
    assert said_of(book) == "甲:6 乙:6 丙:6"


def test_a_table_in_markup_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "tables.xls"
    path.write_text("".join(f"<table><tr><td>{n}</td></tr></table>" for n in "abc"), "utf-8")
    frames = list(reader.frames(path, is_markup=True, is_typed=False, first=1))
    assert [rest[0] for kind, *rest in frames if kind == "rows"] == [[["b"]], [["c"]]]
    assert [rest[0] for kind, *rest in frames if kind == "begin"] == ["2", "3"]


def test_one_process_reads_one_file_after_another(book: Path) -> None:
    said_of(book)
    (first,) = reader_process._idle
    said_of(book)
    assert reader_process._idle == [first]


def test_a_reader_of_the_first_sheet_alone_leaves_no_process_at_work(book: Path) -> None:
    sheets = workbooks.sheets(book)
    assert next(sheets).name == "甲"
    sheets.close()
    assert reader_process._idle == []


def test_several_files_at_once_are_each_read_as_alone(book: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(book.read_bytes()[:-300])
    files = [book, broken] * 6
    assert list(ordered_map(said_of, files)) == ["甲:6 乙:6 丙:6", "file-broken"] * 6
    assert len(reader_process._idle) <= reader_process.IDLE_MOST


def test_the_wait_for_a_reader_does_not_count_the_callers_own_time(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "WAIT_S", 5)
    names = []
    for sheet in workbooks.sheets(book):
        clock.sleep(2)
        names.append(sheet.name)
    assert names == ["甲", "乙", "丙"]
    assert threading.active_count() < 20


CELLS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)


@given(st.lists(st.lists(CELLS)))
def test_cells_cross_the_border_between_processes_without_a_loss(rows: list[list[object]]) -> None:
    line = reader.encoded(["rows", rows])
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    back = reader_process.decoded(line)[1]
    assert back == rows
    assert [[type(c) for c in row] for row in back] == [[type(c) for c in row] for row in rows]


@pytest.mark.parametrize("cell", [date(2024, 2, 29), datetime(1900, 1, 1, 1, 2, 3, 4), time(23, 59), timedelta(-1, 5), 0.1, 1e300, 2**60, True, "\ud800", "\u2028\n\0"])  # fmt: skip
def test_an_odd_cell_is_the_same_behind_the_border(cell: object) -> None:
    assert reader_process.decoded(reader.encoded(["rows", [[cell]]]))[1] == [[cell]]
