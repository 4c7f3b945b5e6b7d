"""Small hostile files, one for each thing that departments' files do, and what must come of each.

    python -m tests.support.hostile_files FOLDER      writes them all, to look at

All content is made up (示例数据).
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

HEADER = ("文号", "文件名称", "制定机关", "发布日期")
ROWS = [
    (f"示政发〔2024〕{n}号", f"示例办法之{n}", "示例区人民政府", f"2024-01-{n:02d}")
    for n in range(1, 6)
]
PENALTIES = ("行政相对人名称", "行政相对人类别", "行政相对人代码_1（统一社会信用代码）", "行政处罚决定书文号", "处罚类别", "罚款金额（万元）", "处罚决定日期")  # fmt: skip
PENALTY = ("示例食品有限公司", "法人及非法人组织", "91411503MA44T8XQ3B", "示市监罚〔2024〕1号", "罚款", "0.2", "2024-03-05")  # fmt: skip
NEEDED = {"header-missing"}  # the short layouts here lack columns that the contract asks for

Grid = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Case:
    """A file, and what reading it must give; `rules` are the findings above the level of info."""

    name: str  # of the file, and of the case
    data: bytes
    records: int = 5
    rules: frozenset[str] = frozenset()
    set_aside: int = 0
    misfits: int = 0
    tables: int = 1
    hint: str = ""  # YAML for sources.yaml


CASES: list[Case] = []


def case(name: str, data: bytes, rules: Iterable[str] = (), **expected: object) -> None:
    CASES.append(Case(name, data, rules=frozenset(rules), **expected))  # type: ignore[arg-type]


# ---------------------------------------------------------------- makers


def text(rows: Grid = ROWS, header: Sequence[str] = HEADER, sep: str = ",", end: str = "\n") -> str:
    return "".join(sep.join(map(str, row)) + end for row in (header, *rows))


def xlsx(sheets: dict[str, Grid] | Grid, change: Callable[..., None] | None = None, **options: object) -> bytes:  # fmt: skip
    """A workbook; `change(book, {name: sheet})` before it is closed."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, **options})
    named = sheets if isinstance(sheets, dict) else {"Sheet1": sheets}
    pages = {}
    for name, rows in named.items():
        pages[name] = page = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if cell != "":
                    page.write(r, c, cell)
    if change:
        change(book, pages)
    book.close()
    return made.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return made.getvalue()


