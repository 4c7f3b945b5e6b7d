"""A small release made of the contract and made-up rows: 示例数据 / synthetic sample.

Only for tests of the site. It has the shape that `docs` promise of a release: a folder under
`releases/`, `disclosure.db` with keys and search indexes, words, a manifest, and `current`.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from pipeline.base.model import Catalog, Column, Dataset
from pipeline.contract.catalog import load
from pipeline.release.database.full_text import segment_column
from pipeline.release.package.about import About
from pipeline.release.package.metadata import site_metadata

ROOT = Path(__file__).parents[2]
TODAY = date(2025, 3, 31)
ROWS = {"penalty_filings": 240, "certificates": 120, "certificate_events": 260}
ROWS |= {"normative_documents": 60, "normative_reviews": 50, "authorities": 12, "issues": 30}
ROWS |= {"rules": 12, "sources": 14, "run_tallies": 14, "header_mappings": 60, "withdrawals": 1}
ROWS |= {"report_figures": 9, "report_checks": 6, "changes": 0}
WITHDRAWN = "w0123456789abcdef"
HOSTILE = (
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "\"' onmouseover=alert(1)",
    "=HYPERLINK(1)",
    "\u202egnp.exe",
    "长" * 3000,
)
_AUTHORITIES = [
    f"信阳市平桥区{name}"
    for name in (
        *(
            "市场监督管理局",
            "城市管理局",
            "应急管理局",
            "交通运输局",
            "卫生健康委员会",
            "生态环境分局",
        ),
        *(
            "农业农村局",
            "文化广电旅游局",
            "住房和城乡建设局",
            "自然资源局",
            "消防救援大队",
            "公安分局",
        ),
    )
]
_VIOLATIONS = [
    "未取得食品经营许可从事食品经营活动",
    "特种设备未经检验",
    "违法占用城市道路",
    "超限超载运输",
]
_TYPES = {
    "string": "TEXT",
    "date": "TEXT",
    "integer": "INTEGER",
    "year": "INTEGER",
    "boolean": "INTEGER",
}


def make_release(
    site: Path,
    *,
    release: str = "2025-03-31-1",
    rows: dict[str, int] | None = None,
    hostile: bool = False,
    today: str = "2025-03-31",
    contract: Path = ROOT / "datapackage",
) -> Path:
    """A release under `site`, and `current` pointing to it."""
    catalog = load(contract)
    folder = site / "releases" / release
    (folder / "downloads").mkdir(parents=True)
    words = yaml.safe_load((ROOT / "metadata.yml").read_text("utf-8"))
    about = About(catalog, words, date.fromisoformat(today), sample=True)
    told = site_metadata(about, present=list(catalog.datasets))
    (folder / "metadata.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    tallies = {"penalty_filings": {"read": 250, "accepted": 240, "quarantined": 8, "set_aside": 2}}
    manifest = {"release": release, "today": today, "parent": None, "tallies": tallies}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "datapackage.json").write_text(json.dumps({"name": "gongshi"}), "utf-8")
    (folder / "downloads" / "penalty_filings.csv.gz").write_bytes(b"\x1f\x8b")
    (folder / "changes.csv").write_text("release,dataset,key,verb,columns\n", "utf-8")
    make_database(folder / "disclosure.db", catalog, {**ROWS, **(rows or {})}, hostile)
    point(site, release)
    return folder


def point(site: Path, release: str) -> None:
    """Switch `current` as a publish does: by one rename."""
    fresh = site / "current.new"
    fresh.symlink_to(Path("releases") / release)
    fresh.rename(site / "current")


def make_database(
    path: Path, catalog: Catalog, rows: dict[str, int], hostile: bool = False
) -> None:
    with closing(sqlite3.connect(path)) as db:
        for dataset in catalog.datasets.values():
            _fill(db, dataset, catalog, rows.get(dataset.name, 5), hostile)
        db.execute("analyze")
        db.commit()
        db.execute("vacuum")


def _fill(
    db: sqlite3.Connection, dataset: Dataset, catalog: Catalog, count: int, hostile: bool
) -> None:
    chance = random.Random(dataset.name)
    columns = list(dataset.published)
    have = {column.name for column in columns}
    if not dataset.produced and "source_id" not in have:
        columns += [Column("source_id", "", ""), Column("source_row", "", "", type="integer")]
    names = [column.name for column in columns]
    parts = [f'"{c.name}" {_TYPES.get(c.type, "DECIMAL(18,2)")}' for c in columns]
    if dataset.primary_key:
        parts.append(f"primary key ({', '.join(dataset.primary_key)})")
    for key in dataset.foreign_keys:
        to = f"{key.dataset}({', '.join(key.reference_fields)})"
        parts.append(f"foreign key ({', '.join(key.fields)}) references {to}")
    db.execute(f"create table {dataset.name} ({', '.join(parts)})")
    made: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number in range(count):
        row = {c.name: _value(c, dataset, catalog, number, chance) for c in columns}
        _special(dataset.name, row, number, chance)
        if hostile and dataset.name == "penalty_filings" and number < len(HOSTILE):
            row |= {
                c.name: HOSTILE[number]
                for c in columns
                if c.type == "string" and c.name != "record_id"
            }
        made.setdefault(tuple(row[name] for name in dataset.primary_key) or (number,), row)
    sort = dataset.sort.lstrip("-")
    ordered = sorted(
        made.values(), key=lambda r: str(r.get(sort) or ""), reverse=dataset.sort.startswith("-")
    )
    marks = ", ".join("?" * len(names))
    db.executemany(
        f"insert into {dataset.name} values ({marks})", [list(r.values()) for r in ordered]
    )
    for name in {*dataset.facets, *([sort] if sort else [])}:
        db.execute(f'create index "{dataset.name}_{name}" on {dataset.name} ("{name}")')
    _index(db, dataset, ordered)


def _index(db: sqlite3.Connection, dataset: Dataset, rows: list[dict[str, Any]]) -> None:
    if not dataset.search:
        return
    fts, columns = f"{dataset.name}_fts", ", ".join(dataset.search)
    db.execute(f'create virtual table {fts} using fts5({columns}, content="{dataset.name}")')
    cut = [segment_column([_text(row[name]) for row in rows]) for name in dataset.search]
    marks = ", ".join("?" * (len(dataset.search) + 1))
    db.executemany(
        f"insert into {fts}(rowid, {columns}) values ({marks})",
        zip(range(1, len(rows) + 1), *cut, strict=True),
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _value(
    column: Column, dataset: Dataset, catalog: Catalog, number: int, chance: random.Random
) -> Any:
    """A made-up value of a column's kind."""
    required = column.constraints.get("required") or column.name in dataset.primary_key
    if not required and chance.random() < 0.25:
        return None
    if column.name in ("authority_name", "issuing_authority", "source_name"):
        return _AUTHORITIES[min(chance.randrange(12), chance.randrange(12))]
    if column.codes:
        codes = [code.code for code in catalog.codes[column.codes].codes]
        codes = [c for c in codes if c.startswith("4115")] or codes
        return codes[min(chance.randrange(len(codes)), chance.randrange(len(codes)))]
    if column.type == "date":
        return (TODAY - timedelta(days=chance.randrange(600))).isoformat()
    if column.kind == "money":
        return round(chance.choice([200, 500, 5000, 50_000, 120_000]) * (1 + chance.random()), 2)
    if column.type == "integer":
        return chance.randrange(1, 200)
    if column.type == "year" or column.kind == "year":
        return chance.choice([2023, 2024])
    if column.name == "violation_type":
        return chance.choice(_VIOLATIONS)
    return f"{column.example or column.title}{number}"


