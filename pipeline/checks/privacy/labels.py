"""What of a single text may be public: a sentence or title of a report, the name of a file.

`searched` finds what is personal in texts as they are, `are_personal` judges labels: names of
files, folders, sheets, headers. In a label a name needs no words around it: one that stands by
itself between marks, or beside a word for a paper, is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.base.normalise import normalise
from pipeline.base.patterns import lazy
from pipeline.checks.privacy import name_statistics
from pipeline.checks.privacy.dictionary import LONGEST, TAGS, dictionary, pack
from pipeline.checks.privacy.facts import facts_in
from pipeline.checks.privacy.found_names import Name
from pipeline.checks.privacy.known_persons import NOBODY, KnownPersons
from pipeline.checks.privacy.name_search import names_in
from pipeline.checks.privacy.names import AMBIGUOUS, NO_NAME, SURNAMES, is_masked, mask_name
from pipeline.checks.privacy.number_context import Spot
from pipeline.checks.privacy.screen import personal_spots
from pipeline.checks.privacy.unlabelled_numbers import replaced

NAME_RULE = "third-person-in-text"
_AROUND = 12  # characters shown on either side of what may be a name


@dataclass(frozen=True, slots=True)
class Searched:
    """What is personal in `text`: surely (`spots`, with what is public instead), and by which
    rules; `unsure`: spans that may be names, for a person to decide. None overlap. `doubted`: spans
    that may be facts about a person, where these are searched for (`with_facts`).
    """

    text: str
    spots: tuple[Spot, ...] = ()
    rules: tuple[str, ...] = ()
    unsure: tuple[tuple[int, int], ...] = ()
    doubted: tuple[tuple[int, int], ...] = ()

    @property
    def masked(self) -> str:
        """All of the text with what is surely personal masked."""
        return replaced(self.text, self.spots)

    def public(self, start: int, end: int) -> str:
        """`text[start:end]` with all that is surely personal masked; a part of a value as well."""
        return replaced(
            self.text[start:end],
            (
                (max(a, start) - start, min(b, end) - start, instead)
                for a, b, instead in self.spots
                if a < end and b > start
            ),
        )

    def shown(self, start: int, end: int) -> str:
        """What may be shown of the words around an unsure span, which itself is masked."""
        return self._around(start, end, _mask(self.text[start:end]))

    def shown_fact(self, start: int, end: int) -> str:
        """The same of what may be a fact about a person."""
        return self._around(start, end, self.public(start, end))

    def _around(self, start: int, end: int, shown: str) -> str:
        first, last = max(0, start - _AROUND), min(len(self.text), end + _AROUND)
        before, after = self.public(first, start), self.public(end, last)
        return f"{before}【{shown}】{after}".replace("\n", " ")


def searched(texts: Sequence[str], listed: KnownPersons = NOBODY) -> list[Searched]:
    """Each of `texts` searched for personal values, names of persons, and `listed` persons.

    A name that is sure in one place of a text is masked in all of it.
    """
    both = zip(texts, names_in(texts), listed.names_in(texts), strict=True)
    return [_searched(text, _united(names, known)) for text, names, known in both]


def _united(names: Sequence[Name], listed: Sequence[Name]) -> Sequence[Name]:
    """`listed` names, and those of `names` that overlap with none of them."""
    others = (n for n in names if all(n.end <= k.start or k.end <= n.start for k in listed))
    return sorted([*others, *listed], key=lambda n: n.start) if listed else names


def title(text: str, names: Iterable[str] = (), listed: KnownPersons = NOBODY) -> Searched:
    """A title or another short text, searched with `names`, known from elsewhere, masked already."""
    spots = [(a, b, _mask(text[a:b])) for a, b in occurrences(text, names)]
    (found,) = searched([replaced(text, spots)], listed)
    return found


def _searched(text: str, names: Sequence[Name]) -> Searched:
    spots, rules = personal_spots(text)
    taken = bytearray(len(text))
    for start, end, _ in spots:
        taken[start:end] = b"\1" * (end - start)
    sure = {text[n.start : n.end] for n in names if n.sure}
    known = {name for name in sure if _mask(name) != name}
    named = [(n.start, n.end) for n in names if n.sure]
    for start, end in (*named, *occurrences(text, known)):
        instead = _mask(text[start:end])
        if not any(taken[start:end]) and text[start:end] != instead:
            taken[start:end] = b"\1" * (end - start)
            spots.append((start, end, instead))
            rules.append(NAME_RULE)
    unsure = tuple(
        (n.start, n.end)
        for n in names
        if not n.sure and not any(taken[n.start : n.end]) and _may_be(text[n.start : n.end])
    )
    return Searched(text, tuple(sorted(spots)), tuple(dict.fromkeys(rules)), unsure)


def with_facts(found: Searched) -> Searched:
    """`found` with the facts about persons in its text: masked names say of whom they are told."""
    plain = replaced(found.text, ((a, b, _of_length(b - a, c)) for a, b, c in found.spots))
    facts = facts_in(plain)
    sure = [(f.start, f.end, f.instead) for f in facts if f.sure]
    inside = [(f.start, f.end) for f in facts if f.sure]
    others = [s for s in found.spots if all(s[1] <= a or b <= s[0] for a, b in inside)]
    rules = dict.fromkeys((*found.rules, *(f.rule for f in facts if f.sure)))
    doubted = tuple((f.start, f.end) for f in facts if not f.sure)
    unsure = tuple(n for n in found.unsure if all(n[1] <= a or b <= n[0] for a, b in inside))
    return Searched(found.text, tuple(sorted(others + sure)), tuple(rules), unsure, doubted)


def _of_length(length: int, instead: str) -> str:
    """What is public instead of a value, in the length of the value, so that offsets stay."""
    return instead[:length].ljust(length, instead[-1:] or "*")


def occurrences(text: str, names: Iterable[str]) -> list[tuple[int, int]]:
    """Where one of `names` stands in `text`, the longest first at each place; in linear time."""
    sizes: dict[str, set[int]] = {}
    wanted = {name for name in names if name}
    for name in wanted:
        sizes.setdefault(name[0], set()).add(len(name))
    by_first = {first: sorted(found, reverse=True) for first, found in sizes.items()}
    places, free = list[tuple[int, int]](), 0
    for at, character in enumerate(text) if wanted else ():
        for size in by_first.get(character, ()) if at >= free else ():
            if text[at : at + size] in wanted:
                places.append((at, at + size))
                free = at + size
                break
    return places


def _mask(name: str) -> str:
    return mask_name("".join(name.split()))


def _may_be(name: str) -> bool:
    """Whether what may be a name is neither masked already nor a word of another kind than nouns,
    such as 全年.
    """
    return not is_masked(name) and name != _mask(name) and _word(name) in (None, "n")


# ---------------------------------------------------------------- labels


def are_personal(labels: Sequence[str], listed: KnownPersons = NOBODY) -> list[bool]:
    """Of each label whether it holds a personal value, or what is or may be a person's name.

    One that is too long to be a label may hold anything.
    """
    distinct = [label for label in dict.fromkeys(labels) if len(label) <= LONGEST_LABEL]
    judged = {
        each.text: bool(each.spots) or _is_doubted(each) or _is_named(each.text)
        for each in searched(distinct, listed)
    }
    return [judged.get(label, True) for label in labels]


def _is_doubted(label: Searched) -> bool:
    """Whether it may hold a name; two English words by themselves, as in titles, are none."""
    return any(not label.text[start:end].isascii() for start, end in label.unsure)


_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_PART = lazy(rf"[{_HAN}]+(?:·[{_HAN}]+)*")
_BLANK = lazy(rf"(?<=[{_HAN}]) +(?=[{_HAN}])")
#: What stands behind a person's name in the name of a file, or in front of one.
_PAPER = (
    "行政|处罚|决定|告知|裁量|案|笔录|询问|调查|听证|送达|申请|申诉|投诉|举报|复议|诉讼|起诉|身份|户口|户籍|病历|病情|诊断|"
    "简历|履历|合同|协议|证明|证件|证书|证照|执照|许可|资料|材料|档案|信息|个人|登记|备案|报告|记录|名单|明细|汇总|台账|"
    "等|的|诉|与|和|及|先生|女士|同志|老师|某"
)
_BEHIND = lazy(_PAPER)
_IN_FRONT = ("书", "表", "案", "人", "证", "者", "年", "月", "日", "笔录", "材料", "资料", "档案", "名单", "明细", "记录", "报告", "合同", "姓名", "关于", "对", "给", "与", "和", "及")  # fmt: skip
LONGEST_LABEL = 1_000  # characters of a label
_LONGEST_PART = 80  # characters of a label's part in which a name is looked for beside others
#: No given name ends in one of these, but headers do, and names of places.
_NO_END = frozenset(
    "号名称日期表类数额率量值者员方书单栏项录区县市镇乡村街道路局所院校厂店社部馆行站队会室科处组点段期批版份页次型种别法规案件证型式级层栋户幢座厅厦"
)
_SURNAMES = frozenset(name_statistics.COMMON + name_statistics.LESS_COMMON)
_HARDLY_WORDS = SURNAMES - AMBIGUOUS - frozenset("周许何曾") & _SURNAMES
_COMPOUND, _GIVEN = name_statistics.COMPOUND, frozenset(name_statistics.GIVEN)
_RARE = frozenset(name_statistics.RARE)
_COMMON = -14.0  # the log share of a word from which a name made of it would be a coincidence
_PINYIN_SURNAME = "Wang|Li|Zhang|Liu|Chen|Yang|Huang|Zhao|Wu|Zhou|Xu|Sun|Ma|Zhu|Hu|Guo|He|Lin|Gao|Luo|Zheng|Liang|Xie|Song|Tang|Deng|Feng|Han|Cao|Zeng|Peng|Xiao|Cai|Pan|Tian|Dong|Yuan|Yu|Ye|Jiang|Du|Su|Wei|Cheng|Lv|Lü|Ding|Shen|Ren|Yao|Lu|Fu|Zhong|Cui|Tan|Liao|Fan|Jia|Xia|Bai|Zou|Meng|Xiong|Qin|Qiu|Yin|Xue|Yan|Duan|Lei|Hou|Long|Shi|Tao|Ouyang|Zhuge|Sima"
_SYLLABLE = "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:i?ang|i?ong|ing|eng|uan|ian|[iu]?an|en|in|un|uai|iao|[aeiou]{1,2}|ü)"
_PINYIN = lazy(
    rf"(?<![A-Za-z])(?:{_PINYIN_SURNAME})[ _]{_SYLLABLE}(?:[ '\-]?{_SYLLABLE})?(?![A-Za-z])",
    re.IGNORECASE,
)


def _is_named(label: str) -> bool:
    """Whether a part of a label between marks is a person's name, alone or beside a paper's word."""
    plain = normalise(label).text
    if any(each[0][0].isupper() for each in _PINYIN.finditer(plain)):
        return True
    joined = _BLANK.sub("", plain)
    parts = {part for text in {plain, joined} for part in _PART.findall(text)}
    return any(map(_has_name, parts))


def _has_name(part: str) -> bool:
    if is_name(part):
        return True
    if len(part) > _LONGEST_PART:
        return False
    return any(
        is_name(part[start : start + size])
        for start in range(len(part) - 1)
        if start == 0 or part.endswith(_IN_FRONT, 0, start)
        for size in (4, 3, 2)
        if start + size == len(part) or _BEHIND.match(part, start + size)
    )


def is_name(part: str) -> bool:
    """Whether Chinese characters alone are more likely a person's name than a word or a place."""
    if "·" in part:
        return len(part) <= 16 and all(_word(each) is None for each in part.split("·"))
    surname = 2 if part[:2] in _COMPOUND and len(part) > 2 else 1
    given = part[surname:]
    if not 1 <= len(given) <= 2 or "某" in part or NO_NAME.match(part) or _word(part):
        return False
    is_common = all(c in _GIVEN for c in given)
    if surname == 2:
        return is_common or (part[:2] != "第五" and given[-1] not in _NO_END)
    if part[0] not in _SURNAMES:
        return is_common and len(given) == 2 and part[0] in _RARE and _word(part[:2]) is None
    if is_common or len(given) == 1:
        return is_common
    if given[-1] in _NO_END or _word(part[:2]):
        return False
    return part[0] in _HARDLY_WORDS or not _is_common_word(given)


def _word(text: str) -> str | None:
    """The part of speech of a word of the dictionary, as its letter; None where it is no word."""
    at = _place(text)
    return None if at < 0 else TAGS[dictionary().tags[at]]


def _is_common_word(text: str) -> bool:
    at = _place(text)
    return at >= 0 and bool(dictionary().shares[at] > _COMMON)


def _place(text: str) -> int:
    """The index of a word in the dictionary; -1 where it is none."""
    if not 1 <= len(text) <= LONGEST or max(text) > "\uffff":
        return -1
    return int(dictionary().places(np.array([pack(text)], np.uint64))[0])
