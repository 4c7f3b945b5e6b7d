"""Every message of the pipeline, in two languages, from `pipeline/messages/*.yaml`.

Those files have two kinds of entry. A *message* has just its two texts::

    empty-inbox: {zh: "…{path}…", en: "…{path}…"}

A *rule* describes a kind of finding, whichever module makes it::

    header-unmapped:
      version: 1
      severity: warning          # error: the row is not published; warning, info: it is
      owner: department          # who must act: department, publisher, pipeline
      title:   {zh: …, en: …}    # its name for people
      message: {zh: …, en: …}    # what is wrong, with the finding's params filled in
      fix:     {zh: …, en: …}    # what to do about it
      source: {zh: …, en: …}     # the law or standard it rests on; may be left out

The site's words are in `pipeline/site/words/`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pipeline.base import parse_cache
from pipeline.base.paths import shown

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule's title, message, fix and legal source, each text by language."""

    name: str
    version: int
    severity: str
    owner: str
    title: Mapping[str, str]
    message: Mapping[str, str]
    fix: Mapping[str, str]
    source: Mapping[str, str]


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return parse_cache.parsed("messages", "", _read)  # they are part of the program


def _read() -> dict[str, dict[str, Any]]:
    import yaml

    entries: dict[str, dict[str, Any]] = {}
    folder = resources.files("pipeline") / "messages"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            read = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader) or {}
            doubled = entries.keys() & read.keys()
            if doubled:
                raise ValueError(f"{file.name}: {', '.join(sorted(doubled))} stands twice")
            entries |= read
    return entries


@cache
def rules() -> dict[str, RuleText]:
    """All rules by name: every kind of finding."""
    return {
        name: RuleText(
            name,
            entry["version"],
            entry["severity"],
            entry["owner"],
            entry["title"],
            entry["message"],
            entry["fix"],
            entry.get("source", {"zh": "", "en": ""}),
        )
        for name, entry in _entries().items()
        if "version" in entry
    }


def language(asked: str | None = None) -> Lang:
    """The language of messages: `asked`, else by the environment's `LANG`, else Chinese."""
    name = asked or os.environ.get("LANG", "")
    return "en" if name.lower().startswith("en") else "zh"


def say(key: str, lang: Lang, /, **params: Any) -> str:
    """The message `key` in `lang` with its params filled in; for a rule's name, its message.

    Paths appear as they were given to the command. Raises KeyError where there is no such key.
    """
    entry = _entries()[key]
    texts: Mapping[str, str] = entry["message"] if "version" in entry else entry
    written = {k: shown(v) if isinstance(v, Path) else v for k, v in params.items()}
    return texts[lang].format_map(_Params(written))


def say_fix(rule: str, lang: Lang, /, **params: Any) -> str:
    """What to do about a finding of `rule`, with its params filled in."""
    return rules()[rule].fix[lang].format_map(_Params(params))


class _Params(dict[str, Any]):
    """A missing param becomes …, so that formatting a message never fails."""

    def __missing__(self, key: str) -> str:
        return "…"
