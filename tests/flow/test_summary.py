"""What a run says while it goes on and when it is over, to a clerk and to a machine."""

from __future__ import annotations

import io
import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from pipeline.base import progress
from pipeline.flow import summary
from pipeline.flow.read_inbox import Run
from tests.support import clerks
from tests.support.clerks import CERTIFICATE

Command = Callable[..., subprocess.CompletedProcess[str]]
NAME = "市场监督管理局/2024年第一季度行政执法人员持证情况台账.csv"


@pytest.fixture(scope="module")
def run(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("checked")
    wrong = {**CERTIFICATE, "证件编号": "16110300002", "姓名": "", "证件状态": "不知道"}
    clerks.write_csv(folder / "inbox" / NAME, [CERTIFICATE, wrong])
    (folder / "inbox" / "坏.xlsx").write_bytes(b"PK\x03\x04 broken")
    return clerks.check(folder / "inbox", folder / "private")


def shown(run: Run, width: int, lang: str = "zh") -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    summary.show(run, clerks.CATALOG, lang, console)  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_closing_table_says_where_every_row_of_every_file_went(
    run: Run,
) -> None:
    line = next(x for x in shown(run, 160).splitlines() if NAME in x)
    assert "行政执法证件" in line and "错误 · " in line
    assert re.findall(r"(?<= )\d+(?= )", line.split("行政执法证件")[1]) == [
        "2",
        "1",
        "1",
        "0",
        "0",
        "0",
    ]


def test_a_file_that_could_not_be_read_stands_in_the_table_with_the_reason(
    run: Run,
) -> None:
    line = next(x for x in shown(run, 160).splitlines() if "坏.xlsx" in x)
    assert "没有读取" in line and "错误 · 文件已损坏" in line


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_on_no_terminal_is_a_line_too_long_or_a_name_cut_into_single_characters(
    run: Run, width: int
) -> None:
    text = shown(run, width)
    assert all(Text(line).cell_len <= width for line in text.splitlines())
    pieces = [line for line in text.splitlines() if re.search("持证|督管|季度", line)]
    assert 1 <= len(pieces) <= 2


def test_a_narrow_terminal_gets_two_lines_a_file_with_what_is_not_zero(
    run: Run,
) -> None:
    text = shown(run, 60)
    assert "行政执法证件：读取 2，通过 1，隔离 1" in text
    assert "撤回" not in text


def test_findings_are_told_by_kind_with_what_to_do_and_who_must(run: Run) -> None:
    line = next(x for x in shown(run, 160).splitlines() if "必填项空白：" in x)
    assert "错误 1 " in line and "补填这一格" in line and "报送单位" in line


def test_in_english_nothing_but_names_is_chinese(run: Run) -> None:
    text = shown(run, 200, "en").replace(NAME, "").replace("坏.xlsx", "")
    assert not re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.usefixtures("every_engine")
def test_markup_in_a_file_s_name_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    clerks.write_csv(tmp_path / "inbox" / "[red]证件[-red].csv", [CERTIFICATE])
    run = clerks.check(tmp_path / "inbox", tmp_path / "private")
    assert "[red]证件[-red].csv" in shown(run, 160)


# ---------------------------------------------------------------- the command


def inbox_with_an_error(tmp_path: Path) -> Path:
    clerks.write_csv(tmp_path / "inbox" / "证件.csv", [{**CERTIFICATE, "姓名": ""}])
    return tmp_path / "inbox"


@pytest.mark.usefixtures("every_engine")
def test_check_tells_where_the_findings_and_the_feedback_are(
    tmp_path: Path, gongshi: Command
) -> None:
    done = gongshi("check", inbox_with_an_error(tmp_path), "--private", tmp_path / "p")
    assert done.returncode == 1
    assert "findings.csv" in done.stdout and "findings.json" in done.stdout
    assert "反馈表 1 份" in done.stdout


@pytest.mark.usefixtures("every_engine")
def test_check_in_json_is_one_object_and_nothing_else(tmp_path: Path, gongshi: Command) -> None:
    inbox = inbox_with_an_error(tmp_path)
    done = gongshi("check", inbox, "--private", tmp_path / "p", "--format", "json")
    told = json.loads(done.stdout)
    assert told["findings"]["error"] == 1
    assert told["feedback"] == ["证件.csv.xlsx"]
    assert told["datasets"]["certificates"]["quarantined"] == 1


@pytest.mark.usefixtures("every_engine")
def test_a_format_that_is_not_there_is_wrong_usage(tmp_path: Path, gongshi: Command) -> None:
    done = gongshi("check", inbox_with_an_error(tmp_path), "--format", "xml")
    assert done.returncode == 2 and "text, json" in done.stderr


# ---------------------------------------------------------------- while it goes on


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_quick_run_says_nothing_on_the_way() -> None:
    out = io.StringIO()
    with progress.shown(out):
        progress.step("读取 甲.csv", 1, 2)
    assert out.getvalue() == ""


def test_a_slow_run_says_plain_lines_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.02)
    out = io.StringIO()
    with progress.shown(out):
        for n in (1, 2):
            progress.step("读取", n, 2)
            time.sleep(0.2)
    assert out.getvalue().splitlines() == ["[1/2] 读取", "[2/2] 读取"]


def test_a_slow_run_shows_a_bar_on_a_terminal_and_takes_it_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    with progress.shown(out):
        progress.step("读取 甲.csv", 1, 2)
        progress.step("读取 甲.csv，已读 10 行", 1, 2, 0.5)
        time.sleep(0.4)
    assert "已读 10 行" in out.getvalue()
    assert (
        out.getvalue().endswith("\x1b[2K") or "\x1b[1A" in out.getvalue() or "\r" in out.getvalue()
    )


def test_steps_cost_nothing_where_nobody_listens() -> None:
    progress.step("读取", 1, 2)


def test_what_is_shown_ends_with_the_run_even_if_it_breaks() -> None:
    with pytest.raises(ValueError, match="broken"), progress.shown(io.StringIO()):
        raise ValueError("broken")
    assert progress._screen is None


@pytest.mark.usefixtures("every_engine")
def test_a_yearly_report_is_told_with_its_figures_and_how_the_records_agree(tmp_path: Path) -> None:
    clerks.write_csv(tmp_path / "inbox" / NAME, [CERTIFICATE])
    report = tmp_path / "inbox" / "reports" / "2024年度报告-示例数据.txt"
    report.parent.mkdir()
    report.write_text("示例区2024年法治政府建设年度报告\n一、主要工作\n新申办行政执法证7件，年审8件。\n", "utf-8")  # fmt: skip
    made = clerks.check(tmp_path / "inbox", tmp_path / "private")
    [line] = summary.say_reports(made, "zh")
    assert "2024年度报告-示例数据.txt：读出 2 个数字" in line
