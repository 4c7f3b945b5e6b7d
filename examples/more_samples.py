"""The rest of the disclosure column, made up like what `make_inbox.py` makes, which calls this.

Licences, inspections, coercion, major decisions, powers, lists of lenient enforcement, reconsideration,
litigation, supervisors, contact points, legislative opinions and the yearly statistics. `TOTALS` is
what the good rows add up to; wrong rows come on top and none of them is counted in a figure of 2024.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

#: What the good rows of 2024 add up to, by indicator.
TOTALS = {
    "licences_granted": 36,
    "inspections": 60,
    "coercive_measures": 18,
    "major_decisions": 6,
    "reconsiderations_received": 57,
    "reconsiderations_accepted": 57,
    "reconsiderations_closed": 57,
    "reconsiderations_complied": 57,
    "suits_closed": 71,
    "suits_lost": 5,
    "special_supervisors": 20,
    "contact_points": 26,
    "legislative_drafts": 3,
    "legislative_opinions": 32,
}
ORGANISATION, PERSON, SOLE_TRADER = "法人及非法人组织", "自然人", "个体工商户"
JUDICIAL, MARKET, CITY, HEALTH = "司法局", "市场监督管理局", "城市管理局", "卫生健康委员会"
SAFETY, FIRE, BUILDING, LAND = "应急管理局", "消防救援大队", "住房和城乡建设局", "自然资源局"
FARMING, ENVIRONMENT, OFFICE = "农业农村局", "生态环境分局", "政府办公室"


@dataclass(frozen=True)
class Tools:
    """What `make_inbox.py` lends: how tables are written, and what is made up there."""

    inbox: Any
    sheet: Callable[..., Any]
    style: Callable[..., Any]
    wrong: Callable[..., Row]
    uscc: Callable[..., str]
    identity_number: Callable[[], str]
    working_day: Callable[[date], date]
    organs: dict[str, Any]
    names: Iterator[str]
    label: str
    today: date


class Maker:
    """Makes the rows of each dataset; its own seed, so that nothing else changes with it."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.rng = random.Random(20240102)
        self.count = Counter[str]()

    def number(self, series: str) -> int:
        self.count[series] += 1
        return self.count[series]

    def days(self, year: int, count: int, last: int = 330) -> list[date]:
        """`count` working days spread over a year, in order."""
        step = last // max(count, 1)
        first = date(year, 1, 4)
        return [self.tools.working_day(first + timedelta(days=i * step + self.rng.randrange(max(step, 1)))) for i in range(count)]  # fmt: skip

    def after(self, day: date, low: int, high: int) -> date:
        return self.tools.working_day(day + timedelta(days=self.rng.randint(low, high)))

    def name(self, folder: str) -> str:
        return str(self.tools.organs[folder].name)

    def party(self, number: int, trade: str) -> Row:
        """In turn three organisations, a sole trader and a person."""
        kind = (ORGANISATION, ORGANISATION, SOLE_TRADER, ORGANISATION, PERSON)[number % 5]
        if kind == PERSON:
            return {"party_name": next(self.tools.names), "party_type": kind, "party_uscc": "", "party_id_no": self.tools.identity_number(), "legal_representative": ""}  # fmt: skip
        trader = kind == SOLE_TRADER
        name = f"示例区样本路第{number}{trade}店（示例）" if trader else f"示例市样本{number}{trade}有限公司（示例）"  # fmt: skip
        return {"party_name": name, "party_type": kind, "party_uscc": self.tools.uscc("92" if trader else "91"), "party_id_no": "", "legal_representative": next(self.tools.names)}  # fmt: skip

    def mixed(self, rows: list[Row], planted: Iterable[Row]) -> list[Row]:
        """`planted` put among `rows` at places that the seed chooses."""
        out = list(rows)
        for row in planted:
            out.insert(self.rng.randint(min(1, len(out)), len(out)), row)
        return out


def columns(text: str) -> list[tuple[str, str]]:
    """`表头=field` by `、`-free commas → pairs."""
    pairs = (part.strip().split("=") for part in text.split(",") if part.strip())
    return [(header, field) for header, field in pairs]


# ---------------------------------------------------------------- licences

LICENCES = {
    MARKET: ("餐饮", "示市监许", "食品经营许可证", "热食类食品制售"),
    HEALTH: ("诊所", "示卫许", "医疗机构执业许可证", "预防保健科、内科诊疗"),
    BUILDING: ("燃气", "示住建许", "燃气经营许可证", "管道燃气经营"),
}
XK = "XK_XDR_MC=party_name, XK_XDR_LB=party_type, XK_XDR_SHXYM=party_uscc, XK_FRDB=legal_representative, XK_XDR_ZJLX=id_type, XK_XDR_ZJHM=party_id_no, XK_XKWS=document_name, XK_WSH=decision_no, XK_XKLB=licence_type, XK_XKZS=licence_name, XK_XKBH=licence_no, XK_NR=content, XK_JDRQ=decision_date, XK_YXQZ=valid_from, XK_YXQZI=valid_until, XK_XKJG=authority_name, XK_XKJGDM=authority_uscc, XK_ZT=status, XK_SJLY=authority_name, XK_SJLYDM=authority_uscc, BZ=label"
LICENCE_TITLES = "行政相对人名称=party_name, 行政相对人类别=party_type, 行政相对人代码_1（统一社会信用代码）=party_uscc, 法定代表人=legal_representative, 证件号码=party_id_no, 行政许可决定文书号=decision_no, 许可类别=licence_type, 许可证书名称=licence_name, 许可编号=licence_no, 许可内容=content, 受理日期=accepted_date, 许可决定日期=decision_date, 有效期自=valid_from, 有效期至=valid_until, 许可机关=authority_name, 许可机关统一社会信用代码=authority_uscc, 当前状态=status, 备注=label"


