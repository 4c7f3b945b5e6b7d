"""What a run with damages has published and told, held against the run without them."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq

from tests.support.good_inbox import OURS, Part, datasets, schema
from tests.support.one_damage import Damage, folded, is_right
from tests.support.shop import rows_of

Values = tuple[tuple[str, str], ...]  # of a record: what departments send of it
Finding = tuple[str, str, str, str]  # rule, row, column, value


@dataclass(frozen=True)
class Record:
    dataset: str
    file: str
    row: str
    values: Values

    @property
    def key(self) -> tuple[str, Values]:
        return self.dataset, self.values


class Outcome:
    """Public records, findings by file, and changes by file and row, of one run."""

    def __init__(self, site: Path, private: Path) -> None:
        data = site / "current" / "data"
        files = {row["source_id"]: row["file"] for row in rows_of(data / "sources.csv")}
        self.records = [
            Record(name, files[row["source_id"]], row["source_row"], tuple((k, v) for k, v in row.items() if k not in OURS))
            for name in datasets(data)
            for row in rows_of(data / f"{name}.csv")
        ]  # fmt: skip
        self.figures = Counter((r["report"], r["code"], r["value"], r["sentence"]) for r in rows_of(data / "report_figures.csv"))  # fmt: skip
        self.findings: dict[str, set[Finding]] = defaultdict(set)
        with (private / "findings.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self.findings[row["file"]].add((row["rule"], row["row"], row["column"], row["value"]))  # fmt: skip
        self.changed: set[tuple[str, str, str]] = set()
        for path in (private / "changes").glob("**/*.parquet"):
            for change in pq.read_table(path).to_pylist():
                self.changed.add((files.get(change["source_id"], ""), str(change["row"]), change["column"]))  # fmt: skip

    def figures_of(self, report: str) -> Counter[tuple[str, str, str, str]]:
        """The figures of one yearly report, by its path in the inbox."""
        return Counter({key: n for key, n in self.figures.items() if key[0] == Path(report).stem})


class Judge:
    """What was right without damages, and what of it is wrong with them."""

    def __init__(self, before: Outcome, files: Sequence[Part]) -> None:
        self.before = before
        self.keys = {part.name: [_key(part, row) for row in part.grid[1:]] for part in files}
        self.parts = files
        self.rows = {(record.file, record.key): record.row for record in before.records}
        public = Counter(record.key for record in before.records)
        wanted = Counter(key for keys in self.keys.values() for key in keys)
        assert wanted == public, [*(wanted - public), *(public - wanted)][:5]

    def wrong(self, after: Outcome, damages: Iterable[Damage]) -> Iterator[str]:
        """A sentence for each record that is lost, changed or untold."""
        damages = list(damages)
        hit = {damage.part.name: damage.hit for damage in damages}
        public = Counter(record.key for record in after.records)
        for part in self.parts:
            keys = enumerate(self.keys[part.name])
            lost = [n for n, key in keys if n not in hit.get(part.name, ()) and not public[key]]
            if lost:
                cause = [d.told for d in damages if d.part.name == part.name] or ["none here"]
                told = self._new(after, part.name)[:3]
                yield f"LOST rows {lost} of {len(part.grid) - 1} in {part.name}: {cause[0]}; told: {told}"
        for damage in damages:
            yield from self._of(damage, after)

    def _new(self, after: Outcome, name: str, was: str = "") -> list[Finding]:
        folders = (after.findings[str(folder)] for folder in PurePosixPath(name).parents)
        found = after.findings[name].union(*folders)
        return sorted(found - self.before.findings[was or name])

    def _of(self, damage: Damage, after: Outcome) -> Iterator[str]:
        name = damage.name or damage.part.name
        keys = self.keys[damage.part.name]
        told = self._new(after, name, damage.part.name)
        public = Counter(record.key for record in after.records)
        rows = {n: self.rows[damage.part.name, keys[n]] for n in damage.hit - damage.gone}
        lost = [n for n in sorted(rows) if not public[keys[n]]]
        strange = [r for r in after.records if r.file == name and r.key not in keys]
        if (
            damage.text is not None
        ):  # rows are where they were: it is told at its row, or its column
            at = ("", *rows.values())
            told = [f for f in told if f[1] in at or f[0] == "date-ambiguous"]
        if lost and not told and len(strange) < len(lost):
            yield f"UNTOLD LOSS of rows {lost[:5]}: {damage.told}"
        for record in strange:
            yield from (f"WRONG {why}: {damage.told}" for why in self._strange(damage, record, after, told))  # fmt: skip

    def _strange(self, damage: Damage, record: Record, after: Outcome, told: list[Finding]) -> Iterator[str]:  # fmt: skip
        """Why a record that was not public before may not be so."""
        origins = [self.keys[damage.part.name][n] for n in sorted(damage.hit)] or [record.key]
        now = dict(record.values)
        differ = min(([(c, v, now[c]) for c, v in key[1] if v != now[c]] for key in origins), key=len)  # fmt: skip
        if told:
            return
        changed = {c for file, row, c in after.changed if file == record.file and row == record.row}
        if len(differ) > 1 and not (damage.kind == "line: cut" and not any(now for *_, now in differ[1:])):  # fmt: skip
            yield f"{len(differ)} columns differ without a word {differ[:4]}"
        elif damage.text is not None:
            [(column, _, value)] = differ
            exact = schema(record.dataset)[column]["gongshi:kind"] in ("money", "integer", "number", "decimal", "date")  # fmt: skip
            if column != damage.column:
                yield f"another column, {column} = {value!r}"
            elif not is_right(damage, value) and (exact or column not in changed):
                yield f"{column} = {value[:80]!r} without a word"
        elif damage.kind.startswith("line: delimiter") or damage.kind.startswith("line: tab"):
            column, was, value = differ[0]
            if folded(value).replace(",", "") != folded(was).replace(",", ""):
                yield f"{column} = {value!r} without a word"


def _key(part: Part, row: tuple[str, ...]) -> tuple[str, Values]:
    return part.dataset, tuple(zip(part.fields, row, strict=True))
