"""Made-up personal values in the disguises that departments' texts put on them, and what looks like them.

Nobody holds these numbers: births lie in 1900 to 1902 in a division founded in 1998, cards and phones
are of ranges with random rest. The same seed gives the same values.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

rng = random.Random(8)
WIDE = str.maketrans("0123456789Xx@-", "０１２３４５６７８９Ｘｘ＠－")
HAN = str.maketrans("0123456789", "〇一二三四五六七八九")


@dataclass(frozen=True)
class Planted:
    """A text with a personal value in it; `secret` is what no output may have, folded and without marks."""

    kind: str
    text: str
    secret: str


def digits(count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def identity(end: str = "") -> str:
    while True:
        born = date(1900, 1, 1) + timedelta(days=rng.randrange(1000))
        first = f"411503{born:%Y%m%d}{digits(3)}"
        total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(first))
        number = first + "10X98765432"[total % 11]
        if number.endswith(end):
            return number


def old_identity() -> str:
    return f"411503{rng.randrange(30, 90)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}{digits(3)}"


def mobile() -> str:
    return rng.choice(["130", "138", "151", "177", "186", "199"]) + digits(8)


def card() -> str:
    first = "6222" + digits(14)
    total = sum(sum(divmod(int(c) * 2, 10)) if i % 2 == 0 else int(c) for i, c in enumerate(reversed(first)))  # fmt: skip
    return first + str(-total % 10)


def name() -> str:
    return (
        rng.choice("王李张刘陈杨赵孙周郑")
        + rng.choice("建国志强海涛晓红秀英")
        + rng.choice("军平华伟丽芳")
    )


def cut(value: str, mark: str, *at: int) -> str:
    for place in reversed(at):
        value = value[:place] + mark + value[place:]
    return value


def number(kind: str, make: Callable[[], str], write: Callable[[str], str], around: str) -> Callable[[], Planted]:  # fmt: skip
    def plant() -> Planted:
        value = make()
        return Planted(kind, around.format(write(value)), value.upper())

    return plant


def plain(value: str) -> str:
    return value


def home() -> Planted:
    door = f"{rng.randrange(2, 30)}号楼{rng.randrange(1, 5)}单元{rng.randrange(101, 2000)}室"
    return Planted(
        "address",
        f"当事人家住示例区示例街道样本路{rng.randrange(1, 99)}号院{door}，从事经营活动",
        door,
    )


def estate() -> Planted:
    door = f"{rng.randrange(2, 30)}号楼{rng.randrange(1, 5)}单元{rng.randrange(101, 2000)}室"
    return Planted("address", f"在示例区平安小区{door}设立诊所", door)


def village() -> Planted:
    door = f"{rng.randrange(2, 9)}组{rng.randrange(10, 99)}号"
    return Planted("address", f"住址：示例区五里镇王楼村{door}", door)


def birth(write: str) -> Callable[[], Planted]:
    def plant() -> Planted:
        year, month, day = rng.randrange(1950, 2005), rng.randrange(1, 13), rng.randrange(1, 29)
        value = {"han": f"{year}年{month}月{day}日", "iso": f"{year}-{month:02}-{day:02}"}[write]
        text = {"han": f"当事人，{value}出生，汉族", "iso": f"出生日期：{value}，无前科"}[write]
        return Planted("birth", text, value)

    return plant


def person(around: str) -> Callable[[], Planted]:
    def plant() -> Planted:
        value = name()
        return Planted("person", around.format(value), value)

    return plant


def plate(write: Callable[[str], str]) -> Callable[[], Planted]:
    def plant() -> Planted:
        value = f"{rng.choice('ABCDEFGHJKLMNPQRS')}{digits(5)}"
        return Planted("plate", f"驾驶豫{write(value)}号货车超限运输", value)

    return plant


ID, TEL = "identity", "telephone"
DISGUISES: dict[str, Callable[[], Planted]] = {
    "identity": number(ID, identity, plain, "当事人{}无证经营"),
    "identity, labelled": number(ID, identity, plain, "当事人（身份证号：{}）无证经营"),
    "identity, small x": number(ID, lambda: identity("X"), str.lower, "公民身份号码{}，男"),
    "identity, full-width": number(ID, identity, lambda v: v.translate(WIDE), "身份证{}经营"),
    "identity, spaced": number(ID, identity, lambda v: cut(v, " ", 6, 14), "证件 {} 经营"),
    "identity, in fours": number(ID, identity, lambda v: cut(v, " ", 4, 8, 12, 16), "证件 {} 经营"),
    "identity, hyphens": number(ID, identity, lambda v: cut(v, "-", 6, 14), "证件{}经营"),
    "identity, cut by a line": number(ID, identity, lambda v: cut(v, "\n", 11), "证件{}经营"),
    "identity, invisible marks": number(ID, identity, lambda v: cut(v, "\u200b", 3, 9, 15), "证件{}经营"),
    "identity, Chinese figures": number(ID, lambda: identity("1"), lambda v: v.translate(HAN), "身份证号{}经营"),
    "identity, beside letters": number(ID, identity, plain, "ID{}经营"),
    "identity, in a longer run": number(ID, lambda: identity("1"), lambda v: v + mobile(), "号码{}经营"),
    "old identity, labelled": number(ID, old_identity, plain, "身份证号码：{}。"),
    "old identity": number(ID, old_identity, plain, "当事人{}无证经营"),
    "mobile": number(TEL, mobile, plain, "联系{}后取走"),
    "mobile, hyphens": number(TEL, mobile, lambda v: cut(v, "-", 3, 7), "致电{}后取走"),
    "mobile, spaced": number(TEL, mobile, lambda v: cut(v, " ", 3, 7), "拨打 {} 后取走"),
    "mobile, every digit apart": number(TEL, mobile, lambda v: " ".join(v), "手机 {} 。"),
    "mobile, with country": number(TEL, mobile, lambda v: "+86 " + v, "机主（{}）"),
    "mobile, full-width": number(TEL, mobile, lambda v: v.translate(WIDE), "电话{}，已核实"),
    "mobile, Chinese figures": number(TEL, mobile, lambda v: v.translate(HAN), "手机{}，已核实"),
    "mobile, cut by a line": number(TEL, mobile, lambda v: cut(v, "\n", 7), "手机{}，已核实"),
    "fixed line": number(TEL, lambda: "0376" + "3" + digits(6), lambda v: cut(v, "-", 4), "座机{}"),
    "fixed line, brackets": number(TEL, lambda: "0376" + "6" + digits(6), lambda v: f"({v[:4]}){v[4:]}", "致电{}"),
    "fixed line, no area": number(TEL, lambda: "3" + digits(6), plain, "联系电话：{}，"),
    "bank card": number("card", card, plain, "汇入{}"),
    "bank card, in fours": number("card", card, lambda v: cut(v, " ", 4, 8, 12, 16), "退款至 {} 内"),
    "bank account, labelled": number("card", lambda: "1718" + digits(13), plain, "开户行及账号：{}"),
    "passport": number("passport", lambda: rng.choice("EG") + digits(8), plain, "护照号码：{}"),
    "passport, no label": number("passport", lambda: "E" + digits(8), plain, "外籍人员（{}）从业"),
    "permit": number("passport", lambda: "H" + digits(8), plain, "港澳居民来往内地通行证{}"),
    "e-mail": number("mail", lambda: f"ZS{digits(5)}@EXAMPLE.COM", str.lower, "邮箱{}联系"),
    "e-mail, full-width": number("mail", lambda: f"ZS{digits(5)}@EXAMPLE.COM", lambda v: v.lower().translate(WIDE), "邮箱{}联系"),
    "chat account": number("mail", lambda: f"WX{digits(7)}", str.lower, "微信号：{}"),
    "plate": plate(plain),
    "plate, with a dot": plate(lambda v: cut(v, "·", 1)),
    "plate, small and spaced": plate(lambda v: cut(v.lower(), " ", 1)),
    "home, labelled": home,
    "home, no label": estate,
    "home in a village": village,
    "birth": birth("han"),
    "birth, labelled": birth("iso"),
    "witness": person("证人{}证实，现场无证照"),
    "with the sex behind": person("现场人员{}（女）未能出示证照"),
    "two others": person("举报人{}、投诉人反映情况属实"),
}  # fmt: skip


def planted(each: int = 7) -> list[Planted]:
    """`each` texts of every disguise, the same whatever was made before."""
    rng.seed(8)
    return [make() for make in DISGUISES.values() for _ in range(each)]


ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code() -> str:
    first = "91411503" + "".join(rng.choice(ALPHABET) for _ in range(9))
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return first + ALPHABET[-total % 31]


LOOK_ALIKES: dict[str, Callable[[], str]] = {
    "document": lambda: f"依据豫政文〔{rng.randrange(2010, 2025)}〕{rng.randrange(1, 999)}号文件",
    "credit code": lambda: f"统一社会信用代码{credit_code()}，经营食品",
    "credit code, bare": lambda: f"当事人{credit_code()}经营食品",
    "amount": lambda: f"货值金额{rng.randrange(10**6, 10**8)}元",
    "amount, decimals": lambda: f"没收违法所得{rng.randrange(10**9, 10**10)}.{digits(2)}元",
    "amount, commas": lambda: f"罚款人民币{rng.randrange(10**6, 10**8):,}元",
    "food licence": lambda: f"食品经营许可证JY1411503{digits(7)}",
    "production licence": lambda: f"食品生产许可证编号SC1064115{digits(7)}",
    "certificate": lambda: f"执法证号1615{digits(7)}",
    "registration": lambda: f"工商注册号4115036{digits(8)}",
    "tax number": lambda: f"纳税人识别号411503{digits(9)}",
    "barcode": lambda: f"条码69{digits(11)}",
    "batch": lambda: f"生产批号20{rng.randrange(10, 25)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}",
    "batch with a letter": lambda: f"批号G20{rng.randrange(10, 25)}0{rng.randrange(1, 9)}1{rng.randrange(1, 9)}",
    "model": lambda: f"型号E{digits(8)}",
    "order": lambda: f"订单编号20{digits(4)}88{digits(10)}",
    "day": lambda: f"{rng.randrange(2000, 2025)}年{rng.randrange(1, 13)}月{rng.randrange(1, 29)}日生产的糕点",
    "period": lambda: f"2023-0{rng.randrange(1, 9)}-1{rng.randrange(1, 9)}至2024-0{rng.randrange(1, 9)}-2{rng.randrange(1, 9)}期间",
    "case": lambda: f"（2024）豫1503行审{rng.randrange(1, 999)}号裁定",
    "website filing": lambda: f"网站备案号豫ICP备{digits(8)}号",
    "telecom licence": lambda: f"增值电信业务经营许可证豫B2-20{digits(6)}",
    "standard": lambda: f"不符合GB {rng.randrange(1000, 9999)}-20{rng.randrange(10, 25)}标准",
    "hot line": lambda: f"拨打{rng.choice(['12315', '12345', '12369'])}投诉{rng.randrange(1, 9)}次",
    "street of a shop": lambda: f"在平桥区迎宾路{rng.randrange(1, 999)}号经营门店",
    "article": lambda: f"《某某条例》第{rng.choice('一二三四五六七八九')}十{rng.choice('一二三四五六七八九')}条第一款",
    "area": lambda: f"占地{rng.randrange(1000, 99999)}.{digits(2)}平方米，坐标114.{digits(6)}，32.{digits(6)}",
    "words of people": lambda: rng.choice(["证人证言、现场笔录为证", "投诉人要求退款", "负责人签字确认", "经营者未尽义务", "侵害消费者权益", "举报人反映情况", "员工宿舍内", "驾驶员驾驶证件齐全", "学生食堂内", "经理办公室内"]) + f"{rng.randrange(1, 99)}处",
    "made in a month": lambda: f"{rng.randrange(2000, 2025)}年{rng.randrange(1, 13)}月生产，规格{rng.randrange(1, 999)}克",
    "invoice": lambda: f"发票号码{digits(8)}，金额{rng.randrange(100, 99999)}元",
    "frame": lambda: f"车架号LSV{digits(14)}",
    "party before a verb": lambda: f"当事人于2023年{rng.randrange(1, 13)}月高价销售口罩{rng.randrange(1, 999)}只",
}  # fmt: skip


def look_alikes(each: int = 10) -> list[str]:
    """`each` texts of every kind that only looks like a personal value, the same whatever was made before."""
    rng.seed(8)
    return [make() for make in LOOK_ALIKES.values() for _ in range(each)]
