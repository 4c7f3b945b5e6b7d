"""The home page and the page about the site."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from pipeline.base.sql import quoted, trusted
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import Request, Response
from pipeline.site.datasette.values import Field
from pipeline.site.pages import downloads, history
from pipeline.site.pages.queries import chart_of
from pipeline.site.pages.views import guarded

_NEW = 4
_SPARK = 24
_ROWS = 30  # of a table shown in part on a page


@guarded
async def home(edition: Edition, request: Request) -> Response:
    """`/`: what the site is, how fresh it is, an overview of datasets, changes and tallies."""
    sets = [
        (name, metadata) for name, metadata in edition.tables.items() if not _produced(metadata)
    ]
    cards = [await _card(edition, name, metadata) for name, metadata in sets]
    every = edition.words["release_every_days"]
    context = {
        "cards": [card for card in cards if card["count"]],
        "empty": [card for card in cards if not card["count"]],
        "records": sum(card["count"] for card in cards),
        "next_release": _after(edition.release.today, every) if every else "",
        "new": [
            entry for name, metadata in sets for entry in await _newest(edition, name, metadata)
        ],
        "pictures": [
            p for name in edition.words["home"] if (p := await _query_chart(edition, name))
        ],
        "tables": await table_excerpts(edition, edition.words["home"]),
        "reporting": await department_tallies(edition),
        "changes": history.summed(edition.release),
        "first": not edition.release.manifest.get("parent"),
        "files": [group for group in downloads.listed(edition) if not group["produced"]],
        "feedback": edition.words["contact"]["email"],
        "structured": _structured(edition, request),
    }
    return edition.page(request, "home.html", context)


def _structured(edition: Edition, request: Request) -> dict[str, Any]:
    """The release as a schema.org Dataset, for search engines."""
    metadata = edition.release.metadata[edition.lang]
    address = edition.address(request)
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": metadata["title"],
        "description": metadata["description"],
        "url": address + edition.link("/"),
        "license": metadata["license_url"],
        "dateModified": edition.release.today,
        "inLanguage": edition.language.html,
        "creator": {"@type": "GovernmentOrganization", "name": edition.words["publisher"]["name"]},
        "distribution": [
            {
                "@type": "DataDownload",
                "contentUrl": address + edition.link("/datapackage.json"),
                "encodingFormat": "application/json",
            }
        ],
    }


async def _card(edition: Edition, name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset with its row count and a small chart of it over time."""
    count = (await edition.db.cached_rows(f"select count(*) from {quoted(name)}"))[0][0]
    return {
        "name": name,
        "title": metadata["title"],
        "description": metadata.get("description", ""),
        "count": count,
        "held": edition.held_back(name),
        "spark": await _spark(edition, name, metadata),
    }


async def _spark(
    edition: Edition, name: str, metadata: Mapping[str, Any]
) -> list[tuple[str, float, str]]:
    """Records by month of the dataset's main date; by year where there are many months."""
    dates = _dates(metadata)
    column = (
        metadata.get("sort_desc") if metadata.get("sort_desc") in dates else next(iter(dates), None)
    )
    if not column:
        return []
    for length in (7, 4):
        sql = (
            f"select substr({quoted(column)}, 1, {length}), count(*) from {quoted(name)} "
            f"where {quoted(column)} is not null and {quoted(column)} <= ? group by 1 order by 1"
        )
        rows = await edition.db.cached_rows(sql, [edition.release.today])
        if len(rows) <= _SPARK:
            break
    shown = rows[-_SPARK * 2 :]
    return [(str(at), float(count), edition.language.number(count)) for at, count in shown]


def _dates(metadata: Mapping[str, Any]) -> list[str]:
    return [c["name"] for c in metadata["plugins"]["gongshi"]["columns"] if c["type"] == "date"]


