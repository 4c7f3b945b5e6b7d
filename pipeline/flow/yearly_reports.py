"""The inbox's yearly reports: reads their figures and compares them with the run's records."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from pipeline.base.files import sha256
from pipeline.base.model import (
    Catalog,
    Column,
    Comparison,
    Dataset,
    Figure,
    Reason,
    Source,
    Tally,
)
from pipeline.base.sql import Sql, quoted
from pipeline.base.words import Lang, say
from pipeline.checks.privacy.known_persons import KnownPersons
from pipeline.contract.catalog import published_columns
from pipeline.flow import public_reports
from pipeline.intake.inbox.sources import InboxFile
from pipeline.release.package.public_names import PublicNames
from pipeline.reports.compare.with_records import DIFFERS, Count, Params, reconcile
from pipeline.reports.figures import indicators
from pipeline.reports.figures.heading import Heading
from pipeline.reports.read import Report, read_report, with_growth_findings

DATASET = "report_figures"


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report of the inbox and its source."""

    source: Source
    report: Report


def read_reports(
    files: Iterable[InboxFile],
    vocabulary: Path,
    catalog: Catalog,
    called: PublicNames,
    listed: KnownPersons,
) -> list[ReadReport]:
    """Every report among `files`, as it may be public and by the name by which its file is `called`
    in public. Its growth is checked against the same body's last report.

    `listed` persons are masked in it. `vocabulary` is the contract's indicators.csv; UsageError where a column is missing in it.
    """
    known = indicators.load(vocabulary)
    reports = [file for file in files if file.is_report]
    names = names_of([called.file(file.name) for file in reports])
    done = [_read(file, names[called.file(file.name)], known, catalog) for file in reports]
    by_year = {(d.report.body, d.report.year): d.report for d in done}
    compared = [_beside_last_year(d, by_year) for d in done]
    return [replace(d, report=public_reports.public(d.report, listed)) for d in compared]


def names_of(paths: Sequence[str]) -> dict[str, str]:
    """Path → the report's name: the file's name without ending, or more of the path where several
    would have the same name.
    """
    named: dict[str, str] = {}
    for ways in (lambda p: PurePosixPath(p).stem, lambda p: PurePosixPath(p).name, str):
        left = [path for path in paths if path not in named]
        count = Counter(map(ways, left))
        used = set(named.values())
        named |= {p: ways(p) for p in left if count[ways(p)] == 1 and ways(p) not in used}
    return named


def _read(
    file: InboxFile, name: str, known: tuple[indicators.Indicator, ...], catalog: Catalog
) -> ReadReport:
    hint = file.hint
    report = read_report(
        file.path,
        name=name,
        given=Heading(body=hint.body, region_code=hint.region_code, year=hint.year),
        indicators=known,
        divisions=catalog.codes.get("divisions"),
    )
    source_id = hashlib.sha256(f"{file.name}\0".encode()).hexdigest()[:12]
    size = file.path.stat().st_size
    source = Source(
        source_id, file.name, sha256(file.path), size, dataset=DATASET, matched_by="folder"
    )
    return ReadReport(source, report)


def _beside_last_year(
    done: ReadReport, by_year: Mapping[tuple[str, int | None], Report]
) -> ReadReport:
    """The report with its growth checked by last year's, where the inbox has that."""
    report = done.report
    before = by_year.get((report.body, report.year - 1)) if report.year else None
    return done if before is None else replace(done, report=with_growth_findings(report, before))


def read_file(path: Path, catalog: Catalog) -> Report:
    """One report by itself, without an inbox."""
    known = indicators.load(catalog.folder / "codes" / "indicators.csv")
    return read_report(
        path, name=path.stem, indicators=known, divisions=catalog.codes.get("divisions")
    )