def licence(make: Maker, folder: str, day: date, **more: Any) -> Row:
    trade, code, certificate, content = LICENCES[folder]
    number = make.number(f"{code}{day.year}")
    party = make.party(number, trade)
    return party | {
        "id_type": "身份证" if party["party_id_no"] else "",
        "document_name": "准予行政许可决定书",
        "decision_no": f"{code}〔{day.year}〕{number}号",
        "licence_type": "普通",
        "licence_name": certificate,
        "licence_no": f"SL{make.number('licence'):08d}",
        "content": content,
        "accepted_date": make.tools.working_day(day - timedelta(days=9)),
        "decision_date": day,
        "valid_from": day,
        "valid_until": date(day.year + 5, day.month, min(day.day, 28)),
        "authority_name": make.name(folder),
        "authority_uscc": make.tools.organs[folder].uscc,
        "status": "有效",
        **more,
    }  # fmt: skip


def write_licences(make: Maker) -> list[Row]:
    """36 of 2024 from three departments, 15 of the years beside."""
    tools, wrong, old = make.tools, make.tools.wrong, date(2023, 8, 8)
    good = {
        folder: [licence(make, folder, day) for year, count in zip((2023, 2024, 2025), counts, strict=True) for day in make.days(year, count, 330 if year < 2025 else 80)]
        for folder, counts in {MARKET: (6, 20, 2), HEALTH: (3, 10, 0), BUILDING: (3, 6, 1)}.items()
    }  # fmt: skip
    planted = [
        wrong(licence(make, MARKET, old), "licence-type-unknown", "quarantined", "schema", "许可类别写“重要”，没有这一类", raw={"licence_type": "重要"}),
        wrong(licence(make, HEALTH, old), "dates-reversed", "quarantined", "law", "有效期至早于有效期自", valid_until=date(2022, 8, 8)),
        wrong(licence(make, BUILDING, old), "licence-decided-late", "warning", "law", "受理三个月后才决定", accepted_date=date(2023, 5, 4)),
    ]  # fmt: skip
    where = {MARKET: 0, HEALTH: 1, BUILDING: 2}
    rows = {folder: make.mixed(good[folder], [planted[i]]) for folder, i in where.items()}
    tools.inbox.text(f"{MARKET}/行政许可双公示导出-示例数据.csv", tools.sheet("administrative_licences", rows[MARKET], columns(XK), tools.style("%Y/%m/%d")), "gb18030")  # fmt: skip
    tools.inbox.workbook(f"{HEALTH}/行政许可信息-示例数据.xlsx", [
        tools.sheet("administrative_licences", rows[HEALTH], columns(LICENCE_TITLES), tools.style("cell"), "许可", title=[f"示例区卫生健康委员会行政许可信息（{tools.label}）"])])  # fmt: skip
    tools.inbox.text(f"{BUILDING}/行政许可-示例数据.csv", tools.sheet("administrative_licences", rows[BUILDING], columns(LICENCE_TITLES), tools.style("%Y年%m月%d日", tight=True, brackets="[]")), "utf-8-sig")  # fmt: skip
    return [row for folder in good.values() for row in folder]


# ---------------------------------------------------------------- inspections

INSPECTIONS = "检查计划编号=plan_no, 检查计划名称=plan_name, 检查对象名称=party_name, 检查对象类别=party_type, 统一社会信用代码=party_uscc, 检查方式=inspection_kind, 检查事项=matter, 检查日期=inspection_date, 检查结果=result, 后续处理=follow_up, 整改完成日期=rectified_date, 结果公开日期=publish_date, 检查机关=authority_name, 检查人员=inspectors, 联系电话=phone, 备注=label"
RANDOM_CHECKS = "序号=serial, 抽查任务编号=plan_no, 抽查任务名称=plan_name, 抽查对象名称=party_name, 主体类别=party_type, 企业统一社会信用代码=party_uscc, 抽查类型=inspection_kind, 抽查事项=matter, 抽查日期=inspection_date, 抽查检查结果=result, 后续监管措施=follow_up, 公示日期=publish_date, 抽查机关=authority_name, 备注说明=label"
CHECKED = {
    MARKET: ("食品", "食品经营者经营条件", "双随机抽查"),
    SAFETY: ("化工", "安全生产责任制落实情况", "专项检查"),
    FIRE: ("商贸", "消防设施完好有效情况", "日常检查"),
}
FOUND = [("未发现问题", ""), ("未发现问题", "无需处理"), ("发现问题已责令改正", "责令改正"), ("未发现问题", ""), ("发现问题立案查处", "立案处罚")]  # fmt: skip


