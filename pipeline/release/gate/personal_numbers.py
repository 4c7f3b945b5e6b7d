"""Finds numbers of persons in text, by their form and check digits; for the exit guard.

With the screen that masked the texts it shares the normaliser (`base.normalise`) and nothing else,
so that one mistake does not pass twice. Not a mobile number: a number that a column of this release
holds and whose pattern allows it, and a count in the pipeline's own tables. Not an identity number:
an organisation's code of digits alone in a column of such codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.model import Column, Dataset
from pipeline.base.normalise import half_width_numbers, normalise
from pipeline.release.gate.artefacts import SEPARATOR, columns_of
from pipeline.release.package.package import csv_header, data_files

SLICE = 1 << 12  # bytes of a slice that is searched closely where a sign was found
Match = tuple[str, str, str]  # kind, value, the beginning of its line

_D = "[0-9０-９]"
_SIGN = (
    rf"{_D}{{6}}[ \-]?(?:1[89]|20|１[８９]|２０){_D}{{2}}[ \-]?[01０１]{_D}[ \-]?[0-3０-３]{_D}[ \-]?{_D}{{3}}[0-9０-９XxＸｘ]"
    rf"|(?:^|[^0-9A-Za-z０-９.])[1１][3-9３-９]{_D}[ \-－]?{_D}{{4}}[ \-－]?{_D}{{4}}(?:[^0-9A-Za-z０-９]|$)"
    r"|(?:^|[^0-9A-Za-z])62(?:[ \-]?\d){14,17}(?:[^0-9A-Za-z]|$)|[A-Za-z0-9][@＠][A-Za-z0-9]|护照号?码?[:：]?[A-Z]\d{8}"
)
#: Signs of a disguised number or address: an unusual character beside a digit or another such, an
#: escape of or beside a digit or an @, a passport in any spelling.
_ODD = r"[\p{No}\p{M}\p{Cf}\x{660}-\x{669}\x{6f0}-\x{6f9}\x{966}-\x{96f}\x{1d7ce}-\x{1d7ff}\x{1fbf0}-\x{1fbf9}]"
_DISGUISED_SIGN = (
    rf"(?:{_D}|{_ODD})[ \-]?{_ODD}|{_ODD}[ \-]?{_D}|[^*][@＠﹫][^*]|[护護]照.{{0,8}}{_D}"
    rf"|&#|&amp;[#A-Za-z]|{_D}&[A-Za-z]|&[A-Za-z]+;?{_D}|&commat|%[0-9A-Fa-f]{{2}}|\\u[0-9A-Fa-f]{{4}}"
)
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])\d{6}[ \-]?\d{4}[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{3}[\dXx](?![0-9A-Za-z])"
)
#: GB/T 2260; 81 to 83 and 91 to 93 for residents from Hong Kong, Macao, Taiwan and abroad.
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|[89][1-3]")
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z.\-])1(?:[38]\d|5[0-35-9]|4[5-9]|6[2567]|7[0-8]|9[0-35-9])[ \-]?\d{4}[ \-]?\d{4}(?![0-9A-Za-z]|\s?(?:\.\d+)?\s?[万亿]?元)"
)
_CARD = re.compile(r"(?<![0-9A-Za-z.\-])62(?:[ \-]?\d){14,17}(?![0-9A-Za-z])")
_MAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"
)
_PASSPORT = re.compile(r"护照号?码?[:：]?([A-Z]\d{8})(?!\d)")
#: Files about the release and the site: they may hold the publisher's own address.
_ABOUT = ("metadata.json", "datapackage.json", "manifest.json", "catalog.jsonld")


def numbers(block: bytes, artefact: str) -> Iterator[Match]:
    """The numbers and addresses of persons in a block of text: first those written plainly, then
    those that only the normalised text shows.

    `artefact`: the name of the block's file.
    """
    for start, end in _suspect(block):
        text = block[start:end].decode("utf-8", "replace")
        seen = set[str]()
        for kind, value, line in _in_text(half_width_numbers(text), artefact):
            seen.add(value)
            yield kind, value, line
        # The normaliser deletes invisible characters, the separator of cells too: two cells would
        # become one number.
        hidden = normalise(text.replace(SEPARATOR, ",")).text
        yield from (m for m in _in_text(hidden, artefact) if m[1] not in seen)


def _in_text(plain: str, artefact: str) -> Iterator[Match]:
    about = artefact.endswith(_ABOUT)
    for kind, pattern, judge in _KINDS:
        if kind == "mail" and about:
            continue
        for m in pattern.finditer(plain):
            if about and plain.endswith('": ', 0, m.start()):
                continue  # a number of JSON: bytes, rows
            if judge(re.sub(r"[ \-]", "", m[0])):
                yield kind, m[0], line_at(plain, m.start())


def _suspect(block: bytes) -> list[tuple[int, int]]:
    """(start, end) of the slices that hold a sign; they end at the end of a line or tag.

    The block becomes an Arrow array of slices by offsets into its own memory, without a copy: to
    copy a gigabyte of text costs more than to search it.
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
    found = np.flatnonzero(
        pc.match_substring_regex(texts, f"{_SIGN}|{_DISGUISED_SIGN}").to_numpy(zero_copy_only=False)
    )
    return [(offsets[i], offsets[i + 1]) for i in found]


def _is_identity(number: str) -> bool:
    """Whether 18 characters have the division, day of birth and check digit of GB 11643-1999 (the
    sum of ISO 7064, MOD 11-2).

    By the check digit alone one of eleven numbers of 18 digits would pass for an identity number.
    """
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    rest = 0
    for c in number[:17]:
        rest = (rest + int(c)) * 2 % 11
    of_a_person = _PROVINCE.match(number) and 1880 <= born.year < 2100
    return bool(of_a_person) and "10X98765432"[rest] == number[17].upper()


def _is_card(number: str) -> bool:
    """Whether a number is a bank card's by its length and Luhn check digit (ISO/IEC 7812-1)."""
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


def line_at(text: str, at: int) -> str:
    """The beginning of the line that holds the place `at`: in a table the record's key."""
    line = text[text.rfind("\n", 0, at) + 1 : at + 1]
    return re.split(rf'[{SEPARATOR},]|","', line.lstrip('"'), maxsplit=1)[0].strip()[:60]


# ---------------------------------------------------------------- numbers that are not a person's


def own_numbers(release: Path, datasets: Sequence[Dataset]) -> frozenset[str]:
    """The numbers in the release's tables that look like a person's and that their column owns.

    A column owns a number where its kind or pattern allows it, as `Column.owns` says.
    """
    own = set[str]()
    for dataset in datasets:
        paths = data_files(release, dataset.name)
        present = csv_header(paths) if paths else ()
        owners = [
            (c, judge)
            for c in dataset.published
            if c.name in present and (judge := _owner(c, dataset))
        ]
        if owners:
            for batch in columns_of(paths, [c.name for c, _ in owners]):
                for column, judge in owners:
                    own |= {n for n in _likely(batch[column.name]) if judge(n)}
    return frozenset(own)


def _owner(column: Column, dataset: Dataset) -> Callable[[str], bool] | None:
    """The test of whether a number belongs to a column's kind; None where no number can."""
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
    """The distinct cells of the form of a mobile or identity number, found by Arrow, not by row."""
    found = cells.filter(pc.match_substring_regex(cells, r"^(?:1\d{10}|9\d{17})$"))
    numbers: list[str] = pc.unique(found).to_pylist()
    return numbers
