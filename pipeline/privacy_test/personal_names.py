"""Made-up names of third persons, in the sentences in which clerks write them."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.disguises import OF_WORDS, disguised
from pipeline.privacy_test.values import Value, made

_SURNAMES = "王李张刘陈杨赵吴周徐孙朱胡郭何林罗郑梁谢宋唐许邓韩冯曹彭曾肖田董袁潘蒋蔡余杜叶魏苏吕丁任沈姚卢姜崔谭陆汪范廖贾夏韦付邹熊孟秦邱侯薛阎雷段郝龚邵史陶黎贺顾毛尹万钱戴严欧莫孔汤"  # fmt: skip
_COMPOUND = ("欧阳", "司马", "诸葛", "上官", "皇甫", "令狐", "东方", "尉迟", "慕容", "司徒", "夏侯")
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛超霞鹏辉玲波燕刚婷浩宇琳凯博莉雪倩颖坤萍鑫彬斌峻瑶雯茜楠"
_FIRST = "建国志晓春玉秀海永德文俊小美桂淑子梦雨思佳嘉宏振家天少金立红云凤兰"
_LAST = "华军平英兰芳强明辉杰伟玲珍梅琴林涛峰生祥荣霞轩涵怡琪欣然豪泽宁睿洁莹超斌庆龙虎兵彪友来"
_UIGHUR = ("艾山", "买买提", "吐尔洪", "阿依古丽", "古丽娜尔", "热合曼", "帕提古丽", "努尔兰", "木合塔尔", "阿卜力孜")  # fmt: skip
_TIBETAN = ("扎西", "次仁", "卓玛", "多吉", "平措", "央金", "旺堆", "拉姆", "格桑", "顿珠")
_LATIN_FIRST = ("Peter", "Maria", "Ahmed", "Ivan", "Sophie", "Carlos", "Yuki", "Daniel")
_LATIN_LAST = ("Hartwell", "Kowalska", "Benali", "Petrenko", "Lindqvist", "Okafor", "Marchetti", "Sandoval")  # fmt: skip

#: Form of sentence → sentences. {} is the name; the persons are not parties, nor officers.
SENTENCES: dict[str, tuple[str, ...]] = {
    "role": ("举报人{}反映该店卫生状况差", "证人{}证实了上述事实", "现场负责人{}在场", "该店员工{}正在操作", "受害人{}已获赔偿", "投诉人{}要求退款", "股东{}持股百分之四十", "收货人{}签收", "其雇佣的司机{}", "房东{}提供场地", "患者{}就诊时发现", "乘客{}下车后离开", "死者{}系该项目工人", "厨师{}未戴口罩"),
    "verb": ("由{}负责经营", "经{}介绍购入该批货物", "当日{}到店购买食品两袋", "将货物卖给{}", "{}承认上述事实", "询问{}得知该批货物来自外地", "系{}所有", "{}称不知情", "向{}收取费用", "与{}签订协议", "该房屋租给{}使用", "{}因此受伤", "对{}进行了询问", "执法时{}拒不配合"),
    "title": ("{}女士投诉该店", "{}先生购买商品后发现异味", "{}老师组织补课", "{}经理到场说明情况", "{}医生开具处方", "{}师傅负责维修", "店长{}签字确认", "会计{}保管账册", "{}（女）在场", "村民{}占用耕地", "老板娘{}在场"),
    "brackets": ("举报人（{}）反映", "其妻（{}）到场", "现场人员（{}）未能出示健康证", "联系人：{}", "承租人【{}】", "姓名：{}", "知情人“{}”提供线索", "（{}提供照片）"),
    "signature": ("询问笔录由本人核对无误。被询问人：{}", "见证人：{}", "签收人 {}", "以上属实，{}，2024年3月5日", "代收人签名：{}"),
    "kin": ("其妻{}参与经营", "其子{}代为签收", "系{}之父", "与其兄{}共同出资", "其母{}到场", "儿媳{}看店"),
    "owned": ("{}家中存放烟花", "{}的货车停在院内", "{}诊所未取得许可", "{}账户收到货款", "在{}处查获", "{}住宅内加工"),
    "case": ("{}诉示例区政府一案", "{}交通事故", "{}申请工伤认定", "{}非法行医案中扣押的物品", "与{}案并案处理"),
}  # fmt: skip


def two(dice: Dice) -> str:
    """A name of two characters."""
    return dice.one_of(_SURNAMES) + dice.one_of(_GIVEN)


def three(dice: Dice) -> str:
    """A name of three characters."""
    return dice.one_of(_SURNAMES) + dice.one_of(_FIRST) + dice.one_of(_LAST)


def compound(dice: Dice) -> str:
    """A name with a surname of two characters."""
    given = dice.one_of(_GIVEN) if dice.below(2) else dice.one_of(_FIRST) + dice.one_of(_LAST)
    return dice.one_of(_COMPOUND) + given


def double(dice: Dice) -> str:
    """A name of four characters, with the surnames of both parents."""
    return "".join(dice.shuffled(_SURNAMES)[:2]) + dice.one_of(_FIRST) + dice.one_of(_LAST)


def ethnic(dice: Dice) -> str:
    """A Uighur name with its dot, or a Tibetan one."""
    if dice.below(2):
        return "".join(dice.shuffled(_TIBETAN)[:2])
    first, last = dice.shuffled(_UIGHUR)[:2]
    return first + dice.one_of(("·", "•", ".", "‧", "・", "")) + last


def latin(dice: Dice) -> str:
    """A foreigner's name."""
    return f"{dice.one_of(_LATIN_FIRST)} {dice.one_of(_LATIN_LAST)}"


NAMES: dict[str, Callable[[Dice], str]] = {
    "name-2": two,
    "name-3": three,
    "name-compound": compound,
    "name-4": double,
    "name-ethnic": ethnic,
    "name-latin": latin,
}
_SHARES = ("name-2", "name-3", "name-3", "name-3", "name-compound", "name-4", "name-ethnic", "name-latin")  # fmt: skip


def sentence(dice: Dice) -> tuple[str, str]:
    """(form, sentence) in which a name stands."""
    form = dice.one_of(sorted(SENTENCES))
    return form, dice.one_of(SENTENCES[form])


def name(dice: Dice) -> Value:
    """One name in a sentence: its disguise, or where it is plain the form of the sentence."""
    kind = dice.one_of(_SHARES)
    person = NAMES[kind](dice)
    form, template = sentence(dice)
    plain = kind == "name-latin" or dice.below(2)
    how, shown = ("plain", person) if plain else disguised(person, OF_WORDS, dice)
    half_masked = f"某{person[-1]}"  # 张某某 with a character of the name left behind it
    named = form if how == "plain" else how
    return made(kind, named, template, shown, person, shown, half_masked)


def listed(dice: Dice) -> Value:
    """Several names in one list; each of them gives a person away."""
    drawn = (dice.one_of((two, three, three, compound))(dice) for _ in range(dice.between(2, 5)))
    people = list(dict.fromkeys(drawn))
    mark = dice.one_of(("、", "、", "，", " ", "和", "/", "；", "\n"))
    end = dice.one_of(("", "", "等人", f"等{len(people)}人"))
    templates = ("现场有{}在操作", "员工{}未取得健康证", "对{}进行询问", "举报人{}反映", "由{}共同经营", "参与人员：{}", "该工地工人{}被拖欠工资")  # fmt: skip
    shown = mark.join(people) + end
    return made("name-list", "in-a-list", dice.one_of(templates), shown, *people)


KINDS: tuple[Callable[[Dice], Value], ...] = (name, name, name, name, listed)
