"""Privacy of one row: names and personal values in text are masked, personal codes are found.

Never-fields are not published, so no accepted row has them; here their values are also removed
from the row's texts. Source: 个人信息保护法 §6, 28, 34; 政府信息公开条例 §15;
未成年人保护法 §103.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.model import Column, Dataset
from pipeline.base.normalise import DISGUISED, normalise
from pipeline.base.patterns import lazy
from pipeline.checks.privacy import (
    party_names,
    personal_numbers,
    screen,
    telephones,
    unlabelled_numbers,
)
from pipeline.checks.privacy.long_runs import have_long_runs
from pipeline.checks.privacy.person_list import mask_persons
from pipeline.checks.row.schema import Breach
from pipeline.checks.rules.base import Columns

__all__ = [
    "cell_breaches",
    "code_breaches",
    "excerpts",
    "mask_column",
    "number_breaches",
    "screen_column",
    "secrets",
]

FREE = frozenset({"text", "name", "organisation"})
CODES = frozenset({"code", "document-number", "social-credit-code", "url"})
NUMBERS = frozenset({"integer", "number", "money"})
SEARCHED_AT_ONCE = 30  # cells of a finding, each without looking for a sign first
_TEXT_ONLY = frozenset({"third-person-in-text", "birth-date-in-text"})


# ---------------------------------------------------------------- names


def masked_rows(column: Column, table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Masks of the rows in which `column` is masked, and of those in which a person has to say.

    It is masked by the contract, or because the cell is surely a person's name though the
    department calls the party an organisation.
    """
    cells = table[column.name].combine_chunks()
    who = pc.not_equal(cells, "")
    for field, values in column.masked_when.items():
        who = pc.and_(who, pc.is_in(table[field].combine_chunks(), pa.array(values, pa.string())))
    nowhere = pa.array([False] * len(cells), pa.bool_())
    if not column.masked_when or column.kind not in ("name", "organisation"):
        return who, nowhere
    short = pc.and_(pc.less_equal(pc.utf8_length(cells), party_names.LONGEST), pc.invert(who))
    distinct = cells.filter(short).dictionary_encode()
    odds = pa.array(party_names.like_persons(distinct.dictionary.to_pylist()), pa.float64())
    sure, unsure = (
        pc.greater_equal(odds, limit).take(distinct.indices)
        for limit in (party_names.SURE, party_names.PERHAPS)
    )
    return (
        pc.replace_with_mask(who, short, sure),
        pc.replace_with_mask(nowhere, short, pc.and_not(unsure, sure)),
    )


def mask_column(column: Column, table: pa.Table, who: pa.Array | None = None) -> pa.Array:
    """The cells of `column`, with names masked in the rows of `who` (None: as `masked_rows`)."""
    cells = table[column.name].combine_chunks()
    who = masked_rows(column, table)[0] if who is None else who
    if not pc.any(who).as_py():
        return cells
    distinct = cells.filter(who).dictionary_encode()
    names = distinct.dictionary.to_pylist()
    masked = pa.array([mask_persons(n) for n in names], pa.string())
    return pc.replace_with_mask(cells, who, masked.take(distinct.indices))


def _each_distinct(cells: pa.Array, judge: Callable[[str], bool]) -> pa.Array:
    distinct = cells.dictionary_encode()
    judged = pa.array([bool(v) and judge(v) for v in distinct.dictionary.to_pylist()], pa.bool_())
    return judged.take(distinct.indices)


# ---------------------------------------------------------------- texts and codes


def suspects(
    columns: Mapping[str, pa.Array], signs: Callable[[pa.Array], pa.Array]
) -> dict[str, pa.Array]:
    """By column: a mask of the cells in which `signs` finds a sign of a personal value.

    Columns without such a cell are left out.
    """
    # One search over the distinct values of all columns: to compile such a pattern costs more
    # than to search a thousand short cells.
    parts = {name: _distinct_values(cells) for name, cells in columns.items()}
    if not parts:
        return {}
    values = pa.concat_arrays([values for values, _ in parts.values()])
    found, start, where = signs(values), 0, {}
    for name, (values, places) in parts.items():
        part = found.slice(start, len(values))
        start += len(values)
        if part.true_count:
            where[name] = part if places is None else part.take(places)
    return where


