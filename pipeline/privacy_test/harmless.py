"""Text that looks personal to a careless search, and tells of nobody."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.values import Value, made

_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"

#: Kind → whole sentences.
SENTENCES: dict[str, tuple[str, ...]] = {
    "hotline": ("投诉举报电话12315", "可拨打12345政务服务便民热线", "消防举报96119", "法律服务热线12348", "火警119", "全国客服热线400-800-8820", "举报热线12331、12358"),
    "statute": ("违反《中华人民共和国食品安全法》第三十四条第一款第十项", "依据《行政处罚法》第三十二条第一项、第三十三条", "根据《信访工作条例》第二十八条", "适用《河南省行政处罚裁量基准》第六条", "依照《道路交通安全法》第九十条", "依《中华人民共和国未成年人保护法》第五十八条"),
    "look-like-names": ("高峰时段检查", "在和平路段设点", "沿黄河大堤堆放", "由于是首次违法，从轻处罚", "经营者应当及时改正", "安全生产责任未落实", "未按规定时间公示", "方便食品标签不符", "石灰石堆场未覆盖", "现场温度超过标准", "采用白色包装", "文明施工措施不到位", "当事人能够主动消除危害后果", "商品房预售资金", "向阳街道办事处转来线索", "成品油经营许可", "金属粉尘未清理", "马铃薯样品不合格", "牛奶、白酒各一箱", "常年未检修", "由执法人员当场送达", "负责人应当到场", "经理岗位空缺", "对易燃易爆物品单独存放", "万向节损坏", "钱款已全部退还", "汤料包过期", "康复中心消防通道堵塞", "花生油标签", "于次日复查", "任何单位不得干涉", "严格按照标准执行", "余热利用设备停用", "何时整改完毕另行通知", "雷雨天气停工", "夏季高温期间", "孔径小于标准", "史料记载不全", "毛利率计算有误", "林地面积一百亩", "田间管理", "贺卡印制", "许可事项变更"),
    "organisation": ("示例市瑞丰食品有限公司", "示例区平安保险代理点", "示例区李家湾便民服务中心", "会同示例区王庄镇人民政府核查", "抄送示例区司法局", "示例市张飞牛肉有限公司", "由示例区建国路街道办事处负责", "委托示例检测技术有限公司检验", "示例区陈村卫生院", "示例市周记餐饮管理有限公司", "报示例区人民法院备案"),
    "place": ("位于示例区新华路与建设街交叉口", "该厂在示例镇工业园区内", "施工现场位于人民广场东侧", "跨赵王河大桥南端", "检查地点为城关镇农贸市场", "国道107线北侧"),
    "health-rule": ("患有痢疾、伤寒等消化道传染病的人员不得从事接触直接入口食品的工作", "从业人员应当每年进行健康检查", "未按规定开展职业病危害因素检测", "医疗机构应当报告传染病疫情", "公共场所应当设置残疾人无障碍设施", "乙肝疫苗储存温度不符合要求", "宣传治疗糖尿病的虚假广告", "学校食堂未公示食品安全信息", "宗教活动场所消防设施不合格"),
    "words-on-persons": ("当事人张某某系初次违法", "身份证复印件已归档", "已核对营业执照、身份证明", "举报人信息已保密", "已告知当事人陈述、申辩权利", "两名从业人员未取得健康证明", "该公司共有员工23人", "未成年人禁止入内标志缺失"),
}  # fmt: skip


def _said(kind: str) -> Callable[[Dice], Value]:
    def say_it(dice: Dice) -> Value:
        return _stays(kind, dice.one_of(SENTENCES[kind]))

    return say_it


def _stays(kind: str, text: str) -> Value:
    return made(kind, "plain", "{}", text)


def credit_code(dice: Dice) -> str:
    """A credit code of a made-up company, valid by its check character (GB 32100-2015)."""
    first = f"91{dice.one_of(('411503', '110105', '310115'))}MA4{dice.digits(3)}" + "".join(dice.one_of(_CODE[10:]) for _ in range(3))  # fmt: skip
    total = sum(_CODE.index(c) * pow(3, place, 31) for place, c in enumerate(first))
    return first + _CODE[-total % 31]


def amount(dice: Dice) -> Value:
    """A sum of money."""
    number = dice.between(1, 999_999)
    forms = (f"货值金额{number:,}元", f"罚款人民币{number}元整", f"违法所得{number / 100:.2f}元", f"投资{number}.35万元", f"涉案金额共计{number * 1000}元")  # fmt: skip
    return _stays("amount", dice.one_of(forms))


def document(dice: Dice) -> Value:
    """The number of a document or a case."""
    year, number = dice.between(2019, 2025), dice.between(1, 1999)
    forms = (f"示市监罚〔{year}〕{number}号", f"详见（{year}）豫1503行初{number}号判决", f"示政文〔{year}〕{number}号", f"见示综执责改字〔{year}〕第{number}号", f"案卷编号{year}-{number:04}", f"立案号 示卫立〔{year}〕{number}号")  # fmt: skip
    return _stays("document-number", dice.one_of(forms))


def licence(dice: Dice) -> Value:
    """The number of a licence, a standard or a registration of goods."""
    forms = (f"食品经营许可证JY1411503{dice.digits(7)}", f"食品生产许可证编号SC1034115{dice.digits(7)}", f"国药准字Z4102{dice.digits(4)}", f"产品标准代号GB/T {dice.between(1000, 40000)}-2018", f"豫械注准2019214{dice.digits(4)}", f"（豫）WH安许证字〔2023〕{dice.digits(5)}")  # fmt: skip
    return _stays("licence-number", dice.one_of(forms))


def company(dice: Dice) -> Value:
    """A company's credit code."""
    return _stays("credit-code", f"统一社会信用代码{credit_code(dice)}")


def goods(dice: Dice) -> Value:
    """The number of a batch, a product or a machine."""
    day = f"20{dice.between(19, 24)}{dice.between(1, 12):02}{dice.between(1, 28):02}"
    forms = (f"生产批号{day}", f"批号{day}A{dice.digits(2)}", f"商品条码69{dice.digits(11)}", f"设备型号XK-{dice.digits(4)}", f"规格500g×{dice.between(2, 48)}袋", f"净含量{dice.between(100, 900)}克", f"面积{dice.digits(3)}.{dice.digits(2)}平方米")  # fmt: skip
    return _stays("goods-number", dice.one_of(forms))


def day(dice: Dice) -> Value:
    """A date or a time."""
    year, month, number = dice.between(2019, 2025), dice.between(1, 12), dice.between(1, 28)
    forms = (f"{year}年{month}月{number}日现场检查", f"整改期限至{year}-{month:02}-{number:02}", f"有效期至{year}.{month}.{number}", f"{year}{month:02}{number:02}生产", f"{month}月{number}日{dice.between(8, 17)}时{dice.between(10, 59)}分", f"{year}年第{dice.between(1, 4)}季度")  # fmt: skip
    return _stays("date", dice.one_of(forms))


KINDS: tuple[Callable[[Dice], Value], ...] = (*map(_said, SENTENCES), _said("look-like-names"), _said("look-like-names"), amount, document, licence, company, goods, day)  # fmt: skip
