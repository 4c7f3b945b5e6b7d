"""catalog.jsonld: the release as a DCAT 3 catalogue, with the properties that DCAT-AP 3 requires.

DCAT 3: https://www.w3.org/TR/vocab-dcat-3/. Addresses are relative to where the file is served,
unless metadata.yml names the site's address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pipeline.release.package import parts

Files = Mapping[str, Mapping[str, Any]]  # a release's files → bytes and sha256

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
_LANGUAGE = "http://publications.europa.eu/resource/authority/language/ZHO"
# Ending → media type, name in the EU file-type list, media type of the compression.
_FORMATS = {
    ".csv.gz": ("text/csv", "CSV", "application/gzip"),
    ".jsonl.gz": ("application/x-ndjson", "JSON", "application/gzip"),
    ".parquet": ("application/vnd.apache.parquet", "PARQUET", ""),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX", ""),
    ".db": ("application/vnd.sqlite3", "", ""),
}
_FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
_MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"


def catalogue(
    descriptor: Mapping[str, Any], site: Mapping[str, Any], files: Files
) -> dict[str, Any]:
    """The content of catalog.jsonld.

    `descriptor`: datapackage.json; `site`: metadata.json; `files`: name → bytes and sha256.
    """
    own = site["zh"]["plugins"]["gongshi"]
    base = f"{own['address']}/" if own["address"] else "./"
    publisher = _publisher(own, base)
    return {
        "@context": CONTEXT,
        "@id": f"{base}catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _in_both_languages(site, "title"),
        "dct:description": _in_both_languages(site, "description"),
        "dct:publisher": publisher,
        **_licence(site["zh"]["license_url"]),
        "dct:language": {"@id": _LANGUAGE, "@type": "dct:LinguisticSystem"},
        "dct:issued": _day(own["today"]),
        "dct:modified": _day(own["today"]),
        "foaf:homepage": {"@id": base, "@type": "foaf:Document"},
        "dcat:dataset": [
            _dataset(r, descriptor, own, base, publisher, files) for r in descriptor["resources"]
        ],
        "dcat:service": _service(descriptor, site, base),
    }


def _in_both_languages(site: Mapping[str, Any], key: str) -> list[dict[str, str]]:
    return [{"@language": lang, "@value": site[lang][key]} for lang in ("zh", "en")]


def _day(day: str) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day}


def _licence(address: str) -> dict[str, Any]:
    return {"dct:license": {"@id": address, "@type": "dct:LicenseDocument"}} if address else {}


def _service(descriptor: Mapping[str, Any], site: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The site's API: tables, records and queries as JSON and CSV."""
    return {
        "@id": f"{base}disclosure",
        "@type": "dcat:DataService",
        "dct:title": _in_both_languages(site, "title"),
        "dcat:endpointURL": {"@id": f"{base}disclosure"},
        "dcat:endpointDescription": {"@id": f"{base}openapi.json"},
        "dcat:servesDataset": [
            {"@id": f"{base}disclosure/{r['name']}"} for r in descriptor["resources"]
        ],
    }


def _publisher(own: Mapping[str, Any], base: str) -> dict[str, Any]:
    name = own["publisher"]["name"]
    return {
        "@id": own["publisher"]["url"] or f"{base}#publisher",
        "@type": "foaf:Agent",
        "foaf:name": name,
    }


