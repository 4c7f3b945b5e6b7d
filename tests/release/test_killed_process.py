"""A process of ours that is killed ends the run with one sentence, and nothing is published."""

from __future__ import annotations

import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.base.errors import StoreError
from pipeline.release.database import database
from pipeline.release.gate import gate
from tests.support.shop import SmallShop, documents

pytestmark = [pytest.mark.usefixtures("every_engine"), pytest.mark.once]


def killed() -> ProcessPoolExecutor:
    die = signal.raise_signal, (signal.SIGKILL,)
    return ProcessPoolExecutor(1, get_context("spawn"), *die)


@pytest.mark.parametrize("step", [gate, database], ids=["gate", "database"])
def test_a_process_that_is_killed_is_one_sentence_and_publishes_nothing(
    step: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "ASIDE_FROM", 1)
    monkeypatch.setattr(step, "one_process", killed)
    shop = SmallShop(tmp_path)
    shop.send(documents(12))
    with pytest.raises(StoreError, match="本程序的一个进程没做完就被结束了") as raised:
        shop.publish()
    assert "pool" not in str(raised.value) and raised.value.exit_code == 5
    assert [*(shop.site / "releases").iterdir()] == [] and not (shop.site / "current").exists()
    monkeypatch.undo()
    shop.publish()
    assert (shop.site / "current").exists()
