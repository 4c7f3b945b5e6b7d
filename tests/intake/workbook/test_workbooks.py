"""A workbook is known by its bytes, read as it is shown, and refused for one honest reason."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from pipeline.base.model import Finding
from pipeline.base.words import rules
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.workbook import markup, ole, reader_process, workbooks
from pipeline.intake.workbook.celltext import as_text
from pipeline.intake.workbook.sheet import Sheet, Unreadable
from tests.support.examples import examples
from tests.support.filekinds import labels, record, xls_of
from tests.support.hostile_files import TABLE, ods, xlsx, zipped
from tests.support.hostile_workbooks import FAR, REFUSED, WORDS, with_cell


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], list[Sheet]]:
    """All sheets of a workbook of these bytes, under a name that says nothing."""

    def sheets(data: bytes) -> list[Sheet]:
        path = tmp_path / "file"
        path.write_bytes(data)
        return list(workbooks.sheets(path))

    return sheets


Read = Callable[[bytes], list[Sheet]]


def rule_of(read: Read, data: bytes) -> str:
    """The rule of the finding about a file, or what became of its first sheet."""
    try:
        return read(data)[0].skipped
    except Unreadable as problem:
        return problem.rule


# ---------------------------------------------------------------- one honest reason


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_not_read_has_one_honest_reason(read: Read, name: str) -> None:
    data, rule = REFUSED[name]
    assert rule_of(read, data) == rule


@pytest.mark.parametrize(
    ("start", "kind"), [(b"%PDF-1.7\n", "PDF"), (b"\x89PNG\r\n\x1a\n\0\0", "PNG"), (b"Rar!\x1a\x07\0", "RAR"), (b"{\\rtf1", "RTF")]
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".csv", ".json"])
def test_what_is_no_table_is_called_what_it_is_whatever_its_name(
    tmp_path: Path, start: bytes, kind: str, suffix: str
) -> None:
    (finding,) = findings_of(tmp_path, f"扫描{suffix}", start + b" 1 0 obj" * 40)
    assert (finding.rule, finding.params) == ("file-other-kind", {"kind": kind})


def findings_of(folder: Path, name: str, data: bytes) -> list[Finding]:
    from pipeline.checks.rules import RULES
    from pipeline.contract import catalog
    from pipeline.intake import read
    from tests.support.shop import ROOT

    path = folder / name
    path.write_bytes(data)
    contract = catalog.load(ROOT / "datapackage", RULES)
    opened = read.open_file(InboxFile(path, name, False, Hint()), contract)
    return [each for each in opened if isinstance(each, Finding)]


def test_no_reason_is_told_in_the_words_of_python() -> None:
    for name, rule in rules().items():
        if name.startswith(("file-", "sheet-", "reader-")):
            texts = [*rule.title.values(), *rule.message.values(), *rule.fix.values()]
            assert not [t for t in texts if "Error" in t or "Exception" in t or "BadZip" in t]


# ---------------------------------------------------------------- cells far away


@pytest.mark.parametrize("cell", FAR)
def test_a_cell_far_away_takes_neither_the_memory_nor_the_other_sheets(
    read: Read, cell: str
) -> None:
    reader_process.close_idle()
    assert rule_of(read, with_cell(cell)) == FAR[cell]
    [reader] = reader_process._idle
    status = Path(f"/proc/{reader._process.pid}/status").read_text("utf-8")
    [most] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    assert int(most) < 2 << 20


def test_a_cell_alone_in_the_last_corner_is_a_finding(read: Read) -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet("远").write("XFD1048576", "x")
        book.add_worksheet("近").write("B2", "x")
    far, near = read(made.getvalue())
    assert (far.skipped, near.skipped, near.rows) == ("vast", "", [["", ""], ["", "x"]])


@pytest.mark.parametrize(("rows", "is_too_large"), [(40, False), (60, True)])
def test_the_cells_that_tall_cells_of_markup_would_fill_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, is_too_large: bool
) -> None:
    monkeypatch.setattr(markup, "CELLS_MOST", 1000)
    path = tmp_path / "tall.html"
    tall = f"<tr>{'<td rowspan=9999>x</td>' * 20}</tr>{'<tr></tr>' * rows}"
    path.write_text(f"<table>{tall}</table>", "utf-8")
    with pytest.raises(Unreadable) if is_too_large else nullcontext():
        (sheet,) = markup.sheets(path)
        assert len(sheet.rows) == rows + 1


# ---------------------------------------------------------------- names of parts


def renamed(change: Callable[[str], str], within: Callable[[bytes], bytes] = bytes) -> bytes:
    """A workbook whose parts have other names."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(TABLE))) as book, zipfile.ZipFile(made, "w") as out:
        for name in book.namelist():
            info = zipfile.ZipInfo("x")
            info.filename = change(name)
            out.writestr(info, within(book.read(name)))
    return made.getvalue()


