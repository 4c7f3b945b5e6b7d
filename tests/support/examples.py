"""How much a test tries: enough for its promise at every run, more where `--thorough` asks for it."""

from __future__ import annotations

_asked = [False]


def ask(thorough: bool) -> None:
    """Called once, before any test is collected."""
    _asked[:] = [thorough]


def examples(usual: int, thorough: int) -> int:
    """`usual`, or `thorough` where the run is one with `--thorough`."""
    return thorough if _asked[0] else usual
