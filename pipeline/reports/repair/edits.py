"""A text under repair, with the origin of every character."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Repair:
    """`before` at `offset` of the original text became `after`, by `rule`.

    Where both are equal, damage was found but could not be repaired: a mark, not a change.
    """

    offset: int
    before: str
    after: str
    rule: str

    @property
    def proven(self) -> bool:
        """Whether the damage was repaired."""
        return self.before != self.after


class Edit(NamedTuple):
    """Put `after` in place of `start`:`end` of the present text. The same text marks the place."""

    start: int
    end: int
    after: str
    rule: str


@dataclass(frozen=True)
class Traced:
    """A text, its original, and the part of the original that each character comes from."""

    original: str
    text: str
    starts: list[int]
    ends: list[int]
    rules: dict[int, str] = field(default_factory=dict)  # offset in the original: first rule there
    marks: list[Repair] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Traced:
        """The original `text`, nothing repaired."""
        return cls(text, text, list(range(len(text))), list(range(1, len(text) + 1)))

    def edit(self, edits: Iterable[Edit]) -> Traced:
        """The text with `edits` applied; they are in order and do not overlap."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        rules, marks, at = dict(self.rules), list(self.marks), 0
        for edit in edits:
            first, last = self._origin(edit.start, edit.end)
            if self.text[edit.start : edit.end] == edit.after:
                here = self.original[first:last]
                marks.append(Repair(first, here, here, edit.rule))
                continue
            parts += [self.text[at : edit.start], edit.after]
            starts += self.starts[at : edit.start]
            ends += self.ends[at : edit.start]
            if len(edit.after) == edit.end - edit.start:  # one for one: each keeps its place
                starts += self.starts[edit.start : edit.end]
                ends += self.ends[edit.start : edit.end]
            elif edit.after:
                starts += [first] * len(edit.after)
                ends += [*[first] * (len(edit.after) - 1), last]
            for offset in range(first, last):
                rules.setdefault(offset, edit.rule)
            at = edit.end
        parts.append(self.text[at:])
        starts += self.starts[at:]
        ends += self.ends[at:]
        return Traced(self.original, "".join(parts), starts, ends, rules, marks)

    def _origin(self, start: int, end: int) -> tuple[int, int]:
        if start == end:
            here = self.starts[start] if start < len(self.starts) else len(self.original)
            return here, here
        return self.starts[start], self.ends[end - 1]

    def place(self, offset: int) -> int:
        """The offset in the present text of the original's `offset`, or of what follows it."""
        return bisect_left(self.ends, offset + 1)

    def repairs(self) -> list[Repair]:
        """What was changed, and what was marked, by offset in the original."""
        return sorted([*self._changes(), *self.marks], key=lambda r: (r.offset, len(r.before)))

    def _changes(self) -> Iterator[Repair]:
        done, i = 0, 0
        while i < len(self.text):
            if self.starts[i] > done:
                yield self._repair(done, self.starts[i], "")
            if self._unchanged(i):
                done, i = self.ends[i], i + 1
                continue
            j = i  # a change runs on while characters changed and nothing was cut between them
            while j + 1 < len(self.text) and self._runs_on(i, j):
                j += 1
            yield self._repair(self.starts[i], self.ends[j], self.text[i : j + 1])
            done, i = self.ends[j], j + 1
        if done < len(self.original):
            yield self._repair(done, len(self.original), "")

    def _unchanged(self, i: int) -> bool:
        start = self.starts[i]
        return self.ends[i] == start + 1 and self.original[start] == self.text[i]

    def _runs_on(self, first: int, i: int) -> bool:
        if self._unchanged(i + 1) or self.starts[i + 1] != self.ends[i]:
            return False
        return self.rules.get(self.starts[first]) == self.rules.get(self.starts[i + 1])

    def _repair(self, start: int, end: int, after: str) -> Repair:
        return Repair(start, self.original[start:end], after, self.rules.get(start, ""))


def apply(text: str, repairs: Iterable[Repair]) -> str:
    """`text` with `repairs`, in order, applied: the same as `Traced.text`."""
    parts, at = [], 0
    for repair in repairs:
        if repair.proven:
            parts += [text[at : repair.offset], repair.after]
            at = repair.offset + len(repair.before)
    return "".join([*parts, text[at:]])
