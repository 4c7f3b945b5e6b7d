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
    others = (n for n in found if all(n.end <= m.start or m.end <= n.start for m in more))
    return sorted([*others, *more], key=lambda n: n.start)


def united(found: Sequence[Name], name: Name) -> list[Name]:
    """`found` with `name`, which takes in whatever it overlaps."""
    over = [n for n in found if n.start < name.end and name.start < n.end]
    start, end = (
        min([name.start, *(n.start for n in over)]),
        max([name.end, *(n.end for n in over)]),
    )
    whole = Name(start, end, name.sure or any(n.sure for n in over))
    return sorted([*(n for n in found if n not in over), whole], key=lambda n: n.start)