def inspection(make: Maker, folder: str, day: date, **more: Any) -> Row:
    trade, matter, kind = CHECKED[folder]
    number = make.number(f"inspection {folder}")
    result, follow_up = FOUND[number % len(FOUND)]
    return make.party(number + 100, trade) | {
        "serial": number,
        "plan_no": f"示检-{day.year}-{list(CHECKED).index(folder) + 1:02d}",
        "plan_name": f"{day.year}年{trade}{kind}",
        "inspection_kind": kind,
        "matter": matter,
        "inspection_date": day,
        "result": result,
        "follow_up": follow_up,
        "rectified_date": make.after(day, 20, 30) if follow_up == "责令改正" else None,
        "publish_date": make.after(day, 2, 12),
        "authority_name": make.name(folder),
        "inspectors": "示例甲、示例乙",
        "phone": "0376-0000000",
        **more,
    }


def write_inspections(make: Maker) -> list[Row]:
    """60 of 2024 from three departments, 10 of 2023."""
    tools, wrong, old = make.tools, make.tools.wrong, date(2023, 9, 5)
    good = {
        folder: [inspection(make, folder, day) for year, count in zip((2023, 2024), counts, strict=True) for day in make.days(year, count)]
        for folder, counts in {MARKET: (4, 30), SAFETY: (3, 18), FIRE: (3, 12)}.items()
    }  # fmt: skip
    planted = [
        wrong(inspection(make, MARKET, old, result="未发现问题", follow_up=""), "result-published-late", "warning", "law", "检查三个月后才公开结果", publish_date=date(2023, 12, 20)),
        wrong(inspection(make, SAFETY, old), "follow-up-missing", "quarantined", "law", "发现问题而没有后续处理", result="发现问题立案查处", follow_up="", rectified_date=None),
        wrong(inspection(make, FIRE, old), "result-contradicts-follow-up", "quarantined", "law", "未发现问题却立案处罚", result="未发现问题", follow_up="立案处罚", rectified_date=None),
    ]  # fmt: skip
    rows = {folder: make.mixed(good[folder], [planted[i]]) for i, folder in enumerate(CHECKED)}
    style = tools.style
    tools.inbox.workbook(f"{MARKET}/双随机抽查结果-示例数据.xlsx", [
        tools.sheet("inspections", rows[MARKET], columns(RANDOM_CHECKS), style("cell"), "抽查结果", title=[f"双随机、一公开抽查结果（{tools.label}）"], signature="填表人：示例甲")])  # fmt: skip
    tools.inbox.text(f"{SAFETY}/安全生产检查台账-示例数据.csv", tools.sheet("inspections", rows[SAFETY], columns(INSPECTIONS), style("%Y.%m.%d", tight=True)), "gb18030")  # fmt: skip
    tools.inbox.text(f"{FIRE}/消防监督检查-示例数据.tsv", tools.sheet("inspections", rows[FIRE], columns(INSPECTIONS), style("%Y-%m-%d")), "utf-8-sig", "\t")  # fmt: skip
    return [row for folder in good.values() for row in folder]


# ---------------------------------------------------------------- coercion

COERCION = "行政强制决定文书号=decision_no, 强制类别=category, 强制种类=measure_kind, 当事人名称=party_name, 当事人类别=party_type, 统一社会信用代码=party_uscc, 身份证号=party_id_no, 强制标的=object, 强制依据=legal_basis, 决定日期=decision_date, 是否延长=extended, 处理结果=ending, 解除日期=ended_date, 强制机关=authority_name, 备注=label"
MEASURES = {
    MARKET: ("电器", "示市监强", "《中华人民共和国产品质量法》第十八条", [("行政强制措施", "扣押财物", "涉嫌不合格电线一批"), ("行政强制措施", "查封场所、设施或者财物", "仓库一处")]),
    CITY: ("建筑", "示城管强", "《中华人民共和国行政强制法》第四十四条", [("行政强制措施", "扣押财物", "占道经营工具一套"), ("行政强制执行", "排除妨碍、恢复原状", "违法搭建一处")]),
}  # fmt: skip


def measure(make: Maker, folder: str, day: date, **more: Any) -> Row:
    trade, code, basis, kinds = MEASURES[folder]
    number = make.number(f"{code}{day.year}")
    category, kind, what = kinds[number % len(kinds)]
    return make.party(number + 300, trade) | {
        "decision_no": f"{code}〔{day.year}〕{number}号",
        "category": category,
        "measure_kind": kind,
        "object": what,
        "legal_basis": basis,
        "decision_date": day,
        "extended": "否",
        "ending": "执行完毕" if category == "行政强制执行" else "解除",
        "ended_date": make.after(day, 8, 18),
        "authority_name": make.name(folder),
        **more,
    }


