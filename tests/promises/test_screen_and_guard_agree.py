"""What the screen lets through, the exit guard lets through: a publication never stops for one cell."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from pipeline.base.model import Column
from pipeline.checks.privacy.screen import screened
from pipeline.checks.row import privacy
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.release.gate import exit_guard, personal_numbers
from pipeline.release.package import manifest
from tests.support.disguises import WIDE, card, credit_code, cut, digits, identity, mobile, rng
from tests.support.examples import tries
from tests.support.shop import (
    PENALTIES,
    Shop,
    SmallShop,
    WidePenaltyShop,
    documents,
    penalties,
    rows_of,
)

pytestmark = pytest.mark.slow  # many texts

ROOT = Path(__file__).parents[2]
CONTRACT = contracts.load(ROOT / "datapackage", RULES)
CODES = [(d, c) for d in CONTRACT.datasets.values() if not d.produced for c in d.published if c.kind in privacy.CODES]  # fmt: skip

# ---------------------------------------------------------------- texts

BEFORE = ["批号", "型号", "编号：", "订单", "许可证号", "登记证", "税号", "条码:", "备案号为", "车架号[", "电话", "卡号", "账号", "身份证号", "护照", "护照号码：", "微信", "QQ", "abc", "Ａ", "第", "No.", "-", ".", "*", "+86", "", "（", "9"]  # fmt: skip


def like_an_identity() -> str:
    """A number with the check digit of an identity number, of any division and any year of birth."""
    first = f"{digits(6)}{rng.choice(['18', '19', '20', '21', '88'])}{digits(2)}0{rng.randrange(1, 10)}1{digits(1)}{digits(3)}"
    return str(first + mod_11_2.calc_check_digit(first))


AFTER = ["", "。", "号", "Ａ", "a", "1", ".", "-", "元", "）", " ", "ext1", "\n"]
MADE: list[Callable[[], str]] = [
    mobile,
    identity,
    card,
    lambda: "62" + digits(16),
    lambda: "1" + digits(10),
    lambda: "E" + digits(8),
    lambda: "zs@example.xyz",
    lambda: "9" + digits(5) + "19900307" + digits(4),
    like_an_identity,
]
WRITTEN: list[Callable[[str], str]] = [
    str,
    lambda v: v.translate(WIDE),
    lambda v: cut(v, " ", 3, 7),
    lambda v: cut(v, "-", 3, 7),
    lambda v: cut(v, "－", 6, 14),
    lambda v: cut(v, "·", 3),
]
#: Disguises that `normalise` takes off, and of a number only some of whose characters wear one.
HIDDEN: list[Callable[[str], str]] = [
    lambda v: "".join(f"&#{ord(c)};" for c in v),
    lambda v: f"{v[:4]}&#{ord(v[4])};{v[5:]}",
    lambda v: v.replace("@", "&#64;") if "@" in v else f"{v[:3]}&amp;#x{ord(v[3]):x};{v[4:]}",
    lambda v: v.replace("@", "%40") if "@" in v else f"{v[:3]}&nbsp;{v[3:7]}&nbsp;{v[7:]}",
    lambda v: v[0] + "".join(f"\\u{ord(c):04x}" for c in v[1:]),
    lambda v: v.translate(str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")),
    lambda v: v.translate(str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")),
    lambda v: v.translate(str.maketrans("0123456789", "〇一二三四五六七八九")),
    lambda v: "".join(f"{c}\ufe0f\u20e3" if c.isdigit() else c for c in v),
    lambda v: cut(v, "\u200e", 2, 5, 9),
]
NUMBERS = [write(make()) for make in MADE for write in WRITTEN for _ in range(8)]
PARTS = st.tuples(st.sampled_from(BEFORE), st.sampled_from(NUMBERS), st.sampled_from(AFTER))


@settings(max_examples=tries(1500))
@given(st.lists(PARTS, min_size=1, max_size=4))
def test_a_text_that_was_screened_passes_the_guard(parts: list[tuple[str, str, str]]) -> None:
    text, _ = screened("".join(map("".join, parts)))
    assert list(personal_numbers.numbers(f"key,{text}\n".encode(), "data/a.csv")) == []


DISGUISED = [hide(make()) for make in MADE for hide in HIDDEN for _ in range(4)]
HIDDEN_PARTS = st.tuples(st.sampled_from(BEFORE), st.sampled_from(DISGUISED + NUMBERS), st.sampled_from(AFTER))  # fmt: skip


@settings(max_examples=tries(1500))
@given(st.lists(HIDDEN_PARTS, min_size=1, max_size=4))
def test_a_text_with_disguises_that_was_screened_passes_the_guard(
    parts: list[tuple[str, str, str]],
) -> None:
    text, _ = screened("".join(map("".join, parts)))
    assert list(personal_numbers.numbers(f"key,{text}\n".encode(), "data/a.csv")) == []


@pytest.mark.parametrize("number", DISGUISED)
def test_what_the_guard_would_find_in_a_disguise_shows_the_screen_a_sign(number: str) -> None:
    text = f"示例批号{number}，"
    if list(personal_numbers.numbers(f"key,{text}\n".encode(), "data/a.csv")):
        cells = pa.array([text])
        assert privacy.text_signs(cells)[0].as_py() and privacy.code_signs(cells)[0].as_py()
        assert list(privacy.code_breaches(Column("c", "", "", kind="code"), cells, pa.array([True])))  # fmt: skip


@pytest.mark.parametrize("text", ["批号13812345678，", "411503190003074566 ", "a.", "a@", "x@y.cn ", "1 "])  # fmt: skip
def test_a_cell_of_half_a_megabyte_is_screened_and_guarded_to_its_end(text: str) -> None:
    clean, _ = screened(text * (500_000 // len(text)))
    assert list(personal_numbers.numbers(f"key,{clean} a@b.cc".encode(), "a.csv")) != []


# ---------------------------------------------------------------- codes


def organisation_that_looks_like_a_person() -> str:
    """A business's code of digits alone that is an identity number by its form and check digit."""
    while True:
        code = f"914115{rng.choice(['19', '20'])}{digits(2)}0{rng.randrange(1, 10)}1{rng.randrange(10)}{digits(3)}"
        code += uscc.calc_check_digit(code)
        if code.isdigit() and personal_numbers._is_identity(code):
            return code


