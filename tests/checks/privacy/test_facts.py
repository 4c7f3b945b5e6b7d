"""Facts about persons in texts: found by evidence, masked where sure, waiting where not, and texts
about organisations, rules, figures and goods untouched.

`facts_by_other_hands.csv` (示例数据 / synthetic sample: nobody of whom this is told exists) was written
from a description of what has to be found, without knowledge of the code. `known_wrong` marks what
still gets through, or is masked or doubted needlessly: a form that is mended loses its mark here.
"""

from __future__ import annotations

import csv
import random
import re
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.checks.privacy import screen
from pipeline.checks.privacy.fact_signs import suspected
from pipeline.checks.privacy.facts import facts_in
from pipeline.checks.row import facts, privacy
from tests.support.examples import tries

with Path(__file__).with_name("facts_by_other_hands.csv").open(encoding="utf-8", newline="") as file:  # fmt: skip
    ROWS = list(csv.DictReader(file))
PERSONAL = [row for row in ROWS if row["secret"]]
HARMLESS = [row for row in ROWS if not row["secret"]]


def published(text: str) -> str:
    """What is public of `text`; "" where its row waits."""
    told = facts.screen({"text": pa.array([screened(text)])})
    clean = told.texts["text"][0].as_py() if "text" in told.texts else screened(text)
    return "" if told.unsure else clean


def screened(text: str) -> str:
    signs = privacy.text_signs(pa.array([text]))
    return screen.screened(text)[0] if signs[0].as_py() else text


@pytest.fixture(scope="module")
def public() -> dict[str, str]:
    """What is public of each text by other hands, all screened as one column."""
    texts = [row["text"] for row in ROWS]
    as_screened = [screened(text) for text in texts]
    told = facts.screen({"text": pa.array(as_screened)})
    clean = told.texts["text"].to_pylist() if told.texts else as_screened
    waits = told.unsure.get("text", {})
    return {text: "" if at in waits else clean[at] for at, text in enumerate(texts)}


@pytest.mark.parametrize("kind", sorted({row["kind"] for row in PERSONAL}))
def test_no_fact_of_any_kind_is_public(kind: str, public: dict[str, str]) -> None:
    rows = [row for row in PERSONAL if row["kind"] == kind]
    leaked = [row for row in rows if row["secret"] in public[row["text"]]]
    assert leaked == [row for row in rows if row["known_wrong"]]


def test_what_is_of_no_person_stays(public: dict[str, str]) -> None:
    changed = [row for row in HARMLESS if public[row["text"]] != row["text"]]
    assert changed == [row for row in HARMLESS if row["known_wrong"]]


def test_what_is_known_to_be_wrong_is_not_more_than_the_page_says() -> None:
    for rows, most in ((PERSONAL, 0.12), (HARMLESS, 0.01)):
        assert sum(bool(row["known_wrong"]) for row in rows) < most * len(rows)
    assert {row["note"] for row in ROWS} == {"示例数据 / synthetic sample"}


def test_the_page_on_privacy_has_these_figures() -> None:
    page = (Path(__file__).parents[3] / "docs" / "privacy.md").read_text("utf-8")
    kept, stay = (sum(not row["known_wrong"] for row in rows) for rows in (PERSONAL, HARMLESS))
    assert f"{len(PERSONAL)} 种写法，{kept} 种" in page
    assert f"{len(HARMLESS)} 种无害的内容有 {stay} 种" in page
    assert f"Of {len(PERSONAL)} forms by people who did not know the code {kept} are" in page
    assert f"and {stay} of {len(HARMLESS)} harmless texts stay" in page


