"""Expectations of the contract that a dataset fails, and what became of it.

A dataset that fails is held back: the public keeps its rows of the release before. Or the operator
accepts it, with a reason (`--accept DATASET --because TEXT`). The manifest lists both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.base.words import Lang, say

HELD_BACK, ACCEPTED = "held_back", "accepted"  # keys of the manifest, left out where none is


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that a dataset fails; `params` fill its message (`expect-…`)."""

    dataset: str
    expectation: str  # quarantined-share, rows, collapse, growth, unread
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> dict[Lang, str]:
        """Why it fails, in both languages."""
        message, params = f"expect-{self.expectation}", self.params
        return {"zh": say(message, "zh", **params), "en": say(message, "en", **params)}


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A dataset that is held back, as the manifest lists it.

    `release` and `day`: those that its public rows come from, "" where there are no rows yet.
    `since`: the day of the first release that holds it back. Days are in ISO 8601.
    """

    dataset: str
    expectation: str
    reason: Mapping[Lang, str]
    since: str
    release: str = ""
    day: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A dataset that is published though it fails, as the manifest lists it.

    `because`: the operator's reason; `day`: when it was accepted, in ISO 8601.
    """

    dataset: str
    expectation: str
    reason: Mapping[Lang, str]
    because: str
    day: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def hold_back(failure: Failure, release: str, before: Mapping[str, Any], today: str) -> HeldBack:
    """The dataset of `failure` held back after `release` ("" for none), whose manifest is `before`.

    Where that release holds it back too, its rows come from an earlier one, as of before.
    """
    given = failure.dataset, failure.expectation, failure.reason
    for earlier in before.get(HELD_BACK, ()):
        if earlier["dataset"] == failure.dataset:
            return HeldBack(*given, earlier["since"], earlier["release"], earlier["day"])
    if not before.get("rows", {}).get(failure.dataset):
        return HeldBack(*given, today)
    return HeldBack(*given, today, release, before["today"])


def accepted_before(failure: Failure, before: Mapping[str, Any]) -> Accepted | None:
    """The acceptance of the same failure in the manifest `before`; None where it has none."""
    for earlier in before.get(ACCEPTED, ()):
        if (earlier["dataset"], earlier["expectation"]) == (failure.dataset, failure.expectation):
            return Accepted(**earlier)
    return None
