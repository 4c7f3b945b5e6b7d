"""The texts that a release's site shows: Datasette metadata, once for each language.

Texts about tables and columns come from the contract, the site's own texts and saved queries from
`metadata.yml`. The result is `metadata.json` in the release, so that after a rollback an older
release is shown with its own texts. What Datasette has no key for is under `plugins.gongshi`, at
the same level (https://docs.datasette.io/en/stable/metadata.html).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Column, Dataset
from pipeline.base.words import Lang, say
from pipeline.contract.catalog import published_columns
from pipeline.release.package.about import About

DATABASE = "disclosure"
LANGUAGES: tuple[Lang, Lang] = ("zh", "en")
_PARTS = {
    *("title", "tagline", "description", "sample_notice", "publisher", "source", "licence"),
    *("contact", "address", "release_every_days", "keep", "limits", "tables", "groups"),
    *("columns", "home", "queries", "quality"),
}
_OPTIONAL = {"parts"}
# The keys of metadata.yml that are copied to the site's metadata, in this order.
_OWN = (
    *("publisher", "contact", "address", "release_every_days", "keep", "limits"),
    *("groups", "home", "quality"),
)
# A space that YAML puts where it folds the lines of a Chinese text.
_FOLDED = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")
_SHOWN_COLUMNS = 8  # of a table whose columns to show are not listed in metadata.yml


def site_metadata(about: About, *, present: Collection[str]) -> dict[str, Any]:
    """The content of metadata.json: language → Datasette metadata.

    `present`: the tables that the release holds. Raises UsageError where metadata.yml has unknown
    keys or lacks one.
    """
    unknown = (about.words.keys() - _OPTIONAL) ^ _PARTS
    if unknown:
        raise UsageError(say("site-words-keys", "zh", keys=", ".join(sorted(unknown))))
    return {lang: _site(about, present, lang) for lang in LANGUAGES}


def _site(about: About, present: Collection[str], lang: Lang) -> dict[str, Any]:
    catalog, texts = about.catalog, _in_language(about.words, lang)
    tables = _tables(about, present, lang)
    return {
        "title": texts["title"],
        "description": texts["description"],
        "license": texts["licence"]["name"],
        "license_url": texts["licence"]["url"],
        "source": texts["source"]["name"],
        "source_url": texts["source"]["url"],
        "plugins": {
            "gongshi": {
                **{key: texts[key] for key in _OWN},
                "lang": lang,
                "today": about.today.isoformat(),
                "tagline": texts["tagline"],
                "sample_notice": texts["sample_notice"] if about.sample else "",
                "column_titles": texts["columns"],
                "codes": _codes(catalog, tables, lang),
            }
        },
        "databases": {
            DATABASE: {
                "title": texts["title"],
                "description": texts["tagline"],
                "tables": tables,
                "queries": _queries(about, present, lang),
            }
        },
    }


def _tables(about: About, present: Collection[str], lang: Lang) -> dict[str, Any]:
    """The tables, and after them those of their search indexes, which are hidden."""
    catalog = about.catalog
    tables = {
        name: _table(dataset, about.words, lang)
        for name, dataset in catalog.datasets.items()
        if name in present
    }
    for held in (each for each in about.held_back if each.dataset in tables):
        said = {"since": held.since, "release": held.release, "day": held.day}
        said |= {"expectation": held.expectation, "reason": held.reason[lang]}
        tables[held.dataset]["plugins"]["gongshi"]["held_back"] = said
    searched = [n for n, d in catalog.datasets.items() if d.search and n in present]
    return tables | {f"{name}_fts": {"hidden": True} for name in searched}


def _in_language(words: Any, lang: Lang) -> Any:
    """`words` with every {zh: …, en: …} replaced by its text in `lang`."""
    if not isinstance(words, Mapping):
        return words
    if words and set(words) <= set(LANGUAGES):
        return words.get(lang) or next(iter(words.values()))
    return {key: _in_language(value, lang) for key, value in words.items()}


# ---------------------------------------------------------------- tables


def _table(dataset: Dataset, words: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    columns = published_columns(dataset)
    names = {column.name for column in columns}
    rules = [(use.rule, _named(use.params)) for use in dataset.rules]
    own = words["tables"].get(dataset.name, {})
    table: dict[str, Any] = {
        "title": _by(lang, dataset.title, dataset.title_en),
        "description": _by(lang, dataset.description, dataset.description_en),
        "columns": {column.name: _described(column, lang) for column in columns},
        "facets": [facet for facet in dataset.facets if facet in names],
        "size": words["limits"]["page_rows"],
        "plugins": {
            "gongshi": {
                "columns": [_column(column, dataset, rules, lang) for column in columns],
                "key": list(dataset.primary_key),
                "search": list(dataset.search),
                "show": _for_language(
                    _known(own.get("show"), names) or _shown(dataset), names, lang
                ),
                "filters": _known(own.get("filters"), names) or list(dataset.facets),
                "title": _known(own.get("title"), names) or _titled(dataset),
                "same": _known(own.get("same"), names) or _referring(dataset),
                "party": own.get("party") or _party(dataset),
                "authority": own.get("authority") or _authority(dataset),
                "day": _day(dataset),
                "schema_type": own.get("schema_type", "CreativeWork"),
                "groups": {
                    group: _known(members, names)
                    for group, members in own.get("groups", {}).items()
                },
                "produced": dataset.produced,
                "order": dataset.order,
            }
        },
    }
    if dataset.label:
        table["label_column"] = dataset.label
    if dataset.sort:
        table["sort_desc" if dataset.sort.startswith("-") else "sort"] = dataset.sort.lstrip("-")
    return table


def _column(
    column: Column, dataset: Dataset, rules: Sequence[tuple[str, set[str]]], lang: Lang
) -> dict[str, Any]:
    """A column's entry in `plugins.gongshi`, for the site to show it; blank keys are left out.

    `rules`: the dataset's, each with the texts in its parameters.
    """
    to = [key for key in dataset.foreign_keys if key.fields == (column.name,)]
    known: dict[str, Any] = {
        "name": column.name,
        "title": _by(lang, column.title, column.title_en),
        "description": _by(lang, column.description, column.description_en),
        "type": column.type,
        "kind": column.kind,
        "unit": column.unit if lang == "zh" else column.unit_en,
        "codes": column.codes,
        "separator": column.separator,
        "privacy": column.privacy if column.privacy != "public" else "",
        "constraints": json.loads(json.dumps(dict(column.constraints), default=str)),
        "example": column.example,
        "rules": [rule for rule, texts in rules if column.name in texts],
        "refers": {"table": to[0].dataset, "column": to[0].reference_fields[0]} if to else None,
    }
    return {key: value for key, value in known.items() if value}


def _named(params: Mapping[str, Any]) -> set[str]:
    """All texts in a rule's parameters; some are names of columns."""
    found: set[str] = set()
    for value in params.values():
        found |= {str(v) for v in value} if isinstance(value, list | tuple) else {str(value)}
    return found


