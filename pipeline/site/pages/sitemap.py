"""For search engines: sitemaps (sitemaps.org) and robots.txt (RFC 9309)."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from pipeline.base.sql import quoted
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response
from pipeline.site.pages.views import XML, guarded, of_kind

_SITEMAP_ROWS = 5_000  # the standard allows 50,000; these are made quickly
_SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_UNCRAWLED = ("_facet", "_sort", "_search", "_next", "sql=", "_where", "_stream", "_shape", "__")


@guarded
async def robots(edition: Edition, request: Request) -> Response:
    """`/robots.txt`: allows pages; disallows SQL, facets, sorts and searches."""
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /en/search"]
    lines += [f"Disallow: /*?*{part}" for part in _UNCRAWLED]
    lines += ["", f"Sitemap: {edition.address(request)}/sitemap.xml", ""]
    return Response.text("\n".join(lines))


@guarded
async def sitemaps(edition: Edition, request: Request) -> Response:
    """`/sitemap.xml`: the index of sitemaps: one of pages, and those of each dataset."""
    address = edition.address(request)
    names = ["pages"]
    for name, metadata in edition.tables.items():
        if not metadata["plugins"]["gongshi"]["produced"]:
            ((last,),) = await edition.db.cached_rows(
                f"select coalesce(max(rowid), 0) from {quoted(name)}"
            )
            names += [f"{name}-{part}" for part in range(-(-last // _SITEMAP_ROWS))]
    body = "\n".join(
        f"<sitemap><loc>{escape(f'{address}/sitemaps/{name}.xml')}</loc>"
        f"<lastmod>{edition.release.today}</lastmod></sitemap>"
        for name in names
    )
    return of_kind(f"{XML}<sitemapindex {_SITEMAP}>\n{body}\n</sitemapindex>\n", "application/xml")


@guarded
async def sitemap(edition: Edition, request: Request) -> Response:
    """`/sitemaps/NAME.xml`: pages, or a part of a dataset's records, in both languages.

    Raises NotFound for a dataset or part that does not exist.
    """
    table, _, part = request.url_vars["name"].partition("-")
    paths = _pages(edition) if table == "pages" else await _records(edition, table, part)
    address = edition.address(request)
    body = "\n".join(
        f"<url><loc>{escape(address + path)}</loc><lastmod>{edition.release.today}</lastmod>"
        f'<xhtml:link rel="alternate" hreflang="zh-CN" href={quoteattr(address + path)}/>'
        f'<xhtml:link rel="alternate" hreflang="en" href={quoteattr(address + "/en" + path)}/>'
        "</url>"
        for path in paths
    )
    linked = 'xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    return of_kind(f"{XML}<urlset {_SITEMAP} {linked}>\n{body}\n</urlset>\n", "application/xml")


def _pages(edition: Edition) -> list[str]:
    names = ("disclosure", "dictionary", "quality", "rules", "releases", "reports", "about")
    tables = [f"/{DATABASE}/{name}" for name in edition.tables]
    return ["/", *(f"/{name}" for name in names), *tables]


async def _records(edition: Edition, table: str, part: str) -> list[str]:
    if table not in edition.tables or not part.isdecimal():
        raise NotFound("")
    key = ", ".join(quoted(name) for name in edition.tables[table]["plugins"]["gongshi"]["key"])
    first = int(part) * _SITEMAP_ROWS
    rows = await edition.db.rows(
        f"select {key} from {quoted(table)} where rowid > ? and rowid <= ?",
        [first, first + _SITEMAP_ROWS],
    )
    if not rows:
        raise NotFound("")
    return [edition.record_link(table, *row).removeprefix("/en") for row in rows]
