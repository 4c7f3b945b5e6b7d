"""Files for programs: the data package, the manifest and its signature, the DCAT catalogue,
the health check.
"""

from __future__ import annotations

import json
from typing import Any

from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.upstream import NotFound, Request, Response
from pipeline.site.pages.views import guarded, of_kind

_PROOFS = {
    "manifest.json": "application/json",
    "manifest.sig": "text/plain",
    "public_key.pem": "application/x-pem-file",
}


@guarded
async def health(edition: Edition, request: Request) -> Response:
    """`/-/health`: JSON that says that the database answers, and of which release."""
    await edition.db.rows("select 1")
    return Response.json(
        {"ok": True, "release": edition.release.id, "today": edition.release.today}
    )


@guarded
async def package(edition: Edition, request: Request) -> Response:
    """`/datapackage.json`: the release's Frictionless data package, unchanged."""
    return _own_file(edition, "datapackage.json", "application/json")


@guarded
async def proof(edition: Edition, request: Request) -> Response:
    """The manifest, its signature or the public key, to verify the release's files."""
    name = request.url_vars["name"]
    return _own_file(edition, name, _PROOFS[name])


@guarded
async def catalogue(edition: Edition, request: Request) -> Response:
    """`/catalog.jsonld`: the datasets as DCAT in JSON-LD; the release's file if it has one."""
    path = edition.release.path / "catalog.jsonld"
    if path.is_file():
        return _own_file(edition, "catalog.jsonld", "application/ld+json")
    address = edition.address(request)
    metadata = edition.release.metadata[edition.lang]
    graph = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@id": f"{address}{edition.link('/')}",
        "@type": "dcat:Catalog",
        "dct:title": metadata["title"],
        "dct:description": metadata["description"],
        "dct:license": {"@id": metadata["license_url"]},
        "dct:issued": edition.release.today,
        "dct:language": edition.language.html,
        "dct:publisher": edition.words["publisher"]["name"],
        "dcat:dataset": [_dataset(edition, address, name) for name in edition.tables],
    }
    body = json.dumps(graph, ensure_ascii=False, indent=1)
    return of_kind(body, "application/ld+json")


def _dataset(edition: Edition, address: str, name: str) -> dict[str, Any]:
    metadata = edition.tables[name]
    page = address + edition.table_link(name)
    formats = {"csv?_stream=on": "text/csv", "json?_shape=array": "application/json"}
    return {
        "@id": page,
        "@type": "dcat:Dataset",
        "dct:title": metadata["title"],
        "dct:description": metadata.get("description", ""),
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


def _own_file(edition: Edition, name: str, kind: str) -> Response:
    path = edition.release.path / name
    if not path.is_file():
        raise NotFound("")
    return of_kind(path.read_bytes(), kind)
