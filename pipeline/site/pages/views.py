"""Shared by all pages: error pages in the visitor's language, and slots for costly requests."""

from __future__ import annotations

import functools
import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from pipeline.site.datasette import sqlwords
from pipeline.site.datasette.edition import Edition
from pipeline.site.datasette.language import N_
from pipeline.site.datasette.upstream import (
    Base400,
    DatasetteError,
    InvalidSql,
    QueryInterrupted,
    Request,
    Response,
)

log = logging.getLogger("gongshi.site")

View = Callable[[Edition, Request], Awaitable[Response]]
_TITLES = {
    400: N_("That cannot be answered"),
    403: N_("Not open to the public"),
    404: N_("There is no such page"),
    410: N_("Withdrawn"),
    429: N_("Too many people ask at once"),
    500: N_("Something broke on our side"),
    503: N_("The data cannot be read just now"),
}
_MESSAGES = {
    "result-too-large": N_("The result is too large. Ask for fewer rows or columns."),
    "page-removed": N_("The record behind which this page begins is gone. Go to the first page."),
    "busy": N_("Many visitors run SQL or search just now. Please try again in a few seconds."),
    "select-only": N_("Only a SELECT statement can be run, and only one at a time."),
    "sql-too-long": N_("The SQL statement is too long."),
    "blanks": N_("The SQL statement has too many blanks in a row."),
    "slow": N_("The query took too long and was stopped. Ask for less, or download the data."),
}


#: Our key for a message of Datasette.
_KNOWN = {"Statement must be a SELECT": "select-only"}
_FALLBACK = "本站出错，请稍后再试。 / Something broke on our side. Please try again later."
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_UNREADABLE = ("unable to open database", "disk I/O error", "malformed", "not a database")


class Withdrawn(Base400):
    """A record was withdrawn (410, RFC 9110); the argument is its tombstone."""

    status = 410


def guarded(view: View) -> Callable[..., Awaitable[Response]]:
    """`view` as Datasette calls it: it waits for a slot, and every error becomes a page."""

    @functools.wraps(view)
    async def shown(request: Request, datasette: Edition) -> Response:
        try:
            async with datasette.slots.slot_for(request.args):
                return await view(datasette, request)
        except Exception as error:
            return error_response(datasette, request, error)

    # Datasette passes arguments by the names in the signature. functools.wraps would make it see
    # the signature of `view`.
    del shown.__wrapped__
    return shown


def error_response(edition: Edition, request: Request, error: Exception) -> Response:
    """As `error_page`; plain text where that fails too, never Datasette's own error page."""
    try:
        return error_page(edition, request, error)
    except Exception:
        log.exception("the page that explains an error failed")
        return Response.text(_FALLBACK, status=500)


def error_page(edition: Edition, request: Request, error: Exception) -> Response:
    """The response to an error: an HTML page, or JSON for `.json`, `.csv` and `.xlsx`."""
    status, message, detail = _status_and_message(error)
    known = edition.language.phrase(_MESSAGES[message]) if message in _MESSAGES else ""
    text = known or sqlwords.plain(edition.language, detail)
    title = edition.language.phrase(_TITLES.get(status, _TITLES[400]))
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    if request.path.endswith((".json", ".csv", ".xlsx")):
        info = {"ok": False, "status": status, "title": title, "error": detail or text or title}
        body = json.dumps(info, ensure_ascii=False)
        kind = "application/json; charset=utf-8"
        return Response(body, status=status, content_type=kind, headers=headers)
    context = {"status": status, "title": title, "text": text, "detail": "" if known else detail}
    context["sql"] = request.args.get("sql", "")
    return edition.page(request, "error.html", context, status=status, headers=headers)


def _status_and_message(error: Exception) -> tuple[int, str, str]:
    """HTTP status, key of `_MESSAGES` and detail of an error.

    An internal error gets no detail: it is logged, not shown.
    """
    if any(sign in str(error) for sign in _UNREADABLE):
        log.error("the database cannot be read: %s", error)
        return 503, "", ""
    if isinstance(error, QueryInterrupted):
        return 400, "slow", ""
    if isinstance(error, DatasetteError):
        if error.title == "SQL Interrupted":
            return 400, "slow", ""
        word = _KNOWN.get(str(error.message), "")
        return (error.status if error.status != 500 else 400), word, str(error.message)
    if isinstance(error, Base400):
        word = str(error.args[0]) if error.args else ""
        return error.status, word, "" if word in _MESSAGES or error.status == 404 else word
    if isinstance(error, InvalidSql | sqlite3.Error | OverflowError | ValueError):
        return 400, "", str(error)
    log.exception("a page failed")
    return 500, "", ""


def of_kind(body: str | bytes, kind: str) -> Response:
    """A response for programs: `body`, in UTF-8, of the media type `kind`."""
    return Response(body, content_type=f"{kind}; charset=utf-8")


def dispatch(view_class: Any) -> Callable[..., Awaitable[Response]]:
    """A guarded view of a subclass of one of Datasette's view classes."""

    async def view(edition: Edition, request: Request) -> Response:
        response: Response = await view_class(edition).dispatch_request(request)
        return response

    return guarded(view)
