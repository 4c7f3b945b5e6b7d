"""Personal values in every text, name and code column of the contract and every kind of file: none gets out."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.base.model import Column, Dataset
from pipeline.base.normalise import by_character
from pipeline.base.row_checksums import RowChecksum
from pipeline.checks.row import privacy
from pipeline.checks.rules import RULES
from pipeline.contract import catalog as contracts
from pipeline.flow import check as checking
from tests.support.disguises import DISGUISES, Planted, planted
from tests.support.filekinds import KINDS
from tests.support.fixtures.command import Command
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import MakeOnce

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CONTRACT = contracts.load(ROOT / "datapackage", RULES)
DATASETS = [d for d in CONTRACT.datasets.values() if not (d.produced or d.query)]
DAY = date(2025, 1, 31)
EACH = 7
PERSONAL = planted(EACH)
#: Big5 holds traditional characters, in which the words beside a value are not read.
WITHOUT_WORDS = [p for name, i in zip(DISGUISES, count()) for p in PERSONAL[i * EACH : (i + 1) * EACH] if name in ("identity", "identity, spaced", "identity, hyphens", "mobile", "mobile, hyphens", "bank card", "e-mail", "plate")]  # fmt: skip


Outcome = tuple[Mapping[str, RowChecksum], dict[str, bytes]]


@dataclass(frozen=True)
class Plant:
    """A row: what stands in which column, in which kind of file."""

    dataset: Dataset
    column: Column
    kind: str
    value: Planted
    number: int


def plants() -> list[Plant]:
    """One row for each column that can hold a free value and each kind of file, all disguises in turn."""
    made, next_number = list[Plant](), count(1001)
    for dataset in DATASETS:
        for column in dataset.published:
            filled = column.kind in privacy.FREE | privacy.CODES and column.name != _hash_of(
                dataset
            )
            for kind in KINDS if filled else ():
                number = next(next_number)
                among = WITHOUT_WORDS if kind == "big5" else PERSONAL
                made.append(Plant(dataset, column, kind, among[number * 8 % len(among)], number))
    return made


def _hash_of(dataset: Dataset) -> str:
    return dataset.primary_key[0] if dataset.identity else ""


def cells(plant: Plant) -> list[str]:
    """A row that is right by the contract's own examples, but for what is planted in it."""
    dataset = plant.dataset
    varied = {
        *dataset.identity,
        *dataset.primary_key,
        *(n for key in dataset.unique_keys for n in key),
    }
    row = {c.name: c.example for c in dataset.published if c.name != _hash_of(dataset)}
    for name in varied & row.keys():
        if dataset.column(name).kind in privacy.FREE | privacy.CODES:
            row[name] = _numbered(row[name], plant.number)
    return list(
        (row | ({plant.column.name: plant.value.text} if plant.value.text else {})).values()
    )


def _numbered(example: str, number: int) -> str:
    made = re.sub(r"(\d{1,5})(?=\D?$)", lambda m: f"{number:0{len(m[0])}}", example)
    return made if made != example else f"{example}{number}"


def _header(column: Column) -> str:
    return f"{column.title.partition('（')[0]}（元）" if column.kind == "money" else column.title


PLANTS = plants()
#: As many rows with nothing in them to hide, or the gate would refuse so bad an inbox.
CLEAN = [replace(p, value=Planted("", "", ""), number=p.number + 4000) for p in PLANTS]


def write_inbox(inbox: Path, kinds: Callable[[int], Collection[str]]) -> None:
    """For each dataset, by its place, a file of each of those kinds; and one with nothing to hide."""
    for place, dataset in enumerate(DATASETS):
        header = [_header(c) for c in dataset.published if c.name != _hash_of(dataset)]
        (inbox / dataset.name).mkdir(parents=True)
        for kind in kinds(place):
            rows = [cells(p) for p in PLANTS if p.dataset is dataset and p.kind == kind]
            KINDS[kind](inbox / dataset.name / f"表{[*KINDS].index(kind)}", [header, *rows])
        clean = [cells(p) for p in CLEAN if p.dataset is dataset]
        KINDS["utf-8"](inbox / dataset.name / "无", [header, *clean])


