"""Makes a penalty file for the benchmark: the 424 layout with its Chinese titles, all made up.

    python -m bench.make ROWS FOLDER [--wide]

Texts are as long as departments write them and repeat where they repeat in life: authorities, kinds
of violation and their legal basis often, facts never. Numbers are right: decision numbers are
unique, codes carry valid check digits, sums in 万元 agree with the text beside them. Every row is
labelled as made up in 备注. The same ROWS give the same bytes. `--wide`: with nine more columns of
the layout, 34 in all. Rows are made in pieces, so that memory does not grow with them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 424
FIRST_YEAR = 2023
PIECE = 200_000  # rows made at a time
LABEL = "示例数据 / synthetic sample"
CODE_CHARS = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
CODE_WEIGHTS = np.array([3**i % 31 for i in range(17)])
ORGAN_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
DIVISION = "411503"

# Name, and the short name that its document numbers begin with.
AUTHORITIES = [
    ("平桥区市场监督管理局", "平市监罚"),
    ("平桥区应急管理局", "平应急罚"),
    ("平桥区卫生健康委员会", "平卫罚"),
    ("平桥区城市管理局", "平城管罚"),
    ("平桥区农业农村局", "平农罚"),
    ("平桥区交通运输局", "平交罚"),
    ("平桥区水利局", "平水罚"),
    ("平桥区自然资源局", "平自然资罚"),
    ("平桥区文化广电和旅游局", "平文旅罚"),
    ("平桥区人力资源和社会保障局", "平人社罚"),
    ("信阳市生态环境局平桥分局", "信环平罚"),
    ("平桥区住房和城乡建设局", "平住建罚"),
]
# Kind of violation, its legal basis, and what was done.
VIOLATIONS = [
    (
        "经营超过保质期的食品",
        "《中华人民共和国食品安全法》第三十四条第十项、第一百二十四条第一款第五项",
        "货架上陈列并对外销售超过保质期的预包装食品，未按规定检查库存并及时清理",
    ),
    (
        "未按规定开展安全生产教育培训",
        "《中华人民共和国安全生产法》第二十八条第一款、第九十七条第三项",
        "未对新上岗的从业人员进行安全生产教育和培训，也未如实记录教育和培训的时间、内容和考核结果",
    ),
    (
        "无证从事诊疗活动",
        "《中华人民共和国基本医疗卫生与健康促进法》第三十八条、第九十九条第一款",
        "在未取得《医疗机构执业许可证》的情况下为前来就诊的人员开展静脉输液",
    ),
    (
        "擅自倾倒建筑垃圾",
        "《城市建筑垃圾管理规定》第十五条、第二十六条",
        "将施工产生的渣土和碎砖运至未经核准的空地倾倒，现场未采取覆盖和围挡",
    ),
    (
        "超标排放水污染物",
        "《中华人民共和国水污染防治法》第十条、第八十三条第二项",
        "总排口外排废水经采样监测，化学需氧量和氨氮浓度均高于排放标准限值",
    ),
    (
        "超限运输",
        "《公路安全保护条例》第三十三条第一款、第六十四条",
        "驾驶重型货车载运砂石上路行驶，经检测车货总质量超过该车型的限定标准",
    ),
    (
        "销售不合格农药",
        "《农药管理条例》第二十七条、第五十六条",
        "经营场所内的农药经抽样检验，有效成分含量不符合标签标注的质量标准",
    ),
    (
        "违法占用耕地",
        "《中华人民共和国土地管理法》第四十四条、第七十七条第一款",
        "未经批准占用集体土地硬化地面并搭建钢结构棚，用于堆放建筑材料",
    ),
]
# The types of one decision, as written, and how often they occur.
PENALTIES = [
    ("罚款", 0.62),
    ("警告;罚款", 0.14),
    ("罚款;没收违法所得、没收非法财物", 0.16),
    ("罚款;责令停产停业", 0.05),
    ("罚款;吊销许可证件", 0.03),
]
NAME_PARTS = (
    [f"{a}{b}" for a in "恒鑫嘉瑞宏盛华润泰和" for b in "达源丰信诚通康兴隆安"],
    [
        "商贸",
        "食品",
        "建材",
        "物流",
        "农业科技",
        "环保设备",
        "餐饮管理",
        "机械制造",
        "医药",
        "建筑工程",
    ],
)
STREETS = [
    "平桥大道",
    "平安大道",
    "迎宾路",
    "新十八大街",
    "龙江路",
    "楚王城路",
    "明港镇解放路",
    "五里店街",
]
SURNAMES = list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗")


def check_character(codes: np.ndarray) -> np.ndarray:
    """The 18th place (GB 32100) for each row of 17 numbers."""
    return (31 - codes @ CODE_WEIGHTS % 31) % 31


def credit_codes(prefix: str, serial: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Valid unified social credit codes, and the organisation codes (GB 11714) inside them."""
    rows = len(serial)
    body = serial[:, None] // 10 ** np.arange(7, -1, -1) % 10
    organ_check = (11 - body @ ORGAN_WEIGHTS % 11) % 11
    # Ten is written X, which stands at place 28 of the alphabet.
    organ_place = np.where(organ_check == 10, list(CODE_CHARS).index("X"), organ_check)
    head = np.array([list(CODE_CHARS).index(c) for c in prefix + DIVISION])
    codes = np.column_stack([np.tile(head, (rows, 1)), body, organ_place])
    codes = np.column_stack([codes, check_character(codes)])
    whole = CODE_CHARS[codes]
    return joined(whole), joined(whole[:, 8:17])


