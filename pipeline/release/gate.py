"""What a release must pass before anyone sees it."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.errors import GateRefused
from pipeline.model import Dataset
from pipeline.release.package import write_json
from pipeline.words import language, say

WHOLE_UP_TO = 20_000  # rows of one table that frictionless reads whole; of a larger one, as many
SHOWN = 5


def valid_package(folder: Path, descriptor: dict[str, Any], datasets: Sequence[Dataset]) -> None:
    """`frictionless validate` with no limit on errors finds the package valid, or GateRefused.

    Tables above `WHOLE_UP_TO` rows are given to it as a sample of their first rows; of the others
    every row. Our own checks have read every row of both.
    """
    from frictionless import Package, system

    large = {r["name"] for r in descriptor["resources"] if r["gongshi:rows"] > WHOLE_UP_TO}
    with tempfile.TemporaryDirectory() as aside:
        judged = _sampled(folder, descriptor, large, Path(aside)) if large else folder
        with system.use_context(trusted=True):
            report = Package(str(judged / "datapackage.json")).validate(limit_errors=1_000_000)
    if not report.valid:
        errors = report.flatten(["title", "rowNumber", "fieldName", "note"])
        listed = "; ".join(
            " ".join(str(part) for part in error if part) for error in errors[:SHOWN]
        )
        raise GateRefused(say("gate-package", language(), count=len(errors), listed=listed))


def _sampled(folder: Path, descriptor: dict[str, Any], large: set[str], aside: Path) -> Path:
    (aside / "data").mkdir()
    resources = []
    for resource in descriptor["resources"]:
        source, copy = folder / resource["path"], aside / resource["path"]
        if resource["name"] in large:
            with (
                source.open(encoding="utf-8", newline="") as rows,
                copy.open("w", encoding="utf-8", newline="") as out,
            ):
                csv.writer(out, lineterminator="\n").writerows(
                    islice(csv.reader(rows), WHOLE_UP_TO + 1)
                )
            resource = {k: v for k, v in resource.items() if k not in ("bytes", "hash")}
        else:
            copy.symlink_to(source.resolve())
        foreign = [
            key
            for key in resource["schema"].get("foreignKeys", ())
            if not {resource["name"], key["reference"]["resource"]} & large
        ]
        schema = {k: v for k, v in resource["schema"].items() if k != "foreignKeys"} | (
            {"foreignKeys": foreign} if foreign else {}
        )
        resources.append({**resource, "schema": schema})
    write_json(aside / "datapackage.json", {**descriptor, "resources": resources})
    return aside


def expectations(
    datasets: Sequence[Dataset], read: dict[str, int], held_back: dict[str, int]
) -> None:
    """No dataset has a larger share of quarantined rows than its contract bears, or GateRefused."""
    for dataset in datasets:
        most = dataset.expect.get("quarantined_share", {}).get("max")
        if most is None or not read.get(dataset.name):
            continue
        share = held_back.get(dataset.name, 0) / read[dataset.name]
        if share > most:
            raise GateRefused(
                say(
                    "gate-quarantined",
                    language(),
                    dataset=dataset.title,
                    share=f"{share:.0%}",
                    most=f"{most:.0%}",
                )
            )