def card_that_looks_like_an_organisation() -> str:
    """A bank card of 18 digits that is a credit code by its check digit as well."""
    while True:
        number = "62" + digits(15)
        number += luhn.calc_check_digit(number)
        if number.endswith(uscc.calc_check_digit(number[:17])):
            return number


CANDIDATES = [credit_code() for _ in range(20)] + [organisation_that_looks_like_a_person() for _ in range(3)] + [card_that_looks_like_an_organisation()] + NUMBERS + [f"示备{n}号" for n in NUMBERS] + [f"A{n}" for n in NUMBERS]  # fmt: skip


def passing(column: Column) -> list[str]:
    """The candidates that the checks take for a code of `column`."""
    cells = pa.array(CANDIDATES, pa.string())
    broken = next(iter(privacy.code_breaches(column, cells, privacy.code_signs(cells))), None)
    return cells.filter(pa.compute.invert(broken.mask)).to_pylist() if broken else CANDIDATES


@pytest.mark.parametrize(("dataset", "column"), CODES, ids=lambda x: x.name)
def test_what_the_checks_take_for_a_code_passes_the_guard(
    dataset: Any, column: Column, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / f"{dataset.name}.csv").open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        names = [c.name for c in dataset.published]
        writer.writerow(names)
        at = names.index(column.name)
        writer.writerows([*[""] * at, v, *[""] * (len(names) - at - 1)] for v in passing(column))
    exit_guard.check(tmp_path, None, [dataset])


def test_an_organisation_s_code_is_no_identity_number_where_it_is_a_code() -> None:
    column = CONTRACT.datasets[PENALTIES].column("respondent_uscc")
    codes = [organisation_that_looks_like_a_person() for _ in range(3)]
    cells = pa.array(codes)
    assert list(privacy.code_breaches(column, cells, privacy.code_signs(cells))) == []
    assert all(personal_numbers._is_organisation_s(code) for code in codes)
    assert not personal_numbers._is_organisation_s(identity("1"))


# ---------------------------------------------------------------- the whole way


ELSEWHERE = "示例路1234号A5"
HIDDEN_ELSEWHERE = "示例路12&#51;4号A5"