# ---------------------------------------------------------------- what is masked, and how


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("当事人李某某患有慢性肾炎，请求减轻处罚。", "当事人李某某患有***，请求减轻处罚。"),
        ("工人王××右手食指骨折，已送医。", "工人王××***，已送医。"),
        ("该学生就读于示例区第三小学四年级2班。", "该学生就读于***小学。"),
        ("投诉人家住示例区样本镇王楼村5组，以种地为生。", "投诉人家住示例区***，以种地为生。"),
        ("赵某（住示例区平安小区5栋929）反映噪声。", "赵某（住示例区***）反映噪声。"),
        ("钱某某信奉佛教，未到场。", "钱某某***，未到场。"),
        ("当事人本人自述加入全能神。", "当事人本人自述***。"),
        ("该女童被继父殴打，已报警。", "该女童***，已报警。"),
        ("孙某系未成年人周某的母亲，代为签字。", "孙某系未成年人周某的***，代为签字。"),
        ("收件：方某某，示例区样本镇刘家湾屯30号", "收件：方某某，示例区***"),
        ("答：我家在一中家属院336室，我有尘肺病二期。", "答：我家在***，我有***。"),
        ("货款汇入吴某示例银行尾号1234的账户。", "货款汇入***。"),
    ],
)  # fmt: skip
def test_the_detail_is_masked_and_the_sentence_stays_readable(text: str, clean: str) -> None:
    assert published(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "患有痢疾、伤寒的人员不得从事接触直接入口食品的工作。",
        "学生近视率同比下降2.1%，全区筛查学生3000名。",
        "广告宣称可以根治糖尿病、高血压，违法所得500元。",
        "对平安小区5号楼2单元电梯开展检查，责令示例公司整改。",
        "王楼村5组道路硬化工程验收合格。",
        "当事人示例食品有限公司，住所：示例区样本路12号3层302室。",
        "示例区第三小学食堂留样不足，责令改正。",
        "示例区示例寺消防通道堵塞，责令改正。",
        "村民王某参加反邪教宣传，领取手册一份。",
        "罚款缴至示例银行样本支行，逾期加处罚款。",
        "任何单位和个人不得虐待未成年人，父母应当依法履行监护职责。",
        "王某某被举报无证经营，经查属实。",
        "当事人张某某已缴纳罚款2000元。",
        "李某某在李庄村5组非法采砂，罚款1万元。",
        "陈某销售的猪肉检出病毒核酸阳性，已作无害化处理。",
    ],
)
def test_rules_figures_praise_works_and_organisations_are_public(text: str) -> None:
    assert published(text) == text


def test_who_is_spoken_of_decides() -> None:
    assert published("患者应当到正规医院就诊糖尿病。") == "患者应当到正规医院就诊糖尿病。"
    assert "糖尿病" not in published("患者刘某因糖尿病就诊。")
    assert "糖尿病" not in published("问：身体怎样？答：我有糖尿病。")
    assert published("当事人刘某销售的茶能治糖尿病。") == "当事人刘某销售的茶能治糖尿病。"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("当事人本人抚养五岁孙女。", "五岁孙女"),
        ("其独自带着两岁半的儿子看店。", "两岁半的儿子"),
        ("我照看十岁外甥。", "十岁外甥"),
        ("小王就读于示例市实验小学初二2班。", "初二2班"),
        ("小李今年转入示例市第五中学高一3班。", "高一3班"),
        ("老张得了肝癌。", "肝癌"),
        ("阿芳长期被家暴。", "家暴"),
        ("王某某全家参加法轮功。", "法轮功"),
        ("该女工全家参 加 法 轮 功。", "法 轮 功"),
    ],
)
def test_familiar_names_and_ages_of_kin_tell_of_whom_something_is_said(
    text: str, secret: str
) -> None:
    assert secret not in published(text)


@pytest.mark.parametrize(
    "text",
    [
        "小学现有学生300名，教室照明不达标。",
        "小王烧烤店油烟扰民，责令改正。",
        "老李家常菜馆后厨不洁。",
        "小米是该店主要商品。",
        "儿童票适用于六岁以上儿童。",
        "对五岁孩子以下玩具抽检3批次。",
        "收养登记办理12件，照看儿童不得离开视线。",
        "抚养子女是父母的法定义务。",
    ],
)
def test_shops_goods_and_rules_with_such_words_are_public(text: str) -> None:
    assert published(text) == text


def test_what_is_not_sure_waits_and_is_shown() -> None:
    told = facts.screen({"remarks": pa.array(["", "任某的右手至今不能活动，请求从轻。"])})
    assert not told.masked and told.texts["remarks"].to_pylist()[1].startswith("任某的右手")
    assert "【右手" in told.unsure["remarks"][1]


