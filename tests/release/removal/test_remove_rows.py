"""A file written again without a few rows: the others as they were, and nothing left of those."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.release.downloads import zip_gzip
from pipeline.release.package import store
from pipeline.release.removal import holdings, remove_rows, rewrite_release
from pipeline.release.removal.remove_rows import (
    NotRewritable,
    RemovedRows,
    _decompressed,
    _Edited,
    _gzip,
    _mapped,
)
from tests.support.shop import NUMBER, PENALTIES, WidePenaltyShop, contents, penalties, rows_of

LINES = [f"第{n}行，{random.Random(n).random()}\n".encode() for n in range(400)]


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A gzip file of ours in blocks of ten lines."""
    path = tmp_path / "lines.gz"
    blocks = (b"".join(LINES[n : n + 10]) for n in range(0, 400, 10))
    zip_gzip.write_gzip(path, zip_gzip.deflated(blocks))
    return path


def edited(*rows: int) -> _Edited:
    return _Edited([(LINES[n], b"") for n in rows], b"\n")


def test_only_the_blocks_that_lose_a_row_are_deflated_anew(packed: Path, tmp_path: Path) -> None:
    _gzip(packed, tmp_path / "new.gz", edited(5, 123), 398)
    left = [line for n, line in enumerate(LINES) if n not in (5, 123)]
    assert gzip.decompress((tmp_path / "new.gz").read_bytes()) == b"".join(left)
    with _mapped(packed) as old, _mapped(tmp_path / "new.gz") as new:
        before, after = (list(_decompressed(f, *zip_gzip.gzip_stream(f))) for f in (old, new))
    assert [n for n in range(40) if before[n] != after[n]] == [0, 12]


def test_a_block_of_nothing_but_such_rows_goes_whole(packed: Path, tmp_path: Path) -> None:
    _gzip(packed, tmp_path / "new.gz", edited(*range(20, 30)), 390)
    with _mapped(tmp_path / "new.gz") as new:
        assert len(list(_decompressed(new, *zip_gzip.gzip_stream(new)))) == 39


def test_a_row_that_is_not_there_or_there_twice_is_missed(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(NotRewritable):
        _gzip(packed, tmp_path / "new.gz", _Edited([(b"nowhere\n", b"")], b"\n"), 399)
    zip_gzip.write_gzip(packed, zip_gzip.deflated([b"same\nsame\n", b"other\n"]))
    with pytest.raises(NotRewritable):
        _gzip(packed, tmp_path / "new.gz", _Edited([(b"same\n", b"")], b"\n"), 2)


def test_a_file_with_more_or_fewer_rows_than_told_is_missed(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(NotRewritable):
        _gzip(packed, tmp_path / "new.gz", edited(5), 400)


@pytest.mark.parametrize("at", [12, 500, 2_000, -12, -6])
def test_a_flipped_bit_is_missed(packed: Path, tmp_path: Path, at: int) -> None:
    content = bytearray(packed.read_bytes())
    content[at] ^= 4
    packed.write_bytes(content)
    with pytest.raises(NotRewritable):
        _gzip(packed, tmp_path / "new.gz", edited(5), 399)


def test_a_file_that_others_packed_is_missed(packed: Path, tmp_path: Path) -> None:
    for content in (gzip.compress(b"".join(LINES)), b"", b"short"):
        packed.write_bytes(content)
        with pytest.raises(NotRewritable):
            _gzip(packed, tmp_path / "new.gz", edited(5), 399)


def test_what_looks_like_a_flush_inside_a_block_is_none(tmp_path: Path) -> None:
    path = tmp_path / "marks.gz"
    noise = random.Random(1).randbytes(3_000)  # stored as it is, since nothing packs it
    texts = [b"a" + noise + b"\0\0\xff\xff" + noise + b"\0\0\xff\xff\n", b"b" * 50 + b"\n"]
    zip_gzip.write_gzip(path, zip_gzip.deflated(texts))
    with _mapped(path) as view:
        assert [text for text, _ in _decompressed(view, *zip_gzip.gzip_stream(view))] == texts


@pytest.mark.usefixtures("every_engine")
def test_a_withdrawal_takes_over_the_blocks_of_all_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = WidePenaltyShop(tmp_path / "year=2024")  # no column of what is in there
    rows = penalties(100)
    rows[7]["备注"], rows[9]["违法事实"] = "+1+1", '两行\n一格，“引号"在内'
    shop.send(rows)
    shop.publish(downloads=True)
    made: list[str] = []
    really = rewrite_release.downloads.write
    monkeypatch.setattr(rewrite_release.downloads, "write", lambda con, table, *more: (made.append(table.dataset.name), really(con, table, *more)))  # fmt: skip
    for row in (rows[9], rows[3], rows[7]):
        shop.withdraw(row[NUMBER])
    assert PENALTIES not in made and "withdrawals" in made
    folder = shop.current / "downloads"
    numbers = {row["decision_no"] for row in rows_of(shop.current / "data" / f"{PENALTIES}.csv")}
    assert len(numbers) == 97
    with gzip.open(folder / f"{PENALTIES}.jsonl.gz", "rt", encoding="utf-8") as lines:
        assert {json.loads(line)["decision_no"] for line in lines} == numbers
    assert set(pq.read_table(folder / f"{PENALTIES}.parquet")["decision_no"].to_pylist()) == numbers
    everything = contents(shop.site)
    for row in (rows[9], rows[3], rows[7]):
        assert [name for name, content in everything.items() if row[NUMBER].encode() in content] == []  # fmt: skip


@pytest.mark.usefixtures("every_engine")
def test_more_than_a_few_rows_are_not_looked_for(tmp_path: Path) -> None:
    shop = WidePenaltyShop(tmp_path)
    shop.send(penalties(40))
    dataset = next(d for d in holdings.datasets_of(shop.publish()) if d.name == PENALTIES)
    with duckdb.connect() as con, pytest.raises(NotRewritable):
        gone = RemovedRows(dataset, tmp_path / "none.parquet", remove_rows.FEW + 1)
        remove_rows.csv(con, gone, shop.current / "data" / f"{PENALTIES}.csv", tmp_path / "new.csv")
    assert store.kept(shop.site)
