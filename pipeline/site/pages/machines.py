"""What programs read: the data package, a catalogue, feeds, a sitemap, a description of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from pipeline.base.sql import quoted
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response
from pipeline.site.pages import history
from pipeline.site.pages.views import guarded

_SITEMAP_ROWS = 5_000  # the standard allows 50,000; these are made quickly
_SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FEED_MOST = 30
_PROOFS = {
    "manifest.json": "application/json",
    "manifest.sig": "text/plain",
    "public_key.pem": "application/x-pem-file",
}
_UNCRAWLED = ("_facet", "_sort", "_search", "_next", "sql=", "_where", "_stream", "_shape", "__")


@guarded
async def health(edition: Edition, request: Request) -> Response:
    """Whether the site answers, and from which release."""
    await edition.db.rows("select 1")
    return Response.json(
        {"ok": True, "release": edition.release.id, "today": edition.release.today}
    )


@guarded
async def robots(edition: Edition, request: Request) -> Response:
    """Pages may be crawled; SQL, facets, sorts and searches may not."""
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /en/search"]
    lines += [f"Disallow: /*?*{part}" for part in _UNCRAWLED]
    lines += ["", f"Sitemap: {edition.address(request)}/sitemap.xml", ""]
    return Response.text("\n".join(lines))


@guarded
async def sitemaps(edition: Edition, request: Request) -> Response:
    """The list of sitemaps: one of pages, and of every dataset as many as its records fill."""
    address = edition.address(request)
    names = ["pages"]
    for name, told in edition.tables.items():
        if not told["plugins"]["gongshi"]["produced"]:
            ((last,),) = await edition.db.figures(
                f"select coalesce(max(rowid), 0) from {quoted(name)}"
            )
            names += [f"{name}-{part}" for part in range(-(-last // _SITEMAP_ROWS))]
    body = "\n".join(
        f"<sitemap><loc>{escape(f'{address}/sitemaps/{name}.xml')}</loc>"
        f"<lastmod>{edition.release.today}</lastmod></sitemap>"
        for name in names
    )
    return _xml(f"{_XML}<sitemapindex {_SITEMAP}>\n{body}\n</sitemapindex>\n", "application/xml")


@guarded
async def sitemap(edition: Edition, request: Request) -> Response:
    """The pages of the site, or one part of a dataset's records; both languages of each."""
    table, _, part = request.url_vars["name"].partition("-")
    paths = _pages(edition) if table == "pages" else await _records(edition, table, part)
    address = edition.address(request)
    body = "\n".join(
        f"<url><loc>{escape(address + path)}</loc><lastmod>{edition.release.today}</lastmod>"
        f'<xhtml:link rel="alternate" hreflang="zh-CN" href={quoteattr(address + path)}/>'
        f'<xhtml:link rel="alternate" hreflang="en" href={quoteattr(address + "/en" + path)}/></url>'
        for path in paths
    )
    linked = 'xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    return _xml(f"{_XML}<urlset {_SITEMAP} {linked}>\n{body}\n</urlset>\n", "application/xml")


def _pages(edition: Edition) -> list[str]:
    names = ("disclosure", "dictionary", "quality", "rules", "releases", "reports", "about")
    tables = [f"/{DATABASE}/{name}" for name in edition.tables]
    return ["/", *(f"/{name}" for name in names), *tables]


async def _records(edition: Edition, table: str, part: str) -> list[str]:
    if table not in edition.tables or not part.isdecimal():
        raise NotFound("")
    key = ", ".join(
        f"{quoted(name)}" for name in edition.tables[table]["plugins"]["gongshi"]["key"]
    )
    first = int(part) * _SITEMAP_ROWS
    rows = await edition.db.rows(
        f"select {key} from {quoted(table)} where rowid > ? and rowid <= ?",
        [first, first + _SITEMAP_ROWS],
    )
    if not rows:
        raise NotFound("")
    return [edition.record_link(table, *row).removeprefix("/en") for row in rows]


@guarded
async def feed(edition: Edition, request: Request) -> Response:
    """The releases as an Atom feed: what each added, changed, removed and withdrew."""
    address = edition.address(request)
    title = edition.release.metadata[edition.lang]["title"]
    entries = "\n".join(_entries(edition, address))
    own = address + edition.link("/feed.atom")
    body = (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{edition.language.html}">\n'
        f"<title>{escape(title)}</title>\n<id>{escape(own)}</id>\n"
        f'<link rel="self" href={quoteattr(own)}/>\n'
        f"<link href={quoteattr(address + edition.link('/'))}/>\n"
        f"<updated>{edition.release.today}T00:00:00Z</updated>\n"
        f"<author><name>{escape(edition.own['publisher']['name'])}</name></author>\n"
        f"{entries}\n</feed>\n"
    )
    return _xml(body, "application/atom+xml")


def _entries(edition: Edition, address: str) -> Iterator[str]:
    phrase = edition.language.phrase
    for release in edition.past[:_FEED_MOST]:
        said = [
            f"{edition.title(table)}: "
            + ", ".join(f"{edition.language.word(verb)} {n}" for verb, n in sorted(counts.items()))
            for table, counts in history.of_release(release).items()
        ]
        link = f"{address}{edition.link('/releases')}#{release.id}"
        yield (
            f"<entry><title>{escape(phrase('Release %(id)s', id=release.id))}</title>"
            f"<id>{escape(link)}</id><link href={quoteattr(link)}/>"
            f"<updated>{release.today}T00:00:00Z</updated>"
            f"<summary>{escape('; '.join(said))}</summary></entry>"
        )


