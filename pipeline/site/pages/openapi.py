"""The description of the stable API in OpenAPI 3.1."""

from __future__ import annotations

import json
from typing import Any

from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import Request, Response
from pipeline.site.pages.views import guarded, of_kind

_COLUMNS_MOST = 60  # of a table, as parameters of its address


@guarded
async def openapi(edition: Edition, request: Request) -> Response:
    """`/openapi.json`: the API of this release in the language of the edition."""
    metadata = edition.release.metadata[edition.lang]
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": metadata["title"],
            "version": edition.release.id,
            "description": metadata["description"],
            "license": {"name": metadata["license"], "url": metadata["license_url"]},
        },
        "servers": [{"url": edition.address(request) + edition.link("")}],
        "paths": _paths(edition),
    }
    return of_kind(json.dumps(described, ensure_ascii=False, indent=1), "application/json")


def _paths(edition: Edition) -> dict[str, Any]:
    """Every path that returns JSON, with its parameters."""
    phrase, filters = edition.language.phrase, _filters(edition)
    shape = filters[-1]
    paths: dict[str, Any] = {
        f"/{DATABASE}.json": _operation(
            phrase("The answer to a SQL query"), [_parameter("sql", "SQL"), shape]
        ),
        "/search.json": _operation(
            phrase("Search in every table"), [_parameter("q", phrase("Words"))]
        ),
        "/-/health": _operation(phrase("Whether the site answers"), []),
    }
    for name, metadata in edition.tables.items():
        columns = metadata["plugins"]["gongshi"]["columns"]
        column_filters = [_parameter(c["name"], c["title"]) for c in columns[:_COLUMNS_MOST]]
        paths[f"/{DATABASE}/{name}.json"] = _operation(
            metadata["title"], [*column_filters, *filters]
        )
        key = metadata["plugins"]["gongshi"]["key"]
        place = ",".join(f"{{{part}}}" for part in key)
        parts = [
            {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
            for part in key
        ]
        paths[f"/{DATABASE}/{name}/{place}.json"] = _operation(metadata["title"], [*parts, shape])
    for name, query in edition.release.queries(edition.lang).items():
        params = [_parameter(p, p) for p in query.get("params", ())]
        paths[f"/{DATABASE}/{name}.json"] = _operation(query["title"], [*params, shape])
    return paths


def _filters(edition: Edition) -> list[dict[str, Any]]:
    """The parameters of every table; the shape of the response last."""
    phrase = edition.language.phrase
    return [
        _parameter("_size", phrase("Rows at most"), {"type": "integer", "maximum": 1000}),
        _parameter("_next", phrase("Where the next page begins")),
        _parameter("_sort", phrase("Column to sort by, smallest first")),
        _parameter("_sort_desc", phrase("Column to sort by, largest first")),
        _parameter("_search", phrase("Words that a row must hold")),
        _parameter("_shape", phrase("Shape of the answer"), {"enum": ["array", "objects"]}),
    ]


def _parameter(name: str, description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema or {"type": "string"},
    }


def _operation(summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    answers = {"200": {"description": "OK", "content": {"application/json": {}}}}
    answers |= {"400": {"description": "Bad request"}, "429": {"description": "Too many requests"}}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}
