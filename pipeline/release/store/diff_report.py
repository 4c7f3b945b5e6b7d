"""`gongshi diff`: the differences between two kept releases, as a table, Markdown or JSON."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.base import sql
from pipeline.base.files import faults
from pipeline.base.words import language, say
from pipeline.release.package import manifest, record_changes, store
from pipeline.release.package.package import csv_header, data_files
from pipeline.release.package.record_changes import VERBS, Change
from pipeline.release.removal import holdings, tombstones

FORMATS = ("text", "markdown", "json")
ORIGIN = ("source_id", "source_row")


def between(before: Path, after: Path) -> list[Change]:
    """Every record that differs between two releases; one with a tombstone in `after` is withdrawn.

    Records that were removed from `before` since it was made are known by its manifest, which lists
    their keys.
    """
    withdrawn = tombstones.keys(tombstones.read(before / "-", after))
    earlier = _removed_since_made(before) - _removed_since_made(after)
    records = manifest.read(after).get("records", {})
    found: list[Change] = []
    with tempfile.TemporaryDirectory() as temporary, sql.connect(Path(temporary)) as con:
        for dataset in holdings.datasets_of(after):
            had, now = (data_files(each, dataset.name) for each in (before, after))
            if dataset.name not in records or not had:
                continue
            columns = tuple(c for c in csv_header(now) if c not in ORIGIN)
            sides = record_changes.Compared(
                dataset.name,
                dataset.primary_key,
                columns,
                record_changes.one_side(had, columns),
                record_changes.one_side(now, columns),
            )
            keys = withdrawn.get(dataset.name, ())
            differing = [
                Change(c.dataset, c.key, "withdrawn")
                if c.verb == "removed" and c.key in keys
                else c
                for c in record_changes.between(con, sides)
            ]
            known = {c.key for c in differing}
            differing += [c for c in earlier if c.dataset == dataset.name and c.key not in known]
            found += sorted(differing)
    return found


def _removed_since_made(release: Path) -> set[Change]:
    """The records that were removed from a kept release: withdrawn, or their term ended."""
    verbs = {"withdrawn": "withdrawn", "lapsed": "removed"}
    return {
        Change(dataset, key, verb)
        for note in manifest.read(release).get("amendments", ())
        for part, verb in verbs.items()
        for dataset, key in note[part]
    }


def report(site: Path, before: str, after: str, form: str, limit: int) -> str:
    """The differences of two releases of a store as text; `before`, `after`: their ids.

    `form`: one of `FORMATS`; `limit`: of the records listed, not in JSON. Raises StoreError where a
    release is not there.
    """
    first, second = store.named(site, before), store.named(site, after)
    with faults(site):
        found = between(first, second)
    if form == "json":
        return (
            json.dumps(_plain(first.name, second.name, found), ensure_ascii=False, indent=2) + "\n"
        )
    lang = language()
    title = say("diff-title", lang, before=first.name, after=second.name)
    if not found:
        return f"{title}\n{say('diff-same', lang)}\n"
    counts, lines = _counts(found), _lines(found[:limit])
    more = say("diff-more", lang, count=len(found) - limit) if len(found) > limit else ""
    if form == "markdown":
        parts = [
            f"## {title}",
            "",
            *_markdown(counts),
            "",
            *_markdown(lines),
            *(["", more] if more else []),
        ]
        return "\n".join(parts) + "\n"
    return f"{title}\n{_text(counts)}\n{_text(lines)}" + (f"{more}\n" if more else "")


def _plain(before: str, after: str, found: Sequence[Change]) -> dict[str, object]:
    listed = [
        {"dataset": c.dataset, "key": c.key, "verb": c.verb, "columns": list(c.columns)}
        for c in found
    ]
    return {
        "before": before,
        "after": after,
        "counts": record_changes.counts(found),
        "changes": listed,
    }


def _counts(found: Sequence[Change]) -> list[list[str]]:
    lang = language()
    head = [say("diff-dataset", lang), *(say(f"verb-{verb}", lang) for verb in VERBS)]
    rows = [
        [name, *(str(verbs.get(verb, 0)) for verb in VERBS)]
        for name, verbs in record_changes.counts(found).items()
    ]
    return [head, *rows]


def _lines(found: Sequence[Change]) -> list[list[str]]:
    lang = language()
    head = [say(f"diff-{name}", lang) for name in ("dataset", "key", "verb", "columns")]
    return [
        head,
        *([c.dataset, c.key, say(f"verb-{c.verb}", lang), " ".join(c.columns)] for c in found),
    ]


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    ruled = [cells[0], ["---"] * len(cells[0]), *cells[1:]]
    return [f"| {' | '.join(row)} |" for row in ruled]


def _text(rows: Sequence[Sequence[str]]) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0], box=None)
    for row in rows[1:]:
        table.add_row(*row)
    target = io.StringIO()
    Console(file=target, width=200, soft_wrap=True).print(table)
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines()) + "\n"
