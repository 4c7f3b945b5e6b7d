"""A dataset that fails its expectations is held back: it keeps its public rows, all else goes out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.base.errors import GateRefused
from pipeline.release.data import draft
from pipeline.release.package import manifest
from pipeline.release.removal import withdraw
from pipeline.release.store import diff_report, verify
from tests.support.shop import (
    DOCUMENTS,
    PENALTIES,
    SECRET,
    TODAY,
    PenaltyShop,
    Shop,
    documents,
    hashes,
    penalties,
    query,
    rows_of,
    twin_of,
)

pytestmark = pytest.mark.usefixtures("every_engine")
LATER, MUCH_LATER = date(2025, 4, 2), date(2025, 4, 9)
CERTIFICATES, EVENTS = "certificates", "certificate_events"


class RegisterShop(Shop):
    """Documents, certificates and their events, each of which must have its certificate."""

    few = (DOCUMENTS, CERTIFICATES, EVENTS, "withdrawals", "changes", "sources", "run_tallies")  # fmt: skip

    def alter(self, contract: Path) -> None:
        for name in (DOCUMENTS, CERTIFICATES, EVENTS):
            path = contract / f"{name}.yaml"
            text = re.sub(r"^gongshi:rules:\n(?:  - .*\n)*", "", path.read_text("utf-8"), flags=re.M)  # fmt: skip
            text = re.sub(r"  foreignKeys:\n.*resource: authorities.*\n", "", text)
            path.write_text(text.replace(", gongshi:severity: warning", ""), "utf-8")

    def certificates(self, numbers: range, bad: int = 0, name: str = "证件-示例数据.csv") -> None:
        """Send certificates; the first `bad` of them lack the holder's name."""
        rows = [
            {"证件编号": f"1611{n:07}", "姓名": "" if at < bad else f"示例{n}", "执法单位": "示例区司法局", "执法区域": f"示例AB{n:05}X片区", "证件状态": "有效"}
            for at, n in enumerate(numbers)
        ]  # fmt: skip
        self.send(rows, name)

    def events(self, numbers: range) -> None:
        rows = [
            {"证件编号": f"1611{n:07}", "事项": "年审", "事项日期": "2024-05-06", "结果": "合格"}
            for n in numbers
        ]
        self.send(rows, "年审-示例数据.csv")