def shown(report: Report, form: str) -> str:
    """A report for the terminal or another program: its text, or its figures as JSON or CSV."""
    if form == "text":
        return report.text.rstrip("\n") + "\n"
    rows = [asdict(figure) for figure in report.figures]
    if form == "json":
        about = {
            key: getattr(report, key)
            for key in ("name", "title", "body", "region_code", "year", "date")
        }
        return json.dumps({**about, "figures": rows}, ensure_ascii=False, indent=2) + "\n"
    out = io.StringIO()
    writer = csv.DictWriter(out, [f.name for f in fields(Figure)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def comparisons(
    reports: Iterable[ReadReport],
    vocabulary: Path,
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    tallies: Mapping[str, Tally],
) -> list[Comparison]:
    """Compare every indicator that a report states with the records in `con`.

    `tallies`: the datasets that were read. Where figure and records differ, `why` says how many
    rows could explain it: held back, or of other years.
    """
    known = {indicator.code: indicator for indicator in indicators.load(vocabulary)}
    con.execute("create schema typed")
    for name in tallies:
        con.execute(_typed_view(catalog.datasets[name]))

    def count(dataset: str, query: Sql, params: Params) -> Decimal | None:
        if dataset not in tallies:
            return None
        con.execute("set schema = 'typed'")
        try:
            value: Any = con.execute(query, params).fetchall()[0][0]
        finally:
            con.execute("set schema = 'main'")
        return None if value is None else Decimal(str(value))

    compared = []
    for each in reports:
        for comparison in reconcile(each.report.figures, list(known.values()), count):
            if comparison.verdict == DIFFERS:
                indicator = known[comparison.code]
                parts = _explaining(each.report, indicator, tallies[indicator.dataset], count)
                comparison = replace(comparison, why=(*comparison.why, *parts))
            compared.append(comparison)
    return compared


def _explaining(
    report: Report, indicator: indicators.Indicator, tally: Tally, count: Count
) -> Iterator[Reason]:
    """What of the dataset was not counted: rows held back, records of the years before and after."""
    for part in ("quarantined", "withheld", "repeated"):
        if rows := getattr(tally, part):
            yield Reason(f"check-rows-{part}", {"rows": rows})
    if report.year and "$year" in indicator.query:
        for year in (report.year - 1, report.year + 1):
            params: Params = {"year": year}
            if "$region_code" in indicator.query:
                params["region_code"] = report.region_code
            if found := count(indicator.dataset, indicator.query, params):
                yield Reason("check-other-year", {"year": year, "counted": found})


def _typed_view(dataset: Dataset) -> Sql:
    """SQL of a view of the dataset's rows with typed columns and blanks as null, for the queries."""
    columns = ", ".join(f"{_typed(c)} as {quoted(c.name)}" for c in published_columns(dataset))
    name = quoted(dataset.name)
    return f"create view typed.{name} as select {columns} from main.{name}"


def _typed(column: Column) -> Sql:
    kinds = {"integer": "bigint", "year": "bigint", "number": "decimal(30, 6)"}
    return f"try_cast(nullif({quoted(column.name)}, '') as {kinds.get(column.type, 'varchar')})"


def figure_rows(reports: Iterable[ReadReport]) -> list[Sequence[object]]:
    """Rows of report_figures, in the order of its columns."""
    return [
        (
            f.report,
            f.body,
            f.region_code,
            f.year,
            f.code,
            f.ordinal,
            f.label,
            f.value,
            f.value_upper,
            f.unit,
            f.comparator,
            f.sentence,
            f.section,
            f.start,
            f.end,
            f.status,
        )
        for each in reports
        for f in each.report.figures
    ]


def check_rows(found: Iterable[Comparison]) -> list[Sequence[object]]:
    """Rows of report_checks, in the order of its columns."""
    return [
        (
            c.report,
            c.code,
            c.stated,
            c.counted,
            c.difference,
            c.verdict,
            reasons_text(c.why, "zh"),
            reasons_text(c.why, "en"),
            c.dataset,
            c.query,
        )
        for c in found
    ]


def reasons_text(reasons: Iterable[Reason], lang: Lang) -> str:
    """Reasons as one text in a language."""
    return (" " if lang == "en" else "").join(say(r.message, lang, **r.params) for r in reasons)
