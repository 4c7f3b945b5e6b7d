"""Facts about persons in texts, found by evidence: sure, or not sure.

A detail (`fact_details`, `account_words`, `homes`) is a person's where its sentence speaks of one (`fact_scene`) and
of nothing that speaks against it. What must not be public: 个人信息保护法 §28 (health, religion,
accounts, minors under 14); 政府信息公开条例 §15; 未成年人保护法 §103; 民法典 §1034.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.base.normalise import normalise
from pipeline.base.patterns import lazy
from pipeline.checks.privacy import account_words, fact_details, gaps, homes
from pipeline.checks.privacy.fact_details import Detail, Forms
from pipeline.checks.privacy.fact_scene import (
    FIGURES,
    OF_A_FIRM,
    OF_BEASTS,
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
    text, and what they look like.
    """

    rule: str
    details: Callable[[str], Iterator[Detail]]
    judge: Judge
    forms: Forms


#: From this score a fact is masked without asking; from the other one, a person is asked.
SURE, DOUBT = 4.0, 3.0


def facts_in(text: str, among: Sequence[Kind] = ()) -> list[Fact]:
    """The facts about persons in `text`, which do not overlap, in their order.

    `among`: the kinds of facts that are searched for, of `KINDS`; all if there are none.
    """
    plain = normalise(text)
    apart = _apart([*_found(plain.text, among or KINDS), *_across_gaps(plain.text, among or KINDS)])
    places = in_original(plain, [(start, end, str(at)) for at, (start, end, _) in enumerate(apart)])
    found_at = [(start, end, apart[int(at)][2]) for start, end, at in places]
    return [Fact(start, end, f.rule, f.instead, f.sure) for start, end, f in found_at]


def _found(text: str, among: Sequence[Kind]) -> list[Span]:
    """The facts of a normalised text, as it stands; they may overlap."""
    scene = Scene(text)
    spans = list[Span]()
    for kind in among:
        for detail in kind.details(text) if _is_of_somebody(scene, kind) else ():
            score = kind.judge(scene, detail)
            if score >= DOUBT and detail.start < detail.end:
                found = _Found(kind.rule, detail.instead, score >= SURE, not detail.link)
                spans.append((detail.start, detail.end, found))
    return _telling(spans, scene)


def _across_gaps(text: str, among: Sequence[Kind]) -> Iterator[Span]:
    """The facts that show without the blanks between characters, and those without line breaks that
    are themselves broken: what stands in another line may be of another person.
    """
    for pattern, is_any in ((gaps.BLANKS, True), (gaps.BREAKS, False)):
        joined = gaps.without(pattern, text)
        for start, end, found in _found(joined.text, among) if joined else ():
            if joined and (is_any or joined.spans_a_gap(start, end)):
                yield (*joined.span(start, end), found)


def _is_of_somebody(scene: Scene, kind: Kind) -> bool:
    """Whether a text has a word for a person, or what is a person's without one."""
    if scene.person(0, len(scene.text)) or "答:" in scene.text:
        return True
    return any(re.search(alone, scene.text) for alone in kind.forms.alone)


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
    Kind("health-in-text", fact_details.health, _health, fact_details.HEALTH),
    Kind("address-in-text", homes.home, _home, homes.FORMS),
    Kind("school-in-text", fact_details.schooling, _schooling, fact_details.SCHOOLING),
    Kind("religion-in-text", fact_details.religion, _religion, fact_details.RELIGION),
    Kind("victim-in-text", fact_details.harm, _harm, fact_details.HARM),
    Kind("relation-to-minor-in-text", fact_details.kinship, _kinship, fact_details.KINSHIP),
    Kind("account-in-words", account_words.accounts, _accounts, account_words.ACCOUNTS),
)
