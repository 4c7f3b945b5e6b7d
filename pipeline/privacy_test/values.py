"""What is planted: one made-up value in a sentence, and how it is recognised in public."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.privacy_test.folding import folded

LONGEST_CHANCE = 9  # a run of so many digits may be somewhere in a release by chance
SHORTEST_NAME = 3
#: Kinds whose values are ordinary words, which a release may have elsewhere of right.
WORDS = frozenset(("health", "school", "religion", "victim", "minor", "account-words", "home"))


@dataclass(frozen=True, slots=True)
class Value:
    """One value of `kind`, in `disguise` ("plain": none).

    `text`: the words that are planted, with the value as `shown`. `needles`: folded forms any of
    which gives the value away. A harmless value has none: its whole text has to stay.
    """

    kind: str
    disguise: str
    text: str
    shown: str
    needles: tuple[str, ...] = ()

    @property
    def is_harmless(self) -> bool:
        """Whether the text has to stay as it is."""
        return not self.needles

    @property
    def rare(self) -> tuple[str, ...]:
        """The needles that are in a release only where they are planted."""
        return () if self.kind in WORDS else tuple(filter(_is_rare, self.needles))


def made(kind: str, disguise: str, template: str, shown: str, *tellings: str) -> Value:
    """The value of `template`, whose {} becomes `shown`; each of `tellings` gives it away."""
    needles = dict.fromkeys(map(folded, tellings))
    return Value(kind, disguise, template.replace("{}", shown), shown, tuple(needles))


def _is_rare(needle: str) -> bool:
    if needle.isdigit():
        return len(needle) > LONGEST_CHANCE
    return len(needle) >= SHORTEST_NAME