@pytest.fixture(scope="module")
def released(gongshi: Command, made_once: MakeOnce) -> Path:
    """Every plant, one file for each dataset and kind of file, published.

    On threads: the last test here proves that on Dask the same rows come through.
    """

    def make(folder: Path) -> None:
        write_inbox(folder / "inbox", lambda _: KINDS)
        with on_threads():
            done = gongshi("publish", folder / "inbox", "--site", folder / "site", "--private", folder / "private", "--today", DAY.isoformat())  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once("planted", make)


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file, or what is packed in it."""
    if name.endswith(".gz"):
        yield from unpacked(name[:-3], gzip.decompress(data))
    elif name.endswith((".zip", ".xlsx")):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from unpacked(f"{name}/{member}", archive.read(member))
    elif name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(data))
        yield name, json.dumps(table.to_pylist(), ensure_ascii=False, default=str).encode()
    else:
        yield name, data


def bare(text: str) -> str:
    """`text` without the marks that a disguise may leave, a number in Chinese figures in Arabic ones."""
    return re.sub(r"[\s\-·.()\u200b]+", "", by_character(text)).upper()


SECRETS = [bare(plant.secret) for plant in PERSONAL]


def spellings(plant: Planted) -> re.Pattern[str]:
    """What of a plant must not stand in a text that is laid `bare`."""
    secret = bare(plant.secret)
    if plant.kind == "plate":
        return re.compile("豫" + secret)
    if len(secret) < 10 and secret.isascii():  # what a hash may hold by chance
        return re.compile(rf"(?<![0-9A-F]){secret}(?![0-9A-F])")
    return re.compile(re.escape(secret))


def leaks(text: str) -> list[Planted]:
    lean = bare(text)
    return [
        p
        for p, secret in zip(PERSONAL, SECRETS, strict=True)
        if secret in lean and spellings(p).search(lean) and (p.kind != "birth" or p.secret in text)
    ]


def test_no_byte_of_a_release_has_a_planted_value(released: Path) -> None:
    files = [p for p in (released / "site" / "releases").rglob("*") if p.is_file()]
    assert {p.suffix for p in files} >= {".csv", ".db", ".gz", ".xlsx", ".parquet", ".zip", ".json"}
    searched = set[bytes]()
    for path in files:
        for name, data in unpacked(path.name, path.read_bytes()):
            if data in searched:  # a CSV is in its gzip and in the package's ZIP once more
                continue
            searched.add(data)
            text = data.decode("utf-8", "ignore")
            assert [p for p in PERSONAL if p.text in text] == [], name
            assert leaks(text) == [], name


def test_every_column_and_kind_of_file_has_its_plants(released: Path) -> None:
    """Each file was read, each of its rows published with a value masked, or held back for it."""
    run = json.loads((released / "private" / "run.json").read_text("utf-8"))
    read = {name: tally["read"] for name, tally in run["datasets"].items()}
    wanted = {d.name: sum(p.dataset is d for p in [*PLANTS, *CLEAN]) for d in DATASETS}
    assert {name: read[name] for name in wanted} == wanted
    assert len({p.value.text for p in PLANTS}) >= 300


def test_most_rows_with_a_value_in_a_text_are_published_without_it(released: Path) -> None:
    """Or nothing would be shown by searching what is public."""
    for dataset in DATASETS:
        path = released / "site" / "current" / "data" / f"{dataset.name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            public = sum(1 for _ in csv.DictReader(file))
        keys = {*dataset.primary_key, *dataset.identity}
        in_text = sum(p.dataset is dataset and p.column.kind in privacy.FREE and p.column.name not in keys for p in PLANTS)  # fmt: skip
        assert public >= in_text * 0.8, dataset.name


@pytest.fixture(scope="module")
def on_threads_found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Outcome]:
    """An inbox with two kinds of file for each dataset, in turn, and what threads find in it."""
    folder, names = tmp_path_factory.mktemp("in-turn"), [*KINDS]
    every = request.config.getoption("--engines") == "all"
    write_inbox(folder / "inbox", lambda n: names if every else {names[n % len(names)], names[(n * 2 + 1) % len(names)]})  # fmt: skip
    with on_threads():
        return folder / "inbox", found(folder / "inbox", folder / "private")


def found(inbox: Path, private: Path) -> Outcome:
    """Row checksums of what comes through a check, and all that is told of the rest."""
    private.mkdir()
    (private / "key").write_text("ab" * 32)
    run = checking.check(inbox, private, CONTRACT, DAY)
    told = [
        private / name for name in ("findings.csv", "findings.json", "run.json", "withheld.csv")
    ]
    told += sorted((private / "quarantine").iterdir())
    return run.checksums, {path.name: path.read_bytes() for path in told}


@pytest.mark.on_dask
def test_on_dask_the_same_rows_come_through_and_the_same_is_found(
    every_engine: int, on_threads_found: tuple[Path, Outcome], tmp_path: Path
) -> None:
    inbox, expected = on_threads_found
    assert sum(checksum.rows for checksum in expected[0].values()) > len(CLEAN) * 0.8
    assert found(inbox, tmp_path / "private") == expected
