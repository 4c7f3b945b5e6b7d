"""What the law withdraws leaves every artefact of every kept release, and no later run brings it back."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from frictionless import Package, system

from pipeline.base.errors import StoreError, UsageError
from pipeline.release.package import manifest, record_changes, store
from pipeline.release.removal import tombstones, withdraw
from pipeline.release.store import diff_report, verify
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import MakeOnce
from tests.support.shop import (
    NUMBER,
    PENALTIES,
    TODAY,
    PenaltyShop,
    Shop,
    WidePenaltyShop,
    contents,
    copy_of,
    penalties,
    query,
    rows_of,
    twin_of,
)

CERTIFICATES = "执法证号,持证人,执法单位,发证日期,状态\n16110000001,示例甲,示例区水利局,2024-01-02,有效\n16110000002,示例乙,示例区水利局,2024-01-02,有效\n"
EVENTS = "执法证号,事项,办理日期\n16110000001,新申办,2024-01-02\n16110000002,新申办,2024-01-02\n"


class CertificateShop(Shop):
    """A shop of certificates, each event of which has to have its certificate."""

    few = ("authorities", "certificates", "certificate_events", "withdrawals", "changes", "sources", "run_tallies")  # fmt: skip

    def alter(self, contract: Path) -> None:
        path = contract / "certificate_events.yaml"
        path.write_text(path.read_text("utf-8").replace(", gongshi:severity: warning", ""), "utf-8")


def published(kind: type[Shop], folder: Path, downloads: bool) -> None:
    """Three kept releases, each with one row more, and the row at 3 different in each; on threads."""
    made = kind(folder / "shop")
    for more in range(3):
        rows = penalties(40 + more)
        rows[3]["违法事实"] += f"（第{more}版独有）"
        made.send(rows)
        with on_threads():
            made.publish(downloads=downloads)


@pytest.fixture
def shop(made_once: MakeOnce, tmp_path: Path) -> Shop:
    """The three of `published` with downloads and search, to do with as a test likes."""
    there = made_once("withdraw-from", partial(published, WidePenaltyShop, downloads=True))
    return standing(WidePenaltyShop, there, tmp_path)


@pytest.fixture
def bare(made_once: MakeOnce, tmp_path: Path) -> Shop:
    """The three with no more than a withdrawal needs, for what does not depend on a release's files."""
    there = made_once("withdraw-from-bare", partial(published, PenaltyShop, downloads=False))
    return standing(PenaltyShop, there, tmp_path)


def standing(kind: type[Shop], there: Path, folder: Path) -> Shop:
    """A twin in `folder` of the shop in `there`."""
    made = kind(folder)
    made.stand_in(there / "shop")
    return twin_of(made, folder)


def own_values(row: dict[str, str]) -> list[str]:
    """Every value by which the record could be known again."""
    others = {value for other in penalties(60) if other is not row for value in other.values()}
    unique = [v for v in row.values() if len(v) > 5 and v not in others]
    return [*unique, *re.findall(r"[\u4e00-\u9fff]{6,}", " ".join(unique))[:0]]


def traces(folder: Path, values: list[str]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, content in contents(folder).items()
        for value in values
        if value.encode() in content
    ]


def test_nothing_of_a_withdrawn_record_is_left_in_any_artefact(shop: Shop) -> None:
    row = penalties(60)[3]
    values = [v for v in own_values(row) if v != row["违法事实"]] + ["版独有"]
    values.append(row["违法事实"][5:40])
    assert {n.partition("!")[0].rpartition(".")[2] for n, _ in traces(shop.site, values)} >= {"csv", "db", "xlsx", "parquet", "gz", "zip"}  # fmt: skip
    shop.withdraw(row[NUMBER])
    assert traces(shop.site, values) == []


