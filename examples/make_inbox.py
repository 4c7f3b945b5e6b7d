"""Makes `examples/inbox`: a district's year as its departments would send it. Every word is made up.

    python examples/make_inbox.py            # writes examples/inbox and examples/planted.csv
    python examples/make_inbox.py some/dir   # writes some/dir/inbox and some/dir/planted.csv

The same seed gives the same bytes. Good rows add up to the figures that the yearly report states
(`TOTALS`); wrong rows come on top of them, and each is listed in `planted.csv` with what is wrong
and what is to become of it. See README.md beside this file.
"""

from __future__ import annotations

import csv
import io
import random
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import chinese_calendar
import xlsxwriter

sys.path.insert(0, str(Path(__file__).parent))  # also where this file is run by its path alone
import more_samples

SEED = 20240101
TODAY = date(2025, 3, 31)
LABEL = "示例数据 / synthetic sample"
REGION = "411503"
LONG_TERM = date(2099, 12, 31)

#: What the good rows of 2024 add up to.
TOTALS = {
    "penalties filed": 11,
    "certificates newly issued": 72,
    "certificates reviewed": 844,
    "certificates cancelled": 14,  # the report says 16: planted
    "documents filed": 10,
    "documents reviewed for legality": 13,  # the report says 15: planted
    "documents post-evaluated": 2,
    "documents abolished": 12,
    "documents amended": 1,
    "clean-ups": 3,
}

Row = dict[str, Any]

rng = random.Random(SEED)


# ---------------------------------------------------------------- codes


USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
bodies = Counter[str]()


def uscc(kind: str, division: str = REGION) -> str:
    """The next social credit code of `kind` (11 organ, 91 company, …); no real body code begins YX."""
    bodies["all"] += 1
    body = f"YX{bodies['all']:06d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    body_check = -sum(int(c, 36) * w for c, w in zip(body, weights, strict=True)) % 11
    body += "X" if body_check == 10 else str(body_check)
    return credit_code(kind + division + body)


def credit_code(first17: str) -> str:
    """`first17` with its check character (GB 32100-2015)."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return first17 + USCC_ALPHABET[-total % 31]


def wrong_check(code: str) -> str:
    """`code` with another last character."""
    return code[:-1] + ("1" if code[-1] != "1" else "2")


people = Counter[str]()


def identity_number() -> str:
    """A number with a valid check digit that nobody alive can hold: born in 1900 to 1902."""
    people["all"] += 1
    born = date(1900, 1, 1) + timedelta(days=people["all"] % 1000)
    first17 = f"{REGION}{born:%Y%m%d}{990 + people['all'] // 1000}"
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(first17))
    return first17 + "10X98765432"[total % 11]


# ---------------------------------------------------------------- the departments


@dataclass(frozen=True)
class Organ:
    """A department: its folder, its own abbreviation in document numbers, its officers."""

    folder: str
    name: str
    code: str
    uscc: str
    area: str
    officers: int = 0


def _organs() -> dict[str, Organ]:
    table = """
    市场监督管理局|示例区市场监督管理局|示市监|市场监管|190
    城市管理局|示例区城市管理局|示城管|城市管理|150
    卫生健康委员会|示例区卫生健康委员会|示卫|卫生健康|70
    应急管理局|示例区应急管理局|示应急|应急管理|50
    农业农村局|示例区农业农村局|示农|农业农村|80
    交通运输局|示例区交通运输局|示交|交通运输|90
    生态环境分局|示例区生态环境分局|示环|生态环境|60
    司法局|示例区司法局|示司|司法行政|30
    人力资源和社会保障局|示例区人力资源和社会保障局|示人社|劳动保障|40
    住房和城乡建设局|示例区住房和城乡建设局|示住建|住房城乡建设|60
    文化广电旅游局|示例区文化广电旅游局|示文旅|文化市场|35
    自然资源局|示例区自然资源局|示自然资|自然资源|45
    消防救援大队|示例区消防救援大队|示消|消防救援|32
    公安分局|示例区公安分局|示公|公安|0
    政府办公室|示例区人民政府|示政文|综合|0
    """
    lines = [line.strip().split("|") for line in table.strip().splitlines()]
    return {f: Organ(f, n, c, uscc("11"), a, int(k)) for f, n, c, a, k in lines}


ORGANS = _organs()
GOVERNMENT = "示例区人民政府"
FILED_WITH = "示例区司法局"

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
GIVEN = [
    a + b
    for a in ("示", "例", "样")
    for b in ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
]
NAMES = [s + g for s in SURNAMES for g in GIVEN]
rng.shuffle(NAMES)
names = iter(NAMES)

# fmt: off
FIRMS = [
    "晨曦", "恒远", "博瑞", "新禾", "远航", "金穗", "兴达", "瑞丰", "东篱", "明德", "云帆", "嘉禾",
    "万和", "启明", "长青", "鼎新", "宏图", "安泰", "华章", "乐成",
]
# fmt: on
firm_counter = Counter[str]()


def firm(trade: str) -> str:
    """The next invented company of a trade: 示例市晨曦食品有限公司（示例）."""
    firm_counter["all"] += 1
    return f"示例市{FIRMS[firm_counter['all'] * 7 % len(FIRMS)]}{trade}有限公司（示例）"


# ---------------------------------------------------------------- penalties

WARN, CRITICISE, FINE = "警告", "通报批评", "罚款"
CONFISCATE = "没收违法所得、没收非法财物"
SUSPEND, DOWNGRADE, RESTRICT = "暂扣许可证件", "降低资质等级", "限制开展生产经营活动"
CLOSE, REVOKE, OTHER = "责令停产停业", "吊销许可证件", "其他"
#: The order of the contract's list: a decision with several counts once, under the last of them.
PENALTY_ORDER = [WARN, CRITICISE, FINE, CONFISCATE, SUSPEND, DOWNGRADE, RESTRICT, CLOSE, REVOKE, OTHER]  # fmt: skip
ORGANISATION, PERSON, SOLE_TRADER = "法人及非法人组织", "自然人", "个体工商户"

#: By department: trade of the firms, and (violation, facts, basis, licence) of the cases.
CASES: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "市场监督管理局": ("食品", [
        ("经营不符合食品安全标准的食品", "当事人经营的一批糕点经监督抽检，菌落总数不符合食品安全国家标准", "《中华人民共和国食品安全法》第一百二十四条第一款", "食品经营许可证JY-SL-0001"),
        ("发布虚假广告", "当事人在其网页发布的商品广告含有与实际不符的内容", "《中华人民共和国广告法》第五十五条第一款", "食品生产许可证SC-SL-0002"),
        ("生产销售不合格产品", "当事人生产的一批电线经检验不符合国家标准", "《中华人民共和国产品质量法》第四十九条", "工业产品生产许可证XK-SL-0003")]),
    "城市管理局": ("建筑", [
        ("未取得建设工程规划许可证进行建设", "当事人未取得建设工程规划许可证擅自建设仓库一处", "《中华人民共和国城乡规划法》第六十四条", "城市建筑垃圾处置核准证SL-0101"),
        ("擅自处置建筑垃圾", "当事人将建筑垃圾交给未经核准的运输单位处置", "《城市建筑垃圾管理规定》第二十二条", "城市建筑垃圾处置核准证SL-0102")]),
    "卫生健康委员会": ("医院管理", [
        ("使用非卫生技术人员从事医疗卫生技术工作", "当事人使用未取得执业资格的人员从事诊疗活动", "《医疗机构管理条例》第四十七条", "医疗机构执业许可证SL-0201"),
        ("未按规定处置医疗废物", "当事人将医疗废物混入生活垃圾", "《医疗废物管理条例》第四十七条", "医疗机构执业许可证SL-0202")]),
    "应急管理局": ("化工", [
        ("未对安全设备进行经常性维护", "当事人的可燃气体报警装置长期停用，未按规定维护保养", "《中华人民共和国安全生产法》第九十九条", "危险化学品经营许可证SL-0301"),
        ("未如实记录安全生产教育培训情况", "当事人未如实记录安全生产教育和培训情况且逾期未改正", "《中华人民共和国安全生产法》第九十七条", "烟花爆竹经营许可证SL-0302")]),
    "农业农村局": ("种业", [
        ("经营假种子", "当事人经营的玉米种子与标签标注的品种不符", "《中华人民共和国种子法》第七十四条", "农作物种子生产经营许可证SL-0401"),
        ("经营劣兽药", "当事人经营的兽药有效成分含量不符合国家标准", "《兽药管理条例》第五十六条", "兽药经营许可证SL-0402")]),
    "交通运输局": ("物流", [
        ("使用不符合规定的车辆从事危险货物运输", "当事人使用未取得道路运输证的车辆从事危险货物运输", "《道路危险货物运输管理规定》第五十六条", "道路运输经营许可证SL-0501"),
        ("货运车辆超限超载", "当事人一年内违法超限运输的货运车辆超过本单位货运车辆总数的百分之十", "《公路安全保护条例》第六十六条", "道路运输经营许可证SL-0502")]),
    "生态环境分局": ("新材料", [
        ("超标排放水污染物", "当事人总排口外排废水化学需氧量超过排放标准", "《中华人民共和国水污染防治法》第八十三条", "排污许可证SL-0601"),
        ("通过逃避监管的方式排放大气污染物", "当事人在生产期间停运废气治理设施", "《中华人民共和国大气污染防治法》第九十九条", "排污许可证SL-0602")]),
    "人力资源和社会保障局": ("劳务", [
        ("未经许可从事劳务派遣业务", "当事人未取得劳务派遣经营许可擅自经营劳务派遣业务", "《中华人民共和国劳动合同法》第九十二条", "人力资源服务许可证SL-0701")]),
    "住房和城乡建设局": ("市政工程", [
        ("将承包的工程转包", "当事人将其承包的工程全部转给他人施工", "《建设工程质量管理条例》第六十二条", "建筑业企业资质证书SL-0801"),
        ("未取得施工许可证擅自施工", "当事人未取得施工许可证擅自组织施工", "《建设工程质量管理条例》第五十七条", "建筑业企业资质证书SL-0802")]),
    "文化广电旅游局": ("旅行社", [
        ("未经许可经营旅行社业务", "当事人未取得旅行社业务经营许可招徕、组织旅游者", "《中华人民共和国旅游法》第九十五条", "旅行社业务经营许可证SL-0901")]),
    "自然资源局": ("农业开发", [
        ("非法占用土地", "当事人未经批准占用集体土地建设厂房", "《中华人民共和国土地管理法》第七十七条", "采矿许可证SL-1001"),
        ("无证采矿", "当事人未取得采矿许可证擅自采挖砂石", "《中华人民共和国矿产资源法》第三十九条", "采矿许可证SL-1002")]),
    "消防救援大队": ("商贸", [
        ("消防设施未保持完好有效", "当事人经营场所的自动喷水灭火系统处于停用状态", "《中华人民共和国消防法》第六十条", "公众聚集场所投入使用许可SL-1101")]),
    "公安分局": ("商贸", [
        ("扰乱公共秩序", "当事人在公共场所扰乱秩序", "《中华人民共和国治安管理处罚法》第二十三条", "")]),
}  # fmt: skip

#: How many good filings by year of decision.
FILINGS: dict[str, tuple[int, int, int, int]] = {
    "市场监督管理局": (6, 7, 3, 2),
    "城市管理局": (3, 4, 1, 1),
    "卫生健康委员会": (3, 3, 1, 1),
    "应急管理局": (2, 3, 1, 1),
    "农业农村局": (2, 2, 1, 0),
    "交通运输局": (2, 2, 1, 0),
    "生态环境分局": (3, 3, 1, 1),
    "人力资源和社会保障局": (1, 1, 0, 0),
    "住房和城乡建设局": (2, 2, 1, 1),
    "文化广电旅游局": (1, 1, 0, 0),
    "自然资源局": (1, 2, 1, 1),
    "消防救援大队": (1, 1, 0, 0),
}

#: What the good filings impose, in turn: type of party, penalty types.
MIXES: list[tuple[str, list[str]]] = [
    (ORGANISATION, [FINE]),
    (ORGANISATION, [WARN, FINE]),
    (PERSON, [FINE]),
    (ORGANISATION, [FINE, CONFISCATE]),
    (SOLE_TRADER, [FINE, CLOSE]),
    (ORGANISATION, [CLOSE]),
    (ORGANISATION, [CRITICISE, FINE]),
    (ORGANISATION, [FINE, REVOKE]),
    (PERSON, [FINE, CONFISCATE]),
    (ORGANISATION, [FINE, SUSPEND]),
    (SOLE_TRADER, [REVOKE]),
    (ORGANISATION, [FINE, RESTRICT]),
    (ORGANISATION, [CONFISCATE]),
    (ORGANISATION, [FINE, CLOSE]),
]

ODD_PEOPLE = iter(["欧阳示例", "张示", "阿依·示例古丽", "司马例", "李样"])
series: dict[tuple[str, int], int] = defaultdict(int)
filing_series: dict[int, int] = defaultdict(int)


def working_day(day: date) -> date:
    """`day`, or the first working day after it by the State Council's calendar."""
    while not chinese_calendar.is_workday(day):
        day += timedelta(days=1)
    return day