def _distinct_values(cells: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """(the distinct values, the index of each cell's value).

    Long texts hardly repeat, so they are not made distinct; the indices are then None.
    """
    if cells.nbytes > 200 * len(cells):
        return cells, None
    distinct = cells.dictionary_encode()
    return distinct.dictionary, distinct.indices


def free_suspects(dataset: Dataset, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Where the published text columns may hold a personal value."""
    names = [c.name for c in dataset.published if c.kind in FREE]
    return suspects({n: columns[n] for n in names}, text_signs)


def code_suspects(dataset: Dataset, columns: Columns) -> dict[str, pa.Array]:
    """Where the published columns that hold codes may hold a personal value.

    A cell that has words is searched like a text.
    """
    return suspects(
        {c.name: columns[c.name] for c in dataset.published if c.kind in CODES}, code_signs
    )


def text_signs(values: pa.Array) -> pa.Array:
    """Where a text shows a sign of a personal value, as it is written or without its disguises."""

    def signs(texts: pa.Array) -> pa.Array:
        return _has(texts, screen.text_sign(), screen.LONG_RUN)

    return _signs(values, signs, signs)


def _has(texts: pa.Array, sign: str, digits: int) -> pa.Array:
    """Where a text shows `sign` or has a run of so many digits."""
    return pc.or_(pc.match_substring_regex(texts, sign), have_long_runs(texts, digits))


def _signs(
    values: pa.Array,
    as_written: Callable[[pa.Array], pa.Array],
    normalised: Callable[[pa.Array], pa.Array],
) -> pa.Array:
    """A mask of the values that `as_written` finds as they are, or `normalised` without disguises."""
    found = as_written(values)
    hidden = pc.and_(pc.invert(found), pc.match_substring_regex(values, DISGUISED))
    if hidden.true_count:
        plain = [normalise(text).text for text in values.filter(hidden).to_pylist()]
        found = pc.replace_with_mask(found, hidden, normalised(pa.array(plain, pa.string())))
    return found


def code_signs(values: pa.Array) -> pa.Array:
    """A mask of the codes that have a sign of a personal value, alone or among words."""
    found = pc.match_substring_regex(values, screen.code_sign())
    has_words = pc.invert(pc.match_substring_regex(values, r"^[0-9A-Za-z]*$"))
    among = _signs(values.filter(has_words), _signs_among_words, _any_code_signs)
    return pc.or_(found, _spread(has_words, among))


def _signs_among_words(values: pa.Array) -> pa.Array:
    found = _has(values, screen.sign_among_words(), screen.LONG_AMONG_CODES)
    dated = pc.and_(found, pc.match_substring_regex(values, screen.DATED_NUMBER))
    among = pc.match_substring_regex(values.filter(dated), screen.dated_sign())
    return pc.replace_with_mask(found, dated, among)


def _any_code_signs(values: pa.Array) -> pa.Array:
    alone = pc.match_substring_regex(values, screen.code_sign())
    return pc.or_(alone, _signs_among_words(values))


def screen_column(
    column: Column, cells: pa.Array, suspect: pa.Array
) -> tuple[pa.Array, list[Breach]]:
    """(`cells` of a text column with personal values masked in place, a breach for each kind found).

    `suspect`: the mask of the cells to search. Each distinct text is searched once.
    """
    at = pc.indices_nonzero(suspect)
    if not len(at):
        return cells, []
    distinct = cells.take(at).dictionary_encode()
    kinds = screen.IN_TEXTS if column.kind == "text" else screen.IN_NAMES
    judged = [screen.screened(text, kinds) for text in distinct.dictionary.to_pylist()]
    clean = pa.array([text for text, _ in judged], pa.string()).take(distinct.indices)
    found = dict.fromkeys(rule for _, rules in judged for rule in rules)
    breaches = []
    for rule in found:
        hit = pa.array([rule in rules for _, rules in judged], pa.bool_()).take(distinct.indices)
        breaches.append(Breach(rule, _spread(suspect, hit)))
    return pc.replace_with_mask(cells, suspect, clean), breaches


def _spread(where: pa.Array, values: pa.Array) -> pa.Array:
    return pc.replace_with_mask(pa.array([False] * len(where), pa.bool_()), where, values)


def code_breaches(column: Column, cells: pa.Array, suspect: pa.Array) -> Iterator[Breach]:
    """Where a cell that should hold a code holds a personal value: the row cannot be published.

    A number with the length and the first two digits of the column's example is a normal code; one
    that may be a mobile number too is so only if the column's pattern matches it.
    """
    usual = len(column.example) if column.example.isdigit() else 0

    def personal(value: str) -> bool:
        if telephones.is_mobile(value):
            return not column.owns(value)
        if len(value) == usual and value.isdigit() and value[:2] == column.example[:2]:
            return personal_numbers.sure_identity(value)
        if column.kind == "social-credit-code" and re.fullmatch("[0-9A-Z]{18}", value):
            is_business = value[0] == "9" and personal_numbers.is_credit_code(value)
            return bool(unlabelled_numbers.found(value)) and not is_business
        if re.fullmatch(r"[A-Z]{2}\d{10,17}", value):  # a licence's: JY14115031000
            return False
        if usual == len(value) == 9 and personal_numbers.is_organisation_code(value):
            return False
        return bool(screen.screened(value)[1])

    broken = _spread(suspect, _each_distinct(cells.filter(suspect), personal))
    if pc.any(broken).as_py():
        yield Breach("personal-value-in-code", broken)


def cell_breaches(column: Column, cells: pa.Array, suspect: pa.Array | None) -> Iterator[Breach]:
    """Where a column of numbers or codes holds a personal value; `suspect`: the cells to search."""
    yield from number_breaches(column, cells)
    if suspect is not None:
        yield from code_breaches(column, cells, suspect)


def number_breaches(column: Column, cells: pa.Array) -> Iterator[Breach]:
    """Where a number or an amount looks like a mobile number: the row cannot be published.

    A column with a maximum has a rule for numbers that are too large.
    """
    if column.kind in NUMBERS and "maximum" not in column.constraints:
        broken = pc.match_substring_regex(cells, r"^1[3-9]\d{9}(?:\.\d*)?$")
        if pc.any(broken).as_py():
            yield Breach("personal-value-in-code", broken)


def excerpts(column: Column | None, cells: pa.Array, longest: int = 40) -> list[str]:
    """What findings may show of `cells`: nothing of a never-field, a masked name,
    a screened text.
    """
    if column is not None and column.privacy == "never":
        return ["***"] * len(cells)
    if column is not None and (column.privacy == "masked" or column.kind == "name"):
        return [mask_persons(v) for v in cells.to_pylist()]
    texts = cells.to_pylist()
    # To compile the signs takes longer than to search a few texts without them.
    few = len(texts) <= SEARCHED_AT_ONCE
    suspect = (
        [True] * len(texts) if few else pc.or_(text_signs(cells), code_signs(cells)).to_pylist()
    )
    shown = [screen.screened(v)[0] if s else v for v, s in zip(texts, suspect, strict=True)]
    return [v if len(v) <= longest else v[: longest - 1] + "…" for v in shown]


# ---------------------------------------------------------------- values for the exit guard

_NUMBERISH = lazy(r"\d.*\d.*\d.*\d")
#: Values that identify nobody, whatever their field: a day or a time, and a document's number.
_IMPERSONAL = lazy(
    r"(?:18|19|20)\d{2}(?:[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d(?:[0-5]\d){2})?)"
    r"|\D{1,30}[〔\[(（【]\d{4}[〕\])）】]\D{0,6}\d{1,7}号?"
)


def secrets(dataset: Dataset, table: pa.Table) -> Iterable[str]:
    """The distinct values of never-fields that the exit guard searches for: numbers and addresses.

    Codes of organisations are left out, because they are public, and so are days, which identify
    nobody.
    """
    for column in dataset.columns:
        if column.privacy == "never" and column.kind in ("code", "text"):
            for value in pc.unique(table[column.name].combine_chunks()).to_pylist():
                if len(value) >= 7 and _NUMBERISH.search(value) and not _is_open(value):
                    yield value


def _is_open(value: str) -> bool:
    if _IMPERSONAL.fullmatch(value):
        return True
    is_code = re.fullmatch(
        "[159][0-9A-Z]{17}", value
    ) is not None and personal_numbers.is_credit_code(value)
    return is_code and not personal_numbers.sure_identity(value)
