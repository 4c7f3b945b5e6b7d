"""A place of its own in which an inbox is published, far from the publisher's site and key."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pipeline import run as whole_way
from pipeline.base.errors import UnreadableInput, UsageError
from pipeline.base.model import Catalog
from pipeline.base.words import language, say
from pipeline.flow.read_inbox import Run
from pipeline.intake.table.sources_yaml import entries

_PRIVATE_TO_ME = 0o700


@dataclass(frozen=True, slots=True)
class Setting:
    """What is published: the publisher's `inbox` by the contract `catalog`, as of `today`."""

    inbox: Path
    catalog: Catalog
    site_words: Mapping[str, Any]
    today: date


@dataclass(frozen=True, slots=True)
class Aside:
    """One publication: the copy of the inbox, the public release, and what the run has found."""

    inbox: Path
    release: Path
    private: Path
    run: Run


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder that nobody else can read: removed at the end, whatever happens, unless it is `keep`.

    UsageError where `keep` is there already and not empty.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="gongshi-privacy-test-") as made:
            yield Path(made)
        return
    try:
        keep.mkdir(_PRIVATE_TO_ME, parents=True, exist_ok=True)
        is_empty = not any(keep.iterdir())
    except OSError as error:
        why = error.strerror
        raise UsageError(say("privacy-test-keep", language(), path=keep, why=why)) from error
    if not is_empty:
        raise UsageError(say("privacy-test-not-empty", language(), path=keep))
    yield keep


def copied(inbox: Path, target: Path) -> Path:
    """A copy of an inbox at `target`, without other publishers' packages: nothing is fetched.

    A link stays a link: one that leads out of the copy is not read, and never written through.
    UnreadableInput where `inbox` cannot be read.
    """
    if not inbox.is_dir():
        raise UnreadableInput(say("inbox-missing", language(), path=inbox))
    try:
        shutil.copytree(inbox, target, symlinks=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise UnreadableInput(say("inbox-unreadable", language(), path=inbox, why=why)) from error
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():  # the copy of what is read-only can be written to
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    listed = entries(target / "sources.yaml")
    if any("package" in entry for entry in listed):
        own = [entry for entry in listed if "package" not in entry]
        (target / "sources.yaml").write_text(yaml.safe_dump(own, allow_unicode=True), "utf-8")
    return target


def publish(inbox: Path, folder: Path, setting: Setting, downloads: bool) -> Aside:
    """Publish the copy `inbox` into `folder`, with a key of its own.

    A dataset that fails what is expected of it is published all the same, since what is planted
    makes many records wait. Raises what `pipeline.run.publish` raises.
    """
    site, private = folder / "site", folder / "private"
    read = [name for name, d in setting.catalog.datasets.items() if not d.produced]
    allowed = whole_way.Allowed(downloads=downloads, accept=dict.fromkeys(read, "privacy test"))
    job = whole_way.Job(inbox, site, private, setting.catalog, setting.site_words, setting.today, allowed)  # fmt: skip
    release, _, run = whole_way.publish(job)
    run.con.close()
    return Aside(inbox, site / "releases" / release, private, run)
