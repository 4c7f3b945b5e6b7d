"""The engine `dask` gives what threads of one process give, and outlives its workers."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import distributed
import httpx
import psutil
import pytest
from distributed import Client

from pipeline import run
from pipeline.base.engine import Unseen
from pipeline.base.errors import StoreError, Unaccounted
from pipeline.checks.results import parquet
from pipeline.flow import dask_engine
from pipeline.intake.text import ranges
from tests.support.clusters import running
from tests.support.shop import ROOT, PenaltyShop, Shop, hashes, penalties

pytestmark = pytest.mark.slow  # it starts clusters

TODAY = date(2025, 3, 31)
Command = Callable[..., subprocess.CompletedProcess[str]]


def sent(folder: Path) -> Shop:
    """Three files, in two encodings: cells with line breaks, bad dates, the same keys in two files."""
    shop = PenaltyShop(folder)
    for number in range(3):
        rows = penalties(60)[number::3]
        rows[1]["处罚决定日期"] = "不详"
        rows[2]["违法事实"] = "第一行\n第二行，“示例”"
        shop.send(rows, f"处罚{number}-示例数据.csv")
    again = penalties(60)[:4]
    again[0]["罚款金额（万元）"] = "99"
    shop.send([*again, *penalties(60)[6:9]], "再报-示例数据.csv")
    path = shop.inbox / "再报-示例数据.csv"
    path.write_bytes(path.read_text("utf-8").encode("gb18030"))
    return shop


def told(shop: Shop) -> dict[str, bytes]:
    names = ["findings.csv", "findings.json", "run.json", "withheld.csv"]
    files = [*(shop.private / name for name in names), *(shop.private / "quarantine").iterdir()]
    return {path.name: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, bytes]]:
    """What threads of this process make of the files: the release, and what was found."""
    shop = sent(tmp_path_factory.mktemp("local"))
    return hashes(shop.publish()), told(shop)


def spread_over(shop: Shop, spread: Any) -> dict[str, str]:
    release, _, _ = run.publish(
        run.Job(
            shop.inbox,
            shop.site,
            shop.private,
            shop.contract,
            shop.words,
            TODAY,
            run.Allowed(downloads=False),
            spread,
        )
    )
    return hashes(shop.site / "releases" / release)


@pytest.mark.parametrize("partitions", [1, 2, 3, 7])
def test_a_release_is_the_same_to_the_byte_whatever_computed_it(
    tmp_path: Path,
    local: tuple[dict[str, str], dict[str, bytes]],
    two_workers: str,
    monkeypatch: pytest.MonkeyPatch,
    partitions: int,
) -> None:
    monkeypatch.setattr(parquet, "LEAST", 0)
    shop = sent(tmp_path)
    with dask_engine.engine(two_workers, lambda _: None, partitions) as spread:
        assert spread_over(shop, spread) == local[0]
    assert told(shop) == local[1]


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers of this process's cluster would see on a machine without PRIVATE: nothing."""
    read, is_here = ranges.Range._read, parquet.Home.is_here

    def is_worker() -> bool:
        return "Dask" in threading.current_thread().name

    def not_there(self: ranges.Range) -> bytes:
        if is_worker():
            raise Unseen(str(self.path))
        return read(self)

    monkeypatch.setattr(ranges.Range, "_read", not_there)
    monkeypatch.setattr(parquet.Home, "is_here", lambda self: not is_worker() and is_here(self))


