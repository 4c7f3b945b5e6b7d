"""A name that one row keeps from the public is public nowhere else (示例数据 / synthetic sample:
all persons are made up).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.base.normalise import normalise
from pipeline.checks.privacy.known_persons import KnownPersons
from tests.support.shop import NUMBER, PENALTIES, WidePenaltyShop, contents, penalties, rows_of

NAME, KIND, OWNER, FACTS, FILING = "行政相对人名称", "行政相对人类别", "法定代表人", "违法事实", "备案编号"  # fmt: skip
CODE = "行政相对人代码_1（统一社会信用代码）"
SECRETS = ["彭晗笙", "谢昶彧", "葛焱烁", "阿依古丽·买买提"]
#: A name that nothing but the list of persons tells.
OTHER = "材料zhangsanfeng-示例数据.csv"


def person(row: dict[str, str], name: str, **cells: str) -> dict[str, str]:
    return row | {NAME: name, KIND: "自然人", CODE: "", OWNER: ""} | cells


class Persons(WidePenaltyShop):
    """Two files of penalties, the second of which names persons of the first, and the other way."""

    def fill(self) -> None:
        rows = penalties(13)
        first = [
            person(rows[0], "彭晗笙", **{NUMBER: "平测罚〔2023〕彭晗笙1号"}),
            person(rows[1], "谢昶彧、阿依古丽·买买提"),
            person(rows[2], "高峰", **{FILING: "平备2023-333"}),
            person(rows[3], "张飞"),
            person(rows[12], "Zhang Sanfeng"),
            rows[4] | {FACTS: rows[4][FACTS] + "货款由葛 焱 烁收取。"},
        ]
        second = [
            rows[5] | {OWNER: "葛焱烁", KIND: "个体工商户"},
            rows[6]
            | {FACTS: rows[6][FACTS] + "进货票据上有彭晗笙的签名，送货的是阿依古丽买买提。"},
            rows[7] | {FACTS: rows[7][FACTS] + "客流高峰期间占道。", FILING: "平备2023-333"},
            rows[8] | {FACTS: rows[8][FACTS] + "客流高峰期间占道。"},
            rows[9] | {FACTS: "经查，张飞牛肉40袋超过保质期。"},
            rows[10] | {FILING: "平备谢昶彧2023-11"},
            rows[11] | {NAME: "示例葛焱烁百货店", KIND: "个体工商户"},
        ]
        self.send(first)
        self.send(second, OTHER)


@pytest.fixture(scope="module")
def shop(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> Persons:
    shop = Persons(tmp_path_factory.mktemp("persons"))
    shop.fill()
    shop.publish(downloads=True)
    return shop


def records(shop: Persons) -> list[dict[str, str]]:
    return rows_of(shop.current / "data" / f"{PENALTIES}.csv")


def said(shop: Persons, end: str) -> bool:
    """Whether the facts of some public record end with these words."""
    return any(r["violation_facts"].endswith(end) for r in records(shop))


def told(shop: Persons, rule: str) -> list[tuple[str, str, str]]:
    found = rows_of(shop.private / "findings.csv")
    return [(f["file"], f["row"], f["column"]) for f in found if f["rule"] == rule]


def leaks(folder: Path) -> list[tuple[str, str]]:
    found = []
    for name, content in contents(folder).items():
        text = re.sub(r"[\s·]", "", normalise(name + content.decode("utf-8", "ignore")).text)
        found += [(each, name) for each in SECRETS if each.replace("·", "") in text]
    return found


def test_no_public_byte_names_a_person_of_any_row(shop: Persons) -> None:
    assert leaks(shop.site) == []


def test_a_person_of_another_file_s_row_is_masked_in_text_with_a_finding(shop: Persons) -> None:
    assert said(shop, "进货票据上有彭某某的签名，送货的是阿某某。")
    assert said(shop, "货款由葛某某收取。")
    rows = [row for file, row, _ in told(shop, "listed-person-masked") if file == OTHER]
    assert rows == ["4", "7", "8"]


def test_a_person_in_a_number_or_in_a_shop_s_name_is_masked_as_in_any_text(shop: Persons) -> None:
    public = {(r["decision_no"], r["filing_no"], r["respondent_name"]) for r in records(shop)}
    assert any(number == "平测罚〔2023〕彭某某1号" for number, _, _ in public)
    assert any(filing.startswith("平备谢某某2023") for _, filing, _ in public)
    assert any(name == "示例葛某某百货店" for _, _, name in public)


def test_a_name_that_is_a_word_is_masked_in_its_own_case_alone(shop: Persons) -> None:
    assert said(shop, "客流高某某期间占道。")
    assert said(shop, "客流高峰期间占道。")


def test_where_it_may_be_the_person_or_not_the_row_waits(shop: Persons) -> None:
    assert (OTHER, "6", "violation_facts") in told(shop, "name-unsure")
    held = rows_of(shop.private / "quarantine" / f"{PENALTIES}.csv")
    assert [(r["row"], r["reasons"]) for r in held] == [("6", "name-unsure")]


def test_a_file_called_after_the_person_has_a_neutral_name_in_public(shop: Persons) -> None:
    files = [r["file"] for r in rows_of(shop.current / "data" / "sources.csv")]
    assert len(files) == 2 and not any("zhang" in file for file in files)


def test_what_the_search_misses_the_guard_takes_out_with_its_record(
    every_engine: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Persons(tmp_path)
    rows = penalties(3)
    shop.send([person(rows[0], "彭晗笙"), rows[1], rows[2] | {FACTS: "鸡蛋购自彭晗笙家。"}])
    monkeypatch.setattr(KnownPersons, "names_in", lambda self, texts: [[] for _ in texts])
    monkeypatch.setattr("pipeline.checks.row.names.names_in", lambda texts: [[] for _ in texts])
    shop.publish()
    assert [row for _, row, _ in told(shop, "guard-match")] == ["4"]
    assert len(records(shop)) == 2 and leaks(shop.site) == []


def showing(what: str) -> Callable[[Path], None]:
    def alter(contract: Path) -> None:
        path = contract / "package.yaml"
        path.write_text(path.read_text("utf-8").replace(f"{what}: mask", f"{what}: show"), "utf-8")

    return alter


def test_the_publisher_may_leave_names_within_organisations_names(
    every_engine: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Persons, "alter", lambda self, contract: showing("in_organisations")(contract))  # fmt: skip
    shop, rows = Persons(tmp_path), penalties(2)
    shop.send([
        rows[0] | {NAME: "示例葛焱烁百货店", KIND: "个体工商户", OWNER: "葛焱烁", FACTS: "葛焱烁占道。"},
        rows[1] | {NAME: "示例葛焱烁二店", KIND: "个体工商户", OWNER: "示某某"},
    ])  # fmt: skip
    shop.publish()
    found = {(r["respondent_name"], r["violation_facts"]) for r in records(shop)}
    assert ("示例葛焱烁百货店", "葛某某占道。") in found
    assert any(name == "示例葛焱烁二店" for name, _ in found)


def test_the_publisher_may_show_officers_named_in_their_office(
    every_engine: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "执法人员谢昶彧、彭晗笙到场检查。证人吴煜箫称货物是他的。"
    shop, rows = Persons(tmp_path / "masked"), penalties(1)
    shop.send([rows[0] | {FACTS: text}])
    shop.publish()
    (row,) = records(shop)
    assert row["violation_facts"] == "执法人员谢某某、彭某某到场检查。证人吴某某称货物是他的。"
    monkeypatch.setattr(Persons, "alter", lambda self, contract: showing("officers_in_texts")(contract))  # fmt: skip
    shop = Persons(tmp_path / "shown")
    shop.send([rows[0] | {FACTS: text}])
    shop.publish()
    (row,) = records(shop)
    assert row["violation_facts"] == "执法人员谢昶彧、彭晗笙到场检查。证人吴某某称货物是他的。"
