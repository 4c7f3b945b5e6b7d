"""What is personal in the name of a file, folder, sheet or header has a neutral name in public."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.base.model import Chunk, Source
from pipeline.checks.privacy.screen import screened
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened, Piece, source_id
from pipeline.intake.table.match_columns import HeaderMatch
from pipeline.intake.table.sources_yaml import Hint
from pipeline.release.gate import personal_numbers
from pipeline.release.package import public_names
from pipeline.release.package.public_names import PublicNames
from pipeline.release.package.working import masked

ROOT = Path(__file__).parents[3]
CONTRACT = contracts.load(ROOT / "datapackage", RULES)
NO_FILE = Path("/nonexistent")


def digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def file(name: str, publisher: str = "", known: str | None = None) -> InboxFile:
    return InboxFile(NO_FILE, name, False, Hint(publisher=publisher), digest(name) if known is None else known)  # fmt: skip


def table(path: str, sheet: str = "", *headers: str) -> Opened:
    source = Source(source_id(path, sheet), path, digest(path), 1, sheet, header=headers)
    columns = tuple(HeaderMatch(at, header, "", "") for at, header in enumerate(headers))
    return Opened(source, None, columns, (), lambda *_: iter(()), unread)


def unread(piece: Piece) -> Chunk:
    raise AssertionError(f"names are judged without reading rows: {piece}")


def names(*files: InboxFile, opened: tuple[Opened, ...] = ()) -> PublicNames:
    return public_names.of(files, (), opened, CONTRACT)


def neutral(kind: str, number: int, name: str) -> str:
    return f"{kind} {number}（校验值 {digest(name)[:8]}）"


def test_files_with_a_persons_name_are_numbered_and_the_others_keep_theirs() -> None:
    paths = ["a/市场监管局.csv", "a/张三丰.csv", "b/李四海处罚决定书.XLSX", "b/目录.csv"]
    found = names(*map(file, paths))
    assert [found.file(path) for path in paths] == [
        "a/市场监管局.csv",
        f"a/{neutral('文件', 1, paths[1])}.csv",
        f"b/{neutral('文件', 2, paths[2])}.xlsx",
        "b/目录.csv",
    ]
    assert [(f.rule, f.file, f.owner) for f in found.findings] == [
        ("personal-file-name", path, "publisher") for path in paths[1:3]
    ]
    assert [f.params["public"] for f in found.findings] == [*found.files.values()]


def test_two_files_of_the_same_content_have_different_names() -> None:
    found = names(file("张三丰.csv", known="ab" * 32), file("李四海.csv", known="ab" * 32))
    assert sorted(found.files.values()) == ["文件 1（校验值 abababab）.csv", "文件 2（校验值 abababab）.csv"]  # fmt: skip


def test_a_folder_has_one_public_name_for_all_files_in_it() -> None:
    found = names(
        file("张三丰案卷/一.csv"), file("张三丰案卷/二.csv"), file("甲/张三丰案卷/三.csv")
    )
    assert [*found.files.values()] == ["文件夹 1/一.csv", "文件夹 1/二.csv", "甲/文件夹 2/三.csv"]


def test_a_folder_s_neutral_name_is_no_other_folder_s() -> None:
    found = names(file("张三丰案卷/一.csv"), file("文件夹 1/一.csv"))
    assert found.files == {"张三丰案卷/一.csv": "文件夹 2/一.csv"}


@pytest.mark.parametrize(
    "path",
    ["１３８１２３４５６７８.csv", "张 三 丰.csv", "zs@example.cn", "zs@example.cn.csv", "138/12345678.csv", "甲/张三丰", "a.张三丰"],
)  # fmt: skip
def test_nothing_of_a_personal_name_is_left(path: str) -> None:
    public = names(file(path)).file(path)
    assert public.startswith(("文件 1", "甲/文件 1")) and public != path
    assert not any(part in public for part in ("三", "丰", "1234", "zs", "@", "１３"))


def test_a_file_that_cannot_be_read_has_a_number_alone() -> None:
    assert names(file("张三丰.csv", known="")).file("张三丰.csv") == "文件 1.csv"


def test_the_name_of_another_publisher_stays_and_so_does_the_contracts_own_word() -> None:
    path = "张三丰局/data/penalty_filings.csv"
    assert names(file(path, publisher="张三丰局")).files == {}
    assert names(file("普查/13812345678.csv", publisher="普查")).file("普查/13812345678.csv").startswith("普查/文件 1")  # fmt: skip


def test_sheets_and_headers_are_numbered_as_they_stand() -> None:
    opened = (
        table("甲.xlsx", "Sheet1", "处罚机关", "问李某13812345678", "法定代表人"),
        table("甲.xlsx", "张三丰", "文号", "张三丰填写"),
    )
    found = names(file("甲.xlsx"), opened=opened)
    first, second = (each.source for each in opened)
    assert found.files == {} and found.public_source(first) == first
    assert found.public_source(second) == replace(second, sheet=neutral("工作表", 2, "甲.xlsx"))
    assert found.headers == {
        (first.source_id, 1): neutral("列", 2, "甲.xlsx"),
        (second.source_id, 1): neutral("列", 2, "甲.xlsx"),
    }
    assert found.header(first.source_id, 0, "处罚机关") == "处罚机关"
    assert sorted(f.rule for f in found.findings) == ["personal-header", "personal-header", "personal-sheet-name"]  # fmt: skip


def test_a_neutral_name_is_never_taken_for_a_number_by_screen_or_guard() -> None:
    """Also where all digits of a hash are decimal and the number before them would begin a mobile's."""
    for number in (1, 12, 138, 199, 1381, 13812):
        for hashed in ("12345678", "35073846", "00000000", "0376e123", "62121234"):
            for kind in ("文件", "工作表", "列"):
                name = public_names._neutral(kind, number, hashed * 8)
                assert screened(name)[0] == masked(name) == name
                line = f"key,reports/{name}.csv,1\n"
                assert [*personal_numbers.numbers(line.encode(), "data/a.csv")] == []
