"""Names of persons in texts, in phrasings that the recogniser's author did not choose; lists of
persons, parties, and the rows that wait for a person.

`names_by_other_hands.csv` (示例数据 / synthetic sample: nobody has these names) was written from a
description of what has to be found, without knowledge of the code. `answer` is what becomes of
each: masked, doubt (the record waits), public.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.base.model import Column
from pipeline.checks.privacy import party_names
from pipeline.checks.privacy.name_evidence import BETWEEN, candidates, fold, windows
from pipeline.checks.privacy.name_search import names_in
from pipeline.checks.privacy.person_list import mask_persons, occurrences, persons
from pipeline.checks.row import names, privacy

with Path(__file__).with_name("names_by_other_hands.csv").open(encoding="utf-8", newline="") as file:  # fmt: skip
    ROWS = list(csv.DictReader(file))
NAMED = [row for row in ROWS if row["secret"]]
HARMLESS = [row for row in ROWS if not row["secret"]]


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """Each text → masked, doubt, or public."""
    texts = [row["text"] for row in ROWS]
    named = names.screen({"facts": pa.array(texts)})
    masked, unsure = named.masked.get("facts", {}), named.unsure.get("facts", {})
    public = named.texts["facts"].to_pylist()
    found = {}
    for at, row in enumerate(ROWS):
        held = row["secret"] and row["secret"] in public[at]
        found[row["text"]] = "doubt" if at in unsure else "public" if held or at not in masked else "masked"  # fmt: skip
    return found


@pytest.mark.parametrize("kind", sorted({row["kind"] for row in NAMED}))
def test_a_name_is_masked_or_its_record_waits_but_where_it_is_known_to_pass(
    kind: str, answers: dict[str, str]
) -> None:
    rows = [row for row in NAMED if row["kind"] == kind]
    assert [r for r in rows if (answers[r["text"]] == "public") != (r["answer"] == "public")] == []


def test_harmless_texts_stay_but_where_they_are_known_not_to(answers: dict[str, str]) -> None:
    assert [row for row in HARMLESS if answers[row["text"]] != row["answer"]] == []


def test_the_page_on_privacy_has_these_figures() -> None:
    page = (Path(__file__).parents[3] / "docs" / "privacy.md").read_text("utf-8")
    of_names, of_harmless = (Counter(r["answer"] for r in rows) for rows in (NAMED, HARMLESS))
    figures = [
        f"{count:,}"
        for count in (
            len(NAMED),
            of_names["masked"],
            of_names["doubt"],
            of_names["public"],
            len(HARMLESS),
            of_harmless["doubt"],
            of_harmless["masked"],
        )
    ]
    lines = [line for line in page.splitlines() if "names_by_other_hands" in line]
    assert [re.findall(r"\b\d[\d,]*\b", line) for line in lines] == [figures] * 2


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("与王建国签订合同，由陈晓明代收。", "与王某某签订合同，由陈某某代收。"),
        ("经询问欧阳晓敏，其承认销售过期食品。", "经询问欧阳某某，其承认销售过期食品。"),
        ("由李 海 波签收", "由李某某签收"),
        ("驾驶员帕提曼·依明到场", "驾驶员帕某某到场"),
        ("证人John Smith称", "证人J***称"),
        ("与王建\ufe00国签订合同", "与王某某签订合同"),
        ("與陳曉明簽訂合同", "與陳某某簽訂合同"),
    ],
)
def test_a_name_in_text_is_masked_whatever_stands_around_it(text: str, masked: str) -> None:
    assert names.screen({"a": pa.array([text])}).texts["a"].to_pylist() == [masked]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("经&#x6f58;&#x5b50;&#x5f3a;介绍购入货物", "经潘某某介绍购入货物"),
        ("证人%E8%96%9B%E4%BA%91%E5%BC%BA称货款已付", "证人薛某某称货款已付"),
        ("其母肖俊\n涵到场", "其母肖某某到场"),
        ("股东王佳\ufe0e荣持股百分之四十", "股东王某某持股百分之四十"),
        ("收货人卢莫佳泽签收", "收货人卢某某签收"),
        ("证人贺尹少睿证实了上述事实", "证人贺某某证实了上述事实"),
    ],
)
def test_a_name_is_masked_to_its_last_character_however_it_is_written(
    text: str, masked: str
) -> None:
    shown = names.screen({"a": pa.array([text])}).texts["a"].to_pylist()
    assert shown == [masked]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("员工谭子兰 宋杰 郭志莹未取得健康证", "员工谭某某 宋某某 郭某某未取得健康证"),
        ("由苏雯\n邹金荣\n谢桂英等人共同经营", "由苏某某\n邹某某\n谢某某等人共同经营"),
        ("现场有尹兰峰/李凤生/慕容宏轩三人", "现场有尹某某/李某某/慕容某某三人"),
        ("证人刘某某、邹桂英、高某在场", "证人刘某某、邹某某、高某在场"),
    ],
)
def test_whoever_stands_in_a_list_with_a_name_is_masked(text: str, masked: str) -> None:
    assert names.screen({"a": pa.array([text])}).texts["a"].to_pylist() == [masked]


@pytest.mark.parametrize(
    "text",
    [
        "方便 安全 高效 便捷",
        "证人周某、宋某证实上述事实",
        "白糖、黄油、方便面均已过期",
        "高峰 时段 严禁 通行",
    ],
)
def test_a_list_of_words_villages_or_masked_persons_names_nobody(text: str) -> None:
    assert names_in([text]) == [[]]


@pytest.mark.parametrize(
    "text",
    [
        "与扎西拉姆案并案处理",
        "代收人签名：买买提‧阿依古丽",
        "儿媳买买提阿依古丽看店",
        "联系人：格\u2009桑\u2009次\u2009仁",
        "申请人阿苏伍合不服",
        "证人José Álvarez到场",
        "收款人为T.K. Browning",
        "证人ZHANG GUOQIANG称货款已付",
        "养殖户Kwame van Dijk签收",
        "证人WILKINS John称该房屋是他的",
    ],
)
def test_names_of_other_peoples_are_sure_beside_a_word_for_a_person(text: str) -> None:
    ((name,),) = names_in([text])
    assert name.sure


@pytest.mark.parametrize(
    "text", ["扎西拉姆商店售货", "旺堆村道路", "由乌兰巴托运来", "USB TYPE接口", "LED TV一台", "乌云密布"]
)  # fmt: skip
def test_shops_places_and_acronyms_are_nobody_s_names(text: str) -> None:
    assert names_in([text]) == [[]]


@pytest.mark.parametrize("text", ["见证人：高尚 记录人：马某", "被询问人：常青，男"])
def test_what_stands_in_a_person_s_field_is_at_least_in_doubt(text: str) -> None:
    ((name,),) = names_in([text])
    assert text[name.start : name.end] in ("高尚", "常青")


@pytest.mark.parametrize(
    "text",
    [
        "高压容器未检验，安全阀失效，金额方面不明",
        "张家界市、石家庄市、王府井大街",
        "处以罚款人民币肆拾陆万伍仟元整",
        "当事人张某某与李某签订合同",
        "被告孟州市消防救援大队辩称",
        "承运单位为康佳华文化传媒有限公司",
        "河南省实施《村民委员会组织法》办法",
    ],
)
def test_words_places_companies_and_masked_persons_are_no_names(text: str) -> None:
    assert names_in([text]) == [[]]


def test_a_name_that_is_sure_in_one_text_of_a_row_is_masked_in_all_of_them() -> None:
    columns = {
        "facts": pa.array(["与王建国签订合同", "无"]),
        "remarks": pa.array(["（王建国）", "（王建国）"]),
    }
    named = names.screen(columns)
    assert named.texts["remarks"].to_pylist()[0] == "（王某某）"
    assert 0 in named.masked["remarks"]


def test_a_japanese_row_is_not_searched_for_chinese_names_and_a_quoted_brand_makes_none() -> None:
    columns = {
        "bureau": pa.array(["宮崎労働局", "示例局"]),
        "summary": pa.array(
            [
                "手すり等を設けることなく作業を行わせたもの",
                "与王建国签订购销合同，约定每月供应商品のり一箱，货款按月结清",
            ]
        ),
    }
    named = names.screen(columns)
    assert named.unsure == {} and "bureau" not in named.texts
    assert (
        named.texts["summary"].to_pylist()[1]
        == "与王某某签订购销合同，约定每月供应商品のり一箱，货款按月结清"
    )


def test_a_text_is_judged_alike_alone_and_among_others() -> None:
    texts = [row["text"] for row in ROWS[:: max(1, len(ROWS) // 60)]]
    together = names_in([*texts, *reversed(texts)])
    assert together[: len(texts)] == together[: len(texts) - 1 : -1]
    assert together[: len(texts)] == [names_in([text])[0] for text in texts]


@given(
    st.lists(
        st.text(
            st.sampled_from("王建国李某、，。 签订A1·.和与\n\ue000\U00020000张三丰欧阳"),
            max_size=30,
        )
    )
)
def test_names_are_spans_of_their_texts_in_order_and_without_overlaps(texts: list[str]) -> None:
    found = names_in(texts)
    assert len(found) == len(texts)
    for text, spans in zip(texts, found, strict=True):
        edges = [edge for name in spans for edge in (name.start, name.end)]
        assert edges == sorted(edges) and all(0 <= edge <= len(text) for edge in edges)
        assert all(name.start < name.end for name in spans)


@given(st.text(max_size=60))
def test_any_text_is_searched_without_an_error(text: str) -> None:
    named = names.screen({"a": pa.array([text.encode("utf-8", "replace").decode()], pa.string())})
    assert set(named.masked) | set(named.unsure) <= {"a"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "王建国",
        "1",
        "王",
        "与王建国签订合同，",
        "a·",
        "阿·",
        "王建国 ",
        "扎西",
        "A. ",
        "&#29579;",
        "证人：高尚 ",
        "王某、",
    ],
)
def test_the_time_is_linear_in_the_length_of_the_text(unit: str) -> None:
    # counted in calls of Python, which no other load on the machine changes
    def calls(length: int) -> int:
        count = 0

        def trace(*_: object) -> None:
            nonlocal count
            count += 1

        text = (unit * (length // len(unit) + 1))[:length]
        sys.setprofile(trace)
        try:
            names_in([text])
        finally:
            sys.setprofile(None)
        return count

    calls(1000)
    assert calls(40_000) < 5 * calls(10_000) + 20_000


def test_a_window_ends_with_its_clause() -> None:
    codes, _ = fold("经查，与王建国签订合同。其他" + BETWEEN + "另一篇")
    starts, lengths = candidates(codes)
    rows = windows(codes, starts, lengths)
    at = next(i for i in range(len(starts)) if rows[i, 8] == ord("王") and lengths[i] == 3)
    shown = "".join(chr(code) for code in rows[at] if code)
    assert shown == ",与王建国签订合同。"


# ---------------------------------------------------------------- lists of persons


@pytest.mark.parametrize(
    ("cell", "masked"),
    [
        ("张三丰", "张某某"),
        ("张三、李四", "张某某、李某某"),
        ("张三，李四；王五", "张某某，李某某；王某某"),
        ("张三丰 李四海", "张某某 李某某"),
        ("张三丰李四海", "张某某李某某"),
        ("张三和李四", "张某某和李某某"),
        ("王和平", "王某某"),
        ("李海波等3人", "李某某等3人"),
        ("张三（小吃店）", "张某某（小吃店）"),
        ("某某小吃店（经营者：张三）", "某某小吃店（经营者：张某某）"),
        ("王 𬭎", "王某某"),
        ("张三、李某", "张某某、李某"),
        ("刘宇轩、王浩轩", "刘某某、王某某"),
        ("张三、示例餐饮店", "张某某、示例餐饮店"),
        ("欧阳晓敏", "欧阳某某"),
        ("阿依·古丽", "阿某某"),
        ("", ""),
    ],
)
def test_each_person_of_a_cell_is_masked(cell: str, masked: str) -> None:
    assert mask_persons(cell) == masked


@given(st.text(max_size=40))
def test_a_cell_is_masked_once_and_for_all(cell: str) -> None:
    assert all(0 <= start < end <= len(cell) for start, end in persons(cell))


@pytest.mark.parametrize(
    ("text", "name", "spans"),
    [
        ("经查，吴 煜 箫经营", "吴煜箫", [(3, 8)]),
        ("当事人陳曉明", "陈晓明", [(3, 6)]),
        ("王建国与王建国", "王建国", [(0, 3), (4, 7)]),
        ("编号411503", "130000", []),
        ("王建设", "王建国", []),
    ],
)
def test_a_known_name_is_found_as_it_may_be_written(
    text: str, name: str, spans: list[tuple[int, int]]
) -> None:
    assert occurrences(text, name) == spans


# ---------------------------------------------------------------- parties


@pytest.mark.parametrize(
    ("party", "answer"),
    [
        ("王建国", "masked"),
        ("仝晓燕", "masked"),
        ("张三、李四", "masked"),
        ("陈静（小吃店）", "masked"),
        ("高新区", "doubt"),
        ("示例有限公司", "public"),
        ("王记包子铺", "public"),
        ("平桥区", "public"),
    ],
)
def test_a_party_called_an_organisation_that_may_be_a_person_is_masked_or_waits(
    party: str, answer: str
) -> None:
    column = Column("respondent_name", "", "", kind="name", privacy="masked", masked_when={"kind": ("自然人",)})  # fmt: skip
    table = pa.table({"respondent_name": [party], "kind": ["法人及非法人组织"]})
    masked, unsure = privacy.masked_rows(column, table)
    found = "masked" if masked[0].as_py() else "doubt" if unsure[0].as_py() else "public"
    assert found == answer


def test_the_odds_of_many_parties_are_those_of_each() -> None:
    parties = ["王建国", "示例有限公司", "张三、李四", "", "高新区"]
    assert party_names.like_persons(parties) == [party_names.like_persons([p])[0] for p in parties]
