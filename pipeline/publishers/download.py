"""Downloads another publisher's package, with limits on its size and on the time it takes."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from pathlib import Path
from typing import IO
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import OpenerDirector, Request

MOST = 4 << 30  # bytes of a package
DESCRIPTOR_MOST = 64 << 20
SILENCE = 30.0  # seconds without a byte before it fails
SECONDS = 1800.0  # for the whole download
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
_BLOCK = 1 << 20


class Unreachable(Exception):
    """No package could be downloaded; `str()` is a short reason and holds no address."""


class _SameHost(request.HTTPRedirectHandler):
    """Follows redirects only on the host in `sources.yaml`, and not from HTTPS to HTTP.

    So no server can redirect a request into the operator's own network.
    """

    max_redirections = 5

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        was, now = urlsplit(req.full_url), urlsplit(newurl)
        kept = now.scheme == was.scheme or (was.scheme, now.scheme) == ("http", "https")
        if now.hostname != was.hostname or not kept:
            fp.close()
            raise URLError(f"redirected to {now.scheme}://{now.hostname}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    """An opener for HTTP and HTTPS only, with the proxy of the system's settings."""
    opener = OpenerDirector()
    for handler in (
        _SameHost(),
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def package(address: str, known: str, folder: Path) -> tuple[Path | None, str]:
    """Download a package; gives (its ZIP in `folder`, its release's id).

    `address`: of a ZIP (ends in .zip; the id is "" then), or of a site of this program, whose
    /datapackage.json names the current release. The path is None where that release is `known`
    already. Raises Unreachable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "package.zip"
    if urlsplit(address).path.lower().endswith(".zip"):
        fetch(address, place, MOST)
        return place, ""
    home = re.sub(r"(/datapackage\.json)?/*$", "", address)
    for last in (False, True):  # the site may switch between two requests
        name, release = _current(home, folder)
        if release == known:
            return None, release
        try:
            fetch(f"{home}/downloads/{name}-{release}.zip", place, MOST)
            return place, release
        except Unreachable:
            if last:
                raise
    raise AssertionError("the second attempt returns or raises")


def _current(home: str, folder: Path) -> tuple[str, str]:
    """Name and id of the current release of a site. Raises Unreachable."""
    fetch(f"{home}/datapackage.json", folder / "datapackage.json", DESCRIPTOR_MOST)
    try:
        descriptor = json.loads((folder / "datapackage.json").read_bytes())
        name, release = descriptor["name"], descriptor["version"]
        if not (_NAME.fullmatch(name) and _NAME.fullmatch(release)):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreachable("/datapackage.json") from error
    return name, release


def fetch(address: str, target: Path, most: int, seconds: float = SECONDS) -> None:
    """Download the file at `address` to `target`.

    Raises Unreachable where there is none, where it is larger than `most` bytes, or where it is not
    complete after `seconds`.
    """
    ended = threading.Event()
    outcome: list[Exception | None] = []

    def work() -> None:
        try:
            _copy(address, target, most, ended)
            outcome.append(None)
        except Exception as error:  # raised again by the waiting thread, below
            if isinstance(error, HTTPError):
                error.close()
            outcome.append(error)

    # A server may send single bytes for ever, even of the headers, so that no timeout of the socket
    # helps. A daemon thread can be left behind when the time is over.
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    ended.set()
    if not outcome:
        raise Unreachable(f"> {seconds:.0f} s")
    if problem := outcome[0]:
        if isinstance(problem, OSError | http.client.HTTPException | ValueError | Unreachable):
            raise Unreachable(_why(problem)) from problem
        raise problem


def _copy(address: str, target: Path, most: int, ended: threading.Event) -> None:
    headers = {"User-Agent": "gongshi", "Accept-Encoding": "identity"}
    query = Request(address, headers=headers)  # noqa: S310 - the opener allows HTTP and HTTPS only
    with _opener().open(query, timeout=SILENCE) as answer:
        expected = answer.headers.get("Content-Length")
        size, began = 0, time.monotonic()
        with target.open("wb") as out:
            while not ended.is_set() and (block := answer.read(_BLOCK)):
                size += len(block)
                if size > most:
                    raise Unreachable(f"> {most >> 20} MB")
                out.write(block)
    if expected and expected.isdecimal() and int(expected) != size:
        raise Unreachable(f"{size} / {expected} bytes, {time.monotonic() - began:.0f} s")


def _why(problem: Exception) -> str:
    """The reason of an error in a few words, without the address."""
    if isinstance(problem, HTTPError):
        return f"HTTP {problem.code}"
    reason = problem.reason if isinstance(problem, URLError) else problem
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return str(text)[:100]
