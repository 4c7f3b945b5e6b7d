"""What several test files share: the command, the published sample, a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from pipeline.checks.results import parquet
from pipeline.flow import check as checking

ROOT = Path(__file__).parent.parent
TODAY = "2025-03-31"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Messages are Chinese unless a test asks for English, whatever the language of who runs it.
os.environ["LANG"] = "C.UTF-8"

# What commands keep for the next one stays in the checkout.
os.environ["XDG_CACHE_HOME"] = str(ROOT / ".pytest_cache")

# A shared machine is slow at times, and a test that fails once in a hundred runs helps nobody.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

Command = Callable[..., subprocess.CompletedProcess[str]]
PARTITIONS = (1, 2, 3, 7)  # into which a Dask cluster cuts each table


@dataclass(frozen=True)
class Published:
    """Where a run has put the sample inbox."""

    site: Path
    private: Path

    @property
    def current(self) -> Path:
        return self.site / "current"


#: Tests that check or publish, and do so on threads alone; all others do it on every engine.
LOCAL_ALONE = {
    "test_dask_engine": "has clusters of its own",
    "test_same_bytes_on_every_engine": "has clusters of its own",
    "test_dask_faults": "has clusters of its own",
    "test_scale": "measures and cramps one process",
    "site": "reads releases, which are the same to the byte whatever computed them",
}
#: Modules whose tests publish much: by default one test in so many goes to Dask.
ONE_IN = {"test_reuse": 4, "test_cache": 3, "test_no_row_is_lost": 3, "test_feedback": 2, "test_parts": 2, "test_publish": 2, "test_build": 3, "test_real_series": 2, "test_mirror": 3, "test_union": 4, "test_withdraw": 5}  # fmt: skip
_computing: list[str] = []  # what `gongshi` adds to `check` and `publish`
_under_way: list[pytest.Item] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engines", choices=["some", "all"], default="some", help="some: each test of checks and releases on threads and on Dask with one number of partitions; all: with 1, 2, 3 and 7")  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that use `every_engine` run on threads and on Dask."""
    is_once = metafunc.definition.get_closest_marker("once")
    if "every_engine" in metafunc.fixturenames and not is_once:
        every = metafunc.config.getoption("--engines") == "all"
        counts = PARTITIONS if every else _by_default(metafunc.module, metafunc.function.__name__)
        ids = ["local", *(f"dask-{n}" for n in counts)]
        metafunc.parametrize("every_engine", [0, *counts], ids=ids, indirect=True)


def _by_default(module: ModuleType, test: str) -> tuple[int, ...]:
    """One number of partitions, chosen by the module's name so that what its tests share is made once;
    or none, where only a share of the tests goes to Dask and `test` is not of it."""
    name = module.__name__.rpartition(".")[2]
    chosen = PARTITIONS[zlib.crc32(name.encode()) % len(PARTITIONS)]
    tests = [each for each in vars(module) if each.startswith("test_")]
    return (chosen,) if tests.index(test) % ONE_IN.get(name, 1) == 0 else ()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _under_way[:] = [item]


@pytest.fixture(scope="session", autouse=True)
def no_run_on_threads_alone() -> Iterator[None]:
    """Whatever test checks or publishes has to do so on every engine, or to be excepted by name."""
    honest = checking.run_checks

    def told(*args: Any) -> Any:
        _is_on_every_engine()
        return honest(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "run_checks", told)
        yield


def _is_on_every_engine() -> None:
    [item] = _under_way
    excepted = {item.path.stem, *item.path.parent.parts} & LOCAL_ALONE.keys()
    assert isinstance(item, pytest.Function)  # which alone has fixtures
    assert excepted or "every_engine" in item.fixturenames, "it checks or publishes on threads alone: let it use every_engine"  # fmt: skip


@pytest.fixture(scope="module")
def cluster_here() -> Iterator[Any]:
    """A Dask cluster of two workers, threads of this process; a Client of it.

    Of a module, not of the session: its threads draw from `random`, which other modules' property
    tests must find as they left it.
    """
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0", protocol="tcp") as local,
        Client(local, set_as_default=False) as client,
    ):  # fmt: skip
        yield client


@pytest.fixture(scope="module")
def every_engine(request: pytest.FixtureRequest) -> Iterator[int]:
    """Makes every check and every release on threads (0), or on Dask in so many partitions.

    A test asks for it by `pytest.mark.usefixtures`, or through a fixture that publishes.
    """
    count: int = getattr(request, "param", 0)
    if not count:
        yield 0
        return
    import distributed

    from pipeline.flow.dask_engine import Spread

    client, honest = request.getfixturevalue("cluster_here"), checking.run_checks
    spread = Spread(distributed, client, count)

    def spreading(inbox: Any, private: Any, means: Any, orders: Any) -> Any:
        return honest(inbox, private, replace(means, engine=spread), orders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "run_checks", spreading)
        patch.setattr(parquet, "LEAST", 0)  # few rows as they are, each piece lays them down
        _computing[:] = ["--engine", "dask", "--scheduler", client.scheduler.address, "--partitions", str(count)]  # fmt: skip
        yield count
        _computing.clear()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def gongshi() -> Command:
    """Runs the command as a user does: `gongshi("check", inbox, env={"LANG": "en_GB"})`."""

    def go(
        *arguments: object, env: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        code = "import sys; from pipeline.cli import main; sys.exit(main())"
        if arguments[0] in ("check", "publish") and "--engine" not in arguments:
            _is_on_every_engine()
            arguments = (*arguments, *_computing)
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=options.pop("cwd", ROOT),
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            **options,
        )

    return go


@pytest.fixture(scope="session")
def samples() -> dict[int, Published]:
    """The sample as each engine has published it, by number of partitions."""
    return {}


@pytest.fixture(scope="module")
def published(
    every_engine: int,
    samples: dict[int, Published],
    gongshi: Command,
    tmp_path_factory: pytest.TempPathFactory,
) -> Published:
    """The sample inbox, published once on an engine for all tests that only read it."""
    if every_engine not in samples:
        folder = tmp_path_factory.mktemp("published")
        made = Published(folder / "site", folder / "private")
        done = gongshi(
            "publish", "examples/inbox", "--site", made.site, "--private", made.private, "--today", TODAY
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        samples[every_engine] = made
    return samples[every_engine]


@pytest.fixture(scope="session")
def real_inbox() -> Path:
    """Input that nobody here wrote."""
    inbox = ROOT.parent / "shared" / "real" / "inbox"
    if not inbox.is_dir():
        if os.environ.get("CI"):
            pytest.fail("the real input is not there")
        # A clone elsewhere has no such folder; CI has it, and fails above.
        pytest.skip("needs ../shared/real beside the checkout")
    return inbox


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium by playwright: `page = browser.new_page()`."""
    from playwright.sync_api import sync_playwright

    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium found; make test brings it, or CHROMIUM names it")
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, and CI often is root.
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()
