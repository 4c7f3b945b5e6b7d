"""A release: signed, complete, the same bytes anywhere, held against the one before by the gate."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frictionless import Package, system
from openpyxl.utils.escape import unescape

from pipeline.base import spreadsheet_safety
from pipeline.base.errors import GateRefused
from pipeline.release.gate import gate
from pipeline.release.package import manifest, record_changes
from pipeline.release.store import diff_report, verify
from tests.support import formulas
from tests.support.fixtures.releases import Published
from tests.support.shop import (
    NUMBER,
    PENALTIES,
    SECRET,
    TODAY,
    PenaltyShop,
    Shop,
    copy_of,
    hashes,
    penalties,
    query,
    rows_of,
    twin_of,
)

HOSTILE = ["=1+1", "+86 1", "-2+3", "@SUM(A1)", "＝HYPERLINK(1)", "_x0041_<&>\"'", "一行\n二行"]
HOSTILE += [text for text in formulas.MARKED if text not in HOSTILE]


@pytest.fixture
def shop(every_engine: int, tmp_path: Path) -> Shop:
    """A shop that has published nothing yet."""
    made = PenaltyShop(tmp_path)
    made.send(penalties(40))
    return made


@pytest.fixture(scope="module")
def published_once(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = PenaltyShop(tmp_path_factory.mktemp("once"))
    made.send(penalties(40))
    made.publish()
    return made


@pytest.fixture
def kept(published_once: Shop, tmp_path: Path) -> Shop:
    """A shop with one release, to do with as a test likes."""
    return twin_of(published_once, tmp_path)


@pytest.fixture(scope="module")
def hostile(every_engine: int, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A release some of whose cells a spreadsheet would run, or XML would trip over."""
    made = PenaltyShop(tmp_path_factory.mktemp("hostile"))
    rows = penalties(max(40, len(HOSTILE) + 10))
    for row, text in zip(rows, HOSTILE, strict=False):
        row["备注"] = text
    made.send(rows)
    made.publish(downloads=True)
    return made


def remarks(release: Path) -> dict[str, str]:
    return {
        row["record_id"]: row["remarks"] for row in rows_of(release / "data" / f"{PENALTIES}.csv")
    }


# ---------------------------------------------------------------- the same bytes


def test_the_same_inputs_give_the_same_bytes_in_another_folder(shop: Shop, tmp_path: Path) -> None:
    other = copy_of(shop, tmp_path / "other")
    first = shop.publish(downloads=True)
    time.sleep(1.1)  # a time written anywhere would show
    second = other.publish(downloads=True)
    assert first.name == second.name
    assert hashes(first) == hashes(second)


def test_a_run_that_finds_nothing_changed_makes_no_release_on_another_day(kept: Shop) -> None:
    first = kept.current
    assert kept.publish(date(2025, 4, 2)) == first
    assert kept.releases() == [first.name]


def test_content_that_comes_back_makes_a_new_release_beside_the_old_one(kept: Shop) -> None:
    first = kept.current
    rows = penalties(40)
    rows[0]["备注"] = "别的"
    kept.send(rows)
    second = kept.publish()
    kept.send(penalties(40))
    third = kept.publish()
    assert third.name == f"{first.name}-2"
    assert kept.releases() == [first.name, second.name, third.name]


# ---------------------------------------------------------------- downloads


def test_a_formula_is_made_safe_for_excel_and_stays_exact_in_the_plain_csv(hostile: Shop) -> None:
    text = gzip.decompress((hostile.current / "downloads" / f"{PENALTIES}.csv.gz").read_bytes())
    assert text.startswith(b"\xef\xbb\xbf")
    safe = {r["record_id"]: r["remarks"] for r in csv.DictReader(io.StringIO(text[3:].decode(), newline=""))}  # fmt: skip
    exact = remarks(hostile.current)
    assert {"=1+1", "+86 1", "-2+3", "@SUM(A1)", "-5"} <= set(exact.values())
    for key, value in exact.items():
        assert safe[key] == spreadsheet_safety.safe(value)
        assert not formulas.is_run(safe[key])


