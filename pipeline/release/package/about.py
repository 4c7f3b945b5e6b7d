"""What a release is described by; light to import, since the site needs it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.base.model import Catalog
from pipeline.release.package.expectations import Accepted, HeldBack


@dataclass(frozen=True, slots=True)
class About:
    """What describes a release: the contract, the content of metadata.yml (`words`), its day.

    `sample`: whether its data is a made-up sample. `held_back`, `accepted`: the datasets that fail
    what their contract expects.
    """

    catalog: Catalog
    words: Mapping[str, Any]
    today: date
    sample: bool = False
    held_back: tuple[HeldBack, ...] = ()
    accepted: tuple[Accepted, ...] = ()

    def held(self, dataset: str) -> HeldBack | None:
        """How a dataset is held back; None where it is not."""
        return next((held for held in self.held_back if held.dataset == dataset), None)
