"""A province from districts: packages that others released are proven, united, and their withdrawals obeyed.

Everything here is made up (示例数据 / synthetic sample).
"""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.base.errors import GateRefused, UsageError
from pipeline.base.model import Catalog
from pipeline.flow import check as checking
from pipeline.publishers import download, proven
from pipeline.publishers.proven import Refused
from pipeline.release.package import manifest
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import MakeOnce
from tests.support.shop import (
    NUMBER,
    PENALTIES,
    TODAY,
    Shop,
    _few,
    contents,
    copy_contract,
    penalties,
    query,
    rows_of,
)

NAMES = ("甲区", "乙区", "丙区")
FEW = (
    *(
        "penalty_filings",
        "authorities",
        "administrative_licences",
        "inspections",
        "coercive_measures",
    ),
    *("withdrawals", "changes", "sources", "run_tallies", "publishers", "districts"),
    *("report_figures", "report_checks"),
)
#: What a union is made of, and no more.
LITTLE = ("penalty_filings", "authorities", "withdrawals", "changes", "sources", "run_tallies", "publishers")  # fmt: skip
LATER = TODAY + timedelta(days=1)


class Place(Shop):
    """A publisher with a key of its own, and a contract of few datasets."""

    few = FEW

    def __init__(self, folder: Path, secret: str) -> None:
        super().__init__(folder)
        self.secret = secret
        (self.private / "key").write_text(secret)

    def load(self, folder: Path) -> Catalog:
        few = folder.parent / "contract" / "datapackage"
        if not few.exists():
            copy_contract(few, self.few)
        return _few(few)

    def unite(self, entries: list[dict[str, Any]]) -> None:
        (self.inbox / "sources.yaml").write_text(
            yaml.safe_dump(entries, allow_unicode=True), "utf-8"
        )

    def rules(self) -> set[str]:
        return {row["rule"] for row in rows_of(self.private / "findings.csv")}

    def revoke(self, key: str, today: date = TODAY) -> None:
        from pipeline.release.removal import withdraw

        asked = withdraw.WithdrawalRequest(
            PENALTIES, [key], "复议撤销", "行政处罚法第四十八条", "", today
        )
        withdraw.withdraw(self.site, self.private, asked, bytes.fromhex(self.secret))

    @property
    def zip(self) -> Path:
        return next((self.current / "downloads").glob("*.zip"))

    @property
    def key(self) -> Path:
        return self.site / "current" / manifest.PUBLIC_KEY


def entry(name: str, place: Path | str, **more: Any) -> dict[str, Any]:
    return {"package": str(place), "publisher": name, **more}


class SmallPlace(Place):
    """One that publishes in half the time."""

    few = LITTLE


def made(kind: type[Place], folder: Path) -> None:
    """Three districts and a province that has published them, all with downloads."""
    rows = penalties(30)
    for number, name in enumerate(NAMES):
        place = kind(folder / name, f"{number + 1:02d}" * 32)
        place.send(rows[number * 10 : number * 10 + 10])
        if number == 0 and kind is Place:
            (place.inbox / "reports").mkdir()
            text = "甲区2024年度法治政府建设年度报告\n\n全年备案重大行政处罚案件9件。\n"
            (place.inbox / "reports" / "2024-示例数据.txt").write_text(text, "utf-8")
        place.publish(downloads=True)
    standing(kind, folder)["province"].publish(downloads=True)


def standing(kind: type[Place], folder: Path) -> dict[str, Place]:
    """The districts and the province in `folder`; the province lists them all."""
    found = {n: kind(folder / n, f"{i + 1:02d}" * 32) for i, n in enumerate(NAMES)}
    province = kind(folder / "province", "77" * 32)
    province.unite([entry(n, found[n].site / "current", key=str(found[n].key)) for n in NAMES])
    return {**found, "province": province}


@pytest.fixture(scope="module")
def whole(made_once: MakeOnce) -> Path:
    """All of it with all that is told of districts, made on threads."""

    def make(folder: Path) -> None:
        with on_threads():
            made(Place, folder / "places")

    return made_once("districts", make) / "places"


