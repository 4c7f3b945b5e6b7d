"""What an amended release says of itself: its manifest and its table of tallies."""

from __future__ import annotations

import csv
from typing import Any

from pipeline.release.data import draft
from pipeline.release.package import manifest
from pipeline.release.removal.loss import TALLIES, Loss


def tallies(loss: Loss) -> list[list[str]]:
    """The rows of run_tallies with each record that leaves counted as what it now is."""
    moved: dict[tuple[str, str], list[str]] = {}
    for name, leavers in loss.leavers.items():
        for leaver in leavers:
            moved.setdefault((leaver.source, name), []).append(leaver.part)
    path = loss.release / "data" / f"{TALLIES}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for part in moved.get((row["source_id"], row["dataset"]), ()):
            row["accepted"] = str(int(row["accepted"]) - 1)
            row[part] = str(int(row[part]) + 1)
    return [list(row.values()) for row in rows]


def amended(loss: Loss) -> dict[str, Any]:
    """The amended release's manifest, its list of files apart: who left, never what it was.

    The data of the release that is written has to be there already.
    """
    order, told = loss.order, manifest.read(loss.release)
    del told["files"]
    for name, leavers in loss.leavers.items():
        for leaver in leavers:
            if name in told["tallies"]:
                told["tallies"][name]["accepted"] -= 1
                told["tallies"][name][leaver.part] += 1
    link = manifest.link(loss.release)
    assert link
    note = {
        "on": order.on.isoformat(),
        "manifest_sha256": link["manifest_sha256"],
        "withdrawn": _left_as(loss, "withdrawn"),
        "lapsed": _left_as(loss, "withheld"),
    }
    if not order.replaces:
        return told | {"amendments": [*told["amendments"], note]}
    content = draft.content_hash(told, draft.data_hashes(loss.target))
    name = f"{told['today']}-{content[:8]}"
    return told | {
        "release": name,
        "number": order.number,
        "content": content,
        "parent": link,
        "chain": [*told["chain"], link],
        "amendments": [],
        "replaces": loss.release.name,
        "withdrawal": note,
    }


def _left_as(loss: Loss, part: str) -> list[list[str]]:
    """Dataset and key of each record that leaves as `part` of the tally."""
    every = [(name, leaver) for name, leavers in loss.leavers.items() for leaver in leavers]
    return [[name, leaver.key] for name, leaver in sorted(every) if leaver.part == part]
