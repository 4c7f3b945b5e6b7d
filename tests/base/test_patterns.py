"""Patterns that are compiled late are patterns all the same."""

from __future__ import annotations

import gc
import importlib
import pickle
import pkgutil
import re

import pytest

import pipeline
from pipeline.base import patterns
from pipeline.base.patterns import lazy


def test_a_lazy_pattern_finds_what_the_compiled_one_finds() -> None:
    late, early = lazy("(a)|B", re.I), re.compile("(a)|B", re.I)
    text = "xAbyA"
    assert late.sub("-", text) == early.sub("-", text)
    assert late.findall(text) == early.findall(text)
    assert [m.span() for m in late.finditer(text)] == [m.span() for m in early.finditer(text)]
    assert (late.pattern, late.groups, late.flags) == (early.pattern, early.groups, early.flags)


def test_a_lazy_pattern_goes_to_another_process() -> None:
    late = lazy("[乙甲]", re.A)
    late.search("甲")
    assert pickle.loads(pickle.dumps(late)).flags == late.flags


def test_every_lazy_pattern_of_the_program_is_right() -> None:
    for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
        importlib.import_module(module.name)
    every = [each for each in gc.get_objects() if type(each) is patterns._Lazy]
    assert len(every) > 100
    for each in every:
        re.compile(each.pattern, each._flags)


def test_a_wrong_pattern_fails_when_it_is_used() -> None:
    late = lazy("(")
    with pytest.raises(re.error):
        late.search("x")
