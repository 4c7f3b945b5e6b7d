"""Chinese surnames and how often they are borne; characters that given names are made of.

Common surnames in the order of how many people bear them (公安部《二〇二〇年全国姓名报告》, the first
hundred cover about 85 % of the population); the others are those of 百家姓 and further living ones.
"""

from __future__ import annotations

import math

#: In order, the most frequent first.
COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚"
    "卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
#: Each borne by between about one person in 1,500 and one in 10,000.
LESS_COMMON = (
    "常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍"
    "涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫"
    "阎费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝贝松巴富萧"
)
RARE = (
    "支谌尉笪亓仝冼乜官封苍凤居满相木水云宣但元幸卿奚郁花洪储扈燕国植况咸冀郏浦尧暴弓牧隗山宓蓬郗班仰秋伊暨薄印宿怀从索赖"
    "卓蔺屠蒙乔阴胥能双闻莘翟劳逄姬申扶堵宰郦雍璩濮寿通尚别庄阎充慕茹习宦鱼容戈终衡步都耿弘匡文广禄阙东沃利蔚越夔隆师巩厍"
    "晁勾融冷訾辛阚那空毋养鞠须丰巢蒯荆红竺权逯盖益桓公牛帅缑亢有琴归海岳帖练强贡揭展来乐锁才信原楚朴矫粟邰禹修檀战昝庹母"
    "占危候丘奉肇郜代宛粱祖皮平朵青位税苻底化由油禚初哈撒要隽乌敬勒塔答仉晋斯逢言泰敏普续雒呙寸补纳火虎者刀门戎折浩泥扎凡"
    "计伏芮羿麋井屋仇葛仵佀俎傃傅郄郅郇鄢鄂酆钮钭铁靖潭漆漕滑湛湾溥澹焉牙独玄理生畅畴登皇盘睢矣禤竹笃筱篮米綦绪绳缴罕考耶"
    "肥胜舍良节芶苓茆荀莎萨葆蒿薜虢蚁衣衷解诸谈豆贲赏赫蹇辜辟迮邸郃邴野钦锺镇长闪问降雄霜韶飞首香骈黑鹿齐律冒冠凉凭糜汲籍"
    "昌廉羊狄茅经裘杭嵇於惠厉束蓟郤慎庾殳后栗楼汝佴伯墨谯揣麴操粘昃卯买户匙藏旷滚格兀庚宾承戢剧琚盍荔忽厚剡贯侣刚慈尕努苫"
)
#: Surnames of two characters.
_COMPOUND = (
    "欧阳司马上官诸葛东方皇甫尉迟公孙慕容司徒令狐长孙宇文夏侯端木南宫百里东郭西门澹台公冶轩辕呼延申屠淳于"
    "单于太史钟离闾丘鲜于赫连拓跋独孤第五南门北宫左丘闻人濮阳宗政太叔仲孙公羊万俟亓官司寇子车颛孙巫马公西"
    "漆雕乐正壤驷公良夹谷宰父谷梁段干东门微生梁丘司空达奚完颜纳兰宿勤侯莫阿史"
)
#: Those of Japanese residents, as they are written in China.
_JAPANESE = (
    "佐藤铃木高桥田中渡边伊藤山本中村小林加藤吉田山田山口松本井上木村斋藤清水山崎阿部池田桥本石川山下中岛前田藤田后藤冈田村上近藤"
    "石井坂本远藤青木藤井西村福田太田三浦藤原松田冈本中川原田小野竹内金子和田中山石田上田森田柴田酒井工藤横山宫崎宫本内田高木安藤谷口"
)
COMPOUND = frozenset(
    names[at : at + 2] for names in (_COMPOUND, _JAPANESE) for at in range(0, len(names), 2)
)

#: Characters that are common in given names of those now living.
GIVEN = (
    "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英文华建国红玉萍辉志鹏飞波斌宇浩轩涵怡欣梓雨晨佳琪琳琴云凤梅莲翠珍贞莉"
    "桃春菊秋月花香巧美娇娥婷婉妍妮媛嫣倩雪雯霖露冰莹颖璐瑶瑾瑜瑞琼珊珠玲璇玥彤丹彩青蓝紫思诗语梦若可依伊俊峰岩山川江河海"
    "湖洪源泉清泽润滨沛淼鑫森林松柏桐楠枫柳荣荷蓉薇蕾萌苗茜芝芬芸菲萱蓓智慧聪睿哲博学才贤德仁义礼信忠孝诚善良友爱和谐安宁康健"
    "福禄寿喜庆祥吉顺利成功业广达亮光辉阳晓旭晴昊晖昌盛兴旺富贵金银铭锋钢铁锐钧钰镇镔银东西南北中正大小长永久远立新"
    "力胜胜战武威猛龙虎豹鹰鸿雁燕凯欢乐天宝元世民生根全发财炎焱煜炳烨熙炜炫彬宾冬夏子奕亦凡一诺言承启宏伦纲卫保家守继先"
    "祖耀宗延恒毅坚定刚奇帆航驰骏腾振翔跃进前冲峻岭嵩崇岚屹坤乾雷震雄霄翰章书画墨弘弢泰沁汐洁湘淑漫澜灵仙圣培城增基均坡"
)


def log_shares() -> dict[str, float]:
    """The natural logarithm of the share of people who bear each surname, about.

    Shares of the common ones fall with their rank as in the report: 王 7 %, the hundredth 0.15 %.
    """
    shares = {s: math.log(1e-5) for s in COMPOUND}
    shares |= {s: math.log(5e-5) for s in ("上官", "诸葛", "司马", "皇甫", "司徒", "夏侯", "令狐")}
    shares["欧阳"] = math.log(7e-4)
    shares |= {s: math.log(5e-5) for s in RARE}
    shares |= {s: math.log(3e-4) for s in LESS_COMMON}
    shares |= {s: math.log(0.075 / (rank + 1) ** 0.82) for rank, s in enumerate(COMMON)}
    return shares
