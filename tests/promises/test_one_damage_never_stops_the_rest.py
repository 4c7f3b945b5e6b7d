"""Whatever one cell, line, file or name is like: the run ends with 0, all other records are public,
and the damaged one is public right or told.

Many files of one inbox are damaged at a time, each once; of a dataset no more than a fifth of its rows.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import good_inbox
from tests.support.examples import examples
from tests.support.fixtures.command import Command, Done
from tests.support.fixtures.engines import on_threads
from tests.support.fixtures.releases import TODAY, MakeOnce, Published
from tests.support.good_inbox import Part
from tests.support.one_damage import draw, put, report
from tests.support.right_or_told import Judge, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.once]


@dataclass(frozen=True)
class Good:
    """An inbox in good order, and what came of it."""

    inbox: Path
    key: Path
    parts: list[Part]
    judge: Judge


@pytest.fixture(scope="session")
def good(published: Published, made_once: MakeOnce, gongshi: Command) -> Good:
    """The inbox that is damaged, published once without a damage."""
    parts = good_inbox.parts(published.current / "data")

    def make(folder: Path) -> None:
        good_inbox.write(folder / "inbox", parts)
        with on_threads():
            done = _publish(gongshi, folder / "inbox", folder, published.private / "key")
        assert done.returncode == 0, done.stdout + done.stderr

    folder = made_once("good", make)
    before = Outcome(folder / "site", folder / "private")
    return Good(folder / "inbox", published.private / "key", parts, Judge(before, parts))


def _publish(gongshi: Command, inbox: Path, folder: Path, key: Path) -> Done:
    (folder / "private").mkdir(parents=True, exist_ok=True)
    shutil.copy(key, folder / "private" / "key")
    return gongshi("publish", inbox, "--site", folder / "site", "--private", folder / "private", "--today", TODAY, "--no-downloads")  # fmt: skip


#: What is damaged together, and how often: by default, and with --thorough.
ROUNDS = {"cell": (1, 20), "cell,JSON value,workbook value,title": (1, 12), "line": (1, 12), "bytes,file": (1, 20), "name,suffix": (1, 8)}  # fmt: skip
SEED = 19


@pytest.mark.parametrize("kinds", ROUNDS)
def test_the_run_ends_with_0_all_else_is_public_and_the_damaged_is_right_or_told(
    every_engine: int, good: Good, gongshi: Command, tmp_path: Path, kinds: str
) -> None:
    rng = random.Random(f"{SEED} {kinds}")
    for number in range(examples(*ROUNDS[kinds])):
        folder = tmp_path / str(number)
        shutil.copytree(good.inbox, folder / "inbox")
        damages = draw(good.parts, rng, kinds.split(","), folder / "as it was")
        put(damages, folder / "inbox")
        hit, other = rng.sample(good_inbox.REPORTS, 2)
        also = report(folder / "inbox" / hit, rng)
        done = _publish(gongshi, folder / "inbox", folder, good.key)
        said = "\n".join([also, *(damage.told for damage in damages)])
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{said}"
        assert "Traceback" not in done.stdout + done.stderr
        outcome = Outcome(folder / "site", folder / "private")
        assert list(good.judge.wrong(outcome, damages)) == []
        assert outcome.figures_of(other) == good.judge.before.figures_of(other), also
        shutil.rmtree(folder)