def later(day: date, low: int, high: int) -> date:
    """A working day `low` to `high` days after `day`."""
    return working_day(day + timedelta(days=rng.randint(low, high)))


def years_after(day: date, years: int) -> date:
    return date(day.year + years, day.month, min(day.day, 28) if day.month == 2 else day.day)


CAPITALS = "零壹贰叁肆伍陆柒捌玖"


def capitals(yuan: int) -> str:
    """An amount in whole thousands of yuan in capital figures: 125000 → 壹拾贰万伍仟元整."""
    wan, rest = divmod(yuan, 10_000)
    text = ""
    for i, digit in enumerate(str(wan)):
        unit = ("", "拾", "佰", "仟")[len(str(wan)) - 1 - i]
        if digit != "0":
            text += CAPITALS[int(digit)] + unit
        elif not text.endswith("零"):
            text += "零"
    text = text.rstrip("零") + "万" if wan else ""
    return text + (f"{CAPITALS[rest // 1000]}仟" if rest else "") + "元整"


def amount_text(yuan: int, style: int) -> str:
    """The same amount as decisions write it, in four ways."""
    wan = (
        f"{Decimal(yuan) / 10_000:f}".rstrip("0").rstrip(".")
        if yuan % 10_000
        else str(yuan // 10_000)
    )
    ways = (
        f"{yuan}元",
        f"人民币{yuan:,}元",
        f"{wan}万元",
        f"人民币{capitals(yuan)}（{yuan}.00元）",
    )
    return ways[style % 4]


def content(row: Row, style: int) -> str:
    """The penalty's text, which says what its types and amounts say."""
    parts = {
        WARN: "给予警告",
        CRITICISE: "给予通报批评",
        FINE: f"处以罚款{amount_text(int(row['fine_yuan'] or 0), style)}",
        CONFISCATE: f"没收违法所得{amount_text(int(row['confiscated_yuan'] or 0), style)}",
        SUSPEND: f"暂扣{row['licence_affected']}三个月",
        DOWNGRADE: "降低资质等级",
        RESTRICT: "限制开展生产经营活动六个月",
        CLOSE: "责令停产停业",
        REVOKE: f"吊销{row['licence_affected']}",
        "行政拘留": "处行政拘留五日",
        OTHER: "责令限期拆除",
    }
    texts = [parts[kind] for kind in row["penalty_types"]]
    return "；".join(f"{i}.{text}" for i, text in enumerate(texts, 1)) + "。"


def party(kind: str, trade: str) -> Row:
    """An invented party of a kind, with the codes that such a party has."""
    row: Row = dict.fromkeys(("respondent_name", "respondent_uscc", "legal_representative"), "")
    if kind == PERSON:
        row["respondent_name"] = next(ODD_PEOPLE, None) or next(names)
        row |= {"id_type": "身份证", "id_number": identity_number()}
        return row
    row["legal_representative"] = next(names)
    row |= {"legal_id_type": "身份证", "legal_id_number": identity_number()}
    if kind == ORGANISATION:
        row["respondent_name"], row["respondent_uscc"] = firm(trade), uscc("91")
        row["respondent_organisation_code"] = row["respondent_uscc"][8:17]
        return row
    firm_counter["sole"] += 1
    number = firm_counter["sole"]
    row["respondent_name"] = f"示例区示例街第{number}{trade}店（示例）"
    if number % 2:
        row["respondent_uscc"] = uscc("92")
    else:
        row["respondent_uscc"] = "0" * 17 + "X"
        row["respondent_registration_no"] = f"{REGION}6999{number:05d}"
    return row


def penalty(folder: str, decided: date, kind: str, types: list[str], **more: Any) -> Row:
    """A filing that agrees with itself; `more` sets fields before the text is written from them."""
    organ = ORGANS[folder]
    trade, cases = CASES[folder]
    series[folder, decided.year] += 1
    number = series[folder, decided.year]
    violation, facts, basis, licence = cases[number % len(cases)]
    small = kind == PERSON
    fine = rng.randrange(10_000, 50_000, 1_000) if small else rng.randrange(100_000, 600_000, 5_000)
    taken = (
        rng.randrange(10_000, 30_000, 1_000) if small else rng.randrange(100_000, 300_000, 5_000)
    )
    filed = later(decided, 3, 10)
    if (filed - decided).days > 14:  # a holiday stands between
        filed = later(decided, 1, 1)
    filing_series[filed.year] += 1
    row: Row = party(kind, trade) | {
        "decision_no": f"{organ.code}罚〔{decided.year}〕{number}号",
        "respondent_type": kind,
        "violation_type": violation,
        "violation_facts": facts,
        "legal_basis": basis,
        "penalty_types": types,
        "fine_yuan": Decimal(fine) if FINE in types else None,
        "confiscated_yuan": Decimal(taken) if CONFISCATE in types else None,
        "licence_affected": licence if {SUSPEND, REVOKE} & set(types) else "",
        "decision_date": decided,
        "authority_name": organ.name,
        "authority_uscc": organ.uscc,
        "source_name": organ.name,
        "source_uscc": organ.uscc,
        "filing_no": f"示罚备〔{filed.year}〕{filing_series[filed.year]}号",
        "filing_date": filed,
        "filing_authority": FILED_WITH,
        "review_result": "合法适当",
        "review_date": min(later(filed, 5, 12), TODAY),
        "region_code": REGION,
        "remarks": LABEL,
    }
    row["publicity_until"] = years_after(decided, _term(folder, decided))
    row["valid_until"] = LONG_TERM if number % 3 == 0 else row["publicity_until"]
    row["case"] = f"{violation}案（示例）"
    row["stamp"] = f"{filed:%Y/%m/%d} 10:20:00"
    row |= more
    row["penalty_content"] = more.get("penalty_content") or content(row, number)
    return row


def _term(folder: str, decided: date) -> int:
    """Years of publicity: three for market regulation, else one to three, never over by `TODAY`."""
    if folder == "市场监督管理局":
        return 3
    fits = [n for n in (1, 2, 3) if years_after(decided, n) > TODAY + timedelta(days=30)]
    return fits[0] if decided.year >= 2024 else fits[-1]


def good_penalties() -> dict[str, list[Row]]:
    """The good filings of each department, by date of decision."""
    spans = {2022: (date(2022, 5, 9), 225), 2023: (date(2023, 1, 9), 340), 2024: (date(2024, 1, 8), 335), 2025: (date(2025, 1, 6), 50)}  # fmt: skip
    mixes = iter(MIXES * 20)
    out: dict[str, list[Row]] = {}
    for folder, counts in FILINGS.items():
        rows: list[Row] = []
        for (start, length), count in zip(spans.values(), counts, strict=True):
            step = length // max(count, 1)
            if folder == "市场监督管理局" and start.year == 2024:
                days = [date(2024, 1, 23), date(2024, 3, 12), date(2024, 5, 15)]
            else:
                days = [
                    working_day(start + timedelta(days=i * step + rng.randrange(step)))
                    for i in range(count)
                ]
            for day in days:
                kind, types = next(mixes)
                if folder in ("人力资源和社会保障局", "住房和城乡建设局") and kind != ORGANISATION:
                    kind = ORGANISATION
                    types = [DOWNGRADE, FINE] if folder.startswith("住房") else [FINE]
                if folder == "城市管理局" and day.year == 2022 and not rows:
                    kind, types = ORGANISATION, [FINE, OTHER]
                rows.append(penalty(folder, day, kind, types))
        out[folder] = rows
    _number_filings(row for rows in out.values() for row in rows)
    return out


def _number_filings(rows: Iterable[Row]) -> None:
    """Filing numbers by date of filing, as the reviewing office gives them out."""
    filing_series.clear()
    for row in sorted(rows, key=lambda r: r["filing_date"]):
        filing_series[row["filing_date"].year] += 1
        row["filing_no"] = (
            f"示罚备〔{row['filing_date'].year}〕{filing_series[row['filing_date'].year]}号"
        )


# ---------------------------------------------------------------- wrong on purpose


@dataclass(frozen=True)
class Plant:
    """What is wrong with a row. `level`: schema, law, privacy or publication."""

    what: str
    expected: str  # quarantined, warning, repeated, withheld
    level: str
    note: str


def wrong(row: Row, what: str, expected: str, level: str, note: str, raw: Row | None = None, **more: Any) -> Row:  # fmt: skip
    """`row` made wrong: `more` replaces values, `raw` replaces what is written in a cell."""
    shift = more.pop("shift", False)
    return (
        row
        | more
        | {"_plant": Plant(what, expected, level, note), "_raw": raw or {}, "_shift": shift}
    )


Planted = dict[str, list[Row]]


def plant(out: Planted, folder: str, day: date, *mark: str, **more: Any) -> Row:
    """A filing made wrong. `mark`: what, expected, level, note; `before`: set before its text is written."""
    kind, types = more.pop("kind", ORGANISATION), more.pop("types", [FINE])
    row = wrong(penalty(folder, day, kind, types, **more.pop("before", {})), *mark, **more)
    if more.get("decision_no"):
        series[folder, day.year] -= 1
    out[folder].append(row)
    return row


def wrong_penalties(good: Planted) -> Planted:
    """Filings that are wrong, on top of the good ones. None is accepted with a decision of 2024."""
    out: Planted = defaultdict(list)
    _plant_warnings(out)
    _plant_personal(out)
    _plant_contradictions(out)
    _plant_unreadable(out)
    _plant_withheld(out)
    first = next(r for r in good["市场监督管理局"] if r["decision_date"].year == 2024)
    again = wrong(
        first, "repeated-row", "repeated", "schema", "第一季度表中的同一行又抄入第二季度表"
    )
    out["市场监督管理局"].append(again | {"_quarter": 2})
    _plant_at_the_end(out, good)
    return out


def _plant_at_the_end(out: Planted, good: Planted) -> None:
    """Good rows made wrong and put behind all others, so that what stands before them stays as it is."""
    market, transport = "市场监督管理局", "交通运输局"

    def last(folder: str, *mark: str, **more: Any) -> None:
        row = next(r for r in good[folder] if r["decision_date"].year == 2023 and r["respondent_type"] == ORGANISATION)  # fmt: skip
        series[folder, 2023] += 1
        number = f"{ORGANS[folder].code}罚〔2023〕{series[folder, 2023]}号"
        out[folder].append(wrong(row, *mark, decision_no=number, _last=True, **more))

    last(market, "class-not-shown", "withheld", "publication", "只有警告，按规定不公示",
         penalty_types=[WARN], fine_yuan=None, penalty_content="给予警告。")  # fmt: skip
    last(
        transport,
        "reported-late",
        "warning",
        "law",
        "作出决定两个月后才报送",
        stamp="2023/12/29 10:20:00",
    )
    last(
        transport,
        "division-abolished",
        "warning",
        "law",
        "信阳地区1998年已撤销",
        region_code="413000",
    )


def _plant_warnings(out: Planted) -> None:
    """Rows that are published with a warning. Numbers go on where the good ones stopped."""
    market, city, health = "市场监督管理局", "城市管理局", "卫生健康委员会"
    day = date(2023, 10, 17)
    plant(out, market, day, "filed-late", "warning", "law", "作出决定四十天后才备案",
          filing_date=date(2023, 11, 27), review_date=date(2023, 12, 8))  # fmt: skip
    plant(out, market, day, "not-major", "warning", "law", "对组织罚款八千元，不够重大行政处罚的标准",
          before={"fine_yuan": Decimal(8000)})  # fmt: skip
    plant(out, city, day, "publicity-too-long", "warning", "law", "公示五年，超过三年",
          publicity_until=date(2028, 10, 17), valid_until=LONG_TERM)  # fmt: skip
    plant(out, city, date(2025, 3, 3), "publicity-too-short", "warning", "law", "只公示一个月有余，不足三个月",
          publicity_until=date(2025, 4, 15), valid_until=LONG_TERM, filing_date=date(2025, 3, 7), review_date=date(2025, 3, 14))  # fmt: skip
    series[city, 2023] += 1
    plant(out, health, day, "decision-organ-mismatch", "warning", "law", "文号是城市管理局的，处罚机关是卫生健康委员会",
          decision_no=f"示城管罚〔2023〕{series[city, 2023]}号")  # fmt: skip
    plant(out, "生态环境分局", day, "decision-year-mismatch", "warning", "law", "文号年份是2021年，决定日期在2023年",
          decision_no="示环罚〔2021〕31号")  # fmt: skip
    series["应急管理局", 2023] += 6
    plant(out, "应急管理局", date(2023, 12, 5), "decision-number-skipped", "warning", "law", "与前一号之间缺六个号",
          filing_date=date(2023, 12, 11), review_date=date(2023, 12, 22))  # fmt: skip
    plant(out, "住房和城乡建设局", day, "decision-number-repeated", "warning", "law", "同一文号用于两个当事人",
          decision_no="示住建罚〔2023〕1号")  # fmt: skip
    plant(out, market, day, "authority-code-mismatch", "warning", "law", "处罚机关代码是另一机关的",
          authority_uscc=ORGANS["司法局"].uscc)  # fmt: skip
    plant(out, "人力资源和社会保障局", day, "authority-unknown", "warning", "schema", "机关名称少一字，名录中没有",
          authority_name="示例区人力资源社会保障局")  # fmt: skip
    plant(out, "交通运输局", day, "statistical-division", "warning", "law", "区划代码411571是统计用区",
          region_code="411571")  # fmt: skip
    plant(out, market, day, "credit-code-kind", "warning", "law", "类别是个体工商户，代码却是企业的",
          kind=SOLE_TRADER, types=[CLOSE], respondent_uscc=uscc("91"), respondent_registration_no="")  # fmt: skip
    plant(out, market, day, "credit-code-division", "warning", "law", "代码中的登记地区划999999不存在",
          respondent_uscc=uscc("91", "999999"), respondent_organisation_code="")  # fmt: skip
    plant(out, market, day, "type-not-in-text", "warning", "law", "处罚内容写明吊销许可证，类别只写罚款",
          before={"fine_yuan": Decimal(150_000), "penalty_content": "处以罚款150000元；吊销食品经营许可证JY-SL-0099。"})  # fmt: skip


def _plant_personal(out: Planted) -> None:
    """Personal values in free text, as they slip in: published with the value masked."""
    market, city, health = "市场监督管理局", "城市管理局", "卫生健康委员会"
    transport, farming = "交通运输局", "农业农村局"
    day, mark = date(2023, 11, 7), ("warning", "privacy")
    # fmt: off
    facts = f"当事人（居民身份证号码{identity_number()}）经营的食品超过保质期"
    plant(out, market, day, "identity-number-in-text", *mark, "违法事实中写了公民身份号码", kind=PERSON, violation_facts=facts)
    plant(out, city, day, "telephone-in-text", *mark, "备注中写了联系电话", kind=PERSON, remarks=f"{LABEL}；联系电话13000000000")
    facts = "当事人在家庭住址示例区示例街道样本路100号院2号楼3单元401室开展诊疗活动"
    plant(out, health, day, "address-in-text", *mark, "违法事实中写了家庭住址", kind=PERSON, violation_facts=facts)
    facts = "当事人驾驶豫S00000号货车从事危险货物运输，未取得道路运输证"
    plant(out, transport, day, "number-plate-in-text", *mark, "违法事实中写了车牌号", kind=PERSON, violation_facts=facts)
    remarks = f"{LABEL}；退款账号6200000000000000000；邮箱shili@example.com"
    plant(out, farming, day, "bank-card-and-mail-in-text", *mark, "备注中写了银行卡号和电子邮箱", remarks=remarks)
    facts = "当事人（1900年1月1日出生，护照号E00000000）雇用案外人钱示例（女）销售超过保质期的食品"
    plant(out, market, day, "third-person-in-text", *mark, "违法事实中写了出生日期、护照号和案外人姓名", kind=PERSON, violation_facts=facts)
    # fmt: on


def _plant_contradictions(out: Planted) -> None:
    """Rows whose cells are each well formed, but not together."""
    market, city, health = "市场监督管理局", "城市管理局", "卫生健康委员会"
    day = date(2023, 9, 12)

    def bad(folder: str, what: str, note: str, **more: Any) -> Row:
        return plant(out, folder, more.pop("day", day), what, "quarantined", "law", note, **more)

    bad(market, "unit-slip", "决定书写罚款200000元，金额栏大一万倍",
        before={"fine_yuan": Decimal(200_000)}, fine_yuan=Decimal(2_000_000_000))  # fmt: skip
    bad("农业农村局", "unit-slip", "以元填报的表里写了万元数，金额栏小一万倍",
        before={"fine_yuan": Decimal(150_000)}, fine_yuan=Decimal(15))  # fmt: skip
    bad(city, "amount-differs-from-text", "决定书写壹拾贰万元，金额栏是二十一万元",
        before={"fine_yuan": Decimal(120_000), "penalty_content": "处以罚款人民币壹拾贰万元整。"}, fine_yuan=Decimal(210_000))  # fmt: skip
    bad(city, "dates-reversed", "处罚有效期早于决定日期",
        valid_until=date(2022, 9, 12), publicity_until=date(2025, 9, 12))  # fmt: skip
    bad(health, "filed-before-decision", "备案日期早于决定日期",
        filing_date=date(2023, 8, 12), review_date=date(2023, 8, 22))  # fmt: skip
    bad(health, "decision-in-the-future", "决定日期晚于今天", day=date(2025, 12, 1),
        filing_date=date(2025, 12, 8), review_date=None)  # fmt: skip
    bad(market, "fine-without-amount", "类别有罚款，没有金额",
        penalty_content="处以罚款。", fine_yuan=None)  # fmt: skip
    bad(market, "amount-without-fine", "类别只有责令停产停业，却有罚款金额",
        types=[CLOSE], fine_yuan=Decimal(100_000))  # fmt: skip
    bad("自然资源局", "confiscation-without-amount", "类别有没收，没有金额",
        types=[FINE, CONFISCATE], confiscated_yuan=None)  # fmt: skip
    bad("生态环境分局", "licence-missing", "吊销许可证而没有证照名称及编号",
        types=[REVOKE], licence_affected="", penalty_content="吊销许可证。")  # fmt: skip
    bad(city, "on-the-spot-fine-too-high", "当场处罚罚款五千元，超过三千元",
        before={"fine_yuan": Decimal(5000), "penalty_content": "适用简易程序，当场作出行政处罚决定：处以罚款5000元。"})  # fmt: skip
    bad(market, "sole-trader-without-registration", "代码用十七个零，却没有工商注册号",
        kind=SOLE_TRADER, types=[CLOSE], respondent_uscc="0" * 17 + "X", respondent_registration_no="")  # fmt: skip
    bad(market, "zero-code-for-organisation", "十七个零的代码只能用于个体工商户",
        respondent_uscc="0" * 17 + "X", respondent_organisation_code="")  # fmt: skip


def _plant_unreadable(out: Planted) -> None:
    """Rows with a cell that cannot be read as what its column holds, or is missing."""
    market, city, health, building = (
        "市场监督管理局",
        "城市管理局",
        "卫生健康委员会",
        "住房和城乡建设局",
    )
    day, old = date(2024, 2, 20), date(2023, 6, 6)

    def bad(folder: str, when: date, what: str, note: str, **more: Any) -> Row:
        return plant(out, folder, when, what, "quarantined", "schema", note, **more)

    bad(market, day, "name-missing", "没有当事人名称", respondent_name="")
    bad(city, day, "impossible-date", "2024年2月没有30日", raw={"decision_date": "2024-02-30"})
    row = bad(market, day, "credit-code-check-digit", "统一社会信用代码校验位不符")
    row["respondent_uscc"] = wrong_check(row["respondent_uscc"])
    bad(
        health,
        old,
        "penalty-type-unknown",
        "处罚类别写批评教育，法律没有这一种",
        raw={"penalty_types": "批评教育"},
    )
    bad(market, old, "shifted-row", "从第二列起整行右移一格", shift=True)
    bad(building, old, "scientific-notation", "信用代码被电子表格改成科学计数", raw={"respondent_uscc": "9.14115E+17"},
        respondent_organisation_code="")  # fmt: skip
    bad(building, day, "text-in-amount", "金额栏写字", raw={"fine_yuan": "详见决定书"})
    bad(market, old, "decision-number-missing", "没有文号", decision_no="")
    row = bad(health, old, "credit-code-short", "统一社会信用代码只有十七位")
    row["respondent_uscc"] = row["respondent_uscc"][:17]
    bad(
        "消防救援大队",
        old,
        "respondent-type-unknown",
        "相对人类别不在三类之中",
        raw={"respondent_type": "待定"},
    )
    bad("自然资源局", old, "negative-amount", "罚款金额为负", fine_yuan=Decimal(-50_000))
    first = bad(market, old, "conflicting-rows", "同一文号、同一当事人，两行内容不同")
    other = first | {
        "_plant": first["_plant"],
        "fine_yuan": Decimal(333_000),
        "penalty_content": "处以罚款333000元。",
    }
    out[market].append(other)


def _plant_withheld(out: Planted) -> None:
    """Rows that are right, and that the law keeps from the public."""
    for month in (4, 6):
        plant(out, "市场监督管理局", date(2023, month, 18), "term-over", "withheld", "publication", "公示期已满",
              publicity_until=date(2024, month, 18), valid_until=date(2024, month, 18))  # fmt: skip
    plant(out, "公安分局", date(2023, 7, 11), "public-security", "withheld", "publication", "治安管理处罚不公开",
          kind=PERSON, types=["行政拘留"])  # fmt: skip
    plant(out, "文化广电旅游局", date(2023, 7, 11), "minor", "withheld", "publication", "当事人是未成年人",
          kind=PERSON, respondent_name="某未成年人", violation_facts="当事人系未成年人（十六周岁），擅自从事营业性演出经纪活动")  # fmt: skip
    plant(out, "交通运输局", date(2023, 7, 11), "decision-revoked", "withheld", "publication", "当前状态是撤销",
          state="1")  # fmt: skip


# ---------------------------------------------------------------- certificates and their events


def certificates() -> tuple[list[Row], list[Row]]:
    """The good certificates, and the events that led to their states."""
    roles = ["new 2024"] * 72 + ["new 2025"] * 8 + ["cancelled early"] * 8
    roles += ["cancelled"] * 6 + ["suspended"] * 3 + ["taken back"] * 2 + ["disqualified"]
    roles += ["renewed"] * 22 + ["replaced"] * 9
    organs = [organ for organ in ORGANS.values() for _ in range(organ.officers)]
    roles += ["reviewed"] * (len(organs) - len(roles))
    rng.shuffle(roles)
    rows, events = [], []
    for number, (organ, role) in enumerate(zip(organs, roles, strict=True), 1):
        row = certificate(organ, f"{number:05d}", _issued(role))
        happened = _events(row, role)
        row["status"] = next(
            (STATES[e["event"]] for e in reversed(happened) if e["event"] in STATES), "有效"
        )
        rows.append(row)
        events += happened
    return rows, events


STATES = {"注销": "注销", "暂扣": "暂扣", "收缴": "收缴", "取消资格": "取消资格"}


def _issued(role: str) -> date:
    if role == "new 2024":
        return later(date(2024, 2, 1), 0, 300)
    if role == "new 2025":
        return later(date(2025, 1, 6), 0, 60)
    if role == "renewed":
        return later(date(2024, 1, 8), 0, 60)
    return later(date(2020, 5, 6), 0, 1280)


def certificate(organ: Organ, number: str, issued: date, **more: Any) -> Row:
    """A certificate of eleven digits, valid for five years."""
    supervising = organ.folder == "司法局"
    return {
        "certificate_no": f"161503{number}",
        "holder_name": next(names),
        "authority_name": organ.name,
        "authority_uscc": organ.uscc,
        "certificate_type": "行政执法监督证" if supervising else "行政执法证",
        "enforcement_category": organ.area,
        "enforcement_area": "示例区",
        "issue_date": issued,
        "valid_until": years_after(issued, 5) - timedelta(days=1),
        "status": "有效",
        "issuing_authority": "示例市人民政府",
        "region_code": REGION,
        "identity_number": identity_number(),
        "_folder": organ.folder,
    } | more


def event(row: Row, kind: str, day: date, result: str, **more: Any) -> Row:
    return {
        "certificate_no": row["certificate_no"],
        "holder_name": row["holder_name"],
        "event": kind,
        "event_date": day,
        "year": day.year,
        "result": result,
        "remarks": LABEL,
        "_folder": row["_folder"],
    } | more


def _events(row: Row, role: str) -> list[Row]:
    """What happened to a certificate, in order."""
    issued = row["issue_date"]
    if role.startswith("new"):
        return [event(row, "新申办", issued, "通过")]
    if role == "cancelled early":
        return [event(row, "注销", later(date(2024, 1, 8), 0, 50), "已注销")]
    out = [event(row, "换证", issued, "通过")] if role == "renewed" else []
    out.append(event(row, "年审", later(date(2024, 4, 1), 0, 170), "合格"))
    after = later(date(2024, 10, 8), 0, 70)
    last = {
        "cancelled": "注销",
        "suspended": "暂扣",
        "taken back": "收缴",
        "disqualified": "取消资格",
        "replaced": "补证",
    }
    if role in last:
        out.append(event(row, last[role], after, "通过" if role == "replaced" else "已办理"))
    return out


def wrong_certificates(good: list[Row]) -> list[Row]:
    """Certificates that are wrong. They have no events, or an event would be wrong as well."""
    health, judicial = ORGANS["卫生健康委员会"], ORGANS["司法局"]
    issued = date(2022, 6, 1)
    numbers = iter(range(90001, 91000))

    def bad(organ: Organ, what: str, expected: str, level: str, note: str, **more: Any) -> Row:
        row = certificate(organ, f"{next(numbers):05d}", more.pop("issue_date", issued))
        return wrong(row, what, expected, level, note, **more)

    city, market = ORGANS["城市管理局"], ORGANS["市场监督管理局"]
    first = bad(city, "conflicting-rows", "quarantined", "schema", "同一证号两个持证人")
    holder = next(r for r in good if r["_folder"] == "卫生健康委员会" and r["status"] == "有效")
    copied = next(r for r in good if r["_folder"] == "城市管理局")
    # fmt: off
    return [
        bad(market, "expired-yet-valid", "warning", "law", "有效期已过，状态仍是有效", issue_date=date(2019, 6, 3)),
        bad(health, "term-reversed", "quarantined", "law", "有效期早于发证日期", valid_until=date(2021, 6, 1)),
        bad(market, "name-missing", "quarantined", "schema", "没有持证人姓名", holder_name=""),
        bad(city, "scientific-notation", "quarantined", "law", "证号被电子表格改成科学计数", raw={"certificate_no": "1.6150E+10"}),
        first,
        first | {"holder_name": next(names)},
        bad(health, "two-valid-certificates", "warning", "law", "一人持两个同类有效证件", holder_name=holder["holder_name"]),
        wrong(copied, "repeated-row", "repeated", "schema", "同一证件又出现在另一处的表中") | {"_folder": "司法局"},
        bad(city, "status-unknown", "quarantined", "schema", "证件状态不在名单之中", raw={"status": "遗失待查"}),
        bad(market, "impossible-date", "quarantined", "schema", "2023年2月没有29日", raw={"issue_date": "2023-02-29"}),
        bad(judicial, "review-missing", "warning", "law", "2024年没有年审"),
        bad(health, "term-too-long", "warning", "law", "有效期十年，超过五年", valid_until=date(2032, 5, 31)),
        bad(judicial, "issued-in-the-future", "quarantined", "law", "发证日期晚于今天", issue_date=date(2026, 6, 1)),
        bad(judicial, "authority-unknown", "warning", "schema", "执法单位不在名录中", authority_name="示例区样本管理局", authority_uscc=""),
        bad(city, "shifted-row", "quarantined", "schema", "整行右移一格", shift=True),
    ]
    # fmt: on


def wrong_events(good_certificates: list[Row], good: list[Row]) -> list[Row]:
    """Events that are wrong; none is accepted as issued or reviewed in 2024."""
    cancelled = [
        r for r in good_certificates if r["status"] == "注销" and r["_folder"] != "市场监督管理局"
    ]
    valid = [
        r
        for r in good_certificates
        if r["status"] == "有效"
        and r["issue_date"].year < 2024
        and r["_folder"] != "市场监督管理局"
    ]
    new = next(
        r
        for r in good_certificates
        if r["issue_date"].year == 2024 and r["status"] == "有效" and r["_folder"] == "应急管理局"
    )
    reviewed = next(e for e in good if e["event"] == "年审" and e["_folder"] == "城市管理局")
    ghost = valid[0] | {"certificate_no": "16150399999", "holder_name": next(names)}
    day, earlier = date(2024, 5, 20), date(2023, 5, 22)
    # fmt: off
    return [
        wrong(event(ghost, "年审", earlier, "合格"), "certificate-unknown", "warning", "schema", "证件信息中没有这个证号"),
        wrong(event(cancelled[0], "年审", date(2025, 2, 11), "合格"), "event-after-cancellation", "quarantined", "law", "注销之后又年审"),
        wrong(event(valid[1], "年审", day, "合格"), "event-unknown", "quarantined", "schema", "办理事项不在名单之中", raw={"event": "移交"}),
        wrong(event(valid[2], "年审", day, "合格"), "date-missing", "quarantined", "schema", "没有办理日期", event_date=None),
        wrong(event(valid[3], "年审", day, "合格"), "impossible-date", "quarantined", "schema", "2024年6月没有31日", raw={"event_date": "2024-06-31"}),
        wrong(event(valid[4], "年审", date(2019, 5, 20), "合格"), "event-before-issue", "quarantined", "law", "年审早于发证"),
        wrong(event(valid[5], "补证", date(2025, 2, 18), "通过"), "year-differs-from-date", "warning", "law", "年度与办理日期不符", year=2023),
        wrong(event(new, "新申办", date(2025, 3, 4), "通过"), "issued-twice", "warning", "law", "已有证件再次新申办"),
        wrong(event(valid[6], "年审", day, "合格"), "shifted-row", "quarantined", "schema", "整行右移一格", shift=True),
        wrong(event(valid[7], "年审", earlier, "合格"), "scientific-notation", "quarantined", "law", "证号被电子表格改成科学计数", raw={"certificate_no": "1.6150E+10"}),
        wrong(reviewed, "repeated-row", "repeated", "schema", "同一年审记录抄了两次"),
    ]
    # fmt: on


# ---------------------------------------------------------------- normative documents and reviews

# fmt: off
TOPICS = [
    "城市供热用热", "公共停车场", "住宅小区物业服务", "农村公路养护", "户外广告设置", "餐饮油烟防治", "校外托管机构",
    "施工扬尘治理", "农作物秸秆综合利用", "生活垃圾分类", "小型餐饮登记", "农贸市场", "电动自行车停放充电",
    "地下水取用", "河道采砂", "畜禽养殖污染防治", "古树名木保护", "公共租赁住房", "城镇燃气安全", "政府投资项目",
    "重大行政决策目录", "行政执法公示", "行政执法全过程记录", "重大执法决定法制审核", "基层应急物资储备", "森林防火",
    "烟花爆竹经营布点", "防汛抗旱", "文物保护单位", "乡村民宿", "旅游市场秩序", "网络订餐", "冷链食品", "计量器具",
    "特种设备", "老旧小区加装电梯", "城市绿化", "道路挖掘", "渣土运输", "公共厕所", "村级集体资产", "高标准农田",
    "设施农业用地", "农村宅基地", "种畜禽", "渔业资源", "劳动用工备案", "欠薪治理", "技能培训补贴", "殡葬服务",
    "养老机构", "残疾人就业", "义务教育招生", "校车安全", "普法责任",
]
# fmt: on


def document(number: int, day: date, **more: Any) -> Row:
    """A normative document published a few days after it was signed, in force a month later, for five years."""
    organ = ORGANS[
        ("政府办公室", "政府办公室", "市场监督管理局", "城市管理局", "住房和城乡建设局")[number % 5]
    ]
    series[organ.code, day.year] += 1
    in_force = date(day.year + (day.month == 12), day.month % 12 + 1, 1)
    government = organ.folder == "政府办公室"
    return {
        "document_no": f"{organ.code}{'' if government else '规'}〔{day.year}〕{series[organ.code, day.year]}号",
        "title": f"{organ.name}关于印发示例区{TOPICS[number % len(TOPICS)]}管理办法（示例）的通知",
        "issuing_authority": organ.name,
        "issue_date": day,
        "publish_date": later(day, 1, 4),
        "effective_date": in_force,
        "valid_until": years_after(in_force, 5) - timedelta(days=1),
        "status": "有效",
        "registration_no": f"示规备〔{day.year}〕{number + 1:03d}",
        "level": "区政府规范性文件" if government else "部门规范性文件",
        "url": f"https://www.example.com/gfxwj/{day.year}/{number + 1:03d}.html",
        "region_code": REGION,
        "remarks": LABEL,
    } | more


def review(row: Row, kind: str, day: date, outcome: str, **more: Any) -> Row:
    return {
        "document_no": row["document_no"],
        "title": row["title"],
        "review_kind": kind,
        "review_date": day,
        "outcome": outcome,
        "reviewer": FILED_WITH,
        "opinion": "",
        "filing_no": "",
        "filing_date": None,
        "remarks": LABEL,
    } | more


def filing(row: Row, filed: date) -> Row:
    filing_series[-filed.year] += 1
    number = f"示规备案〔{filed.year}〕{filing_series[-filed.year]}号"
    return review(
        row,
        "备案审查",
        working_day(filed + timedelta(days=7)),
        "准予备案",
        filing_no=number,
        filing_date=filed,
    )


#: The three clean-ups of 2024 and what came of the 41 older documents.
CLEAN_UPS = (date(2024, 4, 18), date(2024, 8, 22), date(2024, 11, 14))
OUTCOMES = {"继续有效": 25, "废止": 12, "修改": 1, "宣布失效": 3}
STATE_AFTER = {"继续有效": "有效", "废止": "废止", "修改": "已修改", "宣布失效": "失效"}


def documents() -> tuple[list[Row], list[Row]]:
    """The good documents and their reviews."""
    rows, reviews = [], []
    outcomes = [outcome for outcome, count in OUTCOMES.items() for _ in range(count)]
    old = sorted(date(2021, 1, 11) + timedelta(days=rng.randrange(1050)) for _ in outcomes)
    rng.shuffle(outcomes)
    kept = 0
    for number, (day, outcome) in enumerate(zip(map(working_day, old), outcomes, strict=True)):
        row = document(number, day, status=STATE_AFTER[outcome])
        kept += outcome == "继续有效"
        if outcome == "继续有效" and kept <= 2:  # about to lapse, and evaluated in time
            row["valid_until"] = date(2025, 4 + kept * 2, 30)
            reviews.append(
                review(
                    row,
                    "后评估",
                    date(2024, 9 + kept, 16),
                    "继续有效",
                    opinion="建议到期前重新公布",
                )
            )
        if outcome == "宣布失效":
            row["valid_until"] = date(2024, 3, 31)
        if day.year >= 2022:
            reviews.append(review(row, "合法性审核", working_day(day - timedelta(days=14)), "合法"))
            reviews.append(filing(row, row["publish_date"] + timedelta(days=5)))
        reviews.append(review(row, "清理", CLEAN_UPS[number % 3], outcome))
        rows.append(row)
    recent = [date(2024, 2, 6) + timedelta(days=30 * i) for i in range(10)]
    recent += [date(2024, 12, 26), date(2024, 12, 30), date(2025, 1, 9), date(2025, 2, 26)]
    for number, day in enumerate(map(working_day, recent), len(rows)):
        row = document(number, day)
        reviews.append(review(row, "合法性审核", working_day(day - timedelta(days=14)), "合法"))
        reviews.append(filing(row, row["publish_date"] + timedelta(days=5)))
        rows.append(row)
    return rows, reviews


def wrong_documents() -> tuple[list[Row], list[Row]]:
    """Documents and reviews that are wrong; no review of 2024 among those accepted."""
    numbers = iter(range(900, 1000))

    def bad(day: date, *mark: str, **more: Any) -> Row:
        raw = more.pop("raw", None)
        return wrong(document(next(numbers), day, **more), *mark, raw=raw)

    cleaned = date(2023, 11, 16)
    abolished = bad(
        date(2021, 6, 8), "abolished-yet-valid", "warning", "law", "清理已废止，状态仍是有效"
    )
    late = bad(date(2023, 5, 9), "filed-late", "warning", "law", "发布九十天后才备案（见审查表）")
    again = late | {
        "_plant": Plant("repeated-row", "repeated", "schema", "同一文件，文号的括号写法不同")
    }
    again["_raw"] = {"document_no": late["document_no"].replace("〔", "[").replace("〕", "]")}
    # fmt: off
    rows = [
        abolished,
        late,
        again,
        bad(date(2019, 3, 5), "lapsed-yet-valid", "warning", "law", "有效期已过，状态仍是有效", valid_until=date(2024, 3, 31)),
        bad(date(2022, 3, 8), "term-too-long", "warning", "law", "有效期八年，超过五年", valid_until=date(2030, 3, 31)),
        bad(date(2023, 3, 7), "trial-term-too-long", "warning", "law", "试行文件有效期五年，超过两年",
            title="示例区住房和城乡建设局关于印发示例区共享单车停放管理办法（试行）（示例）的通知"),
        bad(date(2020, 6, 9), "evaluation-due", "warning", "law", "半年内到期，没有后评估", valid_until=date(2025, 6, 30)),
        bad(date(2023, 8, 8), "title-missing", "quarantined", "schema", "没有文件名称", title=""),
        bad(date(2023, 8, 9), "document-number-missing", "quarantined", "schema", "没有文号", document_no=""),
        bad(date(2023, 8, 10), "impossible-date", "quarantined", "schema", "11月没有31日", raw={"publish_date": "2023-11-31"}),
        bad(date(2023, 8, 11), "dates-reversed", "quarantined", "law", "有效期早于施行日期", valid_until=date(2022, 8, 31)),
        bad(date(2023, 8, 14), "status-unknown", "quarantined", "schema", "文件状态不在名单之中", raw={"status": "待定"}),
    ]
    ghost = late | {"document_no": "示政文〔2023〕999号", "title": "示例区人民政府关于一份未列入目录的文件（示例）"}
    slow = review(late, "备案审查", date(2023, 8, 21), "准予备案", filing_no="示规备案〔2023〕99号", filing_date=date(2023, 8, 14))
    reviews = [
        wrong(review(abolished, "清理", cleaned, "废止"), "abolished-yet-valid", "warning", "law", "清理已废止，目录中状态仍是有效"),
        wrong(slow, "filed-late", "warning", "law", "发布九十天后才备案"),
        wrong(slow, "repeated-row", "repeated", "schema", "同一备案抄了两次"),
        wrong(review(ghost, "合法性审核", date(2023, 4, 11), "合法"), "document-unknown", "warning", "schema", "目录中没有这个文号"),
        wrong(review(late, "合法性审核", date(2023, 4, 18), ""), "outcome-unknown", "quarantined", "schema", "审查结果不在名单之中", raw={"outcome": "另行研究"}),
        wrong(review(late, "合法性审核", date(2023, 4, 18), "合法"), "impossible-date", "quarantined", "schema", "4月没有31日", raw={"review_date": "2023-04-31"}),
        wrong(review(late, "清理", cleaned, "继续有效"), "kind-unknown", "quarantined", "schema", "审查类别不在名单之中", raw={"review_kind": "抽查"}),
    ]
    return rows, reviews
    # fmt: on


# ---------------------------------------------------------------- authorities


def authorities() -> list[Row]:
    """The departments, what stands above them, and one whose code is wrong."""

    def row(name: str, code: str, number: str, region: str = REGION, level: str = "县级") -> Row:
        short = name.removeprefix("示例区").removeprefix("示例市")
        return {"authority_name": name, "authority_uscc": number, "short_name": f"示例{short}", "document_code": code, "region_code": region, "level": level}  # fmt: skip

    rows = [row(organ.name, organ.code, organ.uscc) for organ in ORGANS.values()]
    rows.append(row("示例市人民政府", "示市政", uscc("11", "411500"), "411500", "市级"))
    water = row("示例区水利局", "示水", wrong_check(uscc("11")))
    rows.append(
        wrong(
            water, "credit-code-check-digit", "quarantined", "schema", "统一社会信用代码校验位不符"
        )
    )
    return rows


# ---------------------------------------------------------------- how each department writes it

Columns = list[tuple[str, str]]

#: 发改办财金〔2018〕424号, as departments fill it in, with the columns that filing adds.
LAYOUT_424: Columns = [
    ("行政相对人名称", "respondent_name"),
    ("行政相对人类别", "respondent_type"),
    ("行政相对人代码_1（统一社会信用代码）", "respondent_uscc"),
    ("行政相对人代码_2（工商注册号）", "respondent_registration_no"),
    ("行政相对人代码_3（组织机构代码）", "respondent_organisation_code"),
    ("行政相对人代码_4（税务登记号）", "respondent_tax_no"),
    ("行政相对人代码_5（事业单位证书号）", "respondent_institution_no"),
    ("行政相对人代码_6（社会组织登记证号）", "respondent_society_no"),
    ("法定代表人", "legal_representative"),
    ("法定代表人证件类型", "legal_id_type"),
    ("法定代表人证件号码", "legal_id_number"),
    ("证件类型", "id_type"),
    ("证件号码", "id_number"),
    ("行政处罚决定书文号", "decision_no"),
    ("违法行为类型", "violation_type"),
    ("违法事实", "violation_facts"),
    ("处罚依据", "legal_basis"),
    ("处罚类别", "penalty_types"),
    ("处罚内容", "penalty_content"),
    ("罚款金额（万元）", "fine_yuan"),
    ("没收违法所得、没收非法财物的金额（万元）", "confiscated_yuan"),
    ("暂扣或吊销证照名称及编号", "licence_affected"),
    ("处罚决定日期", "decision_date"),
    ("处罚有效期", "valid_until"),
    ("公示截止期", "publicity_until"),
    ("处罚机关", "authority_name"),
    ("处罚机关统一社会信用代码", "authority_uscc"),
    ("数据来源单位", "source_name"),
    ("数据来源单位统一社会信用代码", "source_uscc"),
    ("备注", "remarks"),
]
FILING: Columns = [
    ("备案编号", "filing_no"),
    ("备案日期", "filing_date"),
    ("备案审查机关", "filing_authority"),
    ("审查结果", "review_result"),
    ("审查日期", "review_date"),
]
FILED_424 = LAYOUT_424[:-1] + FILING + LAYOUT_424[-1:]

#: The same by data names, as an exchange platform exports them.
DATA_NAMES = {
    "respondent_name": "CF_XDR_MC", "respondent_type": "CF_XDR_LB", "respondent_uscc": "CF_XDR_SHXYM",
    "respondent_registration_no": "CF_XDR_GSZC", "respondent_organisation_code": "CF_XDR_ZZJG",
    "respondent_tax_no": "CF_XDR_SWDJ", "respondent_institution_no": "CF_XDR_SYDW", "respondent_society_no": "CF_XDR_SHZZ",
    "legal_representative": "CF_FRDB", "legal_id_type": "CF_FR_ZJLX", "legal_id_number": "CF_FR_ZJHM",
    "id_type": "CF_XDR_ZJLX", "id_number": "CF_XDR_ZJHM", "decision_no": "CF_WSH", "violation_type": "CF_WFXW",
    "violation_facts": "CF_SY", "legal_basis": "CF_YJ", "penalty_types": "CF_CFLB", "penalty_content": "CF_NR",
    "fine_yuan": "CF_NR_FK", "confiscated_yuan": "CF_NR_WFFF", "licence_affected": "CF_NR_ZKDX",
    "decision_date": "CF_JDRQ", "valid_until": "CF_YXQ", "publicity_until": "CF_GSJZQ", "authority_name": "CF_CFJG",
    "authority_uscc": "CF_CFJGDM", "source_name": "CF_SJLY", "source_uscc": "CF_SJLYDM", "remarks": "BZ",
}  # fmt: skip
CF_LAYOUT: Columns = [(DATA_NAMES.get(f, title), f) for title, f in FILED_424]

#: The layout from before 2018, to which the department has added what is asked for now.
OLD_NAMES = {
    "decision_no": "CF_WSH", "case": "CF_CFMC", "penalty_types": "CF_CFLB1", "violation_facts": "CF_SY",
    "legal_basis": "CF_YJ", "respondent_name": "CF_XDR_MC", "respondent_uscc": "CF_XDR_SHXYM",
    "respondent_organisation_code": "CF_XDR_ZDM", "respondent_registration_no": "CF_XDR_GSDJ", "respondent_tax_no": "CF_XDR_SWDJ",
    "id_number": "CF_XDR_SFZ", "legal_representative": "CF_FR", "penalty_content": "CF_JG", "decision_date": "CF_JDRQ",
    "authority_name": "CF_XZJG", "state": "CF_ZT", "region_code": "DFBM", "stamp": "SJC",
}  # fmt: skip
_ADDED = (
    "violation_type",
    "respondent_type", "fine_yuan", "confiscated_yuan", "licence_affected", "valid_until", "publicity_until",
    "authority_uscc", "source_name", "source_uscc", "filing_no", "filing_date", "filing_authority",
    "review_result", "review_date", "remarks",
)  # fmt: skip
OLD_LAYOUT: Columns = [(header, f) for f, header in OLD_NAMES.items()] + [
    c for c in FILED_424 if c[1] in _ADDED
]


def renamed(
    columns: Columns, change: Callable[[int, str], str], leave_out: Iterable[str] = ()
) -> Columns:
    """`columns` with other headers, without the fields in `leave_out`."""
    kept = [c for c in columns if c[1] not in leave_out]
    return [(change(i, header), f) for i, (header, f) in enumerate(kept, 1)]


RARE = ("respondent_tax_no", "respondent_institution_no", "respondent_society_no")
REQUIRED = {
    "行政相对人名称",
    "行政相对人类别",
    "行政处罚决定书文号",
    "违法事实",
    "处罚类别",
    "处罚决定日期",
}

#: Headers with numbers in front, stars on what must be filled in, and other brackets.
NUMBERED = renamed(
    FILED_424,
    lambda i, h: f"{i}.{h}".replace("（万元）", "〔万元〕") + ("*" if h in REQUIRED else ""),
    RARE,
)
STARRED = renamed(
    FILED_424,
    lambda i, h: (
        ("*" if h in REQUIRED else "")
        + h.replace("（", "(").replace("）", ")").replace("万元", "元")
    ),
    RARE,
)
SPACED = renamed(
    FILED_424, lambda i, h: h.replace("（", " (").replace("）", ")").replace("机关", "机 关"), RARE
)

#: Headers that only `sources.yaml` can explain.
OWN: Columns = [
    ("当事人", "respondent_name"), ("公司还是私人", "respondent_type"), ("信用代码", "respondent_uscc"),
    ("老板", "legal_representative"), ("老板身份证", "legal_id_number"), ("案卷号", "decision_no"),
    ("案由", "violation_type"), ("案情", "violation_facts"), ("用的哪条", "legal_basis"), ("罚的种类", "penalty_types"),
    ("怎么罚的", "penalty_content"), ("罚了多少", "fine_yuan"), ("没收多少", "confiscated_yuan"),
    ("扣了什么证", "licence_affected"), ("哪天定的", "decision_date"), ("管到哪天", "valid_until"),
    ("公示到哪天", "publicity_until"), ("报备号", "filing_no"), ("哪天报的", "filing_date"),
    ("司法局意见", "review_result"), ("意见日期", "review_date"), ("说明", "remarks"),
]  # fmt: skip

CERTIFICATES: Columns = [
    ("证件编号", "certificate_no"), ("持证人姓名", "holder_name"), ("执法单位", "authority_name"),
    ("执法单位统一社会信用代码", "authority_uscc"), ("证件类型", "certificate_type"), ("执法类别", "enforcement_category"),
    ("执法区域", "enforcement_area"), ("发证日期", "issue_date"), ("有效期至", "valid_until"), ("证件状态", "status"),
    ("发证机关", "issuing_authority"),
]  # fmt: skip
EVENTS: Columns = [
    ("证件编号", "certificate_no"), ("持证人姓名", "holder_name"), ("办理事项", "event"), ("办理日期", "event_date"),
    ("年度", "year"), ("办理结果", "result"), ("备注", "remarks"),
]  # fmt: skip
DOCUMENTS: Columns = [
    ("文号", "document_no"), ("文件名称", "title"), ("制定机关", "issuing_authority"), ("成文日期", "issue_date"),
    ("发布日期", "publish_date"), ("施行日期", "effective_date"), ("有效期至", "valid_until"), ("文件状态", "status"),
    ("登记编号", "registration_no"), ("文件层级", "level"), ("公开网址", "url"),
]  # fmt: skip
REVIEWS: Columns = [
    ("文号", "document_no"), ("文件名称", "title"), ("审查类别", "review_kind"), ("审查日期", "review_date"),
    ("审查结果", "outcome"), ("审查单位", "reviewer"), ("审查意见", "opinion"), ("备案号", "filing_no"), ("备案日期", "filing_date"),
]  # fmt: skip
AUTHORITIES: Columns = [
    ("机关名称", "authority_name"), ("统一社会信用代码", "authority_uscc"), ("简称", "short_name"),
    ("发文代字", "document_code"), ("行政区划代码", "region_code"), ("层级", "level"),
]  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How one file writes dates, money, document numbers and several penalty types."""

    date: str = "%Y-%m-%d"  # strftime, or "cell" (a date cell), "serial" (the bare number)
    tight: bool = False  # no leading zeros in dates
    money: str = "万元"  # 万元, 元, 元 with thousands
    joiner: str = ";"
    brackets: str = "〔〕"
    long_term: str = ""  # "" : as a date
    old_types: bool = False
    codes_as_numbers: bool = False


#: How the penalty types are written where not by the law's own words.
NEW_TYPES = {OTHER: "其他-责令限期拆除"}
OLD_TYPES = NEW_TYPES | {CONFISCATE: "没收违法所得", SUSPEND: "暂扣许可证", REVOKE: "吊销许可证"}


def write_date(day: date, style: Style) -> Any:
    if day == LONG_TERM and style.long_term:
        return style.long_term
    if style.date == "cell":
        return day
    if style.date == "serial":
        return (day - date(1899, 12, 30)).days
    text = day.strftime(style.date)
    if style.tight:
        for mark in "-/.年月":
            text = text.replace(f"{mark}0", mark)
    return text


def write_money(yuan: Decimal, style: Style) -> str:
    if style.money == "万元":
        return f"{(yuan / 10_000).normalize():f}"
    return f"{yuan:,}元" if style.money == "1,700元" else f"{yuan:.2f}"


#: What stands in cells of which a row says nothing.
DEFAULTS = {"label": LABEL, "state": "0"}


def write_cell(row: Row, name: str, style: Style) -> Any:
    """What stands in the cell of field `name`."""
    if name in row.get("_raw", {}):
        return row["_raw"][name]
    value = row.get(name, DEFAULTS.get(name, ""))
    if value is None or value == "":
        return ""
    if isinstance(value, date):
        return write_date(value, style)
    if isinstance(value, Decimal):
        return write_money(value, style)
    if name == "penalty_types":
        shown = OLD_TYPES if style.old_types else NEW_TYPES
        return style.joiner.join(shown.get(t, t) for t in value)
    if name in ("decision_no", "document_no"):
        return value.replace("〔", style.brackets[0]).replace("〕", style.brackets[1])
    return value


def write_row(row: Row, columns: Columns, style: Style) -> list[Any]:
    cells = [write_cell(row, name, style) for _, name in columns]
    return [*cells[:1], "", *cells[1:-1]] if row.get("_shift") else cells


# ---------------------------------------------------------------- files


@dataclass
class Sheet:
    """A table with what stands above and below it."""

    dataset: str
    rows: list[Row]
    columns: Columns
    style: Style = field(default_factory=Style)
    name: str = ""
    title: list[str] = field(default_factory=list)  # a line each, above the header
    groups: list[tuple[str, int, int]] = field(
        default_factory=list
    )  # merged cells above the header: text, first, last
    total: bool = False  # a 合计 row
    signature: str = ""  # a line at the bottom

    @property
    def first_row(self) -> int:
        """Number of the first record's row, as a spreadsheet counts."""
        return len(self.title) + bool(self.groups) + 2

    def grid(self) -> list[list[Any]]:
        """Header, records and what stands below, as rows of cells."""
        width = len(self.columns)
        lines: list[list[Any]] = [[text] + [""] * (width - 1) for text in self.title]
        if self.groups:
            line = [""] * width
            for text, start, _ in self.groups:
                line[start] = text
            lines.append(line)
        lines.append([header for header, _ in self.columns])
        lines += [write_row(row, self.columns, self.style) for row in self.rows]
        if self.total:
            lines.append(self._total())
        if self.signature:
            lines.append([self.signature] + [""] * (width - 1))
        return lines

    def _total(self) -> list[Any]:
        line: list[Any] = [""] * len(self.columns)
        line[0] = "合计"
        for i, (_, name) in enumerate(self.columns):
            if name == "fine_yuan":
                line[i] = write_money(
                    sum((r["fine_yuan"] or Decimal(0) for r in self.rows), Decimal(0)), self.style
                )
        return line


@dataclass
class Inbox:
    """Writes files under `folder` and remembers which rows were wrong, and where."""

    folder: Path
    planted: list[tuple[str, ...]] = field(default_factory=list)
    good: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def text(
        self,
        path: str,
        sheet: Sheet,
        encoding: str = "utf-8",
        delimiter: str = ",",
        newline: str = "\r\n",
    ) -> None:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(sheet.grid())
        self.bytes(path, out.getvalue().encode(encoding))
        self._remember(path, sheet)

    def workbook(self, path: str, sheets: list[Sheet]) -> None:
        target = self._target(path)
        book = xlsxwriter.Workbook(
            str(target), {"strings_to_urls": False, "strings_to_formulas": False}
        )
        book.set_properties({"title": f"{target.stem}（{LABEL}）", "subject": LABEL, "comments": f"{LABEL}，纯属虚构", "created": datetime(2025, 1, 10, 9, 0, 0)})  # fmt: skip
        bold = book.add_format({"bold": True, "align": "center", "border": 1})
        day = book.add_format({"num_format": "yyyy/m/d"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            _fill(page, sheet, bold, day)
            self._remember(path, sheet)
        note = book.add_worksheet("说明")
        for i, line in enumerate(
            (LABEL, "本工作簿中的单位、人员、企业、文号和事实均为虚构，仅用于演示。")
        ):
            note.write_string(i, 0, line)
        book.close()

    def bytes(self, path: str, data: bytes) -> None:
        self._target(path).write_bytes(data)

    def _target(self, path: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _remember(self, path: str, sheet: Sheet) -> None:
        for number, row in enumerate(sheet.rows, sheet.first_row):
            plant: Plant | None = row.get("_plant")
            if plant is None:
                self.good[sheet.dataset].append(row)
                continue
            self.planted.append((path, sheet.name, str(number), sheet.dataset, plant.what, plant.expected, plant.level, plant.note))  # fmt: skip


def _fill(page: Any, sheet: Sheet, bold: Any, day: Any) -> None:
    """Writes the grid: codes as text, money and serials as numbers, merged cells where there are any."""
    width = len(sheet.columns)
    for r, line in enumerate(sheet.grid()):
        for c, cell in enumerate(line):
            _write(page, r, c, cell, sheet, day)
    for r, text in enumerate(sheet.title):
        page.merge_range(r, 0, r, width - 1, text, bold)
    for text, start, end in sheet.groups:
        page.merge_range(len(sheet.title), start, len(sheet.title), end, text, bold)


def _write(page: Any, r: int, c: int, cell: Any, sheet: Sheet, day: Any) -> None:
    numeric = {"fine_yuan", "confiscated_yuan", "year"} | (
        {"certificate_no"} if sheet.style.codes_as_numbers else set()
    )
    if cell == "":
        return
    if isinstance(cell, date):
        page.write_datetime(r, c, datetime(cell.year, cell.month, cell.day), day)
    elif isinstance(cell, int):
        page.write_number(r, c, cell)
    elif sheet.columns[c][1] in numeric and cell.replace(".", "").isdigit():
        page.write_number(r, c, float(cell))
    else:
        page.write_string(r, c, cell)


def mixed(rows: list[Row], planted: list[Row]) -> list[Row]:
    """`planted` put among `rows` at places that the seed chooses."""
    out = list(rows)
    for row in planted:
        if "_last" not in row:
            out.insert(rng.randint(min(1, len(out)), len(out)), row)
    return out + [row for row in planted if "_last" in row]


# ---------------------------------------------------------------- the inbox


def of_year(rows: list[Row], *years: int) -> list[Row]:
    return [r for r in rows if r["decision_date"].year in years and "_quarter" not in r]


def write_penalties(inbox: Inbox, good: Planted, bad: Planted) -> None:
    rows = {folder: mixed(good.get(folder, []), bad.get(folder, [])) for folder in CASES}
    market = rows["市场监督管理局"]
    here = "市场监督管理局"
    inbox.text(f"{here}/2022年至2023年重大行政处罚备案-示例数据.csv",
               Sheet("penalty_filings", of_year(market, 2022, 2023), FILED_424, Style(tight=True, old_types=True)), "gb18030")  # fmt: skip
    this_year = of_year(market, 2024)
    quarter = {
        1: [r for r in this_year if r["decision_date"].month <= 3],
        2: [r for r in this_year if r["decision_date"].month > 3],
    }
    quarter[2] += [r for r in market if "_quarter" in r]
    inbox.text(f"{here}/2024年第一季度重大行政处罚备案-示例数据.csv",
               Sheet("penalty_filings", quarter[1], FILED_424, Style("%Y/%m/%d", joiner="；")), "utf-8-sig")  # fmt: skip
    inbox.text(f"{here}/2024年第二季度重大行政处罚备案-示例数据.csv",
               Sheet("penalty_filings", quarter[2], FILED_424, Style("%Y/%m/%d", joiner="；")), newline="\n")  # fmt: skip
    inbox.text(f"{here}/2025年第一季度重大行政处罚备案-示例数据.csv",
               Sheet("penalty_filings", of_year(market, 2025), FILED_424, Style("%Y年%m月%d日", tight=True, brackets="[]", long_term="长期")))  # fmt: skip

    here = "城市管理局"
    inbox.workbook(f"{here}/重大行政处罚备案台账-示例数据.xlsx", [
        Sheet("penalty_filings", of_year(rows[here], year), SPACED, Style("cell", brackets="（）"), f"{year}年",
              title=[f"示例区城市管理局{year}年重大行政处罚备案台账（示例数据）"], total=True,
              signature="填表人：示例甲    审核人：示例乙    填报日期：2025年3月10日")
        for year in (2022, 2023, 2024, 2025)])  # fmt: skip

    here = "卫生健康委员会"
    inbox.text(f"{here}/xzcf_export-示例数据.csv",
               Sheet("penalty_filings", rows[here], CF_LAYOUT, Style("%Y%m%d")), "gb18030")  # fmt: skip

    here = "应急管理局"
    columns = [c for c in FILED_424 if c[1] not in RARE]
    at = {name: i for i, (_, name) in enumerate(columns)}
    groups = [
        ("行政相对人", 0, at["id_number"]),
        ("行政处罚决定", at["decision_no"], at["source_uscc"]),
        ("备案", at["filing_no"], at["review_date"]),
    ]
    inbox.workbook(f"{here}/重大行政处罚备案表-示例数据.xlsx", [
        Sheet("penalty_filings", rows[here], columns, Style("serial", joiner="、"), "备案表",
              title=["重大行政处罚备案表（示例数据 / synthetic sample）"], groups=groups)])  # fmt: skip

    here = "农业农村局"
    inbox.text(f"{here}/重大行政处罚备案-示例数据.tsv",
               Sheet("penalty_filings", rows[here], STARRED, Style("%Y.%m.%d", tight=True, money="元", brackets="【】")),
               delimiter="\t", newline="\n")  # fmt: skip

    here = "交通运输局"
    inbox.text(f"{here}/老系统导出-示例数据.csv",
               Sheet("penalty_filings", rows[here], OLD_LAYOUT, Style("%Y/%m/%d", old_types=True, long_term="长期")), "gb18030")  # fmt: skip

    here = "生态环境分局"
    inbox.workbook(f"{here}/行政处罚备案-示例数据.xlsx", [
        Sheet("penalty_filings", rows[here], NUMBERED, Style("%Y年%m月%d日", tight=True, joiner="；", brackets="﹝﹞"), "处罚")])  # fmt: skip

    here = "人力资源和社会保障局"
    inbox.text(f"{here}/重大处罚-示例数据.csv",
               Sheet("penalty_filings", rows[here], STARRED, Style("%Y/%m/%d", tight=True, money="1,700元")))  # fmt: skip

    here = "住房和城乡建设局"
    inbox.workbook(f"{here}/重大行政处罚备案-示例数据.xlsx", [
        Sheet("penalty_filings", rows[here], FILED_424, Style("serial", brackets="()"), "Sheet1")])  # fmt: skip

    here = "文化广电旅游局"
    inbox.text(f"{here}/处罚登记本-示例数据.csv",
               Sheet("penalty_filings", [_own_words(r) for r in rows[here]], OWN, Style("%Y-%m-%d", tight=True, money="元", joiner="、")), "utf-8-sig")  # fmt: skip

    here = "自然资源局"
    inbox.text(f"{here}/重大行政处罚备案-示例数据.tsv",
               Sheet("penalty_filings", rows[here], CF_LAYOUT, Style("%Y-%m-%d", joiner="；")), "utf-8-sig", "\t")  # fmt: skip

    here = "消防救援大队"
    inbox.workbook(f"{here}/消防行政处罚备案-示例数据.xlsx", [
        Sheet("penalty_filings", rows[here], CF_LAYOUT, Style("cell"), "导出")])  # fmt: skip

    here = "公安分局"
    inbox.text(f"{here}/行政处罚备案-示例数据.csv",
               Sheet("penalty_filings", rows[here], FILED_424, Style("%Y-%m-%d")), "gb18030")  # fmt: skip


def _own_words(row: Row) -> Row:
    """`row` with the kind of party as this department calls it; `sources.yaml` says what is meant."""
    kinds = {ORGANISATION: "公司", PERSON: "私人", SOLE_TRADER: "小店"}
    return row | {"_raw": {"respondent_type": kinds[row["respondent_type"]]}}


def write_certificates(inbox: Inbox) -> None:
    good, events = certificates()
    wrong_rows = wrong_certificates(good)
    wrong_happenings = wrong_events(good, events)

    def rows(*folders: str) -> list[Row]:
        chosen = [r for r in good if r["_folder"] in folders]
        return mixed(chosen, [r for r in wrong_rows if r["_folder"] in folders])

    own = ("市场监督管理局", "城市管理局")
    inbox.text("市场监督管理局/行政执法人员持证台账-示例数据.csv",
               Sheet("certificates", rows(own[0]), [*CERTIFICATES[:2], ("身份证号", "identity_number"), *CERTIFICATES[2:]],
                     Style("%Y-%m-%d", tight=True), title=[f"示例区市场监督管理局行政执法人员持证台账（{LABEL}）"]), "gb18030")  # fmt: skip
    inbox.text("城市管理局/执法证件-示例数据.csv",
               Sheet("certificates", rows(own[1]), [*CERTIFICATES, ("备注", "label")], Style("%Y.%m.%d", tight=True)))  # fmt: skip
    rest = [folder for folder in ORGANS if folder not in own]
    inbox.workbook("司法局/2024年度行政执法证件信息-示例数据.xlsx", [
        Sheet("certificates", rows(*rest[:6]), CERTIFICATES, Style("cell"), "委办局",
              title=[f"2024年度全区行政执法证件信息（{LABEL}）"], signature="填表人：示例丙    审核人：示例丁"),
        Sheet("certificates", rows(*rest[6:]), CERTIFICATES, Style("%Y/%m/%d", codes_as_numbers=True), "其他单位")])  # fmt: skip

    happenings = mixed(
        sorted(events, key=lambda e: (e["event_date"], e["certificate_no"])), wrong_happenings
    )
    reviewed = [e for e in happenings if e["event"] == "年审"]
    by_market = [e for e in reviewed if e["_folder"] == own[0]]
    others = [e for e in reviewed if e["_folder"] != own[0]]
    inbox.text("市场监督管理局/2024年行政执法证年审结果-示例数据.csv",
               Sheet("certificate_events", by_market, EVENTS, Style("%Y年%m月%d日", tight=True)), "utf-8-sig")  # fmt: skip
    half = [e for e in others if e["event_date"] and e["event_date"] < date(2024, 7, 1)]
    inbox.workbook("司法局/2024年度行政执法证件办理情况-示例数据.xlsx", [
        Sheet("certificate_events", [e for e in happenings if e["event"] == "新申办" and e["year"] == 2024], EVENTS, Style("cell"), "新申办",
              title=["2024年度新申办行政执法证件（示例数据）"]),
        Sheet("certificate_events", half, EVENTS, Style("%Y-%m-%d"), "年审（上半年）"),
        Sheet("certificate_events", [e for e in others if e not in half], EVENTS, Style("%Y-%m-%d"), "年审（下半年）"),
        Sheet("certificate_events", [e for e in happenings if e["event"] not in ("新申办", "年审")], EVENTS, Style("%Y.%m.%d", tight=True), "换证补证注销")])  # fmt: skip
    inbox.text("司法局/2025年第一季度新申办证件-示例数据.csv",
               Sheet("certificate_events", [e for e in happenings if e["event"] == "新申办" and e["year"] == 2025], EVENTS, Style("%Y/%m/%d")))  # fmt: skip


def write_documents(inbox: Inbox) -> None:
    rows, reviews = documents()
    wrong_rows, wrong_reviews = wrong_documents()
    rows, reviews = mixed(rows, wrong_rows), mixed(reviews, wrong_reviews)
    government = [r for r in rows if r["issuing_authority"] == GOVERNMENT]
    inbox.text("政府办公室/区政府规范性文件目录-示例数据.csv",
               Sheet("normative_documents", government, [*DOCUMENTS, ("备注", "remarks")], Style("%Y年%m月%d日", tight=True)), "gb18030")  # fmt: skip
    inbox.workbook("司法局/部门规范性文件目录-示例数据.xlsx", [
        Sheet("normative_documents", [r for r in rows if r not in government], DOCUMENTS, Style("%Y-%m-%d", brackets="[]"), "目录",
              title=[f"示例区部门规范性文件目录（{LABEL}）"])])  # fmt: skip
    inbox.workbook("司法局/规范性文件审查登记-示例数据.xlsx", [
        Sheet("normative_reviews", [r for r in reviews if r["review_kind"] == kind], REVIEWS, Style("cell"), kind)
        for kind in ("合法性审核", "备案审查", "后评估", "清理")])  # fmt: skip


SOURCES = f"""\
# {LABEL}
# 本收件箱的读取说明。自上而下，第一个相符的条目有效；没写到的由程序从文件本身判断。
- match: 文化广电旅游局/处罚登记本-示例数据.csv
  dataset: penalty_filings
  columns:            # 表头: 字段
    当事人: respondent_name
    公司还是私人: respondent_type
    信用代码: respondent_uscc
    老板: legal_representative
    案卷号: decision_no
    案由: violation_type
    案情: violation_facts
    用的哪条: legal_basis
    罚的种类: penalty_types
    怎么罚的: penalty_content
    罚了多少: fine_yuan
    没收多少: confiscated_yuan
    扣了什么证: licence_affected
    哪天定的: decision_date
    管到哪天: valid_until
    公示到哪天: publicity_until
    报备号: filing_no
    哪天报的: filing_date
    司法局意见: review_result
    意见日期: review_date
    说明: remarks
  ignore: [老板身份证]
  values:             # 字段: {{原文: 本意}}
    respondent_type: {{公司: 法人及非法人组织, 私人: 自然人, 小店: 个体工商户}}
  units: {{fine_yuan: 元, confiscated_yuan: 元}}
  constants:
    authority_name: {ORGANS["文化广电旅游局"].name}
    authority_uscc: {ORGANS["文化广电旅游局"].uscc}
    source_name: {ORGANS["文化广电旅游局"].name}
    source_uscc: {ORGANS["文化广电旅游局"].uscc}
    filing_authority: {FILED_WITH}
    region_code: "{REGION}"
- match: 政府办公室/区政府规范性文件目录-示例数据.csv
  ignore: [备注]
  constants: {{region_code: "{REGION}"}}
- match: 司法局/执法机关名录-示例数据.xlsx
  sheet: 名录
  dataset: authorities
- match: 城市管理局/执法证件-示例数据.csv
  dataset: certificates
  ignore: [备注]
  constants: {{region_code: "{REGION}"}}
- match: 市场监督管理局/双随机抽查结果-示例数据.xlsx
  ignore: [序号]
  constants: {{region_code: "{REGION}"}}
- match: reports/2024年度法治政府建设年度报告-示例数据.txt
  body: 示例区
  region_code: "{REGION}"
  year: 2024
- match: "*/*"
  constants: {{region_code: "{REGION}"}}
"""

REPORT = """\
示例区2024年法治政府建设年度报告（示例数据 / synthetic sample）

本报告为演示而编写，示例区及所述事项均为虚构。现将示例区2024年度法治政府建设情况报告如下。

一、主要工作和成效

（一）规范行政执法行为
一是严把执法人员资格关。全年新申办行政执法证件72件，年审844件，注销16件。组织执法人员集中培训6期。
二是加强重大行政处罚监督。全年备案重大行政处罚决定11件，逐件审查并反馈意见。
三是拓宽社会监督渠道。选聘行政执法特约监督员20名，设立行政执法监督基层联系点26个。
四是规范日常执法。各单位共作出行政处罚决定279件，作出行政许可36件，实施行政强制18件，开展行政检查60次。
五是严格决策程序。将6项列入年度重大行政决策事项目录。

（二）加强规范性文件管理
一是从源头把关。全年对15件行政规范性文件进行合法性审核。
二是坚持有件必备。全年备案规范性文件10件，对2件规范性文件开展后评估。
三是及时清理。开展规范性文件清理3次，共审查41件，其中继续有效25件，废止12件，修改1件，宣布失效3件。
四是参与立法工作。办理立法草案征求意见3件，反馈意见32条。

（三）化解行政争议
一是办好行政复议案件。全年收到行政复议申请57件，受理行政复议案件57件，办结行政复议57件，复议决定自觉履行57件。
二是做好行政应诉工作。全年审结行政诉讼案件71件，其中败诉5件，败诉率7.04%，行政机关负责人出庭应诉率100%。

二、存在的不足

部分单位执法信息公开还不及时，基层执法力量有待加强。

三、下一步打算

继续落实行政执法公示制度，提高执法数据质量，依法接受社会监督。

示例区人民政府
2025年2月20日
"""


def write_all(target: Path) -> Inbox:
    """The whole inbox under `target/inbox` and the list of what is wrong in `target/planted.csv`."""
    folder = target / "inbox"
    if folder.exists():
        shutil.rmtree(folder)
    inbox = Inbox(folder)
    good = good_penalties()
    write_penalties(inbox, good, wrong_penalties(good))
    write_certificates(inbox)
    write_documents(inbox)
    inbox.workbook(
        "司法局/执法机关名录-示例数据.xlsx",
        [Sheet("authorities", authorities(), AUTHORITIES, name="名录")],
    )
    tools = more_samples.Tools(inbox, Sheet, Style, wrong, uscc, identity_number, working_day, ORGANS, names, LABEL, TODAY)  # fmt: skip
    more_samples.write(tools, {f: good.get(f, []) for f in FILINGS}, PENALTY_ORDER)
    inbox.bytes("reports/2024年度法治政府建设年度报告-示例数据.txt", REPORT.encode())
    inbox.bytes("sources.yaml", SOURCES.encode())
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("file", "sheet", "row", "dataset", "what", "expected", "level", "note"))
    lines.writerows(inbox.planted)
    (target / "planted.csv").write_text(out.getvalue(), "utf-8")
    return inbox


if __name__ == "__main__":
    made = write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
    for dataset, records in made.good.items():
        print(f"{dataset}: {len(records)} good rows")
    print(f"{len(made.planted)} rows wrong on purpose")
