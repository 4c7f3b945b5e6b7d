"""A dataset's YAML drafted from a sample: it loads, its guesses are marked, personal data stays in."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.base.errors import UnreadableInput
from pipeline.base.model import Dataset
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.flow.authoring import new_dataset
from tests.support import clerks
from tests.support.examples import tries

Command = Callable[..., subprocess.CompletedProcess[str]]

LICENCES = [
    {
        "序号": str(n),
        "批复编号": f"示审许〔2024〕{n}号",
        "持证单位": f"示例第{n}建材有限公司",
        "批复种类": ("甲种", "乙种")[n % 2],
        "发证日期": f"2024年{n}月5日",
        "收费金额（万元）": f"0.{n}2",
        "申请人电话": f"1380000000{n}",
        "行政区划": ("浉河区", "平桥区")[n % 2],
        "信用分": f"{n}.5",
    }
    for n in range(1, 9)
]


def draft(path: Path) -> str:
    return new_dataset.draft(path, clerks.CATALOG, clerks.TODAY).yaml


def loaded(text: str, tmp_path: Path) -> Dataset:
    """The drafted dataset as the catalog reads it beside the others."""
    folder = tmp_path / "datapackage"
    shutil.copytree(clerks.ROOT / "datapackage", folder)
    (folder / "drafted.yaml").write_text(text, "utf-8")
    name = yaml.safe_load(text)["name"]
    return contracts.load(folder, RULES).datasets[name]


def licences(tmp_path: Path) -> tuple[str, Dataset]:
    text = draft(clerks.write_csv(tmp_path / "许可台账-样表.csv", LICENCES))
    return text, loaded(text, tmp_path)


def test_the_draft_loads_beside_the_other_datasets(tmp_path: Path) -> None:
    _, dataset = licences(tmp_path)
    assert dataset.title == "许可台账"


@pytest.mark.parametrize(("title", "kind"), [("批复编号", "document-number"), ("持证单位", "organisation"), ("发证日期", "date"), ("收费金额", "money"), ("行政区划", "choice"), ("信用分", "number")])  # fmt: skip
def test_kinds_are_guessed_from_headers_and_values(tmp_path: Path, title: str, kind: str) -> None:
    _, dataset = licences(tmp_path)
    columns = {alias: c for c in dataset.columns for alias in (c.title, *c.aliases)}
    assert columns[title].kind == kind


def test_the_unit_in_a_header_becomes_the_unit_of_the_source(tmp_path: Path) -> None:
    _, dataset = licences(tmp_path)
    money = next(c for c in dataset.columns if c.kind == "money")
    assert (money.unit, money.source_unit) == ("元", "万元")


def test_a_column_that_tells_rows_apart_becomes_the_key(tmp_path: Path) -> None:
    _, dataset = licences(tmp_path)
    assert [dataset.column(k).title for k in dataset.primary_key] == ["批复编号"]


def test_few_values_become_a_list_and_known_ones_a_code_list(tmp_path: Path) -> None:
    _, dataset = licences(tmp_path)
    kinds = {c.title: c for c in dataset.columns}
    assert sorted(kinds["批复种类"].constraints["enum"]) == ["乙种", "甲种"]
    assert next(c for c in dataset.columns if c.kind == "choice").codes == "divisions"


def test_what_looks_personal_is_never_published(tmp_path: Path) -> None:
    _, dataset = licences(tmp_path)
    phone = next(c for c in dataset.columns if "电话" in c.title)
    assert phone.privacy == "never"


def test_no_value_of_a_sample_but_those_of_lists_stands_in_the_draft(tmp_path: Path) -> None:
    text, _ = licences(tmp_path)
    assert "1380000" not in text and "示例第" not in text


def test_every_guess_is_marked_as_one(tmp_path: Path) -> None:
    text, _ = licences(tmp_path)
    guessed = [line for line in text.splitlines() if "gongshi:kind" in line or "primaryKey" in line or "constraints" in line]  # fmt: skip
    assert guessed and all("# 猜测：" in line for line in guessed)


def test_serial_numbers_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    text, dataset = licences(tmp_path)
    assert "序号" not in {c.title for c in dataset.columns}
    assert "没有收入的列：序号" in text


def test_a_title_above_the_header_is_not_taken_for_it(tmp_path: Path) -> None:
    rows = [["行政许可台账（2024年）"], list(LICENCES[0]), *(list(r.values()) for r in LICENCES)]
    path = clerks.write_book(tmp_path / "台账.xlsx", {"台账": rows})
    dataset = loaded(draft(path), tmp_path)
    assert "批复编号" in {c.title for c in dataset.columns}


@pytest.mark.usefixtures("every_engine")
def test_what_is_published_from_the_draft_is_what_the_sample_holds(tmp_path: Path) -> None:
    _, dataset = licences(tmp_path)
    contract = contracts.load(tmp_path / "datapackage", RULES)
    clerks.write_csv(tmp_path / "inbox" / dataset.name / "许可.csv", LICENCES)
    run = clerks.checking.check(tmp_path / "inbox", tmp_path / "private", contract, clerks.TODAY)
    assert run.by_dataset()[dataset.name].accepted == len(LICENCES)


SAMPLES = sorted(p for p in (clerks.ROOT / "examples" / "inbox").glob("*/*") if p.parent.name != "reports")[::3]  # fmt: skip


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem[:20])
def test_a_draft_from_any_file_of_the_sample_loads(path: Path, tmp_path: Path) -> None:
    assert loaded(draft(path), tmp_path).columns


HEADERS = st.lists(st.text(max_size=8), min_size=2, max_size=5)
CELLS: Any = st.lists(st.lists(st.text(max_size=6), min_size=5, max_size=5), min_size=2, max_size=4)


@pytest.mark.slow
@settings(max_examples=tries(12))
@given(header=HEADERS, rows=CELLS)
def test_whatever_headers_a_sample_has_its_draft_loads_or_a_sentence_says_why_not(
    tmp_path_factory: pytest.TempPathFactory, header: list[str], rows: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("drafts")
    names = [h.encode("utf-8", "replace").decode() for h in header]
    clean = [[c.encode("utf-8", "replace").decode() for c in row[: len(names)]] for row in rows]
    path = folder / "任意.json"
    path.write_text(json.dumps([dict(zip(names, r, strict=True)) for r in clean]), "utf-8")
    try:
        text = draft(path)
    except UnreadableInput as error:
        assert str(error)
    else:
        assert loaded(text, folder).columns


def test_a_file_without_a_table_and_one_that_is_not_there_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "空.csv").write_text("\n", "utf-8")
    for path in (tmp_path / "空.csv", tmp_path / "无.csv"):
        with pytest.raises(UnreadableInput):
            draft(path)


#: Tables as they come, each with what its draft has to have: titles, and a word of what is said.
ODD = {
    "one column": ("名单\n示例甲\n示例乙\n示例甲\n", ["名单"], "dataset:"),
    "a title above a list": ("单位名单\n\n单位\n示例公司\n样本公司\n", ["单位"], "第 1 行"),
    "titles and totals": ("许可台账,,\n填报单位：示例局,,\n文号,类别,数量\nA-00001,甲,1\nA-00002,乙,2\n合计,,3\n", ["文号", "类别", "数量"], "第 6 行（合计）"),
    "a name that is missing": ("名目,,数量\n甲类,x,1\n乙类,y,2\n", ["名目", "数量"], "#2"),
    "a name twice": ("指标,指标,值\n甲,乙,1\n丙,丁,2\n", ["指标", "指标（2）", "值"], "通过 2"),
    "two units of one name": ("案号,罚没（元）,罚没（万元）\nA-00001,10000,1\nA-00002,25000,2.5\n", ["案号", "罚没", "罚没（万元）（2）"], "通过 2"),
    "a line break in a header": ('案号,"被罚单位\n（全称）"\nA-00001,示例公司\nA-00002,样本公司\n', ["案号", "被罚单位（全称）"], "通过 2"),
    "a serial number that is the key": ("序号,类别\n1,甲\n2,甲\n3,甲\n", ["序号", "类别"], "通过 3"),
    "codes under No": ("No,类别\n17,甲\n3,甲\n21,甲\n", ["No", "类别"], "通过 3"),
    "words for nothing": ("案号,数量,日期\nA-00001,NULL,2024-01-01\nA-00002,5,/\n", ["案号", "数量", "日期"], "通过 2"),
    "years as names": ("地区,2021,2022\n甲区,1,2\n乙区,4,5\n", ["地区", "2021", "2022"], "通过 2"),
    "names that SQL has": ("rank,rowid,order,select\na,b,c,d\ne,f,g,h\n", ["rank", "rowid", "order", "select"], "通过 2"),
    "columns called as ours": ("source_id,类别\n1,甲\n2,乙\n", ["类别"], "source_id"),
    "rows too short": ("甲列,乙列,丙列\n1,2,3\n4,5\n6,7,8\n", ["甲列", "乙列", "丙列"], "有错误"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_any_table_is_drafted_so_that_it_reads_its_own_sample(tmp_path: Path, name: str) -> None:
    sample, titles, word = ODD[name]
    (tmp_path / "样表.csv").write_text(sample, "utf-8")
    made = new_dataset.draft(tmp_path / "样表.csv", clerks.CATALOG, clerks.TODAY)
    columns = loaded(made.yaml, tmp_path).columns
    assert [next(iter(c.aliases), c.title) for c in columns] == titles or [c.title for c in columns] == titles  # fmt: skip
    assert word in "\n".join(made.notes)


def test_a_group_of_titles_in_a_workbook_is_one_header_with_its_columns(tmp_path: Path) -> None:
    rows: list[list[object]] = [["当事方", "", "决定", ""], ["名目", "类别", "案号", "数量"]]
    rows += [[f"示例{n}", "甲", f"A-0000{n}", n] for n in range(1, 4)]
    path = clerks.write_book(tmp_path / "台账.xlsx", {"台账": rows})
    titles = [c.title for c in loaded(draft(path), tmp_path).columns]
    assert titles == ["名目", "类别", "案号", "数量"]


def test_a_table_without_names_is_refused_and_no_value_of_a_person_becomes_one(tmp_path: Path) -> None:  # fmt: skip
    for text in ("1,2,3\n4,5,6\n", "示例甲,13800000001\n示例乙,13800000002\n"):
        (tmp_path / "无表头.csv").write_text(text, "utf-8")
        with pytest.raises(UnreadableInput):
            draft(tmp_path / "无表头.csv")


def test_a_guess_that_the_sample_does_not_bear_is_given_up(tmp_path: Path) -> None:
    rows = [{"编码": f"A-{n:05}", "类型": f"第{n}类"} for n in range(9)]  # 类型 is a list elsewhere
    dataset = loaded(draft(clerks.write_csv(tmp_path / "分类.csv", rows)), tmp_path)
    assert dataset.column(dataset.columns[1].name).kind == "text"


@pytest.mark.parametrize(("value", "kind"), [("007", "code"), ("0100", "code"), ("0.5", "number"), ("0", "integer")])  # fmt: skip
def test_any_leading_zero_is_a_code_and_no_number(tmp_path: Path, value: str, kind: str) -> None:
    rows = [{"甲列": f"{n}", "乙列": "x"} for n in range(10, 19)] + [{"甲列": value, "乙列": "x"}]
    dataset = loaded(draft(clerks.write_csv(tmp_path / "数.csv", rows)), tmp_path)
    assert dataset.columns[0].kind == kind


def test_numbers_with_more_digits_than_a_double_are_drafted_as_text(tmp_path: Path) -> None:
    rows = [{"站": f"{n}", "比率": f"0.{n}234567890123456789"} for n in range(1, 5)]
    dataset = loaded(draft(clerks.write_csv(tmp_path / "比率.csv", rows)), tmp_path)
    assert dataset.columns[1].kind == "text"


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "空.csv").write_text("", "utf-8")
    with pytest.raises(UnreadableInput, match="是空文件"):
        draft(tmp_path / "空.csv")
    (tmp_path / "宽.csv").write_text("案号,名称\nA,b\n", "utf-32")
    with pytest.raises(UnreadableInput, match="UTF-32"):
        draft(tmp_path / "宽.csv")


def test_a_contract_without_code_lists_takes_a_draft_too(tmp_path: Path) -> None:
    whole, bare = clerks.ROOT / "datapackage", tmp_path / "datapackage"
    bare.mkdir()
    for name in ("package.yaml", "profile.json"):
        shutil.copy(whole / name, bare / name)
    fields = (
        "schema: {fields: [{name: a, title: 甲, title_en: A, type: string, gongshi:kind: code}]}"
    )
    (bare / "only.yaml").write_text(f"name: only\ntitle: 某\ntitle_en: Only\n{fields}\n", "utf-8")
    sample = clerks.write_csv(tmp_path / "台账.csv", [{"案号": f"A-0000{n}"} for n in range(3)])
    made = new_dataset.draft(sample, contracts.load(bare, RULES), clerks.TODAY)
    assert "title: 案号" in made.yaml


def test_the_command_writes_a_draft_and_never_over_a_file(tmp_path: Path, gongshi: Command) -> None:
    sample = clerks.write_csv(tmp_path / "许可.csv", LICENCES)
    printed = gongshi("new", sample)
    assert printed.returncode == 0 and printed.stdout.startswith("# 从 许可.csv 起草")
    once, twice = (gongshi("new", sample, "-o", tmp_path / "a.yaml") for _ in range(2))
    assert (once.returncode, twice.returncode) == (0, 2)
    assert (tmp_path / "a.yaml").read_text("utf-8") == printed.stdout
