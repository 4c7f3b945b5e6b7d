"""Homes in a normalised text, down to the door: 家属院3楼2号, 张庄村5组, 5栋929, 宿舍, 出租屋.

An address is found by its end, a chain of numbered parts (号楼, 单元, 室, 组 …), and reaches back to
the word in front of it. That it is somebody's home is said by the words on either side; that it is a
shop's, a construction site's or a lift's as well, and then it is public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.base.patterns import lazy
from pipeline.checks.privacy.fact_details import Detail, Forms
from pipeline.checks.privacy.fact_scene import MASKED

_N = r"(?:[A-Za-z]?[0-9]{1,5}[A-Za-z甲乙丙]?|[一二三四五六七八九十百]{1,4}|[东西南北中甲乙丙丁A-Za-z])"
_UNIT = r"(?:号(?:楼|院)?|#楼?|栋|幢|座|单元|门(?!口|前|店|面|卫|诊)|楼(?!顶|道|下|上|宇|盘|市)|层|室|户|房(?!屋|产|租|间|东|主|源|门[^口])|组(?!织|长|合|成|建)|队(?!伍|长)|社(?!区|会|长|保)|排|巷|弄|胡同|村民小组|小组(?!长)|期|区|户型|院)"
_DWELLING = r"(?:家属[院楼区]|(?:[员职]工|学生|教师|集体|单位|厂区?|工人|工地|民工)?(?:宿舍楼?|公寓楼?|板房|周转房)|出租[屋房]|公租房|廉租房|安置房|经适房|自建房|民房|平房|小楼|老宅|老屋|楼房|[东西南北]屋|厢房|窑洞|阁楼|地下室|棚户|筒子楼|住宅楼?|后院)"
_PART = rf"(?:(?<![第0-9病肺癌症炎]){_N}{_UNIT}|第{_N}(?:组|户|排|家|间|生产队|村民小组|队|栋|幢|单元)|附{_N}号?|{_DWELLING}|楼[上下](?=[0-9]{{3}})|[东西南北中][户头]|[前后东西南北中老新上下]{{1,2}}[街院巷庄组湾]|(?<=[\u4e00-\u9fff])[0-9]{{1,3}}-[0-9]{{1,3}}-[0-9]{{1,5}}(?:[号室户])?)"
_DOOR = lazy(
    rf"{_PART}(?:[,\s]?(?:的|内|第|中)?{_PART}|-?[0-9]{{1,5}}|[之\-－][0-9]{{1,4}}){{0,9}}"
)
_NUMBERED = lazy(r"[0-9一二三四五六七八九十]")
#: Parts that only dwellings have, or offices in towers; and parts that a whole house or field has.
_OF_A_FLAT = lazy(
    rf"单元|[0-9]室|[0-9]户|[0-9]房|(?:栋|幢|座|号楼|#)[0-9\-]*[0-9]|[0-9]-[0-9]+-[0-9]|[东西南北]户|组[0-9一二三四五六七八九十]+号|排[0-9]+号|楼[0-9]+号|巷[0-9]+号|{_DWELLING}"
)
_NUMBER_BEHIND_GROUP = lazy(
    r"[组队社街][0-9一二三四五六七八九十]+号|第[0-9一二三四五六七八九十]+[户家排间]"
)
_OF_A_COURT = lazy(r"单元|[栋幢座#]|排[0-9]+号|[0-9]室")
_OF_A_VILLAGE = lazy(r"[村屯庄寨湾沟坪屋塘冲][\u4e00-\u9fff]{0,8}$")
_RESIDES = lazy(
    r"(?:家庭住址|家庭地址|现?住址|家住|户籍(?:所在地|地址?)?|居住[地在于的]?|租住[在于地]?|[暂现常借入寄]住[在于地址]?|现居[于在]?|独居[于在]?|定居[于在]?|安置[于在到]|搬[到至]|搬入|籍贯|家在|住[在于到所]?|[送投][达货递][地]?[地址至到于在]*|收[货件]地址|寄[往到至件]{1,2}|收件地址|写的是|[送配]餐?[到至往]|配送[到至]|送达人员到|邮寄至|联系地址|通[讯信]地址|家庭|自住的?|自家|租的?房子?[在于]?|房子在|老家[在是]?|家中|家里|回到|返回|家|上门[\u4e00-\u9fff]{2,4}地点为?|(?:安装|维修|服务)(?:地点|地址)为?)(?:是|为|位于|在|:|\(|\s|的|其){0,3}$"
)
#: Words that say of nothing but a person that it lives there.
_LIVES = lazy(
    r"(?:家庭住址|家庭地址|(?<!登记)现?住址|家住|户籍(?:所在地|地址?)?|户口(?:所在地)?|居住[地在于的]?|租住[在于地]?|[暂现借寄]住[在于地址]?|现居[于在]?|独居[于在]?|定居[于在]?|家在|住在|自住的?|租的?房子?[在于]?|老家[在是]?)(?:是|为|位于|在|:|\(|\s|的|其){0,3}$"
)
_POSTAL = lazy(r"(?:通[讯信]|联系|收货)地址(?:是|为|:|\(|\s){0,3}$")
_ADDRESS = lazy(
    r"(?<!注册)(?<!经营)(?<!办公)(?<!登记)(?<!店)(?<!司)(?<!位)(?<!检查)(?<!网络)(?<!变更)(?<!IP)地址(?:是|为|:|\(|\s){0,3}$"
)
_HOUSEHOLD = lazy(
    r"家[中里]|家庭|户籍|租住|居住|独居|宿舍|出租屋|自家|家(?=[,。(])|住(?!所|建|房保|院)"
)
_HOME_BEHIND = lazy(
    r"[)】]?(?:的?(?:自己|自家|自住|其)?家[中里门,。;属]|的?住户|的?业主|的?租户|的?租客|的?家(?!具|电|畜|禽|政|长|庭农|属院)|出发|门口(?=上车|下车|等)|[\s,]?已?送达|的?出租屋|的?[老旧]?[宅居屋]|的?住[处所宅]|自住|自家|院内屠|楼上|楼下(?=油烟|噪)|内独自|附近被|被邻居|\([\u4e00-\u9fff][某x*]{1,2}家|人$|人[,。(]|[找见]到)"
)
_VILLAGER_BEHIND = lazy(r"的?(?:村民|居民|社员)(?!小组|委|集|代)")
_OF_BUSINESS = lazy(
    r"[馆铺厂社行部坊吧廊](?=[,(]|位于|地址)|公司|企业|经营场所|登记住所|注册地|注册地址|营业执照|办公|商铺|门店|门面|底商|厂址|集群注册|分支机构|仓库|摊位|检查地点|会议室|农贸|市场(?!监)|店[,(位:]|大厦|写字楼|产业园|物流园|工业园|店铺|合作社|铺面|[\u4e00-\u9fff]{2}店(?![员主方里镇乡村庄子铺街路])|超市|饭店|酒店|宾馆|药房|诊所|网吧|经营部|商行|工厂|厂房|加工厂|作坊|养殖场|学校|单位|租赁合同|房源|售楼|项目(?!部)|地址变更|分公司|办事处|招牌|广告牌|门头|开设|经营的"
)
#: Where people live, and the last part of the address of a flat: a home without further words.
_ESTATE = lazy(r"小区|花园|家园|苑|新村|公寓|[一二三四五六七八九十0-9]村|弄|家属[院楼区]")
_ROOM = lazy(r"[0-9一二三四五六七八九十][室户]|[0-9]-[0-9]+-[0-9]|组[0-9]+号")
_OF_A_SHOP = lazy(
    r"公司|企业|经营场所|登记住所|注册地|营业|商铺|门店|门面|底商|厂址|经营的|[店馆铺厂社行部坊](?=[,(]|位于)"
)
#: The same inside an address.
_PREMISES = lazy(
    "商铺|门店|门面|底商|写字楼|大厦|广场|产业园|物流园|工业园|创业园|市场|铺面|摊位|仓库|厂房|会议室|办公|车间"
)
#: An organisation named beside the address: whose it is, unless the address is a dormitory's.
_FIRM = lazy(
    r"(?:公司|收件单位|注册地|经营场所|登记住所|办公)(?!老?家属|宿舍|职工|员工|工作|上班|为其)"
)
_OF_WORKS = lazy(
    r"工程|硬化|机井|验收|管网|水库|除险|路面|道路|公路|通组路|灌溉|改造(?!房)|绿化|清运|垃圾|污水|集体|林地|耕地|流转|承包|公示|养殖|水塘|坑塘|党群|服务中心|电梯|楼道|楼顶(?=太阳)|消防|通道|飞线|轿厢|公共|物业|外墙|化粪|管道|井盖|路灯|配电|专项|整治|检查|排查|隐患|施工|住宅小区|小区内|拆迁|征收|图斑|占地|示范|危房改造|选举|换届|一事一议|自来水|电网|线路|信号塔|基站|工地板房使用|拆除|房屋征收"
)
_STOPS = lazy(
    rf"{MASKED}|位于|坐落[于在]?|来到|前往|送[至到往]|存放[于在]?|安置于|[邮寄][寄][至往到]|寄[至往到]|放在|回到|返回|名下|地址|户籍|收件人|寄件人|住[在于]?|[于在到往至从其系是为](?!村|庄)|[,，。；;、:：()（）\s\"“”》《\[\]]"
)
_SENTENCES = lazy("[。;!?\n]")
_DOCUMENT = lazy(r"[〔\[]|字$|[决罚令]字?第?$")
_HEAD = 24  # characters before the door that may belong to the address
_PUBLIC_PART = lazy(
    r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}?(?:市|州|盟))?(?:[\u4e00-\u9fff]{1,6}?(?:区(?!\d)|县|旗|市))?"
)


#: A person as the entry of a list, with what stands between the name and the address.
_ENTRY = lazy(
    rf"(?:{MASKED}|^答|[。?!\n]答|业主|住户|投诉人|举报人|收件人|收货人|证人|户主|楼[上下]|隔壁|对门)[,(:\s]{{1,2}}(?:[\u4e00-\u9fff0-9]{{1,5}}[,\s]){{0,3}}$"
)
_ENDS_ENTRY = lazy(r"[,，。;)\s]|$")
#: Where somebody lives, told without a door.
_PLACE = lazy(
    r"(?:家庭住址|家庭地址|现?住址|家住|户籍所在地|户籍地址?|居住[地于在]|租住[于在]?|暂住[地于在]?|现居[于在]?|籍贯|住在)(?:是|为|位于|:|\s){0,3}"
    r"(?P<place>[\u4e00-\u9fffA-Za-z0-9\-# ]{2,40}?(?:村|屯|庄|寨|湾|小区|花园|家园|苑|街|路|巷|弄|胡同|号)(?:[\u4e00-\u9fff0-9]{0,8}(?:附近|旁|对面|内))?)"
)


def home(text: str) -> Iterator[Detail]:
    """Addresses with a door, whose own words and neighbours do not say that they are no homes;
    their public part, up to the district, is left out.
    """
    for m in _DOOR.finditer(text):
        start = _head(text, m.start())
        if not _NUMBERED.search(m[0]) and not _RESIDES.search(text, max(0, start - 12), start):
            continue
        link = _strength(text, start, m.start(), m.end())
        if link >= 0:
            yield Detail(_private(text, start, m.start()), m.end(), link)
    for m in _PLACE.finditer(text):
        if not _OF_BUSINESS.search(text, *_around(text, m.start(), m.end())):
            yield Detail(_private(text, m.start("place"), m.end() - 1), m.end(), 4)


@dataclass(frozen=True, slots=True)
class _Place:
    """An address: where it begins, where its door, where it ends, and the words around it."""

    text: str
    start: int
    door: int
    end: int
    first: int
    last: int

    def behind(self, lead: re.Pattern[str], reach: int = 12) -> bool:
        """Whether `lead` stands right in front of the address."""
        return lead.search(self.text, max(0, self.start - reach), self.start) is not None

    def around(self, words: re.Pattern[str]) -> bool:
        return words.search(self.text, self.first, self.last) is not None

    def inside(self, words: re.Pattern[str]) -> bool:
        return words.search(self.text, self.start, self.end) is not None

    @property
    def is_flat(self) -> bool:
        return _OF_A_FLAT.search(self.text, self.door, self.end) is not None

    @property
    def is_of_a_firm(self) -> bool:
        return _FIRM.search(self.text, self.start, self.last) is not None

    @property
    def is_business(self) -> bool:
        before = _OF_BUSINESS.search(self.text, self.first, self.start)
        return bool(
            before or _OF_BUSINESS.search(self.text, self.end, self.last) or self.inside(_PREMISES)
        )


def _strength(text: str, start: int, door: int, end: int) -> int:
    """How much an address is a home: -1 (no address at all, or no home) to 4 (by itself)."""
    if _DOCUMENT.search(text, start, door):
        return -1
    place = _Place(text, start, door, end, *_around(text, start, end))
    if place.behind(_LIVES) and not place.is_of_a_firm:
        return 4
    in_estate = _ESTATE.search(text, start, door) and _ROOM.search(text, door, end)
    if in_estate and not place.around(_OF_WORKS) and not place.around(_OF_A_SHOP):
        return 4
    if place.behind(_RESIDES):
        return _where_to(place)
    if place.behind(_ENTRY, 24) and _ENDS_ENTRY.match(text, end):
        return 1 if place.is_business else 3
    return _by_neighbours(place)


def _where_to(place: _Place) -> int:
    """How much an address is a home to which something is sent or where somebody goes."""
    if place.is_business:
        return 1 if place.is_flat and not place.is_of_a_firm else -1
    if place.around(_OF_WORKS):
        return 1 if place.is_flat else -1
    return 4 if place.behind(_POSTAL) else 3


def _by_neighbours(place: _Place) -> int:
    """How much an address is a home that nothing in front of it says to be one."""
    text, business, works = place.text, place.is_business, place.around(_OF_WORKS)
    if _HOME_BEHIND.match(text, place.end):
        return -1 if business and works else 3
    if _VILLAGER_BEHIND.match(text, place.end):
        return -1 if works else 2
    if business or works:
        return -1
    if place.behind(_ADDRESS) or _HOUSEHOLD.search(text, place.first, place.start):
        return 1
    if _OF_A_VILLAGE.search(text, place.start, place.door):
        flat = _OF_A_COURT.search(text, place.door, place.end)
        return 1 if flat else 0 if place.inside(_NUMBER_BEHIND_GROUP) else -1
    return 1 if place.is_flat else -1


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The words around an address that tell what it is: of its own sentence, a few on each side."""
    ends = [m.end() for m in _SENTENCES.finditer(text, max(0, start - 24), start)]
    after = _SENTENCES.search(text, end, min(len(text), end + 14))
    first = ends[-1] if ends else max(0, start - 24)
    return first, after.start() if after else min(len(text), end + 14)


def _private(text: str, start: int, end: int) -> int:
    """Where an address goes on behind its public part, the district."""
    kept = _PUBLIC_PART.match(text, start, end)
    return kept.end() if kept else start


def _head(text: str, door: int) -> int:
    first = max(0, door - _HEAD)
    ends = [m.end() for m in _STOPS.finditer(text, first, door)]
    return max(ends, default=first)


#: Every home has one of these: words that lead to it, its own, or some around it or behind it.
_LEADS = "|".join(p.pattern for p in (_RESIDES, _LIVES, _POSTAL, _ENTRY, _ADDRESS, _ESTATE, _OF_A_VILLAGE))  # fmt: skip
FORMS = Forms(
    (
        rf"(?:{_LEADS})[^,。;、:()\s\"“”》《\[\]]*{_PART}",
        rf"(?:{_HOUSEHOLD.pattern})[^。;!?\n]*{_PART}",
        _OF_A_FLAT.pattern,
        rf"(?:{_PART}|[0-9])(?:{_HOME_BEHIND.pattern}|{_VILLAGER_BEHIND.pattern})",
        _PLACE.pattern,
    ),
    alone=(_PART, _PLACE.pattern),
)