def test_a_workbook_has_types_codes_as_text_and_no_formula(hostile: Shop) -> None:
    path = hostile.current / "downloads" / f"{PENALTIES}.xlsx"
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None and sheet.freeze_panes == "A2"
    head, *rows = [list(row) for row in sheet.iter_rows()]
    names = [cell.value for cell in head]
    written = {row["record_id"]: row for row in rows_of(hostile.current / "data" / f"{PENALTIES}.csv")}  # fmt: skip
    assert len(rows) == len(written) > 40
    for cells in rows:
        row = dict(zip(names, cells, strict=True))
        plain = written[row["record_id"].value]
        assert all(cell.data_type != "f" for cell in cells)
        # Excel unescapes _x005F_ in inline text too; openpyxl leaves that to its user.
        assert unescape(row["remarks"].value or "") == plain["remarks"]
        assert (row["respondent_uscc"].value or "") == plain["respondent_uscc"]
        assert row["decision_date"].value.date().isoformat() == plain["decision_date"]
        assert row["fine_yuan"].value == float(plain["fine_yuan"])


def test_parquet_is_typed_and_packed_by_zstd(hostile: Shop) -> None:
    path = hostile.current / "downloads" / f"{PENALTIES}.parquet"
    schema = pq.read_schema(path)
    assert schema.field("fine_yuan").type == pa.decimal128(18, 2)
    assert schema.field("decision_date").type == pa.date32()
    assert schema.field("respondent_uscc").type == pa.string()
    assert pq.read_metadata(path).row_group(0).column(0).compression == "ZSTD"
    assert all(isinstance(v, Decimal) for v in pq.read_table(path)["fine_yuan"].to_pylist() if v)


def test_json_lines_say_what_the_csv_says(hostile: Shop) -> None:
    text = gzip.decompress((hostile.current / "downloads" / f"{PENALTIES}.jsonl.gz").read_bytes())
    lines = [json.loads(line, parse_float=Decimal) for line in text.decode().splitlines()]
    plain = rows_of(hostile.current / "data" / f"{PENALTIES}.csv")
    assert [r["remarks"] or "" for r in lines] == [r["remarks"] for r in plain]
    assert [str(r["fine_yuan"]) for r in lines] == [r["fine_yuan"] for r in plain]


def test_the_package_zip_is_valid_by_itself(hostile: Shop, tmp_path: Path) -> None:
    [path] = (hostile.current / "downloads").glob("*.zip")
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        packed.extractall(tmp_path)
    with system.use_context(trusted=True):
        assert Package(str(tmp_path / "datapackage.json")).validate(limit_errors=10**6).valid
    assert verify.package(path, None).problems == ()


@pytest.mark.parametrize("aside_from", [10**9, -1], ids=["here", "in another process"])
def test_a_package_that_frictionless_finds_invalid_is_refused_with_what_it_says(
    hostile: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aside_from: int
) -> None:
    monkeypatch.setattr(gate, "ASIDE_FROM", aside_from)
    folder = Path(shutil.copytree(hostile.current, tmp_path / "release"))
    descriptor = json.loads((folder / "datapackage.json").read_text("utf-8"))
    with gate.frictionless_check(folder, descriptor) as verdict:
        verdict()
    file = folder / "data" / f"{PENALTIES}.csv"
    file.write_text(
        re.sub(r",20(\d\d)-\d\d-", r",20\1-33-", file.read_text("utf-8"), count=1), "utf-8"
    )
    with (
        pytest.raises(GateRefused, match="Type Error 2 decision_date"),
        gate.frictionless_check(folder, descriptor) as verdict,
    ):
        verdict()


