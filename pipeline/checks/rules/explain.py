"""The description of a rule for the people who correct data: `gongshi explain RULE`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.base.errors import UsageError
from pipeline.base.model import Catalog, Dataset, RuleUse
from pipeline.base.words import Lang, RuleText, rules, say, say_fix
from pipeline.checks.rules import RULES, Rule


def explain(name: str, catalog: Catalog, lang: Lang) -> str:
    """The rule's title, what it finds, what to do, its law, where it is used, examples.

    Raises UsageError where there is no such rule, with the most similar names.
    """
    if name not in rules():
        near = difflib.get_close_matches(name, rules(), 5, 0.4)
        raise UsageError(say("explain-unknown", lang, name=name, near="、".join(near) or "…"))
    return "\n".join(_lines(rules()[name], catalog, lang))


def examples(name: str, catalog: Catalog, lang: Lang, kind: str) -> str:
    """The rule's examples that pass (`kind` ok) or fail (bad), a line each;
    "" where it has none.
    """
    if name not in RULES:
        return ""
    uses = [(d, u) for d in catalog.datasets.values() for u in d.rules if u.rule == name]
    names = _names(RULES[name], uses[0][0], uses[0][1], lang) if uses else {}
    rule = RULES[name]
    chosen = rule.ok if kind == "ok" else rule.bad
    return "\n".join(
        line for example in chosen for line in _example(rule, example, names, catalog, lang)
    )


def _lines(text: RuleText, catalog: Catalog, lang: Lang) -> Iterator[str]:
    uses = [(d, u) for d in catalog.datasets.values() for u in d.rules if u.rule == text.name]
    params = _params(*uses[0]) if uses else {}
    version = say("explain-version", lang, version=text.version)
    yield f"{text.title[lang]}  [{text.name} · {version}]"
    yield ""
    for label, line in (
        ("what", say(text.name, lang, **params)),
        ("severity", say(f"explain-{_severity_key(text)}", lang)),
        ("owner", say(f"explain-owner-{text.owner}", lang)),
        ("fix", say_fix(text.name, lang, **params)),
        ("law", text.source.get(lang, "") or say("explain-no-law", lang)),
    ):
        yield f"{say(f'explain-{label}', lang)}{line}"
    for dataset, use in uses:
        yield f"{say('explain-used', lang)}{_title(dataset, lang)}{_field(dataset, use, lang)}"
    if text.name in RULES:
        for kind in ("ok", "bad"):
            if shown := examples(text.name, catalog, lang, kind):
                yield f"\n{say(f'explain-{kind}', lang)}"
                yield "\n".join(f"  {line}" for line in shown.splitlines())


def _severity_key(text: RuleText) -> str:
    withheld = text.name in RULES and RULES[text.name].scope == "publication"
    return "withheld" if withheld else text.severity


def _params(dataset: Dataset, use: RuleUse) -> dict[str, Any]:
    """The rule's parameters with columns by their titles, for its message."""
    from pipeline.checks.rules.base import named_in_words

    params = named_in_words(dataset, use.params)
    if "field" in params:
        params |= {"title": params["field"], "title_en": params["field_en"]}
    return params


def _title(item: Any, lang: Lang) -> str:
    return str(item.title_en if lang == "en" else item.title)


def _field(dataset: Dataset, use: RuleUse, lang: Lang) -> str:
    named = use.params.get("field")
    return f" · {_title(dataset.column(named), lang)}" if named else ""


def _names(rule: Rule, dataset: Dataset, use: RuleUse, lang: Lang) -> dict[str, str]:
    """The names of an example's cells → the titles of the contract's columns for them."""
    titles = {c.name: _title(c, lang) for c in dataset.columns}
    pairs = [(getattr(rule.example, key, None), value) for key, value in use.params.items()]
    listed = [(a, b) for a, b in pairs if isinstance(a, list) and isinstance(b, list)]
    pairs += [pair for a, b in listed for pair in zip(a, b, strict=False)]
    return {
        a: titles[b] for a, b in pairs if isinstance(a, str) and isinstance(b, str) and b in titles
    }


def _example(
    rule: Rule,
    example: Mapping[str, Any],
    names: Mapping[str, str],
    catalog: Catalog,
    lang: Lang,
) -> Iterator[str]:
    if rule.scope in ("row", "publication"):
        yield _row(example, names, lang)
        return
    for dataset, rows in example.items():
        known = catalog.datasets.get(dataset)
        titles = {c.name: _title(c, lang) for c in known.columns} if known else {}
        for row in rows[:3]:
            yield f"{_title(known, lang) if known else dataset}: {_row(row, titles, lang)}"
        if len(rows) > 3:
            yield say("explain-more", lang, count=len(rows) - 3)


def _row(row: Mapping[str, str], names: Mapping[str, str], lang: Lang) -> str:
    mark = "：" if lang == "zh" else ": "
    blank = say("explain-blank", lang)
    return ("；" if lang == "zh" else "; ").join(
        f"{names.get(name, name)}{mark}{value or blank}" for name, value in row.items()
    )