def test_no_word_of_a_withdrawn_record_is_left_in_a_search_index(shop: Shop, tmp_path: Path) -> None:  # fmt: skip
    shop.withdraw(penalties(60)[3][NUMBER])
    for release in store.kept(shop.site):
        with closing(sqlite3.connect(":memory:")) as con:
            con.deserialize((release / "disclosure.db").read_bytes())
            con.execute(f"create virtual table temp.words using fts5vocab('main', '{PENALTIES}_fts', 'row')")  # fmt: skip
            left = {row[0] for row in con.execute("select term from temp.words")}
        assert "独有" not in left
        assert "平桥" in left
        found = query(release, f"select count(*) from {PENALTIES}_fts where {PENALTIES}_fts match '\"平桥\"'")  # fmt: skip
        assert found[0][0] > 30


def test_a_withdrawal_keeps_every_release_valid_signed_and_in_its_chain(shop: Shop) -> None:
    shop.withdraw(penalties(60)[3][NUMBER])
    assert len(shop.releases()) == 3
    for release in store.kept(shop.site):
        assert verify.release(shop.site, release.name, None).problems == ()
        [packed] = (release / "downloads").glob("*.zip")
        assert verify.package(packed, None).problems == ()
        with system.use_context(trusted=True):
            assert Package(str(release / "datapackage.json")).validate(limit_errors=10**6).valid
        tally = query(release, "select read, accepted, withdrawn from run_tallies")[0]
        assert tally[0] == tally[1] + 1 and tally[2] == 1


def test_a_tombstone_says_when_and_why_and_nothing_of_the_record(shop: Shop) -> None:
    row = penalties(60)[3]
    shop.withdraw(row[NUMBER], reason="复议撤销原决定")
    for release in store.kept(shop.site):
        [stone] = rows_of(release / "data" / "withdrawals.csv")
        assert re.fullmatch(r"[0-9a-f]{20}", stone.pop("record_id"))
        assert stone == {"dataset": PENALTIES, "withdrawn_on": TODAY.isoformat(), "reason": "复议撤销原决定", "basis": "行政处罚法第四十八条"}  # fmt: skip
        assert query(release, "select count(*) from withdrawals_fts where withdrawals_fts match '\"复议\"'") == [(1,)]  # fmt: skip


def test_a_reason_that_names_a_person_is_public_without_the_name(shop: Shop) -> None:
    shop.withdraw(penalties(60)[3][NUMBER], reason="证人郭琛烨来电13812345678要求撤回")
    for release in store.kept(shop.site):
        [stone] = rows_of(release / "data" / "withdrawals.csv")
        assert stone["reason"] == "证人郭某某来电1**********要求撤回"


def test_a_withdrawal_is_a_release_of_its_own_with_a_signed_link(shop: Shop) -> None:
    before = shop.current.name
    shop.withdraw(penalties(60)[3][NUMBER])
    told = manifest.read(shop.current)
    assert told["parent"]["release"] == before
    [(dataset, key)] = told["withdrawal"]["withdrawn"]
    assert record_changes.read(shop.current / "changes.csv") == [
        record_changes.Change(dataset, key, "withdrawn")
    ]
    listed = rows_of(shop.current / "data" / "changes.csv")
    assert [c["verb"] for c in listed if c["release"] == shop.current.name] == ["withdrawn"]
    for release in store.kept(shop.site)[:-1]:
        assert manifest.read(release)["amendments"][0]["withdrawn"] == [[dataset, key]]


@pytest.mark.usefixtures("every_engine")
def test_a_difference_of_kept_releases_still_tells_what_was_withdrawn_between_them(
    bare: Shop,
) -> None:
    bare.withdraw(penalties(60)[3][NUMBER])
    key = rows_of(bare.current / "data" / "withdrawals.csv")[0]["record_id"]
    first, second, replacement = store.kept(bare.site)
    gone = record_changes.Change(PENALTIES, key, "withdrawn")
    assert gone not in diff_report.between(first, second)  # both had it
    assert gone in diff_report.between(first, replacement)
    assert gone in diff_report.between(second, replacement)
    bare.send(penalties(45))
    later = bare.publish(date(2025, 4, 2))
    assert [c for c in diff_report.between(second, later) if c.verb != "added"] == [gone]
    assert gone not in diff_report.between(replacement, later)