@pytest.fixture(scope="module")
def small(made_once: MakeOnce) -> Path:
    """The same of what a union needs, made on threads."""

    def make(folder: Path) -> None:
        with on_threads():
            made(SmallPlace, folder / "places")

    return made_once("small-districts", make) / "places"


@pytest.fixture
def united(whole: Path, tmp_path: Path) -> dict[str, Place]:
    """Three districts and a province that has published them."""
    return standing(Place, shutil.copytree(whole, tmp_path / "united", symlinks=True))


@pytest.fixture
def begun(every_engine: int, small: Path, tmp_path: Path) -> dict[str, Place]:
    """The same with few datasets, to do with as a test likes."""
    shutil.copytree(small, tmp_path, dirs_exist_ok=True, symlinks=True)
    return standing(SmallPlace, tmp_path)


@pytest.fixture
def places(every_engine: int, small: Path, tmp_path: Path) -> dict[str, Place]:
    """Three districts, and a province that has published nothing, to do with as a test likes."""
    province = shutil.ignore_patterns("province")
    shutil.copytree(small, tmp_path, dirs_exist_ok=True, symlinks=True, ignore=province)
    return standing(SmallPlace, tmp_path)


def ids(release: Path) -> set[str]:
    return {row["record_id"] for row in rows_of(release / "data" / f"{PENALTIES}.csv")}


def fresh(place: Place, rows: list[dict[str, str]], today: date = LATER) -> None:
    place.send(rows)
    place.publish(today, downloads=True, removals=True)


# ---------------------------------------------------------------- united


def test_the_union_holds_every_record_of_every_district_as_it_is_there(
    united: dict[str, Place],
) -> None:
    release = united["province"].current
    there = {
        row["record_id"]: {k: v for k, v in row.items() if not k.startswith("source_")}
        for name in NAMES
        for row in rows_of(united[name].current / "data" / f"{PENALTIES}.csv")
    }
    here = {
        row["record_id"]: {k: v for k, v in row.items() if not k.startswith("source_")}
        for row in rows_of(release / "data" / f"{PENALTIES}.csv")
    }
    assert len(here) == 30 and here == there


def test_each_record_says_whose_it_is_and_which_package_it_came_in(
    united: dict[str, Place],
) -> None:
    release = united["province"].current
    whose = dict(query(release, "select f.record_id, substr(s.file, 1, instr(s.file, '/') - 1) from penalty_filings f join sources s using (source_id)"))  # fmt: skip
    for name in NAMES:
        assert {k for k, v in whose.items() if v == name} == ids(united[name].current)
        told = {r["publisher"]: r for r in rows_of(release / "data" / "publishers.csv")}[name]
        text = (united[name].current / "manifest.json").read_bytes()
        assert told["manifest_sha256"] == hashlib.sha256(text).hexdigest()
        assert (told["state"], told["release"]) == ("taken", united[name].current.name)


def test_source_row_is_the_row_in_the_publishers_own_table(united: dict[str, Place]) -> None:
    release = united["province"].current
    (record, file, row) = query(release, "select record_id, file, source_row from penalty_filings join sources using (source_id) where file like '乙区%' limit 1")[0]  # fmt: skip
    lines = (united["乙区"].current / file.removeprefix("乙区/")).read_text("utf-8").splitlines()
    assert lines[row - 1].startswith(record)


def test_figures_stand_side_by_side(united: dict[str, Place]) -> None:
    release = united["province"].current
    rows = rows_of(release / "data" / "districts.csv")
    assert {row["publisher"] for row in rows} == set(NAMES)
    for name in NAMES:
        filings = sum(int(row["filings"]) for row in rows if row["publisher"] == name)
        assert filings == 10
    fines = query(release, "select round(sum(fine_yuan), 2) from penalty_filings")[0][0]
    assert round(sum(float(r["fines_yuan"] or 0) for r in rows), 2) == fines
    assert [r["filings_stated"] for r in rows if (r["publisher"], r["year"]) == ("甲区", "2024")] == ["9"]  # fmt: skip
    reports = {row["report"] for row in rows_of(release / "data" / "report_figures.csv")}
    assert reports == {"甲区/2024-示例数据"}


