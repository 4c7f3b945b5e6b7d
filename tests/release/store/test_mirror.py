"""Inboxes and stores at addresses: the same findings and bytes, and nothing withdrawn in what is shown."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import httpx
import pytest

from pipeline.base import addresses
from pipeline.base.errors import StoreError, UnreadableInput, UsageError
from pipeline.release.package import manifest, store
from pipeline.release.store import mirror
from tests.site.conftest import free_port
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import TODAY as DAY
from tests.support.fixtures.releases import MakeOnce
from tests.support.shop import DOCUMENTS, ROOT, SmallShop, contents, documents, hashes, twin_of

Command = Callable[..., subprocess.CompletedProcess[str]]
FILE = "规范性文件-示例数据.csv"


@pytest.fixture
def memory() -> Iterator[Any]:
    """An object store that lives as long as the test."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


@pytest.fixture(scope="module")
def stores(made_once: MakeOnce) -> Path:
    """Two shops made on threads: `one` has a release, `two` has another with a document more."""

    def make(folder: Path) -> None:
        made = SmallShop(folder / "one")
        made.send(documents(20), FILE)
        with on_threads():
            made.publish(downloads=True)
            again(twin_of(made, folder / "two"), 21)

    return made_once("mirrored", make)


@pytest.fixture
def shop(stores: Path, tmp_path: Path) -> SmallShop:
    """A shop with one release, to do with as a test likes."""
    return standing(stores / "one", tmp_path / "shop")


@pytest.fixture
def two(stores: Path, tmp_path: Path) -> SmallShop:
    """A shop with two releases, the later with a document more."""
    return standing(stores / "two", tmp_path / "shop")


def standing(there: Path, folder: Path) -> SmallShop:
    """A twin in `folder` of the shop in `there`."""
    made = SmallShop(folder)
    made.stand_in(there)
    return twin_of(made, folder)


def again(shop: SmallShop, rows: int) -> Path:
    shop.send(documents(rows), FILE)
    return shop.publish(downloads=True)


def there(address: str) -> dict[str, bytes]:
    """Every file of a mirror."""
    files, root = fsspec.core.url_to_fs(address)
    files.invalidate_cache()
    return {path.removeprefix(root).lstrip("/"): files.cat_file(path) for path in files.find(root)}


def here(site: Path) -> dict[str, bytes]:
    """What a mirror of a store should hold."""
    kept = {
        f"releases/{release.name}/{name}": content
        for release in store.kept(site)
        for name, content in ((p.relative_to(release).as_posix(), p.read_bytes()) for p in release.rglob("*") if p.is_file())
    }  # fmt: skip
    shown = store.current(site)
    assert shown
    return {"current": f"{shown.name}\n".encode(), **kept}


# ---------------------------------------------------------------- inboxes


def _tree(folder: Path) -> Path:
    (folder / "市监局").mkdir(parents=True)
    text = "发文字号,文件名称,制定机关,发布日期\n示政发〔2024〕1号,示例办法,示例区人民政府,2024-01-02\n,缺号,示例区人民政府,2024-13-40\n"
    (folder / "市监局" / FILE).write_text(text, "utf-8")
    (folder / "sources.yaml").write_text(f"- {{match: '市监局/{FILE}', dataset: {DOCUMENTS}}}\n", "utf-8")  # fmt: skip
    return folder


