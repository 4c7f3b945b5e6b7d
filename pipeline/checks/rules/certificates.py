"""Rules about certificates that need more than one row: events in their order, yearly reviews, doubles."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.rules.base import Setting, place, rule

ISSUED, REVIEWED = "新申办", "年审"
_NO = "16110312345"
_CERTIFICATE = {"certificate_no": _NO, "issue_date": "2022-03-01", "status": "有效"}


def _event(event: str, day: str, **more: str) -> dict[str, str]:
    return {"certificate_no": _NO, "event": event, "event_date": day, "year": day[:4], **more}


@rule(
    "event-before-issue",
    scope="dataset",
    field="event_date",
    certificates="certificates",
    ok=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(REVIEWED, "2023-05-01")]}],
    bad=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(REVIEWED, "2021-05-01")]}],
)
def event_before_issue(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    certificates: str,
) -> Iterator[Outcome]:
    """Nothing happens to a certificate before the day on which it was issued."""
    if certificates not in setting.present:
        return
    for source, row, day, issued in con.execute(place(
        f"select e.source_id, e.source_row, e.event_date, c.issue_date from {quoted(dataset.name)} e "
        f"join {quoted(certificates)} c using (certificate_no) "
        "where try_cast(e.event_date as date) < try_cast(c.issue_date as date)"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "quarantined", "event-before-issue", field, day, {"issued": issued})  # fmt: skip


@rule(
    "event-after-cancellation",
    scope="dataset",
    field="event_date",
    ending=["注销", "取消资格"],
    ok=[{"certificate_events": [_event(REVIEWED, "2023-05-01"), _event("注销", "2023-06-01")]}],
    bad=[{"certificate_events": [_event("注销", "2023-06-01"), _event(REVIEWED, "2024-05-01")]}],
)
def event_after_cancellation(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    ending: list[str],
) -> Iterator[Outcome]:
    """After its cancellation, or the holder's disqualification, nothing can happen to a certificate."""
    table = quoted(dataset.name)
    ends = f"select certificate_no, min(event_date) as ended, arg_min(event, event_date) as how from {table} where list_contains(?, event) group by 1"
    for source, row, day, ended, how in con.execute(
        place(f"select e.source_id, e.source_row, e.event_date, ended, how from {table} e join ({ends}) using (certificate_no) where e.event_date > ended"),
        [ending],
    ).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "quarantined", "event-after-cancellation", field, day, {"ended": ended, "how": how})  # fmt: skip


@rule(
    "issued-twice",
    scope="dataset",
    field="event",
    certificates="certificates",
    ok=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(ISSUED, "2022-03-01")]}],
    bad=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(ISSUED, "2025-01-10")]}],
)
def issued_twice(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    certificates: str,
) -> Iterator[Outcome]:
    """A certificate is newly issued once: not again behind its day of issue or an earlier event."""
    events, other = quoted(dataset.name), certificates in setting.present
    first = f"select certificate_no, min(event_date) as day from {events} where event = '{ISSUED}' group by 1"
    if other:
        first += f" union all select certificate_no, issue_date from {quoted(certificates)} where issue_date <> ''"
    for source, row, event, day in con.execute(place(
        f"select e.source_id, e.source_row, e.event, f.day from {events} e "
        f"join (select certificate_no, min(day) as day from ({first}) group by 1) f using (certificate_no) "
        f"where e.event = '{ISSUED}' and e.event_date > f.day"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "issued-twice", field, event, {"first": day})


@rule(
    "review-missing",
    scope="dataset",
    field="certificate_no",
    events="certificate_events",
    ok=[{"certificates": [_CERTIFICATE, {**_CERTIFICATE, "certificate_no": "2", "issue_date": "2024-02-01"}], "certificate_events": [_event(REVIEWED, "2024-05-01")]}],
    bad=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(REVIEWED, "2024-05-01", certificate_no="3")]}],
)  # fmt: skip
def review_missing(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, field: str, events: str
) -> Iterator[Outcome]:
    """A valid certificate was reviewed for the last whole year, if it was issued before that year.

    Only where there are reviews of that year at all: else the lists were not sent.
    """
    year = str(setting.today.year - 1)
    if events not in setting.present:
        return
    reviewed = f"(select certificate_no from {quoted(events)} where event = '{REVIEWED}' and (year = '{year}' or event_date like '{year}-%'))"
    if not con.execute(f"select count(*) from {reviewed}").fetchall()[0][0]:
        return
    for source, row, number in con.execute(place(
        f"select source_id, source_row, certificate_no from {quoted(dataset.name)} c "
        f"where status = '有效' and issue_date <> '' and issue_date < '{year}-01-01' and certificate_no not in {reviewed}"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "review-missing", field, number, {"year": year})


_HOLDER = {
    "holder_name": "李示例",
    "authority_name": "示例局",
    "certificate_type": "行政执法证",
    "status": "有效",
}


@rule(
    "two-valid-certificates",
    scope="dataset",
    field="certificate_no",
    same=["holder_name", "authority_name", "certificate_type"],
    ok=[{"certificates": [{**_HOLDER, "certificate_no": "1"}, {**_HOLDER, "certificate_no": "2", "status": "注销"}]}],
    bad=[{"certificates": [{**_HOLDER, "certificate_no": "1"}, {**_HOLDER, "certificate_no": "2"}]}],
)  # fmt: skip
def two_valid_certificates(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, field: str, same: list[str]
) -> Iterator[Outcome]:
    """Nobody holds two valid certificates of one kind; people of one name are told apart by nothing else."""
    table, keys = quoted(dataset.name), ", ".join(map(quoted, same))
    for source, row, number, other in con.execute(place(
        f"select source_id, source_row, certificate_no, other from {table} join "
        f"(select {keys}, min(certificate_no) as other, count(*) as n from {table} where status = '有效' group by all having n > 1) "
        f"using ({keys}) where status = '有效' and certificate_no <> other"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "two-valid-certificates", field, number, {"other_no": other})  # fmt: skip
