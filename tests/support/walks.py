"""All commands one after the other, in a folder of any name, with paths as seen from elsewhere."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import httpx
import yaml

from pipeline import cli
from pipeline.site.server.app import application
from tests.support import filekinds
from tests.support.shop import DOCUMENTS, ROOT, SmallShop, documents, rows_of

ROWS, CHANGED = 9, 3
TAKEN = "示政发〔2024〕3号"
DAYS = ("2025-03-31", "2025-04-01", "2025-04-02")
PAGES = ("/", f"/disclosure/{DOCUMENTS}?_search=办法", f"/disclosure/{DOCUMENTS}.csv?_stream=1", "/datapackage.json")  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What a command has said, and the code that it ended with."""

    code: int
    out: str
    err: str


def gongshi(*arguments: object) -> Done:
    """The command in this process; what it does not expect comes through as it is."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), mock.patch.object(sys, "argv", ["gongshi", *map(str, arguments)]):  # fmt: skip
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            gc.unfreeze()  # what the command has frozen: DuckDB reports what is left at exit
    return Done(code, out.getvalue(), err.getvalue())


@dataclass
class Walk:
    """An inbox of a CSV, an XLSX and an XLS of three documents each, in `folder`.

    `shown`: how a path is given to the command. `large`: with downloads, and documents laid out by
    year as a large dataset is.
    """

    folder: Path
    shown: Callable[[Path], str]
    large: bool = False
    done: dict[str, Done] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)  # of the release on show, by step
    pages: list[int] = field(default_factory=list)  # codes of what the site answers to `PAGES`

    def __post_init__(self) -> None:
        self.shop = SmallShop(self.folder)
        head, *rows = [list(documents(ROWS)[0]), *(list(row.values()) for row in documents(ROWS))]
        filekinds.separated("utf-8")(self.shop.inbox / "a", [head, *rows[:3]])
        filekinds.xls(self.shop.inbox / "b", [head, *rows[3:6]])
        filekinds.xlsx(self.shop.inbox / "c", [head, *rows[6:]])
        words = yaml.safe_load((ROOT / "metadata.yml").read_text("utf-8"))
        words |= {"parts": {"by": ["year"], "above_rows": 2}} if self.large else {}
        (self.contract.parent / "metadata.yml").write_text(yaml.safe_dump(words), "utf-8")

    @property
    def contract(self) -> Path:
        return self.folder / "contract" / "datapackage"

    def options(self, *names: str) -> list[str]:
        """Options that name folders, in the form in which they are given here."""
        folders = {"site": self.shop.site, "private": self.shop.private, "contract": self.contract}
        return [part for name in names for part in (f"--{name}", self.shown(folders[name]))]

    def step(self, name: str, *arguments: str) -> None:
        self.done[name] = gongshi(*arguments)
        files = sorted((self.shop.site / "current" / "data").glob(f"{DOCUMENTS}*"))
        found = [path for file in files for path in (file.rglob("*.csv") if file.is_dir() else [file])]  # fmt: skip
        self.rows[name] = sum(len(rows_of(path)) for path in found)

    def all_commands(self) -> None:
        inbox, where = self.shown(self.shop.inbox), self.options("site", "private")
        read = [*self.options("private", "contract"), "--today"]
        self.step("check", "check", *read, DAYS[0], "--", inbox)
        size = "--downloads" if self.large else "--no-downloads"
        publish = ("publish", size, *self.options("site"), *read)
        self.step("publish", *publish, DAYS[0], "--", inbox)
        self.shop.send([row | {"文件名称": "示例办法之新"} for row in documents(CHANGED)], "a.csv")
        self.step("publish again", *publish, DAYS[1], "--", inbox)
        self.pages = asyncio.run(self._served())
        self.step("diff", "diff", *self.shop.releases(), *self.options("site"))
        self.step("verify", "verify", *self.options("site"))
        why = ["--reason", "复议撤销", "--basis", "行政处罚法第四十八条", "--today", DAYS[2]]
        self.step("withdraw", "withdraw", DOCUMENTS, TAKEN, *why, *where)
        self.step("verify again", "verify", *self.options("site"))
        self.step("rollback", "rollback", *where)

    @property
    def wrong(self) -> list[str]:
        """The steps that did not do what they should, each with what it said."""
        rows = {"publish": ROWS, "publish again": ROWS, "withdraw": ROWS - 1, "rollback": ROWS - 1}
        bad = [f"{name}: {done}" for name, done in self.done.items() if done.code or self.rows[name] != rows.get(name, self.rows[name])]  # fmt: skip
        if self.done["diff"].out.count("〔2024〕") != CHANGED:
            bad.append(f"diff: {self.done['diff'].out}")
        return bad if self.pages == [200] * len(PAGES) else [*bad, f"serve: {self.pages}"]

    async def _served(self) -> list[int]:
        app = application(Path(self.shown(self.shop.site)))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            codes = [(await client.get(page)).status_code for page in PAGES]
        background = [*app._tasks]  # the first pages are made to their end, the watch has none
        for task in background:
            if "_watch" in repr(task.get_coro()):
                task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await app._app.close()
        return codes


def from_elsewhere(folder: Path) -> Callable[[Path], str]:
    """Paths as they are relative to `folder`, whose process runs there."""
    return lambda path: os.path.relpath(path, folder)