@pytest.mark.usefixtures("every_engine")
def test_a_difference_of_kept_releases_still_tells_whose_term_is_over(bare: Shop) -> None:
    first = store.kept(bare.site)[0]
    had = {row["record_id"] for row in rows_of(first / "data" / f"{PENALTIES}.csv")}
    bare.publish(date(2027, 3, 30))
    listed = {
        c.key for c in record_changes.read(bare.current / "changes.csv") if c.verb == "removed"
    }
    told = {c.key for c in diff_report.between(first, bare.current) if c.verb == "removed"}
    assert told == listed & had != set()


@pytest.mark.usefixtures("every_engine")
def test_later_runs_keep_it_out_though_the_file_still_holds_it(bare: Shop) -> None:
    bare.withdraw(penalties(60)[3][NUMBER])
    bare.send(penalties(45))
    release = bare.publish(date(2025, 4, 2))
    assert len(rows_of(release / "data" / f"{PENALTIES}.csv")) == 44
    [tally] = rows_of(release / "data" / "run_tallies.csv")
    assert (tally["read"], tally["accepted"], tally["withdrawn"]) == ("45", "44", "1")


@pytest.mark.usefixtures("every_engine")
def test_the_same_inbox_after_a_withdrawal_is_nothing_new(bare: Shop) -> None:
    bare.withdraw(penalties(60)[3][NUMBER])
    assert bare.publish() == bare.current
    assert len(bare.releases()) == 3


@pytest.mark.usefixtures("every_engine")
def test_the_list_in_private_can_be_lost_without_bringing_it_back(bare: Shop) -> None:
    bare.withdraw(penalties(60)[3][NUMBER])
    (bare.private / tombstones.FILE).unlink()
    bare.send(penalties(45))
    assert len(rows_of(bare.publish() / "data" / f"{PENALTIES}.csv")) == 44


def test_withdrawing_twice_changes_nothing_more(bare: Shop) -> None:
    number = penalties(60)[3][NUMBER]
    bare.withdraw(number)
    key, before = query(bare.current, "select record_id from withdrawals")[0][0], bare.releases()
    bare.withdraw(key, today=date(2025, 4, 9))
    assert bare.releases() == before
    assert rows_of(bare.current / "data" / "withdrawals.csv")[0]["withdrawn_on"] == "2025-03-31"


def test_a_record_that_is_not_there_is_said_so_and_nothing_happens(bare: Shop) -> None:
    before = bare.releases()
    with pytest.raises(UsageError, match="没有找到"):
        bare.withdraw("平无此号〔2024〕1号")
    assert bare.releases() == before
    assert not (bare.private / tombstones.FILE).exists()


@pytest.mark.usefixtures("every_engine")
def test_a_number_of_two_records_names_both(tmp_path: Path) -> None:
    shop = PenaltyShop(tmp_path)
    rows = penalties(10)
    rows[1][NUMBER] = rows[0][NUMBER]
    shop.send(rows)
    shop.publish()
    with pytest.raises(UsageError, match="多条"):
        shop.withdraw(rows[0][NUMBER])


@pytest.mark.usefixtures("every_engine")
def test_what_points_to_a_withdrawn_record_leaves_with_it(tmp_path: Path) -> None:
    shop = CertificateShop(tmp_path)
    (shop.inbox / "certificates").mkdir()
    (shop.inbox / "certificate_events").mkdir()
    (shop.inbox / "certificates" / "证件-示例数据.csv").write_text(CERTIFICATES, "utf-8")
    (shop.inbox / "certificate_events" / "办理-示例数据.csv").write_text(EVENTS, "utf-8")
    shop.publish()
    shop.withdraw("16110000001", dataset="certificates")
    for day in (TODAY, date(2025, 4, 2)):
        release = shop.publish(day)
        assert query(release, "select certificate_no from certificates") == [("16110000002",)]
        assert query(release, "select certificate_no from certificate_events") == [("16110000002",)]
        assert query(release, "select sum(withdrawn) from run_tallies") == [(2,)]
    assert len(rows_of(shop.current / "data" / "withdrawals.csv")) == 2


