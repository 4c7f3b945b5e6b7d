"""What a rule is, and the columns that it is given.

A rule's name, texts, severity and legal source are in `pipeline/messages/`; its check is here.
`RULES` has the names that a dataset's `gongshi:rules` may use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.arrow import of_numpy
from pipeline.base.model import Catalog, Dataset
from pipeline.base.sql import Sql
from pipeline.base.words import say

# Neither pyarrow nor operators of NumPy arrays have result types that a type checker knows.
Mask = Any  # a boolean Arrow array, a value for each row
Bools = Any  # a boolean numpy array, a value for each row
Numbers = Any  # an int64 numpy array, a value for each row
NO_DAY = np.iinfo(np.int64).min  # the day of a blank or impossible date
NO_SUM = -1  # the sum of a blank or impossible amount


@dataclass(frozen=True, slots=True)
class Setting:
    """What a rule can use of the run: its day, the contract, and the names of its datasets."""

    today: date
    catalog: Catalog
    present: frozenset[str] = frozenset()

    @property
    def day(self) -> int:
        """`today` as a day number, as `Columns.days` counts."""
        return self.today.toordinal()


@dataclass(frozen=True, slots=True)
class Judged:
    """Where a rule is broken; `open`: where it could not be judged, and `why` (a key of the words).

    What is open is not broken. `params` fill the message.
    """

    broken: Bools
    open: Bools | None = None
    why: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


Result = Bools | Judged
Check = Callable[..., Any]


class Columns:
    """A chunk's columns by name, each converted once for all rules.

    `columns["x"]` is text, "" where blank or where the file had no such column.
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._kept: dict[tuple[str, str], Any] = {}

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __getitem__(self, name: str) -> pa.StringArray:
        return self._once("text", name, lambda: self._text(name))

    def _text(self, name: str) -> pa.StringArray:
        if name not in self.table.column_names:
            return pa.repeat(pa.scalar("", pa.string()), len(self))
        return self.table[name].combine_chunks()

    def _once(self, kind: str, name: str, make: Callable[[], Any]) -> Any:
        if (kind, name) not in self._kept:
            self._kept[kind, name] = make()
        return self._kept[kind, name]

    def distinct(self, name: str) -> pa.DictionaryArray:
        """The column dictionary-encoded: its distinct values, and the index of each row's value."""
        return self._once("distinct", name, lambda: self[name].dictionary_encode())

    def filled(self, name: str) -> Bools:
        """True where there is something."""
        return self._once("filled", name, lambda: to_numpy(pc.not_equal(self[name], "")))

    def days(self, name: str) -> Numbers:
        """Dates as proleptic day numbers (date.toordinal), NO_DAY where there is none."""
        return self._once("days", name, lambda: _days(self.distinct(name)))

    def fen(self, name: str) -> Numbers:
        """Amounts in yuan as whole fen, exact; NO_SUM where there is none."""
        return self._once("fen", name, lambda: _fen(self[name]))

    def equal(self, name: str, *values: str) -> Bools:
        """True where the text is one of `values`."""
        key = "\x1f".join((name, *values))
        return self._once("equal", key, lambda: self._among(name, values))

    def _among(self, name: str, values: Sequence[str]) -> Bools:
        distinct = self.distinct(name)
        among = to_numpy(pc.is_in(distinct.dictionary, pa.array(values, pa.string())))
        return among[distinct.indices.to_numpy()] if len(among) else np.zeros(len(self), bool)

    def mentions(self, name: str, pattern: str, among: Bools) -> Bools:
        """Where in the rows of `among` a text holds `pattern`, which is registered by `looks_for`.

        A long text is searched once for the patterns of all rules, and a second time only where
        one of them was found.
        """
        some = self._once("mentions", name, lambda: matches(self[name], "|".join(_LOOKED_FOR)))
        return matches(self[name], pattern, some & among)

    def each(self, name: str, judge: Callable[[str], bool]) -> Bools:
        """A mask from a test of single values, each distinct value tested once; blanks too."""
        distinct = self.distinct(name)
        judged = np.array([judge(v) for v in distinct.dictionary.to_pylist()] or [False], bool)
        return judged[distinct.indices.to_numpy()]

    def has(self, name: str, part: str, separator: str = ";") -> Bools:
        """True where `part` is one of the several values in a cell,
        each distinct cell split once.
        """
        key = separator.join((name, part))
        return self._once("has", key, lambda: self.each(name, lambda v: part in v.split(separator)))


_LOOKED_FOR: list[str] = []


def looks_for(pattern: str) -> str:
    """Register `pattern` (RE2) for `Columns.mentions`; returns it."""
    _LOOKED_FOR.append(pattern)
    return pattern