def write_measures(make: Maker) -> list[Row]:
    """18 of 2024 from two departments, 6 of 2023."""
    tools, wrong, old = make.tools, make.tools.wrong, date(2023, 10, 10)
    good = {
        folder: [measure(make, folder, day) for year, count in zip((2023, 2024), counts, strict=True) for day in make.days(year, count, 320)]
        for folder, counts in {MARKET: (4, 10), CITY: (2, 8)}.items()
    }  # fmt: skip
    planted = {
        MARKET: [wrong(measure(make, MARKET, old), "seized-too-long", "warning", "law", "扣押四个月，没有延长", ended_date=date(2024, 2, 6)),
                 wrong(measure(make, MARKET, old), "end-date-missing", "quarantined", "law", "已解除，没有解除日期", ending="解除", ended_date=None)],
        CITY: [wrong(measure(make, CITY, old), "kind-contradicts-category", "quarantined", "law", "扣押不是强制执行", category="行政强制执行", measure_kind="扣押财物")],
    }  # fmt: skip
    rows = {folder: make.mixed(good[folder], planted[folder]) for folder in MEASURES}
    tools.inbox.text(f"{MARKET}/行政强制-示例数据.csv", tools.sheet("coercive_measures", rows[MARKET], columns(COERCION), tools.style("%Y/%m/%d", tight=True)), "gb18030")  # fmt: skip
    tools.inbox.workbook(f"{CITY}/行政强制台账-示例数据.xlsx", [
        tools.sheet("coercive_measures", rows[CITY], columns(COERCION), tools.style("serial", brackets="（）"), "台账", title=[f"行政强制台账（{tools.label}）"])])  # fmt: skip
    return [row for folder in good.values() for row in folder]


# ---------------------------------------------------------------- decisions, powers, lists

DECISIONS = "年度=year, 决策事项名称=title, 承办单位=lead_authority, 决策依据=basis, 履行程序=steps_done, 进展情况=status, 决定日期=decision_date, 文号=document_no, 公布日期=publish_date, 备注=label"
MATTERS = ["供热专项规划", "城市公园建设方案", "义务教育学校布局规划", "农村饮水安全方案", "停车场收费办法", "养老服务设施规划", "河道治理规划", "地名方案"]  # fmt: skip


def decision(make: Maker, year: int, done: bool, **more: Any) -> Row:
    number = make.number("decisions")
    day = make.tools.working_day(date(year, 5 + number % 5, 6 + number)) if done else None
    return {
        "year": year,
        "title": f"制定示例区{MATTERS[number % len(MATTERS)]}（示例{number}）",
        "lead_authority": make.name((BUILDING, LAND, FARMING)[number % 3]),
        "basis": "《重大行政决策程序暂行条例》第三条",
        "steps_done": "公众参与、专家论证、风险评估、合法性审查、集体讨论决定"
        if done
        else "公众参与",
        "status": "已决定" if done else "办理中",
        "decision_date": day,
        "document_no": f"示政〔{year}〕{20 + number}号" if done else "",
        "publish_date": make.after(day, 3, 9) if day else None,
        **more,
    }


def write_decisions(make: Maker) -> list[Row]:
    tools, wrong = make.tools, make.tools.wrong
    good = [decision(make, year, done) for year, states in ((2023, [True] * 4), (2024, [True] * 5 + [False]), (2025, [False] * 4)) for done in states]  # fmt: skip
    planted = wrong(decision(make, 2023, True), "legality-review-missing", "quarantined", "law", "已决定，没有合法性审查", steps_done="公众参与、集体讨论决定")  # fmt: skip
    pages = [(year, [r for r in make.mixed(good, [planted]) if r["year"] == year]) for year in (2023, 2024, 2025)]  # fmt: skip
    tools.inbox.workbook(f"{OFFICE}/重大行政决策事项目录-示例数据.xlsx", [
        tools.sheet("major_decisions", rows, columns(DECISIONS), tools.style("cell", joiner="、"), f"{year}年", title=[f"示例区{year}年度重大行政决策事项目录（示例数据）"])
        for year, rows in pages])  # fmt: skip
    return good


POWERS = "职权编码=power_no, 职权名称=title, 职权类型=power_kind, 设定依据=basis, 实施主体=authority_name, 承办机构=office, 行使层级=level, 法定时限（工作日）=legal_days, 承诺时限（工作日）=promised_days, 是否收费=charged, 责任事项=duties, 备注=label"
POWER_KINDS = [("行政许可", "许可", 20, 10), ("行政处罚", "违法行为的处罚", None, None), ("行政检查", "监督检查", None, None), ("行政确认", "确认", 15, 7), ("行政奖励", "举报奖励", 30, 20)]  # fmt: skip
FIELDS = {MARKET: ("SJ", "食品经营"), JUDICIAL: ("SF", "法律服务"), FARMING: ("NY", "种子经营")}


def power(make: Maker, folder: str, **more: Any) -> Row:
    code, area = FIELDS[folder]
    number = make.number(f"power {code}")
    kind, what, legal, promised = POWER_KINDS[number % len(POWER_KINDS)]
    return {
        "power_no": f"{code}-{number:03d}",
        "title": f"{area}{what}（示例{number}）",
        "power_kind": kind,
        "basis": "《中华人民共和国示例法》第十二条",
        "authority_name": make.name(folder),
        "office": f"{area}监督管理股",
        "level": "县级",
        "legal_days": legal,
        "promised_days": promised,
        "charged": "否",
        "duties": "受理、审查、决定、送达、事后监管",
        **more,
    }


