"""What must hold as data grows: memory that does not grow with it, and an end in order where room ends."""

from __future__ import annotations

import csv
import os
import signal
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import measure
from pipeline.base import sql
from pipeline.base.errors import StoreError
from pipeline.release.database import database
from pipeline.release.package import package
from tests.support.shop import ROOT, SmallShop, documents, hashes

# Long, and run before others: each has many rows.
pytestmark = pytest.mark.slow

#: Rows of two files, all made up; the smaller one fills whatever is of a fixed size, which is small here.
FEW, MANY = 500_000, 1_000_000
TEXT_BLOCK, DUCKDB_MEMORY = 4 << 20, "100MB"
MOST_GROWTH = (MANY - FEW) * 180  # bytes: for each row more less than it holds


# ---------------------------------------------------------------- memory


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, int]:
    """Rows of a file → bytes of memory that its publication takes at most, with all downloads."""
    found = {}
    for rows in (FEW, MANY):
        folder = tmp_path_factory.mktemp("grown")
        _write(SmallShop(folder).inbox / "规范性文件-示例数据.csv", rows)
        code = (
            "import sys\nfrom pathlib import Path\nfrom tests.support.shop import SmallShop\n"
            f"from pipeline.base import sql\nsql.MEMORY = '{DUCKDB_MEMORY}'\n"  # reached by both
            "from pipeline.intake.text import encodings, ranges, text_files\n"
            f"encodings.BLOCK = ranges.BLOCK = text_files.BLOCK = {TEXT_BLOCK}\n"  # as well
            "if __name__ == '__main__':\n"
            "    SmallShop(Path(sys.argv[1])).publish(downloads=True)\n"
        )
        command = [sys.executable, "-c", code, str(folder)]
        measured = measure.run(command, ROOT, folder / "log")
        assert measured.exit_code == 0, (folder / "log").read_text("utf-8")[-2000:]
        found[rows] = measured.peak_bytes
    return found


def _write(path: Path, rows: int) -> None:
    """Documents with numbers of their own; no two titles are the same."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("文号", "文件名称", "制定机关", "发布日期"))
        for n in range(rows):
            title = f"关于印发示例区第{n}号示例办法的通知"
            writer.writerow((f"示政发〔2024〕{n + 1}号", title, "示例区人民政府", "2024-01-05"))


def test_twice_the_rows_take_no_more_memory(peaks: dict[int, int]) -> None:
    assert peaks[MANY] - peaks[FEW] < MOST_GROWTH, peaks


def test_what_was_read_of_a_parquet_file_is_not_kept(tmp_path: Path) -> None:
    path, schema = tmp_path / "made.parquet", pa.schema([("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for _ in range(20):
            texts = pa.array([os.urandom(500).hex() for _ in range(1_000)])
            writer.write_table(pa.table([texts], schema))
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in package.parquet_batches(path, 500)]
    assert max(held) < path.stat().st_size / 2


# ---------------------------------------------------------------- room to spill


def cramped(monkeypatch: pytest.MonkeyPatch, *settings: str, memory: str = "72MB") -> None:
    """Whatever DuckDB does from now on has next to no memory; `settings` say what room to spill it has."""
    honest = sql.connect

    def connect(folder: Path) -> duckdb.DuckDBPyConnection:
        con = honest(folder)
        for setting in (f"memory_limit = '{memory}'", *settings):
            con.execute(f"set {setting}")
        return con

    monkeypatch.setattr(sql, "connect", connect)


@pytest.fixture
def small(tmp_path: Path) -> SmallShop:
    """A release of twenty documents, and two hundred in the inbox."""
    made = SmallShop(tmp_path)
    made.send(documents(20))
    made.publish()
    made.send(documents(200))
    return made


@pytest.fixture
def shop(small: SmallShop) -> SmallShop:
    """A release of twenty documents, and more in the inbox than memory holds where it is cramped."""
    _write(small.inbox / "规范性文件-示例数据.csv", 100_000)
    return small


def test_without_room_to_spill_nothing_is_published_and_one_sentence_says_why(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    before = hashes(shop.current)
    cramped(monkeypatch, "max_temp_directory_size = '100KB'")
    with pytest.raises(StoreError) as told:
        shop.publish(growth=True, removals=True)
    assert told.value.exit_code == 5
    assert "腾出" in str(told.value) and "\n" not in str(told.value)
    assert str(shop.private) in str(told.value)
    assert hashes(shop.current) == before
    assert len(shop.releases()) == 1
    assert not (shop.site / ".making").exists()


def test_with_room_to_spill_the_same_little_memory_is_enough(shop: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    cramped(monkeypatch)
    shop.publish(growth=True, removals=True)
    assert len(shop.releases()) == 2


def test_what_is_spilled_lies_in_the_private_folder_and_goes_with_the_run(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    folders = list[Path]()
    honest = sql.connect
    monkeypatch.setattr(sql, "connect", lambda folder: folders.append(folder) or honest(folder))
    small.publish(growth=True, removals=True)
    assert folders and all(folder.is_relative_to(small.private) for folder in folders)
    assert not any(folder.exists() for folder in folders)


def killed(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_ended_for_want_of_memory_is_said_so(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(database, "index_aside", killed)
    monkeypatch.setattr(database, "ASIDE_FROM", 100)
    before = hashes(small.current)
    with pytest.raises(StoreError, match="内存"):
        small.publish(growth=True, removals=True)
    assert hashes(small.current) == before
