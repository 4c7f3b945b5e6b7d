"""A draft as the YAML of a dataset, every guess marked as one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.base.words import language, say
from pipeline.contract.catalog import KIND_TYPES
from pipeline.flow.authoring.columns import YAML_WORDS, Drafted, LeftOut

_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+"
)


@dataclass(frozen=True, slots=True)
class Table:
    """What is drafted: of the sample `file`, with so many `rows`; `key`: None for none."""

    file: str
    name: str
    title: str
    columns: Sequence[Drafted]
    left_out: Sequence[LeftOut]
    rows: int
    key: Drafted | None


def write(table: Table) -> str:
    """The YAML; it loads without changes."""
    return "\n".join(_lines(table)) + "\n"


def _lines(table: Table) -> Iterator[str]:
    lang = language()
    yield "# " + say("draft-head", lang, file=one_line(table.file))
    for each in table.left_out:
        yield "# " + left_out_line(each)
    yield f"name: {table.name}{_why(say('draft-name', lang))}"
    yield f"title: {_text(table.title)}"
    english = _text(table.name.replace("_", " ").capitalize())
    yield f"title_en: {english}{_why(say('draft-english', lang))}"
    yield from _for_site(table)
    yield "schema:"
    if table.key:
        why = "draft-key-serial" if table.key.serial else "draft-key"
        yield f"  primaryKey: [{table.key.name}]{_why(say(why, lang, rows=table.rows))}"
    else:
        yield "  # " + say("draft-no-key", lang)
    yield "  fields:"
    for column in table.columns:
        yield from _field(column)


def left_out_line(each: LeftOut) -> str:
    """Which column is left out, and why."""
    why = say(f"draft-left-out-{each.why}", language())
    return say("draft-left-out", language(), header=one_line(each.header), why=why)


def _for_site(table: Table) -> Iterator[str]:
    public = [c for c in table.columns if c.guess.privacy != "never"]
    texts = [
        c.name
        for c in public
        if c.guess.kind in ("text", "organisation", "document-number") and not c.guess.enum
    ]
    lists = [c.name for c in public if c.guess.enum or c.guess.kind in ("choice", "choices")]
    dates = [c.name for c in public if c.guess.kind == "date"]
    yield "# " + say("draft-guess", language(), why=say("draft-site", language()))
    if texts:
        yield f"gongshi:search: [{', '.join(texts[:6])}]"
    if lists:
        yield f"gongshi:facets: [{', '.join(lists[:5])}]"
    if dates:
        yield f"gongshi:sort: -{dates[0]}"
    if label := (table.key or next(iter(public), None)):
        yield f"gongshi:label: {label.name}"


def _field(column: Drafted) -> Iterator[str]:
    g, lang = column.guess, language()
    translated = g.like is not None and column.name == g.like.name
    yield f"    - name: {column.name}" + ("" if translated else _why(say("draft-english", lang)))
    yield f"      title: {_text(column.title)}"
    yield f"      title_en: {_text(column.title_en)}" + (
        "" if translated else _why(say("draft-english", lang))
    )
    yield f"      type: {KIND_TYPES[g.kind]}"
    yield f"      gongshi:kind: {g.kind}{_why(g.why)}"
    if column.header != column.title:
        yield f"      gongshi:aliases: [{_text(column.header)}]"
    if g.codes:
        yield f"      gongshi:codes: {g.codes}"
    if g.kind == "money":
        source_unit = g.like.source_unit if g.like else g.unit
        yield "      gongshi:unit: 元"
        yield f"      gongshi:source_unit: {source_unit or '元'}"
    if g.privacy != "public":
        opening = _why(g.opening) if g.opening else ""
        yield f"      gongshi:privacy: {g.privacy}{opening}"
    if g.enum or column.required:
        parts = ["required: true"] if column.required else []
        parts += [f"enum: [{', '.join(map(_text, g.enum))}]"] if g.enum else []
        why = _why(say("draft-required", lang)) if column.required else ""
        yield f"      constraints: {{{', '.join(parts)}}}{why}"


def _why(text: str) -> str:
    return "  # " + say("draft-guess", language(), why=text)


def one_line(text: str) -> str:
    """`text` on one line, without what YAML cannot hold."""
    return _UNPRINTABLE.sub(" ", text)


def _text(text: str) -> str:
    """A YAML string, in quotes wherever YAML could take it for anything else."""
    plain = r"[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9_（）、]*|[A-Z][a-z0-9 ]*[a-z0-9]"
    if re.fullmatch(plain, text) and text.casefold() not in YAML_WORDS:
        return text
    return json.dumps(one_line(text), ensure_ascii=False)