def _special(name: str, row: dict[str, Any], number: int, chance: random.Random) -> None:
    """What a table needs so that its pages have something sensible to show."""
    if name in _SPECIAL:
        row |= _SPECIAL[name](number, chance)


def _filing(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "record_id": f"r{number:015x}",
        "decision_no": f"平市监罚〔2024〕{number + 1}号",
        "respondent_name": chance.choice(["张某某", f"信阳某某食品有限公司{number % 30}"]),
        "source_id": f"s{number % 14}",
        "source_row": number + 2,
        "respondent_uscc": f"91411503MA44T8{number % 30:04d}",
    }


def _later(chance: random.Random) -> str:
    return (TODAY + timedelta(days=chance.randrange(-50, 900))).isoformat()


def _certificate(number: int, chance: random.Random) -> dict[str, Any]:
    no, name = f"1611{number:07d}", f"示例{number}"
    return {"certificate_no": no, "holder_name": name, "valid_until": _later(chance)}


def _document(number: int, chance: random.Random) -> dict[str, Any]:
    title = f"信阳市平桥区行政执法监督办法（示例{number}）"
    no = f"平政文〔2024〕{number + 1}号"
    return {"document_no": no, "title": title, "valid_until": _later(chance)}


def _source(number: int, _chance: random.Random) -> dict[str, Any]:
    file = f"{_AUTHORITIES[number % 12][6:]}/2024年报送.xlsx"
    return {"source_id": f"s{number}", "file": file}


