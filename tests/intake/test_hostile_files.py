"""Every hostile file has its outcome; however a file is mangled, nothing raises and no line is lost."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.model import Chunk, Finding
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.flow import check as checking
from pipeline.intake import read
from pipeline.intake.inbox import sources
from pipeline.intake.read import Opened
from pipeline.intake.text import blocks, text_files
from pipeline.intake.text.blocks import Block, Parsed
from tests.support.examples import tries
from tests.support.hostile_files import CASES, Case, write

SMALL = [one for one in CASES if len(one.data) < 60_000]
TEXTS = [one.data for one in SMALL if one.name.endswith((".csv", ".tsv", ".txt")) and one.data]


CONTRACT = catalog.load(Path(__file__).parents[2] / "datapackage", RULES)


def read_all(folder: Path, partitions: int = 0) -> tuple[list[Opened], list[Chunk], list[Finding]]:
    """Everything that intake makes of an inbox."""
    listed = sources.scan(folder, CONTRACT)
    tables, chunks, findings = list[Opened](), list[Chunk](), list(listed.findings)
    for file in listed.files:
        for opened in read.open_file(file, CONTRACT):
            if isinstance(opened, Finding):
                findings.append(opened)
                continue
            findings += opened.findings
            if opened.dataset:
                tables.append(opened)
                chunks += [opened.chunk(piece) for piece in opened.pieces(partitions)]
    return tables, chunks, findings + [f for c in chunks for f in c.findings]


def outcome(folder: Path, partitions: int = 0) -> Case:
    tables, chunks, findings = read_all(folder, partitions)
    misfits = [m for c in chunks for m in c.misfits]
    told = {f.rule for f in findings if f.severity != "info"} | {m.rule for m in misfits}
    return Case(
        "",
        b"",
        records=sum(len(c.table) for c in chunks),
        rules=frozenset(told),
        set_aside=sum(len(c.set_aside) for c in chunks),
        misfits=len(misfits),
        tables=len(tables),
    )


def test_there_are_at_least_sixty_hostile_files() -> None:
    assert len({one.name for one in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("one", CASES, ids=lambda c: c.name.encode("unicode_escape").decode())
def test_a_hostile_file_has_its_outcome_in_however_many_pieces(
    one: Case, tmp_path: Path, every_engine: int
) -> None:
    write(tmp_path, [one])
    if one.rules == {"file-kind"}:
        (tmp_path / "beside.csv").write_bytes(b"x,y\n")
        assert "file-kind" in outcome(tmp_path).rules
        return
    found = outcome(tmp_path, every_engine)
    facts = ("records", "rules", "set_aside", "misfits", "tables")
    assert {f: getattr(found, f) for f in facts} == {f: getattr(one, f) for f in facts}


def test_the_whole_corpus_in_one_inbox_goes_through_a_run(
    tmp_path: Path, every_engine: int, request: pytest.FixtureRequest
) -> None:
    inbox, private = tmp_path / "inbox", tmp_path / "private"
    inbox.mkdir()
    is_whole = not every_engine or request.config.getoption("--engines") == "all"
    cases = SMALL if is_whole else SMALL[::4]  # each is a message to the cluster and back
    write(inbox, cases)
    done = checking.check(inbox, private, CONTRACT, date(2025, 3, 31))
    assert len(done.files) == sum(c.rules != {"file-kind"} for c in cases)
    assert sum(t.read for t in done.ledger.tallies.values()) == sum(
        c.records + c.misfits + c.set_aside for c in cases
    )


# ---------------------------------------------------------------- folders and links


def inbox_with(tmp_path: Path, *names: str) -> Path:
    """An inbox of its own with one good file and what is made beside it."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name in ("good.csv", *names):
        (inbox / name).write_bytes(CASES[0].data)
    return inbox


def rules_of(inbox: Path) -> list[str]:
    return sorted(f.rule for f in sources.scan(inbox, CONTRACT).findings)


@pytest.mark.usefixtures("every_engine")
def test_links_that_leave_the_inbox_lead_nowhere_or_round_in_a_circle_are_findings(
    tmp_path: Path,
) -> None:
    inbox = inbox_with(tmp_path)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_bytes(CASES[0].data)
    (inbox / "out.csv").symlink_to(tmp_path / "outside" / "secret.csv")
    (inbox / "folder").symlink_to(tmp_path / "outside")
    (inbox / "nowhere.csv").symlink_to("not-there.csv")
    (inbox / "circle.csv").symlink_to("circle.csv")
    assert rules_of(inbox) == [
        "file-link-broken",
        "file-link-broken",
        "file-outside",
        "file-outside",
    ]
    assert [f.name for f in sources.scan(inbox, CONTRACT).files] == ["good.csv"]


def test_a_link_inside_the_inbox_is_read(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path)
    (inbox / "again.csv").symlink_to("good.csv")
    assert [f.name for f in sources.scan(inbox, CONTRACT).files] == ["again.csv", "good.csv"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path)
    os.mkfifo(inbox / "pipe.csv")
    assert rules_of(inbox) == ["file-special"]