def write_powers(make: Maker) -> list[Row]:
    tools, wrong = make.tools, make.tools.wrong
    good = {folder: [power(make, folder) for _ in range(12)] for folder in FIELDS}
    planted = wrong(power(make, JUDICIAL), "promise-longer-than-law", "quarantined", "law", "承诺时限长于法定时限", power_kind="行政许可", legal_days=10, promised_days=20)  # fmt: skip
    tools.inbox.text(f"{MARKET}/权责清单-示例数据.csv", tools.sheet("powers", good[MARKET], columns(POWERS), tools.style()), "utf-8-sig")  # fmt: skip
    tools.inbox.workbook(f"{JUDICIAL}/司法局权责清单-示例数据.xlsx", [
        tools.sheet("powers", make.mixed(good[JUDICIAL], [planted]), columns(POWERS), tools.style(), "清单", title=[f"示例区司法局权责清单（{tools.label}）"])])  # fmt: skip
    tools.inbox.text(f"{FARMING}/权责清单-示例数据.tsv", tools.sheet("powers", good[FARMING], columns(POWERS), tools.style()), "gb18030", "\t")  # fmt: skip
    return [row for folder in good.values() for row in folder]


LISTS = "清单类别=list_kind, 事项编号=matter_no, 违法行为=matter, 适用条件=conditions, 法律依据=basis, 配套监管措施=measures, 实施机关=authority_name, 施行日期=effective_date, 有效期至=valid_until, 备注=label"
LIST_KINDS = {"不予处罚": "首次被发现，当场改正，没有危害后果", "减轻处罚": "主动消除或者减轻危害后果", "从轻处罚": "配合调查，如实陈述", "不予行政强制": "情节显著轻微，没有明显社会危害"}  # fmt: skip


def lenient(make: Maker, folder: str, kind: str, **more: Any) -> Row:
    number = make.number(f"list {folder}")
    return {
        "list_kind": kind,
        "matter_no": f"{'SJ' if folder == MARKET else 'HJ'}-{number:03d}",
        "matter": f"未按规定公示或者报告（示例情形{number}）",
        "conditions": LIST_KINDS[kind],
        "basis": "《中华人民共和国行政处罚法》第三十二条、第三十三条",
        "measures": "批评教育，责令改正",
        "authority_name": make.name(folder),
        "effective_date": date(2024, 1, 1),
        "valid_until": date(2028, 12, 31),
        **more,
    }


def write_lists(make: Maker) -> list[Row]:
    tools, wrong = make.tools, make.tools.wrong
    market = [lenient(make, MARKET, kind) for kind in LIST_KINDS for _ in range(5)]
    air = [lenient(make, ENVIRONMENT, kind) for kind in LIST_KINDS for _ in range(2)]
    planted = wrong(lenient(make, ENVIRONMENT, "不予处罚"), "conditions-missing", "quarantined", "schema", "没有适用条件", conditions="")  # fmt: skip
    tools.inbox.workbook(f"{MARKET}/四张清单-示例数据.xlsx", [
        tools.sheet("discretion_lists", [r for r in market if r["list_kind"] == kind], columns(LISTS), tools.style("cell"), kind, title=[f"{kind}事项清单（示例数据）"])
        for kind in LIST_KINDS])  # fmt: skip
    tools.inbox.text(f"{ENVIRONMENT}/轻微违法四张清单-示例数据.csv", tools.sheet("discretion_lists", make.mixed(air, [planted]), columns(LISTS), tools.style("%Y年%m月%d日", tight=True)), "gb18030")  # fmt: skip
    return market + air


# ---------------------------------------------------------------- disputes

CASES = "案号=case_no, 申请人=applicant, 申请人身份证号=id_number, 被申请人=respondent_authority, 复议事项=matter, 收到日期=received_date, 受理情况=acceptance, 受理日期=accepted_date, 是否延期=extended, 复议结果=result, 结案日期=decided_date, 审理天数=days_taken, 是否履行=complied, 备注=label"
DISPUTED = ["行政处罚", "政府信息公开", "举报投诉处理", "行政许可", "不履行法定职责"]
DECIDED = ["维持", "维持", "调解", "撤销", "维持", "确认违法", "维持", "变更"]
SUED = [MARKET, CITY, LAND, BUILDING, "公安分局", ENVIRONMENT]


def reconsideration(make: Maker, day: date, **more: Any) -> Row:
    number = make.number(f"case {day.year}")
    accepted = make.after(day, 1, 3)
    if (accepted - day).days > 5:  # a holiday stands between
        accepted = day
    decided = make.after(accepted, 30, 48)
    return {
        "case_no": f"示政复〔{day.year}〕{number}号",
        "applicant": next(make.tools.names),
        "id_number": make.tools.identity_number(),
        "respondent_authority": make.name(SUED[number % len(SUED)]),
        "matter": DISPUTED[number % len(DISPUTED)],
        "received_date": day,
        "acceptance": "受理",
        "accepted_date": accepted,
        "extended": "否",
        "result": DECIDED[number % len(DECIDED)],
        "decided_date": decided,
        "days_taken": (decided - accepted).days,
        "complied": "是",
        **more,
    }


