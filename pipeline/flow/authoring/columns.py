"""The columns of a draft: a name, a title and a guess for each column of the sample."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from pipeline.base.model import Catalog
from pipeline.base.words import language, say
from pipeline.contract.catalog import ORIGIN, plain_header
from pipeline.flow.authoring.guess import Guess, guess, values_of
from pipeline.flow.authoring.personal import are_births
from pipeline.flow.authoring.sample import numbered
from pipeline.intake.table import match_columns, values
from pipeline.intake.table.spelling import Setting

_UNIT = re.compile(r"[（(【\[](?:单位[：:])?(?:亿元|万元|千元|元)[）)】\]]$")
#: What YAML takes for no text.
YAML_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
_NOT_NAMES = {*YAML_WORDS, "rowid", "oid", "rank"}  # these are SQLite's own
LONGEST = 40  # letters of a name


@dataclass(frozen=True, slots=True)
class Drafted:
    """One column of the draft."""

    name: str
    title: str
    title_en: str
    header: str  # as the sample has it
    guess: Guess
    required: bool
    distinct: bool  # neither blank nor repeated
    serial: bool  # called as numbers of rows are


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column of the sample that is not in the draft: `why` ends its message's key."""

    header: str
    why: str  # serial, reserved, blank, same


def of_sample(
    header: Sequence[str], rows: pa.Table, catalog: Catalog, plain: Collection[str], today: date
) -> tuple[list[Drafted], list[LeftOut]]:
    """(the columns, those left out). `rows`: as `sample.written` gives them; `plain`: names of
    columns that are text without any rule, since a better guess could not be read.
    """
    drafted, left_out = list[Drafted](), list[LeftOut]()
    known = {form for column in ORIGIN for form in forms(column.name)}
    for position, written in enumerate(numbered(header)):
        cells = rows[str(position)].to_pylist() if str(position) in rows.column_names else []
        title = _one_line(written)
        if not plain_header(title) or not match_columns.canonical(title)[0]:
            if values_of(cells):
                left_out.append(LeftOut(title or f"#{position + 1}", "blank"))
        elif forms(title) & known:
            reserved = any(forms(title) & forms(c.name) for c in ORIGIN)
            left_out.append(LeftOut(title, "reserved" if reserved else "same"))
        else:
            column = _drafted(title, cells, catalog, known, plain)
            known |= set[str]().union(*map(forms, (column.title, column.name, column.title_en)))
            known |= forms(column.header)
            drafted.append(column)
    drafted = _with_births(drafted, header, rows, today)
    needed = key_of(drafted)
    left_out += [LeftOut(c.header, "serial") for c in drafted if c.serial and c is not needed]
    return [c for c in drafted if not c.serial or c is needed], left_out


def key_of(columns: Sequence[Drafted]) -> Drafted | None:
    """A column with a distinct value in each row: document numbers first, then codes, then
    others; one that looks like a number of rows only where no other tells rows apart.
    """
    able = [c for c in columns if c.distinct and c.guess.privacy == "public"]
    able = [c for c in able if c.guess.kind in _KEYS]
    return min(able, key=_fitness, default=None)


def _fitness(column: Drafted) -> tuple[bool, bool, int]:
    kind = column.guess.kind
    return kind in _CHANCE, column.serial, _KEYS.index(kind)


#: Kinds that a key may have, the likeliest first, and those that are distinct by chance.
_KEYS = ("document-number", "code", "social-credit-code", "integer", "text", "organisation", "url", "date", "number")  # fmt: skip
_CHANCE = frozenset(("date", "number"))


def _one_line(header: str) -> str:
    """A header without line breaks, stars, and blanks between Chinese characters."""
    plain = re.sub(r"\s+", " ", header).strip().lstrip("*＊★ ")
    return re.sub(r"(?<=[^\x00-\xff]) | (?=[^\x00-\xff])", "", plain)


def _drafted(
    title: str, cells: list[str], catalog: Catalog, known: set[str], plain: Collection[str]
) -> Drafted:
    guessed = guess(title, cells, catalog, language())
    column = _named(title, guessed, cells, known)
    if column.name in plain:
        why = say("draft-plain", language())
        text = replace(guessed, kind="text", why=why, unit="", codes="", enum=(), like=None)
        column = replace(column, guess=text, required=False)
    return column


def _named(title: str, guessed: Guess, written: list[str], known: set[str]) -> Drafted:
    """The column with a unique name, and whether its cells are filled and distinct, as keys are."""
    like, header = guessed.like, title
    names = (like.name, like.title, like.title_en) if like else ()
    if like and not known & set[str]().union(*map(forms, names)):
        name, title, title_en = like.name, like.title, like.title_en
    else:
        title = _UNIT.sub("", title) if guessed.kind == "money" else title
        title = header if not forms(title) or forms(title) & known else title
        name = slug(title, known)
        title_en = name.replace("_", " ").capitalize()
    filled = values_of(written)
    canonical = {values.normalise(cell, guessed.kind, Setting())[0] for cell in filled}
    whole = bool(filled) and len(filled) == len(written)
    serial = bool(match_columns.SERIAL.match(header)) and _counts(written)
    distinct = whole and len(canonical - {""}) == len(filled)
    return Drafted(name, title, title_en, header, guessed, whole, distinct, serial)


def _counts(written: Sequence[str]) -> bool:
    """Whether cells count the rows, one by one and in their order."""
    filled = [cell.strip() for cell in written if cell.strip()]
    if not all(re.fullmatch(r"\d{1,9}", cell) for cell in filled):
        return not filled
    return [int(cell) for cell in filled] == list(
        range(int(filled[0]), int(filled[0]) + len(filled))
    )


def _with_births(
    columns: list[Drafted], header: Sequence[str], rows: pa.Table, today: date
) -> list[Drafted]:
    """The columns; dates that may be those of births are never public beside persons' names."""
    if not any(c.guess.kind == "name" or c.guess.privacy != "public" for c in columns):
        return columns
    place = {_one_line(name): str(i) for i, name in enumerate(numbered(header))}
    lang, found = language(), list[Drafted]()
    for column in columns:
        guessed = column.guess
        if guessed.kind == "date" and guessed.privacy == "public" and not guessed.like:
            cells = rows[place[column.header]].to_pylist()
            if are_births(values_of(cells), today):
                why, opening = say("draft-personal-births", lang), say("draft-open", lang)
                guessed = replace(guessed, why=why, privacy="never", opening=opening)
        found.append(replace(column, guess=guessed))
    return found


def slug(text: str, known: set[str]) -> str:
    """A name by the rules of the contract: pinyin, in lower case, not in use yet."""
    from pypinyin import lazy_pinyin  # 0.2 s to load: only a draft needs it

    spelled = "_".join(lazy_pinyin(text))
    plain = re.sub(r"[^a-z0-9]+", "_", spelled.casefold()).strip("_")[:LONGEST].strip("_")
    word = re.match(r"[a-z]", plain) and plain not in _NOT_NAMES and not plain.startswith("sqlite_")
    name = plain if word else f"x_{plain}".strip("_")
    number, unique = 2, name
    while forms(unique) & known:
        unique, number = f"{name}_{number}", number + 1
    return unique


def forms(header: str) -> set[str]:
    """The forms in which headers count as the same: in the contract, and in a file."""
    return {plain_header(header), match_columns.canonical(header)[0]} - {""}
