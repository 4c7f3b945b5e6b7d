"""Rules about normative documents and their reviews: state, evaluation, filing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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


@rule(
    "state-against-review",
    scope="dataset",
    field="document_no",
    documents="normative_documents",
    reviews="normative_reviews",
    states=_STATES,
    ok=[{"normative_documents": [{**_DOCUMENT, "status": "废止"}], "normative_reviews": [_review("清理", "2024-06-01", outcome="废止")]}],
    bad=[{"normative_documents": [_DOCUMENT], "normative_reviews": [_review("清理", "2024-06-01", outcome="废止")]}],
)  # fmt: skip
def state_against_review(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    documents: str,
    reviews: str,
    states: Mapping[str, str],
) -> Iterator[Outcome]:
    """A document's state is what its last clean-up ended with: told of the document and of the review."""
    if not {documents, reviews} <= setting.present:
        return
    last = f"(select * from {quoted(reviews)} where review_kind = '清理' qualify row_number() over (partition by document_no order by review_date desc) = 1)"
    side = "d" if dataset.name == documents else "r"
    for source, row, number, outcome, status, day in con.execute(place(
        f"select {side}.source_id, {side}.source_row, document_no, r.outcome, d.status, r.review_date "
        f"from {quoted(documents)} d join {last} r using (document_no) where d.status = '有效'"
    )).fetchall():  # fmt: skip
        if states.get(outcome, status) != status:
            yield Outcome(source, int(row), "kept", "state-against-review", field, number, {"outcome": outcome, "status": status, "on": day})  # fmt: skip


@rule(
    "evaluation-due",
    scope="dataset",
    field="valid_until",
    reviews="normative_reviews",
    months=6,
    ok=[{"normative_documents": [_DOCUMENT], "normative_reviews": [_review("后评估", "2024-12-01")]}, {"normative_documents": [{**_DOCUMENT, "valid_until": "2027-01-01"}]}],
    bad=[{"normative_documents": [_DOCUMENT], "normative_reviews": []}],
)  # fmt: skip
def evaluation_due(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    reviews: str,
    months: int,
) -> Iterator[Outcome]:
    """What lapses within so many months has been evaluated within the last two years."""
    done = "select ''" if reviews not in setting.present else (
        f"select document_no from {quoted(reviews)} where review_kind = '后评估' and try_cast(review_date as date) >= date '{setting.today}' - interval 2 year"
    )  # fmt: skip
    for source, row, day in con.execute(place(
        f"select source_id, source_row, {quoted(field)} from {quoted(dataset.name)} where status = '有效' "
        f"and try_cast({quoted(field)} as date) between date '{setting.today}' and date '{setting.today}' + interval {int(months)} month "
        f"and document_no not in ({done})"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "evaluation-due", field, day, {"months": months})


@rule(
    "document-filed-late",
    scope="dataset",
    field="document_no",
    documents="normative_documents",
    reviews="normative_reviews",
    days=15,
    ok=[{"normative_documents": [_DOCUMENT], "normative_reviews": [_review("备案审查", "2024-03-20", filing_date="2024-03-16")]}],
    bad=[{"normative_documents": [_DOCUMENT], "normative_reviews": [_review("备案审查", "2024-06-20", filing_date="2024-06-01")]}],
)  # fmt: skip
def document_filed_late(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    setting: Setting,
    field: str,
    documents: str,
    reviews: str,
    days: int,
) -> Iterator[Outcome]:
    """Filed within so many days of publication: told of the document and of the filing."""
    if not {documents, reviews} <= setting.present:
        return
    side = "d" if dataset.name == documents else "r"
    for source, row, number, published, passed in con.execute(place(
        f"select {side}.source_id, {side}.source_row, document_no, d.publish_date, "
        "date_diff('day', try_cast(d.publish_date as date), try_cast(r.filing_date as date)) as passed "
        f"from {quoted(documents)} d join {quoted(reviews)} r using (document_no) where r.filing_date <> '' and passed > {int(days)}"
    )).fetchall():  # fmt: skip
        yield Outcome(source, int(row), "kept", "document-filed-late", field, number, {"published": published, "passed": passed, "days": days})  # fmt: skip
