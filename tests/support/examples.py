"""How much a test tries: enough for its promise at every run, more with `--thorough`, less with `--quick`."""

from __future__ import annotations

_thorough, _quick = [False], [False]


def ask(thorough: bool, quick: bool) -> None:
    """Called once, before any test is collected."""
    _thorough[:], _quick[:] = [thorough], [quick]


def examples(usual: int, thorough: int) -> int:
    """`usual`, or `thorough` where the run is one with `--thorough`."""
    return thorough if _thorough[0] else usual


def tries(usual: int) -> int:
    """How many examples a property is tried with: `usual`, or a tenth where the run is a quick one."""
    return max(10, usual // 10) if _quick[0] else usual
