"""Pages on data quality: tallies, issues by rule, rules, withdrawals, releases."""

from __future__ import annotations

import re
from typing import Any

from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.folder import ReleaseFolder
from pipeline.site.datasette.upstream import NotFound, Request, Response
from pipeline.site.pages import history
from pipeline.site.pages.pages import department_tallies, table_excerpts
from pipeline.site.pages.views import guarded

PARTS = ("read", "accepted", "quarantined", "withheld", "withdrawn", "repeated", "set_aside")
HELD = "held"  # of rows without an error: their dataset is held back


@guarded
async def quality(edition: Edition, request: Request) -> Response:
    """`/quality`: tallies of each department's rows; issues by rule, errors first."""
    senders = await department_tallies(edition)
    context = {
        "senders": senders,
        "total": {part: sum(row[part] or 0 for row in senders) for part in (*PARTS, HELD)},
        "issues": await _issues(edition),
        "kept": await table_excerpts(edition, edition.words.get("quality", ())),
        "trend": [(release, _tallied(release)) for release in edition.past],
    }
    return edition.page(request, "quality.html", context)


async def _issues(edition: Edition) -> list[dict[str, Any]]:
    if not {"issues", "rules"} <= edition.tables.keys():
        return []
    title = "title_en" if edition.lang == "en" else "title"
    rows = await edition.db.cached_rows(
        f"select i.rule, i.severity, sum(i.count) as cells, count(distinct i.source_id) as files,"
        f" coalesce(r.{title}, i.rule) as title, r.owner from issues i"
        " left join rules r on r.rule = i.rule group by 1, 2"
        " order by case i.severity when 'error' then 0 when 'warning' then 1 else 2 end, 3 desc"
    )
    return [dict(row) for row in rows]


def _tallied(release: ReleaseFolder) -> dict[str, int]:
    """The tallies in a release's manifest, summed over its datasets; "accepted" are the published."""
    tallies = release.manifest.get("tallies", {})
    if isinstance(tallies, dict):
        held = {each["dataset"]: {"accepted": 0} for each in release.manifest.get("held_back", ())}
        tallies = [row | held.get(name, {}) for name, row in tallies.items()]
    rows = [row for row in tallies if isinstance(row, dict)]
    return {part: sum(int(row.get(part) or 0) for row in rows) for part in PARTS}


@guarded
async def rules(edition: Edition, request: Request) -> Response:
    """`/rules`: every rule that rows are checked by, with the count of cells that break it."""
    found = await rules_known(edition)
    counts = {row["rule"]: 0 for row in found}
    for issue in await _issues(edition):
        counts[issue["rule"]] = counts.get(issue["rule"], 0) + issue["cells"]
    found.sort(key=lambda row: (-counts[row["rule"]], row["rule"]))
    return edition.page(request, "rules.html", {"rules": found, "counts": counts})


@guarded
async def rule(edition: Edition, request: Request) -> Response:
    """`/rules/RULE`: what it checks, why, how to fix it, and where it was broken.

    Raises NotFound for an unknown rule.
    """
    name = request.url_vars["rule"]
    found = [row for row in await rules_known(edition) if row["rule"] == name]
    if not found:
        raise NotFound("")
    struck = await edition.db.cached_rows(
        "select i.dataset, i.field, i.source_id, s.file, i.count from issues i"
        " left join sources s on s.source_id = i.source_id where i.rule = ? order by i.count desc"
        " limit 200",
        [name],
    )
    fields = {
        (row["dataset"], row["field"]): edition.fields(row["dataset"], [row["field"]])[0].title
        for row in struck
        if row["field"] and row["dataset"] in edition.tables
    }
    context = {"rule": found[0], "struck": [dict(row) for row in struck], "fields": fields}
    return edition.page(request, "rule.html", context)


async def rules_known(edition: Edition) -> list[dict[str, Any]]:
    """Every rule with its texts in the page's language."""
    if "rules" not in edition.tables:
        return []
    rows = [dict(row) for row in await edition.db.cached_rows("select * from rules order by rule")]
    for row in rows:
        for part in [name for name in row if f"{name}_en" in row and edition.lang == "en"]:
            row[part] = row[f"{part}_en"] or row[part]
        # The parameters of a message differ between findings.
        row["message"] = re.sub(r"\{\w+\}", "…", row["message"] or "")
    return rows


@guarded
async def withdrawals(edition: Edition, request: Request) -> Response:
    """`/withdrawals`: which records were withdrawn, when and why."""
    rows = []
    if "withdrawals" in edition.tables:
        rows = await edition.db.cached_rows(
            "select * from withdrawals order by withdrawn_on desc, 1"
        )
    return edition.page(request, "withdrawals.html", {"rows": [dict(row) for row in rows]})


@guarded
async def releases(edition: Edition, request: Request) -> Response:
    """`/releases`: every kept release with its changes and tallies."""
    made = []
    for release in edition.past:
        changes = history.of_release(release)
        made.append(
            {
                "id": release.id,
                "today": release.today,
                "current": release.id == edition.release.id,
                "first": not release.manifest.get("parent"),
                "changes": {name: dict(counts) for name, counts in changes.items()},
                "tallies": _tallied(release),
                "version": str(release.manifest.get("code_version", "")),
            }
        )
    return edition.page(request, "releases.html", {"releases": made, "database": DATABASE})
