"""Downloads: the rows of a table page as CSV and XLSX, and the release's files.

A stream reads from one open cursor, so that no row is lost or doubled between pages. In files for
spreadsheets the head has titles, and text that a spreadsheet would run as a formula or read as a
number is marked as text. Files for programs have every value unchanged.
"""

from __future__ import annotations

import asyncio
import csv
import io
import mimetypes
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from pipeline.base.spreadsheet_safety import WORKBOOK, safe
from pipeline.base.sql import Sql, trusted
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.guards import TooBusy
from pipeline.site.datasette.order import with_tie_breaker
from pipeline.site.datasette.upstream import BadRequest, NotFound, Request, Response
from pipeline.site.pages.views import error_page, guarded

_CHUNK_ROWS = 2_000
_CHUNK_BYTES = 1 << 18
_CHUNK_S = 30.0
# Digits that a spreadsheet would round or strip of leading zeros, and numbers with a sign.
_CODE = re.compile(r"\d{12,}$|0\d+$|[+-](?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_CELL = 32_767  # of a spreadsheet
_MOST_EXACT = 1e15
_NAME = re.compile(r"(?:[\w=%~-][\w.=%~-]*/)*[\w=%~-][\w.=%~-]*\Z", re.A)


def download_links(edition: Edition, request: Request, table: str) -> dict[str, Any]:
    """The addresses of a page's rows, with its filters, by format; and the limits of size."""
    given = [
        (key, value)
        for key, value in parse_qsl(request.query_string)
        if key not in ("_next", "_all", "_size") and not key.startswith("_facet")
    ]
    base = edition.link(f"/{DATABASE}/{table}")
    limits = edition.words["limits"]

    def address(suffix: str, **more: str) -> str:
        return f"{base}.{suffix}?{urlencode([*given, *more.items()])}"

    return {
        "csv": address("csv", _stream="on"),
        "excel": address("csv", _stream="on", _excel="on"),
        "xlsx": address("xlsx"),
        "json": address("json", _shape="objects"),
        "xlsx_rows": limits["xlsx_rows"],
        "csv_mb": limits["csv_mb"],
    }


# ---------------------------------------------------------------- streams


class _Stream:
    """A response written while the database is read; it holds a slot from before its first byte.

    A full queue gives the error page for TooBusy.
    """

    status = 200

    def __init__(
        self, edition: Edition, request: Request, headers: dict[str, str], chunks: Iterator[bytes]
    ) -> None:
        self._edition, self._request = edition, request
        self.headers, self._chunks = headers, chunks

    async def asgi_send(self, send: Any) -> None:
        try:
            async with self._edition.slots.streams.acquired():
                await self._send(send)
        except TooBusy as busy:
            await error_page(self._edition, self._request, busy).asgi_send(send)

    async def _send(self, send: Any) -> None:
        loop = asyncio.get_running_loop()
        first = await loop.run_in_executor(None, next, self._chunks, b"")
        headers = [(k.encode(), v.encode()) for k, v in self.headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        chunk = first
        while chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await loop.run_in_executor(None, next, self._chunks, b"")
        await send({"type": "http.response.body", "body": b""})


async def stream(view: Any, request: Request) -> Any:
    """All rows of a table page, with its filters and sort, as a CSV response.

    Raises BadRequest for a later page and for a saved query.
    """
    if request.args.get("_next"):
        raise BadRequest("_next cannot go with _stream")
    edition: Edition = view.ds
    table = request.url_vars["table"]
    sql, params, names = await _whole(view, request)
    excel = bool(request.args.get("_excel"))
    head = [f.label for f in edition.fields(table, names)] if excel else names
    chunks = _csv(edition, sql, params, head, excel)
    headers = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": f'attachment; filename="{_file_name(table)}.csv"',
    }
    return _Stream(edition, request, headers, chunks)


def with_arguments(request: Request, more: str) -> Request:
    """A copy of `request` with the arguments `more` added to its query string."""
    query = f"{request.query_string}&{more}".lstrip("&").encode()
    return Request({**request.scope, "query_string": query}, request.receive)


async def _whole(view: Any, request: Request) -> tuple[Sql, Any, list[str]]:
    """A table page's SQL without its limit, the SQL's parameters and its columns."""
    # Not a size of 0: with a small limit SQLite may sort the whole table.
    data, *_ = await view.data(with_arguments(request, "_nocount=1&_nofacet=1&_size=100"))
    if not data.get("table"):
        raise BadRequest("_stream is for tables; a query's CSV holds its whole result")
    key = tuple(await view.ds.db.primary_keys(data["table"]) or ["rowid"])
    sql = with_tie_breaker(trusted(data["query"]["sql"]), key).rpartition(" limit ")[0]
    return sql, data["query"]["params"], list(data["columns"])


def _csv(
    edition: Edition, sql: Sql, params: Any, head: Sequence[str], excel: bool
) -> Iterator[bytes]:
    most = edition.words["limits"]["csv_mb"] * 1_000_000
    text = io.StringIO()
    writer = csv.writer(text)
    if excel:
        text.write("\ufeff")
    writer.writerow(map(_safe, head) if excel else head)
    sent = 0
    for rows in _batches(edition, sql, params):
        writer.writerows([_safe(v) for v in row] for row in rows) if excel else writer.writerows(
            rows
        )
        if text.tell() >= _CHUNK_BYTES:
            chunk = text.getvalue().encode()
            text.seek(0)
            text.truncate()
            sent += len(chunk)
            if sent > most:
                # A truncated file must not look complete: the connection breaks instead.
                raise RuntimeError(f"a CSV passed {most} bytes")
            yield chunk
    yield text.getvalue().encode()


def _batches(edition: Edition, sql: Sql, params: Any) -> Iterator[list[sqlite3.Row]]:
    conn = edition.db.connect()
    try:
        edition._prepare_connection(conn, DATABASE)
        deadline = time.perf_counter() + _CHUNK_S
        conn.set_progress_handler(lambda: time.perf_counter() > deadline, 100_000)
        cursor = conn.execute(sql, params or {})
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            yield rows
            deadline = time.perf_counter() + _CHUNK_S
    finally:
        conn.close()


def _safe(value: object) -> object:
    """A cell for spreadsheets: text that would run is marked by `spreadsheet_safety`, text that
    would be read as a number gets a tab in front, which spreadsheets do not show.
    """
    if not isinstance(value, str):
        return value
    return f"\t{value}" if _CODE.match(value) else safe(value)


# ---------------------------------------------------------------- workbooks


async def workbook(view: Any, request: Request) -> Response:
    """The rows of a table page as an XLSX response, up to the limit of the settings."""
    edition: Edition = view.ds
    table = request.url_vars["table"]
    sql, params, names = await _whole(view, request)
    most = int(edition.words["limits"]["xlsx_rows"])
    fields = edition.fields(table, names)
    title = edition.title(table)

    def make() -> bytes:
        return _workbook(title, fields, _batches(edition, f"{sql} limit {most}", params))

    async with edition.slots.streams.acquired():
        body = await asyncio.get_running_loop().run_in_executor(None, make)
    name = f'attachment; filename="{_file_name(table)}.xlsx"'
    return Response(body, content_type=_XLSX, headers={"content-disposition": name})


def _workbook(title: str, fields: Sequence[Any], batches: Iterator[list[sqlite3.Row]]) -> bytes:
    import xlsxwriter  # imported late: few visitors need it, and every worker would load it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "constant_memory": True, **WORKBOOK})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31] or "data")
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    text, money = book.add_format({"num_format": "@"}), book.add_format({"num_format": "#,##0.00"})
    sheet.freeze_panes(1, 0)
    for column, field in enumerate(fields):
        sheet.set_column(column, column, 16 if field.kind != "text" else 28)
        sheet.write_string(0, column, field.label, bold)
    row = 0
    for rows in batches:
        for record in rows:
            row += 1
            for column, (field, value) in enumerate(zip(fields, record, strict=True)):
                if isinstance(value, int | float) and abs(value) < _MOST_EXACT:
                    sheet.write_number(row, column, value, money if field.kind == "money" else None)
                elif value is not None:
                    cell = _CONTROL.sub("", str(value))[:_LONGEST_CELL]
                    sheet.write_string(row, column, cell, text)
    book.close()
    return out.getvalue()


# ---------------------------------------------------------------- the release's files


class _File:
    """A file of the release, sent in pieces."""

    status = 200

    def __init__(self, path: Path) -> None:
        self._path = path
        self.headers = {
            "content-type": _type(path.name),
            "content-length": str(path.stat().st_size),
            "content-disposition": f'attachment; filename="{path.name}"',
        }

    async def asgi_send(self, send: Any) -> None:
        headers = [(k.encode(), v.encode()) for k, v in self.headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        loop = asyncio.get_running_loop()
        with self._path.open("rb") as file:
            while chunk := await loop.run_in_executor(None, file.read, _CHUNK_BYTES):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _type(name: str) -> str:
    if name.endswith(".csv"):
        return "text/csv; charset=utf-8"
    kind, compressed = mimetypes.guess_type(name)
    return "application/gzip" if compressed else kind or "application/octet-stream"


@guarded
async def file(edition: Edition, request: Request) -> Any:
    """`/downloads/<name>`: a download file of the release; never a file outside its folder."""
    return _of_release(edition, "downloads", request)


@guarded
async def data(edition: Edition, request: Request) -> Any:
    """`/data/<name>`: a table's CSV at the address that `/datapackage.json` gives."""
    return _of_release(edition, "data", request)


def _of_release(edition: Edition, folder: str, request: Request) -> _File:
    name = unquote(request.url_vars["name"])
    path = edition.release.path / folder / name
    if not _NAME.match(name) or not path.is_file():
        raise NotFound("")
    return _File(path)


def listed(edition: Edition) -> list[dict[str, Any]]:
    """The release's download files in groups: the whole release first, then each table.

    A file with one part of a table (a year or division) has `part` true and names it in `kind`.
    """
    folder = edition.release.path / "downloads"
    groups: dict[str, list[dict[str, Any]]] = {"": [], **{name: [] for name in edition.tables}}
    for path in sorted(f for f in folder.rglob("*") if f.is_file()):
        name = path.relative_to(folder).as_posix()
        stem, dot, kind = name.partition(".")
        top = name.partition("/")[0]
        table = next((t for t in (top, stem) if dot and t in groups), "")
        entry = {"name": name, "bytes": path.stat().st_size, "part": "=" in name}
        label = kind if table else name
        if entry["part"]:
            label = unquote(name.removeprefix(f"{table}/").replace("/part-0.", " · "))
        groups[table].append({**entry, "kind": label})
    return [
        {
            "title": edition.title(table) if table else "",
            "files": found,
            "produced": bool(table) and edition.tables[table]["plugins"]["gongshi"]["produced"],
        }
        for table, found in groups.items()
        if found
    ]


def _file_name(table: str) -> str:
    return re.sub(r"[^\w.-]", "_", table, flags=re.A) or "data"
