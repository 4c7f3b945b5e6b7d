"""What several test files share: the command, the published sample, a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
TODAY = "2025-03-31"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Messages are Chinese unless a test asks for English, whatever the language of who runs it.
os.environ["LANG"] = "C.UTF-8"

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


_computing: list[str] = []  # what `gongshi` adds to `check` and `publish`


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engines", choices=["some", "all"], default="some", help="some: each test of checks and releases on threads and on Dask with one number of partitions; all: with 1, 2, 3 and 7")  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that use `every_engine` run on threads and on Dask; by default each with one number of
    partitions, chosen by its name, so that every number has its share."""
    if "every_engine" in metafunc.fixturenames:
        chosen = zlib.crc32(metafunc.function.__name__.encode()) % len(PARTITIONS)
        every = metafunc.config.getoption("--engines") == "all"
        counts = PARTITIONS if every else (PARTITIONS[chosen],)
        ids = ["local", *(f"dask-{n}" for n in counts)]
        metafunc.parametrize("every_engine", [0, *counts], ids=ids, indirect=True)


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


@pytest.fixture
def every_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Makes every check and every release of the test on threads (0), or on Dask in so many partitions."""
    count: int = request.param
    if not count:
        yield 0
        return
    import distributed

    from pipeline import run
    from pipeline.checks import parts
    from pipeline.cluster import Spread

    client, honest = request.getfixturevalue("cluster_here"), run._check
    spread = Spread(distributed, client, count)
    monkeypatch.setattr(run, "_check", lambda *a: honest(*a[:-1], spread))
    monkeypatch.setattr(parts, "LEAST", 0)  # few rows as they are, each piece lays them down
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

    def run(
        *arguments: object, env: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        code = "import sys; from pipeline.cli import main; sys.exit(main())"
        if arguments[0] in ("check", "publish") and "--engine" not in arguments:
            arguments = (*arguments, *_computing)
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=options.pop("cwd", ROOT),
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            **options,
        )

    return run


@pytest.fixture(scope="session")
def published(gongshi: Command, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The sample inbox, published once for all tests that only read it."""
    folder = tmp_path_factory.mktemp("published")
    site, private = folder / "site", folder / "private"
    done = gongshi(
        "publish", "examples/inbox", "--site", site, "--private", private, "--today", TODAY
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Published(site, private)


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