def write_reconsiderations(make: Maker) -> list[Row]:
    """57 of 2024, all accepted, decided and complied with; 9 of 2023."""
    tools, wrong, old = make.tools, make.tools.wrong, date(2023, 6, 6)
    good = [reconsideration(make, day) for year, count, last in ((2023, 9, 300), (2024, 57, 285)) for day in make.days(year, count, last)]  # fmt: skip
    planted = [
        wrong(reconsideration(make, old), "days-differ", "quarantined", "law", "审理天数与日期不符", days_taken=12),
        wrong(reconsideration(make, old), "reconsidered-too-long", "warning", "law", "没有延期，用了一百多天", accepted_date=date(2023, 6, 8), decided_date=date(2023, 9, 28), days_taken=112),
        wrong(reconsideration(make, old), "refused-yet-decided", "quarantined", "law", "不予受理却有复议结果", acceptance="不予受理", result="维持"),
    ]  # fmt: skip
    rows = make.mixed(good, planted)
    tools.inbox.workbook(f"{JUDICIAL}/行政复议案件台账-示例数据.xlsx", [
        tools.sheet("reconsiderations", [r for r in rows if r["received_date"].year == year], columns(CASES), tools.style("cell"), f"{year}年", title=[f"示例区{year}年行政复议案件台账（示例数据）"])
        for year in (2023, 2024)])  # fmt: skip
    return good


SUITS = "法院案号=case_no, 审级=instance, 审理法院=court, 原告=plaintiff, 被诉行政机关=defendant_authority, 案由=matter, 收案日期=received_date, 办理状态=state, 裁判结果=result, 结案日期=closed_date, 是否败诉=lost, 负责人是否出庭=head_attended, 备注=label"
LOST = {7: "判决撤销", 21: "确认违法", 35: "判决撤销", 49: "判决履行", 63: "确认违法"}


def suit(make: Maker, day: date, lost: str = "", **more: Any) -> Row:
    number = make.number(f"suit {day.year}")
    first = number % 4 != 0
    return {
        "case_no": f"({day.year})豫0000行{'初' if first else '终'}{number}号",
        "instance": "一审" if first else "二审",
        "court": "示例区人民法院" if first else "示例市中级人民法院",
        "plaintiff": next(make.tools.names),
        "defendant_authority": make.name(SUED[number % len(SUED)]),
        "matter": DISPUTED[number % len(DISPUTED)],
        "received_date": day - timedelta(days=70),
        "state": "已结案",
        "result": lost or ("驳回诉讼请求", "准予撤诉", "驳回起诉")[number % 3],
        "closed_date": day,
        "lost": "是" if lost else "否",
        "head_attended": "未开庭" if number % 3 == 2 and not lost else "是",
        **more,
    }


def write_suits(make: Maker) -> list[Row]:
    """71 closed in 2024, 5 of them lost, the head in court in all that were heard; 6 of 2023."""
    tools, wrong, old = make.tools, make.tools.wrong, date(2023, 7, 12)
    good = [suit(make, day) for day in make.days(2023, 6)]
    good += [suit(make, day, LOST.get(i, "")) for i, day in enumerate(make.days(2024, 71, 355), 1)]
    planted = [
        wrong(suit(make, old), "lost-against-result", "quarantined", "law", "判决撤销却填没有败诉", result="判决撤销", lost="否"),
        wrong(suit(make, old), "result-missing", "quarantined", "law", "已结案而没有裁判结果", result=""),
        wrong(suit(make, old, plaintiff="", head_attended="是", matter="其他"), "telephone-in-text", "warning", "privacy", "备注中写了原告电话", label=f"{tools.label}；原告电话13000000000"),
    ]  # fmt: skip
    land = [r for r in good if r["defendant_authority"] == make.name(LAND)]
    rest = make.mixed([r for r in good if r not in land], planted)
    tools.inbox.text(f"{JUDICIAL}/行政应诉案件统计-示例数据.csv", tools.sheet("litigation", rest, columns(SUITS), tools.style("%Y年%m月%d日", tight=True)), "gb18030")  # fmt: skip
    tools.inbox.text(f"{LAND}/应诉案件-示例数据.csv", tools.sheet("litigation", land, columns(SUITS), tools.style("%Y/%m/%d")), "utf-8-sig")  # fmt: skip
    return good


# ---------------------------------------------------------------- people and places

SUPERVISORS = "聘书编号=supervisor_no, 姓名=supervisor_name, 身份类别=background, 工作单位=employer, 身份证号码=id_number, 联系电话=phone, 聘任机关=appointed_by, 聘任日期=appointed_date, 聘期至=term_until, 聘任状态=status, 备注=label"
BACKGROUNDS = ["人大代表", "政协委员", "律师", "企业代表", "新闻工作者", "群众代表"]
POINTS = "联系点名称=point_name, 联系点类别=point_kind, 所在乡镇（街道）=town, 设立机关=set_up_by, 设立日期=established_date, 运行状态=status, 撤销日期=closed_date, 联络员=contact, 联络电话=phone, 备注=label"
POINT_KINDS = ["村（社区）", "企业", "商会协会", "园区"]


