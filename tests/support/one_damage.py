"""Damages, each to one cell, line, file or name, drawn from a seed; none looks at how files are read."""

from __future__ import annotations

import csv
import html
import io
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl

from tests.support.good_inbox import CODEC, Part, schema

#: Rows of a part whose content a damage may have touched, counted from 0.
Hit = frozenset[int]
LONG = 40_000
TEXTS = (
    *("", " ", "\u3000", "长" * LONG, "x" * LONG, "9" * 400, "a\x00b", "\x00", "a\x07b\x1bc", "\x1a", "\x7f", "a\rb", "a\nb", "a\r\nb", "a\tb", "\u2028", "\u200b", "\ufeff", "\ufffe"),
    *("\u202e倒过来\u202c", "\u200f右", "🀄️👨‍👩‍👧", "é́̂̃", "𠮷野家", "\ue000私用", "\ufffd", "锟斤拷", "锟斤拷烫烫烫", "ç¤ºä¾‹", "绀轰緥", "?文?字?", "ﬁﬂ", "Ａ１", "١٢٣", "²½Ⅷ", "〇一二"),
    *("=1+1", "=HYPERLINK(\"http://x\")", "@SUM(A1)", "+cmd|' /C calc'!A0", "-1+1", "'=1", "'0012", '="0012"', "＝1+1", "#N/A", "#REF!", "=DISPIMG(\"ID_1\",1)"),
    *("1E5", "1.2e+05", "1e400", "-1e-400", "NaN", "inf", "-0", "0.1", "112000.00000000001", "33333.3333333333", "9007199254740993", "9223372036854775808", "0x1F", "1_000", "007", "12.0", "1,2,3", "1/3", "1.234.567,89", "(500)", "约500", "五百", "500元", "3万元", "￥500", "50%", "<5"),
    *("&lt;b&gt;", "<b>粗</b>", "<script>alert(1)</script>", "&#64;", "&nbsp;", "&amp;amp;", "&#x1F600;", "&#0;", "&#xD800;", "<br>", "]]>", "<!--", "_x0000_", "_x000D_", "%00%2e", "\\N", "\\", "\\\"", "\\u0000", "{{x}}", "${x}", "%s", "'; drop table x; --"),
    *("a&#64;example.com", "1381&#50;345678", "13812345678", "１３８１２３４５６７８", "a@example.com", "a＠example．com", "411503190001010013", "4115031900​01010013", "41150319000101001３", "邮箱 zs(at)example.com", "wxid_abc1234567", "6222021718000000001", "豫S12345", "张三（身份证411503190001010013）", "0376-6666666", "护照E12345678"),
    *("2024-03-15", "2024/3/15", "2024.3.15", "2024年3月15日", "20240315", "3/15/24", "15/3/2024", "5/3/2024", "15-3月 -24", "45366", "1710432000", "1710432000000", "/Date(1710432000000)/", "2024-03-15T00:00:00Z", "2024-03-15T23:30:00+08:00", "2024-02-30", "2024-13-01", "0000-00-00", "9999-12-31", "1900-01-00", "民国113年3月15日", "二〇二四年三月十五日", "长期", "三年", "2024-03-15至2025-03-15", "昨天"),
    *("NULL", "null", "None", "nan", "NaT", "undefined", "(null)", "N/A", "/", "-", "——", "无", "空", "同上", "〃", "合计", "小计", "第1页 共3页", "（以上共6件）", "备注：", "True", "是"),
    *('"', '""', '"开', '关"', 'a"b', "'", "“", ",", ";", "\t", "|", ",,,,,,,,", "a,b", '","', '"\n"'),
)  # fmt: skip
#: Where a text means a number or a day: all that it may be in public without a word.
NUMBERS = {"1E5": "100000", "1.2e+05": "120000", "-0": "0", "0.1": "0.1", "112000.00000000001": "112000", "33333.3333333333": "33333.33", "007": "7", "12.0": "12", "约500": "500", "五百": "500", "500元": "500", "3万元": "30000", "￥500": "500", "Ａ１": "", "Ⅷ": "8", "〇一二": "12"}  # fmt: skip
DAYS = dict.fromkeys(("2024-03-15", "2024/3/15", "2024.3.15", "2024年3月15日", "20240315", "3/15/24", "15/3/2024", "15-3月 -24", "45366", "1710432000", "1710432000000", "/Date(1710432000000)/", "2024-03-15T00:00:00Z", "2024-03-15T23:30:00+08:00", "民国113年3月15日", "二〇二四年三月十五日"), "2024-03-15") | {"9999-12-31": "9999-12-31", "长期": "2099-12-31"}  # fmt: skip
NOTHING = frozenset({"", "\u3000", " ", "NULL", "null", "None", "nan", "NaN", "NaT", "undefined", "(null)", "N/A", "/", "-", "——", "无", "空", "\\N", "\u200b", "\ufeff", "\u2028", "\x00", "\x1a", "\x7f", "&nbsp;"})  # fmt: skip

