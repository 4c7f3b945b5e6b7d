"""The exit guard: reads every public artefact of a release for what must never be public.

It shares no code with the screen that masked the texts, so that one mistake does not pass twice. It
looks for numbers that are a person's by their own check digits, for the values that this run's
never-fields held, and for names that the contract masks and that stand unmasked. Packed files are
opened. A number that a column's own pattern calls its own and that stands in that column of this
release is no mobile's; nor is a count in the pipeline's own tables. An organisation's code of digits
alone is no identity number where it stands as a code. Source: 个人信息保护法 §28; 政府信息公开条例 §15.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import html
import io
import re
import sqlite3
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from pipeline.engine import ordered_map
from pipeline.errors import GateRefused
from pipeline.model import Column, Dataset
from pipeline.release.package import csv_header, csv_rows, data_files
from pipeline.words import language, say

BLOCK = 1 << 22  # bytes looked at in one go
SLICE = 1 << 16  # bytes of a slice that is looked at closely where a sign was found
PACKED = (".zip", ".xlsx", ".docx", ".ods")
Block = tuple[str, bytes]  # the artefact's name, a run of its text
Blocks = Generator[Block]


def check(release: Path, secrets: Path | None, datasets: Sequence[Dataset]) -> None:
    """Raise GateRefused, naming artefact and record, at the first thing that must not be public.

    `secrets`: a CSV with one column, the values of this run's never-fields; None where there are none.
    """
    needles = Needles(read_secrets(secrets))
    own = _own_numbers(release, datasets)
    for refused in ordered_map(lambda lane: _first_hit(lane, needles, own), _lanes(release)):
        if refused:
            raise refused
    for dataset in datasets:
        for column in dataset.published:
            if column.privacy == "masked":
                _names_masked(release, dataset, column)


def _lanes(release: Path) -> list[Blocks]:
    """The artefacts' text in streams that can be read side by side, the longest first.

    A CSV, its gzip and the package's ZIP hold the same text: they are one stream, and it is read once.
    """
    files = sorted(p for p in release.rglob("*") if p.is_file())
    same = [p for p in files if p.name.endswith((".csv", ".csv.gz", ".zip"))]
    others = sorted((p for p in files if p not in same), key=lambda p: -p.stat().st_size)
    return [_fresh(_blocks_in(release, same)), *(_blocks_in(release, [p]) for p in others)]


def _fresh(blocks: Blocks) -> Blocks:
    """Each run of text of a CSV once."""
    seen = set[bytes]()
    for artefact, block in blocks:
        if artefact.endswith(".csv"):
            digest = hashlib.sha256(block).digest()
            if digest in seen:
                continue
            seen.add(digest)
        yield artefact, block


def _first_hit(lane: Blocks, needles: Needles, own: frozenset[str]) -> GateRefused | None:
    """The first hit in a stream; numbers in `own` are no person's."""
    with closing(lane) as blocks:  # by the thread that has opened what is read
        for artefact, block in blocks:
            for kind, value, line in (*_numbers(block, artefact), *needles.found(block)):
                if kind not in ("mobile", "identity") or value not in own:
                    return _refused(artefact, line, kind, value)
    return None


def _refused(artefact: str, record: str, kind: str, value: str) -> GateRefused:
    kinds = say(f"guard-{kind}", language())
    shown = value[:2] + "…"
    return GateRefused(say("gate-personal", language(), artefact=artefact, record=record, kind=kinds, value=shown))  # fmt: skip


def _line(text: str, at: int) -> str:
    """The beginning of the line that `at` stands in: in a table its key."""
    line = text[text.rfind("\n", 0, at) + 1 : at + 1]
    return re.split(r'[\x1f,]|","', line.lstrip('"'), maxsplit=1)[0].strip()[:60]


# ---------------------------------------------------------------- artefacts to blocks of text


def _blocks_in(release: Path, files: Iterable[Path]) -> Blocks:
    for path in files:
        yield from _blocks_of(path, path.relative_to(release).as_posix())


def _blocks_of(path: Path, name: str) -> Iterator[Block]:
    if path.suffix == ".db":
        yield from ((name, text) for text in _database(path))
        return
    with path.open("rb") as file:
        yield from _opened(file, name)


