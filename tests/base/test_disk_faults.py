"""What a disk or a database on it refuses is recognised, whichever library says so, and told as it is."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import adbc_driver_manager
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adbc_driver_sqlite import dbapi
from xlsxwriter.exceptions import FileCreateError

from pipeline.base import disk_faults
from pipeline.base.disk_faults import Fault, fault_of, sentence
from pipeline.base.errors import StoreError
from pipeline.base.files import naming
from tests.support.full_disk import limited

SITE, PRIVATE = Path("/srv/site"), Path("/srv/private")
LONG = ["x" * 500] * 2_000


def of_system(number: int, *names: str | None) -> OSError:
    first, second = [*names, None, None][:2]
    return OSError(number, os.strerror(number), first, None, second)


def of_duckdb(said: str) -> Exception:
    return duckdb.IOException(f"IO Error: {said}")


def of_adbc(said: str) -> Exception:
    return adbc_driver_manager.OperationalError(said, status_code=10)


FULL, LARGE = os.strerror(errno.ENOSPC), os.strerror(errno.EFBIG)
ERRORS: list[tuple[BaseException, str, str | None]] = [
    (of_system(errno.ENOSPC), "full", None),
    (of_system(errno.ENOSPC, "/srv/site/a"), "full", "/srv/site/a"),
    (of_system(errno.ENOSPC, "/inbox/a", "/srv/site/a"), "full", "/srv/site/a"),  # of a copy
    (of_system(errno.EDQUOT), "quota", None),
    (of_system(errno.EFBIG), "too-large", None),
    (of_system(errno.EROFS, "/srv/site/.lock"), "read-only", "/srv/site/.lock"),
    (of_system(errno.EACCES, "/srv/private"), "no-right", "/srv/private"),
    (of_system(errno.EPERM), "no-right", None),
    (of_system(errno.EMFILE), "open-files", None),
    (of_system(errno.ENOENT, "/srv/gone/a"), "gone", "/srv/gone/a"),
    (of_system(errno.ESTALE), "gone", None),
    (of_system(errno.EIO), "broken", None),
    (of_system(errno.ELOOP, "/srv/site/current"), "loop", "/srv/site/current"),
    (of_system(errno.ENAMETOOLONG), "other", None),
    (OSError("a.zip: b is larger than 4 GB"), "other", None),
    (OSError(errno.ENOSPC, f"Error writing bytes to file. Detail: [errno 28] {FULL}"), "full", None),
    (OSError(errno.EROFS, "Failed to open local file '/srv/site/a'. Detail: [errno 30] Read-only file system"), "read-only", "/srv/site/a"),
    (of_duckdb(f'Cannot open file "/srv/site/a.csv": {os.strerror(errno.EROFS)}'), "read-only", "/srv/site/a.csv"),
    (of_duckdb(f'Could not write file "site/a.csv": {FULL}'), "full", "site/a.csv"),
    (of_duckdb(f'Async write failed for range [offset=1, size=2]: {{"exception_type":"IO","exception_message":"Could not write file \\"/srv/公示/a.csv\\": {FULL}","errno":"28"}}'), "full", "/srv/公示/a.csv"),
    (of_duckdb(f'Could not write file "/srv/private/spill/duckdb_temp_1.tmp": {LARGE}'), "too-large", "/srv/private/spill/duckdb_temp_1.tmp"),
    (of_duckdb(FULL), "full", None),
    (shutil.Error([("/a", "/srv/private/a", f"[Errno 28] {FULL}: '/a' -> '/srv/private/a'")]), "full", "/srv/private/a"),
    (sqlite3.OperationalError("database or disk is full"), "full", None),
    (sqlite3.OperationalError("disk I/O error"), "broken", None),
    (sqlite3.OperationalError("attempt to write a readonly database"), "read-only", None),
    (sqlite3.OperationalError("database is locked"), "busy", None),
    (sqlite3.DatabaseError("database disk image is malformed"), "damaged", None),
    (sqlite3.DatabaseError("file is not a database"), "damaged", None),
    (sqlite3.OperationalError("no such table: a"), "other", None),
    (of_adbc("IO: Failed to step query: database or disk is full"), "full", None),
    (adbc_driver_manager.InternalError("INTERNAL: failed to execute: disk I/O error", status_code=9), "broken", None),
    (FileCreateError(of_system(errno.ENOSPC)), "full", None),
    (FileCreateError(of_system(errno.EACCES, "/srv/private/a.xlsx")), "no-right", "/srv/private/a.xlsx"),
    (duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block"), "memory", None),
    (MemoryError(), "memory", None),
    (BrokenProcessPool("a process was ended"), "ended", None),
]  # fmt: skip


@pytest.mark.parametrize(("error", "cause", "path"), ERRORS, ids=lambda x: str(x)[:60])
def test_an_error_is_known_by_cause_and_path(
    error: BaseException, cause: str, path: str | None
) -> None:
    fault = fault_of(error)
    assert fault is not None
    assert (fault.cause, fault.path) == (cause, Path(path) if path else None)


@pytest.mark.parametrize("error", [ValueError("a"), KeyError("a"), BrokenPipeError(), ConnectionResetError(), duckdb.CatalogException("Catalog Error: no such table"), StoreError("a")])  # fmt: skip
def test_an_error_that_is_not_of_the_disk_is_no_fault(error: BaseException) -> None:
    assert fault_of(error) is None


# ---------------------------------------------------------------- each library, on a real disk


def _python(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"x" * 100_000)


def _arrow(path: Path) -> None:
    pq.write_table(pa.table({"a": [os.urandom(100).hex() for _ in LONG]}), path)


def _duckdb(path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"copy (select repeat('x', 500) from range(2000)) to '{path}' (format csv)")


def _sqlite(path: Path) -> None:
    con = sqlite3.connect(path, isolation_level=None)
    try:
        con.execute("pragma journal_mode = off")
        con.execute("create table t (a)")
        con.execute("begin")
        con.executemany("insert into t values (?)", [(text,) for text in LONG])
        con.execute("commit")
    finally:
        con.close()


def _adbc(path: Path) -> None:
    with dbapi.connect(str(path), autocommit=True) as con, con.cursor() as cursor:
        con.adbc_connection.set_autocommit(False)  # or it is told as "no transaction"
        cursor.adbc_ingest("t", pa.table({"a": LONG}), mode="create")
        con.adbc_connection.commit()


WRITERS = [_python, _arrow, _duckdb, _sqlite, _adbc]


@pytest.mark.parametrize("write", WRITERS)
def test_whoever_writes_a_file_that_may_grow_no_further_the_file_is_named(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "公示[1]"
    with pytest.raises(OSError, match=r"large|I/O") as told, limited(8_192), naming(path):
        write(path)
    assert (told.value.errno, told.value.filename) == (errno.EFBIG, str(path))


@pytest.mark.parametrize("write", WRITERS)
def test_whoever_writes_into_a_folder_that_is_not_there_that_is_told(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "gone" / "a"
    with pytest.raises(OSError, match="No such file") as told, naming(path):
        write(path)
    fault = fault_of(told.value)
    assert fault is not None
    assert (fault.cause, fault.path and fault.path.is_relative_to(path.parent)) == ("gone", True)


def test_an_error_of_another_process_has_its_path_still() -> None:
    error = pickle.loads(pickle.dumps(of_system(errno.ENOSPC, "/srv/site/a")))
    assert fault_of(error) == Fault(errno.ENOSPC, FULL, Path("/srv/site/a"))


# ---------------------------------------------------------------- in words

CAUSES = sorted({cause for _, cause, _ in ERRORS} - {"memory", "ended"})


def told(cause: str, path: Path | None = None, **more: Any) -> str:
    error = next(error for error, each, at in ERRORS if each == cause)
    fault = fault_of(error)
    assert fault is not None
    return sentence(Fault(fault.number, fault.why, path), (SITE, PRIVATE), more.get("spill", SITE))


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("lang", ["zh_CN", "en_GB"])
def test_every_cause_is_one_line_that_names_the_path_and_the_systems_reason(
    cause: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", lang)
    monkeypatch.setattr(disk_faults, "free", lambda folder: 0)
    said = told(cause, SITE / "releases" / "a.db")
    reason = next(fault_of(error).why for error, each, _ in ERRORS if each == cause)  # type: ignore[union-attr]
    assert str(SITE) in said and reason in said
    assert "\n" not in said and "…" not in said


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize(("lang", "words"), [("zh_CN", "磁盘空间"), ("en_GB", "disk's space")])
def test_the_disks_space_is_spoken_of_only_where_it_is_the_disks_space(
    cause: str, lang: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", lang)
    assert (words in told(cause, SITE / "a")) is (cause == "full")


def rooms(monkeypatch: pytest.MonkeyPatch, **left: int) -> None:
    """`site`, `private` and `temporary` have so many bytes left; elsewhere there is room."""
    named = {SITE: "site", PRIVATE: "private", disk_faults.temporary(): "temporary"}
    monkeypatch.setattr(disk_faults, "free", lambda at: left.get(named.get(at, ""), 1 << 40))


@pytest.mark.parametrize(("full", "folder"), [("site", SITE), ("private", PRIVATE), ("temporary", disk_faults.temporary())])  # fmt: skip
def test_of_a_full_disk_that_no_error_names_the_one_is_named_that_is_full(
    full: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms(monkeypatch, **{full: 4096})
    said = told("full")
    assert said.startswith(f"无法写入 {folder}：") and "4.1 KB" in said


def test_where_none_seems_full_the_folder_that_was_written_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rooms(monkeypatch)
    assert str(SITE) in told("full") and str(PRIVATE) not in told("full")


def test_a_full_temporary_folder_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms(monkeypatch, temporary=0)
    assert "TMPDIR" in told("full", disk_faults.temporary() / "tmp1" / "a")


def test_a_temporary_folder_that_cannot_be_written_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_faults.tempfile, "tempdir", str(tmp_path / "gone"))
    why = "No usable temporary directory found in ['/tmp', '/var/tmp']"
    fault = fault_of(FileNotFoundError(errno.ENOENT, why))
    assert fault == Fault(errno.ENOENT, "No usable temporary directory found", tmp_path / "gone")


def test_what_does_not_fit_in_memory_names_the_folder_where_it_is_spilled() -> None:
    error = fault_of(MemoryError("too much"))
    assert error is not None
    assert str(PRIVATE) in sentence(error, (SITE,), PRIVATE)


def test_of_what_vanished_the_outermost_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "site" / "releases" / "a" / "b"
    said = sentence(Fault(errno.ENOENT, "gone", path), (tmp_path / "site",), tmp_path)
    assert said.startswith(f"无法使用 {tmp_path / 'site'}：")


def test_a_right_that_is_missing_is_told_with_whose_the_file_is(tmp_path: Path) -> None:
    fault = Fault(errno.EACCES, os.strerror(errno.EACCES), tmp_path / "a")
    owner = tmp_path.owner()
    assert f"属于用户 {owner}" in sentence(fault, (tmp_path,), tmp_path)
