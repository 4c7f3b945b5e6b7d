"""All lines of `gongshi doctor` together: complete, in both languages, as a clerk and a program read them."""

from __future__ import annotations

import ast
import json
import re
import shlex
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rich.cells import cell_len

import pipeline
from pipeline.base.words import Lang
from pipeline.flow.doctor import examine, report
from pipeline.flow.doctor.result import Place, Result, look, printable, right, size, wrong
from tests.flow.doctor.conftest import LANGS

GOLDEN = Path(__file__).parent / "golden"
CODE = Path(examine.__file__).parent
MESSAGES = Path(pipeline.__file__).parent / "messages" / "doctor.yaml"
ENTRIES: dict[str, dict[str, str]] = yaml.safe_load(MESSAGES.read_text("utf-8"))

HEALTHY = [
    right("python", "python-good", version="3.11.7"),
    right("packages", "packages-good", count=79),
    right("sqlite", "sqlite-good", version="3.40.1"),
    right("encoding", "encoding-good"),
    right("open-files", "open-files-good", count=1024),
    right("site", "folder-good", path="/srv/gongshi/site"),
    right("private", "private-good", path="/srv/gongshi/private", mode="0700"),
    right("inbox", "inbox-good", path="/srv/gongshi/inbox", count=52),
    right("apart", "apart-one-disk"),
    right("names", "names-good"),
    right("site-disk", "disk-good"),
    right("private-disk", "disk-good"),
    right("space", "space-good", free=size(74e9), need=size(26.4e6)),
    right("inodes", "inodes-good", free=15_204_352, need=10_672),
    right("current", "current-good", release="2025-03-31-206f49cc", count=3),
    right("locks", "locks-free"),
    right("key", "key-good", fingerprint="9361bacdfbf30ace"),
    right("contract", "contract-good", count=33),
    right("clock", "clock-good", now="2025-04-01 09:00"),
    right("zone", "zone-china", zone="UTC+08:00"),
    right("calendar", "calendar-good", last="2025-12-31"),
    right("port", "port-ours", port="8001", release="2025-03-31-206f49cc"),
    right("worker", "worker-good", took="2.1", deadline="120"),
]
BAD = [
    wrong("python", "python-old", version="3.10.12", oldest="3.11"),
    look("packages", "packages-other", count=2, names="rich 13.0.0, typer 0.15.1", lock="/srv/gongshi/requirements/run.txt"),
    wrong("sqlite", "sqlite-no-search", version="3.40.1"),
    look("encoding", "encoding-printed", encoding="gbk"),
    look("open-files", "open-files-some", count=512, enough="1024"),
    wrong("site", "folder-closed", path="/srv/gongshi/site", owner="1001"),
    wrong("private", "private-open", path="/srv/gongshi/site/private", mode="0755"),
    look("inbox", "inbox-links", path="/srv/gongshi/收件 2025", count=2),
    wrong("apart", "apart-private-public", private="/srv/gongshi/site/private", site="/srv/gongshi/site"),
    look("names", "names-odd", path="/srv/gongshi/收件\u30002025", odd="\\u3000"),
    wrong("site-disk", "disk-no-links", path="/srv/gongshi/site", why="Operation not permitted"),
    wrong("private-disk", "disk-no-writing", path="/srv/gongshi/site", why="No space left on device"),
    wrong("space", "space-short", path="/srv/gongshi/site", free=size(7_340_000), need=size(26.4e6)),
    look("inodes", "inodes-short", path="/srv/gongshi/site", free=9_000, need=10_672),
    wrong("current", "current-dangling", path="/srv/gongshi/site/current", target="releases/2025-03-31-206f49cc"),
    wrong("locks", "locks-orphan", path="/srv/gongshi/site", lock="/srv/gongshi/site/.lock", process="4321"),
    wrong("key", "key-lost", path="/srv/gongshi/site/private/key"),
    wrong("contract", "contract-broken", why="datapackage/certificates.yaml:12 …"),
    wrong("clock", "clock-before-release", now="1970-01-01 08:00", day="2025-03-31"),
    look("zone", "zone-other", zone="UTC+00:00"),
    look("calendar", "calendar-over", last="2024-12-31", year="2025"),
    wrong("port", "port-taken", port="8001"),
    wrong("worker", "worker-late", deadline="120"),
]  # fmt: skip


# ---------------------------------------------------------------- what a clerk reads


def page(results: list[Result], lang: Lang) -> str:
    lines = [report.text(result, lang, 100) for result in results]
    return "\n".join([*lines, report.closing(results, lang), ""])


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("name", "results"), [("healthy", HEALTHY), ("bad", BAD)])
def test_the_page_is_as_it_was_looked_at(name: str, results: list[Result], lang: Lang) -> None:
    assert page(results, lang) == (GOLDEN / f"{name}.{lang}.txt").read_text("utf-8")


@pytest.mark.parametrize("results", [HEALTHY, BAD])
def test_the_pages_that_were_looked_at_have_every_check(results: list[Result]) -> None:
    assert [result.check for result in results] == list(examine.CHECKS)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_longer_than_the_terminal_unless_a_single_word_is(width: int, lang: Lang) -> None:  # fmt: skip
    for line in page(BAD, lang).splitlines():
        words = re.split(r"\s{2,}", line)[-1].split(" ")
        assert cell_len(line) <= width or len(words) == 1 or width < 100


