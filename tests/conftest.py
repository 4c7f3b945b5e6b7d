"""What several test files share: the command, the published sample, a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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


@dataclass(frozen=True)
class Published:
    """Where a run has put the sample inbox."""

    site: Path
    private: Path

    @property
    def current(self) -> Path:
        return self.site / "current"


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
