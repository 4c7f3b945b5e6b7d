"""Every message stands in both languages, says the same in both, and is there when it is asked for."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import pipeline
from pipeline.base import words

MESSAGES = Path(pipeline.__file__).parent / "messages"
ENTRIES = {
    key: entry
    for file in sorted(MESSAGES.glob("*.yaml"))
    for key, entry in (yaml.safe_load(file.read_text("utf-8")) or {}).items()
}
RULES = {key: entry for key, entry in ENTRIES.items() if "version" in entry}


def texts() -> Iterator[tuple[str, dict[str, str]]]:
    for key, entry in ENTRIES.items():
        if key in RULES:
            yield from ((f"{key}.{part}", entry[part]) for part in ("title", "message", "fix"))
        else:
            yield key, entry


TEXTS = dict(texts())


def params(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_stands_in_both_languages(key: str) -> None:
    assert set(TEXTS[key]) == {"zh", "en"}
    assert all(text.strip() for text in TEXTS[key].values())


@pytest.mark.parametrize("key", TEXTS)
def test_a_chinese_text_is_chinese_and_an_english_one_is_not(key: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", TEXTS[key]["zh"])
    assert not re.search(
        r"[\u4e00-\u9fff]{6,}", re.sub(r"“[^”]*”|\"[^\"]*\"|\([^)]*\)", "", TEXTS[key]["en"])
    )


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_are_filled_in_from_the_same_params(key: str) -> None:
    both = {
        lang: {p.removesuffix("_en") for p in params(text)} for lang, text in TEXTS[key].items()
    }
    assert both["zh"] == both["en"]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_how_bad_it_is_and_who_must_act(name: str) -> None:
    rule = RULES[name]
    assert rule["severity"] in ("error", "warning", "info")
    assert rule["owner"] in ("department", "publisher", "pipeline")
    assert rule["version"] >= 1


def test_a_message_whose_param_is_missing_still_speaks() -> None:
    assert words.say("required", "zh") == "“…”是必填项，这里是空白。"


@pytest.mark.parametrize(("asked", "env", "lang"), [(None, "C.UTF-8", "zh"), (None, "en_GB.UTF-8", "en"), ("zh", "en_GB", "zh"), ("en", "zh_CN", "en"), (None, "", "zh")])  # fmt: skip
def test_the_language_is_chinese_unless_english_is_asked_for(monkeypatch: pytest.MonkeyPatch, asked: str | None, env: str, lang: str) -> None:  # fmt: skip
    monkeypatch.setenv("LANG", env)
    assert words.language(asked) == lang


def named_in_code() -> Iterator[tuple[str, str]]:
    for path in sorted(MESSAGES.parent.rglob("*.py")):
        for found in re.finditer(r"\b(?:found|say)\(\s*\"([a-z-]+)\"", path.read_text("utf-8")):
            yield path.name, found[1]


@pytest.mark.parametrize(("file", "key"), sorted(set(named_in_code())))
def test_every_message_that_code_names_is_there(file: str, key: str) -> None:
    assert key in ENTRIES
