"""Keys judged in buckets by many workers break the same rules as keys looked at in one place."""

from __future__ import annotations

import pickle
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.base.engine import Threads
from pipeline.base.model import Column, Dataset, ForeignKey
from pipeline.base.sql import quoted, read_parquet
from pipeline.checks.across import keys
from pipeline.checks.across.key_shuffle import Among
from pipeline.checks.across.keys import Outcome
from pipeline.checks.results.parquet import made_home
from tests.support.examples import tries

#: Few values, so that rows share keys; with blanks, and with what could be taken for two cells in one.
CELL = st.sampled_from(["", "甲", "乙", "丙", "甲\x1f", "\x1f甲", "\x1f", "1:甲", "1:"])
ROW = st.tuples(CELL, CELL, CELL)
FIELDS = ("a", "b", "c")

Rows = list[tuple[str, str, str]]


def dataset(name: str, **more: Any) -> Dataset:
    columns = tuple(Column(f, f, f) for f in FIELDS)
    return Dataset(name, name, name, "", "", columns, **more)


MINE = dataset(
    "mine",
    primary_key=("a", "b"),
    unique_keys=(("c",), ("b", "c")),
    foreign_keys=(
        ForeignKey(("a", "b"), "theirs", ("b", "c")),
        ForeignKey(("c",), "theirs", ("a",)),
        ForeignKey(("c",), "mine", ("b",), "warning"),
    ),
)
THEIRS = dataset("theirs", primary_key=("a", "b"))


RULES: dict[str, Callable[..., Iterator[Outcome]]] = {
    "one record twice": lambda con, rank, among: keys.repeated(con, MINE, rank, among),
    "a field that must be unique": lambda con, _, among: keys.not_unique(con, MINE, among),
    "a pair that points elsewhere": lambda con, _, among: keys.dangling(con, MINE, MINE.foreign_keys[0], among),
    "a field that points elsewhere": lambda con, _, among: keys.dangling(con, MINE, MINE.foreign_keys[1], among),
    "a field that points to its own kind": lambda con, _, among: keys.dangling(con, MINE, MINE.foreign_keys[2], among),
}  # fmt: skip


class Travelled(Threads):
    """Threads to which everything travels as it would to another machine's."""

    is_spread = True

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        return super().__call__(work, (pickle.loads(pickle.dumps(item)) for item in items))


class Run:
    """The accepted rows of two datasets in Parquet parts, and rows of each that have left them."""

    def __init__(self, folder: Path, rows: dict[str, Rows], cuts: Sequence[int], gone: Sequence[int]) -> None:  # fmt: skip
        self.home, self.con = replace(made_home(folder / "parts"), least=0), duckdb.connect()
        self.files = {name: list(self._parts(made, cuts)) for name, made in rows.items()}
        self.rank = {f"s{n}": (n % 2, n) for n in range(9)}
        for name, files in self.files.items():
            self.con.execute(f"create view {quoted('all_' + name)} as select * from {read_parquet(files)}")  # fmt: skip
            self.con.execute(f"create table {quoted('removed_' + name)} as select source_id, source_row from {read_parquet(files)} where list_contains({list(gone)}, cast(source_row as int))")  # fmt: skip
            self.con.execute(f"create view {quoted(name)} as select * from {quoted('all_' + name)} anti join {quoted('removed_' + name)} using (source_id, source_row)")  # fmt: skip

    def _parts(self, rows: Rows, cuts: Sequence[int]) -> Iterator[Path]:
        ends = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
        for number, (begin, end) in enumerate(pairwise(ends)):
            made = [(*row, f"s{number}", str(begin + at)) for at, row in enumerate(rows[begin:end])]
            columns = list(zip(*made, strict=True)) if made else [()] * 5
            path = self.home.folder / f"{secrets.token_hex(8)}.parquet"
            names = (*FIELDS, "source_id", "source_row")
            pq.write_table(pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)}), path)  # fmt: skip
            yield path

    def found(self, rule: str, among: Among | None = None) -> list[Outcome]:
        """What a rule about keys says."""
        return list(RULES[rule](self.con, self.rank, among))

    def spread(self, buckets: int) -> Among:
        return Among(self.con, Travelled(buckets), self.home, self.files)


each_rule = pytest.mark.parametrize("rule", RULES)


@pytest.fixture
def some(tmp_path: Path) -> Run:
    rows = [("甲", "乙", "丁"), ("甲", "乙", "丁"), ("甲", "丙", "乙"), ("丙", "", "丁")]
    return Run(tmp_path, {"mine": rows, "theirs": rows[2:]}, [1, 3], [3])


@pytest.mark.slow
@settings(max_examples=tries(50))
@given(
    st.sampled_from(list(RULES)),
    st.lists(ROW, max_size=12),
    st.lists(ROW, max_size=8),
    st.lists(st.integers(0, 12), max_size=3),
    st.sets(st.integers(0, 12), max_size=4),
    st.integers(0, 5),
)
@example("one record twice", [("甲", "", "")] * 2, [], [1], set(), 3)
@example(
    "a pair that points elsewhere", [("甲\x1f", "乙", "")], [("", "甲", "\x1f乙")], [], set(), 2
)
def test_keys_in_buckets_break_the_rules_that_keys_in_one_place_break(
    rule: str, mine: Rows, theirs: Rows, cuts: list[int], gone: set[int], buckets: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), {"mine": mine, "theirs": theirs}, cuts, sorted(gone))
        assert run.found(rule, run.spread(buckets)) == run.found(rule)
        run.con.close()


@each_rule
def test_what_breaks_a_rule_is_found_and_nothing_stays_on_disk(some: Run, rule: str) -> None:
    assert some.found(rule, some.spread(3))
    assert not list(some.home.folder.glob("keys-*"))


@pytest.mark.parametrize("buckets", [1, 4])
def test_only_the_rows_that_may_break_a_rule_are_looked_at_again(some: Run, buckets: int) -> None:
    among = some.spread(buckets).sharing("mine", ("a", "b"))
    rows = some.con.sql(f"select source_row from {among}").fetchall()
    assert sorted(rows) == [("0",), ("1",)]


@each_rule
def test_where_workers_do_not_see_the_rows_all_are_looked_at_here(some: Run, rule: str) -> None:
    elsewhere = replace(some.home, token="of another run")
    among = Among(some.con, Travelled(3), elsewhere, some.files)
    assert some.found(rule, among) == some.found(rule)
    assert among.sharing("mine", ("a",)) == quoted("mine")
    assert not list(some.home.folder.glob("keys-*"))


def test_few_rows_are_looked_at_here(some: Run) -> None:
    among = Among(some.con, Travelled(3), replace(some.home, least=1 << 18), some.files)
    assert among.sharing("mine", ("a",)) == quoted("mine")


def test_threads_of_this_process_exchange_nothing(some: Run) -> None:
    among = Among(some.con, Threads(3), some.home, some.files)
    assert among.sharing("mine", ("a",)) == quoted("mine")
