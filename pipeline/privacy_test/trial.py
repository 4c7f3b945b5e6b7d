"""The whole trial: publish as it is, plant, publish again, read what is public."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.base import progress
from pipeline.base.errors import UnreadableInput
from pipeline.base.words import language, say
from pipeline.privacy_test import aside, planting, spots
from pipeline.privacy_test.aside import Setting
from pipeline.privacy_test.judging import Outcome, judge, read
from pipeline.privacy_test.plants import Plant, plan, rounds


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial has shown.

    `asked`: values that were wanted. `chance`: plants left out because the release has their value
    already. `closed`: files whose kind cannot be written to, so that nothing was planted there.
    """

    outcomes: tuple[Outcome, ...]
    asked: int
    seed: int
    rounds: int
    chance: int
    closed: tuple[str, ...]

    @property
    def leaks(self) -> list[Outcome]:
        """The values that are public."""
        return [each for each in self.outcomes if each.fate == "leaked"]


def run(setting: Setting, values: int, seed: int, keep: Path | None = None) -> Trial:
    """Plant `values` made-up values into copies of the inbox, publish them aside and judge.

    Nothing of the publisher's own is written to. Raises what publishing raises, UnreadableInput
    where no public record has a place for a value, and UsageError where `keep` is in use.
    """
    with aside.workplace(keep) as folder:
        plants, chance, closed = _planned(setting, folder, values, seed)
        if not plants:
            raise UnreadableInput(say("privacy-test-no-place", language(), path=setting.inbox))
        outcomes = list[Outcome]()
        for number, some in enumerate(rounds(plants), 1):
            here = folder / f"round-{number}"
            outcomes += _round(setting, here, some)
            if keep is None:
                shutil.rmtree(here)
    return Trial(tuple(outcomes), values, seed, plants[-1].round, chance, closed)


def _planned(
    setting: Setting, folder: Path, values: int, seed: int
) -> tuple[list[Plant], int, tuple[str, ...]]:
    """(plants, those left out by chance, files that cannot be written to)."""
    progress.step(say("privacy-test-first", language()))
    here = folder / "as-it-is"
    copy = aside.copied(setting.inbox, here / "inbox")
    published = aside.publish(copy, here, setting, downloads=False)
    found = spots.find(published, setting.catalog)
    plants = plan(found, values, seed)
    known = read(published.release, plants).needles
    fresh = [p for p in plants if not any(needle in known for needle in p.value.rare)]
    return fresh, len(plants) - len(fresh), found.closed


def _round(setting: Setting, folder: Path, plants: Sequence[Plant]) -> list[Outcome]:
    copy = aside.copied(setting.inbox, folder / "inbox")
    written = planting.write(plants, copy, setting.catalog)
    published = aside.publish(copy, folder, setting, downloads=True)
    progress.step(say("privacy-test-reading", language()))
    return judge(published, written, setting.catalog)
