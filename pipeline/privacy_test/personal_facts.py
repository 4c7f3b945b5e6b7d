"""Made-up facts of one person's life, each of which no release may tell."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.disguises import OF_FACTS, disguised
from pipeline.privacy_test.values import Value, made

_ONE = ("张某某", "王某", "该员工", "当事人本人", "其母亲", "其妻", "李某某之子", "举报人", "该女工", "其父", "我本人", "受害人刘某")  # fmt: skip
_ILLNESS = ("乙型肝炎", "肺结核", "抑郁症", "精神分裂症", "糖尿病", "艾滋病", "冠心病", "癫痫", "尿毒症", "胃癌", "白血病", "梅毒")  # fmt: skip
_ILL = ("{who}患有{}", "{who}因{}住院治疗", "{who}被诊断为{}", "{who}确诊{}三年", "{who}有{}病史", "{who}得了{}，正在吃药")  # fmt: skip
_HURT = ("左腿骨折", "右手食指被切断", "怀孕五个月", "构成九级伤残", "视力二级残疾", "流产", "重度烧伤", "听力障碍")  # fmt: skip
_HURTS = ("{who}{}", "{who}{}，在家休养", "事故造成{who}{}", "{who}称自己{}")
_GRADES = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "七年级", "初二", "高一", "高三")  # fmt: skip
_SCHOOLS = ("示例区第二小学", "示例市实验小学", "示例区第五中学", "示例市第一高级中学", "示例市外国语学校")  # fmt: skip
_CHILD = ("其子", "其女", "张某某之女", "该学生", "李某某的孙子", "小王", "受害人刘某", "当事人的孩子")  # fmt: skip
_AT_SCHOOL = ("{who}就读于{}", "{who}在{}上学", "{who}系{}学生", "{who}现在{}读书", "{who}今年转入{}")  # fmt: skip
_FAITHS = ("信仰基督教", "信奉伊斯兰教", "系天主教徒", "参加法轮功", "加入全能神", "是佛教居士", "每周到教堂做礼拜")  # fmt: skip
_FAITH = ("{who}{}", "{who}自述{}", "经查，{who}{}", "{who}全家{}")
_HARMS = ("被强奸", "被猥亵", "遭受家庭暴力", "被拐卖", "被多次殴打", "被诈骗十二万元", "遭到性骚扰", "被非法拘禁两天")  # fmt: skip
_HARM = ("{who}{}", "{who}曾{}", "{who}称其{}", "{who}于去年{}")
_KIN = ("系其七岁女儿的监护人", "是该名九岁男童的父亲", "为未成年学生小明的母亲", "带着十三岁的外甥", "是被害女童的继父", "抚养五岁孙女")  # fmt: skip
_BANKS = ("示例农商银行", "工商银行示例支行", "建行", "邮储银行示例营业所", "农行示例分理处")
_HOMES = ("{street}{a}号院{b}号楼{c}单元{d}室", "{street}小区{b}栋{d}", "{village}{b}组{a}号", "{street}{a}号院内平房第{b}间", "{village}{b}组", "{street}花园{b}幢{c}门{d}户")  # fmt: skip
_STREETS = ("幸福路", "建设东街", "新华大道", "示例镇文化路", "滨河南路")
_VILLAGES = ("示例镇李湾村", "示例乡大王庄村", "示例镇东岗村")
_LIVES = ("{who}住{}", "{who}现住{}", "{who}家住{}", "家庭住址：{}", "{who}的住处在{}", "{who}租住在{}", "户籍地{}")  # fmt: skip


def _fact(kind: str, templates: tuple[str, ...], core: str, dice: Dice) -> Value:
    who = dice.one_of(_CHILD if kind == "school" else _ONE)
    template = dice.one_of(templates).replace("{who}", who)
    name, shown = disguised(core, OF_FACTS, dice) if dice.below(2) else ("plain", core)
    return made(kind, name, template, shown, core, shown)


def health(dice: Dice) -> Value:
    """An illness, an injury or a pregnancy."""
    if dice.below(2):
        return _fact("health", _ILL, dice.one_of(_ILLNESS), dice)
    return _fact("health", _HURTS, dice.one_of(_HURT), dice)


def school(dice: Dice) -> Value:
    """A child's school and class."""
    group = f"{dice.one_of(_GRADES)}{dice.one_of(('', '（'))}{dice.between(1, 12)}"
    group += "）班" if "（" in group else "班"
    return _fact("school", _AT_SCHOOL, dice.one_of(_SCHOOLS) + group, dice)


def religion(dice: Dice) -> Value:
    """What somebody believes."""
    return _fact("religion", _FAITH, dice.one_of(_FAITHS), dice)


def victim(dice: Dice) -> Value:
    """A crime that somebody has suffered."""
    return _fact("victim", _HARM, dice.one_of(_HARMS), dice)


def kin_of_minor(dice: Dice) -> Value:
    """Kinship to a minor."""
    return _fact("minor", ("{who}{}", "经核实，{who}{}"), dice.one_of(_KIN), dice)


def account(dice: Dice) -> Value:
    """A bank account in words."""
    tail = dice.digits(4)
    bank = dice.one_of(_BANKS)
    templates = ("{who}通过{}收款", "款项打到{who}的{}", "{who}名下{}账户", "{who}用{}转账")
    shown = bank + dice.one_of(("尾号{}的卡", "（尾号{}）", "末四位{}的储蓄卡", "卡尾号为{}")).replace("{}", tail)  # fmt: skip
    return made("account-words", "plain", dice.one_of(templates).replace("{who}", dice.one_of(_ONE)), shown, tail, shown)  # fmt: skip


def home(dice: Dice) -> Value:
    """Where somebody lives, down to the door or the group of a village."""
    words = {"street": dice.one_of(_STREETS), "village": dice.one_of(_VILLAGES)}
    numbers = {"a": dice.between(2, 198), "b": dice.between(2, 30), "c": dice.between(1, 4), "d": dice.between(1, 18) * 100 + dice.between(1, 4)}  # fmt: skip
    address = dice.one_of(_HOMES).format(**words, **numbers)
    door = address[max(address.find(word) + len(word) for word in words.values() if word in address) :]  # fmt: skip
    template = dice.one_of(_LIVES).replace("{who}", dice.one_of(_ONE))
    return made("home", "plain", template, address, door)


KINDS: tuple[Callable[[Dice], Value], ...] = (health, health, school, religion, victim, kin_of_minor, account, home)  # fmt: skip
