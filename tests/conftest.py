"""What all tests share: their settings here, fixtures in tests/support/fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.support.fixtures.engines",
    "tests.support.fixtures.command",
    "tests.support.fixtures.releases",
    "tests.support.fixtures.browser",
    "tests.support.fixtures.selection",
]

# Messages are Chinese unless a test asks for English, whatever the language of who runs it.
os.environ["LANG"] = "C.UTF-8"

# What commands keep for the next one stays in the checkout.
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".pytest_cache")

# A shared machine is slow at times, and a test that fails once in a hundred runs helps nobody.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parent.parent
