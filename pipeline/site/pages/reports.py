"""Pages of yearly reports: each sentence's figures beside what the records give."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any
from urllib.parse import unquote, urlencode

from markupsafe import Markup, escape

from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response, tilde_decode
from pipeline.site.pages.views import guarded


@guarded
async def reports(edition: Edition, request: Request) -> Response:
    """`/reports`: every yearly report, with counts of figures by verdict."""
    if "report_figures" not in edition.tables:
        return edition.page(request, "reports.html", {"reports": []})
    rows = await edition.db.cached_rows(
        "select f.report, max(f.body) as body, max(f.year) as year, count(*) as figures"
        " from report_figures f group by 1 order by 3 desc, 1"
    )
    made = []
    for row in rows:
        checks = await _checks(edition, row["report"])
        verdicts = [check["verdict"] for check in checks.values()]
        counts = {name: verdicts.count(name) for name in ("agrees", "differs", "not comparable")}
        made.append({**dict(row), "verdicts": counts})
    return edition.page(request, "reports.html", {"reports": made})


@guarded
async def report(edition: Edition, request: Request) -> Response:
    """`/reports/REPORT`: its sentences with marked figures, and the records' count beside each.

    Raises NotFound for an unknown report.
    """
    name = tilde_decode(unquote(request.url_vars["report"]))
    if "report_figures" not in edition.tables:
        raise NotFound("")
    rows = await edition.db.cached_rows(
        "select * from report_figures where report = ? order by start, ordinal", [name]
    )
    if not rows:
        raise NotFound("")
    checks = await _checks(edition, name)
    params = {key: rows[0][key] or "" for key in ("year", "region_code")}
    for check in checks.values():
        query = check.get("query") or ""
        used = {key: value for key, value in params.items() if f":{key}" in query}
        check["records"] = f"/{DATABASE}?{urlencode({'sql': query, **used})}" if query else ""
    for row in rows:
        if row["code"] in checks and checks[row["code"]]["title"] == row["code"]:
            checks[row["code"]]["title"] = row["label"] or row["code"]
    sections = []
    for section, inside in groupby(rows, key=lambda row: row["section"] or ""):
        sentences = [
            _sentence(edition, sentence, list(figures), checks)
            for sentence, figures in groupby(inside, key=lambda row: row["sentence"])
        ]
        sections.append({"title": section, "sentences": sentences})
    context = {"name": name, "body": rows[0]["body"], "year": rows[0]["year"]}
    compared = [check for check in checks.values() if check["verdict"] != "not comparable"]
    context |= {"sections": sections, "checks": list(checks.values()), "compared": len(compared)}
    return edition.page(request, "report.html", context)


async def _checks(edition: Edition, name: str) -> dict[str, dict[str, Any]]:
    if "report_checks" not in edition.tables:
        return {}
    rows = await edition.db.cached_rows("select * from report_checks where report = ?", [name])
    (verdict, code) = edition.fields("report_checks", ["verdict", "code"])
    return {
        row["code"]: {
            **dict(row),
            "why": (edition.lang == "en" and dict(row).get("why_en")) or row["why"],
            "verdict_shown": edition.values.cell(verdict, row["verdict"]),
            "title": edition.values.label(code, row["code"]),
        }
        for row in rows
    }


def _sentence(
    edition: Edition, text: str, figures: list[Any], checks: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    seen: set[str] = set()
    compared = []
    for figure in figures:
        if figure["code"] in checks and figure["code"] not in seen:
            seen.add(figure["code"])
            compared.append(checks[figure["code"]])
    return {
        "text": _marked(text, figures),
        "figures": [_figure(edition, figure) for figure in figures],
        "compared": compared,
    }


def _figure(edition: Edition, figure: Any) -> dict[str, str]:
    value = edition.language.number(figure["value"])
    if figure["value_upper"]:
        value += f"–{edition.language.number(figure['value_upper'])}"
    about = "" if figure["comparator"] in ("=", None) else f"{figure['comparator']} "
    return {
        "label": figure["label"] or "",
        "value": f"{about}{value} {figure['unit'] or ''}".strip(),
    }


def _marked(text: str, figures: list[Any]) -> Markup:
    """The sentence as HTML with its figures marked, by their offsets in the report."""
    first = min(figure["start"] or 0 for figure in figures)
    lead = re.search(r"\d", text)
    start = first - (lead.start() if lead else 0)
    spans = sorted((f["start"] - start, f["end"] - start) for f in figures if f["end"])
    whole = all(0 <= a < b <= len(text) and re.search(r"\d", text[a:b]) for a, b in spans)
    made, at = Markup(""), 0
    for low, high in spans if whole else _found(text, figures):
        if low >= at:
            made += escape(text[at:low]) + Markup("<mark>{}</mark>").format(text[low:high])
            at = high
    return made + escape(text[at:])


def _found(text: str, figures: list[Any]) -> list[tuple[int, int]]:
    """Spans of the figures' values found in the text; used where their offsets do not fit."""
    values = "|".join(re.escape(str(f["value"])) for f in figures)
    return [hit.span() for hit in re.finditer(rf"(?<![\d.])(?:{values})(?![\d.])", text)]
