"""An inbox in good order: every dataset that departments send, in every kind of file that is read.

Its rows are those of the published sample (示例数据 / synthetic sample), under the Chinese titles of the
contract; what the pipeline adds to a record is left out.
"""

from __future__ import annotations

import csv
import html
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support import filekinds
from tests.support.filekinds import Grid, Write
from tests.support.shop import ROOT, rows_of

#: What a record has only after it was published.
OURS = ("record_id", "heaviest_penalty", "source_id", "source_row")
SENT = "source_row"  # a column of what departments send, and of nothing else
REPORTS = ("reports/年度报告-示例数据.txt", "reports/往年报告-示例数据.docx")


def json_lines(path: Path, grid: Grid) -> None:
    lines = [json.dumps(dict(zip(grid[0], row, strict=True)), ensure_ascii=False) for row in grid[1:]]  # fmt: skip
    path.with_suffix(".jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def html_table(path: Path, grid: Grid) -> None:
    """What many systems export as `.xls`: a page with one table."""
    rows = "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in grid)  # fmt: skip
    page = f'<html><head><meta charset="utf-8"></head><body><table border="1">\n{rows}\n</table></body></html>'
    path.with_suffix(".xls").write_text(page, "utf-8")


KINDS: dict[str, Write] = {
    "utf-8": filekinds.separated("utf-8"),
    "utf-8 with a mark": filekinds.separated("utf-8-sig"),
    "gb18030": filekinds.separated("gb18030"),
    "tab": filekinds.separated("utf-8", "\t", ".tsv"),
    "xlsx": filekinds.xlsx,
    "xls": filekinds.xls,
    "ods": filekinds.ods,
    "json": filekinds.json_list,
    "json lines": json_lines,
    "html": html_table,
}
SUFFIX = {"utf-8": ".csv", "utf-8 with a mark": ".csv", "gb18030": ".csv", "tab": ".tsv", "xlsx": ".xlsx", "xls": ".xls", "ods": ".ods", "json": ".json", "json lines": ".jsonl", "html": ".xls"}  # fmt: skip
CODEC = {"utf-8": "utf-8", "utf-8 with a mark": "utf-8-sig", "gb18030": "gb18030", "tab": "utf-8", "json lines": "utf-8", "html": "utf-8"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A file of the inbox: some rows of a dataset. `fields` are the columns' names in the contract."""

    dataset: str
    kind: str
    name: str  # its path within the inbox
    fields: tuple[str, ...]
    grid: tuple[tuple[str, ...], ...]  # the header, then the rows

    def write(self, folder: Path, grid: Grid | None = None) -> Path:
        """The file under `folder`, with these rows or with `grid` instead."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        KINDS[self.kind](path.with_suffix(""), grid or self.grid)
        return path


def datasets(data: Path) -> list[str]:
    """What departments send, of a release's `data`."""
    return sorted(path.stem for path in data.glob("*.csv") if SENT in head(path))


def head(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


@cache
def schema(dataset: str) -> dict[str, dict[str, Any]]:
    """The fields of a dataset, as the contract has them."""
    contract = yaml.safe_load((ROOT / "datapackage" / f"{dataset}.yaml").read_text("utf-8"))
    return {field["name"]: field for field in contract["schema"]["fields"]}


def title(dataset: str, field: str) -> str:
    """A column's title, with the unit of what stands below it."""
    found = schema(dataset)[field]
    unit = found.get("gongshi:unit") if found["gongshi:kind"] == "money" else None
    return f"{found['title']}（{unit}）" if unit else str(found["title"])


def parts(data: Path, turn: int = 0, most: int = 24, files: int = 3) -> list[Part]:
    """Three files of each dataset, of kinds that another `turn` deals otherwise."""
    made, kinds, known = [], list(KINDS), _chosen(data, most)
    for place, (dataset, rows) in enumerate(known.items()):
        fields = tuple(name for name in rows[0] if name not in OURS)
        header = tuple(title(dataset, name) for name in fields)
        for number in range(files):
            kind = kinds[(place * files + number + turn) % len(kinds)]
            body = [tuple(row[name] for name in fields) for row in rows[number::files]]
            name = f"示例单位{place}/{dataset}-{number}{SUFFIX[kind]}"
            made.append(Part(dataset, kind, name, fields, (header, *body)))
    return made


def _chosen(data: Path, most: int) -> dict[str, list[dict[str, str]]]:
    """Some rows of each dataset, so that those which refer to others find them."""
    known = {name: rows_of(data / f"{name}.csv") for name in datasets(data)}
    for name, rows in known.items():
        known[name] = rows[:: max(1, len(rows) // most)][:most]
    held = {row["certificate_no"] for row in known["certificates"]}
    events = rows_of(data / "certificate_events.csv")
    known["certificate_events"] = [row for row in events if row["certificate_no"] in held][:most]
    return known


def write(folder: Path, files: Sequence[Part]) -> None:
    """The inbox: `files`, and two yearly reports."""
    for part in files:
        part.write(folder)
    (folder / "reports").mkdir(parents=True, exist_ok=True)
    [report] = (ROOT / "examples" / "inbox" / "reports").glob("*.txt")
    shutil.copy(report, folder / REPORTS[0])
    docx(folder / REPORTS[1], report.read_bytes().decode("gb18030" if not _utf8(report) else "utf-8").replace("2024", "2023"))  # fmt: skip
    said = [{"match": name, "body": "示例区", "region_code": "411503", "year": year} for name, year in zip(REPORTS, (2024, 2023), strict=True)]  # fmt: skip
    (folder / "sources.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")


def _utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def docx(path: Path, text: str) -> None:
    """A document of Word, one paragraph a line."""
    import zipfile

    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    lines = "".join(f"<w:p><w:r><w:t>{html.escape(line)}</w:t></w:r></w:p>" for line in text.splitlines())  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')  # fmt: skip
        archive.writestr("_rels/.rels", '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>')  # fmt: skip
        archive.writestr("word/document.xml", f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{space}"><w:body>{lines}</w:body></w:document>')  # fmt: skip
