"""What each check costs: seconds by rule over the benchmark's penalty file, on one core.

python -m bench.checks [ROWS]
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from bench import make
from pipeline.checks.row import facts, names, privacy, schema
from pipeline.checks.rules import RULES, Columns, Setting
from pipeline.contract import catalog
from pipeline.intake import read
from pipeline.intake.inbox import sources

ROOT = Path(__file__).parent.parent


def run(rows: int = 200_000) -> dict[str, Any]:
    """Seconds of every rule and of the privacy screen, their sum, and rows a second."""
    contract = catalog.load(ROOT / "datapackage", RULES)
    dataset = contract.datasets["penalty_filings"]
    setting = Setting(date(2025, 3, 31), contract)
    spent: dict[str, float] = defaultdict(float)
    count = 0
    for chunk in _chunks(rows, contract):
        columns = Columns(chunk.table)
        count += len(columns)
        for column in dataset.published:
            cells = columns[column.name]
            if column.privacy == "masked":
                _timed(spent, "privacy: names", lambda c=column, t=chunk.table: privacy.mask_column(c, t))  # fmt: skip
            _timed(spent, "schema", lambda c=column, x=cells: _schema(c, x, contract))
        _timed(spent, "privacy: texts", lambda c=columns: _texts(c, dataset))
        texts = {c.name: columns[c.name] for c in dataset.published if c.kind == "text"}
        _timed(spent, "privacy: names in texts", lambda c=texts: names.screen(c))
        _timed(spent, "privacy: facts in texts", lambda c=texts: facts.screen(c))
        _timed(spent, "privacy: codes", lambda c=columns: _codes(c, dataset))
        for use in dataset.rules:
            if RULES[use.rule].scope in ("row", "publication"):
                _timed(spent, use.rule, lambda u=use, c=columns: RULES[u.rule].check(c, setting, RULES[u.rule].use(u.params)))  # fmt: skip
    total = sum(spent.values())
    by_rule = {name: round(s, 3) for name, s in sorted(spent.items(), key=lambda x: -x[1])}
    return {"rows": count, "seconds": round(total, 2), "rows_a_second": round(count / total), "by_rule": by_rule}  # fmt: skip


def _schema(column: Any, cells: Any, contract: Any) -> None:
    listed = contract.codes.get(column.codes)
    list(
        schema.breaches(column, cells, frozenset(c.code for c in listed.codes) if listed else None)
    )


def _texts(columns: Columns, dataset: Any) -> None:
    cells = {c.name: columns[c.name] for c in dataset.published}
    for name, suspect in privacy.free_suspects(dataset, cells).items():
        privacy.screen_column(dataset.column(name), columns[name], suspect)


def _codes(columns: Columns, dataset: Any) -> None:
    for name, suspect in privacy.code_suspects(dataset, columns).items():
        list(privacy.code_breaches(dataset.column(name), columns[name], suspect))


def _timed(spent: dict[str, float], name: str, work: Any) -> None:
    start = time.process_time()
    work()
    spent[name] += time.process_time() - start


def _chunks(rows: int, contract: Any) -> Any:
    inbox = ROOT / "bench" / "work" / str(rows) / "inbox"
    if not (inbox / "penalty_filings" / f"synthetic-sample-{rows}.csv").exists():
        make.main(rows, inbox)
    for file in sources.scan(inbox, contract).files:
        for opened in read.open_file(file, contract):
            if isinstance(opened, read.Opened):
                yield from map(opened.chunk, opened.pieces())


if __name__ == "__main__":
    result = run(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    for name, seconds in result.pop("by_rule").items():
        print(f"{seconds:8.3f}  {name}")
    print(result)