@pytest.mark.usefixtures("every_engine")
def test_a_name_that_is_no_utf8_is_shown_as_gb18030(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path)
    Path(os.fsdecode(os.fsencode(inbox) + b"/" + "处罚.csv".encode("gb18030"))).write_bytes(
        CASES[0].data
    )
    assert [f.name for f in sources.scan(inbox, CONTRACT).files] == ["good.csv", "处罚.csv"]
    checking.check(inbox, tmp_path / "private", CONTRACT, date(2025, 3, 31))


@pytest.mark.usefixtures("every_engine")
def test_a_file_that_keeps_changing_is_a_finding_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = inbox_with(tmp_path, "moving.csv")
    honest = sources._copied

    def while_someone_writes(path: Path, target: Path) -> tuple[str, int]:
        done = honest(path, target)
        if path.name == "moving.csv":
            with path.open("ab") as file:
                file.write(b"more\n")
        return done

    monkeypatch.setattr(sources, "_copied", while_someone_writes)
    done = checking.check(inbox, tmp_path / "private", CONTRACT, date(2025, 3, 31))
    assert [f.name for f in done.files] == ["good.csv"]
    assert "file-changed" in (tmp_path / "private" / "findings.csv").read_text("utf-8")


@pytest.mark.usefixtures("every_engine")
def test_a_file_changed_after_it_was_taken_is_read_as_it_was(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path)
    (listed,) = sources.scan(inbox, CONTRACT).files
    taken = sources.snapshot(listed, tmp_path / "raw")
    assert isinstance(taken, sources.InboxFile)
    (inbox / "good.csv").write_bytes(b"")
    (opened,) = read.open_file(taken, CONTRACT)
    assert isinstance(opened, Opened) and opened.source.header_row == 1


@pytest.mark.usefixtures("every_engine")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_finding(tmp_path: Path) -> None:
    inbox = inbox_with(tmp_path, "closed.csv")
    (inbox / "closed.csv").chmod(0)
    checking.check(inbox, tmp_path / "private", CONTRACT, date(2025, 3, 31))
    assert "file-unreadable" in (tmp_path / "private" / "findings.csv").read_text("utf-8")


# ---------------------------------------------------------------- however mangled


def mangled(data: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """`data` with pieces replaced: (where, how many bytes, by what)."""
    for at, length, new in cuts:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


PIECES = st.one_of(
    st.sampled_from(
        [
            b'"',
            b'""',
            b",",
            b"\n",
            b"\r",
            b"\r\n",
            b"\0",
            b"\t",
            b"|",
            b'",\n"',
            b"\xff",
            b"\xef\xbb\xbf",
            b"\x81\x30",
            "合计".encode(),
            "文号".encode(),
        ]
    ),
    st.binary(max_size=6),
)
CUTS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 12), PIECES), min_size=1, max_size=6
)


def lines_of(path: Path) -> int:
    """Physical lines, counted by themselves: over the text, whatever ends them."""
    fmt = text_files.examine(path)
    return blocks.count_lines(b"".join(text_files.text_blocks(path, fmt)))


def parsed(path: Path, width: int) -> list[Parsed]:
    fmt = text_files.examine(path)
    return [
        blocks.parse(p, fmt.delimiter, width) if isinstance(p, Block) else p
        for p in text_files.records(path, fmt, width)
    ]


@settings(max_examples=tries(200))
@given(st.integers(0, len(TEXTS) - 1), CUTS, st.sampled_from([64, 300, 4 << 20]))
def test_no_text_file_however_mangled_raises_or_loses_a_line(
    tmp_path_factory: pytest.TempPathFactory,
    which: int,
    cuts: list[tuple[int, int, bytes]],
    block: int,
) -> None:
    folder = tmp_path_factory.mktemp("m")
    path = folder / "file.csv"
    path.write_bytes(mangled(TEXTS[which], cuts))
    with pytest.MonkeyPatch.context() as patch:
        for module in (text_files, text_files.encodings):
            patch.setattr(module, "BLOCK", block)
        patch.setattr(text_files, "RESUME", block)
        read_all(folder)
        pieces = parsed(path, 4)
        assert sum(p.lines for p in pieces) == lines_of(path)
    rows = [n for p in pieces for n in (*p.table["_row"].to_pylist(), *(r.row for r in p.ragged))]
    assert sorted(rows) == list(range(1, len(rows) + 1))
    assert len(rows) + sum(p.inside for p in pieces) == sum(p.lines for p in pieces)


BOOKS = [one for one in SMALL if one.name.endswith((".xlsx", ".xls", ".ods", ".json")) and one.data]


@settings(max_examples=tries(120))
@given(st.integers(0, len(BOOKS) - 1), CUTS)
def test_no_other_file_however_mangled_raises(
    tmp_path_factory: pytest.TempPathFactory,
    which: int,
    cuts: list[tuple[int, int, bytes]],
) -> None:
    folder = tmp_path_factory.mktemp("m")
    (folder / BOOKS[which].name).write_bytes(mangled(BOOKS[which].data, cuts))
    read_all(folder)
