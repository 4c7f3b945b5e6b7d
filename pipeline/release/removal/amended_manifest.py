"""The manifest of an amended release, and its table of tallies."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from pipeline.release.data import draft
from pipeline.release.package import expectations, manifest
from pipeline.release.removal.plan import TALLIES, RemovalPlan


def tallies(plan: RemovalPlan) -> list[list[str]]:
    """The rows of run_tallies, with each removed record counted as withdrawn or withheld.

    Those of a dataset that is held back are not counted: they are of an earlier release.
    """
    moved: dict[tuple[str, str], list[str]] = {}
    held = _held_back(manifest.read(plan.release))
    for name, removed in plan.removed.items():
        for record in removed if name not in held else ():
            moved.setdefault((record.source, name), []).append(record.part)
    path = plan.release / "data" / f"{TALLIES}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for part in moved.get((row["source_id"], row["dataset"]), ()):
            row["accepted"] = str(int(row["accepted"]) - 1)
            row[part] = str(int(row[part]) + 1)
    return [list(row.values()) for row in rows]


def _held_back(content: Mapping[str, Any]) -> set[str]:
    """The datasets of a manifest whose rows are not those that its tallies count."""
    return {each["dataset"] for each in content.get(expectations.HELD_BACK, ())}


def amended(plan: RemovalPlan) -> dict[str, Any]:
    """The manifest of the amended release without its list of files.

    It lists the keys of removed records, never their values. The data in `plan.target` must already
    be written, since its hash is the new id.
    """
    amendment, content = plan.amendment, manifest.read(plan.release)
    del content["files"]
    held = _held_back(content)
    for name, removed in plan.removed.items():
        for record in removed:
            if name in content["tallies"] and name not in held:
                content["tallies"][name]["accepted"] -= 1
                content["tallies"][name][record.part] += 1
    link = manifest.link(plan.release)
    assert link
    note = {
        "on": amendment.on.isoformat(),
        "manifest_sha256": link["manifest_sha256"],
        "withdrawn": _removed_as(plan, "withdrawn"),
        "lapsed": _removed_as(plan, "withheld"),
    }
    if not amendment.replaces:
        return content | {"amendments": [*content["amendments"], note]}
    digest = draft.content_hash(content, draft.data_hashes(plan.target))
    name = f"{content['today']}-{digest[:8]}"
    return content | {
        "release": name,
        "number": amendment.number,
        "content": digest,
        "parent": link,
        "chain": [*content["chain"], link],
        "amendments": [],
        "replaces": plan.release.name,
        "withdrawal": note,
    }


def _removed_as(plan: RemovalPlan, part: str) -> list[list[str]]:
    """[dataset, key] of each removed record that is counted in this part of the tally."""
    every = [(name, record) for name, removed in plan.removed.items() for record in removed]
    return [[name, record.key] for name, record in sorted(every) if record.part == part]
