"""The history of a record over releases, and the counts of changes of a release."""

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
    """The changes of a published record by release, the latest first.

    The table `changes` has all releases, also those no longer kept. A record that no release added
    was in the first one.
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
    """Counts of records by dataset and verb: added, changed, removed, withdrawn."""
    counts: dict[str, Counter[str]] = {}
    for (dataset, _), (verb, _) in _changes(release).items():
        counts.setdefault(dataset, Counter())[verb] += 1
    return counts


def summed(release: ReleaseFolder) -> Counter[str]:
    """Counts of records by verb, over all datasets of a release."""
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
