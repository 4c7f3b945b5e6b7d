"""What is taken from the site opens in a spreadsheet: Chinese intact, codes text, nothing runs."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import frictionless
import httpx
import openpyxl
import pytest

from pipeline.site.pages import downloads
from tests.site.conftest import served
from tests.support import formulas

TABLE = "/disclosure/penalty_filings"
AS_NUMBERS = [*formulas.NUMBERS, "+8613800138000"]
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture(scope="module")
def workbook(web: httpx.Client) -> bytes:
    answer = web.get(f"{TABLE}.xlsx")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    return answer.content


def test_a_workbook_has_titles_text_codes_and_numbers(workbook: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    head = dict(zip(rows[0], rows[20], strict=True))
    assert "行政处罚决定书文号" in head
    assert isinstance(head["记录编号"], str)
    fines = [row[list(head).index("罚款金额 (元)")] for row in rows[1:]]
    assert {type(fine) for fine in fines if fine is not None} <= {int, float}
    assert len(rows) == 241


def test_a_workbook_holds_no_formula_and_no_link(workbook: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


def test_a_workbook_is_narrowed_down_like_the_page(web: httpx.Client) -> None:
    narrow = web.get(f"{TABLE}.xlsx?fine_yuan__gte=100000").content
    book = openpyxl.load_workbook(io.BytesIO(narrow), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    assert 1 < len(rows) < 241


def test_csv_for_excel_has_a_mark_titles_and_harmless_cells(web: httpx.Client) -> None:
    body = web.get(f"{TABLE}.csv?_stream=on&_excel=on").content
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert "罚款金额 (元)" in rows[0]
    assert "'=HYPERLINK(1)" in {cell for row in rows for cell in row}
    assert not [cell for row in rows for cell in row if formulas.is_run(cell)]


@pytest.mark.parametrize("text", [t for t in formulas.MARKED if t not in AS_NUMBERS])
def test_csv_for_excel_marks_what_a_spreadsheet_runs(text: str) -> None:
    assert downloads._safe(text) == f"'{text}"


@pytest.mark.parametrize("text", [*AS_NUMBERS, "0376", "411503000012345"])
def test_csv_for_excel_keeps_text_that_looks_like_a_number_behind_a_tab(text: str) -> None:
    assert downloads._safe(text) == f"\t{text}"


@pytest.mark.parametrize("value", [*formulas.LEFT, "411503", -5, 1.5, None])
def test_csv_for_excel_leaves_any_other_value(value: object) -> None:
    assert downloads._safe(value) is value


@pytest.mark.parametrize("text", [t for t in formulas.MARKED if t.isprintable()])
def test_a_workbook_holds_what_a_spreadsheet_would_run_as_text(text: str) -> None:
    field = SimpleNamespace(kind="text", label="=1+1")
    rows: Any = [[(text,)]]
    made = downloads._workbook("示例", [field], iter(rows))
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]
    assert [(c.data_type, c.value) for (c,) in sheet.iter_rows()] == [("s", "=1+1"), ("s", text)]


def test_csv_for_programs_keeps_every_value_as_it_is(web: httpx.Client) -> None:
    body = web.get(f"{TABLE}.csv?_stream=on").content
    assert not body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert any(row["decision_no"] == "=HYPERLINK(1)" for row in rows)


@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice on this machine")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_libreoffice_opens_it_with_chinese_and_codes_intact(
    web: httpx.Client, tmp_path: Path, kind: str
) -> None:
    ending = "xlsx" if kind == "xlsx" else "csv?_stream=on&_excel=on"
    source = tmp_path / f"taken.{kind}"
    source.write_bytes(web.get(f"{TABLE}.{ending}").content)
    out = tmp_path / "out"
    assert OFFICE
    command = [OFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += ["--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1", "--outdir", str(out)]
    if kind == "csv":
        command += ["--infilter=CSV:44,34,76,1"]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=100)
    rows = list(csv.DictReader(io.StringIO((out / "taken.csv").read_text("utf-8-sig"))))
    uscc = {row["行政相对人代码_1（统一社会信用代码）"].strip() for row in rows}
    assert any(code.startswith("91411503MA44T8") for code in uscc)
    assert "平市监罚〔2024〕20号" in {row["行政处罚决定书文号"] for row in rows}
    numbers = {row["行政相对人代码_2（工商注册号）"].strip() for row in rows}
    assert not [number for number in numbers if "E+" in number]


@pytest.mark.slow
def test_the_package_s_address_is_enough_for_frictionless(published: Any) -> None:
    """Its files answer under the addresses that it gives them, in both languages; nothing beside them."""
    with served(published.site) as address:
        report = frictionless.validate(f"{address}/datapackage.json")
        assert report.valid, report.errors
        assert report.stats["tasks"] == len(list((published.current / "data").glob("*.csv")))
        with httpx.Client(base_url=f"{address}/en/") as english:
            for resource in english.get("datapackage.json").json()["resources"]:
                there = english.get(resource["path"]).content
                assert there == (published.current / resource["path"]).read_bytes()
        for other in ("/data/%2e%2e/manifest.json", "/data/nothing.csv"):
            assert httpx.get(f"{address}{other}").status_code == 404