def patched(book: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with bytes of one part replaced."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part], (part, old)
    return zipped(parts | {part: parts[part].replace(old, new, 1)})


def html(rows: Grid, encoding: str = "utf-8") -> bytes:
    lines = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return f'<html><head><meta charset="{encoding}"></head><body><table>{lines}</table></body></html>'.encode(encoding)  # fmt: skip


TABLE: list[Sequence[object]] = [HEADER, *ROWS]
PLAIN = text()

# ---------------------------------------------------------------- encodings

case("utf8.csv", PLAIN.encode())
case("utf8-bom.csv", PLAIN.encode("utf-8-sig"))
case("utf16-le-bom.csv", PLAIN.encode("utf-16"))
case("utf16-be-bom.csv", b"\xfe\xff" + PLAIN.encode("utf-16-be"))
case(
    "utf16-no-bom.csv",
    PLAIN.replace("示例", "Sample of ").encode("utf-16-le"),
)
case("gb18030.csv", PLAIN.encode("gb18030"))
case("gb18030-four-bytes.csv", PLAIN.replace("办法", "㐀𠀀").encode("gb18030"))
case("gb18030-late.csv", (text([(f"A{n}", "x" * 90, "y", "2024-01-01") for n in range(900)], ("document_no", "title", "issuing_authority", "publish_date")) + ",".join(ROWS[0]) + "\n").encode("gb18030"), records=901)  # fmt: skip
case("big5.csv", text([("示政發〔2024〕1號", "示例辦法", "示例區人民政府", "2024-01-05")], ("文號", "文件名稱", "制定機關", "發布日期")).replace("〔", "[").replace("〕", "]").encode("big5"), records=1)  # fmt: skip
case("stray-byte-utf8.csv", PLAIN.encode().replace("办法之3".encode(), "办法之3".encode() + b"\xb9"), ["bad-bytes"])  # fmt: skip
case("stray-byte-gb18030.csv", PLAIN.encode("gb18030").replace("办法之3".encode("gb18030"), "办法之3".encode("gb18030") + b"\xff"), ["bad-bytes"])  # fmt: skip
case("line-of-gbk-in-utf8.csv", b"".join(line.encode("gbk" if n == 5 else "utf-8") for n, line in enumerate(PLAIN.splitlines(keepends=True))), ["bad-bytes", "garbled-text"])  # fmt: skip
case("cut-in-a-character.csv", PLAIN.encode()[:-1] + "示".encode()[:2], ["bad-bytes"])
case("lost-before.csv", PLAIN.replace("办法之2", "办法�2").encode(), ["lost-characters"])
case("nul.csv", PLAIN.replace("办法之2", "办法\x00之2").encode(), ["nul-bytes"])

# ---------------------------------------------------------------- lines, delimiters, quotes

case("crlf.csv", text(end="\r\n").encode())
case("cr.csv", text(end="\r").encode())
case("mixed-newlines.csv", PLAIN.replace("\n", "\r\n", 2).replace("2024-01-03\n", "2024-01-03\r").encode())  # fmt: skip
case("no-last-newline.csv", PLAIN.rstrip("\n").encode())
case("blank-lines.csv", PLAIN.replace("\n", "\n\n,,,\n").encode())
case("tab.tsv", text(sep="\t").encode())
case("tab-called.csv", text(sep="\t").encode())
case("semicolon.csv", text(sep=";").encode())
case("pipe.txt", text(sep="|").encode())
case("full-width-comma.csv", text(sep="，").encode())
case("trailing-delimiters.csv", text(end=",,\n").encode())
case("quoted-everything.csv", text([[f'"{c}"' for c in r] for r in ROWS], [f'"{h}"' for h in HEADER]).encode())  # fmt: skip
case("line-break-in-cell.csv", PLAIN.replace("示例办法之2", '"示例\n办法\n之2"').encode())
case("line-break-in-header.csv", PLAIN.replace("发布日期", '"发布\n日期"').encode())
case("escaped-quote.csv", PLAIN.replace("示例办法之2", '"示例""办法""之2"').encode())
case("quote-never-closed.csv", PLAIN.replace("示例办法之2", '"示例办法之2').encode(), ["unclosed-quote"])  # fmt: skip
case("quote-never-closed-last.csv", PLAIN.replace("示例办法之5", '"示例办法之5').encode(), ["unclosed-quote"])  # fmt: skip
case("two-slips.csv", PLAIN.replace("示例办法之2", '"示例办法之2').replace("示例办法之4", '示例办法之4"').encode(), ["unclosed-quote"])  # fmt: skip
case("quote-in-a-cell.csv", PLAIN.replace("示例办法之2", '5" 管道办法').encode(), ["unclosed-quote"])  # fmt: skip
case("row-too-long.csv", PLAIN.replace("示例办法之2", "示例,办法之2").encode(), ["ragged-row"], records=4, misfits=1)  # fmt: skip
case("row-too-short.csv", PLAIN.replace("示例办法之2,", "").encode(), ["ragged-row"], records=4, misfits=1)  # fmt: skip
case("long-cell.csv", PLAIN.replace("示例办法之2", "长" * 3_500_000).encode())
case("only-a-header.csv", text([]).encode(), records=0)
case("empty.csv", b"", ["file-empty"], records=0, tables=0)
case("only-blanks.csv", b" \n\n ,,\n", ["file-empty"], records=0, tables=0)
case("no-header.csv", text([], ROWS[0]).encode(), ["dataset-unknown"], records=0, tables=0)
case("not-a-table.txt", "今天开会，讨论了三件事。\n散会。\n".encode(), ["dataset-unknown"], records=0, tables=0)  # fmt: skip

# ---------------------------------------------------------------- headers and rows

case("header-other-ways.csv", text(header=("1.* 文 号", "（二）文件名稱", "制定机关：", "發布日期(必填)")).encode())  # fmt: skip
case("header-unmapped.csv", text([(*r, "x") for r in ROWS], (*HEADER, "心情")).encode(), ["header-unmapped"])  # fmt: skip
case("header-near.csv", text(header=("文号", "文件名称", "制定机关", "发布的日期们")).encode(), ["header-near"])  # fmt: skip
case("header-twice.csv", text([(*r, "x") for r in ROWS], (*HEADER, "文 号")).encode(), ["header-twice"])  # fmt: skip
case("header-missing.csv", text([r[1:] for r in ROWS], HEADER[1:]).encode(), ["header-missing"])
case("header-blank.csv", text([(*r[:2], "x", *r[2:]) for r in ROWS], ("文号", "文件名称", "", "制定机关", "发布日期")).encode(), ["header-blank"])  # fmt: skip
case("ambiguous.csv", text([("示政发〔2024〕1号", "2024-01-01")], ("文号", "备案日期")).encode(), ["dataset-ambiguous"], records=0, tables=0)  # fmt: skip
case("titles-above.csv", ("示例区规范性文件目录,,,\n示例数据,,,\n" + PLAIN).encode(), set_aside=2)
case("title-of-one-cell.csv", ("示例区规范性文件目录\n\n" + PLAIN).encode(), set_aside=1)
case("totals-and-signatures.csv", (PLAIN + "合  计,5,,\n小计：5件,,,\n填表人：张某,,审核人：李某,\n填报日期：2024-12-31,,,\n注：以上为示例,,,\n").encode(), set_aside=5)  # fmt: skip
case("printed-below.csv", (PLAIN + "打印时间：2025-01-03 09:12:11\n导出人：张某,,页码：1,\n").encode(), set_aside=2)  # fmt: skip
case("counted-below.xlsx", xlsx([*TABLE, ["共计", 5], ["总共", "", "5件"]]), set_aside=2)
case("title-on-full-titles.csv", ("示例区目录,,,\n" + text(header=("发文字号", "文件名称", "制定机关", "公布日期"))).encode(), set_aside=1)  # fmt: skip
case("record-like-a-total.csv", text([("合计发〔2024〕1号", "以上办法", "制表科技局", "2024-01-01")]).encode(), records=1)  # fmt: skip
case("header-again.csv", (PLAIN + PLAIN).encode(), records=10, set_aside=1)
case("numbered-columns.csv", PLAIN.replace("\n", "\n1,2,3,4\n", 1).encode(), set_aside=1)
case("hints-under-the-header.csv", PLAIN.replace("\n", "\n必填,请填写全称,必填,日期格式：yyyy-mm-dd\n示例,示例办法,示例区人民政府,2024-01-01\n", 1).encode(), set_aside=2)  # fmt: skip
case("types-under-the-header.csv", PLAIN.replace("\n", "\nC(128),varchar2(200),字符型,D\n", 1).encode(), set_aside=1)  # fmt: skip
case("types-with-a-comma.csv", PLAIN.replace("\n", "\nC(128),N(18,6),字符型,日期型\n", 1).encode(), set_aside=1)  # fmt: skip
case("a-record-like-hints.csv", text([("示政发〔2024〕1号", "格式文本填写办法", "示例区人民政府", "2024-01-01")]).encode(), records=1)  # fmt: skip
case("backslash-quotes.csv", "".join(",".join(f'"{c}"' for c in row) + "\n" for row in [HEADER, *((r[0], r[1] + r'\"甲\",乙', *r[2:]) for r in ROWS)]).encode(), ["backslash-quote"])  # fmt: skip
case("sources-yaml-says-it.csv", text(header=("编", "名", "谁", "何时")).encode(), hint="{dataset: normative_documents, columns: {编: document_no, 名: title, 谁: issuing_authority, 何时: publish_date}}")  # fmt: skip

# ---------------------------------------------------------------- workbooks

case("plain.xlsx", xlsx(TABLE))
case("titles.xlsx", xlsx([["规范性文件目录"], [], ["示例数据"], *TABLE]), set_aside=2)
case("second-sheet.xlsx", xlsx({"说明": [["填表说明"], ["每行一件"]], "数据": TABLE}), tables=1)
case(
    "unknown-sheet.xlsx", xlsx({"数据": TABLE, "别的": [["甲", "乙", "丙"]] * 5}), ["sheet-unknown"]
)
case("hidden-sheet.xlsx", xlsx({"数据": TABLE, "旧": TABLE}, lambda b, s: s["旧"].hide()), ["sheet-hidden"])  # fmt: skip
case("empty-sheet.xlsx", xlsx({"数据": TABLE, "空": []}))
case("two-on-one-sheet.xlsx", xlsx([["一、第一批"], *TABLE, [], ["二、证件"], ["执法证号", "持证人", "执法单位", "证件类型"], ["16000000001", "张某", "示例局", "国家证"]]), records=6, set_aside=2, tables=2)  # fmt: skip
case("same-twice-on-one-sheet.xlsx", xlsx([*TABLE, [], ["第二批"], *TABLE]), records=10, set_aside=1, tables=2)  # fmt: skip
case("small-above-large.xlsx", xlsx([*TABLE, [], ["执法证号", "持证人", "执法单位", "证件类型", "发证日期", "有效期至"], ["16000000001", "张某", "示例局", "国家证", "2024-01-15", "2029-01-14"]]), records=6, tables=2)  # fmt: skip
case("note-beside-the-first-of-two.xlsx", xlsx([HEADER, (*ROWS[0], "旁注"), *ROWS[1:], [], ["第二批"], *TABLE]), ["header-blank"], records=10, set_aside=1, tables=2)  # fmt: skip
case("note-between-two.xlsx", xlsx([[*a, "旁注" if i == 3 else "", *a] for i, a in enumerate(TABLE)]), ["header-blank"], records=10, tables=2)  # fmt: skip
case("side-by-side-above-one.xlsx", xlsx([*([*a, "", *a] for a in TABLE), [], *(a[::-1] for a in TABLE)]), records=15, tables=3)  # fmt: skip
case("side-by-side.xlsx", xlsx([[*a, "", *a] for a in TABLE]), records=10, tables=2)
case("far-below.xlsx", xlsx([*TABLE, *([[]] * 400), ["合计", 5]]), set_aside=1)


def _two_rows(book: xlsxwriter.Workbook, pages: dict[str, xlsxwriter.worksheet.Worksheet]) -> None:
    page = pages["Sheet1"]
    page.merge_range("A1:C1", "行政相对人")
    for i, name in enumerate(("名称", "类别", "代码_1（统一社会信用代码）")):
        page.write(1, i, name)
    for i, name in enumerate(PENALTIES[3:], 3):
        page.merge_range(0, i, 1, i, name)


case("header-of-two-rows.xlsx", xlsx([[], [], PENALTY], _two_rows), NEEDED, records=1)
case("header-of-three-rows.xlsx", xlsx([["文件", "", "", ""], ["文号", "名称", "制定", "发布"], ["", "", "机关", "日期"], *ROWS]), hint="{header_rows: [1, 3]}", rules=[])  # fmt: skip


def _merged(book: xlsxwriter.Workbook, pages: dict[str, xlsxwriter.worksheet.Worksheet]) -> None:
    pages["Sheet1"].merge_range("C2:C6", "示例区人民政府")


case("merged-body.xlsx", xlsx([HEADER, *((a, b, "", d) for a, b, _, d in ROWS)], _merged), ["merged-cells"])  # fmt: skip


def _dates(book: xlsxwriter.Workbook, pages: dict[str, xlsxwriter.worksheet.Worksheet]) -> None:
    style = book.add_format({"num_format": "yyyy-mm-dd"})
    for row in range(1, 6):
        pages["Sheet1"].write_number(row, 3, 45292 + row, style)


case("dates.xlsx", xlsx([HEADER, *(r[:3] for r in ROWS)], _dates))
case("dates-1904.xlsx", xlsx([HEADER, *((*r[:3], 43830) for r in ROWS)], date_1904=True))
case("serials.xlsx", xlsx([HEADER, *((*r[:3], 45292) for r in ROWS)]))


def _errors(book: xlsxwriter.Workbook, pages: dict[str, xlsxwriter.worksheet.Worksheet]) -> None:
    pages["Sheet1"].write_formula("B3", "=NA()", None, "#N/A")
    pages["Sheet1"].write_formula("B4", "=1/0", None, "#DIV/0!")


case("errors.xlsx", xlsx(TABLE, _errors), ["formula-error"])
case("errors-as-text.csv", PLAIN.replace("示例办法之2", "#REF!").encode(), ["formula-error"])
case("codes-destroyed.xlsx", xlsx([PENALTIES, (*PENALTY[:2], 914115030000000123, *PENALTY[3:])]), NEEDED | {"code-destroyed"}, records=1)  # fmt: skip
case("code-look-alike.csv", text([(*PENALTY[:2], "1I4115OOMB0123456X", *PENALTY[3:])], PENALTIES).encode(), NEEDED, records=1)  # fmt: skip
case("numbers-as-text.xlsx", xlsx([PENALTIES, PENALTY]), NEEDED, records=1)


def _corner(book: xlsxwriter.Workbook, pages: dict[str, xlsxwriter.worksheet.Worksheet]) -> None:
    pages["Sheet1"].write("XFD1048576", "x")


def _formatted(book: xlsxwriter.Workbook, pages: dict[str, xlsxwriter.worksheet.Worksheet]) -> None:
    bold = book.add_format({"bold": True})
    pages["Sheet1"].write_blank("XFD1048576", None, bold)
    for row in range(6, 3000):
        pages["Sheet1"].write_blank(row, 0, None, bold)


case("stray-corner-cell.xlsx", xlsx(TABLE, _corner), ["sheet-vast"], records=0, tables=0)
case("formatted-to-the-bottom.xlsx", xlsx(TABLE, _formatted))
case("long-cell.xlsx", xlsx([*TABLE, ["示政发〔2024〕9号", "长" * 32767, "示例区人民政府", "2024-01-09"]]), records=6)  # fmt: skip
case("xlsx-called.xls", xlsx(TABLE))
case("xlsx-called.csv", xlsx(TABLE), ["file-renamed"])
case("csv-called.xls", PLAIN.encode("gb18030"), ["file-renamed"])
case("tsv-called.xls", text(sep="\t").encode("utf-16"), ["file-renamed"])
case("html-called.xls", html(TABLE), ["file-renamed"])
case("table.html", html(TABLE))
case("table-gbk.HTM", html(TABLE, "gb18030"))
case("page-with-layout.html", b"<!-- saved from the web --><html><body><table><tr><td>" + "示例区信息公开".encode() + b"</td></tr><tr><td>" + html(TABLE) + b"</td></tr></table></body></html>", set_aside=2)  # fmt: skip
case("header-again-and-notes.htm", html([*TABLE[:3], HEADER, *TABLE[3:], ["（以下空白）", "", "", ""], ["负责人签字：", "", "", ""]]), set_aside=3)  # fmt: skip
case("page-of-words.html", "<html><body><p>示例区年度报告</p></body></html>".encode(), ["markup-no-table"], records=0, tables=0)  # fmt: skip
case("text-called.html", PLAIN.encode(), ["file-renamed"])
case("workbook-called.htm", xlsx(TABLE), ["file-renamed"])
case("html-gbk-called.xls", html(TABLE, "gb18030"), ["file-renamed"])
case("html-spans.xls", html([]).replace(b"</table>", ("<tr><th rowspan=2>文号</th><th colspan=999999999>标题行</th></tr><tr>" + "".join(f"<td>{h}</td>" for h in HEADER[1:]) + "</tr>" + "".join("<tr>" + "".join(f"<td>{c}<br></td>" for c in r) + "</tr>" for r in ROWS) + "</table>").encode()), ["file-renamed"], hint="{header_rows: [1, 2], columns: {标题行文件名称: title, 标题行制定机关: issuing_authority, 标题行发布日期: publish_date}, ignore: [标题行]}")  # fmt: skip
case("excel-2003.xls", ('<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="数据"><Table>' + "".join("<Row>" + "".join(f'<Cell><Data ss:Type="String">{c}</Data></Cell>' for c in r) + "</Row>" for r in TABLE) + "</Table></Worksheet></Workbook>").encode(), ["file-renamed"])  # fmt: skip
case("entities.xls", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY p SYSTEM "file:///etc/passwd">]><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row><Cell><Data>&b;&p;</Data></Cell></Row></Table></Worksheet></Workbook>', ["file-renamed", "dataset-unknown"], records=0, tables=0)  # fmt: skip
case("truncated.xlsx", xlsx(TABLE)[:-400], ["file-broken"], records=0, tables=0)
case("truncated-sheet.xlsx", patched(xlsx(TABLE), "xl/worksheets/sheet1.xml", b"</sheetData>", b"<c"), ["sheet-broken"], records=0, tables=0)  # fmt: skip
case("garbage.xlsx", bytes(range(256)) * 20, ["file-broken"], records=0, tables=0)
case("a-zip.xlsx", zipped({"a.txt": b"hello"}), ["file-other-kind"], records=0, tables=0)
case("empty.xlsx", b"", ["file-empty"], records=0, tables=0)
case("bomb.xlsx", zipped({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b" " * (64 << 20)}), ["file-bomb"], records=0, tables=0)  # fmt: skip
case("entities.xlsx", patched(xlsx(TABLE), "xl/sharedStrings.xml", b"<sst", b'<!DOCTYPE x [<!ENTITY p SYSTEM "file:///etc/passwd">]><sst'))  # fmt: skip
case("password.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600), ["file-password"], records=0, tables=0)  # fmt: skip
case("broken.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ["file-broken"], records=0, tables=0)  # fmt: skip

# ---------------------------------------------------------------- ODS

_ODS = b'<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet><table:table table:name="T">%s</table:table></office:spreadsheet></office:body></office:document-content>'  # fmt: skip


def ods(rows: Grid, more: str = "") -> bytes:
    def cell(value: object) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    lines = "".join(f"<table:table-row>{''.join(map(cell, r))}</table:table-row>" for r in rows)
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b'<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
            "content.xml": _ODS % (lines + more).encode(),
        }
    )


_REPEATED = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"{}</table:table-row>'  # fmt: skip
case("plain.ods", ods(TABLE))
case("blank-to-the-bottom.ods", ods(TABLE, _REPEATED.format("/>")))
case("repeated-a-billion-times.ods", ods(TABLE, _REPEATED.format(' office:value-type="string"><text:p>x</text:p></table:table-cell>')), ["sheet-vast"], records=0, tables=0)  # fmt: skip

# ---------------------------------------------------------------- JSON


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


RECORDS = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
case("list.json", _json(RECORDS))
_COLUMNS = {name: [row[i] for row in ROWS] for i, name in enumerate(HEADER)}
case("by-columns.json", _json({name: dict(enumerate(column)) for name, column in _COLUMNS.items()}))
case("columns-of-named-rows.json", _json({"data": {n: {f"r{i}": v for i, v in enumerate(c)} for n, c in _COLUMNS.items()}}))  # fmt: skip
case("rows-by-number.json", _json({str(i): record for i, record in enumerate(RECORDS)}))
case("one-row-by-columns.json", _json({n: {"0": c[0]} for n, c in _COLUMNS.items()}), records=1)
case("lists-by-column.json", _json({"code": 0, "result": {"total": 5, **_COLUMNS}}))
case("lists-of-other-lengths.json", _json(_COLUMNS | {"文号": ["示政发〔2024〕1号"]}), ["json-columns-uneven"], records=0, tables=0)  # fmt: skip
case("lists-that-are-no-table.json", _json({"tags": ["甲", "乙"], "codes": ["1", "2"]}), ["dataset-unknown"], records=0, tables=0)  # fmt: skip
case("list-gb18030.json", json.dumps(RECORDS, ensure_ascii=False).encode("gb18030"))
case("object.json", _json({"code": 0, "data": RECORDS}))
case("deeper.json", _json({"code": 0, "data": {"total": 5, "rows": RECORDS}}))
case("two-lists.json", _json({"a": RECORDS, "b": RECORDS}), records=10, tables=2)
case("lines.json", "\n".join(json.dumps(r, ensure_ascii=False) for r in RECORDS).encode())
LINES = "\n".join(json.dumps(r, ensure_ascii=False) for r in RECORDS)
case("lines.jsonl", LINES.encode())
case("one-line-cut.jsonl", (LINES[: LINES.index("\n") - 9] + LINES[LINES.index("\n") :]).encode(), ["json-line-broken"], records=4, misfits=1)  # fmt: skip
case("last-line-cut.jsonl", LINES[:-9].encode(), ["json-line-broken"], records=4, misfits=1)
case("most-lines-cut.jsonl", LINES.replace("}", "").encode(), ["file-broken"], records=0, tables=0)
case("not-all-records.json", _json([*RECORDS, 7]), records=6)
case("key-twice.json", _json(RECORDS).replace(b"{", '{"文号": "示政发〔2024〕9号", '.encode(), 1), ["header-unmapped"])  # fmt: skip
case("no-records.json", _json({"a": 1}), ["json-no-records"], records=0, tables=0)
case("deep.json", b"[" * 100_000, ["file-broken"], records=0, tables=0)
case("broken.json", _json(RECORDS)[:-9], ["file-broken"], records=0, tables=0)

# ---------------------------------------------------------------- names

case("名字 有'引号\"，和#%&换\n行.csv", PLAIN.encode())
case("=HYPERLINK(1).csv", PLAIN.encode())
case("UPPER.CSV", PLAIN.encode())
case("word.docx", b"PK\x03\x04", ["file-kind"], records=0, tables=0)


def write(folder: Path, cases: Iterable[Case] = CASES) -> None:
    """The files, and the sources.yaml that some of them need."""
    entries = []
    for one in cases:
        (folder / one.name).write_bytes(one.data)
        if one.hint:
            entries.append(f"- {{match: {json.dumps(one.name)}, {one.hint[1:]}\n")
    if entries:
        (folder / "sources.yaml").write_text("".join(entries), "utf-8")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    write(Path(sys.argv[1]))