def test_workers_that_do_not_see_private_give_the_same(
    tmp_path: Path,
    local: tuple[dict[str, str], dict[str, bytes]],
    cluster_here: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "LEAST", 0)
    elsewhere(monkeypatch)
    shop = sent(tmp_path)
    assert spread_over(shop, dask_engine.Spread(distributed, cluster_here, 3)) == local[0]
    assert told(shop) == local[1]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_a_worker_without_room_for_its_rows_ends_the_run_and_changes_nothing(
    tmp_path: Path, cluster_here: Client, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    shop = sent(tmp_path)
    before = shop.publish()

    def full(_: Any, folder: Path, key: bytes) -> None:
        raise OSError(error, os.strerror(error), str(folder))

    monkeypatch.setattr(parquet, "LEAST", 0)
    monkeypatch.setattr(parquet, "_part", full)
    shop.send(penalties(90)[60:], "更多-示例数据.csv")
    with pytest.raises(StoreError, match="写不下结果") as raised:
        spread_over(shop, dask_engine.Spread(distributed, cluster_here, 3))
    assert raised.value.exit_code == 5
    assert shop.current == before
    assert shop.releases() == [before.name]


@pytest.fixture
def one_worker() -> Iterator[str]:
    with running(1) as (address, _):
        yield address


@pytest.mark.parametrize("workers", ["one_worker", "two_workers"])
def test_results_come_in_the_order_of_the_pieces(request: pytest.FixtureRequest, workers: str) -> None:  # fmt: skip
    with dask_engine.engine(request.getfixturevalue(workers), lambda _: None) as spread:
        assert list(spread(_slow_at_first, range(23))) == [n * n for n in range(23)]


def _slow_at_first(number: int) -> int:
    time.sleep(0.2 if number < 3 else 0)
    return number * number


def test_a_piece_that_never_works_ends_the_run_in_one_sentence(two_workers: str) -> None:
    with (
        dask_engine.engine(two_workers, lambda _: None) as spread,
        pytest.raises(StoreError, match="工作进程的日志"),
    ):
        list(spread(_never_works, ["甲"]))


def _never_works(name: str) -> str:
    raise OSError(name)


def test_a_lost_row_is_told_as_that_and_not_as_the_clusters_fault(two_workers: str) -> None:
    with (
        dask_engine.engine(two_workers, lambda _: None) as spread,
        pytest.raises(Unaccounted, match="one row"),
    ):
        list(spread(_loses_a_row, ["甲"]))


def _loses_a_row(_: str) -> str:
    raise Unaccounted("one row is gone")


def test_other_versions_on_the_workers_are_refused(
    two_workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "version", lambda name: f"{name} of tomorrow")
    with pytest.raises(StoreError, match="版本"), dask_engine.engine(two_workers, lambda _: None):
        pass


def test_another_version_on_a_worker_that_comes_later_is_refused(cluster_here: Client) -> None:
    spread = dask_engine.Spread(distributed, cluster_here, 3)
    spread._versions = {**spread._versions, "duckdb": "0.0.9"}
    with pytest.raises(StoreError, match=r"≠ 0\.0\.9"):
        list(spread(_takes_a_while, range(3)))


def _takes_a_while(number: int) -> int:
    time.sleep(0.3)
    return number


def test_a_piece_that_takes_longer_than_we_ask_is_waited_for(
    cluster_here: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "ASK_S", 0.05)
    monkeypatch.setattr(dask_engine, "LOST_S", 0.01)
    assert list(dask_engine.Spread(distributed, cluster_here, 3)(_takes_a_while, range(3))) == [
        0,
        1,
        2,
    ]


def test_a_piece_that_ran_out_of_its_own_time_is_no_lost_cluster(cluster_here: Client) -> None:
    with pytest.raises(StoreError, match="took too long"):
        list(dask_engine.Spread(distributed, cluster_here, 3)(_times_out, ["甲"]))


def _times_out(_: str) -> str:
    raise TimeoutError("took too long")


def test_a_cluster_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_S", 3)
    with (
        running(0) as (address, _),
        pytest.raises(StoreError, match="没有可用的工作进程"),
        dask_engine.engine(address, lambda _: None),
    ):
        pass


@pytest.mark.parametrize("options", [["--engine", "spark"], ["--scheduler", "tcp://127.0.0.1:9"]])
def test_an_engine_that_is_not_there_is_wrong_usage(
    gongshi: Command, tmp_path: Path, options: list[str]
) -> None:
    (tmp_path / "inbox").mkdir()
    told = gongshi("check", tmp_path / "inbox", "--private", tmp_path / "private", *options)
    assert told.returncode == 2
    assert "--engine" in told.stderr


@pytest.fixture(scope="module")
def watched() -> Iterator[str]:
    """The address at which a cluster of our own tells that its work can be watched."""
    told: list[str] = []
    with dask_engine.engine(report=told.append):
        yield re.findall(r"http://\S+/status", told[0])[0]


def test_the_link_that_is_told_shows_what_the_workers_do(watched: str) -> None:
    page = httpx.get(watched)
    assert page.status_code == 200
    assert "bokeh" in page.text and "Status" in page.text
    assert "pip install" not in page.text  # what Dask answers where there is nothing to draw with


def test_what_the_workers_do_is_shown_to_this_machine_alone(watched: str) -> None:
    port = httpx.URL(watched).port
    listening = [c.laddr for c in psutil.Process().net_connections() if c.status == "LISTEN"]
    assert {place.ip for place in listening if place.port == port} == {"127.0.0.1"}


def test_the_extra_is_pinned_with_the_rest() -> None:
    pinned = (ROOT / "requirements" / "cluster.txt").read_text("utf-8")
    assert "distributed==" in pinned and "bokeh==" in pinned
