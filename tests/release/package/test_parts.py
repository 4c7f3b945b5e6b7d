"""Large datasets in parts by year and division: the same records, in more files, and none left behind."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import signal
import sqlite3
import threading
import time
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import distributed
import duckdb
import httpx
import pandas as pd
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from frictionless import Package, system

from pipeline import run
from pipeline.base.engine import LOCAL, Engine, Unseen
from pipeline.base.errors import GateRefused, StoreError, Unaccounted, UsageError
from pipeline.checks.results.parquet import Home, made_home
from pipeline.contract.catalog import published_columns
from pipeline.flow import dask_engine
from pipeline.release.data import part_files
from pipeline.release.database import database, part_databases
from pipeline.release.downloads import downloads
from pipeline.release.gate import exit_guard
from pipeline.release.package import manifest, package, parts, record_changes, store
from pipeline.release.store import diff_report, verify
from pipeline.site.server.serve import serve
from tests.site.conftest import served
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import MakeOnce
from tests.support.shop import (
    DOCUMENTS,
    PENALTIES,
    TODAY,
    PenaltyShop,
    SmallShop,
    contents,
    documents,
    hashes,
    penalties,
    query,
    rows_of,
    twin_of,
)  # fmt: skip

BOTH = {"by": ["year", "region"], "above_rows": 10}
#: Places of the hostile inbox: nothing of what a cell says may lead out of the release.
HOSTILE = ("411503", "", "../../../escape", "a/b", "..", "c:\\d", "%2E%2E", "*?['", "示例区")


class Divided(SmallShop):
    """A shop whose contract takes any text for a division, and no date for a document."""

    def alter(self, contract: Path) -> None:
        super().alter(contract)
        path = contract / f"{DOCUMENTS}.yaml"
        text = path.read_text("utf-8")
        text = text.replace(
            "gongshi:kind: choice\n      gongshi:codes: divisions", "gongshi:kind: text"
        )
        path.write_text(text, "utf-8")


def spread(rows: int) -> list[dict[str, str]]:
    """Documents of three years, one of them unknown, and of every hostile division."""
    made = documents(rows)
    for n, row in enumerate(made):
        row["行政区划代码"] = HOSTILE[n % len(HOSTILE)]
        row["发布日期"] = ("2023-05-06", "2024-05-06", "")[n // 9 % 3]
    return made


def many(folder: Path) -> Divided:
    """A shop that has published nothing yet, of a table that is laid out in parts."""
    made = Divided(folder / "shop")
    made.words["parts"] = dict(BOTH)
    made.send(spread(40))
    return made


@pytest.fixture
def shop(every_engine: int, tmp_path: Path) -> Divided:
    return many(tmp_path)


@pytest.fixture(scope="module")
def released(made_once: MakeOnce, tmp_path_factory: pytest.TempPathFactory) -> Divided:
    """One that has published, downloads too, for tests that only read what it published.

    On threads: below it is proven that any engine writes the same bytes.
    """

    def publish(folder: Path) -> None:
        with on_threads():
            many(folder).publish(downloads=True)

    made = many(tmp_path_factory.mktemp("released"))
    made.stand_in(made_once("in-parts", publish) / "shop")
    return made


@pytest.fixture
def twin(released: Divided, tmp_path: Path) -> Divided:
    """The same in a place of its own, for a test that changes it."""
    return twin_of(released, tmp_path / "twin")


@pytest.fixture
def stocked(every_engine: int, twin: Divided) -> Divided:
    """The same, for a test that publishes again or withdraws."""
    return twin


@pytest.fixture(scope="module")
def whole(made_once: MakeOnce) -> Path:
    """The release of the same records without the setting, downloads too."""

    def publish(folder: Path) -> None:
        made = many(folder)
        del made.words["parts"]
        with on_threads():
            made.publish(downloads=True)

    return made_once("not-in-parts", publish) / "shop" / "site" / "current"


def resource(release: Path, name: str = DOCUMENTS) -> dict[str, Any]:
    described = json.loads((release / "datapackage.json").read_text("utf-8"))
    return next(r for r in described["resources"] if r["name"] == name)


def records(release: Path) -> set[tuple[str, ...]]:
    files = package.data_files(release, DOCUMENTS)
    return {tuple(row.values()) for row in package.csv_dicts(files)}


# ---------------------------------------------------------------- what is published


def test_a_dataset_in_parts_holds_the_records_of_the_one_that_is_whole(released: Divided, whole: Path) -> None:  # fmt: skip
    divided = released.current
    assert records(divided) == records(whole)
    assert len(package.data_files(divided, DOCUMENTS)) == 27
    assert query(divided, f"select count(*) from {DOCUMENTS}") == [(40,)]


def test_without_the_setting_everything_stays_in_one_file(whole: Path) -> None:
    assert resource(whole)["path"] == f"data/{DOCUMENTS}.csv"
    assert (whole / "downloads" / f"{DOCUMENTS}.parquet").is_file()
    assert not list(whole.rglob("*=*"))


def test_a_dataset_is_whole_up_to_the_bound(shop: Divided) -> None:
    shop.words["parts"]["above_rows"] = 40
    assert resource(shop.publish())["path"] == f"data/{DOCUMENTS}.csv"


def test_what_the_pipeline_makes_itself_stays_whole(shop: Divided) -> None:
    shop.words["parts"]["above_rows"] = 0
    release = shop.publish()
    described = json.loads((release / "datapackage.json").read_text("utf-8"))
    assert parts.of_release(described).keys() == {DOCUMENTS}


def test_every_part_stands_where_its_rows_say(released: Divided) -> None:
    release = released.current
    for path in package.data_files(release, DOCUMENTS):
        year, region, name = path.relative_to(release / "data" / DOCUMENTS).parts
        rows = rows_of(path)
        assert rows and name == "part-0.csv"
        assert {f"year={r['publish_date'][:4] or parts.BLANK}" for r in rows} == {year}
        assert len({r["region_code"] for r in rows}) == 1, region


def test_no_value_leads_out_of_its_folder(released: Divided) -> None:
    release = released.current
    names = {p.relative_to(release).as_posix() for p in release.rglob("*=*")}
    assert {n.rpartition("region=")[2] for n in names if n.count("region=") and "/part-0" not in n} == {
        *("411503", parts.BLANK, "%2E%2E%2F%2E%2E%2F%2E%2E%2Fescape", "a%2Fb", "%2E%2E", "c%3A%5Cd"),
        *("%252E%252E", "%2A%3F%5B%27", "%E7%A4%BA%E4%BE%8B%E5%8C%BA"),
    }  # fmt: skip
    assert not list(released.site.parent.rglob("escape*"))
    assert manifest.problems(release) == []


def test_a_division_too_long_for_a_folder_leaves_its_dataset_whole(shop: Divided) -> None:
    rows = spread(40)
    rows[0]["行政区划代码"] = "长" * 60
    shop.send(rows)
    assert resource(shop.publish())["path"] == f"data/{DOCUMENTS}.csv"


@pytest.mark.parametrize("by", [["year"], ["region"], ["region", "year"]])
def test_the_order_of_the_labels_is_the_setting_s(shop: Divided, by: list[str]) -> None:
    shop.words["parts"]["by"] = by
    release = shop.publish()
    first = package.data_files(release, DOCUMENTS)[0].relative_to(release / "data" / DOCUMENTS)
    assert [p.partition("=")[0] for p in first.parts[:-1]] == by


# ---------------------------------------------------------------- what others make of it


def test_frictionless_finds_the_parts_one_valid_table(released: Divided) -> None:
    release = released.current
    with system.use_context(trusted=True):
        report = Package(str(release / "datapackage.json")).validate(limit_errors=1_000_000)
    assert report.valid, report.flatten(["title", "note"])
    [task] = [t for t in report.tasks if t.name == DOCUMENTS]
    assert task.stats["rows"] == 40


def test_frictionless_sees_a_part_that_was_changed(twin: Divided) -> None:
    release = twin.current
    last = package.data_files(release, DOCUMENTS)[-1]
    last.write_text(last.read_text("utf-8").replace("示例办法", "示范办法"), "utf-8")
    with system.use_context(trusted=True):
        report = Package(str(release / "datapackage.json")).validate()
    assert [e.type for t in report.tasks for e in t.errors] == ["hash-count"]


def test_the_gate_reads_the_beginning_of_a_large_dataset_in_parts(shop: Divided, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("pipeline.release.gate.gate.WHOLE_UP_TO", 20)
    monkeypatch.setattr("pipeline.release.gate.gate.SAMPLE", 15)
    shop.publish()
    honest = package.write_csv

    def spoiled(con: Any, source: str, path: Path) -> None:
        honest(con, source, path)
        path.write_text(path.read_text("utf-8").replace("2023-05-06", "2023-02-30"), "utf-8")

    monkeypatch.setattr(package, "write_csv", spoiled)
    monkeypatch.setattr("pipeline.base.row_checksums.compare", lambda *_: None)
    monkeypatch.setattr("pipeline.release.data.differing_rows.refuse", lambda *_: None)
    shop.send(spread(41))
    with pytest.raises(GateRefused, match=r"2023-02-30|type"):
        shop.publish()


def test_duckdb_and_arrow_read_the_parquet_files_as_one_table(released: Divided) -> None:
    folder = released.current / "downloads" / DOCUMENTS
    with duckdb.connect() as con:
        found = con.sql(f"select year, region, region_code, publish_date from read_parquet('{folder}/**/*.parquet', hive_partitioning = true)").fetchall()  # fmt: skip
    assert len(found) == 40
    assert all(year == (day.year if day else None) for year, _, _, day in found)
    assert all(region == code for _, region, code, _ in found)
    table = pyarrow.dataset.dataset(folder, partitioning="hive").to_table()
    assert set(table["region"].to_pylist()) == {None, *HOSTILE} - {""}


def test_pandas_reads_them_where_every_record_has_year_and_division(shop: Divided) -> None:
    rows = spread(40)
    for row in rows:
        row["发布日期"], row["行政区划代码"] = row["发布日期"] or "2022-01-02", "411503"
    shop.send(rows)
    folder = shop.publish(downloads=True) / "downloads" / DOCUMENTS
    assert sorted(pd.read_parquet(folder)["year"].unique()) == [2022, 2023, 2024]
    assert len(pd.read_parquet(folder, partitioning=None)) == 40


def test_a_file_alone_has_every_column_of_the_dataset(released: Divided) -> None:
    release = released.current
    names = [field["name"] for field in resource(release)["schema"]["fields"]]
    for path in (release / "downloads" / DOCUMENTS).rglob("*.parquet"):
        assert pq.read_schema(path).names == names
    for path in package.data_files(release, DOCUMENTS):
        with path.open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == names


def test_each_year_has_a_database_with_its_records_and_search(released: Divided) -> None:
    release = released.current
    found = {}
    for path in (release / "downloads").glob("*.db"):
        with closing(sqlite3.connect(path)) as con:
            assert con.execute("pragma integrity_check").fetchone() == ("ok",)
            assert con.execute(f"select count(*) from {DOCUMENTS}_fts where {DOCUMENTS}_fts match 'title: 示例'").fetchone()[0] > 0  # fmt: skip
            found[path.name] = con.execute(f"select count(*) from {DOCUMENTS}").fetchone()[0]
    assert found == {
        "disclosure-year=2023.db": 18,
        "disclosure-year=2024.db": 13,
        f"disclosure-year={parts.BLANK}.db": 9,
    }


def test_the_package_as_one_zip_proves_itself(released: Divided) -> None:
    release = released.current
    [packed] = (release / "downloads").glob("*.zip")
    assert verify.package(packed, None).problems == ()
    assert verify.release(released.site, "", None).problems == ()


def test_two_runs_write_the_same_bytes(released: Divided, shop: Divided) -> None:
    assert hashes(shop.publish(downloads=True)) == hashes(released.current)


def test_files_of_parts_that_did_not_change_are_linked(stocked: Divided) -> None:
    before, rows = stocked.current, spread(40)
    changed = next(row for row in rows if row["发布日期"].startswith("2023"))
    changed["文件名称"] += "（修订）"
    stocked.send(rows)
    after = stocked.publish(downloads=True)
    names = [name for name in hashes(after) if name.startswith("downloads/") and "year=" in name]
    anew = [name for name in names if not (after / name).samefile(before / name)]
    assert sorted(Path(name).suffix for name in anew) == [".db", ".parquet"]
    assert len(names) > 10


# ---------------------------------------------------------------- written wherever the engine says


def by_itself(test: Any) -> Any:
    """Marks a test that spreads the work itself: it runs once, whatever the engine of others."""
    return pytest.mark.once(pytest.mark.usefixtures("every_engine")(test))


@pytest.fixture(scope="module")
def local(released: Divided) -> dict[str, str]:
    """The release of two tables in parts as threads of this process make it."""
    return hashes(released.current)


def spread_over(shop: Divided, engine: Engine) -> dict[str, str]:
    release, _, _ = run.publish(
        run.Job(
            shop.inbox,
            shop.site,
            shop.private,
            shop.contract,
            shop.words,
            TODAY,
            run.Allowed(),
            engine,
        )
    )
    return hashes(shop.site / "releases" / release)


@pytest.fixture
def dask(cluster_here: Any) -> Engine:
    """An engine over workers that are threads of this process, so that a test can change what they see."""
    return dask_engine.Spread(distributed, cluster_here, 3)


@by_itself
@pytest.mark.parametrize("partitions", [1, 2, 3, 7])
def test_parts_are_the_same_to_the_byte_whatever_wrote_them(tmp_path: Path, local: dict[str, str], two_workers: str, partitions: int) -> None:  # fmt: skip
    with dask_engine.engine(two_workers, lambda _: None, partitions) as engine:
        assert spread_over(many(tmp_path), engine) == local


def test_the_database_of_a_part_is_the_same_with_and_without_another_process(released: Divided, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    dataset, rows = released.contract.datasets[DOCUMENTS], tmp_path / "rows.parquet"
    with duckdb.connect() as con:
        files = package.data_files(released.current, DOCUMENTS)
        names = [c.name for c in published_columns(dataset)]
        package.write_rows(con, f"(from {package.csv_rows(files, names)})", rows)
    monkeypatch.setattr(database, "ASIDE_FROM", 10)
    paths = [tmp_path / "beside.db", tmp_path / "alone.db"]
    for path, alone in zip(paths, (False, True), strict=True):
        database.build(path, [dataset], {DOCUMENTS: rows}, alone=alone)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@by_itself
@pytest.mark.parametrize("unseen", [("sorted", "unfinished"), ("sorted",), ("unfinished",)])
def test_what_workers_do_not_see_travels(tmp_path: Path, local: dict[str, str], dask: Engine, monkeypatch: pytest.MonkeyPatch, unseen: tuple[str, ...]) -> None:  # fmt: skip
    """`sorted` is a folder of PRIVATE, `unfinished` one of SITE."""
    honest, asked = Home.is_here, set[str]()

    def is_here(self: Home) -> bool:
        far = "Dask" in threading.current_thread().name and self.folder.name in unseen
        asked.update([self.folder.name] if far else [])
        return honest(self) and not far

    monkeypatch.setattr(Home, "is_here", is_here)
    assert spread_over(many(tmp_path), dask) == local
    assert asked == set(unseen)


def test_a_folder_of_the_same_name_on_another_machine_is_not_taken_for_ours(tmp_path: Path) -> None:  # fmt: skip
    ours = made_home(tmp_path / "sorted")
    (ours.folder / "token").write_text("of another run")
    places = part_files.Places(ours, made_home(tmp_path / "unfinished"), tmp_path / "release")
    item = part_files.Rows("x.csv", parts.Part("", 0, 1), ours.folder / "x.parquet")
    with pytest.raises(Unseen):
        part_files._source(places, item, tmp_path)


@by_itself
@pytest.mark.parametrize("write", ["_csv", "_parquet"])
def test_a_worker_killed_while_it_writes_a_part_leaves_nothing_of_it(tmp_path: Path, local: dict[str, str], two_workers: str, monkeypatch: pytest.MonkeyPatch, write: str) -> None:  # fmt: skip
    monkeypatch.setattr(part_files, write, partial(killed_once, write))
    with dask_engine.engine(two_workers, lambda _: None) as engine:
        assert spread_over(many(tmp_path), engine) == local
    assert (tmp_path / "shop" / "died").exists()


@by_itself
def test_a_worker_killed_while_it_writes_a_database_leaves_nothing_of_it(tmp_path: Path, local: dict[str, str], two_workers: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(part_databases, "_database", partial(killed_once, "_database"))
    with dask_engine.engine(two_workers, lambda _: None) as engine:
        assert spread_over(many(tmp_path), engine) == local
    assert (tmp_path / "shop" / "died").exists()


def killed_once(write: str, places: part_files.Places, about: Any, item: Any) -> part_files.Written:
    """The first worker to come here dies over a file that is half written."""
    module = part_databases if write == "_database" else part_files
    with suppress(FileExistsError):
        (places.release.parents[2] / "died").touch(exist_ok=False)
        with part_files.work_folder(places) as folder:
            (folder / "half").write_text("half a file")
            os.kill(os.getpid(), signal.SIGKILL)
    written: part_files.Written = getattr(module, write)(places, about, item)
    return written


FULL = {
    "csv": (package, "write_csv", duckdb.IOException("IO Error: Could not write file: No space left on device")),
    "parquet": (downloads, "write_parquet", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x")),
    "database": (database, "load", sqlite3.OperationalError("database or disk is full")),
}  # fmt: skip


@by_itself
@pytest.mark.parametrize("engine", ["local", "dask"])
@pytest.mark.parametrize("kind", FULL)
def test_a_part_for_which_there_is_no_room_publishes_nothing(twin: Divided, dask: Engine, monkeypatch: pytest.MonkeyPatch, kind: str, engine: str) -> None:  # fmt: skip
    shop, before = twin, twin.current
    shop.send(spread(41))
    module, name, error = FULL[kind]
    honest = getattr(module, name)

    def full(*given: Any) -> Any:
        at_part = threading.current_thread() is not threading.main_thread()
        if (at_part and any("unfinished" in str(each) for each in given)) or name == "load":
            raise error
        return honest(*given)

    monkeypatch.setattr(module, name, full)
    shop.words["parts"]["combined_up_to_rows"] = 1  # no database but those of parts
    with pytest.raises(
        StoreError, match="写不下结果" if engine == "dask" else "无法写入"
    ) as raised:
        spread_over(shop, dask if engine == "dask" else LOCAL)
    assert raised.value.exit_code == 5
    assert shop.current == before and shop.releases() == [before.name]
    assert not (shop.site / ".making").exists()


def test_a_file_that_is_not_as_its_worker_says_stops_the_run(shop: Divided, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    honest = part_files.deliver

    def cut(places: part_files.Places, name: str, path: Path, *checksum: Any) -> part_files.Written:
        written = honest(places, name, path, *checksum)
        (places.release / name).write_bytes(b"")
        return written

    monkeypatch.setattr(part_files, "deliver", cut)
    with pytest.raises(Unaccounted, match="is not the file"):
        shop.publish()


def test_a_row_lost_in_one_part_is_noticed(shop: Divided, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = part_files.Rows

    def short(name: str, part: parts.Part, file: Path) -> part_files.Rows:
        return honest(name, replace(part, rows=max(part.rows - 1, 1)), file)

    monkeypatch.setattr(part_files, "Rows", short)
    with pytest.raises(Unaccounted, match=f"{DOCUMENTS}.csv"):
        shop.publish()


# ---------------------------------------------------------------- from release to release


def test_another_layout_changes_no_record(stocked: Divided) -> None:
    first = stocked.current
    stocked.words["parts"]["by"] = ["region"]
    second = stocked.publish()
    assert record_changes.read(second / "changes.csv") == []
    assert diff_report.between(first, second) == []


def test_what_is_changed_added_and_removed_is_told_across_layouts(stocked: Divided) -> None:
    first, rows = stocked.current, spread(41)
    rows[5]["文件名称"] = "另一个示例"
    del rows[7], stocked.words["parts"]
    stocked.send(rows)
    second = stocked.publish(removals=True)
    assert {c.verb for c in record_changes.read(second / "changes.csv")} == {
        "changed",
        "added",
        "removed",
    }
    assert {c.verb for c in diff_report.between(second, first)} == {"changed", "added", "removed"}
    [kept] = (stocked.private / "corrections").glob("*.csv")
    assert "示例办法之6" in kept.read_text("utf-8")


@pytest.mark.parametrize("combined", [None, 10])
def test_a_withdrawn_record_leaves_its_part_in_every_artefact(shop: Divided, combined: int | None) -> None:  # fmt: skip
    rows = spread(40)
    rows[20]["文件名称"] = "独有甲乙丙"
    shop.words["parts"]["combined_up_to_rows"] = combined
    shop.send(rows)
    shop.publish(downloads=True)
    shop.send([*rows, *spread(41)[40:]])
    before = shop.publish(downloads=True)
    kept = hashes(before)
    assert traces(shop.site)
    shop.withdraw(rows[20]["文号"], dataset=DOCUMENTS)
    assert traces(shop.site) == []
    for release in store.kept(shop.site):
        assert manifest.problems(release) == []
        with system.use_context(trusted=True):
            assert Package(str(release / "datapackage.json")).validate().valid
    now = hashes(shop.current)
    untouched = "downloads/disclosure-year=2023.db"
    assert now[untouched] == kept[untouched]
    assert now[f"downloads/disclosure-year={parts.BLANK}.db"] != kept[f"downloads/disclosure-year={parts.BLANK}.db"]  # fmt: skip
    assert (shop.current / "disclosure.db").exists() == (combined is None)


def traces(site: Path) -> list[str]:
    wanted = ("独有甲乙丙".encode(), "独有 有甲 甲乙 乙丙".encode(), "独有甲".encode())
    return [name for name, content in contents(site).items() if any(w in content for w in wanted)]


def test_an_amended_release_has_the_files_of_one_that_never_had_the_record(stocked: Divided, tmp_path: Path) -> None:  # fmt: skip
    stocked.withdraw(spread(40)[39]["文号"], dataset=DOCUMENTS)
    other = Divided(tmp_path / "other")
    other.words["parts"] = dict(BOTH)
    other.send(spread(39))
    never, now = hashes(other.publish(downloads=True)), hashes(stocked.current)
    laid = {name for name in never if "=" in name}
    assert len(laid) == 27 + 27 + 3
    assert laid == {name for name in now if "=" in name}
    assert {n for n in laid if now[n] != never[n]} == {"downloads/disclosure-year=2024.db"}
    with closing(sqlite3.connect(stocked.current / "downloads" / "disclosure-year=2024.db")) as con:
        names = {
            name for (name,) in con.execute("select name from sqlite_schema where type = 'index'")
        }
    assert f"{DOCUMENTS}_status" in names  # no index is lost


def test_a_part_whose_last_record_is_withdrawn_is_gone(shop: Divided) -> None:
    rows = spread(40)
    rows[0] |= {"发布日期": "2019-01-02", "行政区划代码": "411599"}
    shop.send(rows)
    assert list(shop.publish(downloads=True).rglob("*year=2019*"))
    shop.withdraw(rows[0]["文号"], dataset=DOCUMENTS)
    assert not list(shop.site.rglob("*year=2019*"))
    assert sum("year=" in path for path in resource(shop.current)["path"]) == 27


def test_a_dataset_that_loses_its_last_record_is_whole_and_empty(shop: Divided) -> None:
    shop.words["parts"]["above_rows"] = 0
    shop.send(spread(1))
    shop.publish(downloads=True)
    shop.withdraw(spread(1)[0]["文号"], dataset=DOCUMENTS)
    assert resource(shop.current)["path"] == f"data/{DOCUMENTS}.csv"
    assert parts.KEY not in resource(shop.current)
    assert not list(shop.site.rglob("*=*"))
    assert manifest.problems(shop.current) == []


def test_a_record_is_found_and_withdrawn_without_the_one_database(shop: Divided) -> None:
    shop.words["parts"]["combined_up_to_rows"] = 10
    shop.publish(downloads=True)
    assert not (shop.current / "disclosure.db").exists()
    shop.withdraw("示例办法之5", dataset=DOCUMENTS)  # by its title, as a clerk names it
    assert len(records(shop.current)) == 39
    with pytest.raises(UsageError):
        shop.withdraw("没有这一个", dataset=DOCUMENTS)
    assert shop.publish(downloads=True) == shop.current  # and what is published again lacks it


@pytest.mark.usefixtures("every_engine")
def test_a_record_s_term_ends_in_a_part_too(tmp_path: Path) -> None:
    left = []
    for words in ({}, {"parts": {"by": ["year"], "above_rows": 10}}):
        penalty_shop = PenaltyShop(tmp_path / f"shop{len(words)}")
        penalty_shop.words |= words
        penalty_shop.send(penalties(40))
        penalty_shop.publish()
        (penalty_shop.inbox / "处罚-示例数据.csv").unlink()
        penalty_shop.send([penalties(41)[40]])
        last = penalty_shop.publish(date(2026, 6, 1), removals=True)
        first = store.kept(penalty_shop.site)[0]
        left.append([len([*package.csv_dicts(package.data_files(r, PENALTIES))]) for r in (first, last)])  # fmt: skip
    assert left[0] == left[1] and left[0][0] < 40


# ---------------------------------------------------------------- the exit guard


def test_the_guard_reads_every_part(twin: Divided) -> None:
    release = twin.current
    exit_guard.check(release, None, list(twin.contract.datasets.values()))
    last = package.data_files(release, DOCUMENTS)[-1]
    last.write_text(last.read_text("utf-8").replace("示例办法", "13800138000 办法", 1), "utf-8")
    with pytest.raises(GateRefused, match=re.escape("part-0.csv")):
        exit_guard.check(release, None, list(twin.contract.datasets.values()))


def test_the_guard_reads_the_database_of_every_year(twin: Divided) -> None:
    release = twin.current
    path = release / "downloads" / "disclosure-year=2024.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute(f"update {DOCUMENTS} set title = '电话 13800138000' where rowid = 1")
        con.commit()
    with pytest.raises(GateRefused, match="year=2024"):
        exit_guard.check(release, None, list(twin.contract.datasets.values()))


# ---------------------------------------------------------------- the setting


@pytest.mark.parametrize(
    "wrong",
    [
        None, [], {}, {"by": ["year"]}, {"by": [], "above_rows": 1}, {"by": "year", "above_rows": 1},
        {"by": ["month"], "above_rows": 1}, {"by": ["year", "year"], "above_rows": 1},
        {"by": ["year"], "above_rows": -1}, {"by": ["year"], "above_rows": True},
        {"by": ["year"], "above_rows": "many"}, {"by": [["year"]], "above_rows": 1},
        {**BOTH, "combined_up_to_rows": "10"}, {**BOTH, "combined": 10},
    ],
)  # fmt: skip
def test_a_setting_that_is_not_as_documented_is_refused_before_anything_is_read(shop: Divided, wrong: object) -> None:  # fmt: skip
    shop.words["parts"] = wrong
    with pytest.raises(UsageError, match="above_rows"):
        shop.publish()
    assert not (shop.private / "raw").exists()


# ---------------------------------------------------------------- the site


def test_the_catalogue_names_every_part_and_database_by_its_address(shop: Divided) -> None:
    shop.words["address"] = "https://example.org"
    release = shop.publish(downloads=True)
    told = json.loads((release / "catalog.jsonld").read_text("utf-8"))
    [dataset] = [d for d in told["dcat:dataset"] if d["dct:identifier"] == DOCUMENTS]
    links = [d["dcat:downloadURL"]["@id"] for d in dataset["dcat:distribution"]]
    assert len(links) == 3 + 27 + 3
    assert (
        f"https://example.org/downloads/{DOCUMENTS}/year=2024/region=a%252Fb/part-0.parquet"
        in links
    )
    assert "https://example.org/downloads/disclosure-year=2024.db" in links


def test_the_site_gives_out_every_part_that_it_lists(twin: Divided) -> None:
    with served(twin.site) as address, httpx.Client(base_url=address, timeout=30) as web:
        page = web.get("/about").text
        links = re.findall(r'href="(/downloads/[^"]+)"', page)
        assert len([link for link in links if "region" in link]) == 27
        assert "示例区 · parquet" in page and "region=../../../escape" in page
        for link in links:
            answer = web.get(link)
            assert answer.status_code == 200, link
        for wrong in ("%2e%2e/datapackage.json", f"{DOCUMENTS}/", f"{DOCUMENTS}/..%2f..%2fmanifest.json", ".hidden"):  # fmt: skip
            assert web.get(f"/downloads/{wrong}").status_code == 404, wrong


def test_serving_a_release_too_large_for_one_database_names_the_setting(shop: Divided) -> None:
    shop.words["parts"]["combined_up_to_rows"] = 10
    shop.publish()
    with pytest.raises(UsageError, match="combined_up_to_rows"):
        serve(shop.site, "127.0.0.1", 0, 1)


def test_a_running_site_shows_no_older_release_in_place_of_one_too_large(stocked: Divided) -> None:
    with served(stocked.site) as address, httpx.Client(base_url=address, timeout=30) as web:
        assert web.get("/").status_code == 200
        stocked.words["parts"]["combined_up_to_rows"] = 10
        stocked.publish()
        assert answers(web, 503)
        del stocked.words["parts"]
        stocked.publish()
        assert answers(web, 200)


def answers(web: httpx.Client, status: int) -> bool:
    """Whether the site comes to answer so within some seconds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if web.get("/").status_code == status:
            return True
        time.sleep(0.1)
    return False
