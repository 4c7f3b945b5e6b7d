"""What a search for names gives, and how texts with escapes (`&#24352;`, `%E5%BC%A0`) are searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.base.escapes import has_escapes, undo_escapes


@dataclass(frozen=True, slots=True)
class Name:
    """A span of a text that reads as a person's name; not `sure`: a person has to say."""

    start: int
    end: int
    sure: bool


Search = Callable[[Sequence[str]], list[list[Name]]]


def without_escapes(search: Search, texts: Sequence[str]) -> list[list[Name]]:
    """What `search` finds in `texts` once their escapes are undone, by its offsets in them."""
    plain, origins = list(texts), dict[int, list[int]]()
    for at, text in enumerate(texts):
        if has_escapes(text):
            plain[at], origin = undo_escapes(text)
            origins[at] = [*origin, len(text)]
    found = search(plain)
    for at, origin in origins.items():
        found[at] = [Name(origin[n.start], origin[n.end], n.sure) for n in found[at]]
    return found


def apart(found: Sequence[Name], more: Sequence[Name]) -> list[Name]:
    """`more`, and those of `found` that overlap with none of them, in their order."""
    if not more:
        return list(found)
    taken = places(more)
    others = (n for n in found if not any(taken[n.start : n.end]))
    return sorted([*others, *more], key=lambda n: n.start)


def united(found: Sequence[Name], more: Sequence[Name]) -> list[Name]:
    """`found` and `more` in their order, those that overlap as one."""
    joined = list[Name]()
    for name in sorted([*found, *more], key=lambda n: n.start):
        if joined and name.start < joined[-1].end:
            last = joined.pop()
            name = Name(last.start, max(last.end, name.end), last.sure or name.sure)
        joined.append(name)
    return joined


def places(names: Sequence[Name]) -> bytearray:
    """1 at each offset that one of `names` takes; shorter than the text."""
    taken = bytearray(max((n.end for n in names), default=0))
    for name in names:
        taken[name.start : name.end] = b"\1" * (name.end - name.start)
    return taken
