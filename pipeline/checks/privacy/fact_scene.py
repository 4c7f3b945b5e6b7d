"""What stands around a detail in a text: whether its sentence speaks of one person, or of an
organisation, a rule, a statistic, an advertisement.

Source: 个人信息保护法 §4 (personal is what relates to an identified or identifiable natural
person), §28; 未成年人保护法 §103. Everything is read from the text once, so that each question
about a place is a search in a sorted list.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.name_statistics import COMMON, COMPOUND, LESS_COMMON

_USUAL = "".join(sorted({*COMMON, *LESS_COMMON} - {*"于从成向"}))
_NICKNAMES = "".join(sorted({*COMMON[:100], *"明红芳刚强丽华军伟娟霞燕"} - {*"米麦时白金康"}))
_NOT_SOMEBODY = "(?!公司|单位|医院|学校|机构|企业|地|处|店|局|小区|村|产品|饮品|品牌)"
_BEHIND_A_NAME = (
    "(?=[,。、;:()的在系称因被之家等已未向到遭与和于患自及当诊住表说提经购就全无有也均身手右左]|$)"
)
#: A name that is masked already; 李xx is 李×× when normalised. 某 alone follows many words, so that
#: it is a name's only behind a surname.
MASKED = (
    rf"(?:(?:[{_USUAL}]|{'|'.join(sorted(COMPOUND))})某(?:某{{0,2}}[甲乙丙丁戊己0-9]?){_NOT_SOMEBODY}"
    rf"|[\u4e00-\u9fff]·?(?:某某|某[甲乙丙丁戊己]|[xX]{{1,3}}(?![0-9A-Za-z])|\*{{1,3}}|某{_BEHIND_A_NAME})"
    rf"|[于向]某{_NOT_SOMEBODY}(?![年月日天种些项次类段一个市区县路街家所栋平网商户物机单厂])"
    r"|(?<![\u4e00-\u9fffA-Za-z])(?:[A-Z](?:\*{3}|某)|(?![在对由被给是该本此另以或将把据称有某每])[\u4e00-\u9fff]某))"
)
#: Who stands in a family to somebody.
KIN = r"(?:外?祖[父母]|[爷奶姥]{2}|外[公婆]|外?孙[子女]?|[父母][亲女子]|继[父母子女]|[养生岳公婆][父母]|[爸妈]{2}|爹娘?|[伯叔舅]{2}|[伯叔舅姑姨]{1,2}[父母妈爹丈夫]?|[姑婶姨嫂]{2}|[哥弟姐妹]{2}|[堂表][哥弟姐妹兄]{1,2}|[侄甥]|[侄甥][子女儿]{1,2}|外甥女?|妻子?|丈夫|配偶|爱人|儿子|女儿|[长次幼独][子女]|[子女父母夫妻兄姐弟妹]|法定监护人|监护人|双亲|家人|亲属)"
_OWN = r"(?:父母|[父母][亲]?|[子女妻夫兄弟姐妹孙]|[父母]女|丈夫|妻子|配偶|儿子|女儿|爱人|家人|家属|外甥|侄[子女]|爷爷|奶奶|外[公婆]|祖[父母]|[哥弟姐妹]{2}|孩子)"
#: Nouns of one's part in a case: whoever bears one is a person.
_PARTY = "投诉人|举报人|信访人|受害人|被害人|受害者|被侵害人|被侵权人|伤者|伤员|死者|逝者|被询问人|询问对象|被处罚人|违法行为人|证人|见证人|报案人|报警人|求助人|来访人|来电人|诉求人|收件人|寄件人|收货人|付款人|收款人|产妇|患儿|受助人|服务对象|案外人|户主|嫌疑人|被监护人|亡者"
#: Those which organisations are too.
_EITHER = "当事人|申请人|被申请人|第三人|经营者|负责人|被执行人|委托人|行为人|法定代表人|店主|老板"
#: Kinds of people, one of whom may be meant.
_PEOPLE = "未成年人|未成年工|青少年|学生|女生|男生|同学|女童|男童|儿童|幼儿|幼童|婴儿|婴幼儿|新生儿|孩子|小孩|孩童|男孩|女孩|少年|少女|童工|小朋友|学员|患者|病人|老人|老太|老者|老年人|妇女|孕妇|产妇|女工|员工|职工|工人|店员|雇员|务工人员|从业人员|服务员|技师|厨师|保安|保洁员?|司机|驾驶员|驾驶人|乘客|旅客|骑手|快递员|业主|住户|租户|租客|房东|房客|承租人|村民|居民|户主|邻居|消费者|顾客|客人|会员|教师|老师|家长|男子|女子|青年|残疾人|劳动者|被保险人|参保人|储户|持卡人|回迁户|低保户|业户|信众|教徒|住客"
_NOT_ONE = "(?!园|公寓|宿舍|食堂|校服|用品|医院|保健|委员会|小组|身份证|联合会|会|电梯|玩具|福利|教育|培训|餐|营养|周转房|体检|健康|家长学校|游乐|权益|资格|证|集资|代表|自治|近视|之家|座椅|活动|实名|信息|花名|名单|管理)"
_THIS = r"(?:[该此]名?|涉案|涉事|[一1两二2三3]名|某|被害|受害|受伤|中毒|死亡|上述|其中一?名?|一个|这个|那个|有个|另一?名?)"
_PRONOUN = r"(?<![\u4e00-\u9fff])(?:我|他|她)|[我他她](?!们|国|局|市|县|区|省|院|校|委|站|所|队|行|司|店|厂|人|项|用|办|处|方|街|镇|乡|村|社)|本人|自己|自述|自称|生前"

#: 小王, 老李, 阿强 before what somebody does or has; any character before a few words alone.
_FAMILIAR = (
    r"(?<![\u4e00-\u9fff])[小老阿](?:[\u4e00-\u9fff](?=被|遭|在|的|患|称|系)"
    rf"|[{_NICKNAMES}](?=就读|现[在于读就]|今年|去年|转[学入到]|[上读](?=[小初高大中幼一二三四五六七八九])|入[读学托]|升入|考入|初[一二三中]|高[一二三中]"
    r"|得了|确诊|查出|怀孕|摔|烧伤|烫伤|受伤|因|有|是|自[述称]|本人|一家|全家|夫妇|信|长期|多次|曾|受|住|家[住在]|抚养|收养|带着|领着))"
)

_MARKS = {
    # how much each says that a person is spoken of, highest first
    4: rf"{MASKED}|[\u4e00-\u9fff](?:女士|先生|小姐|师傅|阿姨)|{_FAMILIAR}",
    3: rf"(?:{_PARTY})|一[名位](?!执法|工作|检查|监管|民警|安全|专职|从业|员工|人员|负责|技术|管理|辅警|协管)[\u4e00-\u9fff]{{1,3}}|(?:^|(?<=[,。;:!?]))小?(?:[男女][孩童]|少[年女])|老者|老汉|(?:{_THIS})(?:{_PEOPLE})|孩子(?!们)|小孩|购买人|购票人|文身者|同行人|陪同人|{_PRONOUN}|[其我他她](?:们?的)?(?:{_OWN})|(?:{_PARTY}|{_EITHER}|{_THIS}(?:{_PEOPLE}))(?:的|之)?(?:{_OWN}|监护人)|家中老[父母]|[,，(、 ][男女](?=[,，)。;、]|$)|\d{{1,3}}周?岁(?!以[上下]|的?未成年|及|至|儿童)|姓名|爱人|妻子|丈夫|老伴",
    2: rf"{_EITHER}|(?:{_PEOPLE})[的之](?:{_OWN}|监护人)|其(?![他它余中实次])",
    1: rf"(?:{_PEOPLE}){_NOT_ONE}",
}  # fmt: skip
#: Words for a person, or of an answer in a record of questions; and those that are sure of it.
PERSON = (*_MARKS.values(), "答:")
SURE_PERSON = (_MARKS[4], _MARKS[3], "答:")
_PERSON = [(weight, lazy(pattern)) for weight, pattern in _MARKS.items()]

#: What speaks of everybody, of figures, or of goods and their praise.
RULE = lazy(
    "不得|应当|应由|禁止|严禁|不准|不宜(?=从事)|任何|可以从[轻]|可拨打|凡|均可|《|本办法|条例|办法|指南|规范|须知|办理时限|职责|下列|人员不得|优先办理|裁量|情形之一|按照规定|权益|条款"
)
FIGURES = lazy(
    r"同比|环比|全[区市县省国年镇乡校街]|辖区|%|\d例|共报告|上升|下降|人次|户次|\d+[家所批份处件](?!房|人)|\d{2,}名|各类|专项|整治|排查|普查|讲座|宣传[周月栏]|培训班|疫苗|门诊|处方|抽查|项目|计划|方案|台账|统计|报表|简报|公示"
)
PRAISE = lazy(
    "宣[称传]|广告|声称|号称|标[注示称]|说明书|适应症|功[效能]|疗效|治愈|根治|治疗|预防|防治|缓解|改善|降低|降血|主治|用于|保健(?!院|所|站|中心|科|机构)|药品|产品|饮品|茶|膏|胶囊|批文|疾病预防|称可|能治"
)
#: Somebody who treats others, or an animal, a sample: the illness is not that of who is named.
PRACTICES = lazy(
    r"开展|擅自|从事(?!.{0,6}工作)|非法行医|坐诊|诊疗活动|[为给](?:村民|群众|居民|\d+名|多名|病人|老人)|为他人|给他人|替他人|为患者|为顾客|给患者|给顾客|实施了?(?=[\u4e00-\u9fff]{2,8}术)|终止妊娠|鉴定胎儿|资格证|医师资格|未报告|报告卡"
)
OF_BEASTS = lazy(
    "生猪|猪[肉瘟只]|牛[羊肉]|羊[肉只]|鸡|鸭|犬|动物|水产|鱼|虾|蔬菜|水果|样品|样本|抽检|抽样|产品|批次|货物|牲畜|家禽|苗木|作物|种子|饲料|兽|检疫|食品中|菌落|农药残|果树|宠物"
)
#: Whose account it is, where it is not a person's.
OF_A_FIRM = lazy("公司|企业|单位账户|合作社|财政|商家的|专户|对公")

_SENTENCE_END = lazy("[。!?;；！？\n]")
_CLAUSE_END = lazy("[,，。:!?;；！？\n]")
REACH = 120  # characters on either side of a detail that may belong to its sentence


class Scene:
    """A normalised text, with where in it sentences end and persons are spoken of."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._found: dict[re.Pattern[str], list[int]] = {}
        # the last that was asked for: a detail's is asked for several times
        self._sentence_at: dict[int, tuple[int, int]] = {}
        self._clause_at: dict[int, tuple[int, int]] = {}

    def sentence(self, at: int) -> tuple[int, int]:
        """Where the sentence around `at` begins and ends."""
        if at not in self._sentence_at:
            self._sentence_at = {at: self._between(self._sentences, at)}
        return self._sentence_at[at]

    def clause(self, at: int) -> tuple[int, int]:
        """Where the clause around `at` begins and ends."""
        if at not in self._clause_at:
            self._clause_at = {at: self._between(self._clauses, at)}
        return self._clause_at[at]

    def has(self, pattern: re.Pattern[str], start: int, end: int) -> bool:
        """Whether a match of `pattern` begins in `text[start:end]`."""
        if pattern not in self._found:
            self._found[pattern] = [m.start() for m in pattern.finditer(self.text)]
        starts = self._found[pattern]
        at = bisect_left(starts, start)
        return at < len(starts) and starts[at] < end

    def person(self, start: int, end: int) -> int:
        """How surely `text[start:end]` speaks of one person: 0 to 4."""
        for weight, (_, starts, _) in self._persons.items():
            at = bisect_left(starts, start)
            if at < len(starts) and starts[at] < end:
                return weight
        return 0

    def last_person(self, start: int, end: int, least: int = 1) -> int:
        """Where the last word for a person of `text[start:end]` ends; `start` where there is none."""
        last = start
        for weight, (_, starts, ends) in self._persons.items():
            at = bisect_left(starts, end) - 1
            if weight >= least and at >= 0 and starts[at] >= start:
                last = max(last, min(ends[at], end))
        return last

    def _between(self, ends: Sequence[int], at: int) -> tuple[int, int]:
        next_end = bisect_right(ends, at)
        start = ends[next_end - 1] if next_end else 0
        end = ends[next_end] - 1 if next_end < len(ends) else len(self.text)
        return max(start, at - REACH), min(end, at + REACH)

    @cached_property
    def _sentences(self) -> list[int]:
        return [m.end() for m in _SENTENCE_END.finditer(self.text)]

    @cached_property
    def _clauses(self) -> list[int]:
        return [m.end() for m in _CLAUSE_END.finditer(self.text)]

    @cached_property
    def _persons(self) -> dict[int, tuple[int, list[int], list[int]]]:
        found = {}
        for weight, pattern in _PERSON:
            spans = [m.span() for m in pattern.finditer(self.text)]
            found[weight] = (weight, [a for a, _ in spans], [b for _, b in spans])
        return found