@pytest.mark.usefixtures("every_engine")
def test_the_unions_package_can_itself_be_united(united: dict[str, Place], tmp_path: Path) -> None:
    province = united["province"]
    country = Place(tmp_path / "country", "99" * 32)
    country.unite([entry("示例省", province.zip, key=str(province.key))])
    release = country.publish()
    assert ids(release) == ids(province.current)
    reports = {row["report"] for row in rows_of(release / "data" / "report_figures.csv")}
    assert reports == {"示例省/甲区/2024-示例数据"}


def test_frictionless_finds_the_unions_package_valid(united: dict[str, Place]) -> None:
    from frictionless import validate

    release = united["province"].current
    report = validate(str(release / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])[:5]


def test_a_second_run_with_nothing_new_makes_no_release(begun: dict[str, Place]) -> None:
    province = begun["province"]
    assert province.current == province.publish() and len(province.releases()) == 1


def test_checking_alone_neither_pins_a_key_nor_remembers_a_release(
    places: dict[str, Place],
) -> None:
    province = places["province"]
    checking.check(province.inbox, province.private, province.contract, TODAY)
    assert not list(province.private.glob("packages/*/taken.json"))


@pytest.mark.parametrize("forms", [("folder", "zip", "site"), ("file-url", "folder", "zip")])
def test_folders_zips_and_stores_hold_the_same(places: dict[str, Place], forms: tuple[str, ...]) -> None:  # fmt: skip
    province, entries = places["province"], []
    for name, form in zip(NAMES, forms, strict=True):
        place = places[name]
        address = {
            "folder": place.current,
            "zip": place.zip,
            "site": place.site,
            "file-url": place.zip.as_uri(),
        }[form]
        entries.append(entry(name, address, key=str(place.key)))
    province.unite(entries)
    assert ids(province.publish()) == set().union(*(ids(places[n].current) for n in NAMES))


# ---------------------------------------------------------------- proven


def state_of(province: Place, name: str = "甲区") -> str:
    rows = rows_of(province.current / "data" / "publishers.csv")
    return {row["publisher"]: row["state"] for row in rows}[name]


def spoiled(place: Place, folder: Path) -> Path:
    """A copy of a district's release in which one fine is another."""
    shutil.copytree(place.current, folder)
    path = folder / "data" / f"{PENALTIES}.csv"
    path.write_bytes(path.read_bytes().replace("罚款".encode(), "罚金".encode(), 1))
    return folder


def test_a_tampered_file_is_refused_and_the_last_good_package_stands_in(
    begun: dict[str, Place], tmp_path: Path
) -> None:
    province, place = begun["province"], begun["甲区"]
    before = ids(province.current)
    entries = yaml.safe_load((province.inbox / "sources.yaml").read_text("utf-8"))
    entries[0]["package"] = str(spoiled(place, tmp_path / "spoiled"))
    province.unite(entries)
    province.publish(LATER)
    assert {"package-changed", "package-kept"} <= province.rules()
    assert ids(province.current) == before and state_of(province) == "kept"


def test_a_package_that_was_never_good_brings_nothing(
    places: dict[str, Place], tmp_path: Path
) -> None:
    province = places["province"]
    other = places["乙区"]
    bad = spoiled(places["甲区"], tmp_path / "spoiled")
    province.unite([entry("甲区", bad), entry("乙区", other.zip, key=str(other.key))])
    assert ids(province.publish()) == ids(other.current)
    assert {"package-changed", "package-none"} <= province.rules()