def _opened(file: BinaryIO, name: str) -> Iterator[Block]:
    """The text of a file, of what is packed in it, and of what is packed in that."""
    if name.endswith(".gz"):
        with gzip.open(file) as inner:
            yield from _opened(cast(BinaryIO, inner), name.removesuffix(".gz"))
    elif name.endswith(PACKED):
        with zipfile.ZipFile(file) as archive:
            for member in archive.namelist():
                with archive.open(member) as inner:
                    yield from _opened(cast(BinaryIO, inner), f"{name}/{member}")
    elif name.endswith(".parquet"):
        yield from ((name, text) for text in _parquet(file))
    else:
        yield from ((name, _unescaped(text)) for text in _blocks(file))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Runs of text that end at a line's end or a tag's, so that no value is cut in two."""
    rest = file.read(len(codecs.BOM_UTF8)).removeprefix(codecs.BOM_UTF8)
    while read := file.read(BLOCK):
        whole = rest + read
        cut = max(whole.rfind(b"\n"), whole.rfind(b">")) + 1 or len(whole)
        if len(whole) - cut > BLOCK:
            cut = len(whole)
        rest = whole[cut:]
        yield whole[:cut]
    if rest:
        yield rest


def _unescaped(block: bytes) -> bytes:
    """A block with characters that XML, HTML or JSON wrote as numbers put back."""
    if b"&" in block and b"&#" in block:  # one byte is found ten times as fast as two
        block = html.unescape(block.decode("utf-8", "replace")).encode()
    if b"\\" in block and b"\\u" in block:
        block = _ESCAPED.sub(lambda m: chr(int(m[1], 16)).encode("utf-8", "replace"), block)
    return block


_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")


def _parquet(file: BinaryIO) -> Iterator[bytes]:
    for batch in pq.ParquetFile(file).iter_batches(5_000):
        out = io.BytesIO()
        arrow_csv.write_csv(pa.Table.from_batches([batch]), out)
        yield out.getvalue()


def _database(path: Path) -> Iterator[bytes]:
    """Every row of every table that holds text of its own, its cells parted by a separator."""
    con = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = con.execute(
            "select name, wr from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite_%'"
        ).fetchall()
        for table, without_rowid in tables:
            named = [c for _, c, *_ in con.execute(f"pragma table_info({_name(table)})").fetchall()]
            cells = _joined([_name(c) for c in named])
            if without_rowid:
                yield from (
                    row.encode() for (row,) in con.execute(f"select {cells} from {_name(table)}")
                )
                continue
            last = con.execute(f"select coalesce(max(rowid), 0) from {_name(table)}").fetchone()[0]
            for start in range(0, last + 1, 5_000):
                query = f"select group_concat({cells}, char(10)) from {_name(table)} where rowid between ? and ?"
                text = con.execute(query, (start, start + 4_999)).fetchone()[0]
                if text:
                    yield text.encode()
    finally:
        con.close()


def _joined(cells: Sequence[str]) -> str:
    """SQL that joins `cells`: by printf, of which SQLite takes no more than 127 arguments."""
    parts = [cells[at : at + 100] for at in range(0, len(cells), 100)]
    lines = (f"printf('{chr(31).join(['%s'] * len(part))}', {', '.join(part)})" for part in parts)
    return " || char(31) || ".join(lines)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


# ---------------------------------------------------------------- numbers that are a person's

_D = "[0-9０-９]"
_SIGN = (
    rf"{_D}{{6}}[ \-]?(?:1[89]|20|１[８９]|２０){_D}{{2}}[ \-]?[01０１]{_D}[ \-]?[0-3０-３]{_D}[ \-]?{_D}{{3}}[0-9０-９XxＸｘ]"
    rf"|(?:^|[^0-9A-Za-z０-９.])[1１][3-9３-９]{_D}[ \-－]?{_D}{{4}}[ \-－]?{_D}{{4}}(?:[^0-9A-Za-z０-９]|$)"
    r"|(?:^|[^0-9A-Za-z])62(?:[ \-]?\d){14,17}(?:[^0-9A-Za-z]|$)|[A-Za-z0-9][@＠][A-Za-z0-9]|护照号?码?[:：]?[A-Z]\d{8}"
)
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{6}[ \-]?\d{4}[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{3}[\dXx](?![0-9A-Za-z])")  # fmt: skip
_MOBILE = re.compile(r"(?<![0-9A-Za-z.\-])1(?:[38]\d|5[0-35-9]|4[5-9]|6[2567]|7[0-8]|9[0-35-9])[ \-]?\d{4}[ \-]?\d{4}(?![0-9A-Za-z])")  # fmt: skip
_CARD = re.compile(r"(?<![0-9A-Za-z.\-])62(?:[ \-]?\d){14,17}(?![0-9A-Za-z])")
_MAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"
)
_PASSPORT = re.compile(r"护照号?码?[:：]?([A-Z]\d{8})(?!\d)")
_WIDE = str.maketrans("０１２３４５６７８９Ｘｘ＠－", "0123456789Xx@-")
#: Words about the release and the site: the publisher's own address may stand there.
_ABOUT = ("metadata.json", "datapackage.json", "manifest.json", "catalog.jsonld")
Hit = tuple[str, str, str]  # kind, value, the line that it stands in


def _numbers(block: bytes, artefact: str) -> Iterator[Hit]:
    for start, end in _suspect(block):
        plain = block[start:end].decode("utf-8", "replace").translate(_WIDE)
        for kind, pattern, judge in _KINDS:
            if kind == "mail" and artefact.endswith(_ABOUT):
                continue
            for m in pattern.finditer(plain):
                if artefact.endswith(_ABOUT) and plain[: m.start()].endswith('": '):
                    continue  # a number of JSON: bytes, rows
                if judge(re.sub(r"[ \-]", "", m[0])):
                    yield kind, m[0], _line(plain, m.start())


def _suspect(block: bytes) -> list[tuple[int, int]]:
    """The slices, from where to where, with a sign in them. They end where a line or a tag does.

    They are looked at where they lie: to copy a gigabyte of text costs more than to search it.
    """
    offsets, at = [0], SLICE
    while at < len(block):
        ends = (block.find(b"\n", at, at + SLICE), block.find(b">", at, at + SLICE))
        cut = min((end + 1 for end in ends if end >= 0), default=0)
        offsets += [cut] if cut else []
        at = (cut or at) + SLICE
    offsets += [len(block)]
    count = len(offsets) - 1
    texts = pa.StringArray.from_buffers(
        count, pa.array(offsets, pa.int32()).buffers()[1], pa.py_buffer(block)
    )
    hits = np.flatnonzero(pc.match_substring_regex(texts, _SIGN).to_numpy(zero_copy_only=False))
    return [(offsets[i], offsets[i + 1]) for i in hits]


def _is_identity(number: str) -> bool:
    """Division, day of birth and check digit of GB 11643-1999, by the sum of ISO 7064 itself."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    rest = 0
    for c in number[:17]:
        rest = (rest + int(c)) * 2 % 11
    return born.year >= 1880 and number[0] in "123456789" and "10X98765432"[rest * 1 % 11] == number[17].upper()  # fmt: skip