def test_a_zip_larger_than_four_gigabytes_says_so_as_zip64_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    from pipeline.release.downloads import zip_gzip

    monkeypatch.setattr(zip_gzip, "LARGE", 100)
    with zip_gzip.Zip(tmp_path / "a.zip") as packed:
        packed.add("a", zip_gzip.deflated([b"x" * 500, b"y" * 500]), large=True)
        packed.add("b", zip_gzip.deflated([b"z"]))
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        assert packed.testzip() is None
        assert packed.read("a") == b"x" * 500 + b"y" * 500


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(hostile: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    import duckdb

    from pipeline.release.downloads import workbook

    monkeypatch.setattr(workbook, "ROWS_A_SHEET", 15)
    source = f"read_parquet('{tmp_path / 'rows.parquet'}')"
    con = duckdb.connect()
    csv_file = hostile.current / "data" / f"{PENALTIES}.csv"
    con.execute(f"copy (select * from read_csv('{csv_file}', all_varchar=true) limit 40) to '{tmp_path / 'rows.parquet'}'")  # fmt: skip
    workbook.write(
        con, hostile.contract.datasets[PENALTIES], source, tmp_path / "a.xlsx", 40, TODAY
    )
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert [sheet.max_row for sheet in book] == [16, 16, 11]
    assert workbook.rows_in(tmp_path / "a.xlsx") == 40


# ---------------------------------------------------------------- changes


def test_changes_name_what_was_added_changed_and_removed(kept: Shop) -> None:
    first = kept.current
    rows = penalties(42)
    rows[1]["违法事实"] += "（更正）"
    kept.send(rows[1:])
    second = kept.publish(removals=True)
    found = record_changes.read(second / "changes.csv")
    assert [(c.verb, c.columns) for c in sorted(found, key=lambda c: c.verb)] == [
        ("added", ()), ("added", ()), ("changed", ("violation_facts",)), ("removed", ())
    ]  # fmt: skip
    assert diff_report.between(first, second) == found
    assert {row["release"] for row in rows_of(second / "data" / "changes.csv")} == {second.name}


def test_a_record_that_only_moved_to_another_row_has_not_changed(kept: Shop) -> None:
    kept.send(list(reversed(penalties(40))))
    assert record_changes.read(kept.publish() / "changes.csv") == []


def test_no_value_of_a_record_stands_in_a_list_of_changes(kept: Shop) -> None:
    rows = penalties(40)
    rows[1]["违法事实"] += "（更正）"
    kept.send(rows)
    text = (kept.publish() / "changes.csv").read_text("utf-8")
    assert rows[1][NUMBER] not in text
    assert "更正" not in text


def test_the_old_value_of_a_corrected_record_is_kept_in_private(kept: Shop) -> None:
    rows = penalties(40)
    before, rows[1]["违法事实"] = rows[1]["违法事实"], "另一说法"
    kept.send(rows)
    release = kept.publish()
    [kept] = rows_of(kept.private / "corrections" / f"{release.name}.csv")
    assert (kept["column"], kept["was"]) == ("violation_facts", before)


def test_a_difference_is_told_as_a_table_as_markdown_and_as_json(kept: Shop) -> None:
    first = kept.current
    kept.send(penalties(42))
    second = kept.publish()
    said = {f: diff_report.report(kept.site, first.name, second.name, f, 1) for f in diff_report.FORMATS}  # fmt: skip
    assert "新增" in said["text"] and "| --- |" in said["markdown"]
    assert json.loads(said["json"])["counts"] == {PENALTIES: {"added": 2}}
    assert "另有 1 条" in said["text"]


# ---------------------------------------------------------------- the gate


def test_a_record_gone_without_a_cause_is_refused_and_listed(kept: Shop) -> None:
    before = kept.current
    kept.send(penalties(40)[1:])
    with pytest.raises(GateRefused, match="--allow-removals"):
        kept.publish()
    assert kept.current == before
    assert [row["dataset"] for row in rows_of(kept.private / "removals.csv")] == [PENALTIES]


def test_a_collapse_is_refused_and_can_be_allowed(kept: Shop) -> None:
    kept.send(penalties(40)[:20])
    with pytest.raises(GateRefused):
        kept.publish()
    assert len(rows_of(kept.publish(removals=True) / "data" / f"{PENALTIES}.csv")) == 20


def test_a_rise_beyond_twofold_is_held_back_and_can_be_allowed(kept: Shop) -> None:
    kept.send(penalties(100))
    assert len(rows_of(kept.publish() / "data" / f"{PENALTIES}.csv")) == 40
    assert len(rows_of(kept.publish(growth=True) / "data" / f"{PENALTIES}.csv")) == 100


def test_a_day_before_the_current_releases_is_refused(kept: Shop) -> None:
    with pytest.raises(GateRefused, match="2025-03-30"):
        kept.publish(date(2025, 3, 30))


def test_a_download_that_lost_rows_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.release.downloads import downloads

    honest = downloads.json_lines

    def shortened(*arguments: Any) -> Iterator[bytes]:
        for text in honest(*arguments):
            yield text[: text.rfind(b"\n", 0, len(text) - 1) + 1]

    monkeypatch.setattr(downloads, "json_lines", shortened)
    with pytest.raises(GateRefused, match="下载"):
        shop.publish(downloads=True)
    assert not (shop.site / "current").exists()


# ---------------------------------------------------------------- signed


def test_a_flipped_bit_in_any_file_is_found_and_named(shop: Shop) -> None:
    release = shop.publish(downloads=True)
    assert verify.release(shop.site, "", None).problems == ()
    for path in sorted(p for p in release.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
        problems = verify.release(shop.site, "", None).problems
        name = path.relative_to(release).as_posix()
        told = {params.get("file") for _, params in problems}
        assert name in told or (name in (manifest.MANIFEST, manifest.PUBLIC_KEY) and problems), name
        path.write_bytes(whole)
    assert verify.release(shop.site, "", None).problems == ()


def test_a_file_added_or_taken_away_is_found_and_named(kept: Shop) -> None:
    release = kept.current
    (release / "more.txt").write_text("x")
    (release / "changes.csv").unlink()
    found = {(key, params["file"]) for key, params in verify.release(kept.site, "", None).problems}
    assert found == {("verify-unlisted", "more.txt"), ("verify-missing", "changes.csv")}


def test_a_flipped_bit_anywhere_in_a_package_is_found(shop: Shop, tmp_path: Path) -> None:
    [path] = (shop.publish(downloads=True) / "downloads").glob("*.zip")
    whole, copy = path.read_bytes(), tmp_path / "copy.zip"
    places = [
        *range(200),
        *range(200, len(whole), 997),
        *range(len(whole) - 1500, len(whole), 7),
    ]
    for at in places:
        copy.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert verify.package(copy, None).problems, at
    copy.write_bytes(whole + b"x")
    assert verify.package(copy, None).problems
    for at in range(whole.index(b"-----BEGIN PUBLIC KEY"), whole.index(b"-----END PUBLIC KEY")):
        for bit in range(8):
            copy.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            assert verify.package(copy, None).problems, (at, bit)


def test_a_release_signed_by_another_key_is_told_from_ours(shop: Shop, tmp_path: Path) -> None:
    other = copy_of(shop, tmp_path / "other")
    (other.private / "key").write_text("cd" * 32)
    other.publish()
    shop.publish()
    ours = (shop.current / manifest.PUBLIC_KEY).read_bytes()
    assert verify.release(shop.site, "", ours).problems == ()
    assert verify.release(other.site, "", ours).problems


def test_openssl_knows_the_signature(shop: Shop, tmp_path: Path) -> None:
    from shutil import which

    if not which("openssl"):
        pytest.skip("needs openssl")
    import base64

    release = shop.publish()
    (tmp_path / "sig").write_bytes(base64.b64decode((release / manifest.SIGNATURE).read_bytes()))
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", release / manifest.PUBLIC_KEY,
         "-rawin", "-in", release / manifest.MANIFEST, "-sigfile", tmp_path / "sig"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_each_release_names_the_manifest_of_the_one_before(kept: Shop) -> None:
    first = kept.current
    kept.send(penalties(41))
    second = kept.publish()
    assert manifest.read(second)["parent"] == manifest.link(first)
    told = json.loads((first / manifest.MANIFEST).read_text("utf-8"))
    manifest.sign(first, told | {"today": "2020-01-01"}, bytes.fromhex(SECRET))
    assert [key for key, _ in verify.release(kept.site, second.name, None).problems] == [
        "verify-chain"
    ]


# ---------------------------------------------------------------- descriptions for machines


def test_the_package_describes_itself_in_full(published: Published) -> None:
    told = json.loads((published.current / "datapackage.json").read_text("utf-8"))
    assert {"$schema", "name", "title", "version", "created", "licenses", "sources", "contributors", "keywords"} <= told.keys()  # fmt: skip
    for resource in told["resources"]:
        assert resource["schema"]["fieldsMatch"] == "exact"
        assert all(field["title"] for field in resource["schema"]["fields"])


@pytest.mark.once  # it publishes in processes of its own
def test_zone_locale_and_hash_seed_do_not_show(every_engine: int, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.support.shop import PenaltyShop, penalties\n"
        "shop = PenaltyShop(Path(sys.argv[1])); shop.send(penalties(40)); print(shop.publish(downloads=True))"
    )
    found = []
    for zone, seed in (("Pacific/Kiritimati", "1"), ("America/Adak", "2")):
        env = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C", "PYTHONPATH": str(Path.cwd())}  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code, tmp_path / seed], env=env, capture_output=True, text=True, check=True)  # fmt: skip
        found.append(hashes(Path(done.stdout.strip())))
    assert found[0] == found[1]


def test_every_table_of_the_database_is_what_its_csv_is(hostile: Shop, published: Published) -> None:  # fmt: skip
    for release in (hostile.current, published.current):
        for path in (release / "data").glob("*.csv"):
            assert query(release, f"select count(*) from {path.stem}") == [(len(rows_of(path)),)]
