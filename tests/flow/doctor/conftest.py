"""A small site in good order, which each test spoils in one way."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

import pytest

from pipeline.base import words
from pipeline.base.files import write_durably
from pipeline.flow.doctor.result import Place, Result, State
from pipeline.release.package import manifest, store

ROOT = Path(__file__).parents[3]
LANGS: tuple[words.Lang, ...] = ("zh", "en")
RELEASE = "2025-03-31-0123abcd"
BEIJING = timezone(timedelta(hours=8))
SECRET = bytes(range(32))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder for each, a release on show, a key: all of it right, on a day after the release's."""
    site, private, inbox = tmp_path / "site", tmp_path / "private", tmp_path / "inbox"
    private.mkdir(mode=0o700)
    inbox.mkdir()
    (inbox / "甲.csv").write_text("甲\n", "utf-8")
    write_durably(private / "key", SECRET.hex(), 0o600)
    make_release(site, RELEASE)
    store.switch(site, RELEASE)
    site.chmod(0o755)
    for folder in (site, private):
        (folder / ".lock").touch()
    now = datetime.now(BEIJING)
    return Place(site, private, inbox, 8001, ROOT / "datapackage", ROOT, now, 60.0)


def make_release(site: Path, name: str) -> Path:
    """A signed release with one file."""
    folder = site / "releases" / name
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.csv").write_text("a\n1\n", "utf-8")
    pem = manifest.public_pem(manifest.signing_key(SECRET))
    (folder / manifest.PUBLIC_KEY).write_bytes(pem)
    inputs = {"甲.csv": "0" * 64}
    content = {"today": name[:10], "number": 1, "inputs": inputs, "files": manifest.hashed(folder)}
    manifest.sign(folder, content, SECRET)
    return folder


class Finds(Protocol):
    def __call__(self, result: Result, state: State, key: str) -> None: ...


@pytest.fixture
def finds() -> Finds:
    """Says whether a result is the one expected, and whether all that its sentences need is there."""

    def holds(result: Result, state: State, key: str) -> None:
        assert (result.state, result.key) == (state, f"doctor-{key}")
        for lang in LANGS:
            assert result.title(lang) and result.message(lang)
            assert bool(result.advice(lang)) == (state != "right")
        assert set(needed(result)) <= result.params.keys()

    return holds


def needed(result: Result) -> Iterator[str]:
    """The params that the sentences of a result are filled in from."""
    keys = [result.key] if result.state == "right" else [result.key, f"{result.key}-do"]
    for key in keys:
        for text in words._entries()[key].values():
            yield from (name for _, name, _, _ in string.Formatter().parse(text) if name)
