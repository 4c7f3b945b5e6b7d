"""Everything imported from inside Datasette 0.65.5, in one place, to be checked at every upgrade.

Datasette has no types; `upstream.pyi` has those of the names here.
"""

from pipeline.base.optional_imports import hidden

# Its units of measure (pint) would load all of Dask's arrays.
with hidden("dask"):
    from datasette import hookimpl
    from datasette.app import Datasette
    from datasette.database import Database, QueryInterrupted, Results
    from datasette.filters import Filters
    from datasette.plugins import pm
    from datasette.utils import InvalidSql, await_me_maybe, tilde_decode, tilde_encode
    from datasette.utils.asgi import BadRequest, Base400, NotFound, Request, Response
    from datasette.views.base import DatasetteError
    from datasette.views.database import DatabaseView
    from datasette.views.row import RowView
    from datasette.views.table import TableView

__all__ = [
    "BadRequest",
    "Base400",
    "Database",
    "DatabaseView",
    "Datasette",
    "DatasetteError",
    "Filters",
    "InvalidSql",
    "NotFound",
    "QueryInterrupted",
    "Request",
    "Response",
    "Results",
    "RowView",
    "TableView",
    "await_me_maybe",
    "hookimpl",
    "pm",
    "tilde_decode",
    "tilde_encode",
]
