"""Traditional characters as the simplified ones that labels, roles, places and surnames are known in.

A hand of them by OpenCC's table (t2s), character for character, so that an offset stays an offset.
"""

from __future__ import annotations

_TRADITIONAL = (
    "亂來侷係個側備傢傳傷僱價儲兒冊別劉動務區卽叄吳呂員喬單嚮嚴囌圍園團執報場塗夥嬰孫學宮實寧寶將對層屬峯嶽帳帶庫廠廳張彆彔徑從應懞戶掛摺撥攜攤於旂時晉暫曏書會東條棟"
    "楊業構樑樓標樹機檔檯權歐沒淩湯準溫滬漢濛瀋灣為無燈營爲獨現瓊產産畢發監盧眞矇硃碼礦稅種稱穀竇箇節範簽籤粵糰紀納組絕給絶經網編緻縣繫羅聯聶職肅臺與舉舊舖舘莊華萬葉"
    "蔣蕭薑蘆蘇蘭處號衕衚衛裏裝裡製見親訂計訊託記訪許訴註証話該說説請諸謝證識譚護豐負貨貫責貳貴買費賀賈賓賣賬賴購贛趙車軒轅轉辦農迴逕連週遊達違遲遼邊鄉鄒鄔鄧鄭鄰醫鈡"
    "銀銷鋪錄錢録錶鍾鎭鎮鐘長門閆閉開間閣閤閩閭閻闆陝陳陸陽隊際雙離雲電韋韓領頭額顏顔願顧颱飯餘館馬馮駕駛駱髮鬍魯鮑鮮鳳麗麪麫麵黃點齊齡齣龍龐龔"
)
_SIMPLIFIED = (
    "乱来局系个侧备家传伤雇价储儿册别刘动务区即叁吴吕员乔单向严苏围园团执报场涂伙婴孙学宫实宁宝将对层属峰岳帐带库厂厅张别录径从应蒙户挂折拨携摊于旗时晋暂向书会东条栋"
    "杨业构梁楼标树机档台权欧没凌汤准温沪汉蒙沈湾为无灯营为独现琼产产毕发监卢真蒙朱码矿税种称谷窦个节范签签粤团纪纳组绝给绝经网编致县系罗联聂职肃台与举旧铺馆庄华万叶"
    "蒋萧姜芦苏兰处号同胡卫里装里制见亲订计讯托记访许诉注证话该说说请诸谢证识谭护丰负货贯责贰贵买费贺贾宾卖账赖购赣赵车轩辕转办农回径连周游达违迟辽边乡邹邬邓郑邻医钟"
    "银销铺录钱录表钟镇镇钟长门闫闭开间阁合闽闾阎板陕陈陆阳队际双离云电韦韩领头额颜颜愿顾台饭余馆马冯驾驶骆发胡鲁鲍鲜凤丽面面面黄点齐龄出龙庞龚"
)
FOLD: dict[int, int] = {ord(t): ord(s) for t, s in zip(_TRADITIONAL, _SIMPLIFIED, strict=True)}
_WAYS: dict[str, str] = {}
for _t, _s in zip(_TRADITIONAL, _SIMPLIFIED, strict=True):
    _WAYS[_s] = _WAYS.get(_s, "") + _t


def either(pattern: str) -> str:
    """A regular expression in simplified characters that takes the traditional ones too."""
    parts, inside = list[str](), False
    for c in pattern:
        inside = c == "[" or (inside and c != "]")
        ways = _WAYS.get(c, "")
        parts.append(c if not ways else c + ways if inside else f"[{c}{ways}]")
    return "".join(parts)
