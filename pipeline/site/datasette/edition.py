"""An edition is the site of one release in one language: Datasette with our database,
pages and words.

Everything is public, so every permission check passes. The schema never changes, so it is read
once. Pages are rendered from this project's templates, never from Datasette's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.base.words import Lang
from pipeline.release.package.metadata import DATABASE
from pipeline.site.datasette import charts
from pipeline.site.datasette.database import QueryCache, ReleaseDatabase, show_only
from pipeline.site.datasette.folder import ReleaseFolder
from pipeline.site.datasette.guards import Slots
from pipeline.site.datasette.language import N_, Language
from pipeline.site.datasette.middleware import static_address
from pipeline.site.datasette.upstream import Datasette, Request, Response, tilde_encode
from pipeline.site.datasette.values import Field, Values, fields_of

_TEMPLATES = Path(__file__).parents[1] / "templates"
_NO_METADATA: Mapping[str, Any] = {"plugins": {"gongshi": {"columns": []}}}
_TIMES = {
    "year": "year",
    "month": "date",
    "today": "date",
}  # kinds of columns that only queries have
#: GB 32100-2015: no I, O, Z, S, V. Seventeen zeros mean a trader without a code: many share them.
PARTY_CODE = re.compile(r"(?!0{17})[0-9A-HJ-NP-RT-UW-Y]{18}")
_NAVIGATION = (
    ("/search", N_("Search")),
    ("/disclosure", N_("Data")),
    ("/dictionary", N_("Dictionary")),
    ("/quality", N_("Quality")),
    ("/releases", N_("Releases")),
    ("/about", N_("About")),
)


class Edition(Datasette):
    """The Datasette application of one release in one language, and what its pages need."""

    def __init__(
        self,
        release: ReleaseFolder,
        lang: Lang,
        query_cache: QueryCache,
        slots: Slots,
        executor: Executor,
        past: Sequence[ReleaseFolder],
    ) -> None:
        limits = release.limits
        settings = {
            "base_url": "/" if lang == "zh" else "/en/",
            "default_page_size": limits["page_rows"],
            "max_returned_rows": limits["result_rows"],
            "sql_time_limit_ms": limits["sql_ms"],
            "facet_time_limit_ms": limits["facet_ms"],
            "max_csv_mb": limits["csv_mb"],
            "suggest_facets": False,
            "allow_download": False,
            "default_cache_ttl": limits["cache_s"],
            "default_facet_size": 12,
            "num_sql_threads": 1,
            "cache_size_kb": 16_000,
        }
        super().__init__(
            [], metadata=release.metadata[lang], settings=settings, secret=release.id, cors=True
        )
        self.executor.shutdown()
        self.executor = executor
        self.release, self.lang, self.slots, self.past = release, lang, slots, past
        self.language = Language(lang)
        self.words: Mapping[str, Any] = release.words(lang)
        self.values = Values(self.language, self.words["codes"])
        self.tables = release.tables(lang)
        self.query_cache = query_cache
        path = release.path / "disclosure.db"
        self.db: ReleaseDatabase = show_only(self, path, query_cache, limits["result_characters"])
        self.pages = _environment(self)
        self._known_schema = False

    async def refresh_schemas(self) -> None:
        if not self._known_schema:
            await super().refresh_schemas()
            self._known_schema = True

    async def permission_allowed(self, *_args: object, **_named: object) -> bool:
        return True

    async def check_visibility(self, *_args: object, **_named: object) -> tuple[bool, bool]:
        return True, False

    async def ensure_permissions(self, *_args: object, **_named: object) -> None:
        return None

    # ------------------------------------------------------------ for pages

    def link(self, path: str) -> str:
        """An address inside the site, in the page's language."""
        return path if self.lang == "zh" else f"/en{path}"

    def table_link(self, table: str, query: str = "") -> str:
        return self.link(f"/{DATABASE}/{tilde_encode(table)}") + (f"?{query}" if query else "")

    def record_link(self, table: str, *key: object) -> str:
        """The permanent address of a record, in the page's language."""
        return self.table_link(table) + "/" + ",".join(tilde_encode(str(part)) for part in key)

    def authority_link(self, name: object) -> str:
        """The address of an authority's page."""
        return self.link("/authority/" + quote(str(name), safe=""))

    def organisation_link(self, table: str, row: Any, column: str) -> str:
        """The address of the organisation that `column` of the record `row` names.

        "" where the column names none, or the name is masked: natural persons have no page.
        """
        extras = self.tables[table]["plugins"]["gongshi"]
        if not row[column] or extras["produced"]:
            return ""
        if column == extras.get("authority"):
            return self.authority_link(row[column])
        code, name = extras.get("party") or ("", "")
        masked = not name or re.search(r"某$|\*", row[name] or "")
        if column in (code, name) and PARTY_CODE.fullmatch(row[code] or "") and not masked:
            return self.link(f"/party/{row[code]}")
        return ""

    def title(self, table: str) -> str:
        """A table's title in the page's language."""
        return str(self.tables.get(table, {}).get("title", table))

    def held_back(self, table: str) -> Mapping[str, Any] | None:
        """Of which day a table's rows are and why, where it is held back; None where it is not."""
        held: Mapping[str, Any] | None
        held = self.tables.get(table, _NO_METADATA)["plugins"]["gongshi"].get("held_back")
        return held

    def fields(self, table: str, names: list[str]) -> list[Field]:
        """The fields `names` of `table`."""
        return fields_of(self.tables.get(table, _NO_METADATA), names, self.words["column_titles"])

    def fields_of_query(self, sql: str, names: list[str]) -> list[Field]:
        """The fields of the columns `names` of a query.

        A column is described by the tables that `sql` names, else by any table that has it.
        """
        words = set(re.findall(r"\w+", sql))
        ordered = sorted(self.tables, key=lambda name: name not in words)
        return [self._field_in(ordered, name) for name in names]

    def refers_to(self, field: Field, value: object, tables: Sequence[str] = ()) -> str:
        """The address of the record that `value` names: by the field's foreign key, or as the
        key of one of `tables`. "" where it names none.
        """
        if value in (None, ""):
            return ""
        keys = [(table, field.name) for table in tables]
        if field.refers:
            keys.append((field.refers["table"], field.refers["column"]))
        for table, column in keys:
            if self.tables.get(table, _NO_METADATA)["plugins"]["gongshi"].get("key") == [column]:
                return self.record_link(table, value)
        return ""

    def keys_of(self, tables: Sequence[str]) -> set[str]:
        """The columns that alone are the key of one of `tables`."""
        keys = [self.tables[table]["plugins"]["gongshi"].get("key", []) for table in tables]
        return {key[0] for key in keys if len(key) == 1}

    def _field_in(self, tables: list[str], name: str) -> Field:
        if name in self.words["column_titles"]:
            kind = _TIMES.get(name, "number")
            return Field(name, self.words["column_titles"][name], kind=kind)
        for table in tables:
            columns = self.tables[table]["plugins"]["gongshi"]["columns"]
            if any(column["name"] == name for column in columns):
                return self.fields(table, [name])[0]
        return self.fields("", [name])[0]

    def address(self, request: Request) -> str:
        """The site's address without a path: from its settings, else from the request."""
        return self.words["address"] or f"{request.scheme}://{request.host}"

    def page(
        self,
        request: Request,
        template: str,
        context: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The HTML page of one of our templates, rendered with `context`."""
        path = request.path
        query = f"?{request.query_string}" if request.query_string else ""
        described = (
            f'<{self.link("/datapackage.json")}>; rel="describedby"; type="application/json"'
        )
        body = self.pages.get_template(template).render(
            {
                "request": request,
                "path": path,
                "here": self.address(request) + self.link(path) + query,
                "other_language": (f"/en{path}" if self.lang == "zh" else path) + query,
                "navigation": [
                    (self.link(to), name, path.startswith(to)) for to, name in _NAVIGATION
                ],
                **context,
            }
        )
        return Response.html(body, status=status, headers={"Link": described, **(headers or {})})


def _environment(edition: Edition) -> Environment:
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    env.globals.update(_globals(edition))
    env.filters.update(_filters(edition))
    return env


def _globals(edition: Edition) -> dict[str, Any]:
    """The global names of every template: the release, its words, links, charts."""
    phrase: Callable[..., str] = edition.language.phrase
    words = edition.release.metadata[edition.lang]
    return {
        "_": phrase,
        "n_": edition.language.count,
        "lang": edition.lang,
        "html_lang": edition.language.html,
        "words": edition.words,
        "site_title": words["title"],
        "site_description": words["description"],
        "licence": words["license"],
        "licence_url": words["license_url"],
        "source": words["source"],
        "release": edition.release.id,
        "today": edition.release.today,
        "link": edition.link,
        "table_link": edition.table_link,
        "record_link": edition.record_link,
        "authority_link": edition.authority_link,
        "table_title": edition.title,
        "static": static_address,
        "bar_chart": charts.bars,
        "column_chart": charts.columns,
        "highest": charts.highest,
    }


def _filters(edition: Edition) -> dict[str, Callable[..., Any]]:
    """How templates write values: numbers, dates and words in the page's language."""
    language = edition.language
    return {
        "number": language.number,
        "money": language.money,
        "short_money": language.short_money,
        "date": language.date,
        "foreign": edition.values.foreign,
        "given": lambda value: language.number("–" if value is None or value == "" else value),
        "tilde": lambda text: tilde_encode(str(text)),
        "word": language.word,
        "flat": _flat,
        "column_title": lambda name, table: edition.fields(table, [name])[0].title,
    }


def _flat(cell: Markup) -> Markup | str:
    """A cell that can be put inside a link: its own links and folds become text."""
    return cell.striptags() if "<a " in cell or "<details" in cell else cell
