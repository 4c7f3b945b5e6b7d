"""Names of natural persons: what looks like one, and how one is masked.

Practice of the publishers of penalty decisions (双公示): the surname stays,
the given name does not.
"""

from __future__ import annotations

import re

from pipeline.base.escapes import has_escapes, undo_escapes
from pipeline.base.patterns import lazy
from pipeline.base.script import simplified_by_character

# The two-character surnames that are still common; any other name has a surname of one character.
COMPOUND = frozenset(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 司徒 令狐 长孙 宇文 夏侯 端木 南宫 百里 东郭 西门 澹台 公冶 轩辕 呼延 申屠 淳于 单于 太史 钟离 闾丘 鲜于 赫连 拓跋 独孤 第五 南门 北宫 左丘".split()  # noqa: SIM905
)
#: Surnames that hardly ever begin another word behind a role such as "witness" or "driver".
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘蒋蔡余杜叶程魏苏吕丁沈姚卢姜崔"
    "谭陆汪范廖贾韦邱秦尹熊孟阎闫薛侯雷龙段郝孔邵毛钱汤尤黎武戴莫孔向樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍"
    "申庞邢路岳齐庄耿邬聂焦柳兰喻祝窦柯毕骆霍涂邹褚费凌宁甘裴祁覃卫阮欧詹童游冉阳桂佟苗甄翁纪柏管晏昌顾夏钟傅史"
    "贺龚万钟石江方任高金马白文常于乔赖古左包谷成华封尚辛苑凤花鲍臧水云奚郎"
)
#: Those of them that often begin a word: a name only where the end of the name is certain.
AMBIGUOUS = frozenset(
    "于向任方高安路成文常万余金水时白马石江龙游左包管路申毛顾华童古花云段陆史章钟尚程阳甘宁田牛温武黄"
)
#: Words that follow a role ("witness", "owner" …) or begin with a surname and are no names.
NO_NAME = lazy(
    "任免|任职|任命|文化|文件|高度|高价|高龄|方式|方面|方可|安全|安装|常年|常见|白天|江苏|江西|黄金|黄色|马上|马路|水产|水果|石材|金额|金融|路口|路段|花园|花费|程序|田地|"
    "万元|余款|余额|顾客|夏季|任何|任意|于是|向本|向我|包装|包括|管理|毛重|游客|成员|成年|成都|华为|陈述|陈列|陈旧|许可|何时|何地|何种|曾经|曾因|"
    "罗列|严重|严格|武汉|洪水|温度|童装|尚未|尚无|申请|申诉|申报|宁波|范围|胡乱|施工|游泳|季度|孔径|章程|章节|毕业|费用|凌晨|夏天|甘肃|钟表|"
    "贺卡|史料|段落|云南|古镇|辛苦|封存|封闭|谷物|左右|左侧|纪律|纪录|祝愿|苗木|牛奶|牛肉|汤料|钱款|钱物|叶片|林业|林地|杨树|柳树|龙头|"
    "祁县|阳台|阳光|童年|桂花|兰花|路灯|路边|易|武装|郑重|谢绝|姚|曹操|蒋|方法|方案|方便|向|与|和|因|已|未|在|对"
)
ENDS_NAME = frozenset(
    "在将对与和及因为以于向从到经由被把给销作出称说系是等购驾使未已多没提投举反的雇用之所述至同就其有不无来去处即又亦均都非需要应可能该此受持携带证言陈反映证实签字、，。；：,.;:()（）“”\"'！？!? \n\t〔〕[]【】《》/男女"
)
_HAN = lazy(r"[\u3400-\u9fff]")
_ORGANISATION = lazy(
    r"公司|厂$|店$|社$|部$|馆$|所$|行$|坊$|场$|中心|医院|学校|大学|小学|中学|幼儿园|局$|站$|队$|会$|院$|室$|铺$|超市|酒店|宾馆|餐厅|酒楼|饭庄|集团|银行|摊|城$|园$|屋$|阁$|吧$|处$|点$|户$|库$|网$|矿$|庄$|楼$|堂$|轩$|居$|家$"
)  # fmt: skip


def mask_name(name: str) -> str:
    """张三丰, 李 四 → 张某某, 李某某; 欧阳峰 → 欧阳某某; John Smith → J***: its length never shows."""
    name = undo_escapes(name)[0] if has_escapes(name) else name
    name = "".join(name.split()) if _HAN.match(name.strip()) else name.strip()
    if not _HAN.match(name):
        return name[:1] + "***" if name else ""
    is_compound = len(name) > 2 and simplified_by_character(name[:2]) in COMPOUND
    return name[: 2 if is_compound else 1] + "某某"


def is_masked(name: str) -> bool:
    """Whether a name shows no given name: 张某, 李某某, J***, or nothing but 某."""
    return not name or name.endswith("某") or "*" in name or "×" in name


def looks_like_organisation(name: str) -> bool:
    """Whether a party's name ends as that of a business or an institution."""
    return _ORGANISATION.search(simplified_by_character(name)) is not None


def looks_like_person(name: str) -> bool:
    """Whether a party's name is one that a person may bear rather than a business."""
    name = simplified_by_character(name)
    if looks_like_organisation(name) or not _HAN.match(name):
        return False
    if "·" in name:
        return len(name) <= 16
    return (name[:2] in COMPOUND and len(name) in (3, 4)) or (
        name[:1] in SURNAMES and len(name) in (2, 3)
    )


def name_at(text: str, start: int) -> int:
    """Where a person's name that begins at `start` ends; `start` itself where none begins there.

    Chinese text has no spaces, so the end is judged by what follows: punctuation ends a name
    surely, and so do words that no given name has.
    """
    foreign = _FOREIGN.match(text, start)
    if foreign:
        return foreign.end()
    surname = 2 if text[start : start + 2] in COMPOUND else 1
    if (surname == 1 and text[start : start + 1] not in SURNAMES) or NO_NAME.match(text, start):
        return start
    end = start + surname
    while end < start + surname + 2 and _HAN.match(text, end) and text[end] not in ENDS_NAME:
        end += 1
    sure = end >= len(text) or text[end] in ENDS_NAME
    masked = "某" in text[start:end]
    if end == start + surname or masked or (text[start] in AMBIGUOUS and not sure):
        return start
    return end


_GIVEN = f"(?:(?![{re.escape(''.join(ENDS_NAME))}])[\\u4e00-\\u9fff])"
_FOREIGN = lazy(
    rf"{_GIVEN}{{1,6}}(?:[·•]{_GIVEN}{{1,8}})+|[A-Z][a-z]+(?: [A-Z][a-z]*\.?)* [A-Z][a-z]+"
)