@pytest.fixture(scope="module")
def published_once(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> RegisterShop:
    made = RegisterShop(tmp_path_factory.mktemp("once"))
    made.certificates(range(10))
    made.events(range(10))
    made.send(documents(10), "文件-示例数据.csv")
    made.publish()
    return made


@pytest.fixture
def shop(published_once: RegisterShop, tmp_path: Path) -> RegisterShop:
    """A shop with one release, in which nothing failed."""
    return twin_of(published_once, tmp_path)


def data(release: Path, dataset: str) -> bytes:
    return (release / "data" / f"{dataset}.csv").read_bytes()


def findings(shop: Shop, rule: str) -> list[dict[str, str]]:
    return [row for row in rows_of_marked(shop.private / "findings.csv") if row["rule"] == rule]


def rows_of_marked(path: Path) -> list[dict[str, str]]:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def resource(release: Path, name: str) -> dict[str, Any]:
    described = json.loads((release / "datapackage.json").read_text("utf-8"))
    found: dict[str, Any] = next(r for r in described["resources"] if r["name"] == name)
    return found


def held(release: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = manifest.read(release).get("held_back", [])
    return found


# ---------------------------------------------------------------- held back


def test_the_public_keeps_the_rows_of_the_release_before_and_all_else_goes_out(
    shop: RegisterShop,
) -> None:
    first = shop.current
    shop.certificates(range(5, 15), bad=8)
    shop.send(documents(12), "文件-示例数据.csv")
    second = shop.publish(LATER)
    assert second != first
    assert data(second, CERTIFICATES) == data(first, CERTIFICATES)
    assert len(rows_of(second / "data" / f"{DOCUMENTS}.csv")) == 12
    assert query(second, "select count(*) from certificates") == [(10,)]
    assert {row["dataset"] for row in rows_of(second / "changes.csv")} == {DOCUMENTS}
    assert verify.release(shop.site, "", None).problems == ()


def test_the_manifest_says_of_which_day_the_rows_are_and_why_in_both_languages(
    shop: RegisterShop,
) -> None:
    first = shop.current
    shop.certificates(range(5, 15), bad=8)
    [entry] = held(shop.publish(LATER))
    assert (entry["dataset"], entry["expectation"]) == (CERTIFICATES, "quarantined-share")
    assert (entry["release"], entry["day"]) == (first.name, TODAY.isoformat())
    assert entry["since"] == LATER.isoformat()
    assert "80%" in entry["reason"]["zh"] and "quarantine" in entry["reason"]["en"]
    assert "隔离" in entry["reason"]["zh"]
    run = json.loads((shop.private / "run.json").read_text("utf-8"))
    assert run["held_back"] == held(shop.current)
    tally = run["datasets"][CERTIFICATES]
    assert (tally["read"], tally["accepted"], tally["quarantined"]) == (10, 2, 8)


def test_metadata_of_package_site_and_catalogue_say_so_and_of_no_other_dataset(
    shop: RegisterShop,
) -> None:
    shop.certificates(range(5, 15), bad=8)
    release = shop.publish(LATER)
    assert resource(release, CERTIFICATES)["gongshi:held_back"]["day"] == TODAY.isoformat()
    assert "gongshi:held_back" not in resource(release, DOCUMENTS)
    site = json.loads((release / "metadata.json").read_text("utf-8"))
    for lang, word in (("zh", "隔离"), ("en", "quarantine")):
        tables = site[lang]["databases"]["disclosure"]["tables"]
        marked = {n: t["plugins"]["gongshi"].get("held_back") for n, t in tables.items() if "plugins" in t}  # fmt: skip
        assert [name for name, mark in marked.items() if mark] == [CERTIFICATES]
        assert word in marked[CERTIFICATES]["reason"]
    listed = json.loads((release / "catalog.jsonld").read_text("utf-8"))["dcat:dataset"]
    days = {d["dct:identifier"]: d["dct:modified"]["@value"] for d in listed}
    assert days[CERTIFICATES] == TODAY.isoformat() and days[DOCUMENTS] == LATER.isoformat()


def test_held_back_again_the_rows_stay_those_of_the_release_they_really_come_from(
    shop: RegisterShop,
) -> None:
    first = shop.current
    shop.certificates(range(5, 15), bad=8)
    shop.publish(LATER)
    shop.certificates(range(5, 15), bad=9)
    third = shop.publish(MUCH_LATER)
    [entry] = held(third)
    assert (entry["release"], entry["day"]) == (first.name, TODAY.isoformat())
    assert entry["since"] == LATER.isoformat() and "90%" in entry["reason"]["zh"]
    assert data(third, CERTIFICATES) == data(first, CERTIFICATES)
    assert {row["source_id"] for row in rows_of(third / "data" / f"{CERTIFICATES}.csv")} <= {
        row["source_id"] for row in rows_of(third / "data" / "sources.csv")
    }


def test_nothing_new_makes_no_release_while_a_dataset_is_held_back(shop: RegisterShop) -> None:
    shop.certificates(range(5, 15), bad=8)
    assert shop.publish(MUCH_LATER) == shop.publish(MUCH_LATER)


def test_what_is_mended_is_published_and_nothing_says_held_back_any_more(
    shop: RegisterShop,
) -> None:
    shop.certificates(range(10), bad=8)
    shop.publish(LATER)
    shop.certificates(range(12))
    mended = shop.publish(MUCH_LATER)
    assert len(rows_of(mended / "data" / f"{CERTIFICATES}.csv")) == 12
    assert held(mended) == [] and "held_back" not in (mended / "metadata.json").read_text("utf-8")
    assert "held_back" not in json.loads((shop.private / "run.json").read_text("utf-8"))


def test_without_a_release_before_the_dataset_is_published_empty_and_says_so(
    tmp_path: Path,
) -> None:
    shop = RegisterShop(tmp_path)
    shop.certificates(range(10), bad=8)
    shop.send(documents(3), "文件-示例数据.csv")
    for day in (TODAY, LATER):
        release = shop.publish(day)
        assert rows_of(release / "data" / f"{CERTIFICATES}.csv") == []
        assert len(rows_of(release / "data" / f"{DOCUMENTS}.csv")) == 3
        [entry] = held(release)
        assert (entry["release"], entry["day"], entry["since"]) == ("", "", TODAY.isoformat())
    [finding] = findings(shop, "dataset-held-back")
    assert finding["dataset"] == CERTIFICATES and "空表" in finding["message"]
    shop.certificates(range(10))
    assert len(rows_of(shop.publish(LATER) / "data" / f"{CERTIFICATES}.csv")) == 10


def test_a_source_that_is_gone_is_still_listed_for_the_rows_that_were_read_from_it(
    shop: RegisterShop,
) -> None:
    (shop.inbox / "证件-示例数据.csv").unlink()
    shop.certificates(range(10), bad=8, name="新证件-示例数据.csv")
    release = shop.publish(LATER)
    listed = {row["source_id"]: row["file"] for row in rows_of(release / "data" / "sources.csv")}
    [origin] = {row["source_id"] for row in rows_of(release / "data" / f"{CERTIFICATES}.csv")}
    assert listed[origin] == "证件-示例数据.csv"
    assert "新证件-示例数据.csv" in listed.values()


def test_a_size_outside_the_contract_holds_the_dataset_back(shop: RegisterShop) -> None:
    path = shop.contract.folder / f"{DOCUMENTS}.yaml"
    text = path.read_text("utf-8")
    from pipeline.checks.rules import RULES
    from pipeline.contract import catalog

    try:
        path.write_text(text.replace("quarantined_share: {max: 0.5}", "rows: {max: 11}"), "utf-8")
        shop.contract = catalog.load(shop.contract.folder, RULES)
    finally:
        path.write_text(text, "utf-8")
    shop.send(documents(12), "文件-示例数据.csv")
    release = shop.publish(LATER)
    assert len(rows_of(release / "data" / f"{DOCUMENTS}.csv")) == 10
    assert [entry["expectation"] for entry in held(release)] == ["rows"]


# ---------------------------------------------------------------- references


def test_records_that_refer_to_a_dataset_held_back_are_published_and_their_dataset_is_told(
    shop: RegisterShop,
) -> None:
    shop.certificates(range(8, 20), bad=8)  # 16 to 19 are right, 0 to 7 are not sent any more
    shop.events(range(20))
    shop.send(documents(10), "文件-示例数据.csv")
    release = shop.publish(LATER)
    events = {row["certificate_no"] for row in rows_of(release / "data" / f"{EVENTS}.csv")}
    # What is public and what was read right can be referred to; what is in quarantine cannot.
    assert events == {f"1611{n:07}" for n in (*range(10), *range(16, 20))}
    assert len(findings(shop, "foreign-key")) == 6
    [finding] = findings(shop, "reference-held-back")
    assert finding["dataset"] == EVENTS and TODAY.isoformat() in finding["message"]
    schema = resource(release, EVENTS)["schema"]
    assert "foreignKeys" not in schema and len(schema["gongshi:foreignKeys"]) == 1
    assert verify.release(shop.site, "", None).problems == ()


def test_a_reference_is_no_failure_of_its_own_where_the_other_dataset_is_held_back(
    shop: RegisterShop,
) -> None:
    shop.certificates(range(10), bad=10)
    release = shop.publish(LATER)
    assert [entry["dataset"] for entry in held(release)] == [CERTIFICATES]
    assert len(rows_of(release / "data" / f"{EVENTS}.csv")) == 10
    assert findings(shop, "foreign-key") == []


def test_a_held_dataset_may_refer_to_records_that_are_gone(shop: RegisterShop) -> None:
    shop.events(range(20, 30))  # which have no certificate
    shop.certificates(range(5))
    release = shop.publish(LATER, removals=True)
    assert [entry["dataset"] for entry in held(release)] == [EVENTS]
    assert len(rows_of(release / "data" / f"{EVENTS}.csv")) == 10
    assert len(rows_of(release / "data" / f"{CERTIFICATES}.csv")) == 5


# ---------------------------------------------------------------- what must not be public


def test_a_record_that_is_withdrawn_leaves_a_held_dataset_with_its_dependents(
    shop: RegisterShop,
) -> None:
    shop.certificates(range(5, 15), bad=8)
    shop.publish(LATER)
    tallies = rows_of(shop.current / "data" / "run_tallies.csv")
    shop.withdraw("16110000003", dataset=CERTIFICATES, today=LATER)
    for release in map(shop.site.joinpath, (f"releases/{name}" for name in shop.releases())):
        for name in (CERTIFICATES, EVENTS):
            assert b"16110000003" not in data(release, name)
    assert [entry["day"] for entry in held(shop.current)] == [TODAY.isoformat()]
    was, now = ([row for row in each if row["dataset"] == CERTIFICATES] for each in (tallies, rows_of(shop.current / "data" / "run_tallies.csv")))  # fmt: skip
    assert was == now  # the rows that were read are others
    assert verify.release(shop.site, "", None).problems == ()
    shop.certificates(range(5, 15), bad=9)
    again = shop.publish(MUCH_LATER)
    assert len(rows_of(again / "data" / f"{CERTIFICATES}.csv")) == 9
    assert len(rows_of(again / "data" / f"{EVENTS}.csv")) == 9


def test_records_whose_term_is_over_leave_a_held_dataset(tmp_path: Path) -> None:
    shop = PenaltyShop(tmp_path)
    rows = penalties(40)
    shop.send(rows)
    shop.publish()
    for row in rows[:30]:
        row["处罚决定日期"] = "乱"
    shop.send(rows)
    release, much_later = shop.publish(LATER), date(2028, 1, 1)
    assert len(rows_of(release / "data" / f"{PENALTIES}.csv")) == 40
    release = shop.publish(much_later)
    left = rows_of(release / "data" / f"{PENALTIES}.csv")
    assert len(left) < 40 and held(release)
    assert all(row["publicity_until"] > much_later.isoformat() for row in left if row["publicity_until"])  # fmt: skip
    assert {row["verb"] for row in rows_of(release / "changes.csv")} == {"removed"}


def test_a_kept_row_that_the_exit_guard_hits_is_taken_out_and_the_rest_is_published(
    shop: RegisterShop,
) -> None:
    shop.certificates(range(10), bad=8)
    rows = [{**row, "身份证号码": ""} for row in rows_of(shop.inbox / "证件-示例数据.csv")]
    # Never public, as is known from now on: so the record 3 that has it in a text must leave.
    rows[9]["身份证号码"] = "AB00003X"
    shop.send(rows, "证件-示例数据.csv")
    release = shop.publish(LATER)
    kept = rows_of(release / "data" / f"{CERTIFICATES}.csv")
    assert held(release) and "16110000003" not in {row["certificate_no"] for row in kept}
    assert len(kept) == 9
    assert len(rows_of(release / "data" / f"{EVENTS}.csv")) == 10
    [finding] = findings(shop, "guard-match")
    assert (finding["dataset"], finding["row"], finding["file"]) == (CERTIFICATES, "5", "证件-示例数据.csv")  # fmt: skip


# ---------------------------------------------------------------- accepted


def untitled(rows: int, bad: int) -> list[dict[str, str]]:
    """Documents, the first `bad` of which lack their title."""
    return [
        {**row, "文件名称": row["文件名称"] * (n >= bad)} for n, row in enumerate(documents(rows))
    ]


def test_an_accepted_dataset_is_published_with_the_operators_reason(shop: RegisterShop) -> None:
    shop.send(untitled(10, 8), "文件-示例数据.csv")
    shop.publish(LATER)
    release = shop.publish(MUCH_LATER, accept={DOCUMENTS: "已核实"})
    assert len(rows_of(release / "data" / f"{DOCUMENTS}.csv")) == 2
    assert held(release) == []
    [entry] = manifest.read(release)["accepted"]
    assert (entry["dataset"], entry["because"]) == (DOCUMENTS, "已核实")
    assert (entry["expectation"], entry["day"]) == ("quarantined-share", MUCH_LATER.isoformat())
    assert "80%" in entry["reason"]["zh"]


def test_a_reason_for_accepting_that_names_a_person_is_public_without_the_name(
    shop: RegisterShop,
) -> None:
    shop.send(untitled(10, 8), "文件-示例数据.csv")
    reason = {DOCUMENTS: "已向证人郭琛烨（13812345678）核实"}
    release = shop.publish(LATER, accept=reason)
    [entry] = manifest.read(release)["accepted"]
    assert entry["because"] == "已向证人郭某某（1**********）核实"
    assert shop.publish(MUCH_LATER, accept=reason) == release


def test_an_acceptance_lasts_until_other_rows_come(shop: RegisterShop) -> None:
    shop.send(untitled(10, 8), "文件-示例数据.csv")
    accepted = shop.publish(LATER, accept={DOCUMENTS: "已核实"})
    assert shop.publish(MUCH_LATER) == accepted
    shop.certificates(range(12))
    next_day = shop.publish(MUCH_LATER)
    assert next_day != accepted and held(next_day) == []
    assert manifest.read(next_day)["accepted"] == manifest.read(accepted)["accepted"]
    shop.send(untitled(11, 8), "文件-示例数据.csv")
    assert [entry["dataset"] for entry in held(shop.publish(MUCH_LATER))] == [DOCUMENTS]


def test_an_acceptance_that_is_repeated_is_that_of_before_and_another_reason_is_a_new_release(
    shop: RegisterShop,
) -> None:
    shop.send(untitled(10, 8), "文件-示例数据.csv")
    accepted = shop.publish(LATER, accept={DOCUMENTS: "已核实"})
    assert shop.publish(MUCH_LATER, accept={DOCUMENTS: "已核实"}) == accepted
    again = shop.publish(MUCH_LATER, accept={DOCUMENTS: "已再次核实"})
    assert [entry["because"] for entry in manifest.read(again)["accepted"]] == ["已再次核实"]


def test_what_refers_to_an_accepted_dataset_may_fail_in_its_turn(shop: RegisterShop) -> None:
    shop.certificates(range(10), bad=8)
    release = shop.publish(LATER, accept={CERTIFICATES: "已核实"})
    assert len(rows_of(release / "data" / f"{CERTIFICATES}.csv")) == 2
    assert [entry["dataset"] for entry in held(release)] == [EVENTS]


def test_what_does_not_fail_needs_no_acceptance_and_none_is_recorded(shop: RegisterShop) -> None:
    (shop.inbox / "文件-示例数据.csv").unlink()
    shop.send(documents(9), "文件-示例数据.csv")
    with pytest.raises(GateRefused, match="--allow-removals"):
        shop.publish(LATER, accept={DOCUMENTS: "已核实"})
    shop.send(documents(11), "文件-示例数据.csv")
    assert "accepted" not in manifest.read(shop.publish(LATER, accept={DOCUMENTS: "已核实"}))


def test_a_release_in_which_nothing_fails_says_nothing_of_it(shop: RegisterShop) -> None:
    about = manifest.read(shop.current)
    assert not {"held_back", "accepted"} & about.keys()
    assert draft.content_hash(about, draft.data_hashes(shop.current)) == about["content"]
    assert resource(shop.current, EVENTS)["schema"]["foreignKeys"]


# ---------------------------------------------------------------- other commands


def test_releases_with_a_held_dataset_are_compared_and_gone_back_to(shop: RegisterShop) -> None:
    first = shop.current
    shop.certificates(range(5, 15), bad=8)
    shop.send(documents(12), "文件-示例数据.csv")
    second = shop.publish(LATER)
    said = json.loads(diff_report.report(shop.site, first.name, second.name, "json", 5))
    assert said["counts"] == {DOCUMENTS: {"added": 2}}
    assert withdraw.rollback(shop.site, "") == first.name
    assert withdraw.rollback(shop.site, second.name) == second.name
    about = manifest.read(second)
    assert draft.content_hash(about, draft.data_hashes(second)) == about["content"]


def test_the_same_inputs_give_the_same_bytes_though_a_dataset_is_held_back(
    shop: RegisterShop, tmp_path: Path
) -> None:
    other = twin_of(shop, tmp_path / "other")
    for each in (shop, other):
        each.certificates(range(5, 15), bad=8)
    assert hashes(shop.publish(LATER, downloads=True)) == hashes(other.publish(LATER, downloads=True))  # fmt: skip


@pytest.fixture
def arguments(shop: RegisterShop) -> tuple[object, ...]:
    (shop.private / "key").write_text(SECRET)
    folders = "--site", shop.site, "--private", shop.private
    return "publish", shop.inbox, *folders, "--contract", shop.contract.folder, "--no-downloads"


def test_the_command_says_in_both_languages_what_is_held_back_and_what_to_do(
    shop: RegisterShop, arguments: tuple[object, ...], gongshi: Callable[..., Any]
) -> None:
    shop.certificates(range(5, 15), bad=8)
    done = gongshi(*arguments, "--today", LATER)
    assert done.returncode == 0, done.stderr
    for words in ("暂不更新", "2025-03-31", f"--accept {CERTIFICATES} --because", "已发布"):
        assert words in done.stdout, words
    shop.certificates(range(5, 15), bad=9)
    done = gongshi(*arguments, "--today", LATER, "--lang", "en")
    for words in ("held back", "90% of its rows", "2025-03-31", f"--accept {CERTIFICATES} --because"):  # fmt: skip
        assert words in done.stdout, words
    done = gongshi(*arguments, "--today", LATER, "--accept", CERTIFICATES, "--because", "已核实")
    assert done.returncode == 0 and f"--accept {CERTIFICATES}" not in done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--accept", "nothing", "--because", "已核实"), ("nothing", CERTIFICATES)),
        (("--accept", "changes", "--because", "已核实"), ("changes", CERTIFICATES)),
        (("--accept", CERTIFICATES), ("--because",)),
        (("--accept", CERTIFICATES, "--because", " "), ("--because",)),
        (("--because", "已核实"), ("--accept",)),
        (("--accept", CERTIFICATES, "--accept", EVENTS, "--because", "已核实"), ("--because",)),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_acceptance_names_a_known_dataset_and_a_reason(
    arguments: tuple[object, ...],
    gongshi: Callable[..., Any],
    given: tuple[str, ...],
    said: tuple[str, ...],
    lang: str,
) -> None:
    done = gongshi(*arguments, *given, "--lang", lang)
    assert done.returncode == 2 and all(words in done.stderr for words in said), done.stderr


def test_the_closing_table_is_printed_also_where_the_gate_refuses(
    shop: RegisterShop, arguments: tuple[object, ...], gongshi: Callable[..., Any]
) -> None:
    shop.send(documents(5), "文件-示例数据.csv")
    done = gongshi(*arguments, "--today", LATER)
    assert done.returncode == 4 and "--allow-removals" in done.stderr
    assert "证件-示例数据.csv" in done.stdout and "检查完毕" in done.stdout
