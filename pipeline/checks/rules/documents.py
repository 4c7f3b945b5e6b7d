"""Rules about normative documents and their reviews: state, evaluation, filing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from pipeline.base.model import Dataset
from pipeline.base.sql import quoted
from pipeline.checks.across.keys import Outcome
from pipeline.checks.rules.base import Setting, place, rule

_NO = "示政文〔2022〕1号"
_DOCUMENT = {
    "document_no": _NO,
    "status": "有效",
    "valid_until": "2025-08-01",
    "publish_date": "2024-03-01",
}
_STATES = {"废止": "废止", "宣布失效": "失效", "修改": "已修改"}


def _review(kind: str, day: str, **more: str) -> dict[str, str]:
    return {"document_no": _NO, "review_kind": kind, "review_date": day, **more}


@dataclass(frozen=True, slots=True)
class States:
    """The number of a document, both datasets, and the state that each outcome leads to."""

    field: str
    documents: str
    reviews: str
    states: Mapping[str, str]


@rule(
    "state-against-review",
    States(
        field="document_no",
        documents="normative_documents",
        reviews="normative_reviews",
        states=_STATES,
    ),
    scope="dataset",
    ok=[
        {
            "normative_documents": [{**_DOCUMENT, "status": "废止"}],
            "normative_reviews": [_review("清理", "2024-06-01", outcome="废止")],
        }
    ],
    bad=[
        {
            "normative_documents": [_DOCUMENT],
            "normative_reviews": [_review("清理", "2024-06-01", outcome="废止")],
        }
    ],
)
def state_against_review(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: States
) -> Iterator[Outcome]:
    """A document's state agrees with the outcome of its last clean-up: a finding on the document and
    on the review.
    """
    if not {use.documents, use.reviews} <= setting.present:
        return
    last = f"""
        select * from {quoted(use.reviews)} where review_kind = '清理'
        qualify row_number() over (partition by document_no order by review_date desc) = 1
    """
    side = "d" if dataset.name == use.documents else "r"
    valid = f"""
        select {side}.source_id, {side}.source_row, document_no, r.outcome, d.status, r.review_date
        from {quoted(use.documents)} d join ({last}) r using (document_no) where d.status = '有效'
    """
    for source, row, number, outcome, status, day in con.execute(place(valid)).fetchall():
        if use.states.get(outcome, status) != status:
            about = {"outcome": outcome, "status": status, "on": day}
            yield Outcome(
                source, int(row), "kept", "state-against-review", use.field, number, about
            )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The last day of a document, the dataset of reviews, and how many months ahead."""

    field: str
    reviews: str
    months: int


@rule(
    "evaluation-due",
    Evaluation(field="valid_until", reviews="normative_reviews", months=6),
    scope="dataset",
    ok=[
        {
            "normative_documents": [_DOCUMENT],
            "normative_reviews": [_review("后评估", "2024-12-01")],
        },
        {"normative_documents": [{**_DOCUMENT, "valid_until": "2027-01-01"}]},
    ],
    bad=[{"normative_documents": [_DOCUMENT], "normative_reviews": []}],
)
def evaluation_due(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Evaluation
) -> Iterator[Outcome]:
    """What lapses within so many months has been evaluated within the last two years."""
    today, until = f"date '{setting.today}'", quoted(use.field)
    done = "select ''"
    if use.reviews in setting.present:
        done = f"""
            select document_no from {quoted(use.reviews)}
            where review_kind = '后评估'
            and try_cast(review_date as date) >= {today} - interval 2 year
        """
    due = f"""
        select source_id, source_row, {until} from {quoted(dataset.name)} where status = '有效'
        and try_cast({until} as date) between {today} and {today} + interval {int(use.months)} month
        and document_no not in ({done})
    """
    for source, row, day in con.execute(place(due)).fetchall():
        about = {"months": use.months}
        yield Outcome(source, int(row), "kept", "evaluation-due", use.field, day, about)


@dataclass(frozen=True, slots=True)
class Filing:
    """The number of a document, both datasets, and within how many days."""

    field: str
    documents: str
    reviews: str
    days: int


@rule(
    "document-filed-late",
    Filing(
        field="document_no", documents="normative_documents", reviews="normative_reviews", days=15
    ),
    scope="dataset",
    ok=[
        {
            "normative_documents": [_DOCUMENT],
            "normative_reviews": [_review("备案审查", "2024-03-20", filing_date="2024-03-16")],
        }
    ],
    bad=[
        {
            "normative_documents": [_DOCUMENT],
            "normative_reviews": [_review("备案审查", "2024-06-20", filing_date="2024-06-01")],
        }
    ],
)
def document_filed_late(
    con: duckdb.DuckDBPyConnection, dataset: Dataset, setting: Setting, use: Filing
) -> Iterator[Outcome]:
    """Filed within so many days of publication: a finding on the document and on the filing."""
    if not {use.documents, use.reviews} <= setting.present:
        return
    side = "d" if dataset.name == use.documents else "r"
    late = f"""
        select {side}.source_id, {side}.source_row, document_no, d.publish_date,
        date_diff('day', try_cast(d.publish_date as date), try_cast(r.filing_date as date))
        as passed
        from {quoted(use.documents)} d join {quoted(use.reviews)} r using (document_no)
        where r.filing_date <> '' and passed > {int(use.days)}
    """
    for source, row, number, published, passed in con.execute(place(late)).fetchall():
        about = {"published": published, "passed": passed, "days": use.days}
        yield Outcome(source, int(row), "kept", "document-filed-late", use.field, number, about)