def test_a_doubt_that_a_sure_fact_explains_does_not_keep_the_row() -> None:
    text = "工人韩某作业时左臂骨折，被送医救治。"
    assert published(text) == "工人韩某作业时***，被送医救治。"


# ---------------------------------------------------------------- hostile texts


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("當事人李某某患有糖尿病，請求減輕處罰。", "糖尿病"),
        ("当事人李某某患有糖\u200b尿\u200b病，请求减轻处罚。", "糖\u200b尿\u200b病"),
        ("赵某住示例区平安小区５栋２单元９０２室。", "５栋２单元９０２"),
        ("赵某住示例区平安小区&#53;栋2单元902室。", "栋2单元902"),
        ("家住王楼村⑤组，以种地为生。", "⑤组"),
        ("李*＊患有癫痫", "癫痫"),
    ],
)
def test_a_disguise_hides_no_fact(text: str, secret: str) -> None:
    assert secret not in published(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("其母患有乙  型  肝  炎，在家休养。", "其母患有***，在家休养。"),
        ("事故造成张某某流\n产，已送医。", "事故造成张某某***，已送医。"),
        ("李某某称其曾被\u3000强\u3000奸。", "李某某称其曾***。"),
        ("李某某称其曾被\u2009猥\u2009亵。", "李某某称其曾***。"),
        ("李某某信 奉 佛 教。", "李某某***。"),
        ("经核实，其父是该名九岁男童\n的父亲。", ""),
        ("赵某住示例区平安小区5栋\r\n2单元902室。", "赵某住示例区***\r\n***。"),
        ("该学生就读于示例区第三小学四年级 （2） 班。", "该学生就读于***小学。"),
        ("王某某的账户尾号 5 4 0 5，已冻结。", "王某某的账户***，已冻结。"),
    ],
)
def test_blanks_and_line_breaks_hide_no_fact(text: str, clean: str) -> None:
    assert published(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "张某某已到场\n流动产品检查合格",
        "当事人：李某某\n小学食堂留样不足",
        "举报人王某某\n教堂消防通道堵塞",
        "患者名单\n药品台账\n3组",
        "张某某 2024年 3月 无证经营 罚款 500元",
    ],
)
def test_lines_and_cells_beside_each_other_are_not_read_as_one(text: str) -> None:
    assert published(text) == text


def test_empty_and_cut_texts_are_no_error() -> None:
    for text in ("", "某", "患", "答：", "（", "张某患", "5栋", "之", "被", "尾号"):
        assert isinstance(facts_in(text), list)


@settings(max_examples=tries(200), deadline=None)
@given(
    st.text(
        alphabet="张某患病住村组栋单元室1三被打之母孩子在小学班信佛教尾号银行,，。（）*×",
        max_size=60,
    )
)
def test_facts_lie_apart_and_inside_the_text(text: str) -> None:
    found = facts_in(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= fact.start < fact.end <= len(text) for fact in found)


def test_the_cheap_look_at_all_texts_changes_nothing_that_is_found() -> None:
    texts = [row["text"] for row in ROWS]
    texts += [f"{one}\n{other}" for one, other in pairwise(texts)]
    suspects = suspected(pa.array(texts))
    for at, text in enumerate(texts):
        some = facts_in(text, suspects[at]) if at in suspects else []
        assert some == facts_in(text), text


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    ["患病", "性", "一", "1-1", "某", "被打", "张某患癌,", "张某的孩子的父", "患 \n", "张某 患 癌\n", "小学", "宿舍", "银行", "之母", "张某住5栋"],
)  # fmt: skip
def test_a_long_text_of_one_detail_is_read_to_its_end(part: str) -> None:
    text = (part * 100_000)[:100_000]
    assert all(0 <= f.start < f.end <= len(text) for f in facts_in(text))  # quadratic: for hours


@pytest.mark.slow
def test_a_long_text_of_everything_is_read_to_its_end() -> None:
    words = re.findall(
        r"\S+",
        "患 病 张某某 被 打 孩子 的 母亲 尾号 银行 3 号 栋 单元 室 村 组 住 小学 班 佛教 信 岁 伤 骨 ， 。",
    )
    text = "".join(random.Random(20).choices(words, k=120_000))[:200_000]
    assert facts_in(text)
