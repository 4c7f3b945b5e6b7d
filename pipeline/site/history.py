"""What became of a record or a release over time, from every kept release's `changes.csv`."""

from __future__ import annotations

import csv
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.site.folder import ReleaseFolder

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


def of_record(past: Sequence[ReleaseFolder], dataset: str, key: list[str]) -> list[Event]:
    """What the kept releases, the newest first, did to a record that is published now."""
    wanted = (dataset, _KEY_SEPARATOR.join(key))
    found = []
    # The oldest is not looked through: what no later release added was in it from the start.
    for release in past[:-1]:
        if change := _changes(release).get(wanted):
            verb, columns = change
            names = tuple(columns.replace(";", " ").replace(",", " ").split())
            found.append(Event(release.id, release.today, verb, names))
    if past and not any(event.verb == "added" for event in found):
        found.append(Event(past[-1].id, past[-1].today, "present", ()))
    return found


def of_release(release: ReleaseFolder) -> dict[str, Counter[str]]:
    """How many records of each dataset a release added, changed, removed or withdrew."""
    counts: dict[str, Counter[str]] = {}
    for (dataset, _), (verb, _) in _changes(release).items():
        counts.setdefault(dataset, Counter())[verb] += 1
    return counts


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