@guarded
async def package(edition: Edition, request: Request) -> Response:
    """The release's data package as it was made."""
    return _own_file(edition, "datapackage.json", "application/json")


@guarded
async def proof(edition: Edition, request: Request) -> Response:
    """What proves that the release's files are those that were published."""
    name = request.url_vars["name"]
    return _own_file(edition, name, _PROOFS[name])


@guarded
async def catalogue(edition: Edition, request: Request) -> Response:
    """The datasets as DCAT, from the release if it holds one."""
    path = edition.release.path / "catalog.jsonld"
    if path.is_file():
        return _own_file(edition, "catalog.jsonld", "application/ld+json")
    address = edition.address(request)
    told = edition.release.metadata[edition.lang]
    graph = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@id": f"{address}{edition.link('/')}",
        "@type": "dcat:Catalog",
        "dct:title": told["title"],
        "dct:description": told["description"],
        "dct:license": {"@id": told["license_url"]},
        "dct:issued": edition.release.today,
        "dct:language": edition.language.html,
        "dct:publisher": edition.own["publisher"]["name"],
        "dcat:dataset": [_dataset(edition, address, name) for name in edition.tables],
    }
    return _json(graph, "application/ld+json")


def _dataset(edition: Edition, address: str, name: str) -> dict[str, Any]:
    told = edition.tables[name]
    page = address + edition.table_link(name)
    formats = {"csv?_stream=on": "text/csv", "json?_shape=array": "application/json"}
    return {
        "@id": page,
        "@type": "dcat:Dataset",
        "dct:title": told["title"],
        "dct:description": told.get("description", ""),
        "dct:modified": edition.release.today,
        "dcat:landingPage": {"@id": page},
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dcat:downloadURL": {"@id": f"{page}.{ending}"},
                "dcat:mediaType": kind,
            }
            for ending, kind in formats.items()
        ],
    }


@guarded
async def openapi(edition: Edition, request: Request) -> Response:
    """The API in OpenAPI 3.1: what is promised to stay."""
    phrase = edition.language.phrase
    filters = [
        _parameter("_size", phrase("Rows at most"), {"type": "integer", "maximum": 1000}),
        _parameter("_next", phrase("Where the next page begins")),
        _parameter("_sort", phrase("Column to sort by, smallest first")),
        _parameter("_sort_desc", phrase("Column to sort by, largest first")),
        _parameter("_search", phrase("Words that a row must hold")),
        _parameter("_shape", phrase("Shape of the answer"), {"enum": ["array", "objects"]}),
    ]
    paths: dict[str, Any] = {
        f"/{DATABASE}.json": _operation(
            phrase("The answer to a SQL query"), [_parameter("sql", "SQL"), filters[-1]]
        ),
        "/search.json": _operation(
            phrase("Search in every table"), [_parameter("q", phrase("Words"))]
        ),
        "/-/health": _operation(phrase("Whether the site answers"), []),
    }
    for name, told in edition.tables.items():
        columns = told["plugins"]["gongshi"]["columns"]
        own = [_parameter(c["name"], c["title"]) for c in columns[:60]]
        paths[f"/{DATABASE}/{name}.json"] = _operation(told["title"], [*own, *filters])
        key = ",".join(f"{{{part}}}" for part in told["plugins"]["gongshi"]["key"])
        parts = [
            {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
            for part in told["plugins"]["gongshi"]["key"]
        ]
        paths[f"/{DATABASE}/{name}/{key}.json"] = _operation(told["title"], [*parts, filters[-1]])
    for name, query in edition.release.queries(edition.lang).items():
        own = [_parameter(p, p) for p in query.get("params", ())]
        paths[f"/{DATABASE}/{name}.json"] = _operation(query["title"], [*own, filters[-1]])
    told = edition.release.metadata[edition.lang]
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": told["title"],
            "version": edition.release.id,
            "description": told["description"],
            "license": {"name": told["license"], "url": told["license_url"]},
        },
        "servers": [{"url": edition.address(request) + edition.link("")}],
        "paths": paths,
    }
    return _json(described, "application/json")


def _parameter(name: str, said: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": said,
        "schema": schema or {"type": "string"},
    }


def _operation(summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    answers = {"200": {"description": "OK", "content": {"application/json": {}}}}
    answers |= {"400": {"description": "Bad request"}, "429": {"description": "Too many requests"}}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def _own_file(edition: Edition, name: str, kind: str) -> Response:
    path = edition.release.path / name
    if not path.is_file():
        raise NotFound("")
    return Response(path.read_bytes(), content_type=f"{kind}; charset=utf-8")


def _json(value: Any, kind: str) -> Response:
    body = json.dumps(value, ensure_ascii=False, indent=1)
    return Response(body, content_type=f"{kind}; charset=utf-8")


def _xml(body: str, kind: str) -> Response:
    return Response(body, content_type=f"{kind}; charset=utf-8")


ROUTES = [
    (r"/-/health(\.json)?$", health),
    (r"/robots\.txt$", robots),
    (r"/sitemap\.xml$", sitemaps),
    (r"/sitemaps/(?P<name>[\w-]+)\.xml$", sitemap),
    (r"/feed\.atom$", feed),
    (r"/datapackage\.json$", package),
    (r"/(?P<name>manifest\.json|manifest\.sig|public_key\.pem)$", proof),
    (r"/catalog\.jsonld$", catalogue),
    (r"/openapi\.json$", openapi),
]