def supervisor(make: Maker, **more: Any) -> Row:
    number = make.number("supervisor")
    return {
        "supervisor_no": f"SLJD-{number:03d}",
        "supervisor_name": next(make.tools.names),
        "background": BACKGROUNDS[number % len(BACKGROUNDS)],
        "employer": f"示例区样本单位{number}（示例）",
        "id_number": make.tools.identity_number(),
        "phone": "13000000000",
        "appointed_by": make.name(JUDICIAL),
        "appointed_date": date(2024, 3, 11),
        "term_until": date(2027, 3, 10),
        "status": "在聘",
        **more,
    }


def contact_point(make: Maker, **more: Any) -> Row:
    number = make.number("point")
    kind = POINT_KINDS[number % len(POINT_KINDS)]
    return {
        "point_name": f"示例{kind.split('（')[0]}第{number}联系点（示例）",
        "point_kind": kind,
        "town": f"示例{'镇' if number % 2 else '街道'}",
        "set_up_by": make.name(JUDICIAL),
        "established_date": date(2023 + number % 2, 5, 1 + number),
        "status": "运行",
        "closed_date": None,
        "contact": next(make.tools.names),
        "phone": "13000000000",
        **more,
    }


def write_people_and_places(make: Maker) -> tuple[list[Row], list[Row]]:
    """20 supervisors, 26 contact points."""
    tools, wrong = make.tools, make.tools.wrong
    people, places = [supervisor(make) for _ in range(20)], [contact_point(make) for _ in range(26)]
    over = wrong(supervisor(make), "term-ended-yet-serving", "warning", "law", "聘期已满，仍填在聘", appointed_date=date(2021, 3, 11), term_until=date(2024, 3, 10))  # fmt: skip
    closed = wrong(contact_point(make), "closing-day-missing", "quarantined", "law", "已撤销而没有撤销日期", status="已撤销")  # fmt: skip
    tools.inbox.workbook(f"{JUDICIAL}/行政执法特约监督员名单-示例数据.xlsx", [
        tools.sheet("supervisors", make.mixed(people, [over]), columns(SUPERVISORS), tools.style("%Y年%m月%d日", tight=True), "名单", title=[f"行政执法特约监督员名单（{tools.label}）"])])  # fmt: skip
    half = 13
    tools.inbox.text(f"{JUDICIAL}/行政执法监督基层联系点-示例数据.csv", tools.sheet("contact_points", make.mixed(places[:half], [closed]), columns(POINTS), tools.style("%Y.%m.%d", tight=True)), "utf-8-sig")  # fmt: skip
    tools.inbox.workbook(f"{JUDICIAL}/乡镇基层联系点-示例数据.xlsx", [
        tools.sheet("contact_points", places[half:], columns(POINTS), tools.style("cell"), "联系点")])  # fmt: skip
    return people, places


# ---------------------------------------------------------------- legislation and statistics

DRAFTS = "草案名称=draft_title, 草案层级=draft_level, 来文单位=requested_by, 收文日期=received_date, 要求反馈日期=due_date, 反馈日期=returned_date, 征求单位数=consulted, 反馈意见条数=opinions, 采纳条数=adopted, 备注=label"


def draft(make: Maker, day: date, opinions: int, **more: Any) -> Row:
    number = make.number("draft")
    return {
        "draft_title": f"示例市{('供水', '养犬', '停车', '绿化', '物业')[number % 5]}管理条例（草案，示例{number}）",
        "draft_level": "地方性法规",
        "requested_by": "示例市司法局",
        "received_date": day,
        "due_date": day + timedelta(days=30),
        "returned_date": make.after(day, 15, 25),
        "consulted": 12 + number,
        "opinions": opinions,
        "adopted": opinions // 3,
        **more,
    }


def write_drafts(make: Maker) -> list[Row]:
    """3 drafts of 2024 with 32 opinions, 2 of 2023."""
    tools, wrong = make.tools, make.tools.wrong
    days = [(date(2023, 4, 10), 8), (date(2023, 9, 4), 5), (date(2024, 3, 18), 12), (date(2024, 6, 17), 9), (date(2024, 10, 21), 11)]  # fmt: skip
    good = [draft(make, *day) for day in days]
    planted = wrong(draft(make, date(2023, 11, 6), 6), "more-adopted-than-returned", "quarantined", "law", "采纳条数多于反馈条数", adopted=16)  # fmt: skip
    tools.inbox.text(f"{JUDICIAL}/立法草案征求意见登记-示例数据.csv", tools.sheet("legislative_opinions", make.mixed(good, [planted]), columns(DRAFTS), tools.style("%Y/%m/%d", tight=True)), "utf-8-sig")  # fmt: skip
    return good


STATISTICS = "填报单位=authority_name, 统计年度=year, 指标名称=indicator, 件数=value, 金额（元）=amount_yuan, 备注=label"
#: Counts each penalty of a decision, not only the heaviest: what the law's rules forbid.
COUNTS_EACH = "交通运输局"
#: Penalties below what has to be filed: in the statistics, and in no record.
MINOR = {MARKET: {"警告": 12, "罚款": 85}, CITY: {"罚款": 140}, HEALTH: {"警告": 9, "罚款": 21}}


