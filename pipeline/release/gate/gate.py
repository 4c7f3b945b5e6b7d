"""The checks of a release as a whole, before it becomes public."""

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
from pipeline.base.model import Dataset, Tally
from pipeline.base.row_checksums import RowChecksum
from pipeline.base.words import language, say
from pipeline.release.package.expectations import Failure
from pipeline.release.package.package import csv_dicts, csv_header, data_files, write_json
from pipeline.release.package.record_changes import Change

WHOLE_UP_TO = 20_000  # rows of one table that frictionless reads whole
SAMPLE = 5_000  # rows of a larger one
ASIDE_FROM = 2_000  # rows from which on another process reads them: fewer take less than its start
SHOWN = 5
COLLAPSE, GROWTH = 0.8, 2.0  # of the last release's rows: below and above, a dataset fails
COMPARED_FROM = 20  # rows; a share of fewer means nothing


@contextmanager
def frictionless_check(folder: Path, descriptor: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """Start `frictionless validate` of the package in `folder`, without a limit on errors.

    Gives a function that waits for the result and raises GateRefused unless the package is valid.
    Frictionless reads all rows of tables up to `WHOLE_UP_TO` rows, the first `SAMPLE` rows of
    larger ones; our own checks have read every row of both. Many rows are read in another process:
    frictionless is pure Python, of which a process runs one thread at a time.
    """
    counts = [r["gongshi:rows"] for r in descriptor["resources"]]
    much = sum(count for count in counts if count <= WHOLE_UP_TO) > ASIDE_FROM
    with one_process() if much else nullcontext() as process:
        result = process.submit(_validate, folder, descriptor) if process else None

        def verdict() -> None:
            is_valid, errors = result.result() if result else _validate(folder, descriptor)
            if not is_valid:
                listed = "; ".join(errors[:SHOWN])
                raise GateRefused(say("gate-package", language(), count=len(errors), listed=listed))

        yield verdict


def _validate(folder: Path, descriptor: dict[str, Any]) -> tuple[bool, list[str]]:
    """(whether the package is valid, frictionless's errors)."""
    from frictionless import Package, system

    large = {r["name"] for r in descriptor["resources"] if r["gongshi:rows"] > WHOLE_UP_TO}
    with tempfile.TemporaryDirectory() as temporary, naming(Path(temporary)):
        package_folder = _sampled(folder, descriptor, large, Path(temporary)) if large else folder
        with system.use_context(trusted=True):
            # Not by its path: frictionless reads a [ or a ? in it as a pattern.
            content = json.loads((package_folder / "datapackage.json").read_text("utf-8"))
            package = Package.from_descriptor(content, basepath=str(package_folder.absolute()))
            # The package's own metadata are checked already: package.validate() would do it again.
            reports = [table.validate(limit_errors=1_000_000) for table in package.resources]
    parts = ["title", "rowNumber", "fieldName", "note"]
    errors = [error for report in reports for error in report.flatten(parts)]
    told = [" ".join(str(part) for part in error if part) for error in errors]
    return all(report.valid for report in reports), told


def _sampled(folder: Path, descriptor: dict[str, Any], large: set[str], temporary: Path) -> Path:
    """Write a package into `temporary` with the first rows of the tables `large`; gives `temporary`.

    Foreign keys from or to such a table are left out, since the rows they point to may be missing.
    """
    (temporary / "data").symlink_to((folder / "data").resolve())
    (temporary / "sample").mkdir()
    resources = []
    for resource in descriptor["resources"]:
        if resource["name"] in large:
            resource = _beginning(folder, resource, temporary)
        foreign = [
            key
            for key in resource["schema"].get("foreignKeys", ())
            if not {resource["name"], key["reference"]["resource"]} & large
        ]
        schema = {k: v for k, v in resource["schema"].items() if k != "foreignKeys"} | (
            {"foreignKeys": foreign} if foreign else {}
        )
        resources.append({**resource, "schema": schema})
    write_json(temporary / "datapackage.json", {**descriptor, "resources": resources})
    return temporary


def _beginning(folder: Path, resource: dict[str, Any], temporary: Path) -> dict[str, Any]:
    """A resource of one file with the first rows, which is written to `temporary`."""
    path = f"sample/{resource['name']}.csv"
    files = data_files(folder, resource["name"])
    with (temporary / path).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(csv_header(files))
        writer.writerows(row.values() for row in islice(csv_dicts(files), SAMPLE))
    return {k: v for k, v in resource.items() if k not in ("bytes", "hash")} | {"path": path}


def failures(
    datasets: Sequence[Dataset],
    tallies: Mapping[str, Tally],
    before: Mapping[str, int],
    allow_removals: bool,
    allow_growth: bool,
) -> list[Failure]:
    """The datasets that fail what their contract expects (`gongshi:expect`), each with its reason.

    `tallies`: dataset → where its rows went; `before`: dataset → rows of the last release. Only
    what concerns one dataset alone is here: too many rows in quarantine, too few or too many rows,
    or far fewer or more than before.
    """
    failed = list[Failure | None]()
    for dataset in (d for d in datasets if not d.produced):
        tally, had = tallies.get(dataset.name, Tally(0)), before.get(dataset.name, 0)
        size = _size(dataset, had, tally.accepted, allow_removals, allow_growth)
        failed.append(_quarantined(dataset, tally) or size)
    return [each for each in failed if each]


def _quarantined(dataset: Dataset, tally: Tally) -> Failure | None:
    most = dataset.expect.get("quarantined_share", {}).get("max")
    share = tally.quarantined / tally.read if tally.read else 0
    if most is None or share <= most:
        return None
    params = {"share": f"{share:.0%}", "most": f"{most:.0%}"}
    return Failure(dataset.name, "quarantined-share", params)


def _size(
    dataset: Dataset, had: int, has: int, allow_removals: bool, allow_growth: bool
) -> Failure | None:
    bounds = dataset.expect.get("rows", {})
    params = {"had": had, "has": has, "min": bounds.get("min", 0), "max": bounds.get("max", "…")}
    if has < bounds.get("min", 0) or has > bounds.get("max", has):
        return Failure(dataset.name, "rows", params)
    if had < COMPARED_FROM:
        return None
    # Of records with a key, `check_removals` asks a cause for each that is gone.
    least = 1 - dataset.expect.get("removed_share", {}).get("max", 1 - COLLAPSE)
    if not allow_removals and not dataset.primary_key and has < had * least:
        return Failure(dataset.name, "collapse", params)
    if not allow_growth and has > had * GROWTH:
        return Failure(dataset.name, "growth", params)
    return None


def check_tallies(
    datasets: Iterable[Dataset], tallies: Mapping[str, Mapping[str, int]], rows: Mapping[str, int]
) -> None:
    """Raises Unaccounted where a dataset has not as many rows as its tally has accepted.

    `datasets`: those whose rows of this run are published. `tallies`: dataset → part of the tally →
    rows; `rows`: dataset → rows of the release.
    """
    for dataset in datasets:
        if not dataset.produced:
            accepted = tallies.get(dataset.name, {}).get("accepted", 0)
            row_checksums.compare(
                f"{dataset.name} tally", RowChecksum(accepted), RowChecksum(rows[dataset.name])
            )


def check_removals(
    changes: Iterable[Change],
    explained: Mapping[str, Collection[str]],
    allowed: bool,
    listing: Path,
) -> None:
    """Raises GateRefused where a record was removed without a cause, unless that is `allowed`.

    `explained`: dataset → keys that the law, the source or a publisher removes. Records without a
    cause are written to the CSV `listing` in any case.
    """
    unexplained = [
        c for c in changes if c.verb == "removed" and c.key not in explained.get(c.dataset, ())
    ]
    with naming(listing), listing.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("dataset", "key"), *((c.dataset, c.key) for c in unexplained)]
        )
    if unexplained and not allowed:
        shown = "; ".join(f"{c.dataset} {c.key}" for c in unexplained[:SHOWN])
        raise GateRefused(
            say("gate-removed", language(), count=len(unexplained), listed=shown, listing=listing)
        )


def check_day(parent: Mapping[str, Any], today: date) -> None:
    """Raises GateRefused where `today` is before the day of the last release, whose manifest is
    `parent`: an earlier day would publish again what the law has removed since.
    """
    if (before := str(parent.get("today", ""))) > today.isoformat():
        raise GateRefused(say("gate-clock", language(), today=today.isoformat(), before=before))
