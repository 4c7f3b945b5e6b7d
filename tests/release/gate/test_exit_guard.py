"""The exit guard: a value hidden in any artefact stops the release, and what looks like one does not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stdnum.iso7064 import mod_11_2

from pipeline.base.errors import GateRefused
from pipeline.base.model import Catalog, Dataset
from pipeline.checks.privacy import screen, unlabelled_numbers
from pipeline.checks.privacy.known_values import KnownValues
from pipeline.contract import catalog as contracts
from pipeline.release.gate import artefacts, exit_guard, personal_numbers
from tests.support.disguises import card, identity, look_alikes, mobile
from tests.support.shop import SmallShop, contents, documents

ROOT = Path(__file__).parents[3]
NUMBER = identity()
Write = Callable[[Path, str], None]


@pytest.fixture(scope="module")
def contract() -> Catalog:
    return contracts.load(ROOT / "datapackage")


def as_csv(path: Path, value: str) -> None:
    path.with_suffix(".csv").write_text(f"key,text\nA-1,好\nA-2,见{value}。\n", "utf-8")


def as_csv_gz(path: Path, value: str) -> None:
    with gzip.open(path.with_suffix(".csv.gz"), "wt", encoding="utf-8-sig") as file:
        file.write(f"key,text\nA-1,好\nA-2,见{value}。\n")


def as_jsonl_gz(path: Path, value: str) -> None:
    with gzip.open(path.with_suffix(".jsonl.gz"), "wt", encoding="utf-8") as file:
        file.write(json.dumps({"key": "A-2", "text": f"见{value}。"}, ensure_ascii=False))


def as_workbook(path: Path, value: str) -> None:
    book = openpyxl.Workbook()
    book.active.append(["A-2", f"见{value}。"])
    book.save(path.with_suffix(".xlsx"))


def as_parquet(path: Path, value: str) -> None:
    pq.write_table(pa.table({"key": ["A-1", "A-2"], "text": ["好", f"见{value}。"]}), path.with_suffix(".parquet"), compression="zstd")  # fmt: skip


def as_database(path: Path, value: str) -> None:
    con = sqlite3.connect(path.with_suffix(".db"))
    con.execute("create table t (key text primary key, text text)")
    con.executemany("insert into t values (?, ?)", [("A-1", "好" * 9000), ("A-2", f"见{value}。")])
    con.commit()
    con.close()


def as_zip(path: Path, value: str) -> None:
    inner = path.with_name("inner")
    as_workbook(inner, value)
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner.with_suffix(".xlsx"), "deep/inner.xlsx")
    inner.with_suffix(".xlsx").unlink()


def as_page(path: Path, value: str) -> None:
    path.with_suffix(".html").write_text(f"<p>好</p><p>见{value}。</p>", "utf-8")


ARTEFACTS: list[Write] = [as_csv, as_csv_gz, as_jsonl_gz, as_workbook, as_parquet, as_database, as_zip, as_page]  # fmt: skip


def look(release: Path, contract: Catalog, secrets: Path | None = None) -> None:
    exit_guard.check(release, secrets, list(contract.datasets.values()))


@pytest.mark.parametrize("write", ARTEFACTS, ids=lambda w: w.__name__)
def test_an_identity_number_in_any_artefact_stops_the_release(
    tmp_path: Path, contract: Catalog, write: Write
) -> None:
    write(tmp_path / "made", NUMBER)
    with pytest.raises(GateRefused) as refused:
        look(tmp_path, contract)
    assert "made" in str(refused.value) and NUMBER not in str(refused.value)


@pytest.mark.parametrize("write", ARTEFACTS, ids=lambda w: w.__name__)
def test_a_value_of_a_never_field_in_any_artefact_stops_the_release(
    tmp_path: Path, contract: Catalog, write: Write
) -> None:
    release, secrets = tmp_path / "release", tmp_path / "secrets.csv"
    release.mkdir()
    with secrets.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["value"], ["样本路77号附8单元"], ["一个,带\n行的值123456"]])
    write(release / "made", "样本路77号附8")
    look(release, contract, secrets)
    write(release / "made2", "样本路77号附8单元")
    with pytest.raises(GateRefused):
        look(release, contract, secrets)


@pytest.mark.parametrize(
    "value",
    [NUMBER.lower(), NUMBER[:6] + " " + NUMBER[6:14] + " " + NUMBER[14:], NUMBER[:6] + "-" + NUMBER[6:14] + "-" + NUMBER[14:],
     NUMBER.translate(str.maketrans("0123456789", "０１２３４５６７８９")), mobile(), "138-1234-5678", card(), "zs@example.com", "护照号E12345678"],
)  # fmt: skip
def test_each_kind_of_value_is_found(tmp_path: Path, contract: Catalog, value: str) -> None:
    as_csv(tmp_path / "made", value)
    with pytest.raises(GateRefused) as refused:
        look(tmp_path, contract)
    assert "made.csv" in str(refused.value) and "A-2" in str(refused.value)


def test_what_only_looks_like_one_does_not_stop_it(tmp_path: Path, contract: Catalog) -> None:
    rows = [f"{i},{json.dumps(text, ensure_ascii=False)}" for i, text in enumerate(look_alikes(40))]
    (tmp_path / "made.csv").write_text("key,text\n" + "\n".join(rows), "utf-8")
    hashes = [f"{i:064x}" for i in range(10**60, 10**60 + 500)]
    (tmp_path / "manifest.json").write_text(json.dumps(hashes), "utf-8")
    look(tmp_path, contract)


@pytest.mark.parametrize(
    "first", ["20240188120112345", "20190120190101123", "41150318791231123", "10150319900307123"]
)
def test_a_number_of_no_person_with_the_check_digit_of_one_passes(first: str) -> None:
    order = first + mod_11_2.calc_check_digit(first)
    assert list(
        personal_numbers.numbers(f"a,订单编号{order}，手机{mobile()}".encode(), "a.csv")
    ) == [("mobile", ANY, ANY)]


def test_a_value_on_the_edge_of_a_block_is_found(tmp_path: Path, contract: Catalog) -> None:
    for shift in range(0, 20, 3):
        filler = "好" * ((artefacts.BLOCK - shift) // 3)
        (tmp_path / "made.txt").write_text(f"{filler}\n{NUMBER}\n{filler}", "utf-8")
        with pytest.raises(GateRefused):
            look(tmp_path, contract)


def test_a_file_that_is_no_text_is_read_too(tmp_path: Path, contract: Catalog) -> None:
    (tmp_path / "picture.png").write_bytes(bytes(range(256)) * 40)
    look(tmp_path, contract)
    (tmp_path / "picture.png").write_bytes(bytes(range(256)) + b" " + NUMBER.encode() + b"\xff\xfe")
    with pytest.raises(GateRefused):
        look(tmp_path, contract)


def test_needles_are_found_where_they_stand_alone_only() -> None:
    needles = KnownValues(["1234567", "样本路77号附8", "short"])
    text = "x 91234567 12345678 1234567 住样本路77号附8内".encode()
    assert [text[at:end].decode() for at, end in needles.places(text)] == [
        "1234567",
        "样本路77号附8",
    ]
    assert list(KnownValues(()).places(text)) == []


def test_a_name_that_must_be_masked_and_is_not_stops_the_release(
    published: Any, contract: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    rows = (published.current / "data" / "penalty_filings.csv").read_text("utf-8")
    name = next(r for r in csv.DictReader(io.StringIO(rows)) if r["respondent_type"] == "自然人")["respondent_name"]  # fmt: skip
    (tmp_path / "data" / "penalty_filings.csv").write_text(rows, "utf-8")
    look(tmp_path, contract)
    (tmp_path / "data" / "penalty_filings.csv").write_text(rows.replace(name, "张示例", 1), "utf-8")
    with pytest.raises(GateRefused):
        look(tmp_path, contract)


def test_the_sample_passes(published: Any, contract: Catalog) -> None:
    look(published.current.resolve(), contract)


@pytest.mark.usefixtures("every_engine")
def test_a_number_that_the_screen_lets_through_is_in_no_byte_of_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen, which has gone blind here, misses it; the exit guard does not."""
    rows, number = documents(6), mobile()
    rows[1]["文件名称"] = f"示例办法，批号{number}"
    shop = SmallShop(tmp_path)
    shop.send(rows, "文件-示例数据.csv")
    monkeypatch.setattr(screen, "screened", lambda text, among=(): (text, []))
    monkeypatch.setattr(unlabelled_numbers, "found", lambda text: [])
    shop.publish()
    texts = contents(shop.current)
    assert "disclosure.db" in texts and not [
        name for name, text in texts.items() if number.encode() in text
    ]
    assert "guard-match" in (shop.private / "findings.csv").read_text("utf-8")


