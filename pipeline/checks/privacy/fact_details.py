"""Details of persons' lives in a normalised text, each by its own form: illness, school and class,
faith, harm suffered, kinship to a minor.

A detail alone proves nothing: `facts` asks of whom its sentence speaks. Vocabularies here are small
and meant as evidence; what generalises is the form of the words (…症, 患有…, X年级Y班, 被…打).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.fact_scene import KIN


@dataclass(frozen=True, slots=True)
class Detail:
    """A span to be masked, and how much its own words and those that lead to it say that somebody
    has it: 0 (may be spoken of in general) to 3 (said of a person only).
    """

    start: int
    end: int
    link: int
    instead: str = "***"


@dataclass(frozen=True, slots=True)
class Forms:
    """Patterns of which one matches where there is a detail: of `vague` ones, which are a person's
    only where the text surely speaks of one, and of those (`alone`) that need no word for a person.
    """

    plain: tuple[str, ...]
    vague: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


# ---------------------------------------------------------------- health

_BODY = "手足脚腿臂指趾头颅脑面脸眼耳鼻口牙颈胸腰背腹肩肘膝踝骨椎肋脾肝肾肺心胃肠肢腕肌腱韧皮肤听视宫巢乳膜囊腺髋胫腓股桡锁颌眶睾胆胰咽喉肛尿血"
_HARM = "骨折|断裂|离断|缺失|破裂|脱落|脱位|截肢|截除|切除|瘫痪|[烧烫灼裂挫擦刺割挤压冻咬砸扭拉]{1,2}伤|损伤|受伤|震荡|丧失|坏死|肿胀|红肿|溃烂|溃疡|出血|感染|粘连|移植|搭桥|支架|突出|狭窄|下降|减退|萎缩|变形|畸形|异常|积液|积水|结节|囊肿|息肉|肌瘤|结石|硬化|衰竭|梗[死塞]|栓塞|化脓|疼痛|增生|占位|病变|粥样|分裂|不遂|梗阻|穿孔|破损|畸变"
_NAMED = r"癫痫|哮喘|伤寒|梅毒|淋病|艾滋|痛风|结核|糖尿|高血[压脂糖]|低血糖|尿毒|红斑狼疮|[脑心]梗|中风|肝硬化|再障|贫血|麻痹|痴呆|白癜风|银屑|牛皮癣|尘肺|矽肺|[噪声性]{1,3}聋|耳聋|色盲|白内障|青光眼|甲[亢减]|[甲乙丙丁戊]肝|肺气肿|痔疮|疝气|湿疹|荨麻疹|疱疹|带状疱疹|水痘|麻疹|疟疾|痢疾|霍乱|鼠疫|疥疮|抑郁|焦虑|躁狂|双相|自闭|孤独症|多动|唐氏|脑瘫|偏瘫|截瘫|[心肾]衰|房颤|早搏|HIV|HPV|肿瘤|[肝胆肾]结石|腰椎间盘|不[孕育]|阳痿|新冠|甲流|手足口|登革|布鲁?[氏菌]|包虫|血友|渐冻|硅肺|失眠|肥胖|植物人|侏儒|性病|重疾|罕见病|绝症|晚期|恶性|原位|转移|骨质疏松|后遗症|发育迟缓|智力低下|智力障碍|胎停|[大小]三阳|近视\d*度?|散光|斜视|弱视|惊厥"
_STAGE = r"(?:[一二三四壹贰叁肆ⅠⅡⅢI1-4]{1,3}[级期]|[早中晚末]期)?"
_CONDITION = lazy(
    rf"(?:{_NAMED})(?:[\u4e00-\u9fff]{{0,4}}?(?:症|病(?![历房床人])|癌|炎|瘤|障碍|综合征|贫血|{_HARM}))?{_STAGE}"
    rf"|[\u4e00-\u9fffA-Za-z0-9]{{1,12}}?(?:综合征|肿瘤|[癌瘤]|炎(?![热帝黄])|障碍(?!物)|贫血|骨质增生|中毒|症(?![状结])|病(?![历房床毒菌害虫死猪情因理人防])){_STAGE}"
)  # fmt: skip
#: Words with the form of a disease that name none, or none of a person.
_NO_CONDITION = lazy(
    r"(?:适应|对|并发|后遗|炎|的|类|急|重|轻|顽)症$|(?:疾|职业|传染|看|生|发|毛|弊|治|防|百|何|致|得|慢性|地方|常见|多发|流行|大|小|重|急|诸|通|同|疫|诟|诊|各类?|患|某种|有|因|称|犯|其他|其它|什么|等|种|的|老)病$|无障碍|(?:食物|消)炎$|食物中毒|语言障碍|猪|禽|牛|羊|鸡|犬|树|虫|苗|柑|稻|麦|作物|植物(?!人)|动物|口蹄|病虫|白粉|霜霉|黄龙|松材"
)
#: Lead words: cut off in front of the name of a disease; the longest first.
_LEAD = lazy(
    r".*(?:[^\u4e00-\u9fffA-Za-z0-9]|某(?:[甲丙丁戊己]|乙(?![型肝脑]))?|其母|其父|诊断为|诊断|确诊为?|鉴定为|患有|身患|罹患|自幼|患|得了|有|因|为|系|是|的|了|称|其|从|和|与|及|或|致|发现|查出|染上|感染|属|于|在|出现|并发|伴|合并|导致|引发|引起|治|治疗|预防|根治|防治|显示|载明|提交了?|做过?|造成|构成|被)"
)
_EVENT = lazy(
    r"(?:怀孕|妊娠|身孕|有孕|临产|早产|流产|小产|引产|难产|人流|堕胎|剖[宫腹]产|绝育|结扎|试管婴儿|哺乳期|孕期|孕\d{1,2}周|怀胎|产后大出血)(?:了?[\d一二三四五六七八九十]{1,3}个?[月周]余?)?"
    r"|[一二三四1-4]级(?:[\u4e00-\u9fff]{2}残疾|伤残)|(?:肢体|视力|听力|精神|智力|言语|语言|多重)(?:[一二三四1-4]级)?残疾(?!人[驾机])(?:[一二三四1-4]级)?|[一二三四五六七八九十1-9]{1,2}级(?:伤残|残疾)|伤残[一二三四五六七八九十]{1,2}级|残疾人?证|(?<=[\u4e00-\u9fff])残疾(?!人|证|级)|聋哑(?!学校)人?|盲人(?!按摩|协会|道|学校)|智障|弱智|智力低下|失明|失聪|失语|(?:瘫痪|卧病|瘫)(?:在床|卧床)?|卧床|生活不能自理|植物人状态"
    r"|(?:行|做|施行|接受|经(?![营检查过])|曾)(?:过|了)?[\u4e00-\u9fff]{2,12}?(?:手术|切除术|[移搭置换修成]{1,3}术|术(?=[,。后]))|[\u4e00-\u9fff]{2,6}(?:切除|搭桥|移植|置换|支架|成形|造瘘|吻合|修补|固定)手?术|(?:血液|腹膜)?透析|[化放]疗(?!设备)|术后[\u4e00-\u9fff]{2,8}|装有?(?:心脏)?起搏器|植入[\u4e00-\u9fff]{2,6}支架"
    r"|(?:[\u4e00-\u9fffA-Z]{0,6}(?:抗[体原]|核酸|尿检|血检|毒品|吗啡|冰毒|梅毒|结核菌素|TPPA|PPD)(?:检测|试验)?(?:结果)?(?:显示|为|呈)?)阳性|(?<=[为呈是:])阳性|血(?:[铅糖压脂汞钾钙]|红蛋白|小板|常规|尿酸)(?:超标|异常|偏[高低]|过[高低]|\d{2,3}(?:/\d{2,3})?)|酒精含量\d+"
    r"|(?:切除|摘除|移植|置换|修补|缝合)了?[\u4e00-\u9fff]{0,3}(?:[肝肾肺脾胃肠眼膜骨宫巢腺囊]|子宫|卵巢|瓣膜|关节)|坐月子|生产完|分娩|半身不遂|精神分裂|因[\u4e00-\u9fff]{2,8}(?:死亡|身亡|去世|离世|病故)|幻[觉听]|口吐白沫|[四肢]{2}抽搐|医治无效|抢救无效"
    r"|(?:轻微|轻|重)伤[一二12]级|吸毒(?:成瘾|史|人员)?(?!人员)|毒瘾|戒毒|酗酒(?:和癫痫)?|酒精依赖|酒瘾|药物依赖|[\u4e00-\u9fff、]{0,6}病史|(?:处于)?[\u4e00-\u9fff]{0,6}(?:发病期|发作期|缓解期)|精神(?:失常|异常|恍惚|病(?!人|院|医院|鉴定|科))|癔症|疯癫|自[杀残](?:未遂)?|轻生|割腕|服毒|服药(?:自杀|过量)|长期服药|服用[\u4e00-\u9fff、]{2,12}(?=治疗|,|。|控制)|注射胰岛素|住院(?!病历|部|楼|收入|费用结算|患者|病人|医师|医疗|日|床|号|登记|结算|天数|综合|量|率)|入院治疗|ICU|重症监护"
    r"|(?:呕吐|腹泻|腹痛|高热|高烧|发烧|发热|头晕|头痛|昏迷|晕倒|晕厥|休克|过敏|皮疹|恶心|抽搐|窒息|呼吸困难|便血|咯血|吐血|尿血|胸闷|心悸|气短|声音嘶哑|大出血|失禁|脱发|毁容|溃烂|上吐下泻|拉肚子|肚子疼|食物中毒)(?:[、和及][\u4e00-\u9fff]{2,4})*"
)  # fmt: skip
_INJURY = lazy(
    rf"全身[\u4e00-\u9fff]{{0,6}}[烧烫灼]伤|(?:[一二三ⅠⅡⅢ]度)?(?:烧伤|烫伤|灼伤|冻伤|刺伤|砍伤|咬伤|挫伤|裂伤|扭伤|骨折)|[听视]力损失|[{_BODY}][\u4e00-\u9fff]{{0,8}}?(?:{_HARM})|[\u4e00-\u9fff]?脑震荡|颅脑损伤|植皮|毁容|破相"
)
_INJURY_HEAD = lazy(
    rf"[左右双上下前后第全跟百分之一二三四五六七八九十多处级度末节侧近远端{_BODY}]{{1,14}}$"
)
_DEGREE = lazy(r"(?:[急慢]性|[\u4e00-\u9fff]{1,2}性|[轻中重]度|轻微|严重|多发|继发)+$")
_STATES = lazy(
    r"(?:患有?|身患|罹患|确诊(?:为|患有)?|诊断为?[::]?|查出(?:患有?)?|检出|被查出|得了|得过|染上|感染了?|因|为|系|是|有|显示(?:为)?|载明|伤情(?:为)?[::]?|死因(?:为|系)|致|造成|导致|构成|引发|突发|死于|病故|自幼|[::,、(《“]|的|之|在|于|后|者|了|时|某|x|\*|提交了?|当时|现|曾|长期|多年|出现|有过|属|属于)$"
)
_OF_THE_ILL = r"患有?|身患|罹患|确诊(?:为|患有)?|诊断为?[::]?|查出(?:患有?)?|得了|得过|染上|伤情(?:为)?[::]?|死因(?:为|系)|死于|自幼患?|病史"
_STRONG = lazy(rf"(?:{_OF_THE_ILL})$")


def health(text: str) -> Iterator[Detail]:
    """Diseases, injuries, disability, pregnancy, operations, test results, symptoms."""
    for m in _EVENT.finditer(text):
        yield Detail(m.start(), m.end(), 2)
    for m in _INJURY.finditer(text):
        head = _INJURY_HEAD.search(text, max(0, m.start() - 14), m.start())
        start = head.start() if head else m.start()
        adjective = _DEGREE.search(text, max(0, start - 8), start)
        start = adjective.start() if adjective else start
        yield Detail(start, m.end(), _linked(text, start))
    for m in _CONDITION.finditer(text):
        first = max(0, m.start() - 4)
        lead = _LEAD.match(text, first, m.end() - 1)
        start = lead.end() if lead else m.start()
        if _NO_CONDITION.search(text, max(0, start - 2), m.end()) is None:
            yield Detail(start, m.end(), _linked(text, start))
    for m in _BODILY.finditer(text):
        yield Detail(m.start(), m.end(), 0)


#: A part of the body or a word for being ill: alone no more than a doubt.
_BODILY = lazy(
    r"心脏|肝脏|肾脏|肺部|腰椎|颈椎|眼睛|[左右双单](?:眼|耳|手|脚|腿|臂|膝|肩|肘|腕|踝|肺|肾|侧[\u4e00-\u9fff])[\u4e00-\u9fff]{0,4}|手[指臂掌腕]|脚[趾踝]|牙齿|[面头胸腹腰背臀颈]部|伤口|伤情|病情|身体(?:状况|不适|不好|虚弱|原因)|后遗症|[重大患][病疾]|病重|病故|[心精]神(?:状[况态]|问题|压力)|自杀|[视听智]力|胎儿|月经|性功能|血[压糖脂]|病[危倒]|康复训练|就诊|急救|抢救|患病|看病|治病|昏迷|剧痛|疼痛|晕倒|吃药|用药|打针|输液|手术|救治|送医|愈合|假肢|耳蜗|助听器|轮椅|拐杖|结巴|口吃|反应迟钝|安眠药|输血|行动不便|[腰膝肺肾胃肠疤疮疹痒肿瘫痹晕泻咳喘瞎聋哑瘸疯痴傻瘾瘙胰脾痔癫癣瘀瘘痰喉肛][\u4e00-\u9fff]|死亡|身亡|去世|体检(?:结果|报告|发现)|诊断(?:证明|书|结果|意见)|病历|就医"
)


HEALTH = Forms(
    (_EVENT.pattern, _INJURY.pattern, _CONDITION.pattern), (_BODILY.pattern,), (_OF_THE_ILL,)
)


def _linked(text: str, start: int) -> int:
    if _STRONG.search(text, max(0, start - 6), start):
        return 3
    return 2 if _STATES.search(text, max(0, start - 6), start) else 1


# ---------------------------------------------------------------- school and class

_CN = "一二三四五六七八九十"
_NO = rf"(?:\(?[0-9]{{1,2}}\)?|\(?[{_CN}]{{1,3}}\)?)"
_CLASS = rf"(?:(?:[{_CN}0-9]{{1,2}}年级|[初高][{_CN}123]|[大中小]|(?:20)?[0-9]{{2}}级|[1-9]\.|[七八九]|[{_CN}](?=\()|[\u4e00-\u9fff]{{2,4}}专?业?)\(?{_NO}\)?班|[\u4e00-\u9fff]{{2,6}}班(?=上学|读书|学生|就读|学习)|[大中小托](?:{_NO})?班(?![车组子长委会制])|学前班|托班|[{_CN}1-9]年级(?!以[上下]|至|学生|及|新生|不)|[初高][{_CN}123](?=学生|就?读|上学|[,。)女男]))"
_SCHOOL = r"(?:小学部?|中学|初中部?|高中部?|[中职]专|学校(?:[小初高][学中]部)?|幼儿园|托儿所|大学|学院|[一二三四五六七八九十]中(?![学心])|[一二三四五六七八九十]小(?!学)|技校|职高|职教中心|附[中小]|书院)"
_SCHOOLING = lazy(
    rf"(?P<school>[\u4e00-\u9fff]{{2,14}}?{_SCHOOL})?(?P<class>{_CLASS})|(?P<alone>[\u4e00-\u9fff]{{2,14}}?{_SCHOOL})"
)
_KIND_OF_SCHOOL = lazy("幼儿园|托儿所|大学|学院|小学|中学|学校")
_ATTENDS_BEFORE = lazy(
    r"(?:就读于?|读于|入读|在读|在|系|是|为|从|于|转[入学至到自]{1,2}|考入|升入|送[入到]|[,(:、]|持|念|上|读|均为|某|x|\*|原系|现为|据|联系|家长|之女|之子)$"
)
_ATTENDS_STRONG = lazy(r"(?:就读于?|入读|考入|升入|转学至|正读|在读)$")
_ATTENDS_AFTER = lazy(
    r"[\u4e00-\u9fff0-9]{0,10}?[0-9]{2,4}级(?:学生|新生|毕业生|本科)|[的之]?(?:在校|在读|寄宿|住校|走读|毕业|应届|本科|专科)?(?:上学|读书|就读|念书|学习(?!资料)|学生(?!食堂|校服|公寓|宿舍|用品)|[女男]生|小朋友|幼儿(?!园)|入托|入学|借读|班主任|在校生|在读|辍学|退学|休学|转学|毕业|读(?=[小初高大一二三四五六七八九0-9])|上[小初高大一二三四五六七八九]|同学|寄宿生|学籍|被要求|遭|住校|学生证|校[牌徽服卡]|家长群|班级群|家长会|家委会)"
)


def schooling(text: str) -> Iterator[Detail]:
    """Schools that somebody attends, with the class; a class alone."""
    for m in _SCHOOLING.finditer(text):
        start = m.start()
        if m["school"] or m["alone"]:
            start = _name_start(text, m.start(), m.end("school") if m["school"] else m.end())
        served = _SERVED_BEFORE.search(text, max(0, start - 4), start)
        served = served or _EDUCATION.search(text, m.start(), m.end())
        if served or _OF_THE_SCHOOL.match(text, m.end()):
            continue
        strong = _ATTENDS_STRONG.search(text, max(0, start - 4), start) is not None
        after = _ATTENDS_AFTER.match(text, m.end(), m.end() + 16) is not None
        before = strong or _ATTENDS_BEFORE.search(text, max(0, start - 4), start) is not None
        link = strong * 1 + after * 1 + (m["class"] is not None)
        if strong or after or (before and m["class"] is not None):
            link += 1
        elif m["class"] is None:
            link = 0 if before else -1
        kept = _KIND_OF_SCHOOL.search(text, start, m.end())
        instead = "***" + (kept[0] if kept else "班")
        yield Detail(start, m.end(), min(link, 3), instead)


#: Behind a school's name: its place, its staff, its affairs, which are public.
_OF_THE_SCHOOL = lazy(
    r"食堂|老?家属|集资房|门[口前卫]|周边|附近|旁|对面|[东西南北]侧|教师|老师|校长|园长|保安|校医|负责人|违规|未|收取|招生|项目|校[园车服舍]|教学楼|宿舍楼|工程|开展|检查|负|委托|采购|课程|教研|以上|以下|发布|存在|实施|组织|设立|抽检|[A-Za-z]|周围|路|街|站|改|扩|新建|旧址|年度|医院"
)
_SERVED_BEFORE = lazy(r"(?:接送|招收|组织|面向|向|给|对|针对|辅导|培训|招|带领|配送|供应)$")
_EDUCATION = lazy("文化|学历")
_BEFORE_NAME = lazy(
    r".*(?:就读于?|入读|考入|升入|转[入学至到]{1,2}|学生|接送|出示|某|x|\*|其中|均为|系|在|是|为|从|于|至|到|被|对|由|与|及|据|联系|持|念|该|面向|经|称|上|读|的)"
)


def _name_start(text: str, start: int, end: int) -> int:
    """Where the name of a school that ends at `end` begins: behind the last word in front of it."""
    found = _BEFORE_NAME.match(text, start, max(start, end - 3))
    return found.end() if found else start


SCHOOLING = Forms((_SCHOOLING.pattern,))

# ---------------------------------------------------------------- religion

_FAITH = r"(?:[\u4e00-\u9fff]{0,2}(?:佛|道|天主|基督|伊斯兰|东正|喇嘛|摩门|新|印度|犹太|耶稣|回)教|佛门|佛(?!山|坪|冈|手|像|跳)|天主|耶稣|基督|真主|上帝|菩萨|观音|妈祖|伊斯兰|穆斯林|法轮功|全能神|一贯道|(?<!反)邪教)"
_RELIGION = lazy(
    rf"(?P<strong>(?:参加|加入|修[炼练]|习练|练)[了过]?(?:法轮功|全能神|一贯道|邪教(?:组织)?)(?!宣传|警示|斗争|专项|活动)|(?:去|到|赴|在)[\u4e00-\u9fff]{{0,6}}(?:清真寺|教堂|寺[庙院]?|道观|佛堂|教会)[\u4e00-\u9fff]{{0,2}}(?:礼拜|祷告|烧香|拜佛|朝拜|念经|修行|诵经|做义工|出家|聚会|朝觐)|(?:信仰|信奉|皈依|笃信|改信|均信|[都也]信|信(?=[\u4e00-\u9fff]{{0,2}}[佛道主督兰正回]教|佛|基督|耶稣|天主|真主|上帝|主[,。]))(?:了|着|的?是|为|:)?{_FAITH}?|虔诚的?{_FAITH}?[信教]?[徒众]|(?:受洗|洗礼)(?:入教|\d{{1,2}}年)?|入教|信教(?!群众|公民|自由)(?:\({_FAITH}\))?|信主|宗教信仰[::为是]{{1,2}}{_FAITH}|(?:在[\u4e00-\u9fff]{{1,4}})?出家(?:为[僧尼])?|还俗|剃度|朝觐|封斋|把斋|斋月|做礼拜|主日|守安息日|(?:[教堂寺庙庵观]{{1,2}}|教会)(?:的)?(?:执事|长老|义工|神父|牧师|阿訇|住持|僧人|尼姑|道士|信徒|教友)|所信{_FAITH}|吃斋念佛|常年吃斋|参加{_FAITH}?[\u4e00-\u9fff]{{0,3}}(?:聚会|弥撒|礼拜|法会|祷告)|祷告|传教|{_FAITH}?[信教]徒|{_FAITH}(?:信众|徒|友|教友|居士|信仰者|神职|教职|神父|牧师|阿訇|修女|道士|传[道教])(?:人员|士|员)?|居士|神父|牧师|修女|阿訇|受戒|传道[员人])"
    rf"|(?P<noun>(?:耶和华|{_FAITH}(?!活动|用品|协会|标志|名义|场所|教堂|政策|文化|音乐|寺|界)|清真寺|教堂|寺[庙院]|道观|教会|法号|教名|经书|礼拜|弥撒|(?<!反)邪教|圣经|古兰经|佛经|念经|烧香|清真(?!食品|标识|字样|牛|肉|餐|菜|小吃|”|饮食|店)|戒律|斋饭|吃素|教友|传道|法会|灵修)(?!门|前|后|院|旁|附近|对面|路|街|口|后面|内施工|东|西|南|北|管理|财务|消防))"
    rf"|(?P<listed>(?<=[,、(:]){_FAITH}(?=[,、。)(;]|$))"
)  # fmt: skip


def religion(text: str) -> Iterator[Detail]:
    """Faith professed, membership, rites; the name of a religion as an entry of a list."""
    for m in _RELIGION.finditer(text):
        yield Detail(m.start(), m.end(), 2 if m["strong"] else 1 if m["listed"] else 0)


RELIGION = Forms((_RELIGION.pattern,))

# ---------------------------------------------------------------- harm suffered

_HARMED = "强奸|轮奸|奸[淫污]|猥亵|性[侵骚虐][\u4e00-\u9fff]?|强暴|侵犯|非礼|拐[卖骗走]|绑架|劫持|抢[劫夺]|诈骗|[诱哄欺蒙]骗|骗[走取去婚]?|殴打|[毒暴]打|[围群]殴|打(?![假印扫包折断开电造磨理击])[伤骂死]?|扇[\u4e00-\u9fff]{0,2}耳光|耳光|掌掴|虐待|家暴|家庭暴力|暴力|欺[凌负侮辱]|霸凌|凌辱|偷[拍窥]|裸[照聊贷]|勒索|敲诈|骚扰|逼[迫债供]|强[迫制](?!执行|消费|措施|搭售|保险|报废|认证|检|拆|性|购)|胁迫|威胁|恐吓|恫吓|卖淫|控制|拘禁|囚禁|非法拘|关[了押在]|针扎|[扎捅砍刺踢踹掐烫砸咬]伤?|催收|体罚|罚站|罚跪|辱骂|[谩侮]骂|侮辱|伤害|跟踪|尾随|遗弃|抛弃|孤立|排挤|诽谤|人肉|泄露隐私|传播隐私|洗脑|冒名|索要|奴役|压榨|摸|搂抱|亲吻|迷[奸晕]|下药|锁在|骗至|诱骗|威逼|持刀|灌酒|活埋|杀[害死]"
_AGENT = "[\u4e00-\u9fffx*0-9“”]{0,12}?"
_VICTIM = lazy(
    rf"(?:被|遭受?到?|遭遇|受到|受|惨遭|屡遭|饱受)(?!告|申请人|处罚|投诉|举报|检查|执法){_AGENT}(?:{_HARMED})[\u4e00-\u9fff]{{0,2}}?(?=[,，。;、:致后并的至在时等未一于达]|\d|$|[\u4e00-\u9fff])"
    rf"|(?:{_HARMED}|盗窃|网络诈骗|抢劫|传销|交通肇事|故意伤害|杀人)[\u4e00-\u9fff]{{0,2}}?案?(?:的)?(?:受害人|被害人|受害者|幸存者)"
    rf"|(?:强行|强迫|偷偷|多次|动手|对我|对她|对他)(?:{_HARMED})[我她他]?|(?:{_HARMED})(?:了)?[我她他](?!们)"
    r"|(?:把|将)[我她他](?!们)[\u4e00-\u9fff]{2,8}"
    r"|被[\u4e00-\u9fff]{0,6}骗走[\u4e00-\u9fff]{0,4}"
)  # fmt: skip


#: What somebody does to a person, whatever it is: alone no more than a doubt.
_DONE_BY = lazy(
    r"(?:被|遭到?|受到?)[\u4e00-\u9fff“”]{0,10}?(?:人(?![们员])|同学|同事|[舍室]友|老师|教师|学生|男子|女子|男友|女友|前[夫妻]|丈夫|妻子|继[父母]|父亲|母亲|邻居|网友|老板|店长|经理|主管|高管|技师|讲师|客人|歹徒|司机|保安|医生|家人|亲戚|他|她|中介)[\u4e00-\u9fff”]{1,8}"
    r"|(?:被|遭)[\u4e00-\u9fff“”]{1,10}?(?:打(?!击|假|印|包|造)|[踢踹扇摔泼砍刺捅掐咬摸搂骂辱吓骗绑拽虐奸淫欺凌勒诈逼诱拐]|推倒|拖(?!欠|延)|抢(?!救)|拍(?!卖|照)|烫|砸|锁|跪|杀|伤)"
    r"|(?:把|将)[\u4e00-\u9fff]{0,4}(?:某|x|\*)[某x*]{0,2}[\u4e00-\u9fff]{0,4}?(?:[打踢踹扇推摔泼按拖拽捆绑锁骂砍]|关[在进了])[\u4e00-\u9fff]{0,4}"
    r"|(?:为|系|是)[^,。;:]{1,14}?(?:受害[者人]|被害人)"
)
#: What authorities, customers and the law do: no harm.
_LAWFUL = lazy(
    "举报|投诉|索赔|处罚|查[处获封扣]|扣押|吊销|列入|责令|申请|告知|询问|约谈|警告|罚款|没收|立案|移送|拘留|通报|认定|起诉|劝[离阻]|劝导|解雇|辞退|送|救|发现|诊断|要求|退货|反映|监护|收养|接走|领走|带回|带离|执行|委托|代理|推选|批评|催告|拖欠|报警|制止|控制在|聘|雇|录用|安排|介绍|陪同|保护"
)


def harm(text: str) -> Iterator[Detail]:
    """Violence, abuse, fraud that somebody has suffered: 被/遭 with what was done; …案被害人."""
    for m in _VICTIM.finditer(text):
        yield Detail(m.start(), m.end(), 2)
    for m in _DONE_BY.finditer(text):
        if not _LAWFUL.search(m[0]):
            yield Detail(m.start(), m.end(), 0)


HARM = Forms((_VICTIM.pattern,), (_DONE_BY.pattern,))

# ---------------------------------------------------------------- relations to a minor

_CHILD = r"未成年[人工]?|青少年|儿童|婴幼儿|幼儿|幼童|婴儿|新生儿|[男女]童|童工|孩子|孩童|小孩|娃|学生|小学生|中学生|[男女]孩|[男女]生|少[年女]|小朋友|死婴|刚?满?周岁|满月|胎儿|患儿|(?<!\d)(?:[1-9]|1[0-7])周?岁|十[一二三四五六七]岁|[一二三四五六七八九十]岁|满十[四六八]周岁"
MINOR = lazy(_CHILD)
#: A minor, or somebody's child of any age.
_MINOR_NEAR = lazy(rf"{_CHILD}|[之其][子女孙](?![\u4e00-\u9fff]{{0,2}}[公店])")
_AGE = r"(?:(?<!\d)(?:[1-9]|1[0-7])|十?[一二三四五六七八九]|十|两)周?岁半?|未成年|年幼"
_KINSHIP = lazy(
    rf"(?P<aged>(?:(?:抚养|养育|抚育|收养|照[看料顾管]|带大|[带领]着?|有)(?:一个|一名|个|年仅|刚满|仅|其|自己的?)?)?(?:{_AGE})的?[小幼养]?(?:子女|{KIN}|(?<=养)[子女])(?![孩童生婴票]))|"
    rf"(?P<of>[的之](?:亲)?{KIN})(?![\u4e00-\u9fff]{0,2}店|证)"
    r"|(?P<pair>(?:[父母祖爷奶叔姑舅甥兄姐]{1,2}[子女孙侄弟妹]{1,2}|亲子|监护|收养|抚养)关系|(?<=[系是为])(?:[父母][子女]|祖孙|兄弟|兄妹|姐弟|姐妹|叔侄|舅甥)(?![\u4e00-\u9fff]店))"
    rf"|(?P<raise>(?:育有|生有|生育|育|抚养|养育|带着|收养)[\u4e00-\u9fff一二两1-4]{{0,2}}[子女](?:\([^()]{{1,8}}\))?|父母(?:离[异婚]|双亡|分居|外出)[\u4e00-\u9fff,]{{0,10}}|(?:由|随|跟|与|和|跟随)(?:其)?{KIN}(?:共同|一起)?(?:生活|抚养|照[顾看料管]|居住|带大|陪同|陪伴|带[至到去]|办理|代[为签领]|监护|[领接带][走回出]|[\u4e00-\u9fff]某|[\u4e00-\u9fff]x|[\u4e00-\u9fff]\*)|单亲|留守|非婚生|私生|弃婴|孤儿(?!院))"
    rf"|(?P<is>(?<=[系是为])(?:其|我|她|他|自己|本人|当事人|经营者)?的?(?:亲)?{KIN}|(?<=孩子|幼儿|学生|儿童|婴儿|[男女]童|[男女]孩|患儿){KIN}|(?:亲|我|她|他|其)的?(?:亲)?(?:外甥女?|侄[子女]|[孙儿][子女]?|女儿|弟弟|妹妹|孩子))"
)  # fmt: skip


#: A relative, which tells something where the sentence speaks of a minor.
_RELATIVE = lazy(
    rf"(?<=[其由系是为的之他她我])(?:亲)?{KIN}"
    r"|父亲|母亲|爷爷|奶奶|外[公婆]|[舅姑姨]{2}|[舅姑姨婶][妈父母]|叔叔|伯[父母]|[表堂][侄兄弟姐妹哥]|侄[子女儿]|外甥|儿子|女儿|继[父母子女]|养[父母]"
)


def kinship(text: str) -> Iterator[Detail]:
    """Who is what to a child: a word of kinship with a minor right before or behind it."""
    for m in _RELATIVE.finditer(text):
        yield Detail(m.start(), m.end(), 0)
    for m in _KINSHIP.finditer(text):
        before = _MINOR_NEAR.search(text, max(0, m.start() - 14), m.start()) is not None
        after = _MINOR_NEAR.search(text, m.start() + 1, m.end() + 8) is not None
        if before or after or m["raise"] or m["aged"]:
            start = m.start() + (m.lastgroup == "of")
            yield Detail(start, m.end(), 2 if before or after or m["aged"] else 1)


KINSHIP = Forms((_KINSHIP.pattern,), (_RELATIVE.pattern,))
