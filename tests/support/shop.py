"""A small store for tests: an inbox of made-up penalties and documents, published in this process."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterable
from contextlib import closing
from copy import copy, deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.parquet as pq
import yaml

from pipeline import run
from pipeline.base.model import Catalog
from pipeline.checks.rules import RULES
from pipeline.contract import catalog
from pipeline.release.package import store
from pipeline.release.removal import withdraw

ROOT = Path(__file__).parents[2]
TODAY = date(2025, 3, 31)
SECRET = "ab" * 32
MOST = 120
PENALTIES, NUMBER = "penalty_filings", "行政处罚决定书文号"


def penalties(rows: int) -> list[dict[str, str]]:
    """Rows of the 424 layout, all in order (示例数据 / synthetic sample)."""
    return [dict(row) for row in _penalties()[:rows]]


@cache
def _penalties() -> list[dict[str, str]]:
    from bench import make

    table: list[dict[str, str]] = make.penalties(MOST).to_dict("records")
    return table


class Shop:
    """An inbox, a site and a private folder under `folder`."""

    #: The datasets of its contract; none: the project's whole contract.
    few: tuple[str, ...] = ()

    def __init__(self, folder: Path, keep: int = 12) -> None:
        self.stand_in(folder)
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.private.mkdir(parents=True, exist_ok=True)
        (self.private / "key").write_text(SECRET)
        self.contract = self.load(folder)
        self.words = _words() | {"keep": keep}

    def stand_in(self, folder: Path) -> None:
        self.inbox, self.site, self.private = folder / "inbox", folder / "site", folder / "private"

    def load(self, folder: Path) -> Catalog:
        if not self.few:
            return _few(ROOT / "datapackage")
        place = folder / "contract" / "datapackage"
        if not place.exists():
            copy_contract(place, self.few)
            self.alter(place)
        return _few(place)

    def alter(self, contract: Path) -> None:
        """Change what is to be different in a contract of a few datasets."""

    def send(self, rows: list[dict[str, str]], name: str = "处罚-示例数据.csv") -> None:
        """Put `rows` in the inbox as one file."""
        with (self.inbox / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)

    def publish(self, today: date = TODAY, **allowed: bool) -> Path:
        """Publish the inbox, without downloads unless asked; gives the release's folder."""
        allowed = {"downloads": False} | allowed
        job = run.Job(
            self.inbox,
            self.site,
            self.private,
            self.contract,
            self.words,
            today,
            run.Allowed(**allowed),
        )
        release, _, _ = run.publish(job)
        return self.site / "releases" / release

    def withdraw(
        self, *key: str, dataset: str = PENALTIES, today: date = TODAY, **more: str
    ) -> None:
        asked = withdraw.WithdrawalRequest(
            dataset, key, more.get("reason", "复议撤销"), "行政处罚法第四十八条", more.get("ordered", ""), today
        )  # fmt: skip
        withdraw.withdraw(self.site, self.private, asked, bytes.fromhex(SECRET))

    @property
    def current(self) -> Path:
        found = store.current(self.site)
        assert found
        return found

    def releases(self) -> list[str]:
        return [folder.name for folder in store.kept(self.site)]


AnyShop = TypeVar("AnyShop", bound=Shop)


class PenaltyShop(Shop):
    """A shop of penalties, which publishes in a third of the time that the whole contract takes."""

    few: tuple[str, ...] = ("penalty_filings", "authorities", "withdrawals", "changes", "sources", "run_tallies")  # fmt: skip


class WidePenaltyShop(PenaltyShop):
    """One that publishes what is made of penalties as well, and all that is told of their files."""

    few = (*PenaltyShop.few, "timeliness", "header_mappings", "issues", "rules")


class SmallShop(Shop):
    """A shop of few datasets, whose publication takes a fraction of a second."""

    few: tuple[str, ...] = ("normative_documents", "withdrawals", "changes", "sources", "run_tallies")  # fmt: skip

    def alter(self, contract: Path) -> None:
        path = contract / "normative_documents.yaml"
        text = re.sub(r"^gongshi:rules:\n(?:  - .*\n)*", "", path.read_text("utf-8"), flags=re.M)
        path.write_text(text, "utf-8")


def copy_contract(place: Path, datasets: Iterable[str]) -> None:
    """The project's contract, of `datasets` alone."""
    place.mkdir(parents=True)
    shutil.copytree(ROOT / "datapackage" / "codes", place / "codes")
    for name in (*(f"{name}.yaml" for name in datasets), "package.yaml", "profile.json"):
        shutil.copy(ROOT / "datapackage" / name, place / name)


@cache
def _few(folder: Path) -> Catalog:
    return catalog.load(folder, RULES)


def _words() -> dict[str, Any]:
    words: dict[str, Any] = json.loads(_words_read())
    return words


@cache
def _words_read() -> str:
    return json.dumps(yaml.safe_load((ROOT / "metadata.yml").read_text("utf-8")))


DOCUMENTS = "normative_documents"


def documents(rows: int) -> list[dict[str, str]]:
    """Made-up normative documents (示例数据 / synthetic sample)."""
    return [
        {"文号": f"示政发〔2024〕{n}号", "文件名称": f"示例办法之{n}", "制定机关": "示例区人民政府", "发布日期": f"2024-01-{n % 28 + 1:02d}"}
        for n in range(1, rows + 1)
    ]  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def query(release: Path, sql: str, *params: object) -> list[tuple[Any, ...]]:
    path = f"file:{release / 'disclosure.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(path, uri=True)) as con:
        return con.execute(sql, params).fetchall()


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )  # which names the process
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under `folder` as bytes, and what is packed in it unpacked, however deep."""
    found: dict[str, bytes] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        _open(str(path.relative_to(folder)), path.read_bytes(), found)
    return found


def _open(name: str, content: bytes, found: dict[str, bytes]) -> None:
    import gzip

    found[name] = content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for inner in packed.namelist():
                _open(f"{name}!{inner}", packed.read(inner), found)
    elif content.startswith(b"\x1f\x8b"):
        _open(f"{name}!", gzip.decompress(content), found)
    elif name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(content))
        found[f"{name}!"] = repr(table.to_pylist()).encode()
    elif name.endswith(".db"):
        with closing(sqlite3.connect(":memory:")) as con:
            con.deserialize(content)
            found[f"{name}!"] = "\n".join(con.iterdump()).encode()


def copy_of(shop: Shop, folder: Path) -> Shop:
    """The same inbox and key in another folder, with nothing published."""
    other = type(shop)(folder)
    shutil.copytree(shop.inbox, other.inbox, dirs_exist_ok=True)
    return other


def twin_of(shop: AnyShop, folder: Path) -> AnyShop:
    """All of it in another folder; releases that share a file share it there too."""
    other = copy(shop)
    other.words = deepcopy(shop.words)
    other.stand_in(folder)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", shop.inbox, shop.site, shop.private, folder], check=True)
    return other