NAMES: dict[str, bytes] = {
    "backslashes": renamed(lambda n: n.replace("/", "\\")),
    "a slash in front": renamed(lambda n: f"/{n}"),
    "a dot in front": renamed(lambda n: f"./{n}"),
    "large letters": renamed(str.upper),
    "all in a folder": renamed(lambda n: f"台账/{n}"),
    "backslashes in a folder": renamed(lambda n: f"book\\{n}".replace("/", "\\")),
    "at the top": renamed(lambda n: n.removeprefix("xl/"), lambda d: d.replace(b'"xl/', b'"').replace(b'"/xl/', b'"/')),
    "another folder": renamed(lambda n: n.replace("xl/", "book/"), lambda d: d.replace(b'"xl/', b'"book/').replace(b'"/xl/', b'"/book/')),
}  # fmt: skip


@pytest.mark.parametrize("how", NAMES)
def test_a_workbook_is_read_however_its_parts_are_named(read: Read, how: str) -> None:
    (sheet,) = read(NAMES[how])
    assert sheet.rows == WORDS


@pytest.mark.parametrize("how", NAMES)
def test_errors_are_told_however_the_parts_are_named(read: Read, how: str) -> None:
    with zipfile.ZipFile(io.BytesIO(NAMES[how])) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    (name,) = (n for n in parts if n.lower().endswith("sheet1.xml"))
    cell = b'</row><row r="7"><c r="B7" t="e"><v>#N/A</v></c></row></sheetData>'
    (sheet,) = read(zipped(parts | {name: parts[name].replace(b"</row></sheetData>", cell)}))
    assert sheet.rows[6][1] == "#N/A"


def test_an_error_without_a_value_does_not_take_that_of_the_next_cell(read: Read) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx(TABLE))) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    (name,) = (n for n in parts if n.endswith("sheet1.xml"))
    row = b'</row><row r="7"><c r="A7" t="e"/><c r="B7"><v>5</v></c><c r="C7"/></row></sheetData>'
    (sheet,) = read(zipped(parts | {name: parts[name].replace(b"</row></sheetData>", row)}))
    assert sheet.rows[6][:3] == ["", "5", ""]


# ---------------------------------------------------------------- as they are shown


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (0.00005, "0.00005"),
        (1.5e-7, "0.00000015"),
        (1e-17, "0.00000000000000001"),
        (-0.000012345, "-0.000012345"),
        (1.23456789e-10, "0.000000000123456789"),
        (0.1 + 0.2, "0.3"),
        (0.0, "0"),
        (-0.0, "0"),
        (112000.0, "112000"),
    ],
)
def test_a_number_is_written_out(cell: float, shown: str) -> None:
    assert as_text(cell) == shown


def styled(value: object, number_format: str) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        style = book.add_format({"num_format": number_format})
        book.add_worksheet().write(0, 0, value, style)
    return made.getvalue()


@pytest.mark.parametrize(
    ("days", "shown"),
    [(1.1041666666666667, "26:30"), (0.0625, "1:30"), (100.5, "2412:00"), (26.5 / 24 + 15 / 86400, "26:30:15"), (-0.5, "-12:00")],
)  # fmt: skip
def test_a_duration_is_hours_and_minutes_as_shown(read: Read, days: float, shown: str) -> None:
    (sheet,) = read(styled(days, "[h]:mm"))
    assert sheet.rows == [[shown]]


def test_rich_text_quotes_and_escapes_are_as_shown(read: Read) -> None:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        page = book.add_worksheet()
        page.write_rich_string("A1", "罚款", bold, "“壹”万元", "整")
        page.write("B1", "the \"quoted\" & <tagged> 'word'")
        page.write("C1", "_x000D_")
    assert read(made.getvalue())[0].rows == [["罚款“壹”万元整", 'the "quoted" & <tagged> \'word\'', "_x000D_"]]  # fmt: skip


