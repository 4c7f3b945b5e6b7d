"""The input and the result of a check of `gongshi doctor`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.base.words import Lang, say

State = Literal["right", "look", "wrong"]


@dataclass(frozen=True, slots=True)
class Place:
    """What the checks look at.

    `home`: the folder that holds the program and `requirements/`. `now`: with its time zone.
    `worker_deadline_s`: how long `gongshi serve` waits for a worker to start.
    """

    site: Path
    private: Path
    inbox: Path | None
    port: int
    contract: Path
    home: Path
    now: datetime
    worker_deadline_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check: right, worth a look, or wrong.

    `key` and `params` are those of a message under `pipeline/messages/doctor.yaml`; unless the
    state is right, the message `<key>-do` has the same params and says what to do.
    """

    check: str
    state: State
    key: str
    params: Mapping[str, object]

    def title(self, lang: Lang) -> str:
        """What was checked."""
        return say(f"doctor-{self.check}", lang)

    def message(self, lang: Lang) -> str:
        """What was found."""
        params = {name: _written(value) for name, value in self.params.items()}
        return say(self.key, lang, **params)

    def advice(self, lang: Lang) -> str:
        """What to do; "" where nothing is to be done. Its paths are as a shell takes them."""
        if self.state == "right":
            return ""
        params = {name: _written(_quoted(value)) for name, value in self.params.items()}
        return say(f"{self.key}-do", lang, **params)


def right(check: str, key: str, **params: object) -> Result:
    """Nothing is to be done about `check`; `key` without its prefix."""
    return Result(check, "right", f"doctor-{key}", params)


def look(check: str, key: str, **params: object) -> Result:
    """`check` works, or will; a person should look at it once."""
    return Result(check, "look", f"doctor-{key}", params)


def wrong(check: str, key: str, **params: object) -> Result:
    """With `check` as it is, a verb fails or something is not safe."""
    return Result(check, "wrong", f"doctor-{key}", params)


def printable(text: str) -> str:
    r"""`text` with all that a terminal would not show, or would execute, as an escape:
    `\x1b`, `\u3000`.

    A name of a file may hold any bytes; Python keeps those that are not UTF-8 as lone surrogates
    (PEP 383).
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def size(count: float) -> str:
    """So many bytes, for people: 3.4 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _quoted(value: object) -> object:
    return shlex.quote(str(value)) if isinstance(value, Path) else value


def _written(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))
