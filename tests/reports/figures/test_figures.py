"""Every number with a meaning is read, with value, unit, comparator and its phrase; nothing else."""

from __future__ import annotations

import pytest

from pipeline.reports.figures.figures import RANK, find
from pipeline.reports.figures.numerals import NUMBER, han_value, plain, read


def figures(text: str) -> list[tuple[str, str, str]]:
    return [(plain(f.number.value), f.unit, f.number.comparator) for f in find(text)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("七十一", 71), ("十二", 12), ("一百零五", 105), ("一百二十", 120), ("一百二", 120),
        ("两千三百", 2300), ("一千一百一十九", 1119), ("二〇二四", 2024), ("三万二千", 32000),
        ("一亿两千万", 120000000), ("十", 10), ("百", 100),
    ],
)  # fmt: skip
def test_numerals_in_characters_have_their_value(written: str, value: int) -> None:
    assert han_value(written) == value


@pytest.mark.parametrize(
    ("written", "value", "comparator", "upper"),
    [
        ("1,119", "1119", "=", None), ("4.2亿", "420000000", "=", None), ("近百", "100", "≈", "100"),
        ("一百二十余", "120", "≥", "130"), ("20余万", "200000", "≥", "300000"),
        ("3000多", "3000", "≥", "4000"), ("1760余", "1760", "≥", "1770"), ("近8", "8", "≈", "8"),
        ("数万余", "10000", "≥", "100000"), ("约3万", "30000", "≈", None), ("超过50", "50", "≥", None),
        ("不足5", "5", "≤", "5"), ("上百", "100", "≥", None), ("1 286", "1286", "=", None),
    ],
)  # fmt: skip
def test_words_of_exactness_become_a_comparator_and_a_bound(
    written: str, value: str, comparator: str, upper: str | None
) -> None:
    match = NUMBER.match(written + "件")
    assert match is not None
    reading = read(match, "件")
    assert reading is not None
    number, _ = reading
    bound = None if number.upper is None else plain(number.upper)
    assert (plain(number.value), number.comparator, bound) == (value, comparator, upper)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("新申办行政执法证72件,年审844件。", [("72", "件", "="), ("844", "件", "=")]),
        ("比上年增长近8倍。", [("8", "倍", "≈")]),
        ("提高2.3个百分点。", [("2.3", "个百分点", "=")]),
        ("举办讲座3至5场。", [("3", "场", "=")]),
        ("办结率98%以上。", [("98", "%", "≥")]),
        ("办理率达八成以上。", [("80", "%", "≥")]),
        ("合格率达到百分之九十八点五。", [("98.5", "%", "=")]),
        ("开展培训12场（次）。", [("12", "场次", "=")]),
        ("败诉率排名全市第三。", [("3", RANK, "=")]),
        ("位居全省第5位。", [("5", RANK, "=")]),
        ("由12件增加到20件。", [("12", "件", "="), ("20", "件", "=")]),
        ("办结案件一百二十余件。", [("120", "件", "≥")]),
        ("修改一件，废止两件。", [("1", "件", "="), ("2", "件", "=")]),
        ("罚款3.5萬元，辦結逾百件。", [("35000", "元", "="), ("100", "件", "≥")]),
        (
            "缩短三分之二，超过四分之三，近三分之一。",
            [("66.67", "%", "="), ("75", "%", "≥"), ("33.33", "%", "≈")],
        ),
        (
            "近一半案件，半数以上企业，女性过半。",
            [("50", "%", "≈"), ("50", "%", "≥"), ("50", "%", "≥")],
        ),
        ("进入诉讼的不到一成。", [("10", "%", "≤")]),
        ("数量翻一番，金额翻了两番。", [("1", "番", "="), ("2", "番", "=")]),
        ("调解纠纷1万3千余件。", [("13000", "件", "≥")]),
        ("投入2亿3000万元。", [("230000000", "元", "=")]),
        ("新设企业1.2万户，走访三十户。", [("12000", "户", "="), ("30", "户", "=")]),
        ("开办“法治夜校”两期，发放资料5万份（册）。", [("2", "期", "="), ("50000", "份册", "=")]),
        ("培训 35 人，罚款 12.5 万元。", [("35", "人", "="), ("125000", "元", "=")]),
    ],
)
def test_a_figure_is_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024年3月5日，按照国办发〔2018〕118号文件要求，落实三项制度。",
        "深入实施“八五”普法规划，推进一规划两方案和法律七进。",
        "开展“千所联千企”活动，打造15分钟公共法律服务圈。",
        "根据《行政处罚法》第三十三条，修订第12条。",
        "12345热线全天候运行，24小时自助服务，电话0376-1234567。",
        "一是强化领导。二是健全机制。（三）加强保障。1.完善制度。",
        "推进一网通办、一窗受理、最多跑一次改革。",
        "深入学习党的二十大和二十届三中全会精神，落实“十四五”规划。",
        "压实第一责任人职责，第一时间处置，连续三年保持优秀。",
        "全年没有发生一起群体性事件。",
        "深化“1+5+X”改革，建设5G基站，整治G107国道。",
        "市政府令第56号自2024年1月1日起施行，有效期五年。",
    ],
)
def test_what_counts_nothing_is_no_figure(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("选聘20名特约监督员，设立26家基层联系点。", ["选聘特约监督员", "设立基层联系点"]),
        ("受理复议案件57件，比上年增长近8倍。", ["受理复议案件", "受理复议案件比上年增长"]),
        ("受理、办结案件分别为120件和118件。", ["受理", "办结案件"]),
        ("出庭应诉率由90%提升至100%。", ["出庭应诉率", "出庭应诉率提升至"]),
        ("受理案件：57件；结案：55件。", ["受理案件", "结案"]),
        ("诉讼案件38件（一审31件、二审7件），同比下降9%。",
         ["诉讼案件", "一审", "二审", "诉讼案件同比下降"]),
        ("审结（含上年结转73件）1,390件。", ["含上年结转", "审结"]),
        ("处罚702件、强制37件，分别占总数的47.4%、2.5%。",
         ["处罚", "强制", "处罚占总数的", "强制占总数的"]),
        ("收到申请1482件，比2023年的641件增加841件。",
         ["收到申请", "收到申请", "收到申请增加"]),
        ("企业开办由3个环节压缩为1个环节。", ["企业开办环节", "企业开办环节压缩"]),
        ("入选案例3件，其中1件获通报表扬。", ["入选案例", "入选案例"]),
        ("在全市9个县（市、区）中排名第2位。", ["在全市县（市、区）中排名", "在全市县（市、区）中排名"]),
        ("和解结案12件，现场检查35次。", ["和解结案", "现场检查"]),
        ("全區共調解糾紛23件。", ["全區調解糾紛"]),
    ],
)  # fmt: skip
def test_a_label_says_in_the_reports_own_words_what_is_counted(
    text: str, labels: list[str]
) -> None:
    assert [f.label for f in find(text)] == labels


def test_offsets_cover_the_number_with_its_unit() -> None:
    text = "全年开展活动约150余场次，合格率98%以上。"
    assert [text[f.start : f.end] for f in find(text)] == ["150余场次", "98%"]


def test_a_part_and_a_change_are_told_from_a_count() -> None:
    whole, part, change = find("案件20件，其中警告5件，同比增长3%。")
    assert (whole.part, part.part, change.change) == (False, True, True)
    assert not whole.change