def _tally(number: int, chance: random.Random) -> dict[str, Any]:
    counts = {"read": 100, "accepted": 90, "quarantined": 6, "withheld": 1, "withdrawn": 0}
    counts |= {"repeated": 1, "set_aside": 2}
    return {**_source(number, chance), **counts, "dataset": "penalty_filings"}


def _rule(number: int, _chance: random.Random) -> dict[str, Any]:
    return {"rule": f"rule-{number % 12}", "severity": ("error", "warning", "info")[number % 3]}


def _issue(number: int, chance: random.Random) -> dict[str, Any]:
    where = {"source_id": f"s{number % 14}", "dataset": "penalty_filings", "field": "fine_yuan"}
    return {**_rule(number, chance), **where}


def _withdrawal(_number: int, _chance: random.Random) -> dict[str, Any]:
    why = "行政处罚决定被依法撤销"
    row = {"record_id": WITHDRAWN, "dataset": "penalty_filings", "reason": why}
    return {**row, "withdrawn_on": "2025-03-01"}


def _figure(number: int, _chance: random.Random) -> dict[str, Any]:
    sentence = "全年备案审查重大行政处罚11件，新办执法证件72件。"
    start, end = ((12, 15), (23, 26))[number % 2]
    return {
        "report": "2024年度报告",
        "body": "平桥区人民政府",
        "year": 2024,
        "code": f"code-{number}",
        "ordinal": number,
        "value": ("11", "72")[number % 2],
        "unit": "件",
        "sentence": sentence,
        "comparator": "=",
        "value_upper": None,
        "section": f"{number // 3}、主要做法",
        "start": start,
        "end": end,
    }


def _check(number: int, _chance: random.Random) -> dict[str, Any]:
    verdict = ("agrees", "differs", "not comparable")[number % 3]
    told = {"report": "2024年度报告", "code": f"code-{number}", "verdict": verdict}
    return {**told, "stated": "11", "counted": "11"}


_SPECIAL: dict[str, Callable[[int, random.Random], dict[str, Any]]] = {
    "penalty_filings": _filing,
    "authorities": lambda number, _: {"authority_name": _AUTHORITIES[number % 12]},
    "certificates": _certificate,
    "certificate_events": lambda number, _: {"certificate_no": f"1611{number % 120:07d}"},
    "normative_documents": _document,
    "normative_reviews": lambda number, _: {"document_no": f"平政文〔2024〕{number % 60 + 1}号"},
    "sources": _source,
    "run_tallies": _tally,
    "rules": _rule,
    "issues": _issue,
    "withdrawals": _withdrawal,
    "report_figures": _figure,
    "report_checks": _check,
}
