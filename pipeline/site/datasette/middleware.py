"""The ASGI middleware around Datasette: every request and every response passes here.

Requests: hostile addresses are refused, cookies and credentials are dropped (the site has no
accounts), a page that the browser has already is answered with 304 (RFC 9110), `/en/` goes to the
English edition. Responses: headers for security, caching and sharing (CORS), gzip, one log line.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import mimetypes
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

access = logging.getLogger("gongshi.access")

_STATIC = Path(__file__).parents[1] / "static"
_LONGEST_PATH, _LONGEST_QUERY = 2_000, 60_000
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_SHARED = ("json", "csv", "ld+json", "atom+xml", "octet-stream", "zip", "gzip", "sheet", "parquet")
_COMPRESSED = ("text/", "json", "xml", "svg", "javascript")
_DROPPED = {b"cookie", b"authorization", b"x-forwarded-host"}
_REPLACED = {b"vary", b"cache-control", b"referrer-policy", b"set-cookie", b"etag"}
_REPLACED |= {b"access-control-allow-origin", b"access-control-allow-headers"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file under `/static/`, also compressed by gzip, with its media type and version."""

    body: bytes
    compressed: bytes
    type: str
    version: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """The files under `/static/` by path, held in memory."""
    return {
        f"/static/{path.name}": StaticFile(
            body := path.read_bytes(),
            gzip.compress(body, 9, mtime=0),
            mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            hashlib.sha256(body).hexdigest()[:10],
        )
        for path in sorted(_STATIC.iterdir())
        if path.is_file()
    }


def static_address(name: str) -> str:
    """The address of a static file, with its version so that it may be cached for ever."""
    return f"/static/{name}?v={static_files()[f'/static/{name}'].version}"


class Middleware:
    """ASGI application of one release, which passes requests to the edition of their language.

    `etag` is that of every page of the release; pages may be cached for `cache_s` seconds.
    """

    def __init__(self, chinese: Asgi, english: Asgi, etag: str, cache_s: int) -> None:
        self._sites: Mapping[str, Asgi] = {"zh": chinese, "en": english}
        self._etag = etag
        self._cache = f"public, max-age={cache_s}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = _Answer(scope, send, self._etag, self._cache)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            await answer.plain(405, "Method not allowed", [(b"allow", b"GET, HEAD, OPTIONS")])
        elif scope["method"] == "OPTIONS":
            await answer.plain(204, "", [(b"access-control-allow-methods", b"GET, HEAD")])
        elif len(raw) > _LONGEST_PATH or len(scope["query_string"]) > _LONGEST_QUERY:
            await answer.plain(414, "地址太长 / Address too long")
        elif _hostile(scope["path"], raw):
            await answer.plain(404, "没有这个地址 / There is no such address")
        elif file := static_files().get(scope["path"]):
            await answer.static(file)
        elif answer.is_known:
            await answer.start(304, [])
        else:
            await self._pass(scope, receive, answer)
        answer.log()

    async def _pass(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        path: str = scope["path"]
        lang = "en" if path == "/en" or path.startswith("/en/") else "zh"
        if lang == "en":
            path, raw = path[3:] or "/", raw[3:] or b"/"
        headers = [(k, v) for k, v in scope["headers"] if k not in _DROPPED]
        inner = {**scope, "method": "GET", "path": path, "raw_path": raw, "headers": headers}
        await self._sites[lang](inner, receive, answer.send)


class _Answer:
    """One response: its headers, compression and log line."""

    def __init__(self, scope: Scope, send: Send, etag: str, cache_control: bytes) -> None:
        self._scope, self._send = scope, send
        self._etag, self._cache = etag.encode(), cache_control
        self._began = time.perf_counter()
        self._status, self._bytes = 0, 0
        self._headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self._compressor: Any = None

    @property
    def is_known(self) -> bool:
        """Whether the browser has this release's page already (If-None-Match)."""
        return self._etag in self._headers.get(b"if-none-match", b"")

    async def plain(
        self, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None
    ) -> None:
        kind = (b"content-type", b"text/plain; charset=utf-8")
        await self.start(status, [kind, *(headers or [])])
        await self._body(text.encode(), more=False)

    async def static(self, file: StaticFile) -> None:
        headers = [(b"content-type", file.type.encode()), (b"vary", b"accept-encoding")]
        headers += [(b"cache-control", b"public, max-age=31536000, immutable")]
        compress = self._accepts_gzip and len(file.compressed) < len(file.body)
        body = file.compressed if compress else file.body
        if compress:
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        self._status = 200
        await self._send(
            {"type": "http.response.start", "status": 200, "headers": SECURITY + headers}
        )
        await self._body(body, more=False)

    async def start(self, status: int, given: list[tuple[bytes, bytes]]) -> None:
        """Send the status and the headers `given`, with those that every response has."""
        self._status = status
        headers = [(k.lower(), v) for k, v in given if k.lower() not in _REPLACED]
        given_by_name = dict(given)
        kind = dict(headers).get(b"content-type", b"").decode("latin-1")
        if status in (200, 304):
            headers += [
                (b"etag", self._etag),
                (b"cache-control", given_by_name.get(b"cache-control", self._cache)),
            ]
        else:
            headers.append((b"cache-control", b"no-store"))
        path = self._scope["path"]
        if path.endswith((".json", ".csv")) or any(part in kind for part in _SHARED):
            headers.append((b"access-control-allow-origin", b"*"))
        if status == 200 and any(part in kind for part in _COMPRESSED):
            headers.append((b"vary", b"accept-encoding"))
            if self._accepts_gzip:
                self._compressor = zlib.compressobj(5, zlib.DEFLATED, 31)
                headers = [(k, v) for k, v in headers if k != b"content-length"]
                headers.append((b"content-encoding", b"gzip"))
        message = {"type": "http.response.start", "status": status, "headers": SECURITY + headers}
        await self._send(message)
        if status == 304:
            await self._body(b"", more=False)

    async def send(self, message: Message) -> None:
        """ASGI `send` for the edition: passes on its messages, compressed where possible."""
        if message["type"] == "http.response.start":
            await self.start(message["status"], list(message.get("headers", [])))
            return
        more = message.get("more_body", False)
        body = message.get("body", b"")
        if self._compressor:
            body = self._compressor.compress(body) + (b"" if more else self._compressor.flush())
        if body or not more:
            await self._body(body, more)

    async def _body(self, body: bytes, more: bool) -> None:
        if self._scope["method"] == "HEAD":
            body = b""
        self._bytes += len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    @property
    def _accepts_gzip(self) -> bool:
        return b"gzip" in self._headers.get(b"accept-encoding", b"")

    def log(self) -> None:
        """Log one JSON line without personal data: no client address, no query string."""
        record = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": self._scope["method"],
            "path": self._scope["path"][:200],
            "status": self._status,
            "bytes": self._bytes,
            "ms": round((time.perf_counter() - self._began) * 1000, 1),
        }
        access.info(json.dumps(record))


def _hostile(path: str, raw: bytes) -> bool:
    """Whether only attacks use such an address: backslashes, NUL, `//` in front, `/../`."""
    plain = path.encode("utf-8", "replace") + raw
    return b"\\" in plain or b"\0" in plain or path.startswith("//") or b"/../" in plain + b"/"
