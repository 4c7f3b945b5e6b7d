"""Rules about certificates that need more than one row: events in their order,
yearly reviews, doubles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class OfCertificates:
    """A column of events, and the dataset of the certificates."""

    field: str
    certificates: str


@rule(
    "event-before-issue",
    OfCertificates(field="event_date", certificates="certificates"),
    scope="dataset",
    ok=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(REVIEWED, "2023-05-01")]}],
    bad=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(REVIEWED, "2021-05-01")]}],
)
def event_before_issue(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: OfCertificates
) -> Iterator[Outcome]:
    """Nothing happens to a certificate before the day on which it was issued."""
    if use.certificates not in setting.present:
        return
    early = f"""
        select e.source_id, e.source_row, e.event_date, c.issue_date
        from {quoted(dataset.name)} e join {quoted(use.certificates)} c using (certificate_no)
        where try_cast(e.event_date as date) < try_cast(c.issue_date as date)
    """
    for source, row, day, issued in con.execute(place(early)).fetchall():
        about = {"issued": issued}
        yield Outcome(source, int(row), "quarantined", "event-before-issue", use.field, day, about)


@dataclass(frozen=True, slots=True)
class Ending:
    """A column of events, and which of them end a certificate."""

    field: str
    ending: Sequence[str]


@rule(
    "event-after-cancellation",
    Ending(field="event_date", ending=["注销", "取消资格"]),
    scope="dataset",
    ok=[{"certificate_events": [_event(REVIEWED, "2023-05-01"), _event("注销", "2023-06-01")]}],
    bad=[{"certificate_events": [_event("注销", "2023-06-01"), _event(REVIEWED, "2024-05-01")]}],
)
def event_after_cancellation(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Ending
) -> Iterator[Outcome]:
    """A certificate has no event after its cancellation, or the disqualification of its holder."""
    table = quoted(dataset.name)
    ends = f"""
        select certificate_no, min(event_date) as ended, arg_min(event, event_date || event) as how
        from {table} where list_contains(?, event) group by 1
    """
    late = f"""
        select e.source_id, e.source_row, e.event_date, ended, how
        from {table} e join ({ends}) using (certificate_no) where e.event_date > ended
    """
    name = "event-after-cancellation"
    for source, row, day, ended, how in con.execute(place(late), [use.ending]).fetchall():
        about = {"ended": ended, "how": how}
        yield Outcome(source, int(row), "quarantined", name, use.field, day, about)


@rule(
    "issued-twice",
    OfCertificates(field="event", certificates="certificates"),
    scope="dataset",
    ok=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(ISSUED, "2022-03-01")]}],
    bad=[{"certificates": [_CERTIFICATE], "certificate_events": [_event(ISSUED, "2025-01-10")]}],
)
def issued_twice(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: OfCertificates
) -> Iterator[Outcome]:
    """A certificate is issued once: there is no issue after its day of issue or an earlier one."""
    events = quoted(dataset.name)
    first = f"""
        select certificate_no, min(event_date) as day from {events}
        where event = '{ISSUED}' group by 1
    """
    if use.certificates in setting.present:
        first += f"""
            union all select certificate_no, issue_date from {quoted(use.certificates)}
            where issue_date <> ''
        """
    again = f"""
        select e.source_id, e.source_row, e.event, f.day from {events} e
        join (select certificate_no, min(day) as day from ({first}) group by 1) f
        using (certificate_no) where e.event = '{ISSUED}' and e.event_date > f.day
    """
    for source, row, event, day in con.execute(place(again)).fetchall():
        yield Outcome(source, int(row), "kept", "issued-twice", use.field, event, {"first": day})


@dataclass(frozen=True, slots=True)
class Reviews:
    """The number of a certificate, and the dataset of events."""

    field: str
    events: str


@rule(
    "review-missing",
    Reviews(field="certificate_no", events="certificate_events"),
    scope="dataset",
    ok=[
        {
            "certificates": [
                _CERTIFICATE,
                {**_CERTIFICATE, "certificate_no": "2", "issue_date": "2024-02-01"},
            ],
            "certificate_events": [_event(REVIEWED, "2024-05-01")],
        }
    ],
    bad=[
        {
            "certificates": [_CERTIFICATE],
            "certificate_events": [_event(REVIEWED, "2024-05-01", certificate_no="3")],
        }
    ],
)
def review_missing(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Reviews
) -> Iterator[Outcome]:
    """A valid certificate was reviewed for the last whole year, if it was issued before that year.

    Checked only where there are any reviews of that year: otherwise the lists were not sent.
    """
    year = str(setting.today.year - 1)
    if use.events not in setting.present:
        return
    reviewed = f"""(
        select certificate_no from {quoted(use.events)}
        where event = '{REVIEWED}' and (year = '{year}' or event_date like '{year}-%')
    )"""
    if not con.execute(f"select count(*) from {reviewed}").fetchall()[0][0]:
        return
    missing = f"""
        select source_id, source_row, certificate_no from {quoted(dataset.name)} c
        where status = '有效' and issue_date <> '' and issue_date < '{year}-01-01'
        and certificate_no not in {reviewed}
    """
    for source, row, number in con.execute(place(missing)).fetchall():
        yield Outcome(source, int(row), "kept", "review-missing", use.field, number, {"year": year})


_HOLDER = {
    "holder_name": "李示例",
    "authority_name": "示例局",
    "certificate_type": "行政执法证",
    "status": "有效",
}


@dataclass(frozen=True, slots=True)
class Same:
    """The number of a certificate, and the columns in which two are of one holder and kind."""

    field: str
    same: Sequence[str]


@rule(
    "two-valid-certificates",
    Same(field="certificate_no", same=["holder_name", "authority_name", "certificate_type"]),
    scope="dataset",
    ok=[
        {
            "certificates": [
                {**_HOLDER, "certificate_no": "1"},
                {**_HOLDER, "certificate_no": "2", "status": "注销"},
            ]
        }
    ],
    bad=[
        {"certificates": [{**_HOLDER, "certificate_no": "1"}, {**_HOLDER, "certificate_no": "2"}]}
    ],
)
def two_valid_certificates(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Same
) -> Iterator[Outcome]:
    """Nobody holds two valid certificates of one kind.

    People of one name cannot be distinguished otherwise, so two people can be reported as one.
    """
    table, keys = quoted(dataset.name), ", ".join(map(quoted, use.same))
    several = f"""
        select {keys}, min(certificate_no) as other, count(*) as n
        from {table} where status = '有效' group by all having n > 1
    """
    doubles = f"""
        select source_id, source_row, certificate_no, other from {table} join ({several})
        using ({keys}) where status = '有效' and certificate_no <> other
    """
    for source, row, number, other in con.execute(place(doubles)).fetchall():
        about = {"other_no": other}
        yield Outcome(source, int(row), "kept", "two-valid-certificates", use.field, number, about)
