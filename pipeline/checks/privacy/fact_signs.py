"""Which of many texts may hold a fact about a person: a cheap look before `facts` reads each.

Every text with a fact that `facts_in` finds of somebody is found here; most others are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base.normalise import DISGUISED, normalise
from pipeline.checks.privacy import fact_scene, gaps
from pipeline.checks.privacy.cheap_signs import sign_of
from pipeline.checks.privacy.facts import KINDS, Kind


def suspected(values: pa.Array) -> dict[int, Sequence[Kind]]:
    """The index of each text that may hold facts → the kinds of them, in the order of `KINDS`."""
    texts = _without_disguises(values)
    spaced = pc.indices_nonzero(pc.match_substring_regex(texts, gaps.SIGN))
    joined = pc.replace_substring_regex(texts.take(spaced), gaps.ANY, "")
    of = [*range(len(texts)), *spaced.to_pylist()]
    texts = pa.concat_arrays([texts, joined])
    persons, sure = (_has_any(texts, p) for p in (fact_scene.PERSON, fact_scene.SURE_PERSON))
    suspects: dict[int, list[Kind]] = {}
    for kind in KINDS:
        forms = kind.forms
        some = pc.or_(persons, _has_any(texts, forms.alone)) if forms.alone else persons
        found = {*_among(texts, some, forms.plain), *_among(texts, sure, forms.vague)}
        for at in {of[at] for at in found}:
            suspects.setdefault(at, []).append(kind)
    return {**suspects}


def _without_disguises(values: pa.Array) -> pa.Array:
    hidden = pc.match_substring_regex(values, DISGUISED)
    plain = [normalise(text).text for text in values.filter(hidden).to_pylist()]
    return pc.replace_with_mask(values, hidden, pa.array(plain, values.type))


def _among(texts: pa.Array, some: pa.Array, patterns: Sequence[str]) -> list[int]:
    """The indices of those of `some` texts that have one of `patterns`."""
    at = pc.indices_nonzero(some)
    if not patterns or not len(at):
        return []
    return list(at.filter(_has_any(texts.take(at), patterns)).to_pylist())


def _has_any(texts: pa.Array, patterns: Sequence[str]) -> pa.Array:
    # One by one: a search for all at once has too many states, and is many times slower.
    return reduce(pc.or_, (pc.match_substring_regex(texts, _sign(each)) for each in patterns))


_sign = cache(sign_of)
