"""What became of a record, or with a release, over time."""

from __future__ import annotations

import csv
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.folder import ReleaseFolder

_KEY_SEPARATOR = ","
_KNOWN: OrderedDict[tuple[Path, int], Mapping[tuple[str, str], tuple[str, str]]] = OrderedDict()
_MOST_KNOWN = 24


@dataclass(frozen=True, slots=True)
class Event:
    """What one release did to a record."""

    release: str
    date: str
    verb: str
    columns: tuple[str, ...]


async def of_record(edition: Edition, dataset: str, key: list[str]) -> list[Event]:
    """What releases did to a record that is published now, the latest first.

    The public table `changes` knows of all releases, also of those that are no longer kept; what
    no release added was there from the start.
    """
    found = []
    if "changes" in edition.tables:
        releases = [
            row[0] for row in await edition.db.cached_rows("select distinct release from changes")
        ]
        marks = ", ".join("?" * len(releases))
        rows = await edition.db.rows(
            "select release, released_on, verb, columns from changes"
            f" where release in ({marks}) and dataset = ? and key = ? order by released_on desc",
            [*releases, dataset, _KEY_SEPARATOR.join(key)],
        )
        found = [
            Event(r[0], r[1] or "", r[2], tuple(filter(None, (r[3] or "").split(";"))))
            for r in rows
        ]
    if edition.past and not any(event.verb == "added" for event in found):
        first = edition.past[-1]
        verb = "present" if first.manifest.get("parent") else "added"
        found.append(Event(first.id, first.today, verb, ()))
    return found


def of_release(release: ReleaseFolder) -> dict[str, Counter[str]]:
    """How many records of each dataset a release added, changed, removed or withdrew."""
    counts: dict[str, Counter[str]] = {}
    for (dataset, _), (verb, _) in _changes(release).items():
        counts.setdefault(dataset, Counter())[verb] += 1
    return counts


def summed(release: ReleaseFolder) -> Counter[str]:
    """How many records a release added, changed, removed or withdrew in all."""
    return sum(of_release(release).values(), Counter())


def _changes(release: ReleaseFolder) -> Mapping[tuple[str, str], tuple[str, str]]:
    path = release.path / "changes.csv"
    if not path.is_file():
        return {}
    stamp = (path, path.stat().st_mtime_ns)
    if stamp not in _KNOWN:
        _KNOWN[stamp] = dict(_read(path))
        while len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.popitem(last=False)
    return _KNOWN[stamp]


def _read(path: Path) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield (row["dataset"], row["key"]), (row["verb"], row["columns"])
