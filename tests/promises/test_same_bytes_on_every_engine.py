"""A release is the same to the byte whatever computed it: the sample, real input, parts, a union."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import distributed
import pyarrow.parquet as pq
import pytest
from distributed import Client

from pipeline import run
from pipeline.base.engine import LOCAL, Engine
from pipeline.checks.results import parquet
from pipeline.flow.dask_engine import Spread
from tests.publishers.test_union import NAMES, Place, entry
from tests.support.fixtures.engines import PARTITIONS
from tests.support.fixtures.releases import Published
from tests.support.shop import ROOT, TODAY, Shop, WidePenaltyShop, hashes, penalties

pytestmark = pytest.mark.slow

#: What PRIVATE has of how it was computed: pieces as they were cut, under names made by chance.
AS_IT_WAS_CUT = {"cache", "changes"}
BY_DEFAULT = {"sample": (2,), "real": (7,), "in parts": (3,), "union": (1, 7)}

Outcome = tuple[dict[str, str], dict[str, str], list[tuple[str, ...]]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Everything with every number of partitions; by default with each number once, and 7 twice.

    Parts are written with each number in `tests/release/package/test_parts.py`.
    """
    every = metafunc.config.getoption("--engines") == "all"
    pairs = [(n, c) for n, counts in BY_DEFAULT.items() for c in (PARTITIONS if every else counts)]
    metafunc.parametrize(("name", "partitions"), pairs)


def in_parts(folder: Path) -> Shop:
    shop = WidePenaltyShop(folder)
    shop.words["parts"] = {"by": ["year", "region"], "above_rows": 10}
    rows = penalties(60)
    for number in range(3):
        shop.send(rows[number::3], f"处罚{number}-示例数据.csv")
    shop.send(rows[:8:2], "再报-示例数据.csv")
    return shop


def union(folder: Path) -> Shop:
    """Three districts, each published on threads, and a province that lists them."""
    entries, rows = [], penalties(30)
    for number, name in enumerate(NAMES):
        place = Place(folder / name, f"{number + 1:02d}" * 32)
        place.send(rows[number * 10 : number * 10 + 10])
        place.publish(downloads=True)
        entries.append(entry(name, place.site / "current", key=str(place.key)))
    province = Place(folder / "province", "77" * 32)
    province.unite(entries)
    return province


#: Of these all is made here. The two large inboxes have been published on threads for other tests.
SHOPS: dict[str, Callable[[Path], Shop]] = {"in parts": in_parts, "union": union}
LARGE = {"sample": ("published", ROOT / "examples" / "inbox"), "real": ("published_real", ROOT.parent / "shared" / "real" / "inbox")}  # fmt: skip


def outcome(release: Path, private: Path) -> Outcome:
    """The release, downloads and all, and what is told in PRIVATE: to the byte, and row for row."""
    told = {n: h for n, h in hashes(private).items() if Path(n).parts[0] not in AS_IT_WAS_CUT}
    return hashes(release), told, changed(private / "changes")


def published(shop: Shop, folder: Path, engine: Engine) -> Outcome:
    """What `engine` makes of a shop's inbox, with the shop's key, in another folder."""
    site, private = folder / "site", folder / "private"
    private.mkdir(parents=True)
    (private / "key").write_bytes((shop.private / "key").read_bytes())
    release, _, _ = run.publish(
        run.Job(shop.inbox, site, private, shop.contract, shop.words, TODAY, engine=engine)
    )
    return outcome(site / "releases" / release, private)


def changed(folder: Path) -> list[tuple[str, ...]]:
    """The record of changed cells, which is the same row for row, in whatever order."""
    rows = (row for path in folder.glob("*.parquet") for row in pq.read_table(path).to_pylist())
    return sorted(tuple(map(str, row.values())) for row in rows)


def as_read_by_others(request: pytest.FixtureRequest, name: str, folder: Path) -> tuple[Shop, Outcome]:  # fmt: skip
    """A large inbox, and the release of it that threads made for all tests that read it."""
    fixture, inbox = LARGE[name]
    there: Published = request.getfixturevalue(fixture)
    shop = Shop(folder / "shop", keep=12)
    shop.inbox, shop.private = inbox, there.private
    return shop, outcome(there.current.resolve(), there.private)


@pytest.fixture(scope="module")
def on_threads(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Shop, Outcome]]:  # fmt: skip
    """A shop by name, and what threads of this process make of its inbox, once for each."""

    @cache
    def get(name: str) -> tuple[Shop, Outcome]:
        folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
        if name in LARGE:
            return as_read_by_others(request, name, folder)
        shop = SHOPS[name](folder / "shop")
        return shop, published(shop, folder / "threads", LOCAL)

    return get


def test_release_findings_and_run_are_the_same_to_the_byte_on_dask(
    name: str,
    partitions: int,
    on_threads: Callable[[str], tuple[Shop, Outcome]],
    cluster_here: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, expected = on_threads(name)
    monkeypatch.setattr(parquet, "LEAST", 0)  # few rows as they are, each piece lays them down
    release, told, cells = published(shop, tmp_path, Spread(distributed, cluster_here, partitions))
    assert release == expected[0]
    assert told == expected[1]
    assert cells == expected[2]
    assert {"findings.csv", "findings.json", "run.json"} <= told.keys()
    assert any(file.startswith("downloads/") for file in release)