ODD_NAMES = ("名字 有'引号\"，和#%&", "=HYPERLINK(1)", "-rf", "--help", "[a-z]*?", "{a,b}", "100%25%2e", "$HOME `id`", "🀄️é", "\u202e倒", " 前后空格 ", "a;b&&c|d", "长" * 80, "~", "换\n行", "制\t表", "back\\slash", "..点", ".隐藏", "con", "a.csv.xlsx", "x" * 240, "<b>", "\x07铃", "sources.yaml", "①Ⅷ", "\u200b零宽", "错\udcff字节")  # fmt: skip
SUFFIXES = (".xlsx", ".xls", ".csv", ".ods", ".json", ".txt", ".docx", ".png", "", ".CSV", ".csv.bak", ".zip", ".tsv", ".jsonl", ".html", ".pdf")  # fmt: skip


@dataclass(frozen=True)
class Damage:
    """What became of one file. `text` stands in column `column` of the one row of `hit`, if that is all."""

    kind: str
    part: Part
    what: str
    data: bytes
    hit: Hit
    name: str = ""
    text: str | None = None
    column: str = ""
    gone: Hit = field(default=frozenset())  # rows that the file no longer has

    @property
    def told(self) -> str:
        return f"{self.kind} · {self.part.name} ({self.part.kind}) · {self.what}"


Make = Callable[[Part, random.Random, Path], Damage | None]


def rendered(part: Part, folder: Path, grid: Any = None) -> bytes:
    path = part.write(folder, grid)
    data = path.read_bytes()
    path.unlink()
    return data


def everything(part: Part) -> Hit:
    return frozenset(range(len(part.grid) - 1))


# ---------------------------------------------------------------- one cell


