"""A release as the site reads it: its folder, metadata and manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.base.errors import StoreError, UsageError
from pipeline.base.words import Lang, language, say
from pipeline.release.package import manifest
from pipeline.release.package.metadata import DATABASE

_NEEDED = ("disclosure.db", "metadata.json", "manifest.json")


@dataclass(frozen=True, slots=True)
class ReleaseFolder:
    """One release under `site/releases/`, resolved once: `current` may move on meanwhile."""

    path: Path
    metadata: Mapping[str, Any]  # by language
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The release's identifier, in its folder's name, in addresses and in its ETag."""
        return self.path.name

    def words(self, lang: Lang) -> Mapping[str, Any]:
        """metadata.yml's words, limits and code lists in `lang`: Datasette has no key for them."""
        words: Mapping[str, Any] = self.metadata[lang]["plugins"]["gongshi"]
        return words

    @property
    def limits(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.words("zh")["limits"]
        return found

    @property
    def today(self) -> str:
        """The day that the checks used as today, as an ISO date."""
        return str(self.words("zh")["today"])

    def tables(self, lang: Lang) -> dict[str, Mapping[str, Any]]:
        """Each table's metadata in the contract's order, without the search indexes."""
        tables = self.metadata[lang]["databases"][DATABASE]["tables"]
        shown = {name: table for name, table in tables.items() if not table.get("hidden")}
        return dict(sorted(shown.items(), key=lambda item: item[1]["plugins"]["gongshi"]["order"]))

    def queries(self, lang: Lang) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]]
        found = self.metadata[lang]["databases"][DATABASE].get("queries", {})
        return found


def current(site: Path) -> ReleaseFolder:
    """The release that `site/current` points to. UsageError where there is none; else as `read`."""
    link = site / "current"
    if not link.exists():
        raise UsageError(say("no-release", language(), site=site))
    return read(link.resolve())


def read(folder: Path) -> ReleaseFolder:
    """The release in `folder`.

    StoreError where a file that the site needs is missing, UsageError where the release was made
    without a database of all tables. OSError and ValueError where a file cannot be read.
    """
    if not has_database(folder):
        site = folder.parent.parent
        raise UsageError(say("no-database", language(), release=folder.name, site=site))
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise StoreError(say("release-broken", language(), release=folder.name, file=name))
    return ReleaseFolder(folder, _json(folder / "metadata.json"), _json(folder / "manifest.json"))


def has_database(folder: Path) -> bool:
    """Whether a release has the database that the site reads: a release too large has none."""
    return "disclosure.db" in manifest.read(folder).get("files", ("disclosure.db",))


def kept(site: Path) -> list[ReleaseFolder]:
    """Every release in `site` that has all the files the pages need, the newest first."""
    folders = [f for f in (site / "releases").iterdir() if (f / "manifest.json").is_file()]
    whole = [f for f in folders if all((f / name).is_file() for name in _NEEDED)]
    return sorted((read(f) for f in whole), key=lambda r: (r.today, r.id), reverse=True)


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
