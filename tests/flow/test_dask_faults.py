"""Whatever befalls a cluster, `gongshi publish` gives the same release or one clear sentence, never a part."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline import cli
from pipeline.base.errors import GongshiError
from pipeline.checks.results import parquet
from pipeline.flow import dask_engine as engine
from tests.promises.test_scale import cramped
from tests.support.clusters import running
from tests.support.shop import ROOT, SmallShop, documents, hashes, twin_of

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Faulty:
    """A cluster, and the folder of what befalls it."""

    address: str
    faults: Path

    def befalls(self, what: str, text: str = "") -> None:
        (self.faults / what).write_text(text)

    def befell(self, what: str) -> bool:
        return not (self.faults / what).exists()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Two workers; one that dies is started again."""
    faults = tmp_path_factory.mktemp("faults")
    with running(2, faults=faults) as (address, _):
        yield Faulty(address, faults)


@pytest.fixture
def cluster(shared: Faulty) -> Iterator[Faulty]:
    """The same cluster, whole again for each test."""
    yield shared
    for path in shared.faults.iterdir():
        path.unlink()


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> SmallShop:
    """A shop with a release of two documents, and three files in the inbox that share keys."""
    shop = SmallShop(tmp_path_factory.mktemp("sent"))
    shop.send(documents(2))
    shop.publish(downloads=True)
    rows = documents(45)
    for number in range(3):
        shop.send([*rows[number::3], rows[0], rows[7]], f"文件{number}-示例数据.csv")
    return shop


@pytest.fixture
def shop(sent: SmallShop, tmp_path: Path) -> SmallShop:
    """The same, to do with as a test likes."""
    return twin_of(sent, tmp_path)


@pytest.fixture(scope="module")
def expected(sent: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, bytes]]:  # fmt: skip
    """The release that threads of one process make, and what they find."""
    shop = twin_of(sent, tmp_path_factory.mktemp("expected"))
    return hashes(shop.publish(downloads=True, growth=True)), told(shop)


def told(shop: SmallShop) -> dict[str, bytes]:
    names = ("findings.csv", "findings.json", "run.json", "withheld.csv")
    return {name: (shop.private / name).read_bytes() for name in names}


def options(shop: SmallShop, address: str) -> list[str]:
    folders = ["--site", shop.site, "--private", shop.private, "--contract", shop.contract.folder]
    more = ["--today", "2025-03-31", "--allow-growth", "--partitions", "3"]
    return [*map(str, ["publish", shop.inbox, *folders, "--engine", "dask", "--scheduler", address]), *more]  # fmt: skip


def publish(shop: SmallShop, address: str) -> tuple[int, str]:
    """`gongshi publish` on that cluster: the exit code, and the sentence."""
    try:
        cli.app(options(shop, address), standalone_mode=False)
    except GongshiError as error:
        return error.exit_code, str(error)
    return 0, ""


def refused(shop: SmallShop, address: str) -> str:
    """What is told of a publication that has to end with the store as it was."""
    before = hashes(shop.site)
    code, said = publish(shop, address)
    assert (code, hashes(shop.site)) == (5, before), said
    return said