def _is_card(number: str) -> bool:
    doubled = (
        sum(divmod(int(c) * 2, 10)) if i % 2 else int(c) for i, c in enumerate(reversed(number))
    )
    return 16 <= len(number) <= 19 and sum(doubled) % 10 == 0


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("identity", _IDENTITY, _is_identity),
    ("mobile", _MOBILE, lambda number: True),
    ("card", _CARD, _is_card),
    ("mail", _MAIL, lambda address: True),
    ("passport", _PASSPORT, lambda number: True),
)


# ---------------------------------------------------------------- what this run's never-fields held


class Needles:
    """Many values looked for in much text at once, by their last bytes.

    Every seven bytes of the text are one number, and a table says which numbers can end a value: an
    end tells values apart better than a beginning, which many addresses and numbers share.
    """

    WIDTH = 7  # bytes; shorter values could stand anywhere by chance
    _MASK = np.uint64((1 << 8 * WIDTH) - 1)
    _ODD = np.uint64(0x9E37_79B9_7F4A_7C15)  # spreads numbers over the table (Knuth, TAOCP 6.4)

    def __init__(self, values: Iterable[str]) -> None:
        self.by_end: dict[int, list[bytes]] = {}
        for value in values:
            if len(value) >= self.WIDTH:
                text = value.encode("utf-8", "replace")
                end = int.from_bytes(text[-self.WIDTH :], "little")
                self.by_end.setdefault(end, []).append(text)
        self.ends = np.sort(np.array(list(self.by_end), np.uint64))
        bits = min(max((64 * len(self.ends)).bit_length(), 16), 24)
        self._shift = np.uint64(64 - bits)
        self.seen = np.zeros(1 << bits, bool)
        self.seen[self._short(self.ends)] = True

    def _short(self, numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return ((numbers * self._ODD) >> self._shift).view(np.int64)

    def found(self, block: bytes) -> Iterator[Hit]:
        """Every value that stands in `block`."""
        for start, end in self.places(block):
            line = block[block.rfind(b"\n", 0, start) + 1 : end].decode("utf-8", "replace")
            yield "never", block[start:end].decode("utf-8", "replace"), _line(line, len(line) - 1)

    def places(self, block: bytes) -> Iterator[tuple[int, int]]:
        """Where in `block` a value stands, by its end."""
        for end in self._ends_in(block) if self.by_end else ():
            for value in self.by_end[int.from_bytes(block[end - self.WIDTH : end], "little")]:
                start = end - len(value)
                if start >= 0 and block[start:end] == value and _stands_alone(block, start, end):
                    yield start, end

    def _ends_in(self, block: bytes) -> list[int]:
        """Where in `block` a value can end."""
        padded, found = block + bytes(8), list[int]()
        for first in range(8):
            count = (len(padded) - first) // 8
            numbers = np.frombuffer(padded, "<u8", count, first) & self._MASK
            at = np.flatnonzero(self.seen[self._short(numbers)])
            near = np.searchsorted(self.ends, numbers[at]).clip(max=len(self.ends) - 1)
            at = at[self.ends[near] == numbers[at]]
            found += (at * 8 + first + self.WIDTH).tolist()
        return sorted(end for end in found if end <= len(block))


def _stands_alone(block: bytes, start: int, end: int) -> bool:
    """A number inside a longer number is another number."""
    before = block[max(start - 1, 0) : start] + block[start : start + 1]
    after = block[end - 1 : end + 1]
    return not any(len(pair) == 2 and pair.isalnum() for pair in (before, after))


def read_secrets(path: Path | None) -> Iterator[str]:
    """The values of this run's never-fields, each once."""
    if path is None or not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        yield from {row[0] for row in rows if row}


# ---------------------------------------------------------------- masked names


def _names_masked(release: Path, dataset: Dataset, column: Column) -> None:
    """Where the contract masks a name, what stands in the CSV and in the databases is masked."""
    for key, value in _rows_of_csv(release, dataset, column):
        raise _refused(f"{dataset.name}.csv", key, "name", value)
    for path in sorted(release.rglob("*.db")):
        for key, value in _rows_of_table(path, dataset, column):
            raise _refused(path.name, key, "name", value)


def _own_numbers(release: Path, datasets: Sequence[Dataset]) -> frozenset[str]:
    """The numbers in the release's tables that look like a person's and that their column owns."""
    own = set[str]()
    for dataset in datasets:
        paths = data_files(release, dataset.name)
        there = csv_header(paths) if paths else ()
        owners = [(c, judge) for c in dataset.published if c.name in there and (judge := _owner(c, dataset))]  # fmt: skip
        if owners:
            for batch in _columns_of(paths, [c.name for c, _ in owners]):
                for column, judge in owners:
                    own |= {n for n in _likely(batch[column.name]) if judge(n)}
    return frozenset(own)


def _owner(column: Column, dataset: Dataset) -> Callable[[str], bool] | None:
    """What says of a number in a column that it is the column's own; None where none can be."""
    if column.kind == "social-credit-code":
        return _is_organisation_s
    if dataset.produced and column.type in ("integer", "number"):
        return lambda number: len(number) == 11
    return column.owns if "pattern" in column.constraints else None


def _is_organisation_s(number: str) -> bool:
    """Whether 18 digits are a business's code by the check digit of GB 32100-2015."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(letters.find(c) * pow(3, i, 31) for i, c in enumerate(number[:17]))
    return number[0] == "9" and (total + letters.find(number[17:])) % 31 == 0


def _likely(cells: pa.Array) -> list[str]:
    found = cells.filter(pc.match_substring_regex(cells, r"^(?:1\d{10}|9\d{17})$"))
    numbers: list[str] = pc.unique(found).to_pylist()
    return numbers


def _columns_of(paths: Sequence[Path], names: list[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of a CSV as text, some thousand rows at a time."""
    cells = ", ".join(f"coalesce({_name(name)}, '') as {_name(name)}" for name in names)
    with duckdb.connect() as con:
        con.execute("set threads = 1")  # a second one would read ahead
        rows = con.sql(f"select {cells} from {csv_rows(paths, csv_header(paths))}")
        yield from rows.to_arrow_reader(20_000)


def _rows_of_csv(release: Path, dataset: Dataset, column: Column) -> Iterator[tuple[str, str]]:
    """Key and name of every record whose name should be masked and is not."""
    paths = data_files(release, dataset.name)
    if not paths:
        return
    names = [dataset.primary_key[0], column.name, *column.masked_when]
    for batch in _columns_of(paths, names):
        open_names = pc.invert(pc.match_substring_regex(batch[column.name], r"^$|某$|\*"))
        for field, values in column.masked_when.items():
            open_names = pc.and_(open_names, pc.is_in(batch[field], pa.array(values)))
        for row in batch.filter(open_names).to_pylist():
            yield row[dataset.primary_key[0]], row[column.name]


def _rows_of_table(path: Path, dataset: Dataset, column: Column) -> Iterator[tuple[str, str]]:
    name, key = _name(column.name), _name(dataset.primary_key[0])
    where = [f"{name} <> '' and {name} not like '%某' and {name} not like '%*%'"]
    where += [f"{_name(f)} in ({', '.join('?' * len(v))})" for f, v in column.masked_when.items()]
    values = [value for each in column.masked_when.values() for value in each]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        if not con.execute(
            "select 1 from sqlite_schema where name = ?", (dataset.name,)
        ).fetchone():
            return  # a part's database, which this dataset is not in
        yield from con.execute(f"select {key}, {name} from {_name(dataset.name)} where {' and '.join(where)}", values)  # fmt: skip