def _described(column: Column, lang: Lang) -> str:
    """Title, unit and meaning in one line: Datasette's description of a column."""
    title = _by(lang, column.title, column.title_en)
    meaning = _by(lang, column.description, column.description_en)
    unit = column.unit if lang == "zh" else column.unit_en
    if lang == "zh":
        return title + (f"（{unit}）" if unit else "") + (f"：{meaning}" if meaning else "")
    return title + (f" ({unit})" if unit else "") + (f": {meaning}" if meaning else "")


def _shown(dataset: Dataset) -> list[str]:
    """The most important columns by their role in the contract (key, label, sort, facets, search),
    in the contract's order; `_SHOWN_COLUMNS` at most.
    """
    ranked = [
        *dataset.primary_key,
        dataset.label,
        dataset.sort.lstrip("-"),
        *dataset.facets,
        *dataset.search,
        *(column.name for column in dataset.published),
    ]
    published = [column.name for column in dataset.published]
    chosen = list(dict.fromkeys(n for n in ranked if n in published))[:_SHOWN_COLUMNS]
    return [name for name in published if name in chosen]


def _referring(dataset: Dataset) -> list[str]:
    """The columns that are a foreign key alone: what a record can have in common with others."""
    return [key.fields[0] for key in dataset.foreign_keys if len(key.fields) == 1]