def statistics(make: Maker, folder: str, penalties: list[Row], year: int, order: list[str], counted: dict[str, int]) -> list[Row]:  # fmt: skip
    """A department's yearly statistics, counted from its rows by the law's rules, minor ones added."""
    value, amount = Counter[str](), defaultdict[str, Decimal](Decimal)
    for row in penalties:
        if row["decision_date"].year == year:
            kind = max(row["penalty_types"], key=order.index)
            value.update(row["penalty_types"] if folder == COUNTS_EACH else [kind])
            amount[kind] += (row["fine_yuan"] or 0) + (row["confiscated_yuan"] or 0)
    for kind, more in MINOR.get(folder, {}).items():
        value[kind] += more
        amount[kind] += Decimal(500 * more) if kind == "罚款" else 0
    value = Counter({("其他行政处罚" if kind == "其他" else kind): n for kind, n in value.items()})
    lines = [(kind, n, amount[kind] or None) for kind, n in value.items()]
    lines.append(("行政处罚合计", sum(value.values()), sum(amount.values()) or None))
    lines += [(name, n, None) for name, n in counted.items()]
    about = {"authority_name": make.name(folder), "year": year}
    return [about | {"indicator": name, "value": n, "amount_yuan": sums} for name, n, sums in lines]


def write_statistics(make: Maker, penalties: dict[str, list[Row]], order: list[str], done: dict[str, list[Row]]) -> list[Row]:  # fmt: skip
    """The statistics of 2024: three departments send their own, the others come in one workbook."""
    tools = make.tools
    rows = {folder: statistics(make, folder, penalties.get(folder, []), 2024, order, _counted(make.name(folder), done)) for folder in penalties}  # fmt: skip
    market = make.name(MARKET)
    planted = [
        tools.wrong({"authority_name": market, "year": 2023, "indicator": "行政处罚合计", "value": 55, "amount_yuan": Decimal(20000)}, "parts-differ-from-total", "warning", "law", "合计55件，分项相加只有40件"),
        tools.wrong({"authority_name": market, "year": 2023, "indicator": "行政检查", "value": 31, "amount_yuan": Decimal(1)}, "sum-of-inspections", "quarantined", "law", "行政检查没有罚没金额"),
    ]  # fmt: skip
    fine = {"authority_name": market, "year": 2023, "indicator": "罚款", "value": 40, "amount_yuan": Decimal(20000)}  # fmt: skip
    tools.inbox.text(f"{MARKET}/2024年行政执法统计年报-示例数据.csv", tools.sheet("enforcement_statistics", [*rows[MARKET], fine, *planted], columns(STATISTICS), tools.style(money="元")), "gb18030")  # fmt: skip
    tools.inbox.workbook(f"{CITY}/行政执法统计-示例数据.xlsx", [
        tools.sheet("enforcement_statistics", rows[CITY], columns(STATISTICS), tools.style(money="元"), "统计", title=[f"2024年度行政执法统计（{tools.label}）"])])  # fmt: skip
    tools.inbox.text(f"{HEALTH}/执法统计-示例数据.tsv", tools.sheet("enforcement_statistics", rows[HEALTH], columns(STATISTICS), tools.style(money="元")), "utf-8", "\t")  # fmt: skip
    rest = [row for folder, lines in rows.items() if folder not in (MARKET, CITY, HEALTH) for row in lines]  # fmt: skip
    tools.inbox.workbook(f"{JUDICIAL}/2024年全区行政执法统计汇总-示例数据.xlsx", [
        tools.sheet("enforcement_statistics", rest, columns(STATISTICS), tools.style(money="元"), "汇总", title=[f"2024年度全区行政执法统计汇总（{tools.label}）"])])  # fmt: skip
    return [row for lines in rows.values() for row in lines]


def _counted(authority: str, done: dict[str, list[Row]]) -> dict[str, int]:
    """Licences, inspections and coercion of 2024 that the department's own rows have."""

    def of(dataset: str, day: str) -> list[Row]:
        return [r for r in done[dataset] if r["authority_name"] == authority and r[day].year == 2024]  # fmt: skip

    granted, checked, forced = of("licences", "decision_date"), of("inspections", "inspection_date"), of("measures", "decision_date")  # fmt: skip
    out: dict[str, int] = {}
    if granted:
        out |= {"行政许可申请": len(granted) + 3, "行政许可受理": len(granted) + 2, "行政许可准予": len(granted), "行政许可不予许可": 2}  # fmt: skip
    if forced:
        kinds = Counter(r["category"] for r in forced)
        out |= {kind: kinds[kind] for kind in sorted(kinds)} | {"行政强制合计": len(forced)}
    return out | ({"行政检查": len(checked)} if checked else {})


def write(tools: Tools, penalties: dict[str, list[Row]], order: list[str]) -> None:
    """All files of the datasets above. `penalties`: good filings by department; `order`: light to heavy."""
    make = Maker(tools)
    done = {"licences": write_licences(make), "inspections": write_inspections(make), "measures": write_measures(make)}  # fmt: skip
    write_decisions(make)
    write_powers(make)
    write_lists(make)
    write_reconsiderations(make)
    write_suits(make)
    write_people_and_places(make)
    write_drafts(make)
    write_statistics(make, penalties, order, done)
