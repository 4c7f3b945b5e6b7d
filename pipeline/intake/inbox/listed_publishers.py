"""The publishers' released packages that an inbox joins: the `package` entries of `sources.yaml`."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog
from pipeline.base.patterns import lazy
from pipeline.intake.table.sources_yaml import check_entry, entries, is_number, is_word, refusal

SCHEMES = ("http", "https", "file")
_DIGEST = lazy(r"[0-9a-f]{64}")
_URL = lazy(r"([A-Za-z][A-Za-z0-9+.-]+):")  # one letter and a colon is a drive


@dataclass(frozen=True, slots=True)
class Listed:
    """One publisher's package, as the operator lists it.

    `address`: a URL, or "" where it is at `path`. `key`: the public key in PEM as the operator
    pinned it; `digest`: its sha256 in hex; both blank where it is trusted on first use.
    """

    publisher: str
    address: str = ""
    path: Path = Path()
    region_code: str = ""
    key: bytes = b""
    digest: str = ""
    precedence: int = 0
    beside: tuple[Path, ...] = ()  # files of the inbox that the entry itself is about


def read_listed(path: Path, catalog: Catalog) -> tuple[Listed, ...]:
    """The packages that `sources.yaml` at `path` lists, in its order.

    UsageError names the entry and what is wrong with it; local paths count from the inbox.
    """
    listed = dict[str, Listed]()
    for number, entry in enumerate(entries(path), 1):
        if "package" in entry:
            refuse = refusal(path, number)
            check_entry(entry, KEYS, ["package", "publisher"], refuse)
            made = _listed(entry, path.parent, catalog, refuse)
            if made.publisher in listed:
                raise refuse(f"publisher: {made.publisher}", KEYS["publisher"][1])
            listed[made.publisher] = made
    return tuple(listed.values())


def _is_name(value: Any) -> bool:
    """What can be a folder's name under PRIVATE, and a word on a page."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 60
        and value == value.strip()
        and value.isprintable()
        and not set(value) & set('/\\:*?"<>|')
        and value[0] not in ".~"
    )


def _is_address(value: Any) -> bool:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        return False
    scheme = _URL.match(value)
    return scheme is None or scheme[1].lower() in SCHEMES


#: What each key may hold: a test, and an example for the message.
KEYS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "package": (_is_address, "package: https://…/, …/site/current, ….zip"),
    "publisher": (_is_name, "publisher: 朝阳区 (once)"),
    "region_code": (is_word, 'region_code: "110105"'),
    "key": (is_word, "key: public_key.pem, key: sha256 (64 hex)"),
    "precedence": (is_number, "precedence: 1"),
}


def _listed(
    entry: Mapping[str, Any],
    inbox: Path,
    catalog: Catalog,
    refuse: Callable[[object, str], UsageError],
) -> Listed:
    address, path = _place(entry["package"], inbox, refuse)
    region = str(entry.get("region_code", ""))
    known = catalog.codes.get("divisions")
    if region and known and region not in {c.code for c in known.codes}:
        raise refuse(f"region_code: {region}", KEYS["region_code"][1])
    key, digest, beside = _key(str(entry.get("key", "")), inbox, refuse)
    beside = (*beside, *(() if address else (path,)))
    precedence = entry.get("precedence", 0)
    return Listed(entry["publisher"], address, path, region, key, digest, precedence, beside)


def _place(
    written: str, inbox: Path, refuse: Callable[[object, str], UsageError]
) -> tuple[str, Path]:
    """(the address, "") of a package on another machine, ("", the path) of one on this machine."""
    if not _URL.match(written):
        return "", inbox / written
    parts = urlsplit(written)
    if parts.scheme.lower() != "file":
        if not parts.hostname:
            raise refuse(f"package: {written}", KEYS["package"][1])
        return written, Path()
    if parts.hostname not in (None, "localhost"):
        raise refuse(f"package: {written}", "file:///…")
    from urllib.request import url2pathname  # loads http and ssl

    return "", Path(url2pathname(parts.path))


def _key(
    written: str, inbox: Path, refuse: Callable[[object, str], UsageError]
) -> tuple[bytes, str, tuple[Path, ...]]:
    if not written or _DIGEST.fullmatch(written):
        return b"", written, ()
    path = inbox / written
    try:
        return path.read_bytes(), "", (path,)
    except (OSError, ValueError) as error:
        raise refuse(f"key: {written}", KEYS["key"][1]) from error


# ---------------------------------------------------------------- packages among an inbox's files

PROOF = ("datapackage.json", "manifest.json")


def is_package(path: Path) -> bool:
    """Whether `path` is a released package: a folder or a ZIP with the files of `PROOF`."""
    if path.is_dir():
        return all((path / name).is_file() for name in PROOF)
    try:
        with zipfile.ZipFile(path) as archive:
            return set(PROOF) <= set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
