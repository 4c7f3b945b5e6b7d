"""The Datasette plugin: the routes of the site, and the preparation of a connection.

Only the routes here exist. The last one answers every other address, Datasette's own pages for
debugging, permissions and plugins too, with 404.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from pipeline.release.database.full_text import match_query
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.guards import secure
from pipeline.site.datasette.upstream import NotFound, Request, Response, hookimpl
from pipeline.site.pages import (
    catalogue,
    dictionary,
    downloads,
    feeds,
    openapi,
    organisations,
    pages,
    quality,
    reports,
    searching,
    sitemap,
)
from pipeline.site.pages.queries import Data
from pipeline.site.pages.records import Record
from pipeline.site.pages.tables import Table
from pipeline.site.pages.views import dispatch, guarded

Route = tuple[str, Callable[..., Any]]


@hookimpl
def register_routes(datasette: Any) -> list[Route]:
    """Every route of the site; none for a Datasette that is no edition."""
    if not isinstance(datasette, Edition):
        return []
    data = rf"(?P<database>{DATABASE})"
    ending = r"(\.(?P<format>json|csv|xlsx))?$"
    return [
        (r"/$", pages.home),
        (rf"/{data}(\.(?P<format>json|csv))?$", dispatch(Data)),
        (rf"/{data}/(?P<table>[^/.]+){ending}", dispatch(Table)),
        (rf"/{data}/(?P<table>[^/.]+)/(?P<pks>[^/.]+)(\.(?P<format>json|csv))?$", dispatch(Record)),
        (r"/search(\.(?P<format>json))?$", searching.search),
        (r"/dictionary$", dictionary.dictionary),
        (r"/dictionary/(?P<table>\w+)$", dictionary.table),
        (r"/about$", pages.about),
        (r"/party/(?P<code>[^/]+)$", organisations.party),
        (r"/authority/(?P<name>[^/]+)$", organisations.authority),
        (r"/quality$", quality.quality),
        (r"/rules$", quality.rules),
        (r"/rules/(?P<rule>[\w.-]+)$", quality.rule),
        (r"/withdrawals$", quality.withdrawals),
        (r"/releases$", quality.releases),
        (r"/reports$", reports.reports),
        (r"/reports/(?P<report>[^/]+)$", reports.report),
        (r"/downloads/(?P<name>.+)$", downloads.file),
        (r"/data/(?P<name>.+)$", downloads.data),
        (r"/-/health(\.json)?$", catalogue.health),
        (r"/robots\.txt$", sitemap.robots),
        (r"/sitemap\.xml$", sitemap.sitemaps),
        (r"/sitemaps/(?P<name>[\w-]+)\.xml$", sitemap.sitemap),
        (r"/feed\.atom$", feeds.feed),
        (r"/datapackage\.json$", catalogue.package),
        (r"/(?P<name>manifest\.json|manifest\.sig|public_key\.pem)$", catalogue.proof),
        (r"/catalog\.jsonld$", catalogue.catalogue),
        (r"/openapi\.json$", openapi.openapi),
        (r"/.*$", _missing),
    ]


@guarded
async def _missing(edition: Edition, request: Request) -> Response:
    """404; an address with a slash at its end redirects to the one without."""
    path = request.path
    if path.endswith("/"):
        return Response.redirect(edition.link(path.rstrip("/") or "/"), status=301)
    raise NotFound("")


@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    """Add Chinese search and the guards; last, to replace Datasette's own `escape_fts`."""
    if isinstance(datasette, Edition) and database == DATABASE:
        conn.create_function("escape_fts", 1, match_query, deterministic=True)
        secure(conn, datasette.words["limits"])
