"""Nothing personal gets out: names masked, values in texts masked, look-alikes left, bytes searched."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.model import Column
from pipeline.base.normalise import by_character
from pipeline.checks.privacy import screen
from pipeline.checks.privacy.names import is_masked, looks_like_person, mask_name, name_at
from pipeline.checks.privacy.personal_numbers import birth_of, is_credit_code
from pipeline.checks.privacy.screen import screened
from pipeline.checks.row import names, privacy, schema
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from tests.support.disguises import DISGUISES, LOOK_ALIKES, Planted, look_alikes, planted
from tests.support.examples import tries

PERSONAL, HARMLESS = planted(), look_alikes()


def bare(text: str) -> str:
    """`text` without the marks that a disguise may leave."""
    return re.sub(r"[\s\-·.\u200b]", "", by_character(text)).upper()


def test_there_are_enough_of_both() -> None:
    assert len(DISGUISES) >= 30 and len(PERSONAL) >= 300
    assert len(LOOK_ALIKES) >= 30 and len(HARMLESS) >= 300
    assert len({p.text for p in PERSONAL}) > 290


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_personal_value_is_found_in_its_disguise(disguise: str) -> None:
    for _ in range(12):
        plant = DISGUISES[disguise]()
        masked, kinds = screened(plant.text)
        assert bare(plant.secret) not in bare(masked), (plant, masked)
        assert kinds, plant


@pytest.mark.parametrize("alike", LOOK_ALIKES)
def test_what_only_looks_like_one_stays(alike: str) -> None:
    for _ in range(12):
        text = LOOK_ALIKES[alike]()
        assert screened(text) == (text, [])


@pytest.mark.parametrize("plant", PERSONAL, ids=lambda p: p.kind)
def test_the_cheap_sign_never_passes_over_a_value(plant: Planted) -> None:
    assert privacy.text_signs(pa.array([plant.text]))[0].as_py()


def test_the_sentence_around_a_value_stays_readable() -> None:
    text = "当事人（身份证号411503190001010010）于2024年3月5日在平桥区迎宾路12号销售超过保质期的食品，货值1250元。"
    masked, _ = screened(text)
    assert masked == text.replace("411503190001010010", "*" * 18)
    assert (
        screened("家住示例区示例街道样本路100号院2号楼3单元401室，从事诊疗")[0]
        == "家住示例区***，从事诊疗"
    )
    assert screened("案外人钱示例（女）、证人王建军证实")[0] == "案外人钱某某（女）、证人王某某证实"


def test_many_values_in_one_text_are_all_masked() -> None:
    text = "；".join(p.text for p in PERSONAL[::7])
    masked, kinds = screened(text)
    assert len(kinds) >= 7
    for plant in PERSONAL[::7]:
        if plant.kind not in ("person", "birth"):  # names and days may stand elsewhere rightly
            assert bare(plant.secret) not in bare(masked), plant


@settings(max_examples=tries(300))
@given(st.text(st.characters(codec="utf-8"), max_size=80), st.sampled_from(PERSONAL))
def test_screening_bears_any_text_and_a_second_time_changes_nothing(
    noise: str, plant: Planted
) -> None:
    once, _ = screened(noise + "，" + plant.text + "。" + noise)
    assert screened(once)[0] == once or bare(plant.secret) not in bare(screened(once)[0])
    assert len(by_character(noise)) == len(noise)


HOSTILE = [
    "订单编号" + "20240315" * 100, "a" * 3000 + "@", "a@" * 1000, "1 " * 1500, "1-" * 1500, "1," * 1500, "家住" + "路1" * 500, "住址" + "村号" * 500,
    "小区1-" * 400, "一二三四五六七" * 200, "1号楼" * 300, "示例区" * 400, "证人" + "王" * 2000, "豫" + " A " * 500, "出生1990年" * 300, "（" * 2000 + "男",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: t[:6])
def test_a_text_made_to_hold_the_screen_up_is_screened_once_for_all(text: str) -> None:
    clean, _ = screened(text)
    assert screened(clean)[0] == clean


def test_a_credit_code_that_begins_like_an_old_identity_number_stays() -> None:
    text = "当事人914115030130512LWD经营食品"
    assert is_credit_code(text[3:21]) and screened(text) == (text, [])


def test_a_licence_s_number_is_no_telephone_number_in_texts_either() -> None:
    text = "持有食品经营许可证JY14115031000"
    assert screened(text) == (text, []) and screened("留存ab13812345678备查")[1]


@pytest.mark.parametrize(
    "text", ["访问www.163.com网站", "见https://www.qq.com/a", "网址mail.qq.com"]
)
def test_an_address_on_the_web_is_no_mail_address(text: str) -> None:
    assert screened(text) == (text, [])


def test_folding_keeps_every_place() -> None:
    text = "ＡＢＣ１２３－４５　一二三四五六七八〇"
    assert len(by_character(text)) == len(text) and by_character(text) == "ABC123-45 123456780"


@pytest.mark.parametrize(
    ("number", "day"),
    [("411503190001010010", "1900-01-01"), ("411503900101123", "1990-01-01"), ("41150319001301001X", None), ("", None), ("无", None)],
)  # fmt: skip
def test_a_birth_is_read_from_an_identity_number(number: str, day: str | None) -> None:
    born = birth_of(number)
    assert (born.isoformat() if born else None) == day


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三丰", "张某某"), ("李四", "李某某"), ("欧阳峰", "欧阳某某"), ("司马相如", "司马某某"), ("阿依·古丽", "阿某某"),
        ("John Smith", "J***"), ("王", "王某某"), ("", ""), ("尼加提江·买买提", "尼某某"), (" 张三 ", "张某某"),
    ],
)  # fmt: skip
def test_a_name_is_masked_but_for_its_surname(name: str, masked: str) -> None:
    assert mask_name(name) == masked
    assert is_masked(mask_name(name))


@given(st.text(min_size=1, max_size=12))
def test_no_name_is_left_whole(name: str) -> None:
    assert mask_name(name) != name.strip() or not name.strip() or is_masked(name.strip())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王建军证实", "王建军"), ("李明、王芳", "李明"), ("张三向本局反映", "张三"), ("欧阳娜娜在场", "欧阳娜娜"),
        ("John Smith said", "John Smith"), ("阿依·古丽证实", "阿依·古丽"), ("于2024年", ""), ("高价销售", ""),
        ("陈述申辩", ""), ("文化宫", ""), ("王某某", ""), ("反映", ""), ("", ""),
    ],
)  # fmt: skip
def test_where_a_name_ends_is_judged_by_what_follows(text: str, name: str) -> None:
    assert text[: name_at(text, 0)] == name


def test_a_person_called_an_organisation_is_still_a_person() -> None:
    table = pa.table({"respondent_name": ["张三丰", "示例有限公司", "王记包子铺", "李四"], "respondent_type": ["法人及非法人组织"] * 3 + ["自然人"]})  # fmt: skip
    column = Column("respondent_name", "", "", kind="name", privacy="masked", masked_when={"respondent_type": ("自然人",)})  # fmt: skip
    assert privacy.mask_column(column, table).to_pylist() == [
        "张某某",
        "示例有限公司",
        "王记包子铺",
        "李某某",
    ]
    assert not looks_like_person("金穗种业")


def test_what_the_contract_does_not_mask_stays_and_without_a_condition_all_is_masked() -> None:
    table = pa.table({"holder": ["张三丰", ""], "kind": ["法人", "自然人"]})
    some = Column("holder", "", "", privacy="masked", masked_when={"kind": ("自然人",)})
    assert privacy.mask_column(some, table).to_pylist() == ["张三丰", ""]
    assert privacy.mask_column(Column("holder", "", "", privacy="masked"), table).to_pylist() == [
        "张某某",
        "",
    ]


# ---------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("kind", "example", "value", "personal"),
    [
        ("code", "", "411503190001010010", True),
        ("code", "16110312345", "16150312345", False),
        ("code", "16110312345", "411503190001010010", True),
        ("code", "16110312345", "13812345678", True),
        ("code", "", "13812345678", True),
        ("code", "", "JY14115031000", False),
        ("code", "", "H1381234567", True),
        ("code", "411503600012345", "411503900101123", False),
        ("document-number", "", "示市监罚〔2024〕1号", False),
        ("document-number", "", "13812345678", True),
        ("document-number", "", "411503190001010010号", True),
        ("social-credit-code", "", "91411503MA44T8XQ3B", False),
        ("social-credit-code", "", "411503190001010010", True),
        ("url", "", "https://www.example.com/gfxwj/2024/001.html", False),
        ("url", "", "https://www.example.com/?mail=zs@example.com", True),
    ],
)
def test_a_person_s_number_in_place_of_a_code_is_found(
    kind: str, example: str, value: str, personal: bool
) -> None:
    column = Column("c", "", "", kind=kind, example=example)
    cells = pa.array([value, ""])
    suspects = privacy.suspects({"c": cells}, privacy.code_signs)
    found = [
        breach.mask.to_pylist()
        for suspect in suspects.values()
        for breach in privacy.code_breaches(column, cells, suspect)
    ]
    assert found == ([[True, False]] if personal else [])


@pytest.mark.parametrize(
    ("value", "personal"), [("13010112345", False), ("13812345678", True), ("13990112345", True)]
)
def test_a_number_that_may_be_a_mobile_s_is_a_code_where_the_column_s_pattern_says_so(
    value: str, personal: bool
) -> None:
    limits = {"pattern": r"13(?:0[1-9]|1[01])\d{7}"}
    for constraints, held in ((limits, personal), ({}, True), ({"pattern": r"\d+"}, True)):
        column = Column("c", "", "", kind="code", example="13010112345", constraints=constraints)
        breaches = list(privacy.code_breaches(column, pa.array([value]), pa.array([True])))
        assert bool(breaches) == held


WORDS = st.lists(
    st.sampled_from(
        [
            *(
                "平备",
                "罚",
                "字",
                "第",
                "号",
                "案外人",
                "张三",
                "男",
                "室",
                "住",
                "生",
                "出生",
                "一",
                "二〇",
                "幺三八",
            ),
            *(
                "微信",
                "电话",
                "传真",
                "护照",
                "账号",
                "卡号",
                "银行",
                "身份证",
                "京A",
                "E",
                "EA",
                "H",
                "ID",
            ),
            *(
                "(",
                ")",
                "（",
                "）",
                "〔",
                "〕",
                "-",
                "－",
                ".",
                "/",
                ",",
                "+",
                "@",
                "qq.com",
                " ",
                "\u200b",
                "\n",
            ),
            *("1", "12", "86", "0376", "１"),
        ]
    ),
    max_size=4,
).map("".join)


@pytest.mark.slow
@settings(max_examples=tries(2000))
@given(WORDS, st.integers(2000, 2099), WORDS, st.integers(1, 9_999_999), WORDS)
def test_a_dated_number_without_a_sign_holds_nothing_of_a_person(
    before: str, year: int, between: str, number: int, behind: str
) -> None:
    value = f"{before}{year}{between or '-'}{number}{behind}"
    if (
        re.search(screen.DATED_NUMBER, value)
        and not privacy.code_signs(pa.array([value]))[0].as_py()
    ):
        assert screened(value) == (value, [])


def test_no_cell_at_all_shows_no_sign() -> None:
    assert privacy.code_signs(pa.array([], pa.string())).to_pylist() == []


def test_document_numbers_of_a_large_province_are_not_looked_at_one_by_one() -> None:
    numbers = [
        "平备2023-1900001",
        "示例罚(2023)1900001号",
        "示例罚〔2023〕1900001号",
        "示例2023－1900001",
    ]
    assert not privacy.code_signs(pa.array(numbers)).true_count


@pytest.mark.parametrize(
    "value",
    [
        "示例138 2023-1234",
        "示例1923\n1234567",
        "示例2023-1234567-13812345678",
        "案外人张三2023-1234567",
    ],
)
def test_what_a_dated_number_could_hide_is_looked_at(value: str) -> None:
    assert privacy.code_signs(pa.array([value])).true_count == 1


# ---------------------------------------------------------------- every column of the contract


@pytest.mark.parametrize("kind", ["text", "name", "organisation"])
def test_every_disguise_is_masked_in_every_kind_of_text(kind: str) -> None:
    column = Column("c", "", "", kind=kind)
    cells = pa.array([plant.text for plant in PERSONAL])
    suspect = privacy.suspects({"c": cells}, privacy.text_signs)["c"]
    masked, _ = privacy.screen_column(column, cells, suspect)
    if kind == "text":  # in which names are found by evidence; a doubt would hold the row
        named = names.screen({"c": masked})
        masked = named.texts["c"]
        assert not named.unsure
    left = [
        p for p, m in zip(PERSONAL, masked.to_pylist(), strict=True) if bare(p.secret) in bare(m)
    ]
    certain = [p for p in left if not (p.kind == "person" and kind != "text")]
    assert certain == []


@pytest.mark.parametrize("kind", sorted(privacy.CODES))
def test_a_sentence_with_a_personal_value_is_no_code_in_any_disguise(kind: str) -> None:
    column, cells = Column("c", "", "", kind=kind), pa.array([p.text for p in PERSONAL])
    suspect = privacy.suspects({"c": cells}, privacy.code_signs)["c"]
    broken = next(privacy.code_breaches(column, cells, suspect)).mask.to_pylist()
    assert [p for p, b in zip(PERSONAL, broken, strict=True) if not b] == []


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("示例超市（经营者李建国）", "示例超市（经营者李某某）"),
        ("示例饭店(负责人：王五)", "示例饭店(负责人：王某某)"),
        ("老板王烧烤店", "老板王烧烤店"),
        ("示例学生周末培训中心", "示例学生周末培训中心"),
        ("示例花园小区3号楼便利店", "示例花园小区3号楼便利店"),
    ],
)
def test_in_the_name_of_a_business_only_a_person_set_off_by_a_mark_is_masked(
    name: str, masked: str
) -> None:
    assert screened(name, screen.IN_NAMES)[0] == masked


def test_a_dataset_has_no_column_that_nobody_looks_at() -> None:
    contract = contracts.load(Path(__file__).parents[3] / "datapackage", RULES)
    judged_by_type = {"date", "datetime", "choice", "choices", "money", "number", "integer", "year", "boolean"}  # fmt: skip
    for dataset in contract.datasets.values():
        for column in () if dataset.produced else dataset.published:
            assert column.kind in privacy.FREE | privacy.CODES | judged_by_type, column.name


def test_a_telephone_number_is_no_amount() -> None:
    contract = contracts.load(Path(__file__).parents[3] / "datapackage", RULES)
    for name in ("fine_yuan", "confiscated_yuan"):
        column = contract.datasets["penalty_filings"].column(name)
        broken = list(schema.breaches(column, pa.array(["13812345678.00", "5000.00"]), None))
        assert [b.rule for b in broken] == ["maximum"]
        assert broken[0].mask.to_pylist() == [True, False]


# ---------------------------------------------------------------- findings show nothing


@pytest.mark.parametrize("plant", PERSONAL[::11], ids=lambda p: p.kind)
def test_a_finding_shows_no_personal_value(plant: Planted) -> None:
    shown = privacy.excerpts(Column("c", "", ""), pa.array([plant.text]), longest=500)
    assert bare(plant.secret) not in bare(shown[0])
    never = Column("c", "", "", privacy="never")
    assert privacy.excerpts(never, pa.array([plant.text])) == ["***"]


# ---------------------------------------------------------------- the whole way, and the bytes at its end

TEXTS = (
    "violation_type",
    "violation_facts",
    "legal_basis",
    "penalty_content",
    "licence_affected",
    "remarks",
)
HEADERS = {
    "respondent_name": "行政相对人名称", "respondent_type": "行政相对人类别", "respondent_uscc": "统一社会信用代码",
    "respondent_registration_no": "工商注册号", "decision_no": "行政处罚决定书文号", "violation_type": "违法行为类型", "violation_facts": "违法事实",
    "legal_basis": "处罚依据", "penalty_types": "处罚类别", "penalty_content": "处罚内容", "fine_yuan": "罚款金额（元）",
    "licence_affected": "暂扣或吊销证照名称及编号", "decision_date": "处罚决定日期", "valid_until": "处罚有效期", "publicity_until": "公示截止期",
    "authority_name": "处罚机关", "authority_uscc": "处罚机关统一社会信用代码", "source_name": "数据来源单位", "source_uscc": "数据来源单位统一社会信用代码",
    "filing_no": "备案编号", "remarks": "备注", "respondent_id_no": "证件号码", "respondent_phone": "联系电话", "respondent_address": "住址",
}  # fmt: skip
ORGAN = "11411503005500001B"


def row(number: int, **more: str) -> dict[str, str]:
    return {
        "respondent_name": "示例食品有限公司", "respondent_type": "法人及非法人组织", "respondent_uscc": "", "respondent_registration_no": "",
        "decision_no": f"示市监罚〔2024〕{number}号", "violation_type": "违反规定", "violation_facts": "经营超过保质期的食品", "legal_basis": "《食品安全法》",
        "penalty_types": "罚款", "penalty_content": "罚款120000元", "fine_yuan": "120000", "licence_affected": "", "decision_date": "2024-03-05",
        "valid_until": "2027-03-05", "publicity_until": "2027-03-05", "authority_name": "示例局", "authority_uscc": ORGAN, "source_name": "示例局",
        "source_uscc": ORGAN, "filing_no": "", "remarks": "", "respondent_id_no": "", "respondent_phone": "", "respondent_address": "", **more,
    }  # fmt: skip


def write(folder: Path, kind: str, rows: list[dict[str, str]]) -> None:
    path = folder / "penalty_filings" / f"表.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    header, body = list(HEADERS.values()), [[r[f] for f in HEADERS] for r in rows]
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for line in (header, *body):
            book.active.append(line)
        book.save(path)
    elif kind == "json":
        path.write_text(json.dumps([dict(zip(header, line, strict=True)) for line in body], ensure_ascii=False), "utf-8")  # fmt: skip
    else:
        out = io.StringIO()
        csv.writer(out, delimiter="\t" if kind == "tsv" else ",").writerows([header, *body])
        path.write_text(out.getvalue(), "gb18030" if kind == "txt" else "utf-8", errors="ignore")


@pytest.fixture(scope="module")
def released(
    every_engine: int, gongshi: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """All personal values and all look-alikes, over all text columns and kinds of file, published."""
    folder = tmp_path_factory.mktemp("planted")
    rows = [row(i, **{TEXTS[i % len(TEXTS)]: p.text}) for i, p in enumerate(PERSONAL, 1)]
    rows += [row(1000 + i, **{TEXTS[i % 3]: text}) for i, text in enumerate(HARMLESS)]
    rows += [row(2000 + i, **codes) for i, codes in enumerate(IN_CODES)]
    rows.append(OWN)
    kinds = ("csv", "tsv", "xlsx", "json", "txt")
    for i, kind in enumerate(kinds):
        write(folder / "inbox", kind, rows[i :: len(kinds)])
    done = gongshi("publish", folder / "inbox", "--site", folder / "site", "--private", folder / "private", "--today", "2025-03-31")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


NUMBER = "411503190001010010"
IN_CODES: list[dict[str, str]] = [
    {"respondent_uscc": NUMBER}, {"respondent_registration_no": NUMBER}, {"filing_no": NUMBER}, {"filing_no": "13812345678"},
    {"authority_uscc": NUMBER}, {"respondent_registration_no": "13812345678"},
]  # fmt: skip
OWN = row(
    3000, respondent_name="钱示例", respondent_type="自然人", fine_yuan="12000", penalty_content="罚款12000元",
    respondent_id_no="41150319010505005X", respondent_phone="0376-3999999转8", respondent_address="示例区样本路77号附8",
    violation_facts="钱示例在示例区样本路77号附8内经营", remarks="已告知钱示例本人",
)  # fmt: skip


def every_byte(path: Path, name: str = "") -> Iterator[tuple[str, bytes]]:
    """Each public file, and what is packed in it."""
    yield from unpacked(path.name, path.read_bytes())


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if name.endswith(".gz"):
        yield from unpacked(name[:-3], gzip.decompress(data))
    elif name.endswith((".zip", ".xlsx")):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from unpacked(f"{name}/{member}", archive.read(member))
    elif name.endswith(".parquet"):
        yield name, json.dumps(pq.read_table(io.BytesIO(data)).to_pylist(), ensure_ascii=False, default=str).encode()  # fmt: skip
    else:
        yield name, data


def test_no_released_byte_has_a_planted_value(released: Path) -> None:
    site = released / "site" / "releases"
    secrets = {bare(p.secret) for p in PERSONAL if p.kind not in ("person", "birth")}
    names = {p.secret for p in PERSONAL if p.kind == "person"} | {"钱示例"}
    exact = [*names, NUMBER, "13812345678", "41150319010505005X", "样本路77号"]
    files = [p for p in site.rglob("*") if p.is_file()]
    assert {p.suffix for p in files} >= {".csv", ".db", ".gz", ".xlsx", ".parquet", ".zip", ".json"}
    searched = set[bytes]()
    for path in files:
        for name, data in every_byte(path):
            if data in searched:  # a CSV is in its gzip and in the package's ZIP once more
                continue
            searched.add(data)
            text = data.decode("utf-8", "ignore")
            assert not [e for e in exact if e in text], name
            lean = bare(text)
            assert not [s for s in secrets if stands(s, lean)], name


def stands(secret: str, text: str) -> bool:
    """Whether `secret` is in `text`; a short one inside a hash is there by chance."""
    alone = rf"(?<![0-9A-F]){re.escape(secret)}(?![0-9A-F])"
    return secret in text and (len(secret) >= 8 or re.search(alone, text) is not None)


def test_every_planted_value_has_its_finding(released: Path) -> None:
    with (released / "private" / "findings.csv").open(encoding="utf-8", newline="") as file:
        found = [r for r in csv.DictReader(file) if r["rule"].endswith("-in-text")]
    rows = {(r["file"], r["row"]) for r in found}
    assert len(rows) >= len(PERSONAL)


def test_look_alikes_are_published_as_they_came(released: Path) -> None:
    path = next((released / "site").glob("current/data/penalty_filings.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        cells = {cell for line in csv.reader(file) for cell in line}
    assert [text for text in HARMLESS if text not in cells] == []


def test_rows_with_a_personal_value_for_a_code_are_held_back(released: Path) -> None:
    with (released / "private" / "quarantine" / "penalty_filings.csv").open(encoding="utf-8", newline="") as file:  # fmt: skip
        held = list(csv.DictReader(file))
    assert sum("personal-value-in-code" in r["reasons"] for r in held) == len(IN_CODES)


def test_a_row_s_own_hidden_values_leave_its_texts(released: Path) -> None:
    path = next((released / "site").glob("current/data/penalty_filings.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        own = next(r for r in csv.DictReader(file) if r["decision_no"].endswith("〕3000号"))
    assert own["respondent_name"] == "钱某某"
    assert own["violation_facts"] == "钱某某在***内经营"
    assert own["remarks"] == "已告知钱某某本人"


@pytest.mark.slow
def test_the_sample_s_report_and_records_show_no_identity_number(published: Any) -> None:
    for path in (p for p in (published.site / "releases").rglob("*") if p.is_file()):
        for name, data in every_byte(path):
            text = data.decode("utf-8", "ignore")
            assert not re.findall(r"(?<![0-9A-Za-z])411503190[0-2]\d{8}[\dXx]", text), name


def test_a_rule_of_privacy_is_named_for_each_kind() -> None:
    kinds = {kind.rule for kind in screen.KINDS}
    assert len(kinds) == len(screen.KINDS) == 9
    contract = contracts.load(Path(__file__).parents[3] / "datapackage", RULES)
    fields = [c for d in contract.datasets.values() if not d.produced for c in d.columns]
    number = [
        c for c in fields if re.search(r"身份证|证件号码|电话|手机|住址|出生|账号|照片", c.title)
    ]
    assert number and {c.privacy for c in number if "证件编号" not in c.title} == {"never"}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("身分證字號：A123456789，", "A123456789"), ("身份證號411503190003074566", "411503190003074566"),
        ("電話：23456789。", "23456789"), ("聯絡電話：0376-6661234", "6661234"), ("手機：0912345678", "0912345678"), ("手機13812345678", "13812345678"),
        ("住址：示例縣示例鎮示例路77號3樓", "77號3樓"), ("通訊地址：示例區示例街5號2樓", "5號2樓"), ("護照號碼：E12345678", "E12345678"),
        ("銀行帳號：12345678901", "12345678901"), ("證人張建國證實", "張建國"), ("出生於1985年3月5日", "1985年3月5日"),
    ],
)  # fmt: skip
def test_labels_in_traditional_characters_are_known(text: str, secret: str) -> None:
    clean, rules = screened(text)
    assert secret not in clean and len(rules) == 1
    assert privacy.text_signs(pa.array([text]))[0].as_py()


def test_a_person_s_name_in_traditional_characters_is_a_person_s() -> None:
    assert looks_like_person("張建國") and looks_like_person("歐陽鋒")
    assert not looks_like_person("張建國餐飲店")