# ---------------------------------------------------------------- in time, corrected, gone back


def test_the_report_counts_working_days_from_the_order(bare: Shop) -> None:
    # Tomb-Sweeping Day 2025 is Friday 4 April: Wednesday 2nd to Tuesday 8th are three working days.
    bare.withdraw(penalties(60)[3][NUMBER], ordered="2025-04-02", today=date(2025, 4, 8))
    [line] = rows_of(bare.private / withdraw.REPORT)
    assert (line["working_days"], line["in_time"]) == ("3", "yes")


@pytest.mark.usefixtures("every_engine")
def test_going_back_does_not_bring_a_withdrawn_record_back(shop: Shop) -> None:
    row = penalties(60)[3]
    shop.withdraw(row[NUMBER])
    before = shop.current.name
    assert withdraw.rollback(shop.site, "") != before
    assert traces(shop.current, [row[NUMBER]]) == []
    assert len(rows_of(shop.current / "data" / "withdrawals.csv")) == 1
    shop.publish()
    assert manifest.number(shop.current) == max(map(manifest.number, store.kept(shop.site)))


def test_going_back_to_a_damaged_release_is_refused(bare: Shop) -> None:
    first = store.kept(bare.site)[0]
    (first / "changes.csv").write_text("broken")
    shown = bare.current
    with pytest.raises(StoreError, match=r"changes\.csv"):
        withdraw.rollback(bare.site, first.name)
    assert bare.current == shown


@pytest.mark.usefixtures("every_engine")
def test_going_back_where_there_is_nothing_earlier_is_said_so(tmp_path: Path) -> None:
    shop = PenaltyShop(tmp_path)
    shop.send(penalties(10))
    shop.publish()
    with pytest.raises(UsageError, match="更早"):
        withdraw.rollback(shop.site, "")
    with pytest.raises(StoreError, match="没有版本"):
        withdraw.rollback(shop.site, "2020-01-01-00000000")


# ---------------------------------------------------------------- terms


@pytest.mark.usefixtures("every_engine")
def test_a_record_whose_term_is_over_leaves_current_and_every_kept_release(tmp_path: Path) -> None:
    shop = WidePenaltyShop(tmp_path)
    rows = penalties(40)
    shop.send(rows)
    shop.publish()
    shop.send(penalties(41))
    shop.publish()
    ends = sorted(row["公示截止期"] for row in rows if row["公示截止期"])
    later = date.fromisoformat(ends[5])
    shop.publish(date.fromordinal(later.toordinal() + 1), downloads=True)
    over = [row[NUMBER] for row in rows if row["公示截止期"] and row["公示截止期"] <= ends[5]]
    assert traces(shop.site, over) == []
    for release in store.kept(shop.site):
        assert verify.release(shop.site, release.name, None).problems == ()
        assert rows_of(release / "data" / "withdrawals.csv") == []
    assert {c.verb for c in record_changes.read(shop.current / "changes.csv")} == {"removed"}


@pytest.mark.usefixtures("every_engine")
def test_an_amended_release_is_the_same_wherever_it_is_amended(shop: Shop, tmp_path: Path) -> None:
    other = copy_of(shop, tmp_path / "other")
    single = WidePenaltyShop(tmp_path / "single")
    for each in (other, single):
        rows = penalties(42)
        each.send(rows)
        each.publish(downloads=True)
        each.withdraw(rows[3][NUMBER])
    from tests.support.shop import hashes

    assert hashes(other.current) == hashes(single.current)
