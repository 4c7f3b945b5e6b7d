"""Names of persons that are not of the Chinese form: with a dot (买买提·沙依提), in Latin letters.

The dot says where such a name is; where it begins and ends is where its characters, which are
those of foreign names, read more easily so than as words. A name in Latin letters is one surely
beside a word that goes with persons, and none beside one that goes with brands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.normalise import by_character
from pipeline.base.patterns import lazy
from pipeline.checks.privacy.dictionary import dictionary
from pipeline.checks.privacy.found_names import Name
from pipeline.checks.privacy.name_evidence import fold, word_share
from pipeline.checks.privacy.names import looks_like_organisation
from pipeline.checks.privacy.person_words import ACTS, ROLES, TITLES

PART = 8  # characters of a part of a name at most
_DOTS = "·•・･‧∙⋅﹒．●"
_HAN = r"[\u3400-\u9fff]"
_SIGN = rf"[\x{{3400}}-\x{{9fff}}]\s?[{_DOTS}.－]\s?[\x{{3400}}-\x{{9fff}}]|\p{{Lu}}[\pL']*[.,]? ?(?:\pL[\pL']{{1,3}} ){{0,2}}[ ·.\-]?\p{{Lu}}"
_DOTTED = lazy(rf"{_HAN}{{1,{PART}}}(?:(?:\s?[{_DOTS}]\s?|(?<!\d)\.(?!\d)){_HAN}{{1,{PART}}})+")
_DOT = lazy(f"[{_DOTS}.]")
_UP, _LOW = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĪĻŁŃŇŌŐŘŚŠŤŪŮŰŹŻŽ", "a-zß-öø-ÿāăąćčďđēęěğīıļłńňōőřśšťūůűźżž"
_LATIN_WORD = (
    rf"[{_UP}](?:[{_LOW}]+(?:['’\-]?[{_UP}][{_LOW}]+)*|['’][{_UP}][{_LOW}]+|[{_UP}]{{2,}})"
)
_PARTICLE = r"(?:van|von|de|da|del|der|den|bin|al|la|le|el|di|dos)"
_LATIN = lazy(
    rf"(?<![{_UP}{_LOW}])(?:"
    rf"(?:[{_UP}]\. ?){{1,3}}{_LATIN_WORD}"
    rf"|{_LATIN_WORD}(?:(?:[ ·\-]{{1,2}}|\. ?|, )(?:{_PARTICLE} ){{0,2}}(?:{_LATIN_WORD}|[{_UP}]\.?(?![{_UP}{_LOW}]))){{1,3}}"
    rf")(?![{_UP}{_LOW}])"
)
#: A word in capitals that is no acronym.
_WORD = lazy(r"(?=.*[AEIOUY])[A-Z]{4,}")
_PINYIN = r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ian|iao|uai|uan|ang|eng|ing|ong|ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|ia|ua|uo|[aoeiuvü]))"
_GIVEN_IN_PINYIN = lazy(rf"{_PINYIN}{{1,2}}")
_IN_PINYIN = (
    "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin luo gao zheng liang xie song tang han feng deng cao "
    "peng zeng xiao tian dong yuan pan yu jiang cai du ye cheng su wei lv lü ding ren shen yao lu cui zhong tan wang fan jin shi "
    "liao jia xia fu fang bai zou meng xiong qin qiu yin xue yan duan lei hou long tao hao kong shao mao qian wan gu dai mo xiang "
    "ouyang sima zhuge situ shangguan huangfu murong niu wen zhuang qi ge pang xing an yi wu ni shu yue zhai kang"
)
_SURNAMES_IN_PINYIN = frozenset(_IN_PINYIN.split())
_BRANDS = lazy(
    r"牌|商标|品牌|标识|字样|型|公司|有限|店|酒店|系统|软件|平台|网站|英文|外文|标准|协议|标注|标有|印有|系列|款(?!人)"
)
_AROUND = 8  # characters in which a brand is told
#: Log odds of characters as a name against words; next to a dot a name is likely beforehand.
_SURE, _PERHAPS, _BY_A_DOT = 4.0, -8.0, 8.0


def names_in(texts: Sequence[str]) -> Iterator[tuple[int, Name]]:
    """(index of the text, a name in it) of all such names in `texts`."""
    signs = pc.match_substring_regex(pa.array(texts, pa.string()), _SIGN)
    for at in pc.indices_nonzero(signs).to_pylist():
        text = by_character(texts[at])
        for m in _DOTTED.finditer(text):
            if found := _dotted(text, m.start(), m.end()):
                yield at, found
        for m in _LATIN.finditer(text):
            if (sure := _of_a_person(text, m.start(), m.end())) is not None:
                yield at, Name(m.start(), m.end(), sure)


def _dotted(text: str, first: int, last: int) -> Name | None:
    """The name within `text[first:last]`, Chinese characters with dots; None where it is none."""
    dots = [first + m.start() for m in _DOT.finditer(text[first:last])]
    start = dots[0] - _length(text[first : dots[0]][::-1], backward=True)
    end = dots[-1] + 1 + _length(text[dots[-1] + 1 : last])
    behind = text[end : end + 12]
    if start == dots[0] or end == dots[-1] + 1 or looks_like_organisation(text[start:end]):
        return None
    if re.match(r"[\u3400-\u9fff]{0,6}(?:公司|店|小区|楼盘|酒店|商场|广场|项目)", behind):
        return None
    odds = _odds(_DOT.sub("", text[start:end]))
    return Name(start, end, odds >= _SURE) if odds >= _PERHAPS else None


def _length(part: str, backward: bool = False) -> int:
    """How many of the characters next to a dot are of the name; `backward`: the part is turned."""
    codes = fold(part)[0]
    if len(codes) != len(part) or not part:
        return 0
    rows = np.zeros((len(codes) + 1, len(codes)), np.uint16)
    for count in range(len(codes) + 1):
        rest = codes[count:]
        rows[count, : len(rest)] = rest[::-1] if backward else rest
    as_names = np.concatenate([[0.0], _BY_A_DOT + np.cumsum(dictionary().foreign[codes])])
    return int(np.argmax(as_names + word_share(rows, names_too=False)))


def _odds(name: str) -> float:
    codes = fold(name)[0]
    as_name = dictionary().foreign[codes].sum() + _BY_A_DOT
    return float(as_name - word_share(codes[None, :], names_too=False)[0])


def _of_a_person(text: str, start: int, end: int) -> bool | None:
    """Whether a name in Latin letters is surely (True) or perhaps (False) a person's."""
    before, behind = (
        text[max(0, start - _AROUND) : start].rstrip(),
        text[end : end + _AROUND].lstrip(),
    )
    if any(before.rstrip(":： 为是系").endswith(word) for word in ROLES) or any(
        behind.startswith(word)
        for word in (*TITLES, *ACTS)
        if len(word) > 1 or word in "称说在系与向"
    ):
        return True
    if _BRANDS.search(before) or _BRANDS.search(behind[:4]):
        return None
    name = text[start:end]
    if name.isupper() and not (_is_pinyin(name) or all(map(_WORD.fullmatch, name.split()))):
        return None  # it may be two acronyms
    return False


def _is_pinyin(name: str) -> bool:
    """Whether a name reads as a Chinese surname and a given name: ZHANG SANFENG, Sanfeng Zhang."""
    words = name.casefold().replace("-", "").split()
    if len(words) not in (2, 3):
        return False
    last, first = "".join(words[1:]), "".join(words[:-1])
    return any(
        surname in _SURNAMES_IN_PINYIN and _GIVEN_IN_PINYIN.fullmatch(given)
        for surname, given in ((words[0], last), (words[-1], first))
    )