def test_another_key_is_refused_even_if_all_else_is_right(places: dict[str, Place]) -> None:
    province = places["province"]
    province.unite([entry("甲区", places["甲区"].zip, key=str(places["乙区"].key)), entry("丙区", places["丙区"].zip)])  # fmt: skip
    assert ids(province.publish()) == ids(places["丙区"].current)
    assert "package-key-changed" in province.rules()


def test_a_key_seen_first_is_kept_to(places: dict[str, Place], tmp_path: Path) -> None:
    province, place = places["province"], places["甲区"]
    province.unite([entry("甲区", place.site)])
    first = ids(province.publish())
    assert "package-key-unpinned" in province.rules()
    shutil.rmtree(place.site)
    (place.private / "key").write_text("ee" * 32)
    place.publish(LATER, downloads=True)
    province.publish(LATER)
    assert {"package-key-changed", "package-kept"} <= province.rules()
    assert ids(province.current) == first


def test_a_key_is_pinned_by_its_digest_as_well(places: dict[str, Place]) -> None:
    province, place = places["province"], places["甲区"]
    digest = hashlib.sha256(place.key.read_bytes()).hexdigest()
    province.unite([entry("甲区", place.zip, key=digest)])
    province.publish()
    assert "package-key-unpinned" not in province.rules()


def test_an_older_package_is_refused_so_that_nothing_comes_back(
    places: dict[str, Place], tmp_path: Path
) -> None:
    province, place = places["province"], places["甲区"]
    old = tmp_path / "old.zip"
    shutil.copy(place.zip, old)
    fresh(place, penalties(9))
    province.unite([entry("甲区", place.zip, key=str(place.key))])
    now = ids(province.publish(LATER))
    province.unite([entry("甲区", old, key=str(place.key))])
    province.publish(LATER)
    assert {"package-older", "package-kept"} <= province.rules()
    assert ids(province.current) == now and len(now) == 9


def test_a_zip_with_evil_names_writes_nothing_outside(
    places: dict[str, Place], tmp_path: Path
) -> None:
    province = places["province"]
    evil = tmp_path / "evil.zip"
    with zipfile.ZipFile(places["甲区"].zip) as good, zipfile.ZipFile(evil, "w") as packed:
        for name in good.namelist():
            packed.writestr(name, good.read(name))
        packed.writestr("../../escaped.txt", "x")
        packed.writestr("/tmp/escaped.txt", "x")
    province.unite([entry("甲区", evil, key=str(places["甲区"].key))])
    assert ids(province.publish()) == ids(places["甲区"].current)
    assert not list(tmp_path.rglob("escaped.txt"))