def _titled(dataset: Dataset) -> list[str]:
    return [dataset.label] if dataset.label else list(dataset.primary_key)


def _for_language(shown: list[str], names: Collection[str], lang: Lang) -> list[str]:
    """The columns to show: of a pair in two languages (why, why_en) only the one in `lang`."""
    if lang == "zh":
        return [n for n in shown if not (n.endswith("_en") and n.removesuffix("_en") in shown)]
    return list(dict.fromkeys(f"{n}_en" if f"{n}_en" in names else n for n in shown))


def _party(dataset: Dataset) -> list[str]:
    """The columns [code, name] of a record's party: the first social credit code after a name that
    is not an authority's; [] where there is none.
    """
    authorities, name = {*dataset.primary_key, *_authorities(dataset)}, ""
    for column in dataset.published:
        if column.kind in ("name", "organisation"):
            name = "" if column.name in authorities else column.name
        elif column.kind == "social-credit-code" and name:
            return [column.name, name]
    return []


def _authority(dataset: Dataset) -> str:
    """The column of a record's authority: the first that refers to the register of authorities,
    else the only column of kind organisation; "" where neither is clear.
    """
    organs = [column.name for column in dataset.published if column.kind == "organisation"]
    found = [*_authorities(dataset), *(organs if len(organs) == 1 else [])]
    return next(iter(found), "")


def _authorities(dataset: Dataset) -> list[str]:
    """The columns that refer to the register of authorities."""
    return [key.fields[0] for key in dataset.foreign_keys if key.dataset == "authorities"]


def _day(dataset: Dataset) -> str:
    """The column of a record's main date: the one that the table is sorted by, else its first."""
    dates = [column.name for column in dataset.published if column.kind == "date"]
    return next((d for d in dates if d == dataset.sort.lstrip("-")), dates[0] if dates else "")


def _known(wanted: Any, names: Collection[str]) -> list[str]:
    return [name for name in wanted or () if name in names]


# ---------------------------------------------------------------- codes and queries


def _codes(catalog: Catalog, tables: Mapping[str, Any], lang: Lang) -> dict[str, dict[str, str]]:
    """Code list → code → label, for the lists that published columns use."""
    used = {
        column.codes
        for name, dataset in catalog.datasets.items()
        if name in tables
        for column in dataset.published
    }
    return {
        name: {code.code: _by(lang, code.label, code.label_en) for code in codes.codes}
        for name, codes in catalog.codes.items()
        if name in used
    }


def _queries(about: About, present: Collection[str], lang: Lang) -> dict[str, Any]:
    """The saved queries whose tables are all `present`."""
    known = {*about.catalog.datasets, *about.words["tables"]}
    return {
        name: _query(query, about.today, lang)
        for name, query in about.words["queries"].items()
        if known & set(re.findall(r"\w+", query["sql"])) <= set(present)
    }


def _query(query: Mapping[str, Any], today: date, lang: Lang) -> dict[str, Any]:
    """A saved query; each parameter has a default, so that the page shows rows at first sight."""
    defaults = {"today": today.isoformat(), **query.get("params", {})}
    sql = query["sql"].strip()
    params = [name for name in dict.fromkeys(re.findall(r":(\w+)", sql)) if name in defaults]
    for name in params:
        sql = re.sub(rf":{name}\b", f"coalesce(nullif(:{name}, ''), '{defaults[name]}')", sql)
    made: dict[str, Any] = {
        "title": query["title"][lang],
        "description": query["description"][lang],
        "sql": sql,
        "plugins": {
            "gongshi": {
                "chart": query.get("chart"),
                "defaults": {name: defaults[name] for name in params},
            }
        },
    }
    return made | ({"params": params} if params else {})


def _by(lang: Lang, chinese: str, english: str) -> str:
    """The text in `lang`; the other language's where that is blank."""
    if lang == "zh":
        return _FOLDED.sub("", chinese) or english
    return english or chinese