def fits(kind: str, text: str) -> bool:
    """Whether a file of this kind can hold the text in one cell at all."""
    marks = any((ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\x7f" or "\ud800" <= c <= "\udfff" for c in text)  # fmt: skip
    if kind in ("xlsx", "ods"):
        return not marks and len(text) < (32_767 if kind == "xlsx" else LONG + 1)
    return len(text) < 4000 if kind == "xls" else not (kind == "html" and marks)


def cell(part: Part, rng: random.Random, folder: Path, text: str | None = None) -> Damage | None:
    """Another text in one cell, written as the kind of file writes it."""
    text = rng.choice(TEXTS) if text is None else text
    row, column = rng.randrange(len(part.grid) - 1), rng.randrange(len(part.fields))
    if not fits(part.kind, text) or text == part.grid[row + 1][column]:
        return None
    grid = [list(cells) for cells in part.grid]
    grid[row + 1][column] = text
    what = f"row {row} {part.fields[column]} = {text[:60]!r}{'…' * (len(text) > 60)}"
    return Damage("cell", part, what, rendered(part, folder, grid), frozenset({row}), text=text, column=part.fields[column])  # fmt: skip


JSON_VALUES: tuple[Any, ...] = (None, True, False, 0, -1, 1.5, 1e300, 2**70, 12345678901234567890, [], ["a", "b"], {}, {"a": {"b": 1}}, [[1], [2]], "\ud800", "\x00", float("nan"), float("inf"))  # fmt: skip


def json_value(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """In JSON a value of another type."""
    if not part.kind.startswith("json"):
        return None
    row, column, value = rng.randrange(len(part.grid) - 1), rng.randrange(len(part.fields)), rng.choice(JSON_VALUES)  # fmt: skip
    records: list[dict[str, Any]] = [dict(zip(part.grid[0], cells, strict=True)) for cells in part.grid[1:]]  # fmt: skip
    records[row][part.grid[0][column]] = value
    text = json.dumps(records) if part.kind == "json" else "\n".join(map(json.dumps, records)) + "\n"  # fmt: skip
    return Damage("JSON value", part, f"row {row} {part.fields[column]} = {value!r}", text.encode(), frozenset({row}))  # fmt: skip


SHEET_VALUES: tuple[Any, ...] = (True, 0, -1, 1.5, 1e300, 1e-7, 123456789012345680, 33333.3333333333, 112000.00000000001, "=1/3", "#N/A", "=DISPIMG(\"ID_1\",1)", 45366, 45366.5, 2958466)  # fmt: skip


def sheet_value(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """In a workbook a number, a formula, an error, a truth value."""
    if part.kind != "xlsx":
        return None
    row, column, value = rng.randrange(len(part.grid) - 1), rng.randrange(len(part.fields)), rng.choice(SHEET_VALUES)  # fmt: skip
    book = openpyxl.Workbook()
    for cells in part.grid:
        book.active.append(list(cells))
    book.active.cell(row + 2, column + 1).value = value
    book.save(out := io.BytesIO())
    return Damage("workbook value", part, f"row {row} {part.fields[column]} = {value!r}", out.getvalue(), frozenset({row}))  # fmt: skip


def header(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """One title emptied, doubled or made another: all rows have that column."""
    grid = [list(cells) for cells in part.grid]
    column = rng.randrange(len(part.fields))
    now = rng.choice(("", "不认识的列", grid[0][column - 1], "  " + grid[0][column] + "*", "\u202e" + grid[0][column], grid[0][column] + "（请填写）"))  # fmt: skip
    grid[0][column] = now
    return Damage("title", part, f"{part.fields[column]} = {now!r}", rendered(part, folder, grid), everything(part))  # fmt: skip


# ---------------------------------------------------------------- one line


def lines_of(part: Part) -> list[bytes]:
    """A text file's header and rows, each with its line end."""
    mark = "\t" if part.kind == "tab" else ","
    if part.kind == "json lines":
        return [json.dumps(dict(zip(part.grid[0], row, strict=True)), ensure_ascii=False).encode() + b"\n" for row in part.grid[1:]]  # fmt: skip
    out = []
    for cells in part.grid:
        line = io.StringIO()
        csv.writer(line, delimiter=mark).writerow(cells)
        codec = CODEC[part.kind]
        out.append(line.getvalue().encode(codec if not out else codec.removesuffix("-sig")))
    return out


def _between(line: bytes, codec: str, rng: random.Random) -> tuple[str, str]:
    text = line.decode(codec).rstrip("\r\n")
    at = rng.randrange(len(text) + 1)
    return text[:at], text[at:]


def _put(mark: str) -> Callable[[bytes, str, random.Random], bytes]:
    def put(line: bytes, codec: str, rng: random.Random) -> bytes:
        first, rest = _between(line, codec, rng)
        return (first + mark + rest + "\r\n").encode(codec)

    return put


def _cut(line: bytes, codec: str, rng: random.Random) -> bytes:
    return (_between(line, codec, rng)[0] + "\r\n").encode(codec)


def _without(mark: str) -> Callable[[bytes, str, random.Random], bytes]:
    def leave_out(line: bytes, codec: str, rng: random.Random) -> bytes:
        text = line.decode(codec)
        places = [at for at, c in enumerate(text) if c == mark]
        at = rng.choice(places) if places else len(text)
        return (text[:at] + text[at + 1 :]).encode(codec)

    return leave_out


def _quoted(line: bytes, codec: str, rng: random.Random) -> bytes:
    """A quote that opens a cell and is never closed."""
    text = line.decode(codec)
    at = rng.choice([0, *(place + 1 for place, c in enumerate(text) if c in ",\t")])
    return (text[:at] + '"' + text[at:]).encode(codec)


LINES: dict[str, Callable[[bytes, str, random.Random], bytes]] = {
    "dropped": lambda line, codec, rng: b"",
    "doubled": lambda line, codec, rng: line + line,
    "cut": _cut,
    "delimiter put in": _put(","),
    "tab put in": _put("\t"),
    "delimiter left out": _without(","),
    "tab left out": _without("\t"),
    "quote put in": _put('"'),
    "quote that opens": _quoted,
    "line break put in": _put("\r\n"),
    "lone CR put in": _put("\r"),
    "NUL put in": _put("\x00"),
    "0x1A put in": _put("\x1a"),
    "backslash put in": _put("\\"),
    "line end left out": lambda line, codec, rng: line.rstrip(b"\r\n"),
    "blank lines": lambda line, codec, rng: b"\r\n\r\n" + line + b"\r\n",
    "only delimiters": lambda line, codec, rng: b"," * line.count(b",") + b"\r\n",
    "junk before": lambda line, codec, rng: "导出时间 2024\r\n".encode(codec) + line,
}  # fmt: skip


def line(part: Part, rng: random.Random, folder: Path, name: str | None = None) -> Damage | None:
    """One line of a text file damaged; the lines before and behind are as they were."""
    if part.kind not in CODEC or part.kind == "html":
        return None
    name = name or rng.choice(list(LINES))
    whole, row = lines_of(part), rng.randrange(len(part.grid) - 1)
    at = row if part.kind == "json lines" else row + 1
    whole[at] = LINES[name](whole[at], CODEC[part.kind].removesuffix("-sig"), rng)
    hit = {row} | ({row + 1} if name == "line end left out" and row + 2 < len(part.grid) else set())
    gone = frozenset({row} if name == "dropped" or name == "only delimiters" else ())
    return Damage(f"line: {name}", part, f"row {row}: {whole[at][:300]!r}", b"".join(whole), frozenset(hit), gone=gone)  # fmt: skip


# ---------------------------------------------------------------- bytes of a file


def _lines_at(part: Part, data: bytes, start: int, stop: int) -> Hit:
    """Rows whose lines have a byte of `start` to `stop`; all where a title is hit, or lines mean nothing."""
    if part.kind not in CODEC or part.kind == "html":
        return everything(part)
    first = data.count(b"\n", 0, max(0, start - 1))  # a line break that is hit is of both
    last = data.count(b"\n", 0, stop + 1)
    rows = range(first, last + 1) if part.kind == "json lines" else range(first - 1, last)
    return everything(part) if rows.start < 0 else frozenset(rows) & everything(part)


def some_bytes(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """A few bytes of the file flipped, overwritten, cut out or put in."""
    data = rendered(part, folder)
    at, count = rng.randrange(len(data)), rng.choice((1, 1, 1, 2, 5))
    how = rng.choice(("flipped", "overwritten", "cut out", "put in"))
    old = data[at : at + count]
    new = {"flipped": bytes(b ^ 1 << rng.randrange(8) for b in old), "overwritten": rng.randbytes(len(old)), "cut out": b"", "put in": old + rng.randbytes(count)}[how]  # fmt: skip
    hit = _lines_at(part, data, at, at + len(old))
    what = f"{old!r} at {at} of {len(data)} becomes {new!r}"
    return Damage(f"bytes {how}", part, what, data[:at] + new + data[at + len(old) :], hit)


def whole_file(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """The file emptied, cut short, overwritten, doubled, or with something before or behind it."""
    data = rendered(part, folder)
    how, at = rng.choice(("emptied", "truncated", "zeros", "doubled", "junk behind", "junk before", "half of it zeros")), rng.randrange(1, len(data))  # fmt: skip
    if how == "truncated" and part.name.endswith((".csv", ".tsv")):
        # In the first cell of a line: behind a whole line, or in its last cell, nobody could tell.
        at = data.rfind(b"\n", 0, at) + 1 + 3
    made = {"emptied": b"", "truncated": data[:at], "zeros": bytes(len(data)), "doubled": data + data, "junk behind": data + rng.randbytes(50), "junk before": rng.randbytes(50) + data, "half of it zeros": data[: len(data) // 2] + bytes(len(data) - len(data) // 2)}[how]  # fmt: skip
    hit = everything(part)
    if how == "truncated":
        hit = _lines_at(part, data, at, len(data))
    elif how == "half of it zeros":
        hit = _lines_at(part, data, len(data) // 2, len(data))
    return Damage(f"file {how}", part, f"at {at} of {len(data)}", made, hit)


# ---------------------------------------------------------------- names


def odd_name(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """Another name, and nothing else: every record is as it was, or it is told that the file is hidden."""
    path, name = Path(part.name), rng.choice(ODD_NAMES)
    name = (str(path.parent) + "/" + name + path.suffix) if rng.random() < 0.6 or len(name) > 200 else f"{name}/{path.name}"  # fmt: skip
    hidden = any(piece.startswith(".") for piece in name.split("/"))
    hit = everything(part) if hidden else frozenset[int]()
    return Damage("name", part, f"{name!r}", rendered(part, folder), hit, name=name)


def wrong_suffix(part: Part, rng: random.Random, folder: Path) -> Damage | None:
    """A name that says the file is of another kind: read all the same, or told."""
    path, suffix = Path(part.name), rng.choice(SUFFIXES)
    name = str(path.with_suffix("")) + suffix
    hit = frozenset[int]() if suffix == path.suffix else everything(part)
    return Damage("suffix", part, f"{name!r}", rendered(part, folder), hit, name=name)


KINDS: dict[str, Make] = {"cell": cell, "JSON value": json_value, "workbook value": sheet_value, "title": header, "line": line, "bytes": some_bytes, "file": whole_file, "name": odd_name, "suffix": wrong_suffix}  # fmt: skip


def put(damages: Iterable[Damage], inbox: Path) -> None:
    """The damages, in an inbox that has the files as they were."""
    for damage in damages:
        (inbox / damage.part.name).unlink()
        path = inbox / (damage.name or damage.part.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damage.data)


def report(path: Path, rng: random.Random) -> str:
    """A yearly report damaged: a line of its text, some of its bytes, or all of it; gives what was done."""
    data, how = path.read_bytes(), rng.choice(("line", "bytes", "truncated", "emptied", "zeros"))
    at = rng.randrange(len(data))
    if how == "line" and path.suffix == ".txt":
        lines = data.split(b"\n")
        lines[rng.randrange(len(lines))] = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
        data = b"\n".join(lines)
    elif how in ("emptied", "truncated"):
        data = data[:at] if how == "truncated" else b""
    else:
        new = bytes(len(data)) if how == "zeros" else data[:at] + rng.randbytes(3) + data[at + 3 :]
        data = new
    path.write_bytes(data)
    return f"{path.name} {how} at {at}"


# ---------------------------------------------------------------- what is right


def folded(text: str) -> str:
    """A text without what no reader sees: marks, blanks, widths, entities."""
    import unicodedata

    wide = unicodedata.normalize("NFKC", html.unescape(text))
    return "".join(c for c in wide if unicodedata.category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs", "Co"))  # fmt: skip


def is_right(damage: Damage, value: str) -> bool:
    """Whether `value`, in public and without a word, is what the damaged cell says."""
    text = damage.text or ""
    if value == "" and text in NOTHING:
        return True
    field = schema(damage.part.dataset)[damage.column]
    if field.get("gongshi:privacy") == "masked" and value in (f"{text[:1]}***", f"{text[:1]}某某"):
        return True  # what may be a person's name is masked always
    kind = field["gongshi:kind"]
    if kind in ("money", "integer", "number", "decimal"):
        return _number(NUMBERS.get(text, text)) == _number(value)
    if kind == "date":
        return value in (DAYS.get(text), text)
    return folded(value) == folded(text)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", ""))
    except ArithmeticError:
        return None


# ---------------------------------------------------------------- many at a time


def draw(files: Iterable[Part], rng: random.Random, kinds: Iterable[str], folder: Path) -> list[Damage]:  # fmt: skip
    """One damage in a file of each dataset, and in more where at most a fifth of its rows are hit."""
    found: list[Damage] = []
    names, rows = list(kinds), dict[str, int]()
    files = list(files)
    for part in files:
        rows[part.dataset] = rows.get(part.dataset, 0) + len(part.grid) - 1
    left = {name: max(1, count // 5) for name, count in rows.items()}
    for part in rng.sample(files, len(files)):
        damage = _some(part, rng, names, folder)
        whole = damage is not None and len(damage.hit) > 1
        if damage is None or left[part.dataset] <= 0 or (whole and part.dataset in {d.part.dataset for d in found}):  # fmt: skip
            continue
        left[part.dataset] -= 99 if whole else len(damage.hit)
        found.append(damage)
    return found


def _some(part: Part, rng: random.Random, names: list[str], folder: Path) -> Damage | None:
    for _ in range(20):
        if damage := KINDS[rng.choice(names)](part, rng, folder):
            return damage
    return None