def joined(characters: np.ndarray) -> np.ndarray:
    """One text of each row of single characters."""
    return np.ascontiguousarray(characters).view(f"U{characters.shape[1]}").ravel()


def text(*parts: object) -> pd.Series:
    """The parts one behind the other, row by row; a plain string is the same in every row."""
    series = [p if isinstance(p, str) else pd.Series(p).astype(str) for p in parts]
    whole = series[0]
    for part in series[1:]:
        whole = whole + part
    return whole


def pieces(rows: int) -> Iterator[pd.DataFrame]:
    """The penalty file in pieces; decision numbers of a year and an authority run on."""
    given = np.zeros((len(AUTHORITIES), 2), int)
    for first in range(0, rows, PIECE):
        yield penalties(min(PIECE, rows - first), first, given)


def penalties(rows: int, first: int = 0, given: np.ndarray | None = None) -> pd.DataFrame:
    """`rows` records, the first being number `first` of the file.

    `given`: authority × year → decision numbers given so far; it is counted on.
    """
    rng = np.random.default_rng([SEED, first] if first else SEED)

    def pick(values: list[str], weights: list[float] | None = None) -> np.ndarray:
        return np.array(values, dtype=object)[rng.choice(len(values), rows, p=weights)]

    serial = first + np.arange(rows)
    place = rng.integers(0, len(AUTHORITIES), rows)
    kind = rng.integers(0, len(VIOLATIONS), rows)
    respondent = pick(["法人及非法人组织", "个体工商户", "自然人"], [0.62, 0.26, 0.12])
    organisation, sole_trader, person = (
        respondent == name for name in ("法人及非法人组织", "个体工商户", "自然人")
    )

    company_codes, organ_codes = credit_codes("91", serial + 10_000_000)
    trader_codes, _ = credit_codes("92", serial + 60_000_000)
    # A sole trader without a code is written so, and then needs a registration number.
    codeless = sole_trader & (rng.random(rows) < 0.02)
    company = text(pick(NAME_PARTS[0]), pick(NAME_PARTS[0]), pick(NAME_PARTS[1]))
    name = np.select(
        [organisation, sole_trader],
        [
            text("信阳市平桥区示例", company, "有限公司"),
            text("平桥区示例", company, "经营部"),
        ],
        text("示例", pick(SURNAMES), "某某"),
    )

    decided = np.datetime64(f"{FIRST_YEAR}-01-01") + rng.integers(0, 731, rows).astype(
        "timedelta64[D]"
    )
    found = decided - rng.integers(20, 80, rows).astype("timedelta64[D]")
    year = pd.Series(decided).dt.year
    authorities = np.array(AUTHORITIES, dtype=object)[place]
    authority_codes = credit_codes("11", np.arange(len(AUTHORITIES)) + 5_800_000)[0][place]

    types = pick([p for p, _ in PENALTIES], [w for _, w in PENALTIES])
    confiscating = pd.Series(types).str.contains("没收").to_numpy()
    # Major penalties: from 10,000 yuan for a person, from 100,000 yuan for others.
    fine = np.where(
        person, rng.integers(10, 60, rows) * 1_000, rng.integers(100, 900, rows) * 1_000
    )
    fine += rng.integers(0, 10, rows) * 100
    taken = np.where(confiscating, rng.integers(500, 90_000, rows), 0)
    revoked = types == "罚款;吊销许可证件"
    stopped = types == "罚款;责令停产停业"

    number = pd.Series(serial).groupby([pd.Series(place), year]).cumcount() + 1
    if given is not None:
        number += given[place, year - FIRST_YEAR]
        np.add.at(given, (place, year - FIRST_YEAR), 1)
    violations = np.array(VIOLATIONS, dtype=object)[kind]
    facts = text(
        "经查，当事人于",
        pd.Series(found).dt.strftime("%Y年%m月%d日"),
        "在平桥区",
        pick(STREETS),
        rng.integers(1, 999, rows),
        "号",
        violations[:, 2],
        "，涉及数量",
        rng.integers(2, 5000, rows),
        "，货值金额",
        rng.integers(200, 200_000, rows),
        "元。以上事实有现场检查笔录、询问笔录和照片为证。",
    )
    content = text(
        pd.Series(np.where(types == "警告;罚款", "给予警告；", "")),
        "处罚款人民币",
        fine,
        "元整",
        np.where(confiscating, text("；没收违法所得人民币", taken, "元"), ""),
        np.where(stopped, "；责令停产停业整顿", ""),
        np.where(revoked, "；吊销许可证件", ""),
        "。",
    )

    return pd.DataFrame(
        {
            "行政相对人名称": name,
            "行政相对人类别": respondent,
            "行政相对人代码_1（统一社会信用代码）": np.select(
                [codeless, organisation, sole_trader],
                ["0" * 17 + "X", company_codes, trader_codes],
                "",
            ),
            "行政相对人代码_2（工商注册号）": np.where(
                codeless, text("4115036", (serial + 10_000_000)), ""
            ),
            "行政相对人代码_3（组织机构代码）": np.where(
                organisation & (rng.random(rows) < 0.3), organ_codes, ""
            ),
            "法定代表人": np.where(person, "", text(pick(SURNAMES), "某某")),
            "行政处罚决定书文号": text(authorities[:, 1], "〔", year, "〕", number, "号"),
            "违法行为类型": violations[:, 0],
            "违法事实": facts,
            "处罚依据": violations[:, 1],
            "处罚类别": types,
            "处罚内容": content,
            "罚款金额（万元）": wan_yuan(fine),
            "没收违法所得、没收非法财物的金额（万元）": np.where(confiscating, wan_yuan(taken), ""),
            "暂扣或吊销证照名称及编号": np.where(
                revoked, text("许可证 YS", number, "-", place), ""
            ),
            "处罚决定日期": decided.astype(str),
            "处罚有效期": "2099-12-31",
            "公示截止期": (decided + np.timedelta64(3 * 365, "D")).astype(str),
            "处罚机关": authorities[:, 0],
            "处罚机关统一社会信用代码": authority_codes,
            "数据来源单位": authorities[:, 0],
            "数据来源单位统一社会信用代码": authority_codes,
            "备案编号": text("平备", year, "-", serial + 1),
            "备案日期": (decided + rng.integers(1, 15, rows).astype("timedelta64[D]")).astype(str),
            "备注": LABEL,
        }
    )


