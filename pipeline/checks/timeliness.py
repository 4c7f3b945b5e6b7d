"""Public figures of how timely the law was kept: filings, yearly reviews, documents about to lapse.

Days and months are those of the contract's rules (filed-late, evaluation-due), so that the figures
count what the findings tell.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from pipeline.checks.rules import Setting
from pipeline.model import Catalog

Rows = list[Sequence[object]]


def _param(catalog: Catalog, dataset: str, rule: str, name: str, default: int) -> int:
    known = catalog.datasets.get(dataset)
    uses = [u.params for u in known.rules if u.rule == rule and name in u.params] if known else []
    return int(uses[0][name]) if uses else default


def tables(con: duckdb.DuckDBPyConnection, setting: Setting) -> dict[str, Rows]:
    """Rows of the datasets timeliness, overdue_reviews and lapsing_documents, in their columns' order."""
    present = setting.present
    return {
        "timeliness": filings(con, setting) if "penalty_filings" in present else [],
        "overdue_reviews": reviews(con, setting, present) if "certificates" in present else [],
        "lapsing_documents": lapsing(con, setting, present)
        if "normative_documents" in present
        else [],
    }


def filings(con: duckdb.DuckDBPyConnection, setting: Setting) -> Rows:
    """authority_name, year, filings, in_time, late, undated, median_days: by the year of decision."""
    days = _param(setting.catalog, "penalty_filings", "filed-late", "days", 15)
    return list(
        con.execute(
            "select authority_name, left(decision_date, 4) as year, count(*), "
            "count(*) filter (passed <= $days), count(*) filter (passed > $days), count(*) filter (passed is null), "
            "cast(round(median(passed)) as bigint) from (select *, date_diff('day', try_cast(decision_date as date), try_cast(filing_date as date)) as passed from penalty_filings) "
            "where decision_date <> '' group by 1, 2 order by 1, 2",
            {"days": days},
        ).fetchall()
    )


def reviews(con: duckdb.DuckDBPyConnection, setting: Setting, present: Collection[str]) -> Rows:
    """authority_name, year, certificates, reviewed, overdue: of the last whole year.

    Counted are certificates that are valid and were issued before that year.
    """
    if "certificate_events" not in present:
        return []
    year = str(setting.today.year - 1)
    return list(
        con.execute(
            "select authority_name, $year, count(*), count(*) filter (done), count(*) filter (not done) from "
            "(select authority_name, certificate_no in (select certificate_no from certificate_events where event = '年审' and (year = $year or event_date like $year || '-%')) as done "
            "from certificates where status = '有效' and issue_date <> '' and issue_date < $year || '-01-01') "
            "where exists (select 1 from certificate_events where event = '年审' and (year = $year or event_date like $year || '-%')) "
            "group by 1 order by 1",
            {"year": year},
        ).fetchall()
    )


def lapsing(con: duckdb.DuckDBPyConnection, setting: Setting, present: Collection[str]) -> Rows:
    """document_no, title, issuing_authority, valid_until, days_left, evaluated_on: within the months given."""
    months = _param(setting.catalog, "normative_documents", "evaluation-due", "months", 6)
    last = "select document_no, max(review_date) as day from normative_reviews where review_kind = '后评估' group by 1"
    if "normative_reviews" not in present:
        last = "select '' as document_no, '' as day where false"
    return list(
        con.execute(
            "select document_no, title, issuing_authority, valid_until, date_diff('day', $today, try_cast(valid_until as date)), e.day "
            f"from normative_documents left join ({last}) e using (document_no) where status = '有效' "
            f"and try_cast(valid_until as date) between $today and $today + interval {months} month order by valid_until, document_no",
            {"today": setting.today},
        ).fetchall()
    )
