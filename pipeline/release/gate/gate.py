"""What a release must pass before anyone sees it."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.base import row_checksums
from pipeline.base.engine import one_process
from pipeline.base.errors import GateRefused
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.words import language, say
from pipeline.release.package.changes import Change
from pipeline.release.package.package import csv_dicts, csv_header, data_files, write_json

WHOLE_UP_TO = 20_000  # rows of one table that frictionless reads whole
SAMPLE = 5_000  # rows of a larger one
ASIDE_FROM = 2_000  # rows that frictionless reads for longer than a process takes to start
SHOWN = 5
COLLAPSE, GROWTH = 0.8, 2.0  # of the last release's rows: below and above, a run is stopped
JUDGED_FROM = 20  # rows; a share of fewer says nothing


@contextmanager
def judging(folder: Path, descriptor: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """`frictionless validate` with no limit on errors; what is given waits for it.

    That raises GateRefused unless the package is valid. Tables above `WHOLE_UP_TO` rows are given
    to frictionless as their first `SAMPLE` rows; of the others every row. Our own checks have read
    every row of both. Where it has much to read it does so in another process: it is Python
    throughout, of which a process runs one thread at a time.
    """
    counts = [r["gongshi:rows"] for r in descriptor["resources"]]
    much = sum(count for count in counts if count <= WHOLE_UP_TO) > ASIDE_FROM
    with one_process() if much else nullcontext() as process:
        told = process.submit(_judge, folder, descriptor) if process else None

        def verdict() -> None:
            is_valid, errors = told.result() if told else _judge(folder, descriptor)
            if not is_valid:
                listed = "; ".join(errors[:SHOWN])
                raise GateRefused(say("gate-package", language(), count=len(errors), listed=listed))

        yield verdict


def _judge(folder: Path, descriptor: dict[str, Any]) -> tuple[bool, list[str]]:
    """(whether frictionless finds the package valid, what it finds wrong)."""
    from frictionless import Package, system

    large = {r["name"] for r in descriptor["resources"] if r["gongshi:rows"] > WHOLE_UP_TO}
    with tempfile.TemporaryDirectory() as aside, naming(Path(aside)):
        judged = _sampled(folder, descriptor, large, Path(aside)) if large else folder
        with system.use_context(trusted=True):
            # Not by its path: frictionless takes one with a [ or a ? in it for a pattern.
            told = json.loads((judged / "datapackage.json").read_text("utf-8"))
            package = Package.from_descriptor(told, basepath=str(judged.absolute()))
            report = package.validate(limit_errors=1_000_000)
    errors = report.flatten(["title", "rowNumber", "fieldName", "note"])
    return report.valid, [" ".join(str(part) for part in error if part) for error in errors]


def _sampled(folder: Path, descriptor: dict[str, Any], large: set[str], aside: Path) -> Path:
    (aside / "data").symlink_to((folder / "data").resolve())
    (aside / "sample").mkdir()
    resources = []
    for resource in descriptor["resources"]:
        if resource["name"] in large:
            resource = _beginning(folder, resource, aside)
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


def _beginning(folder: Path, resource: dict[str, Any], aside: Path) -> dict[str, Any]:
    """A resource of one file, which holds the first rows."""
    path = f"sample/{resource['name']}.csv"
    files = data_files(folder, resource["name"])
    with (aside / path).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(csv_header(files))
        writer.writerows(row.values() for row in islice(csv_dicts(files), SAMPLE))
    return {k: v for k, v in resource.items() if k not in ("bytes", "hash")} | {"path": path}


def expectations(
    datasets: Sequence[Dataset], read: Mapping[str, int], held_back: Mapping[str, int]
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


def balanced(
    datasets: Sequence[Dataset], tallies: Mapping[str, Mapping[str, int]], rows: Mapping[str, int]
) -> None:
    """Each dataset holds as many rows as its tally says were accepted, or Unaccounted."""
    for dataset in datasets:
        if not dataset.produced:
            accepted = tallies.get(dataset.name, {}).get("accepted", 0)
            row_checksums.compare(
                f"{dataset.name} tally", RowChecksum(accepted), RowChecksum(rows[dataset.name])
            )


def removals(
    changes: Iterable[Change],
    explained: Mapping[str, Collection[str]],
    allowed: bool,
    listing: Path,
) -> None:
    """Each record gone since the last release has a cause, or GateRefused.

    `explained`: dataset → keys that the law or the source itself takes out. What has no cause is
    listed in `listing`, whether or not it is `allowed`.
    """
    gone = [c for c in changes if c.verb == "removed" and c.key not in explained.get(c.dataset, ())]
    with naming(listing), listing.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("dataset", "key"), *((c.dataset, c.key) for c in gone)]
        )
    if gone and not allowed:
        shown = "; ".join(f"{c.dataset} {c.key}" for c in gone[:SHOWN])
        raise GateRefused(
            say("gate-removed", language(), count=len(gone), listed=shown, listing=listing)
        )


def sizes(
    datasets: Sequence[Dataset],
    before: Mapping[str, int],
    now: Mapping[str, int],
    explained: Mapping[str, Collection[str]],
    allow_removals: bool,
    allow_growth: bool,
) -> None:
    """No dataset collapses or swells against the last release, or leaves its contract's bounds.

    Records that left for a known cause do not count as a collapse: the law's terms often end on one
    day. Raises GateRefused.
    """
    for dataset in (d for d in datasets if not d.produced):
        had, has = before.get(dataset.name, 0), now.get(dataset.name, 0)
        bounds = dataset.expect.get("rows", {})
        if has < bounds.get("min", 0) or has > bounds.get("max", has):
            raise _wrong_size("gate-rows", dataset, had, has)
        if had < JUDGED_FROM:
            continue
        least = 1 - dataset.expect.get("removed_share", {}).get("max", 1 - COLLAPSE)
        if not allow_removals and has + len(explained.get(dataset.name, ())) < had * least:
            raise _wrong_size("gate-collapse", dataset, had, has)
        if not allow_growth and has > had * GROWTH:
            raise _wrong_size("gate-growth", dataset, had, has)


def _wrong_size(message: str, dataset: Dataset, had: int, has: int) -> GateRefused:
    bounds = dataset.expect.get("rows", {})
    least, most = bounds.get("min", 0), bounds.get("max", "…")
    return GateRefused(
        say(message, language(), dataset=dataset.title, had=had, has=has, min=least, max=most)
    )


def forward(parent: Mapping[str, Any], today: date) -> None:
    """Time does not run backwards: an earlier day would bring back what the law has taken out."""
    if (before := str(parent.get("today", ""))) > today.isoformat():
        raise GateRefused(say("gate-clock", language(), today=today.isoformat(), before=before))
