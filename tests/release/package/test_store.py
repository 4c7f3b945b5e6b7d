"""The store survives what happens to disks and machines: kills, full disks, two writers, odd clocks."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from copy import copy
from datetime import date
from pathlib import Path

import pytest

from pipeline.base.errors import StoreError
from pipeline.base.files import locked
from pipeline.release.package import manifest, store
from pipeline.release.removal import withdraw
from pipeline.release.store import verify
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import MakeOnce
from tests.support.full_disk import full, limited
from tests.support.shop import DOCUMENTS, SmallShop, documents, hashes, rows_of, twin_of

KILLS = int(os.environ.get("GONGSHI_KILLS", "50"))  # of each verb
ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop(every_engine: int, tmp_path: Path) -> SmallShop:
    """A shop that has published nothing yet."""
    made = SmallShop(tmp_path)
    made.send(documents(20))
    return made


@pytest.fixture(scope="module")
def stores(made_once: MakeOnce) -> Path:
    """Two shops made on threads: `one` has a release, `two` has another with a document more."""

    def make(folder: Path) -> None:
        shop = SmallShop(folder / "one")
        shop.send(documents(20))
        with on_threads():
            shop.publish()
            shop = twin_of(shop, folder / "two")
            shop.send(documents(21))
            shop.publish()

    return made_once("stores", make)


def standing(folder: Path, stores: Path, name: str) -> SmallShop:
    """A twin in `folder` of a shop of `stores`."""
    shop = SmallShop(folder)
    there = copy(shop)
    there.stand_in(stores / name)
    return twin_of(there, folder)


@pytest.fixture
def kept(every_engine: int, stores: Path, tmp_path: Path) -> SmallShop:
    """A shop with one release, to do with as a test likes."""
    return standing(tmp_path, stores, "one")


@pytest.fixture
def two(every_engine: int, stores: Path, tmp_path: Path) -> SmallShop:
    """A shop with two."""
    return standing(tmp_path, stores, "two")


# ---------------------------------------------------------------- killed


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["publish", "withdraw"])
def test_killed_at_any_instant_current_is_whole_and_the_next_run_completes(verb: str, tmp_path: Path) -> None:  # fmt: skip
    chance = random.Random(verb)
    ways = [str(chance.randrange(1, 10_000)) for _ in range(KILLS * 4 // 5)]
    ways += [f"{chance.random():.3f}" for _ in range(KILLS - len(ways))]
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.store_trials", tmp_path, verb, *ways],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    *trials, last = map(json.loads, done.stdout.splitlines())
    assert [t for t in trials if t["wrong"]] == []
    assert sum(t["died"] for t in trials) >= KILLS * 0.8
    assert {t["switched"] for t in trials} == {True, False}
    assert last["threads"] == 1


# ---------------------------------------------------------------- the disk


def run_in_child(folder: Path, setup: str) -> subprocess.CompletedProcess[str]:
    """Publish the small shop in `folder`, in a process of its own after the statements `setup`."""
    code = (
        "import importlib.readers, sys, os\n"  # which another user may be unable to read
        "from pathlib import Path\n"
        "from tests.support.shop import SmallShop\n"
        "from pipeline.base.errors import GongshiError\n"
        "shop = SmallShop(Path(sys.argv[1]))\n"
        f"{setup}\n"
        "try:\n"
        "    shop.publish()\n"
        "except GongshiError as error:\n"
        "    print(error)\n    sys.exit(error.exit_code)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["publish", "withdraw"])
@pytest.mark.parametrize("most", [0, 700, 6_000, 30_000, 90_000])
@pytest.mark.usefixtures("capsys")  # what is printed goes to no file
@pytest.mark.once  # the bound is this process's
def test_a_file_that_may_grow_no_further_is_said_so_and_current_stays(kept: SmallShop, most: int, verb: str) -> None:  # fmt: skip
    before = hashes(kept.current)
    kept.send(documents(21))
    # It fails as on a full disk, at whatever write comes first, in whichever library.
    with limited(most), pytest.raises(StoreError, match="无法写入") as told:
        act(kept, verb)
    assert told.value.exit_code == 5
    assert "ulimit -f" in str(told.value) and "磁盘空间" not in str(told.value)
    assert hashes(kept.current) == before
    kept.publish()
    assert len(rows_of(kept.current / "data" / f"{DOCUMENTS}.csv")) in (20, 21)


def act(shop: SmallShop, verb: str) -> None:
    if verb == "withdraw":
        shop.withdraw(documents(4)[3]["文号"], dataset=DOCUMENTS)
    else:
        shop.publish()


@pytest.mark.parametrize("verb", ["publish", "withdraw"])
@pytest.mark.parametrize("room", [0, 9_000, 30_000])
def test_a_full_site_is_said_to_be_the_site_and_the_next_run_completes(kept: SmallShop, room: int, verb: str) -> None:  # fmt: skip
    before = hashes(kept.current)
    kept.send(documents(21))
    with full(kept.site, room), pytest.raises(StoreError, match=f"无法写入 {kept.site}/") as told:
        act(kept, verb)
    assert f"{kept.site} 所在的磁盘已满" in str(told.value)
    assert str(kept.private) not in str(told.value)
    assert hashes(kept.current) == before and not (kept.site / ".making").exists()
    act(kept, verb)
    assert verify.release(kept.site, "", None).problems == ()


@pytest.mark.parametrize("verb", ["publish", "withdraw"])
@pytest.mark.parametrize("room", [0, 3_000])
def test_a_full_private_folder_is_said_to_be_that(kept: SmallShop, room: int, verb: str) -> None:
    before = hashes(kept.current)
    kept.send(documents(21))
    with (
        full(kept.private, room),
        pytest.raises(StoreError, match=f"无法写入 {kept.private}") as told,
    ):
        act(kept, verb)
    assert f"{kept.private} 所在的磁盘已满" in str(told.value)
    assert str(kept.site) not in str(told.value)
    assert hashes(kept.current) == before


def test_a_quota_that_is_used_up_is_no_full_disk(shop: SmallShop) -> None:
    with full(shop.site, number=errno.EDQUOT), pytest.raises(StoreError, match="配额") as told:
        shop.publish()
    assert str(shop.site) in str(told.value) and "磁盘空间" not in str(told.value)


def test_without_room_for_corrections_the_old_release_stays(kept: SmallShop) -> None:
    before = hashes(kept.current)
    rows = documents(20)
    rows[5]["文件名称"] = "别的办法"
    kept.send(rows)
    place = kept.private / "corrections"
    with full(place), pytest.raises(StoreError, match=f"无法写入 {place}"):
        kept.publish()
    assert hashes(kept.current) == before
    assert len(rows_of(place / f"{kept.publish().name}.csv")) == 1


def test_a_private_folder_of_somebody_else_is_said_to_be_so(
    shop: SmallShop, tmp_path: Path
) -> None:
    shop.private.chmod(0)
    for path in [tmp_path, *tmp_path.parents][:4]:
        path.chmod(path.stat().st_mode | 0o055)
    # Another user may not be able to read where Python is installed: all is loaded before.
    loaded = "from pipeline.base import words; words.rules(); import importlib.readers"
    done = run_in_child(tmp_path, f"{loaded}; os.getuid() or os.setuid(65534)")
    shop.private.chmod(0o700)
    assert done.returncode == 5, done.stdout + done.stderr[-800:]
    assert f"属于用户 {shop.private.owner()}" in done.stdout and str(shop.private) in done.stdout


def test_a_read_only_store_is_said_so(kept: SmallShop, tmp_path: Path) -> None:
    before = hashes(kept.current)
    kept.send(documents(21))
    kept.site.chmod(0o555)
    (kept.site / "releases").chmod(0o555)
    try:
        setup = "os.getuid() or os.setuid(65534)"  # the superuser may write anywhere
        for path in [tmp_path, *tmp_path.parents][:4]:
            path.chmod(path.stat().st_mode | 0o055)
        if os.getuid() == 0:
            for path in [kept.private, *kept.private.rglob("*")]:
                os.chown(path, 65534, 65534)
        done = run_in_child(tmp_path, setup)
    finally:
        kept.site.chmod(0o755)
        (kept.site / "releases").chmod(0o755)
    assert done.returncode == 5, done.stdout + done.stderr[-800:]
    assert "无法写入" in done.stdout
    assert hashes(kept.current) == before


def test_a_site_that_is_a_file_is_said_so(shop: SmallShop) -> None:
    shop.site.write_text("not a folder")
    with pytest.raises(StoreError, match="无法写入"):
        shop.publish()


@pytest.mark.usefixtures("every_engine")
def test_a_store_on_another_file_system_than_the_working_folder_serves(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    shop = SmallShop(tmp_path)
    shop.send(documents(20))
    shop.site = memory / f"gongshi-{os.getpid()}" / "site"
    try:
        shop.publish()
        shop.withdraw(documents(4)[3]["文号"], dataset=DOCUMENTS)
        assert verify.release(shop.site, "", None).problems == ()
    finally:
        shutil.rmtree(shop.site.parent)


# ---------------------------------------------------------------- two at once


def test_a_second_publisher_is_told_that_the_store_is_busy(kept: SmallShop) -> None:
    with locked(kept.site), pytest.raises(StoreError, match="正在使用"):
        kept.publish()
    with locked(kept.private), pytest.raises(StoreError, match="正在使用"):
        kept.withdraw(documents(4)[3]["文号"], dataset=DOCUMENTS)


def test_two_publishers_at_once_leave_one_whole_release(shop: SmallShop, tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tests.support.shop import SmallShop\ntry:\n    SmallShop(Path(sys.argv[1])).publish()\nexcept Exception as e:\n    print(e); sys.exit(getattr(e, 'exit_code', 9))"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for _ in range(2)
    ]  # fmt: skip
    codes = sorted(p.wait() for p in both)
    for p in both:
        assert p.stdout
        p.stdout.close()
    assert codes in ([0, 0], [0, 5])
    assert len(shop.releases()) == 1
    assert verify.release(shop.site, "", None).problems == ()


def test_a_lock_is_freed_when_its_owner_is_killed(shop: SmallShop) -> None:
    shop.site.mkdir()
    code = "import sys, time; from pathlib import Path; from pipeline.release.package import store\nwith store.writing(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    owner = subprocess.Popen([sys.executable, "-c", code, shop.site], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert owner.stdout
    owner.stdout.readline()
    with pytest.raises(StoreError):
        shop.publish()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    shop.publish()


# ---------------------------------------------------------------- time, damage, room


def test_releases_keep_their_order_when_the_clock_of_the_machine_goes_backwards(kept: SmallShop) -> None:  # fmt: skip
    made = [kept.current]
    for more in (1, 2):
        kept.send(documents(20 + more))
        made.append(kept.publish())
        os.utime(made[-1], (more, more))  # 1970
    assert kept.releases() == [folder.name for folder in made]
    store.prune(kept.site, 2)
    assert kept.releases() == [folder.name for folder in made[1:]]


@pytest.mark.usefixtures("every_engine")
def test_only_the_last_releases_are_kept(tmp_path: Path) -> None:
    shop = SmallShop(tmp_path, keep=2)
    for rows in (20, 21, 22):
        shop.send(documents(rows))
        shop.publish()
    assert len(shop.releases()) == 2
    assert manifest.number(shop.current) == 3
    assert [link["release"] for link in manifest.read(shop.current)["chain"]][
        -1
    ] == shop.releases()[0]


DAMAGES = ["manifest.json", "metadata.json", "disclosure.db", "datapackage.json", "data"]


def hurt(release: Path, damage: str) -> None:
    path = release / damage
    shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"broken")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_release_leaves_the_site_and_is_kept_in_private(two: SmallShop, damage: str) -> None:  # fmt: skip
    first = store.kept(two.site)[0]
    hurt(first, damage)
    two.send(documents(22))
    two.publish()
    assert verify.release(two.site, "", None).problems == ()
    assert first.name not in two.releases()
    assert (two.private / "damaged" / first.name).is_dir()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_current_is_named_and_going_back_is_the_way_out(two: SmallShop, damage: str) -> None:  # fmt: skip
    first, second = store.kept(two.site)
    hurt(second, damage)
    with pytest.raises(StoreError, match=second.name):
        two.publish()
    with pytest.raises(StoreError, match=second.name):
        two.withdraw(documents(4)[3]["文号"], dataset=DOCUMENTS)
    assert withdraw.rollback(two.site, first.name) == first.name
    two.publish()
    assert verify.release(two.site, "", None).problems == ()


def test_a_broken_link_is_no_current(shop: SmallShop) -> None:
    shop.site.mkdir()
    (shop.site / "current").symlink_to("releases/nowhere")
    assert store.current(shop.site) is None
    assert shop.publish(date(2025, 4, 1)) == shop.current


def test_what_was_leaving_comes_back_when_nothing_took_its_place(kept: SmallShop) -> None:
    release = kept.current
    (kept.site / ".leaving").mkdir()
    release.rename(kept.site / ".leaving" / release.name)
    with store.writing(kept.site):
        assert release.is_dir()


def test_a_rollback_is_one_rename(two: SmallShop) -> None:
    first = store.kept(two.site)[0]
    assert withdraw.rollback(two.site, "") == first.name == two.current.name