@pytest.fixture(autouse=True)
def small_and_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows as they are, each piece lays them down; and no test waits for long."""
    monkeypatch.setattr(parquet, "LEAST", 0)
    for name, seconds in {"CONNECT_S": 8, "LOST_S": 3, "FETCH_S": 3}.items():
        monkeypatch.setattr(engine, name, seconds)


def same(shop: SmallShop, expected: Any) -> bool:
    return (hashes(shop.current), told(shop)) == expected


# ---------------------------------------------------------------- the same release all the same


@pytest.mark.parametrize("place", ["rows", "split", "judge"])
def test_a_worker_killed_in_the_middle_of_a_publication_changes_no_byte(
    shop: SmallShop, cluster: Faulty, expected: Any, place: str
) -> None:
    cluster.befalls(f"die-at-{place}")
    assert publish(shop, cluster.address) == (0, "")
    assert cluster.befell(f"die-at-{place}")
    assert same(shop, expected)


def test_pieces_that_fail_twice_and_then_work_change_no_byte(shop: SmallShop, cluster: Faulty, expected: Any) -> None:  # fmt: skip
    cluster.befalls("fail-twice")
    assert publish(shop, cluster.address) == (0, "")
    tried = {path.name.split("-")[1] for path in cluster.faults.glob("tried-*-1")}
    assert tried == {"rows", "split", "judge"}
    assert same(shop, expected)


def test_workers_that_see_nothing_of_the_files_need_no_room_and_change_no_byte(shop: SmallShop, cluster: Faulty, expected: Any) -> None:  # fmt: skip
    cluster.befalls("elsewhere")
    cluster.befalls("no-room", "100")
    assert publish(shop, cluster.address) == (0, "")
    assert same(shop, expected)


# ---------------------------------------------------------------- a clear sentence, and nothing changed


def test_a_worker_gone_for_good_changes_no_byte_and_when_the_last_is_gone_that_is_told(
    shop: SmallShop, tmp_path: Path, expected: Any
) -> None:
    faults = tmp_path / "faults"
    faults.mkdir()
    with running(2, faults=faults, nanny=False) as (address, processes):
        (faults / "die-at-rows").touch()
        assert publish(shop, address) == (0, "")
        assert [p.poll() for p in processes[:2]].count(-signal.SIGKILL) == 1
        assert same(shop, expected)
        before = hashes(shop.site)
        shop.send(documents(50), "又一个-示例数据.csv")
        (faults / "die-at-rows").touch()
        code, said = publish(shop, address)
    assert (code, hashes(shop.site)) == (5, before)
    assert "工作进程都已离开" in said


def test_a_scheduler_killed_in_the_middle_is_told_of_in_one_sentence(shop: SmallShop, tmp_path: Path) -> None:  # fmt: skip
    before, faults = hashes(shop.site), tmp_path / "faults"
    faults.mkdir()
    code = "import sys; from pipeline import cli; from pipeline.flow import dask_engine; dask_engine.CONNECT_S = 3; sys.exit(cli.main())"  # fmt: skip
    with running(1, faults=faults, nanny=False) as (address, processes):
        (faults / "hang").touch()
        with subprocess.Popen([sys.executable, "-c", code, *options(shop, address)], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
            _wait_for(faults / "hanging")
            processes[-1].kill()
            _, said = process.communicate(timeout=60)
        (faults / "hang").unlink()
    assert (process.returncode, hashes(shop.site)) == (5, before), said
    assert f"与集群 {address} 的连接中断了" in said
    assert "Traceback" not in said


def _wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path} never came")


def test_a_piece_that_kills_each_worker_is_told_of(shop: SmallShop, cluster: Faulty) -> None:
    cluster.befalls("always-die")
    said = refused(shop, cluster.address)
    # Which of the two is told hangs on whether Dask or its nannies are faster.
    assert "多次重试" in said or "都已离开" in said


def test_a_worker_without_room_is_told_of(shop: SmallShop, cluster: Faulty) -> None:
    cluster.befalls("no-room", "100")
    said = refused(shop, cluster.address)
    assert "写不下结果" in said
    assert str(shop.private) in said


def test_workers_to_whose_disk_dask_can_spill_nothing_are_told_of(shop: SmallShop, tmp_path: Path) -> None:  # fmt: skip
    faults = tmp_path / "faults"
    faults.mkdir()
    (faults / "elsewhere").touch()
    (faults / "no-room").write_text("100")
    with running(1, faults=faults, DASK_DISTRIBUTED__WORKER__MEMORY__TARGET="1e-9") as (address, _):
        said = refused(shop, address)
    assert "写不下结果" in said or "请查看工作进程的日志" in said


def test_a_publisher_without_room_to_spill_is_told_of(
    shop: SmallShop, cluster: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.send(documents(100_000), "许多-示例数据.csv")
    cramped(monkeypatch, "max_temp_directory_size = '100KB'", memory="48MB")
    said = refused(shop, cluster.address)
    assert "腾出" in said
    assert str(shop.private) in said


def test_another_version_on_a_worker_is_told_of(shop: SmallShop, cluster: Faulty) -> None:
    cluster.befalls("other-version", "0.0.9")
    said = refused(shop, cluster.address)
    assert "0.0.9" in said
    assert "版本" in said


def test_a_scheduler_that_is_not_there_is_told_of(
    shop: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CONNECT_S", 1)
    said = refused(shop, "tcp://127.0.0.1:9")
    assert "连不上集群 tcp://127.0.0.1:9" in said