def test_an_ods_cell_is_as_shown(read: Read) -> None:
    cells = {
        '<table:table-cell office:value-type="string"><text:p>a<text:span>b &quot;c&quot;</text:span><text:s text:c="2"/>d<text:tab/>e<text:line-break/>f</text:p><text:p>g</text:p></table:table-cell>': 'ab "c"  d\te\nf\ng',
        '<table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p></office:annotation><text:p>real</text:p></table:table-cell>': "real",
        '<table:table-cell office:value-type="time" office:time-value="PT26H30M00S"><text:p>26:30</text:p></table:table-cell>': "26:30",
        '<table:table-cell office:value-type="float" office:value="0.00005"><text:p>5E-05</text:p></table:table-cell>': "0.00005",
        '<table:table-cell office:value-type="float" office:value="0" table:formula="of:=NA()"><text:p>#N/A</text:p></table:table-cell>': "#N/A",
        '<table:table-cell office:value-type="string" calcext:value-type="error" table:formula="of:=1/0"><text:p>#DIV/0!</text:p></table:table-cell>': "#DIV/0!",
        '<table:table-cell office:value-type="string" calcext:value-type="error" table:formula="of:=x"><text:p>Err:508</text:p></table:table-cell>': "Err:508",
        '<table:table-cell office:value-type="float" office:value="0" table:formula="of:=0"><text:p>0</text:p></table:table-cell>': "0",
    }  # fmt: skip
    row = f"<table:table-row>{''.join(cells)}</table:table-row>"
    assert read(ods([], row))[0].rows[-1] == [*cells.values()]


def test_an_ods_error_that_is_repeated_is_in_each_of_its_cells(read: Read) -> None:
    row = '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="0" table:formula="of:=NA()"><text:p>#N/A</text:p></table:table-cell></table:table-row>'
    assert read(ods([], row))[0].rows[-2:] == [["#N/A"] * 3] * 2


def test_leading_zeros_hidden_and_struck_rows_of_an_ods_are_told(read: Read) -> None:
    number = '<table:table-cell office:value-type="float" office:value="5678912"{}><text:p>{}</text:p></table:table-cell>'
    style = '<style:style xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" style:name="s"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    columns = '<table:table-column/><table:table-column table:number-columns-repeated="9" table:visibility="collapse"/>'
    hidden, filtered = (
        f'<table:table-row table:visibility="{how}">{number.format("", "5678912")}</table:table-row>'
        for how in ("collapse", "filter")
    )
    first = f"<table:table-row>{number.format('', '005678912')}{number.format('', '0')}</table:table-row>"
    struck = f"<table:table-row>{number.format(' table:style-name=' + chr(34) + 's' + chr(34), '5678912')}</table:table-row>"
    (sheet,) = read(ods([], style + columns + first + struck + hidden + filtered))
    rows = [row[0] for row in sheet.rows if row[0]]
    assert rows == ["005678912", "5678912", "5678912", "5678912"]
    top = next(n for n, row in enumerate(sheet.rows, 1) if row[0])
    assert (sheet.struck, sheet.hidden) == ({top + 1}, {top + 2, top + 3})
    assert sheet.hidden_columns == {1}


# ---------------------------------------------------------------- XLS

ERROR = record(0x0205, struct.pack("<HHHBB", 1, 0, 0, 0x2A, 1))
ERROR_OF_A_FORMULA = record(0x0006, struct.pack("<HHH", 1, 1, 0) + b"\2\0\7\0\0\0\xff\xff" + bytes(8))  # fmt: skip
FIVE = struct.pack("<d", 5678912.0)


def test_errors_in_an_xls_are_told_as_in_an_xlsx(read: Read) -> None:
    records = labels([["甲", "乙", "丙"]]) + ERROR + ERROR_OF_A_FORMULA + labels([[]])
    (sheet,) = read(xls_of(records))
    assert sheet.rows == [["甲", "乙", "丙"], ["#N/A", "#DIV/0!", ""]]


