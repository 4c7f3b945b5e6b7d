"""Which made-up value goes where: the same for the same inbox, number and seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from pipeline.privacy_test import (
    harmless,
    labels,
    personal_facts,
    personal_names,
    personal_numbers,
)
from pipeline.privacy_test.dice import Dice
from pipeline.privacy_test.spots import Spot, Spots
from pipeline.privacy_test.values import Value

MARK = "序号QX"  # before a planted sentence, with four letters: shows whether it was published
_LETTERS = "BCDFGHJKLMNPQRSTVWZ"
_FIGURE = "全年开展专项检查12次"  # of a report, what has a figure is public
_SHARE = 2  # one record in so many of a table is planted in
_TRIES = 5
Kinds = Sequence[Callable[[Dice], Value]]
#: Each third value is harmless; of the personal ones, two in five are numbers and two names.
_PERSONAL: tuple[Kinds, ...] = (
    personal_numbers.KINDS,
    personal_names.KINDS,
    personal_numbers.KINDS,
    personal_names.KINDS,
    personal_facts.KINDS,
)
_IN_CODES = (personal_names.name, personal_numbers.identity, personal_numbers.mobile)
_ONE_LINE = str.maketrans("\r\n", "  ")


@dataclass(frozen=True, slots=True)
class Plant:
    """A value in its spot. `number` counts from 0 over all rounds."""

    number: int
    round: int
    value: Value
    spot: Spot

    @property
    def mark(self) -> str:
        """The mark in front of a planted sentence."""
        letters, left = "", self.number
        for _ in range(4):
            left, at = divmod(left, len(_LETTERS))
            letters += _LETTERS[at]
        return MARK + letters

    @property
    def text(self) -> str:
        """All that the spot holds with the value in it; of names, the label alone."""
        written, said = self.spot.written, f"{self.mark}。{self.value.text}"
        if self.spot.place == "text":
            return f"{written.rstrip('。')}。{said}" if written else said
        if self.spot.place == "code":
            return f"{written}（{self.value.text}）"
        if self.spot.place == "report":
            added = f"，{self.mark}，{self.value.text.rstrip('。')}。"
            is_sentence = self.spot.column == "sentence"
            return written[:-1] + added if is_sentence else f"{written}\n{_FIGURE}{added}"
        return written + self.value.text if self.spot.place == "sheet" else self.value.text


def plan(spots: Spots, count: int, seed: int) -> list[Plant]:
    """`count` plants, in as many rounds as that takes; fewer where there is no room for more."""
    made, used, number = list[Plant](), set[str](), 0
    while len(made) < count:
        this_round = 1 + (made[-1].round if made else 0)
        before = len(made)
        for spot in _order(spots, Dice("spots", seed, this_round)):
            if len(made) == count:
                break
            if plant := _planted(spot, number, seed, used):
                made.append(replace(plant, round=this_round))
            number += 1
        if len(made) == before:
            break
    return [replace(plant, number=at) for at, plant in enumerate(made)]


def rounds(plants: Sequence[Plant]) -> Iterator[list[Plant]]:
    """The plants of each round."""
    for number in sorted({plant.round for plant in plants}):
        yield [plant for plant in plants if plant.round == number]


def _order(spots: Spots, dice: Dice) -> list[Spot]:
    """The spots of one round: one of each chosen record, some names, some sentences."""
    records = dice.shuffled(spots.records)
    chosen = [_of_record(record, dice) for record in records[: -(-len(records) // _SHARE)]]
    files, names = set[str](), list[Spot]()
    for spot in dice.shuffled(spots.labels):
        if spot.file not in files and dice.below(2):  # one new name a file
            files.add(spot.file)
            names.append(spot)
    sentences = dice.shuffled(spots.sentences)
    return _mixed([*chosen, *names, *sentences[: -(-len(sentences) // _SHARE)]])


def _mixed(spots: Iterable[Spot]) -> list[Spot]:
    """One spot of each column, then the next of each: few values reach all columns too."""
    by_column = defaultdict[tuple[str, str, str], list[Spot]](list)
    for spot in spots:
        by_column[spot.place, spot.dataset, spot.column].append(spot)
    return [spot for each in zip_longest(*by_column.values()) for spot in each if spot]


def _of_record(record: Sequence[Spot], dice: Dice) -> Spot:
    """One cell of a record; free text rather than a number."""
    texts = [spot for spot in record if spot.place == "text"]
    return dice.one_of(texts if texts and dice.below(8) else record)


def _planted(spot: Spot, number: int, seed: int, used: set[str]) -> Plant | None:
    """A value that fits into `spot`, and that no other plant has; None where none is found."""
    for again in range(_TRIES):
        value = _value(spot, Dice("value", seed, number, again))
        plant = Plant(number, 0, value, spot)
        if len(plant.text) <= spot.room and used.isdisjoint(value.rare):
            used.update(value.rare)
            return plant
    return None


def _value(spot: Spot, dice: Dice) -> Value:
    is_harmless = dice.below(3) == 0
    if spot.place in ("file", "sheet", "header"):
        return labels.label(dice, is_harmless)
    if is_harmless:
        return dice.one_of(harmless.KINDS)(dice)
    if spot.place == "code":
        return _in_one_line(dice.one_of(_IN_CODES)(dice))
    value = dice.one_of(dice.one_of(_PERSONAL))(dice)
    return _in_one_line(value) if spot.place == "report" else value


def _in_one_line(value: Value) -> Value:
    return replace(value, text=value.text.translate(_ONE_LINE))