def _dataset(
    resource: Mapping[str, Any],
    descriptor: Mapping[str, Any],
    own: Mapping[str, Any],
    base: str,
    publisher: Mapping[str, Any],
    files: Files,
) -> dict[str, Any]:
    name, held = resource["name"], resource.get("gongshi:held_back", {})
    described = {
        "@id": f"{base}disclosure/{name}",
        "@type": "dcat:Dataset",
        "dct:identifier": name,
        "dct:title": _both(resource, "title"),
        "dct:description": _both(resource, "description") or _both(resource, "title"),
        "dct:publisher": {"@id": publisher["@id"]},
        "dct:issued": _day(own["today"]),
        "dct:modified": _day(held.get("day") or own["today"]),
        "dcat:version": descriptor["version"],
        "dcat:keyword": [
            {"@language": "zh", "@value": word} for word in descriptor.get("keywords", [])
        ],
        "dcat:landingPage": {"@id": f"{base}disclosure/{name}", "@type": "foaf:Document"},
        "dcat:contactPoint": _contact(own, base),
        "dct:accrualPeriodicity": _frequency(own["release_every_days"]),
        "dcat:distribution": list(_distributions(resource, descriptor, base, files)),
    }
    return {key: value for key, value in described.items() if value}


def _both(resource: Mapping[str, Any], key: str) -> list[dict[str, str]]:
    texts = {"zh": resource.get(key), "en": resource.get(f"{key}_en")}
    return [{"@language": lang, "@value": text} for lang, text in texts.items() if text]


def _contact(own: Mapping[str, Any], base: str) -> dict[str, Any]:
    mail = own["contact"]["email"]
    if not mail:
        return {}
    return {
        "@id": f"{base}#contact",
        "@type": "vcard:Kind",
        "vcard:fn": own["publisher"]["name"],
        "vcard:hasEmail": {"@id": f"mailto:{mail}"},
    }


def _frequency(days: int) -> dict[str, str]:
    known = {
        1: "DAILY",
        7: "WEEKLY",
        14: "BIWEEKLY",
        28: "MONTHLY",
        31: "MONTHLY",
        92: "QUARTERLY",
        366: "ANNUAL",
    }
    name = next((found for most, found in known.items() if 0 < days <= most), "")
    return {"@id": _FREQUENCY + name, "@type": "dct:Frequency"} if name else {}


def _distributions(
    resource: Mapping[str, Any], descriptor: Mapping[str, Any], base: str, files: Files
) -> Iterator[dict[str, Any]]:
    for name, (media, kind, compression) in _offered(resource, files):
        address = f"{base}{quote(name, safe='/=')}"
        described: dict[str, Any] = {
            "@id": address,
            "@type": "dcat:Distribution",
            "dct:title": name.removeprefix("downloads/"),
            "dcat:accessURL": {"@id": f"{base}disclosure/{resource['name']}"},
            "dcat:downloadURL": {"@id": address},
            "dcat:mediaType": {"@id": _MEDIA_TYPE + media, "@type": "dct:MediaType"},
            "dcat:byteSize": {
                "@type": "xsd:nonNegativeInteger",
                "@value": str(files[name]["bytes"]),
            },
            "spdx:checksum": _checksum(files[name]["sha256"]),
            **_licence(descriptor["licenses"][0].get("path", "")),
        }
        if kind:
            described["dct:format"] = {"@id": _FILE_TYPE + kind, "@type": "dct:MediaTypeOrExtent"}
        if compression:
            described["dcat:compressFormat"] = {
                "@id": _MEDIA_TYPE + compression,
                "@type": "dct:MediaType",
            }
        yield described


def _offered(
    resource: Mapping[str, Any], files: Files
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """The downloads of a dataset, each with its entry of `_FORMATS`: one of each format, and where
    it is in parts every part and every database of a part.
    """
    name, label = resource["name"], next(iter(resource.get(parts.KEY, ())), "")
    database = f"downloads/{parts.DATABASE.format(part=label)}".removesuffix(".db")
    for ending, form in _FORMATS.items():
        if f"downloads/{name}{ending}" in files:
            yield f"downloads/{name}{ending}", form
        heads = (f"downloads/{name}/", f"{database}=") if label else ()
        yield from ((n, form) for n in files if n.startswith(heads) and n.endswith(ending))


def _checksum(digest: str) -> dict[str, Any]:
    return {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {
            "@id": "spdx:checksumAlgorithm_sha256",
            "@type": "spdx:ChecksumAlgorithm",
        },
        "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": digest},
    }