def test_leading_zeros_hidden_and_struck_rows_of_an_xls_are_told(read: Read) -> None:
    zeros = "000000000".encode("utf-16-le")
    font = [record(0x0031, struct.pack("<HHHHHBBBB", 200, bits, 8, 400, 0, 0, 0, 0, 0) + b"\1\1A\0") for bits in (0, 8)]  # fmt: skip
    xf = [record(0x00E0, struct.pack("<HHH", f, n, 0) + bytes(14)) for f, n in ((0, 0), (0, 164), (1, 0))]  # fmt: skip
    code = record(0x041E, struct.pack("<HHB", 164, 9, 1) + zeros)
    number = record(0x0203, struct.pack("<HHH", 1, 0, 1) + FIVE)
    struck = record(0x0203, struct.pack("<HHH", 2, 0, 2) + FIVE)
    hidden = record(0x0208, struct.pack("<HHHHHHHH", 3, 0, 1, 255, 0, 0, 0x20, 0))
    column = record(0x007D, struct.pack("<HHHHHH", 1, 2, 2048, 0, 1, 0))
    records = column + hidden + labels([["码", "乙", "丙"]]) + number + struck
    (sheet,) = read(xls_of(records, b"".join((*font, code, *xf))))
    assert [row[0] for row in sheet.rows] == ["码", "005678912", "5678912"]
    assert (sheet.hidden, sheet.struck, sheet.hidden_columns) == ({4}, {3}, {1, 2})


def test_the_streams_of_an_ole_file_that_goes_round_come_to_an_end() -> None:
    data = bytearray(xls_of(labels(WORDS)))
    fat = 512
    data[fat + 8 : fat + 12] = struct.pack("<I", 2)  # the stream's first sector follows itself
    with pytest.raises(ole.Broken):
        ole.stream(bytes(data), "workbook")


# ---------------------------------------------------------------- XLSB


def test_an_xlsb_is_read_by_its_bytes_and_its_errors_are_told(read: Read) -> None:
    def part(*records: tuple[int, bytes]) -> bytes:
        kinds = (bytes([k]) if k < 128 else bytes([k & 0x7F | 0x80, k >> 7]) for k, _ in records)
        return b"".join(k + bytes([len(body)]) + body for k, (_, body) in zip(kinds, records, strict=True))  # fmt: skip

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    sheet = struct.pack("<II", 0, 1) + wide("rId1") + wide("表")
    book = part((131, b""), (143, b""), (156, sheet), (144, b""), (132, b""))
    row = struct.pack("<IIHHBI", 0, 0, 300, 0, 0, 0)
    text = struct.pack("<II", 0, 0) + wide("甲")
    error = struct.pack("<IIB", 1, 0, 0x2A)
    page = part((129, b""), (148, struct.pack("<IIII", 0, 0, 0, 1)), (145, b""), (0, row), (6, text), (3, error), (146, b""), (130, b""))  # fmt: skip
    links = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
    types = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    (found,) = read(zipped({"xl/workbook.bin": book, "xl/_rels/workbook.bin.rels": links, "xl/worksheets/sheet1.bin": page, "[Content_Types].xml": types}))  # fmt: skip
    assert (found.name, found.rows) == ("表", [["甲", "#N/A"]])


# ---------------------------------------------------------------- however mangled

BOOKS = {"xlsx": xlsx(TABLE), "xls": xls_of(labels(WORDS) + ERROR), "ods": ods(TABLE)}


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed; in an archive, in one of its parts as often as in the archive itself."""
    if data.startswith(b"PK") and chance.random() < 0.5:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice([n for n, part in parts.items() if part])
        return zipped(parts | {name: flipped(parts[name], chance)})
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(len(changed))
        if chance.random() < 0.2:
            changed[at : at + 4] = b"\xff\xff\xff\x7f"
        else:
            changed[at] = chance.randrange(256)
    return bytes(changed[: len(changed) if chance.random() < 0.9 else at])


@pytest.mark.parametrize("kind", BOOKS)
@pytest.mark.parametrize("seed", range(examples(3, 40)))
def test_a_workbook_however_mangled_is_read_or_has_a_reason_of_its_own(
    read: Read, kind: str, seed: int
) -> None:
    chance = random.Random(f"{kind}{seed}")
    for _ in range(40):
        rule = rule_of(read, flipped(BOOKS[kind], chance))
        assert not rule.startswith("reader-"), rule


def test_a_day_of_a_workbook_is_iso_8601() -> None:
    assert as_text(date(2024, 3, 5)) == "2024-03-05"