# ---------------------------------------------------------------- a column's own numbers

HEBEI = r"13(?:0[1-9]|1[01])\d{7}"


def with_pattern(contract: Catalog, pattern: str) -> list[Dataset]:
    """The datasets, the numbers of certificates having this pattern."""
    made = contract.datasets["certificates"]
    number = made.column("certificate_no")
    own = replace(number, constraints={**number.constraints, "pattern": pattern}, example="13010112345")  # fmt: skip
    return [replace(made, columns=tuple(own if c is number else c for c in made.columns))]


def certificate(release: Path, number: str, text: str = "") -> None:
    (release / "data").mkdir()
    (release / "data" / "certificates.csv").write_text(f"certificate_no,enforcement_category\n{number},{text}\n", "utf-8")  # fmt: skip


def test_a_certificate_s_number_that_looks_like_a_mobile_s_is_its_column_s_own(
    tmp_path: Path, contract: Catalog
) -> None:
    certificate(tmp_path, "13010112345")
    exit_guard.check(tmp_path, None, with_pattern(contract, HEBEI))
    with pytest.raises(GateRefused):
        look(tmp_path, contract)


@pytest.mark.parametrize(
    ("pattern", "number", "text"),
    [
        (HEBEI, "13010112345", "电话13010154321"),
        (HEBEI, "13812345678", ""),
        (r"13\d{9}", "13010112345", ""),
        (r"\d{11}", "13010112345", ""),
    ],
)
def test_a_mobile_s_number_is_found_beside_a_column_s_own(
    tmp_path: Path, contract: Catalog, pattern: str, number: str, text: str
) -> None:
    certificate(tmp_path, number, text)
    with pytest.raises(GateRefused):
        exit_guard.check(tmp_path, None, with_pattern(contract, pattern))