def signed(folder: Path, files: dict[str, bytes], secret: str = "ab" * 32, **more: Any) -> Path:
    """A package with any content, signed rightly."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    told = {"release": "r-1", "number": 1, "today": "2025-03-31"}
    listed = {"files": manifest.hashed(folder)}
    key = manifest.signing_key(bytes.fromhex(secret))
    (folder / manifest.PUBLIC_KEY).write_bytes(manifest.public_pem(key))
    manifest.sign(folder, told | listed | more, bytes.fromhex(secret))
    return folder


def described(path: str) -> bytes:
    return json.dumps({"resources": [{"name": "withdrawals", "path": path}]}).encode()


@pytest.mark.parametrize("path", ["../key", "data/../../key.csv", "/etc/passwd", "data/x.csv\0", "data/none.csv"])  # fmt: skip
def test_a_signed_package_cannot_name_files_outside_it(tmp_path: Path, path: str) -> None:
    package = signed(tmp_path / "p", {"datapackage.json": described(path)})
    with pytest.raises(Refused):
        proven.receive(package, tmp_path / "target", {"withdrawals"})


def test_a_file_that_unpacks_to_more_than_is_signed_is_read_no_further(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    signed(folder, {"datapackage.json": described("data/w.csv"), "data/w.csv": b"record_id,dataset,reason\n"})  # fmt: skip
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("datapackage.json", "manifest.json", "manifest.sig", "public_key.pem"):
            packed.write(folder / name, name)
        packed.writestr("data/w.csv", b"0" * (200 << 20))
    target = tmp_path / "target"
    with pytest.raises(Refused, match="package-changed"):
        proven.receive(bomb, target, {"withdrawals"})
    assert (target / "data" / "w.csv").stat().st_size < 1 << 20


def test_a_package_that_is_larger_than_all_bounds_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proven, "UNPACKED_MOST", 20)
    package = signed(tmp_path / "p", {"datapackage.json": described("data/w.csv"), "data/w.csv": b"x" * 21})  # fmt: skip
    with pytest.raises(Refused, match="package-too-large"):
        proven.receive(package, tmp_path / "target", {"withdrawals"})


@pytest.mark.parametrize("table", [b"", b"a,b\n1,2\n", b"record_id,dataset,reason\n\xff\xfe\n", b'record_id,dataset,reason\n"open\n'])  # fmt: skip
def test_a_package_whose_withdrawals_cannot_be_read_is_not_used(
    tmp_path: Path, table: bytes
) -> None:
    package = signed(tmp_path / "p", {"datapackage.json": described("data/w.csv"), "data/w.csv": table})  # fmt: skip
    with pytest.raises(Refused, match="package-incomplete"):
        proven.receive(package, tmp_path / "target", {"withdrawals"})


def test_what_a_district_holds_back_is_told_with_the_day_of_its_rows(
    begun: dict[str, Place],
) -> None:
    district, province = begun["甲区"], begun["province"]
    broken = [row | {"处罚决定日期": "去年"} for row in penalties(10)]
    district.send(broken)
    district.publish(LATER, downloads=True)
    province.publish(LATER)
    rows = rows_of(province.current / "data" / "publishers.csv")
    told = {row["publisher"]: row["held_back"] for row in rows}
    assert told.pop("甲区") == f"{PENALTIES} {TODAY}"
    assert set(told.values()) == {""}


@pytest.mark.parametrize("held", [None, [], "x", {"day": 5}, {"day": "<b>"}, {}])
def test_what_a_package_says_of_its_datasets_is_no_more_than_a_name_and_a_day(held: object) -> None:
    resources = [{"name": PENALTIES, "gongshi:held_back": held}, {"name": 5, "gongshi:held_back": {}}]  # fmt: skip
    received = proven.Received(Path(), "r", 1, "", b"", "", {}, {}, {"resources": [*resources, 7]})
    assert set(proven.held_back(received).values()) <= {"–"}


def test_what_is_no_package_is_a_finding(places: dict[str, Place], tmp_path: Path) -> None:
    province, entries = places["province"], [entry("乙区", places["乙区"].zip)]
    for number, content in enumerate([b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"x" * 1000]):
        (tmp_path / f"no{number}.zip").write_bytes(content)
        entries.append(entry(f"丁{number}区", tmp_path / f"no{number}.zip"))
    province.unite(entries)
    assert ids(province.publish()) == ids(places["乙区"].current)
    found = rows_of(province.private / "findings.csv")
    assert sum(row["rule"] == "package-incomplete" for row in found) == 4


def test_a_packages_rows_are_checked_like_anyone_elses(places: dict[str, Place], tmp_path: Path) -> None:  # fmt: skip
    place, province = places["甲区"], places["province"]
    folder = tmp_path / "signed"
    for name in ("datapackage.json", *(f"data/{n}.csv" for n in LITTLE)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place.current / name, folder / name)
    path = folder / "data" / f"{PENALTIES}.csv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[1] = "zz" + lines[1][2:]
    lines[2] = lines[2].replace("示例数据 / synthetic sample", "联系电话13800138000")
    path.write_text("".join(lines), "utf-8")
    signed(folder, {}, place.secret, number=5)
    province.unite([entry("甲区", folder, key=str(place.key))])
    release = province.publish()
    assert "record-id-broken" in province.rules()
    assert len(ids(release)) == 9
    assert not any(b"13800138000" in content for content in contents(province.site).values())


# ---------------------------------------------------------------- withdrawals and removals


def test_what_a_district_withdraws_leaves_every_kept_release_of_the_union(
    begun: dict[str, Place],
) -> None:
    province, place = begun["province"], begun["甲区"]
    victim = rows_of(place.current / "data" / f"{PENALTIES}.csv")[0]
    number = victim["decision_no"].encode()
    place.revoke(victim["record_id"], LATER)
    province.publish(LATER, downloads=True)
    assert len(province.releases()) == 2
    assert not any(number in content for content in contents(province.site).values())
    for release in province.releases():
        stone = rows_of(province.site / "releases" / release / "data" / "withdrawals.csv")[0]
        assert stone["record_id"] == victim["record_id"] and stone["reason"] == "甲区：复议撤销"
    changed = rows_of(province.current / "changes.csv")
    assert [(c["key"], c["verb"]) for c in changed] == [(victim["record_id"], "withdrawn")]


def test_a_withdrawal_is_obeyed_though_the_gate_refuses_the_new_release(
    begun: dict[str, Place],
) -> None:
    province, place = begun["province"], begun["甲区"]
    victim = rows_of(place.current / "data" / f"{PENALTIES}.csv")[0]
    place.revoke(victim["record_id"], LATER)
    entries = yaml.safe_load((province.inbox / "sources.yaml").read_text("utf-8"))
    province.unite(entries[:2])  # the third is dropped without a word
    with pytest.raises(GateRefused):
        province.publish(LATER)
    number = victim["decision_no"].encode()
    assert not any(number in content for content in contents(province.site).values())
    assert ids(begun["丙区"].current) <= ids(province.current)


def test_a_withdrawal_holds_after_the_district_is_listed_no_more(begun: dict[str, Place]) -> None:
    province, place = begun["province"], begun["甲区"]
    old = place.zip.read_bytes()
    victim = sorted(ids(place.current))[0]
    place.revoke(victim, LATER)
    province.publish(LATER)
    shutil.rmtree(province.private / "packages")
    (province.inbox / "old.zip").write_bytes(old)
    province.unite([entry("甲区", "old.zip", key=str(place.key))])
    province.publish(LATER, removals=True)
    assert victim not in ids(province.current) and len(ids(province.current)) == 9


def test_a_record_that_a_district_takes_out_leaves_with_that_for_a_cause(
    begun: dict[str, Place],
) -> None:
    province = begun["province"]
    fresh(begun["甲区"], penalties(9))
    province.publish(LATER)
    assert len(ids(province.current)) == 29


def test_nobody_withdraws_what_another_publishes(begun: dict[str, Place], tmp_path: Path) -> None:
    province, place, victim = begun["province"], begun["甲区"], begun["乙区"]
    folder = tmp_path / "signed"
    for name in ("datapackage.json", *(f"data/{n}.csv" for n in LITTLE)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place.current / name, folder / name)
    theirs = sorted(ids(victim.current))[0]
    with (folder / "data" / "withdrawals.csv").open("a", encoding="utf-8") as file:
        file.write(f"{theirs},{PENALTIES},2025-03-31,无,无\n")
    signed(folder, {}, place.secret, number=9)
    entries = yaml.safe_load((province.inbox / "sources.yaml").read_text("utf-8"))
    entries[0]["package"] = str(folder)
    province.unite(entries)
    province.publish(LATER)
    assert "package-withdrawal-foreign" in province.rules()
    assert theirs in ids(province.current)


def test_a_reason_that_names_a_persons_number_is_screened(places: dict[str, Place]) -> None:
    province, place = places["province"], places["甲区"]
    from pipeline.release.removal import withdraw

    asked = withdraw.WithdrawalRequest(PENALTIES, [sorted(ids(place.current))[0]], "当事人电话13800138000", "无", "", LATER)  # fmt: skip
    withdraw.withdraw(place.site, place.private, asked, bytes.fromhex(place.secret))
    province.publish(LATER)
    assert not any(b"13800138000" in content for content in contents(province.site).values())


# ---------------------------------------------------------------- the same record twice


def test_the_same_record_from_two_publishers_counts_once(begun: dict[str, Place], tmp_path: Path) -> None:  # fmt: skip
    province = begun["province"]
    country = SmallPlace(tmp_path / "country", "99" * 32)
    country.unite([entry("示例省", province.zip), entry("甲区", begun["甲区"].zip)])
    assert len(ids(country.publish())) == 30


def test_two_publishers_that_differ_about_a_record_are_in_conflict_unless_one_goes_before(
    begun: dict[str, Place], tmp_path: Path
) -> None:
    province, place = begun["province"], begun["甲区"]
    rows = penalties(10)
    rows[0]["违法事实"] += "（更正）"
    fresh(place, rows)
    country = SmallPlace(tmp_path / "country", "99" * 32)
    country.unite([entry("示例省", province.zip), entry("甲区", place.zip)])
    assert len(ids(country.publish(LATER))) == 29
    assert "conflict" in country.rules()
    country.unite([entry("示例省", province.zip), entry("甲区", place.zip, precedence=1)])
    release = country.publish(LATER)
    assert len(ids(release)) == 30
    told = {r["decision_no"]: r["violation_facts"] for r in rows_of(release / "data" / f"{PENALTIES}.csv")}  # fmt: skip
    assert told[rows[0][NUMBER]].endswith("（更正）")


# ---------------------------------------------------------------- by the network


DROPS = 50  # bytes of a page that comes one byte at a time


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.2/")
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(DROPS):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        else:
            super().do_GET()


@pytest.fixture
def web(places: dict[str, Place]) -> Iterator[str]:
    """The first district's current release as its site serves it."""
    handler = partial(_Quiet, directory=str(places["甲区"].site / "current"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("ending", ["", "/", "/datapackage.json", "/downloads/ZIP"])
def test_a_package_is_taken_from_a_site_by_its_address(
    places: dict[str, Place], web: str, ending: str
) -> None:
    province, place = places["province"], places["甲区"]
    address = web + ending.replace("ZIP", place.zip.name)
    province.unite([entry("甲区", address, key=str(place.key))])
    assert ids(province.publish()) == ids(place.current)


def test_what_is_there_already_is_not_fetched_again(places: dict[str, Place], web: str) -> None:
    province, place = places["province"], places["甲区"]
    province.unite([entry("甲区", web, key=str(place.key))])
    province.publish()
    place.zip.unlink()
    province.publish()
    assert "package-kept" not in province.rules()


def test_where_an_address_cannot_be_reached_the_last_package_stands_in(
    begun: dict[str, Place],
) -> None:
    province, place = begun["province"], begun["甲区"]
    entries = yaml.safe_load((province.inbox / "sources.yaml").read_text("utf-8"))
    entries[0]["package"] = "http://127.0.0.1:9/"
    province.unite(entries)
    province.publish(LATER)
    assert {"package-unreachable", "package-kept"} <= province.rules()
    assert ids(place.current) <= ids(province.current)
    assert state_of(province) == "kept"


def test_a_redirect_to_another_host_is_not_followed(web: str, tmp_path: Path) -> None:
    with pytest.raises(download.Unreachable, match=r"127\.0\.0\.2"):
        download.fetch(f"{web}/away", tmp_path / "x", 100)


def test_a_download_is_bounded_in_size(web: str, places: dict[str, Place], tmp_path: Path) -> None:
    with pytest.raises(download.Unreachable, match="MB"):
        download.fetch(f"{web}/disclosure.db", tmp_path / "x", 100)
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size <= 100


def test_a_download_is_bounded_in_time(web: str, tmp_path: Path) -> None:
    with pytest.raises(download.Unreachable):
        download.fetch(f"{web}/drip", tmp_path / "x", 1 << 20, seconds=0.5)
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size < DROPS


# ---------------------------------------------------------------- sources.yaml, and packages unlisted


@pytest.mark.parametrize(
    "wrong",
    [
        {"package": "a.zip"},
        {"package": "a.zip", "publisher": "../x"},
        {"package": "a.zip", "publisher": "甲/乙"},
        {"package": "ftp://example.org/a.zip", "publisher": "甲区"},
        {"package": "https:///a.zip", "publisher": "甲区"},
        {"package": "file://example.org/a.zip", "publisher": "甲区"},
        {"package": "a.zip", "publisher": "甲区", "region_code": "999999"},
        {"package": "a.zip", "publisher": "甲区", "key": "nowhere.pem"},
        {"package": "a.zip", "publisher": "甲区", "match": "a.csv"},
    ],
)
def test_a_slip_in_an_entry_about_a_package_stops_the_run(places: dict[str, Place], wrong: dict[str, Any]) -> None:  # fmt: skip
    province = places["province"]
    province.unite([wrong])
    with pytest.raises(UsageError, match=r"sources\.yaml"):
        province.publish()


def test_one_publisher_is_listed_once(places: dict[str, Place]) -> None:
    province = places["province"]
    province.unite([entry("甲区", "a.zip"), entry("甲区", "b.zip")])
    with pytest.raises(UsageError):
        province.publish()


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_package_in_the_inbox_that_nobody_listed_is_a_finding_and_is_not_read(
    places: dict[str, Place], form: str
) -> None:
    province = places["province"]
    if form == "zip":
        shutil.copy(places["甲区"].zip, province.inbox / "甲.zip")
    else:
        shutil.copytree(places["甲区"].current, province.inbox / "甲")
    province.unite([entry("乙区", places["乙区"].zip)])
    assert ids(province.publish()) == ids(places["乙区"].current)
    assert "package-not-listed" in province.rules()


def test_a_package_listed_in_the_inbox_is_read_once_and_as_a_package(places: dict[str, Place]) -> None:  # fmt: skip
    province = places["province"]
    shutil.copytree(places["甲区"].current, province.inbox / "packages" / "甲")
    shutil.copy(places["甲区"].key, province.inbox / "甲.pem")
    province.unite([entry("甲区", "packages/甲", key="甲.pem")])
    assert ids(province.publish()) == ids(places["甲区"].current)
    assert not {"file-kind", "package-not-listed"} & province.rules()


@pytest.mark.usefixtures("every_engine")
def test_our_own_departments_and_packages_stand_together(united: dict[str, Place]) -> None:
    province = united["province"]
    province.send(penalties(35)[30:])
    release = province.publish()
    assert len(ids(release)) == 35
    rows = rows_of(release / "data" / "districts.csv")
    assert sum(int(r["filings"]) for r in rows if r["publisher"] == "示例区司法局") == 5


def test_a_union_of_made_up_packages_says_that_it_is_made_up(places: dict[str, Place]) -> None:
    release = places["province"].publish()
    assert json.loads((release / "datapackage.json").read_text("utf-8"))["gongshi:sample"]


def test_a_district_laid_out_in_parts_is_united_whole(places: dict[str, Place]) -> None:
    place, province = places["甲区"], places["province"]
    place.words["parts"] = {"by": ["year", "region"], "above_rows": 1}
    place.publish(LATER, downloads=True)
    assert len(list((place.current / "data" / PENALTIES).rglob("*.csv"))) > 1
    province.publish()
    release = province.publish(LATER)
    assert ids(release) >= {
        r[0] for r in query(place.current, "select record_id from penalty_filings")
    }
    place.revoke(gone := sorted(ids(release) - ids(places["乙区"].current) - ids(places["丙区"].current))[0], LATER)  # fmt: skip
    assert gone not in ids(province.publish(LATER))


def test_a_union_laid_out_in_parts_loses_what_a_district_takes_out(
    places: dict[str, Place],
) -> None:
    province = places["province"]
    province.words["parts"] = {"by": ["year"], "above_rows": 1}
    province.publish()
    fresh(places["甲区"], penalties(9))
    release = province.publish(LATER)
    assert query(release, "select count(*) from penalty_filings") == [(29,)]