async def _newest(edition: Edition, name: str, metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The newest records of a dataset that is sorted by a date."""
    extras = metadata["plugins"]["gongshi"]
    column = metadata.get("sort_desc")
    if column not in _dates(metadata) or not extras["title"]:
        return []
    names = list(dict.fromkeys([*extras["key"], *extras["title"], column]))
    sql = (
        f"select {', '.join(map(quoted, names))} from {quoted(name)} "
        f"where {quoted(column)} <= ? order by {quoted(column)} desc limit {_NEW}"
    )
    fields = {field.name: field for field in edition.fields(name, names)}
    return [
        {
            "table": metadata["title"],
            "date": row[column],
            "title": title_of(edition, fields, extras, row),
            "link": edition.record_link(name, *(row[part] for part in extras["key"])),
        }
        for row in await edition.db.cached_rows(sql, [edition.release.today])
    ]


def title_of(
    edition: Edition, fields: Mapping[str, Field], extras: Mapping[str, Any], row: Any
) -> str:
    """A record's title for readers: its title columns, else its key."""
    parts = [edition.values.plain(fields[name], row[name]) for name in extras["title"]]
    return " · ".join(part for part in parts if part) or str(row[extras["key"][0]])


async def _query_chart(edition: Edition, name: str) -> dict[str, Any] | None:
    """A saved query's chart for the home page; None where it has none."""
    query = edition.release.queries(edition.lang).get(name)
    if not query:
        return None
    extras = query["plugins"]["gongshi"]
    sql = trusted(re.sub(r":\w+", "''", query["sql"]))
    rows = await edition.db.cached_rows(sql)
    if not rows:
        return None
    fields = edition.fields_of_query(sql, list(rows[0].keys()))
    drawn = chart_of(edition, fields, [list(row) for row in rows], extras["chart"])
    return {**drawn, "name": name, "title": query["title"]} if drawn else None


async def table_excerpts(edition: Edition, names: Iterable[str]) -> list[dict[str, Any]]:
    """The first rows of those of the tables `names` that exist and have rows, with cells as
    HTML.
    """
    made = []
    for name in (name for name in names if name in edition.tables):
        metadata = edition.tables[name]
        by = metadata.get("sort_desc") or metadata.get("sort")
        order = (
            f"order by {quoted(by)}{' desc' if metadata.get('sort_desc') else ''}, rowid "
            if by
            else ""
        )
        rows = await edition.db.cached_rows(f"select * from {quoted(name)} {order}limit {_ROWS}")
        fields = edition.fields(name, metadata["plugins"]["gongshi"]["show"])
        about = {"name": name, "title": metadata["title"], "description": metadata["description"]}
        cells = [[(f, edition.values.cell(f, row[f.name])) for f in fields] for row in rows]
        made.append({**about, "fields": fields, "rows": cells})
    return [table for table in made if table["rows"]]


async def department_tallies(edition: Edition) -> list[dict[str, Any]]:
    """For each department folder: files sent, rows read, published and held back.

    `held`: rows that have no error, of datasets that are held back.
    """
    if "run_tallies" not in edition.tables:
        return []
    held = json.dumps([name for name in edition.tables if edition.held_back(name)])
    rows = await edition.db.cached_rows(
        "select case when instr(file, '/') then substr(file, 1, instr(file, '/') - 1) else file end"
        " as sender, count(distinct file) as files, sum(read) as read,"
        " sum(case when dataset in (select value from json_each(?)) then 0 else accepted end)"
        " as accepted,"
        " sum(case when dataset in (select value from json_each(?)) then accepted else 0 end)"
        " as held,"
        " sum(quarantined) as quarantined, sum(withheld) as withheld, sum(withdrawn) as withdrawn,"
        " sum(repeated) as repeated, sum(set_aside) as set_aside"
        " , group_concat(distinct nullif(dataset, '')) as datasets"
        " from run_tallies group by 1 order by 3 desc, 1",
        [held, held],
    )
    return [
        {
            **dict(row),
            "sender": edition.title(row["sender"]),
            "datasets": [
                edition.title(name) for name in sorted((row["datasets"] or "").split(","))
            ],
        }
        for row in rows
    ]


def _after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _produced(metadata: Mapping[str, Any]) -> bool:
    return bool(metadata["plugins"]["gongshi"]["produced"])


@guarded
async def about(edition: Edition, request: Request) -> Response:
    """`/about`: licence, terms, and how programs get the data."""
    examples = [name for name, metadata in edition.tables.items() if not _produced(metadata)]
    context = {
        "address": edition.address(request),
        "example": examples[0] if examples else next(iter(edition.tables), ""),
        "limits": edition.words["limits"],
        "signed": (edition.release.path / "manifest.sig").is_file(),
        "files": downloads.listed(edition),
    }
    return edition.page(request, "about.html", context)
