"""Facts about persons in texts, found by evidence: sure, or not sure.

A detail (`fact_details`, `homes`) is a person's where its sentence speaks of one (`fact_scene`) and
of nothing that speaks against it. What must not be public: 个人信息保护法 §28 (health, religion,
accounts, minors under 14); 政府信息公开条例 §15; 未成年人保护法 §103; 民法典 §1034.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.base.normalise import normalise
from pipeline.base.patterns import lazy
from pipeline.base.script import in_either_script
from pipeline.checks.privacy import fact_details, homes
from pipeline.checks.privacy.fact_details import Detail
from pipeline.checks.privacy.fact_scene import (
    FIGURES,
    OF_A_FIRM,
    OF_BEASTS,
    PERSON_SIGN,
    PRACTICES,
    PRAISE,
    RULE,
    Scene,
)
from pipeline.checks.privacy.number_context import Spot
from pipeline.checks.privacy.unlabelled_numbers import in_original

Judge = Callable[[Scene, Detail], float]


@dataclass(frozen=True, slots=True)
class Fact:
    """A span of a text that tells something of a person's life, the rule that it breaks, and what
    is put there; not `sure`: a person has to say.
    """

    start: int
    end: int
    rule: str
    instead: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact: the rule that it breaks, how details of it are found, and judged in their
    text, a cheap sign of any (RE2), and of those that are a person's without a word for one.
    """

    rule: str
    details: Callable[[str], Iterator[Detail]]
    judge: Judge
    sign: str
    alone: str = ""


#: From this score a fact is masked without asking; from the other one, a person is asked.
SURE, DOUBT = 4.0, 3.0


def facts_in(text: str, among: Sequence[Kind] = ()) -> list[Fact]:
    """The facts about persons in `text`, which do not overlap, in their order.

    `among`: the kinds of facts that are searched for, of `KINDS`; all if there are none.
    """
    plain = normalise(text)
    scene = Scene(plain.text)
    spans = list[Span]()
    for kind in among or KINDS:
        for detail in kind.details(plain.text):
            score = kind.judge(scene, detail)
            if score >= DOUBT and detail.start < detail.end:
                found = _Found(kind.rule, detail.instead, score >= SURE, not detail.link)
                spans.append((detail.start, detail.end, found))
    apart = _apart(_telling(spans, scene))
    places = in_original(plain, [(start, end, str(at)) for at, (start, end, _) in enumerate(apart)])
    found_at = [(start, end, apart[int(at)][2]) for start, end, at in places]
    return [Fact(start, end, f.rule, f.instead, f.sure) for start, end, f in found_at]


def homes_in(text: str) -> Iterator[Spot]:
    """The addresses of a normalised text that are surely somebody's home, without their public part."""
    scene = Scene(text)
    for detail in homes.home(text):
        if _home(scene, detail) >= SURE:
            yield detail.start, detail.end, detail.instead


@dataclass(frozen=True, slots=True)
class _Found:
    rule: str
    instead: str
    sure: bool
    vague: bool


Span = tuple[int, int, _Found]


def _telling(spans: list[Span], scene: Scene) -> list[Span]:
    """`spans` without vague doubts in a sentence that has a sure fact of the same kind: it is
    masked, and what is left tells little.
    """
    sure = {(scene.sentence(start)[0], f.rule) for start, _, f in spans if f.sure}
    return [
        (start, end, f)
        for start, end, f in spans
        if not f.vague or (scene.sentence(start)[0], f.rule) not in sure
    ]


def _apart(spans: list[Span]) -> list[Span]:
    """`spans` in their order, those that overlap as one, which is of the kind of the longest."""
    apart = list[Span]()
    for start, end, found in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not apart or start >= apart[-1][1]:
            apart.append((start, end, found))
            continue
        first, last, before = apart[-1]
        kept = before if last - first >= end - start else found
        both = _Found(kept.rule, kept.instead, before.sure or found.sure, False)
        apart[-1] = first, max(last, end), both
    return apart


@cache
def sign() -> str:
    """A cheap sign (RE2) of any detail: a text without it holds no fact about a person."""
    return in_either_script("|".join(kind.sign for kind in KINDS))


