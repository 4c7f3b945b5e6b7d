"""What we publish is safe as input: every download, put into an inbox, comes back as the same records.

Each dataset that departments send, in each form in which the site gives it out: its CSV, CSV for
Excel, XLSX and JSON Lines, and what the site makes of a table: CSV, CSV for Excel, XLSX, JSON.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from pipeline.site.server.app import application
from tests.support import good_inbox
from tests.support.examples import examples
from tests.support.fixtures.command import Command
from tests.support.fixtures.releases import TODAY, MakeOnce, Published
from tests.support.good_inbox import Part, datasets
from tests.support.one_damage import TEXTS, fits
from tests.support.shop import rows_of

pytestmark = [pytest.mark.slow, pytest.mark.once]

FROM_THE_SITE = {
    "site's CSV": "{}.csv?_stream=on",
    "site's CSV for Excel": "{}.csv?_stream=on&_excel=on",
    "site's XLSX": "{}.xlsx",
    "site's JSON": "{}.json?_shape=array&_size=max",
}
FORMS = ("CSV", "CSV for Excel", "XLSX", "JSON Lines", *FROM_THE_SITE)
#: Where a record came from: of what was read, this is another file.
ORIGIN = ("source_id", "source_row")
#: The record's number is made of a name that the public sees masked: whoever has only that gets another.
NUMBER = "record_id"


def form_of(published: Published, form: str, dataset: str) -> tuple[str, bytes]:
    """A file's ending and content, as a visitor gets it."""
    downloads = published.current / "downloads"
    if form == "CSV":
        return ".csv", (published.current / "data" / f"{dataset}.csv").read_bytes()
    if form == "CSV for Excel":
        return ".csv", gzip.decompress((downloads / f"{dataset}.csv.gz").read_bytes())
    if form == "XLSX":
        return ".xlsx", (downloads / f"{dataset}.xlsx").read_bytes()
    return ".jsonl", gzip.decompress((downloads / f"{dataset}.jsonl.gz").read_bytes())


async def _asked(site: Path, addresses: list[str]) -> list[bytes]:
    app = application(site)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        answers = [await client.get(f"/disclosure/{address}") for address in addresses]
    background = [*app._tasks]  # the first pages are made to their end, the watch has none
    for task in background:
        if "_watch" in repr(task.get_coro()):
            task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    await app._app.close()
    assert [answer.status_code for answer in answers] == [200] * len(addresses)
    return [answer.content for answer in answers]


def take(published: Published, folder: Path) -> None:
    """A folder for each form, with a file of each dataset."""
    names = datasets(published.current / "data")
    asked = [(form, name, address.format(name)) for form, address in FROM_THE_SITE.items() for name in names]  # fmt: skip
    with ThreadPoolExecutor(1) as pool:  # this thread may have a browser's event loop
        found = pool.submit(asyncio.run, _asked(published.site, [a for *_, a in asked])).result()
    for (form, name, address), content in zip(asked, found, strict=True):
        put(folder, form, name + "." + address.partition(".")[2].partition("?")[0], content)
    for form in set(FORMS) - FROM_THE_SITE.keys():
        for name in names:
            ending, content = form_of(published, form, name)
            put(folder, form, name + ending, content)


def put(folder: Path, form: str, name: str, content: bytes) -> None:
    (folder / form).mkdir(parents=True, exist_ok=True)
    (folder / form / name).write_bytes(content)


def counted(data: Path, dataset: str) -> Counter[tuple[tuple[str, str], ...]]:
    """Records, without where they came from."""
    rows = rows_of(data / f"{dataset}.csv")
    return Counter(tuple((k, v) for k, v in row.items() if k not in (*ORIGIN, NUMBER)) for row in rows)  # fmt: skip


def publish(gongshi: Command, inbox: Path, folder: Path, key: Path, *more: str) -> Published:
    (folder / "private").mkdir(parents=True, exist_ok=True)
    shutil.copy(key, folder / "private" / "key")
    done = gongshi("publish", inbox, "--site", folder / "site", "--private", folder / "private", "--today", TODAY, *more)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Published(folder / "site", folder / "private")


def same(was: Published, now: Published, times: int = 1) -> None:
    """Every record is as it was, and every row of `times` files was read as one of them."""
    for name in datasets(was.current / "data"):
        before, after = counted(was.current / "data", name), counted(now.current / "data", name)
        assert (name, before - after, after - before) == (name, Counter(), Counter())
    tallies = json.loads((now.private / "run.json").read_text("utf-8"))["inputs"]
    wrong = {
        row["file"]: row for row in tallies if row["accepted"] + row["repeated"] != row["read"]
    }
    assert wrong == {}
    assert len(tallies) == times * len(datasets(was.current / "data"))


def odd_rows(data: Path, rng: random.Random) -> list[Part]:
    """The good inbox with an odd text in one cell of every row; of the small datasets, of none."""
    made = []
    for part in good_inbox.parts(data):
        free = [n for n, name in enumerate(part.fields) if good_inbox.schema(part.dataset)[name]["gongshi:kind"] == "text"]  # fmt: skip
        grid = [list(row) for row in part.grid]
        for row in grid[1:] if len(grid) > 5 else ():
            text = rng.choice([text for text in TEXTS if fits(part.kind, text)])
            row[rng.choice(free)] = text
        made.append(replace(part, grid=tuple(map(tuple, grid))))
    return made


@pytest.mark.once  # the test below reads the sample's forms on Dask too
def test_odd_texts_of_every_dataset_come_back_from_every_form(
    every_engine: int, gongshi: Command, published: Published, tmp_path: Path
) -> None:
    """All forms lie in one inbox: each record is there so many times, and differs from none."""
    rng, key = random.Random(19), published.private / "key"
    for number in range(examples(1, 6)):
        folder = tmp_path / str(number)
        good_inbox.write(folder / "inbox", odd_rows(published.current / "data", rng))
        was = publish(gongshi, folder / "inbox", folder / "was", key)
        take(was, folder / "taken")
        now = publish(gongshi, folder / "taken", folder / "now", key, "--no-downloads")
        same(was, now, len(FORMS))


@pytest.fixture(scope="session")
def taken(published: Published, made_once: MakeOnce) -> Path:
    return made_once("taken", lambda folder: take(published, folder))


@pytest.mark.parametrize("form", FORMS[: examples(1, len(FORMS))])
def test_the_sample_comes_back_as_it_was(
    every_engine: int, gongshi: Command, published: Published, taken: Path, tmp_path: Path, form: str
) -> None:  # fmt: skip
    same(published, publish(gongshi, taken / form, tmp_path, published.private / "key", "--no-downloads"))  # fmt: skip
