"""Names of Tibetans, Uyghurs, Kazakhs, Mongolians and Yi as they are written in Chinese characters.

Such a name has no Chinese surname; it is made of names (扎西, 次仁; 买买提, 古丽; 巴特尔, 其其格) that stand
side by side with or without a dot. Two of one people side by side are a name; one alone is a name
beside a word that goes with persons. The names are those that are common among the living; there
is no statistics of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.found_names import Name
from pipeline.checks.privacy.person_words import ACTS, ROLES, TITLES

_TIBETAN = (
    "旦真 旦珍 丹真 才旦 才仁 尕玛 措卓 卓嘎 "
    "扎西 次仁 卓玛 平措 央金 拉姆 旺堆 格桑 顿珠 多吉 多杰 尼玛 达娃 巴桑 索朗 "
    "索南 旦增 丹增 才让 仁增 洛桑 强巴 边巴 普布 次旦 次旺 次成 德吉 白玛 贡布 "
    "贡嘎 江村 加措 嘉措 坚赞 坚参 群培 曲珍 曲吉 措姆 拉珍 仓决 仓央 米玛 拉巴 "
    "旺杰 旺姆 旺久 晋美 降措 罗布 洛珠 朗杰 朗加 欧珠 其美 琼达 仁青 仁钦 桑珠 "
    "桑杰 斯朗 土登 吾金 西绕 央宗 益西 云丹 泽仁 泽旺 泽郎 郎卡 尕藏 更登 华旦 "
    "闹布 南杰 完么 仁欠 久美 旦正 旦巴 卓嘎 央吉 格列 赤列 阿旺 班觉 班典 噶玛 "
    "嘎玛 呷玛 龙珠 洛松 向巴 伍金 昂旺 措毛 吉毛 卓么 项秀 英巴 东珠 元旦才 "
    "拉毛 周毛 万玛 "
)
_UYGHUR = (
    "阿布来提 斯拉木 赛里木 祖丽菲娅 祖丽菲亚 买尔旦 买尔旦江 艾孜买提 阿里甫 热依拉 古丽米热 "
    "买买提 麦麦提 买合木提 买提 阿卜力孜 阿卜杜拉 阿卜杜 阿卜都 阿布都 阿不都 "
    "阿不力 阿布力 阿卜力 阿依古丽 阿依 古丽娜尔 古丽 古力 帕提古丽 帕提曼 帕提 "
    "木合塔尔 木塔力甫 穆合塔尔 吐尔逊 吐尔洪 吐尔地 吐尔干 艾山 艾力 艾合买提 "
    "艾合麦提 艾尔肯 艾尼瓦尔 艾则孜 艾买提 玉素甫 玉素音 玉山 依明 依不拉音 "
    "伊布拉音 依布拉欣 肉孜 热合曼 热依汗 热依木 热孜亚 热娜 热西提 热夏提 迪丽努尔 "
    "迪丽拜尔 迪丽 阿迪力 阿地力 阿孜古丽 阿斯木 沙依提 沙塔尔 赛买提 司马义 斯马义 "
    "努尔买买提 努尔古丽 努尔 米娜瓦尔 米热古丽 玛依拉 木沙 库尔班 卡德尔 卡斯木 "
    "喀迪尔 卡迪尔 哈力克 哈斯木 海力 吾买尔 吾斯曼 乌斯曼 托乎提 托合提 塔依尔 "
    "台外库 苏来曼 萨吾提 萨迪克 萨依木 帕尔哈提 帕丽旦 尼亚孜 尼加提 穆萨 麦合木提 "
    "马木提 居来提 居马 吉力力 加帕尔 加马力 哈丽旦 甫拉提 巴拉提 巴吾东 拜合提 "
    "安尼瓦尔 阿吾提 阿西木 阿力木 阿里木 阿瓦古丽 阿米娜 阿曼古丽 阿娜尔 排日旦 "
    "毛拉 伊明 依米提 伊力亚斯 亚森 亚力坤 凯赛尔 夏提 提力瓦尔地 孜亚 孜然 拜克 "
    "江尔 别克 叶尔 哈孜 加依 巴合提 阿合买提 沙吾列 古海尔 古扎丽 祖丽 夏依 娜扎 "
    "图尔荪 图尔贡 阿不力孜 阿布力孜 阿不力克木 阿布都拉 克木 "
)
_MONGOLIAN = (
    "德力格尔 额日敦 巴音 乌恩 其木格 阿古拉 陶格斯 萨其拉 "
    "巴特尔 其其格 琪琪格 格日勒 格日乐 图雅 乌云 斯琴 高娃 娜仁 萨仁 托娅 苏和 "
    "那顺 哈斯 敖其尔 额尔敦 孟和 朝鲁 宝音 宝力德 满都拉 莫日根 牧仁 那日苏 "
    "青格乐 赛罕 赛音 塔娜 特木尔 铁木尔 帖木尔 乌力吉 乌日娜 阿拉坦 阿茹娜 敖登 "
    "斯日古楞 苏日娜 通拉嘎 苏布德 萨日娜 道尔吉 额尔德尼 呼格吉勒 毕力格 呼和 乌兰 "
    "巴图 毕力格图 吉日嘎拉 吉雅 朝克图 达布希拉图 巴雅尔 孟根 白乙拉 布仁 布日古德 "
    "恩和 恩克 海日 呼日 金花其 "
)
_YI = (
    "阿苏 沙马 沙玛 俄木 马海 吉克 曲比 曲木 阿的 吉木 罗洪 海来 阿候 阿侯 勒伍 贾巴 加巴 "
    "的莫 且沙 莫色 吉史 阿西 木乃 日牛 伍合 曲布 伍呷 木呷 尔古 拉铁 尔布 日古 史布 伍牛 "
    "伍各 五各 石布 子古 阿牛 尔各 伍支 阿呷 木牛 日呷 伍沙 古哈 达铁 "
)
_PEOPLES = tuple(names.split() for names in (_TIBETAN, _UYGHUR, _MONGOLIAN, _YI))


def _any_of(names: list[str]) -> str:
    return "(?:" + "|".join(sorted(set(names), key=lambda n: (-len(n), n))) + ")"


#: A cheap sign (RE2) of such a name, as it is written or with blanks, dots or marks inside.
_SIGN = "|".join(sorted({name for people in _PEOPLES for name in people}))
_SPACED = r"[\x{3400}-\x{9fff}][^\x{3400}-\x{9fff}\pP\pN\pL][\x{3400}-\x{9fff}]"
_SEVERAL = lazy("|".join(rf"{_any_of(p)}{{2,}}" for p in _PEOPLES))
_ONE = lazy("|".join(map(_any_of, _PEOPLES)))
_NO_PERSON = lazy(
    r"[路街巷村乡镇县市区旗州寺庙河湖山岭沟桥店牌酒]|大[街道桥酒]"
    r"|[^在的到去系称于是]{0,4}(?:公司|合作社|集团|自治|商店|商行|饭店|酒店|寺院|[店厂社馆园行])"
)
_LONG = 3  # characters of a name that is no word
_WITHIN = lazy(r"[\s·•・･‧∙⋅﹒．.－-]")


def names_in(texts: Sequence[str]) -> Iterator[tuple[int, Name]]:
    """(index of the text, a name in it) of all such names in `texts`; those of a text are apart."""
    signs = pc.match_substring_regex(pa.array(texts, pa.string()), f"{_SIGN}|{_SPACED}")
    for at in pc.indices_nonzero(signs).to_pylist():
        plain, origin = _joined(texts[at])
        for start, end, sure in sorted(_names(plain)):
            yield at, Name(origin[start], origin[end - 1] + 1, sure)


def _joined(text: str) -> tuple[str, list[int]]:
    """(`text` without blanks, dots and invisible characters, the offset of each that is left)."""
    kept = [
        (c, at)
        for at, c in enumerate(by_character(text))
        if not _WITHIN.match(c) and unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc")
    ]
    return "".join(c for c, _ in kept), [at for _, at in kept]


def _names(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is sure): one name alone without such a word is a doubt if it is long."""
    free = 0
    for m in _SEVERAL.finditer(text):
        if not _NO_PERSON.match(text, m.end()):
            yield m.start(), m.end(), True
            free = m.end()
    for m in _ONE.finditer(text):
        if m.start() < free or _NO_PERSON.match(text, m.end()):
            continue
        sure = _is_beside_a_person_s_word(text, m.start(), m.end())
        if sure or len(m[0]) >= _LONG:
            yield m.start(), m.end(), sure


def _is_beside_a_person_s_word(text: str, start: int, end: int) -> bool:
    before, behind = text[max(0, start - 8) : start].rstrip(":"), text[end : end + 8]
    return any(before.endswith(word) for word in ROLES) or any(
        behind.startswith(word) for word in (*TITLES, *ACTS) if len(word) > 1
    )
