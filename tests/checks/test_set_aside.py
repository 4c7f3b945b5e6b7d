"""Every row that is no record is listed with its reason, and told once a table."""

from __future__ import annotations

from pathlib import Path

from tests.support.shop import SmallShop, documents, rows_of


def test_each_row_set_aside_is_listed_with_its_text_and_its_reason(
    tmp_path: Path, every_engine: object
) -> None:
    shop, rows = SmallShop(tmp_path), documents(6)
    blank = dict.fromkeys(rows[0], "")
    first, second = list(rows[0])[:2]
    hints = dict.fromkeys(rows[0], "必填，请填写")
    shop.send([hints, *rows, {**blank, first: "合计", second: "6"}, {**blank, first: "=填表人：示例甲"}, {**blank, first: "填表人：示例甲"}], "文件-示例数据.csv")  # fmt: skip
    shop.publish()
    listed = rows_of(shop.private / "set_aside.csv")
    assert [(r["dataset"], r["row"], r["reason"]) for r in listed] == [
        ("normative_documents", "2", "hint"),
        ("normative_documents", "9", "total"),
        ("normative_documents", "11", "signature"),
    ]
    assert listed[1]["text"] == "合计 6" and listed[1]["reason_zh"] and listed[1]["reason_en"]
    told = [f for f in rows_of(shop.private / "findings.csv") if f["rule"] == "rows-set-aside"]
    assert [(f["severity"], f["row"]) for f in told] == [("info", "")]