@cache
def sign_of(kind: Kind) -> str:
    """A cheap sign (RE2) of one kind."""
    return in_either_script(kind.sign)


@cache
def sign_alone(kind: Kind) -> str:
    """A cheap sign (RE2) of a word for a person, or of what is a person's without one."""
    return in_either_script("|".join(filter(None, (PERSON_SIGN, kind.alone))))


# ---------------------------------------------------------------- of whom


def _somebody(scene: Scene, detail: Detail) -> float:
    """How surely the sentence around a detail speaks of one person, 0 to 4."""
    start, _ = scene.sentence(detail.start)
    clause, clause_end = scene.clause(detail.start)
    who: float = scene.person(clause, detail.end)
    earlier, behind = scene.person(start, clause), scene.person(detail.end, clause_end)
    who = max(who, earlier - 0.5, min(behind, 3) - 0.5)
    if who < 3 and scene.text.startswith("答:", start):
        who = 3
    if who <= 1:
        who = max(who, scene.person(max(0, start - 60), start) - 2)
    return 0.5 if 0 < who <= 1 else max(who, 0)


def _against(scene: Scene, detail: Detail, *patterns: re.Pattern[str]) -> int:
    """How many of `patterns` stand between the last person and the end of the clause."""
    _, end = scene.clause(detail.end)
    first = _subject(scene, detail)
    return sum(scene.has(pattern, first, end) for pattern in patterns)


def _subject(scene: Scene, detail: Detail) -> int:
    """Where what is said of the last person in front of a detail begins, or its clause."""
    start, _ = scene.sentence(detail.start)
    clause, _ = scene.clause(detail.start)
    return min(clause, scene.last_person(start, detail.start, least=2))


def _asked(scene: Scene, detail: Detail, about: re.Pattern[str]) -> int:
    """2 where the sentence answers a question `about` such a detail."""
    start, _ = scene.sentence(detail.start)
    if not scene.text.startswith("答:", start):
        return 0
    return 2 * scene.has(about, max(0, start - 30), start)


def _score(who: float, link: float, against: float) -> float:
    """The evidence together. Words that are no detail by themselves (0) are at most a doubt."""
    if link < 0:
        return 0
    score = who + link - 2 * against
    return score if link else min(score, DOUBT + 0.5)


def _health(scene: Scene, detail: Detail) -> float:
    who = _somebody(scene, detail)
    if who + detail.link < DOUBT:
        return 0  # most details of most texts: what speaks against them need not be looked for
    first = _subject(scene, detail)
    own, _ = scene.clause(detail.start)
    _, last = scene.clause(detail.end)
    against: float = scene.has(RULE, first, last) + scene.has(FIGURES, first, last)
    against += 1.5 * scene.has(PRAISE, first, detail.start if detail.link else last)
    against += 2 * scene.has(OF_BEASTS, max(first, own), detail.end)
    against += 2 * scene.has(PRACTICES, first, detail.end)
    return _score(who, detail.link, against)


_SCHOOL_ASKED = lazy("学校|上学|读书|年级|班")


def _schooling(scene: Scene, detail: Detail) -> float:
    against = _against(scene, detail, RULE, FIGURES)
    link = detail.link + _asked(scene, detail, _SCHOOL_ASKED)
    return _score(_somebody(scene, detail), link, against)


def _religion(scene: Scene, detail: Detail) -> float:
    against = _against(scene, detail, RULE, FIGURES)
    return _score(_somebody(scene, detail), detail.link, against)


def _harm(scene: Scene, detail: Detail) -> float:
    against = _against(scene, detail, RULE, FIGURES)
    return _score(_somebody(scene, detail), detail.link, against)


def _kinship(scene: Scene, detail: Detail) -> float:
    if not detail.link and not scene.has(fact_details.MINOR, *scene.sentence(detail.start)):
        return 0
    against = _against(scene, detail, RULE, FIGURES)
    return _score(_somebody(scene, detail), detail.link, against)


def _accounts(scene: Scene, detail: Detail) -> float:
    against = _against(scene, detail, RULE, OF_A_FIRM)
    return _score(_somebody(scene, detail), detail.link, against)


_HOME_ASKED = lazy("住|地址|家")