def _days(distinct: pa.DictionaryArray) -> Numbers:
    known = np.array([_day(v) for v in distinct.dictionary.to_pylist()] or [0], np.int64)
    return known[distinct.indices.to_numpy()]


@lru_cache(maxsize=1 << 16)
def _day(written: str) -> int:
    try:
        return date.fromisoformat(written).toordinal() if len(written) == 10 else NO_DAY
    except ValueError:
        return NO_DAY


def _fen(cells: pa.StringArray) -> Numbers:
    # Without its point, an amount with two decimals is the number of fen: exact, and no float.
    # "-0.01" becomes NO_SUM.
    good = pc.match_substring_regex(cells, r"^\d{1,15}\.\d\d$")
    digits = pc.replace_substring(pc.if_else(good, cells, "-0.01"), ".", "")
    return pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False)


def to_numpy(mask: pa.BooleanArray) -> Bools:
    return np.asarray(mask.to_numpy(zero_copy_only=False), bool)


def each_distinct(cells: pa.Array, broken: Callable[[str], bool]) -> pa.BooleanArray:
    """A mask from a test of single values, each distinct value tested once; blanks pass."""
    distinct = cells.dictionary_encode()
    judged = [bool(v) and broken(v) for v in distinct.dictionary.to_pylist()]
    return pa.array(judged, pa.bool_()).take(distinct.indices)


def matches(cells: pa.StringArray, pattern: str, among: Bools | None = None) -> Bools:
    """Where `pattern` (RE2) is found, looked for only in the rows of `among` where that is given."""
    if among is None:
        return to_numpy(pc.match_substring_regex(cells, pattern))
    found, at = np.zeros(len(among), bool), np.flatnonzero(among)
    if len(at):
        found[at] = to_numpy(pc.match_substring_regex(cells.take(of_numpy(at)), pattern))
    return found


# ---------------------------------------------------------------- the register


Scope = Literal["row", "dataset", "publication", "collection"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that a dataset can use.

    A row rule's `check(columns, setting, use)` gives a `Result` over a chunk, and so does one of
    publication, whose broken rows are withheld. A dataset rule's `check(con, dataset, setting,
    use)` reads the accepted rows in DuckDB, a view for each dataset, and yields outcomes; one of
    collections is called alike and yields the params of a message about no row. `use` is what the
    contract says of one use: a frozen dataclass, `takes`, whose fields are the rule's parameters.
    `ok` and `bad` are examples, a row each, judged with `example`; for a dataset rule each is a
    mapping of datasets to their rows.
    """

    name: str
    check: Check
    scope: Scope
    ok: tuple[Any, ...]
    bad: tuple[Any, ...]
    example: Any

    @property
    def takes(self) -> type[Any]:
        """The dataclass of the rule's parameters."""
        return type(self.example)

    def use(self, params: Mapping[str, Any]) -> Any:
        """The parameters as the rule takes them; `params` has their names as the contract does."""
        return self.takes(**params)


RULES: dict[str, Rule] = {}


def rule(
    name: str, example: object, *, ok: Sequence[Any], bad: Sequence[Any], scope: Scope = "row"
) -> Callable[[Check], Check]:
    """Register a rule under `name`; `example` holds the parameters of its examples."""

    def register(check: Check) -> Check:
        RULES[name] = Rule(name, check, scope, tuple(ok), tuple(bad), example)
        return check

    return register


# ---------------------------------------------------------------- parameters of several rules


@dataclass(frozen=True, slots=True)
class Field:
    """A column."""

    field: str


@dataclass(frozen=True, slots=True)
class On:
    """A column, and the date as of which it is judged."""

    field: str
    on: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A column, and the one that it is compared with."""

    field: str
    of: str


# ---------------------------------------------------------------- for rules in SQL and for messages


def place(query: Sql) -> Sql:
    """`query` in the order in which rows were read, so that the order of findings is reproducible."""
    return f"select * from ({query}) order by source_id, cast(source_row as bigint)"


def named_in_words(dataset: Dataset, params: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's parameters for its message: where one names a column, the column's titles."""
    columns = {c.name: c for c in dataset.columns}
    named: dict[str, Any] = {}
    for key, value in params.items():
        if isinstance(value, str) and value in columns:
            named |= {key: columns[value].title, f"{key}_en": columns[value].title_en}
        elif isinstance(value, str | int | float):
            named[key] = value
    return named


def why_open(why: str) -> dict[str, str]:
    """The reason why a rule could not be judged, as message parameters in both languages."""
    return {"why": say(why, "zh"), "why_en": say(why, "en")}