@pytest.mark.usefixtures("every_engine")
def test_an_inbox_at_an_address_gives_the_findings_of_the_same_folder(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    folder = _tree(tmp_path / "inbox")
    packed = tmp_path / "inbox.zip"
    with zipfile.ZipFile(packed, "w") as out:
        for path in folder.rglob("*"):
            out.write(path, path.relative_to(folder))
    told = []
    for number, inbox in enumerate((folder, f"file://{folder}", f"zip://::file://{packed}")):
        private = tmp_path / f"private{number}"
        private.mkdir()
        (private / "key").write_text("ab" * 32)
        done = gongshi("check", inbox, "--private", private, "--today", DAY)
        assert done.returncode == 1, done.stderr
        told.append(((private / "findings.csv").read_bytes(), (private / "run.json").read_bytes()))
        assert not (private / "fetched").exists()
        assert (private / "raw").is_dir()
    assert told[0] == told[1] == told[2]


@pytest.mark.usefixtures("every_engine")
def test_an_inbox_that_is_not_there_ends_with_one_sentence(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    for inbox in (f"zip://::file://{tmp_path}/none.zip", "memory://nothing", "nonsense://x"):
        done = gongshi("check", inbox, "--private", tmp_path / "private")
        assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
        assert not (tmp_path / "private" / "fetched").exists()


@pytest.mark.usefixtures("every_engine")
def test_a_missing_package_is_named_and_no_password_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UnreadableInput, match="s3fs") as told, addresses.inbox("s3://me:secret@bucket/inbox", tmp_path):  # fmt: skip
        pass
    assert "secret" not in str(told.value)
    with pytest.raises(StoreError, match="s3fs"):
        mirror.push(_published(tmp_path), "s3://bucket/site")


def _published(folder: Path) -> Path:
    made = SmallShop(folder / "published")
    made.send(documents(3), FILE)
    made.publish()
    return made.site


@pytest.mark.parametrize("name", ["../../escape.csv", "a/../../escape.csv", "/../escape.csv"])
def test_a_name_that_leads_out_of_the_inbox_is_refused(tmp_path: Path, name: str) -> None:
    packed = tmp_path / "inbox.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr(FILE, "a,b\n1,2\n")
        out.writestr(name, "a,b\n1,2\n")
    with (
        pytest.raises(UnreadableInput),
        addresses.inbox(f"zip://::file://{packed}", tmp_path / "p"),
    ):
        pass
    assert not list(tmp_path.rglob("escape*"))


@pytest.mark.usefixtures("every_engine")
def test_a_link_in_a_folder_named_by_address_is_judged_as_in_any_inbox(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    folder = _tree(tmp_path / "inbox")
    outside = tmp_path / "outside.csv"
    outside.write_text("a,b\n1,2\n")
    (folder / "leads-out.csv").symlink_to(outside)
    gongshi("check", f"file://{folder}", "--private", tmp_path / "private", "--today", DAY)
    assert "leads-out.csv" in (tmp_path / "private" / "findings.csv").read_text("utf-8")
    assert len(list((tmp_path / "private" / "raw").iterdir())) == 1


# ---------------------------------------------------------------- stores: pushed


@pytest.fixture(params=["memory", "file"])
def address(request: pytest.FixtureRequest, memory: Any, tmp_path: Path) -> str:
    return "memory://mirror" if request.param == "memory" else f"file://{tmp_path}/mirror"


def test_a_mirror_holds_every_release_and_nothing_of_the_store_s_own(two: SmallShop, address: str) -> None:  # fmt: skip
    (two.site / ".pending-note").write_text("x")
    mirror.push(two.site, address)
    assert there(address) == here(two.site)


@pytest.mark.usefixtures("every_engine")
def test_what_is_not_kept_any_more_leaves_the_mirror(shop: SmallShop, address: str) -> None:
    mirror.push(shop.site, address)
    shop.words["keep"] = 1
    again(shop, 21)
    mirror.push(shop.site, address)
    assert len(store.kept(shop.site)) == 1
    assert there(address) == here(shop.site)


def test_what_is_withdrawn_leaves_every_release_of_the_mirror(two: SmallShop, address: str) -> None:  # fmt: skip
    mirror.push(two.site, address)
    two.withdraw(documents(5)[4]["文号"], dataset=DOCUMENTS)
    mirror.push(two.site, address)
    assert there(address) == here(two.site)


def test_a_second_push_of_the_same_sends_nothing(shop: SmallShop, memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    mirror.push(shop.site, "memory://mirror")
    monkeypatch.setattr(type(memory), "put_file", _fails)
    monkeypatch.setattr(type(memory), "pipe_file", _fails)
    mirror.push(shop.site, "memory://mirror")


def _fails(*_args: object, **_named: object) -> None:
    raise OSError("the line was cut")


class Cut:
    """Lets so many writes and deletions through, and fails from then on."""

    def __init__(self, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.after = 1_000_000, lambda: None
        for name in ("put_file", "pipe_file", "rm"):
            monkeypatch.setattr(kind, name, self._counted(getattr(kind, name)))

    def _counted(self, honest: Any) -> Any:
        def call(files: Any, *args: Any, **named: Any) -> Any:
            if self.left <= 0:
                raise OSError("the line was cut")
            self.left -= 1
            done = honest(files, *args, **named)
            self.after()
            return done

        return call


def test_a_mirror_never_shows_a_release_that_is_not_whole_or_a_withdrawn_record_twice(
    two: SmallShop, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.push(two.site, "memory://mirror")
    before = store.current(two.site)
    gone = documents(5)[4]["文号"]
    two.withdraw(gone, dataset=DOCUMENTS)
    now = store.current(two.site)
    assert before and now and before.name != now.name
    cut, seen = Cut(type(memory), monkeypatch), list[str]()

    def look() -> None:
        pointer = memory.cat_file("/mirror/current").decode().strip()
        seen.append(pointer)
        files = {n.removeprefix(f"releases/{pointer}/"): c for n, c in there("memory://mirror").items() if f"/{pointer}/" in n}  # fmt: skip
        listed = mirror._listed(files.get(manifest.MANIFEST))
        assert listed.keys() == files.keys() - {manifest.MANIFEST, manifest.SIGNATURE}
        if pointer == now.name:
            assert gone.encode() not in files[f"data/{DOCUMENTS}.csv"]

    cut.after = look
    mirror.push(two.site, "memory://mirror")
    assert seen == sorted(seen, key=lambda name: name == now.name)  # once switched it stays
    assert set(seen) == {before.name, now.name}


@pytest.mark.parametrize("steps", [0, 1, 5, 20, 45])
def test_a_push_cut_short_is_completed_by_the_next(
    two: SmallShop, memory: Any, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    mirror.push(two.site, "memory://mirror")
    two.withdraw(documents(5)[4]["文号"], dataset=DOCUMENTS)
    cut = Cut(type(memory), monkeypatch)
    cut.left = steps
    with pytest.raises(StoreError, match="the line was cut"):
        mirror.push(two.site, "memory://mirror")
    cut.left = 1_000_000
    mirror.push(two.site, "memory://mirror")
    assert there("memory://mirror") == here(two.site)


@pytest.mark.usefixtures("every_engine")
def test_an_older_release_has_no_manifest_while_it_is_changed_and_leaves_the_copies(
    shop: SmallShop, memory: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    older = shop.current.name
    again(shop, 21)
    mirror.push(shop.site, "memory://mirror")
    mirror.pull("memory://mirror", tmp_path)
    shop.withdraw(documents(5)[4]["文号"], dataset=DOCUMENTS)
    now, cut = shop.current.name, Cut(type(memory), monkeypatch)

    def stop() -> None:
        if memory.cat_file("/mirror/current").decode().strip() == now and cut.left > 3:
            cut.left = 3

    cut.after = stop
    with pytest.raises(StoreError):
        mirror.push(shop.site, "memory://mirror")
    assert memory.exists(f"/mirror/releases/{older}/datapackage.json")
    assert not memory.exists(f"/mirror/releases/{older}/manifest.json")
    mirror.pull("memory://mirror", tmp_path)
    assert older not in [release.name for release in store.kept(tmp_path)]


# ---------------------------------------------------------------- stores: pulled


def test_a_pulled_store_is_the_one_that_was_pushed(two: SmallShop, address: str, tmp_path: Path) -> None:  # fmt: skip
    mirror.push(two.site, address)
    assert mirror.pull(address, tmp_path / "copy") == two.current.name
    assert hashes(tmp_path / "copy" / "releases") == hashes(two.site / "releases")
    assert (tmp_path / "copy" / "current").resolve().name == two.current.name


def test_what_is_withdrawn_and_pruned_leaves_a_pulled_store(two: SmallShop, address: str, tmp_path: Path) -> None:  # fmt: skip
    copy, row = tmp_path / "copy", documents(5)[4]
    mirror.push(two.site, address)
    mirror.pull(address, copy)
    two.withdraw(row["文号"], dataset=DOCUMENTS)
    mirror.push(two.site, address)
    mirror.pull(address, copy)
    assert hashes(copy / "releases") == hashes(two.site / "releases")
    titled = [n for n, c in contents(copy).items() if f"{row['文件名称']},".encode() in c]
    assert titled == []


@pytest.mark.usefixtures("every_engine")
def test_a_release_that_is_being_changed_leaves_a_pulled_store(shop: SmallShop, memory: Any, tmp_path: Path) -> None:  # fmt: skip
    first = shop.current.name
    again(shop, 21)
    mirror.push(shop.site, "memory://mirror")
    mirror.pull("memory://mirror", tmp_path)
    memory.rm(f"/mirror/releases/{first}/manifest.json")
    mirror.pull("memory://mirror", tmp_path)
    assert [release.name for release in store.kept(tmp_path)] == [shop.current.name]


@pytest.mark.usefixtures("every_engine")
def test_a_damaged_mirror_changes_nothing_of_what_is_on_show(shop: SmallShop, memory: Any, tmp_path: Path) -> None:  # fmt: skip
    mirror.push(shop.site, "memory://mirror")
    mirror.pull("memory://mirror", tmp_path)
    shown = store.current(tmp_path)
    second = again(shop, 21).name
    mirror.push(shop.site, "memory://mirror")
    memory.pipe_file(f"/mirror/releases/{second}/data/{DOCUMENTS}.csv", b"document_no\nother\n")
    with pytest.raises(StoreError, match=second):
        mirror.pull("memory://mirror", tmp_path)
    assert store.current(tmp_path) == shown


@pytest.mark.parametrize("pointer", [b"../../etc", b"", b"a/b", b"\xff\xfe", b"no-such-release"])
def test_a_pointer_that_leads_nowhere_is_refused(shop: SmallShop, memory: Any, tmp_path: Path, pointer: bytes) -> None:  # fmt: skip
    mirror.push(shop.site, "memory://mirror")
    memory.pipe_file("/mirror/current", pointer)
    with pytest.raises((StoreError, UsageError)):
        mirror.pull("memory://mirror", tmp_path / "copy")
    assert not (tmp_path / "copy" / "current").exists()


def test_a_manifest_whose_names_lead_out_is_refused(shop: SmallShop, memory: Any, tmp_path: Path) -> None:  # fmt: skip
    mirror.push(shop.site, "memory://mirror")
    place = f"/mirror/releases/{shop.current.name}/manifest.json"
    text = memory.cat_file(place).replace(b'"changes.csv"', b'"../../../escape.csv"')
    memory.pipe_file(place, text)
    memory.pipe_file(f"/mirror/releases/{shop.current.name}/../../../escape.csv", b"x")
    with pytest.raises(StoreError):
        mirror.pull("memory://mirror", tmp_path / "copy")
    assert not list(tmp_path.rglob("escape*"))


# ---------------------------------------------------------------- the commands


@pytest.mark.usefixtures("every_engine")
def test_publishing_withdrawing_and_going_back_reach_the_mirror(gongshi: Command, tmp_path: Path) -> None:  # fmt: skip
    inbox, address = _tree(tmp_path / "inbox"), f"local://{tmp_path}/mirror"
    private = tmp_path / "private"
    kept = ("--site", address, "--private", private)
    contract = ("--contract", SmallShop(tmp_path / "shop").contract.folder)
    for text in ("", "示政发〔2024〕9号,又一办法,示例区人民政府,2024-01-05\n"):
        with (inbox / "市监局" / FILE).open("a", encoding="utf-8") as out:
            out.write(text)
        done = gongshi("publish", inbox, *kept, "--today", DAY, *contract)
        assert done.returncode == 0, done.stderr
        assert there(address) == here(private / "site")
    done = gongshi("rollback", *kept)
    assert done.returncode == 0, done.stderr
    assert there(address)["current"] == here(private / "site")["current"]
    done = gongshi("withdraw", DOCUMENTS, "示政发〔2024〕1号", "--reason", "撤销", "--basis", "行政处罚法", *kept)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert there(address) == here(private / "site")
    done = gongshi("verify", "--site", address)
    assert done.returncode == 2 and "Traceback" not in done.stderr


@pytest.mark.usefixtures("every_engine")
def test_a_new_machine_goes_on_from_what_the_mirror_holds(gongshi: Command, tmp_path: Path) -> None:
    inbox, address = _tree(tmp_path / "inbox"), f"local://{tmp_path}/mirror"
    contract = ("--contract", SmallShop(tmp_path / "shop").contract.folder)
    for number in range(2):
        private = tmp_path / f"private{number}"
        private.mkdir()
        (private / "key").write_text("ab" * 32)
        with (inbox / "市监局" / FILE).open("a", encoding="utf-8") as out:
            out.write(f"示政发〔2024〕{number + 5}号,又一办法,示例区人民政府,2024-01-05\n")
        done = gongshi("publish", inbox, "--site", address, "--private", private, "--today", DAY, *contract)  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(store.kept(tmp_path / "private1" / "site")) == 2
    assert there(address) == here(tmp_path / "private1" / "site")


@pytest.mark.usefixtures("every_engine")
def test_a_server_follows_the_mirror_and_keeps_on_when_it_is_away(shop: SmallShop, tmp_path: Path) -> None:  # fmt: skip
    address, port = f"local://{tmp_path}/mirror", free_port()
    mirror.push(shop.site, address)
    code = "from pipeline import cli; cli.FOLLOW_EVERY_S = 0.2; cli.main()"
    command = [sys.executable, "-c", code, "serve", "--site", address, "--copy", str(tmp_path / "copy"), "--port", str(port)]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert _shows(port, shop.current.name)
            (tmp_path / "mirror").rename(tmp_path / "away")
            second = again(shop, 21).name
            assert _shows(port, shop.releases()[0])
            (tmp_path / "away").rename(tmp_path / "mirror")
            mirror.push(shop.site, address)
            assert _shows(port, second)
        finally:
            server.terminate()
            _, said = server.communicate(timeout=30)
    assert "Traceback" not in said


def _shows(port: int, release: str) -> bool:
    """Whether the site comes to show a release within some seconds."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if release in httpx.get(f"http://127.0.0.1:{port}/-/health", timeout=30).text:
                return True
        time.sleep(0.2)
    return False
