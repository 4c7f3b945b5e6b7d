"""A dataset's YAML drafted from a sample file, every guess marked as one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.base.errors import UnreadableInput
from pipeline.base.model import Catalog
from pipeline.base.sheet_cells import Grid
from pipeline.base.words import language, say
from pipeline.contract.catalog import KIND_TYPES, ORIGIN
from pipeline.intake import cells
from pipeline.intake.authoring.guess import Guess, guess
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table.match_columns import SERIAL
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.workbook.celltext import as_text

SAMPLE = 5_000  # rows that guesses are based on
HEAD = 60  # rows that are searched for the header
_UNIT = re.compile(r"[（(【\[](?:单位[：:])?(?:亿元|万元|千元|元)[）)】\]]$")
_NOT_TEXT = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # as YAML reads them
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+"
)
_SAMPLE_NAME = re.compile(r"[-_—（(]?(?:示例数据|样表|样例|模板|导出)[)）]?$")


@dataclass(frozen=True, slots=True)
class _Drafted:
    """One column of the draft."""

    name: str
    title: str
    title_en: str
    header: str  # as the sample has it
    guess: Guess
    required: bool
    distinct: bool  # neither blank nor repeated


def draft(path: Path, catalog: Catalog) -> str:
    """The YAML of a dataset that `path` may be a sample of; it loads without changes.

    Raises UnreadableInput where there is no file, or no table in it.
    """
    lang = language()
    if not path.is_file():
        raise UnreadableInput(say("draft-missing", lang, path=path))
    grids = cells.grids(InboxFile(path, path.name, False, Hint()))
    found = max((_table(grid) for grid in grids), key=lambda t: len(t[0]) * len(t[1]), default=None)
    if found is None or not found[1]:
        raise UnreadableInput(say("draft-no-table", lang, path=path))
    header, rows = found
    columns, left_out = _columns(header, rows, catalog)
    if not columns:
        raise UnreadableInput(say("draft-no-table", lang, path=path))
    title = _SAMPLE_NAME.sub("", path.stem) or path.stem
    return "\n".join(_yaml(path.name, title, columns, left_out, len(rows), catalog)) + "\n"


# ---------------------------------------------------------------- the table in the sample


def _table(grid: Grid) -> tuple[list[str], list[list[str]]]:
    """(header, rows) of a sheet: the header is the first row as full as rows usually are."""
    rows = [[as_text(cell) for cell in row] for _, row in islice(grid.rows(), SAMPLE + HEAD)]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        return [], []
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = sorted(filled)[len(filled) // 2]
    at = next((i for i, n in enumerate(filled[:HEAD]) if n >= max(2, 0.7 * usual)), None)
    if at is None:
        return [], []
    header = rows[at]
    return header, [row + [""] * (len(header) - len(row)) for row in rows[at + 1 :]]


def _columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], catalog: Catalog
) -> tuple[list[_Drafted], list[str]]:
    columns, left_out, used = list[_Drafted](), list[str](), {c.name for c in ORIGIN}
    known = {_plain(name) for name in used}
    for position, written in enumerate(header):
        title = re.sub(r"\s+", "", written).lstrip("*＊★")
        if not _plain(title) or SERIAL.match(title) or _plain(title) in known:
            left_out += [title] if title else []
            continue
        cells_of = [row[position] for row in rows]
        guessed = guess(title, cells_of, catalog, language())
        column = _named(title, guessed, cells_of, known)
        known |= {_plain(t) for t in (column.title, column.name, column.title_en, column.header)}
        columns.append(column)
    return columns, left_out


def _named(title: str, guessed: Guess, written: list[str], known: set[str]) -> _Drafted:
    """The column with a unique name, and whether its cells are filled and distinct, as keys are."""
    like, header = guessed.like, title
    if like and not known & {_plain(like.name), _plain(like.title), _plain(like.title_en)}:
        name, title, title_en = like.name, like.title, like.title_en
    else:
        title = _UNIT.sub("", title) if guessed.kind == "money" else title
        title = header if _plain(title) in known | {""} else title
        name = _slug(title, known)
        title_en = name.replace("_", " ").capitalize()
    filled = [cell.strip() for cell in written if cell.strip()]
    whole = len(filled) == len(written)
    distinct = whole and len(set(filled)) == len(filled)
    return _Drafted(name, title, title_en, header, guessed, whole, distinct)


def _slug(text: str, known: set[str]) -> str:
    """A name by the rules of the contract: pinyin, in lower case, not in use yet."""
    from pypinyin import lazy_pinyin  # 0.2 s to load: only a draft needs it

    spelled = "_".join(lazy_pinyin(text))
    plain = re.sub(r"[^a-z0-9]+", "_", spelled.casefold()).strip("_")[:40].strip("_")
    word = re.match(r"[a-z]", plain) and plain not in _NOT_TEXT
    name = plain if word else f"x_{plain}".strip("_")
    number, unique = 2, name
    while _plain(unique) in known:
        unique, number = f"{name}_{number}", number + 1
    return unique


def _plain(header: str) -> str:
    """The form in which headers count as the same."""
    return re.sub(r"[\W_]", "", header).casefold()


# ---------------------------------------------------------------- as YAML


def _yaml(
    file: str,
    title: str,
    columns: list[_Drafted],
    left_out: list[str],
    rows: int,
    catalog: Catalog,
) -> Iterator[str]:
    lang = language()
    name = _slug(title, {_plain(n) for n in catalog.datasets})
    yield "# " + say("draft-head", lang, file=_line(file))
    if left_out:
        yield "# " + say("draft-left-out", lang, headers=_line("、".join(left_out)))
    yield f"name: {name}{_why(say('draft-name', lang))}"
    yield f"title: {_text(title)}"
    english = _text(name.replace("_", " ").capitalize())
    yield f"title_en: {english}{_why(say('draft-english', lang))}"
    yield from _for_site(columns)
    yield "schema:"
    key = _key(columns)
    if key:
        yield f"  primaryKey: [{key.name}]{_why(say('draft-key', lang, rows=rows))}"
    else:
        yield "  # " + say("draft-no-key", lang)
    yield "  fields:"
    for column in columns:
        yield from _field(column)


def _for_site(columns: list[_Drafted]) -> Iterator[str]:
    public = [c for c in columns if c.guess.privacy != "never"]
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
    if label := (_key(columns) or next(iter(public), None)):
        yield f"gongshi:label: {label.name}"


def _key(columns: list[_Drafted]) -> _Drafted | None:
    """A column with a distinct value in each row: document numbers first, then codes, then
    others.
    """
    able = [c for c in columns if c.distinct and c.guess.privacy == "public"]
    rank = ("document-number", "code", "integer", "text", "organisation")
    able = [c for c in able if c.guess.kind in rank]
    return min(able, key=lambda c: rank.index(c.guess.kind), default=None)


def _field(column: _Drafted) -> Iterator[str]:
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
        yield f"      gongshi:privacy: {g.privacy}"
    if g.enum or column.required:
        parts = ["required: true"] if column.required else []
        parts += [f"enum: [{', '.join(map(_text, g.enum))}]"] if g.enum else []
        why = _why(say("draft-required", lang)) if column.required else ""
        yield f"      constraints: {{{', '.join(parts)}}}{why}"


def _why(text: str) -> str:
    return "  # " + say("draft-guess", language(), why=text)


def _line(text: str) -> str:
    """`text` on one line, without what YAML cannot hold."""
    return _UNPRINTABLE.sub(" ", text)


def _text(text: str) -> str:
    """A YAML string, in quotes wherever YAML could take it for anything else."""
    if re.fullmatch(
        r"[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9_（）、]*|[A-Z][a-z0-9 ]*[a-z0-9]", text
    ):
        return text
    return json.dumps(_line(text), ensure_ascii=False)