@pytest.fixture(scope="module")
def shop(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Penalties of which each has another oddity, published once for all tests."""
    shop, rows = WidePenaltyShop(tmp_path_factory.mktemp("shop")), penalties(12)
    day, number = rows[0]["处罚决定日期"], rows[2]["行政处罚决定书文号"]
    code = rows[0]["行政相对人代码_1（统一社会信用代码）"]
    rows[0] |= {"时间戳": day, "证件号码": code, "问李某13812345678": "x"}
    rows[1] |= {"时间戳": f"{day} 10:20:30", "案件名称": number}
    rows[2]["违法事实"] += "销售的糕点批号13812345678不合格。"
    rows[5]["住址"] = ELSEWHERE
    rows[6]["违法事实"] += f"见{ELSEWHERE}。"
    rows[8]["备案编号"] = ELSEWHERE
    rows[9]["违法事实"] += "联系a&#64;example.com取货。"
    rows[10]["违法事实"] += "批号1381&#50;345678，又①③⑧①②③④⑤⑥⑦⑧。"
    rows[11]["违法事实"] += f"见{HIDDEN_ELSEWHERE}。"
    names = dict.fromkeys(column for row in rows for column in row)
    shop.send([{column: row.get(column, "") for column in names} for row in rows], "张某13912345678-示例数据.csv")  # fmt: skip
    shop.publish()
    return shop


def records(shop: Shop) -> list[dict[str, str]]:
    return rows_of(shop.current / "data" / f"{PENALTIES}.csv")


def findings(shop: Shop, rule: str) -> list[tuple[str, str]]:
    told = rows_of(shop.private / "findings.csv")
    return [(f["row"], f["column"]) for f in told if f["rule"] == rule]


def test_a_batch_number_like_a_mobile_s_is_masked_with_a_finding(shop: Shop) -> None:
    assert findings(shop, "telephone-in-text")[0] == ("4", "violation_facts")
    assert any("批号1**********不合格" in r["violation_facts"] for r in records(shop))


def test_days_numbers_of_documents_and_codes_that_a_hidden_field_holds_stop_nothing(
    shop: Shop,
) -> None:
    assert sorted(r["source_row"] for r in records(shop)) == sorted(str(n) for n in range(2, 14) if n not in (8, 10, 13))  # fmt: skip


def test_a_row_with_what_another_row_hides_is_quarantined(shop: Shop) -> None:
    found = findings(shop, "hidden-value-elsewhere")
    assert found[:2] == [("8", "violation_facts"), ("10", "filing_no")]
    held = rows_of(shop.private / "quarantine" / f"{PENALTIES}.csv")
    assert [(r["row"], r["reasons"]) for r in held] == [
        (row, "hidden-value-elsewhere") for row in ("8", "10", "13")
    ]
    assert found[2:] == [("13", "violation_facts")]  # written as an escape


def test_a_value_in_disguise_is_masked_and_stops_nothing(shop: Shop) -> None:
    assert findings(shop, "e-mail-in-text") == [("11", "violation_facts")]
    assert ("12", "violation_facts") in findings(shop, "telephone-in-text")
    facts = {r["source_row"]: r["violation_facts"] for r in records(shop)}
    assert facts["11"].endswith("联系***@***取货。")
    assert facts["12"].endswith("批号1**********，又1**********。")


def test_files_and_headers_with_numbers_in_their_names_have_neutral_ones(shop: Shop) -> None:
    source = rows_of(shop.current / "data" / "sources.csv")[0]
    of_file = f"（校验值 {source['sha256'][:8]}）"
    assert source["file"] == f"文件 1{of_file}.csv"
    assert [*manifest.read(shop.current)["inputs"]] == [source["file"]]
    columns = rows_of(shop.current / "data" / "header_mappings.csv")
    (hidden,) = (c for c in columns if c["header"].endswith(of_file))
    assert hidden["header"] == f"列 {hidden['position']}{of_file}"
    assert not any("李某" in c["header"] for c in columns)
    assert findings(shop, "personal-file-name") == [("", "")]
    assert findings(shop, "personal-header") == [("1", "")]


def test_a_release_of_fifteen_gigabytes_is_no_telephone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sources.csv").write_text("source_id,bytes\na1,15012345678\n", "utf-8")
    (tmp_path / "manifest.json").write_text('{"a.db": {"bytes": 15112345678, "sha256": "x"}}', "utf-8")  # fmt: skip
    dataset = CONTRACT.datasets["sources"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(dataset), "published", property(lambda d: [d.column("source_id"), d.column("bytes")]))  # fmt: skip
        exit_guard.check(tmp_path, None, [dataset])


def test_a_telephone_in_a_number_s_column_holds_the_row_back() -> None:
    column = Column("count", "数量", "Count", type="integer", kind="integer")
    (breach,) = privacy.number_breaches(column, pa.array(["5", "13812345678", "23812345678", ""]))
    assert breach.mask.to_pylist() == [False, True, False, False]


@pytest.mark.usefixtures("every_engine")
def test_small_files_publish_whatever_stands_behind_a_word_for_numbers(tmp_path: Path) -> None:
    shop, rows = SmallShop(tmp_path), documents(len(NUMBERS))
    for row, number in zip(rows, NUMBERS, strict=True):
        row["文件名称"] += f"（批号{number}）"
    shop.send(rows, "文件-示例数据.csv")
    shop.publish()
    assert len(rows_of(shop.current / "data" / "normative_documents.csv")) == len(NUMBERS)