def test_chinese_is_folded_between_characters_and_no_line_begins_with_a_comma() -> None:
    text = "磁盘只剩 7.3 MB，下一次（约需）26 MB。"
    assert list(report.folded(text, 16)) == ["磁盘只剩 7.3", "MB，下一次（约", "需）26 MB。"]


def test_a_path_is_never_folded() -> None:
    path = "/srv/" + "x" * 60
    assert path in list(report.folded(f"在 {path} 里", 20))


def test_a_command_that_is_advised_can_be_pasted_whatever_the_folder_is_called() -> None:
    result = wrong("private", "private-open", path=Path("/srv/o'brien & co"), mode="0755")
    assert result.message("en").startswith("/srv/o'brien & co is open")
    command = result.advice("en").removeprefix("Run ").removesuffix(".")
    assert shlex.split(command) == ["chmod", "700", "/srv/o'brien & co"]


# ---------------------------------------------------------------- what a program reads


def test_the_json_has_state_and_key_of_every_check() -> None:
    told = json.loads(report.as_json(BAD, "en"))
    assert (told["format"], told["version"]) == ("gongshi-doctor", 1)
    assert [(each["check"], each["state"]) for each in told["checks"]] == [
        (result.check, result.state) for result in BAD
    ]
    assert told["checks"][-2] == {
        "check": "port",
        "state": "wrong",
        "key": "doctor-port-taken",
        "title": "Port",
        "message": "8001, taken by another program.",
        "advice": "Choose another with gongshi serve --port, or find that program with ss -ltnp.",
    }


# ---------------------------------------------------------------- the messages


def calls() -> Iterator[tuple[str, str]]:
    """(state, key) of each result that the code gives under a key of its own."""
    for path in CODE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = node.func.id in ("right", "look", "wrong") and len(node.args) == 2
                if named and isinstance(key := node.args[1], ast.Constant):
                    yield node.func.id, f"doctor-{key.value}"


#: Keys that are put together, or chosen, while the program runs.
MADE = {f"doctor-{name}-{end}" for name in ("space", "inodes") for end in ("good", "short", "endless")}  # fmt: skip
MADE |= {key for key in ENTRIES if key.startswith("doctor-disk-no-") and not key.endswith("-do")}
MADE |= {"doctor-apart-one-disk", "doctor-apart-two-disks"}


@pytest.mark.parametrize(("state", "key"), sorted(set(calls())))
def test_a_result_has_its_sentence_and_advice_where_something_is_to_be_done(state: str, key: str) -> None:  # fmt: skip
    assert key in ENTRIES
    assert (f"{key}-do" in ENTRIES) == (state != "right")


def test_no_sentence_is_left_over() -> None:
    used = {key for _, key in calls()} | MADE | {"doctor-sum"}
    titles = {f"doctor-{name}" for name in examine.CHECKS}
    assert {key.removesuffix("-do") for key in ENTRIES} == used | titles


@pytest.mark.parametrize("key", [key for key in ENTRIES if key.endswith("-do")])
def test_advice_needs_no_more_than_its_sentence_or_where_to_look(key: str) -> None:
    assert params(key) - params(key.removesuffix("-do")) <= {"lock", "path", "owner", "user", "enough"}  # fmt: skip


def params(key: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(ENTRIES[key]["en"]) if name}


# ---------------------------------------------------------------- all checks together


def test_a_check_that_fails_by_itself_is_a_line_and_the_others_follow(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def broken(_: Place) -> Result:
        raise PermissionError(13, "Permission denied", "/srv/site")

    def faulty(_: Place) -> Result:
        raise ValueError("no date")

    def lacking(_: Place) -> Result:
        raise ModuleNotFoundError("No module named 'lxml'", name="lxml")

    monkeypatch.setattr(examine, "CHECKS", {"site": broken, "contract": lacking, "clock": faulty, "zone": examine.CHECKS["zone"]})  # fmt: skip
    found = list(examine.diagnose(place))
    assert [(result.check, result.state, result.key) for result in found] == [
        ("site", "wrong", "doctor-cannot-look"),
        ("contract", "wrong", "doctor-needs-package"),
        ("clock", "wrong", "doctor-cannot-look"),
        ("zone", "right", "doctor-zone-china"),
    ]
    assert (found[0].params["why"], found[1].params["package"]) == (
        "Permission denied /srv/site",
        "lxml",
    )


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (HEALTHY, 0),
        ([look("zone", "zone-other", zone="")], 0),
        ([wrong("contract", "contract-broken", why="")], 2),
        ([wrong("port", "port-taken", port="")], 2),
        ([wrong("contract", "contract-broken", why=""), wrong("key", "key-lost", path="")], 5),
        (BAD, 5),
    ],
)
def test_the_exit_code_is_that_which_a_run_would_end_with(results: list[Result], code: int) -> None:
    assert examine.exit_code(results) == code


@pytest.mark.parametrize(("count", "written"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (26.4e6, "26 MB"), (7.34e6, "7.3 MB"), (74e9, "74 GB"), (2e12, "2.0 TB")])  # fmt: skip
def test_sizes_are_written_for_people(count: float, written: str) -> None:
    assert size(count) == written


def test_what_a_terminal_would_obey_is_printed_as_an_escape() -> None:
    assert printable("公示\x1b[2J\n\u3000\udcff a") == "公示\\x1b[2J\\n\\u3000\\udcff a"