def _home(scene: Scene, detail: Detail) -> float:
    link = detail.link
    if link < 3:
        link += _asked(scene, detail, _HOME_ASKED)
    _, end = scene.sentence(detail.start)
    who = max(_somebody(scene, detail), scene.person(detail.end, end) - 1)
    return _score(who, link, 0)


#: In this order: of details that overlap the longest gives the kind, then the first.
KINDS = (
    Kind("health-in-text", fact_details.health, _health, r"人流|试管|畸变|栓塞|植物人|再障|恶性|登革|侏儒|惊厥|银屑|弱视|包虫|白癜|躁狂|渐冻|硅肺|状态|摘除|置换|缝合|修补|修复术|医治|[弱智]智|智障|依赖|自理|卧床|术(?:[,，。后]|$)|[移搭置换修成吻合融切]术|接受|做过|起搏|口吐|绝育|[缓解发作哺乳孕]期|[血尿]|植皮|破相|综合[征症]|布[氏鲁]|[重大]疾|早搏|原位|转移|手足口|青光|发育|月经|急救|[心精]神|性功能|牙|[眼腰鼻舌]|单[侧耳肘腕踝肩腿臂脚手]|[手足脚腿臂指趾头颅脑面脸眼耳鼻口牙颈胸腰背腹肩肘膝踝骨椎肋脾肝肾肺心胃肠肢腕肌腱韧皮肤听视宫巢乳膜囊腺髋胫腓股桡锁颌眶睾胆胰咽喉肛].{0,8}(?:下降|粥样|震荡|粘连|化脓|出血|分裂|梗|异常|变形|减退|突出|穿孔|息肉|破损|占位|丧失|坏死|截除|缺失|病变)|中[毒期]|[早晚末]期|[性声]聋|流产|引产|临产|患|[病症癌瘤炎孕瘫残聋盲哑肿疹瘾醉晕昏疼痛伤癫哮晕肺肾肝脑骨胎产]|[心脊颈腰][脏梗衰椎]|[视听智]力|[左右双][眼耳手脚腿臂膝肩肘腕踝侧]|手[指臂掌腕]|脚[趾踝]|[面头胸腹腰背臀颈]部|失[明聪语血]|手术|妊|娩|切除|移植|搭桥|支架|透析|[化放]疗|阳性|三阳|两对半|血[铅糖压脂液小红常钾]|高血|酒精|吸毒|戒毒|酗酒|精神|抑郁|焦虑|双相|自[闭杀残]|多动|唐氏|痴呆|麻痹|中风|痛风|白内障|贫血|结[核石节扎]|梅毒|艾滋|HIV|HPV|ICU|新冠|疟|痢|霍乱|鼠疫|水痘|疱|疮|疝|甲[亢减流肝]|[乙丙丁戊]肝|房颤|衰竭|呕|腹|发[烧热]|高[烧热]|休克|过敏|抽搐|窒息|呼吸困难|恶心|上吐|肚子|胸闷|心悸|气短|失禁|脱发|毁容|溃|愈合|假肢|耳蜗|助听|轮椅|拐杖|结巴|口吃|迟钝|安眠|输血|行动不便|中毒|[膝胃肠疤疮痒痹泻咳喘瞎瘸疯痴傻瘙胰脾痔癣瘀瘘痰喉肛]|感染|断[裂指]|离断|截[肢瘫]|破裂|脱[落位]|肥胖|失眠|近视|斜视|服[药毒用]|吃药|用药|打针|输液|注射|住院|入院|救治|就[诊医]|送医|诊断|抢救|体检|死[亡于因]|身[亡体]|去世|离世|病故|轻生|割腕|康复|幻[觉听]|坐月子|分娩|重症|障碍|硬化|狭窄|畸形|萎缩|积[水液]|增生|阳痿|不遂|骨质|轻微伤|[轻重]伤|术后", "患|诊|得[了过]|查出|染上|伤情|死[因于]|自幼|病史"),
    Kind("address-in-text", homes.home, _home, r"住[^房建院宿]|[家现居租暂借寄]住|住$|出发|门口|独居|现居|定居|安置[于在]|搬[到至入]|户[籍口]|籍贯|老家|家在|家[中里)）]|地[址点]|村民|居民|送[达至到往]|[回到]到|房子|业主|住户|宿舍|公寓|家属|出租[屋房]|[公廉]租房|地下室|安置房|自建房|民房|平房|小楼|住宅|单元|号楼|[0-9一二三四五六七八九十][栋幢座室户排弄巷#组队社]|[0-9]-[0-9]+-[0-9]", "住|居|户|家|地址|送|寄|收|租|[0-9０-９一二三四五六七八九十]"),
    Kind("school-in-text", fact_details.schooling, _schooling, r"年级|[0-9一二三四五六七八九十)）托大中小前]班|[初高][一二三123]|就读|上学|读书|入托|辍学|退学|休学|转学|入学|在读|借读|学籍|念书|[小中大]学|学[校院]|幼儿园|[中职]专|技校|职[高教]"),
    Kind("religion-in-text", fact_details.religion, _religion, r"住持|义工|道士|虔诚|教(?:[^育师室学练材程导科务辅职]|$)|伊斯兰|天主|道观|经书|聚会|[也都笃均]信|[僧尼庙]|执事|长老|斋|信[仰奉教主众佛基耶天道徒]|[佛道主督兰正嘛门回]教|教[徒友会堂名]|皈依|受[洗戒]|洗礼|出家|还俗|剃度|朝觐|[封把]斋|斋[月饭]|礼拜|主日|安息日|弥撒|神父|牧师|阿訇|修女|居士|佛|菩萨|观音|妈祖|耶[稣和]|基督|真主|上帝|穆斯林|法轮功|全能神|一贯道|邪教|清真|寺|祷告|传[教道]|法[会号]|圣经|古兰|念经|烧香|戒律|吃素|灵修"),
    Kind("victim-in-text", fact_details.harm, _harm, r"[被遭]|受到|饱受|受害|幸存|[我她他]|强行|强迫|多次|偷偷|动手|[被遭受][^，。；,;]{0,24}[奸亵性侵暴拐绑劫抢骗打殴扇掴虐欺凌偷裸勒敲骚逼强迫胁威恐恫卖控拘囚关扎针捅砍刺踢踹掐烫砸咬催罚骂侮辱伤害跟尾弃抛孤排诽肉密榨摸搂吻晕药灌活杀洗冒索锁持人学师子友夫妻父母员机某]|[把将][我她他]|强行|迫|受害|被害|幸存|[把将][^，。]{0,8}[某×xX＊*]"),
    Kind("relation-to-minor-in-text", fact_details.kinship, _kinship, r"生有|生育|育[0-9一二两有]?[子女]|带着|[之其的亲][子女孙儿次长幼独]|[子女孙侄弟妹]关系|[监收]养?护?关系|[由随跟与和].{1,9}(?:生活|抚养|照[顾看料管]|居住|带[大至到去走]|陪|办理|代[为签领]|监护|[领接][走回出]|[某xX×*＊])|[系是为](?:其|我|她|他|自己|本人|当事人|经营者)?的?亲?[兄夫妻丈配爱叔姐祖]|私生|非婚|收养|养育|双亲|未成年|儿童|[幼婴]儿|孩|[男女]童|童工|学生|[男女]生|少[年女]|小朋友|岁|父亲|母亲|外甥|父母|单亲|留守|孤儿|弃婴|[的之系是为](?:[父母爷奶姥公外祖爸妈伯叔舅姑姨婶嫂哥弟姐妹堂表侄甥继养])|监护人|抚养|育有|[子女]关系"),
    Kind("account-in-words", fact_details.accounts, _accounts, r"外债|卡|折|账户|欠款|贷|工资|收尾|[位码个]数?字?[数号]?[字码]?[为是系:： ]{0,2}[0-9０-９零〇一二三四五六七八九]|[工建农中交招]行|信合|邮储|余额宝|尾[号数]|末[尾位三四五六几0-9]|后[三四五六3-6几][位码]|最后[三四五六3-6几]|卡尾|[结收开]头|结尾|余额|储蓄|借记|信用卡|存[折单款]|工资卡|社保卡|[房车]贷|[银农商]行|信用社|支付宝|微信|个人[^，。]{0,4}[账卡]|[欠负]债|积蓄|[月年工]收入|养老金|网贷|借款|卡[里内上]", "尾|末|后|[结收开]头|卡尾"),
)  # fmt: skip
