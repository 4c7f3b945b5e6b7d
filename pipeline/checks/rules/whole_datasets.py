"""Dataset rules: rules that need more than one row, over the rows left by the checks of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from pipeline.base.model import Dataset, Finding, Location, RuleUse, found
from pipeline.base.sql import quoted, read_parquet
from pipeline.base.words import rules
from pipeline.checks.across.keys import Outcome
from pipeline.checks.rules import RULES, Setting
from pipeline.checks.rules.base import named_in_words


def judge(
    con: duckdb.DuckDBPyConnection,
    datasets: Sequence[Dataset],
    setting: Setting,
    left_out: Callable[[str], Sequence[Path]],
) -> Iterator[tuple[Dataset, list[Outcome]]]:
    """(dataset, outcomes) of each dataset rule of each dataset.

    `con` has the accepted rows, a view for each dataset. Rules that remove rows come first, over
    all datasets, so that no other rule counts a removed row. `left_out` gives the Parquet files of
    the rows that were not accepted, for rules about numbered series.
    """
    for dataset in datasets:
        if files := left_out(dataset.name):
            view = quoted("left_out_" + dataset.name)
            con.execute(
                f"create or replace temp view {view} as select * from {read_parquet(files)}"
            )
    uses = [(d, use) for d in datasets for use in d.rules if RULES[use.rule].scope == "dataset"]
    for dataset, use in sorted(uses, key=lambda pair: rules()[pair[1].rule].severity != "error"):
        yield dataset, _outcomes(con, dataset, use, setting)


def _outcomes(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, use: RuleUse, setting: Setting
) -> list[Outcome]:
    named, rule = named_in_words(dataset, use.params), RULES[use.rule]
    return [
        Outcome(o.source_id, o.row, o.status, o.rule, o.column, o.value, {**named, **o.params})
        for o in rule.check(con, dataset, setting, rule.use(use.params))
    ]


def collections(
    con: duckdb.DuckDBPyConnection, datasets: Sequence[Dataset], setting: Setting
) -> Iterator[Finding]:
    """The findings of the collection rules, about a dataset as a whole; they have no row."""
    uses = [(d, use) for d in datasets for use in d.rules if RULES[use.rule].scope == "collection"]
    for dataset, use in uses:
        rule, where = RULES[use.rule], Location(dataset=dataset.name)
        for params in rule.check(con, dataset, setting, rule.use(use.params)):
            yield found(rule.name, where, column=use.params.get("field", ""), params=params)