def wan_yuan(yuan: np.ndarray) -> np.ndarray:
    """Whole yuan as text in units of ten thousand, without a float in between: 2000 → 0.2."""
    fraction = pd.Series(yuan % 10_000).astype(str).str.zfill(4).str.rstrip("0")
    whole = pd.Series(yuan // 10_000).astype(str)
    return whole.where(fraction == "", whole + "." + fraction).to_numpy()


def widened(table: pd.DataFrame, first: int) -> pd.DataFrame:
    """`table` with what a filing adds and the columns of the layout that are mostly blank."""
    serial = pd.Series(first + np.arange(len(table)))
    is_person = table["行政相对人类别"] == "自然人"
    code, date = table["行政相对人代码_1（统一社会信用代码）"], table["备案日期"]
    reviewed = (pd.to_datetime(date) + pd.Timedelta(days=20)).dt.strftime("%Y-%m-%d")
    more = {
        "行政相对人代码_4（税务登记号）": code.str[2:17].where(serial % 10 == 0, ""),
        "行政相对人代码_5（事业单位证书号）": "",
        "行政相对人代码_6（社会组织登记证号）": "",
        "证件类型": np.where(is_person, "其他-示例", ""),
        "证件号码": np.where(is_person, "SL" + serial.astype(str).str.zfill(8), ""),
        "备案审查机关": "信阳市平桥区司法局",
        "审查结果": "合法适当",
        "审查日期": reviewed,
        "行政区划代码": DIVISION,
    }
    return table.assign(**more)


def main(rows: int, folder: Path, wide: bool = False) -> None:
    """Write a file of `rows` made-up penalties into `folder`."""
    # The folder's name says what dataset it is.
    target = folder / "penalty_filings" / f"synthetic-sample-{rows}.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as out:
        for number, piece in enumerate(pieces(rows)):
            table = widened(piece, number * PIECE) if wide else piece
            table.to_csv(out, index=False, header=not number, lineterminator="\n")
    part.rename(target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A made-up penalty file for the benchmark")
    parser.add_argument("rows", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wide", action="store_true", help="34 columns in place of 25")
    asked = parser.parse_args()
    main(asked.rows, asked.folder, asked.wide)
