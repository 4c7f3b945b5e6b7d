"""What a release is described by; light to import, since the site needs it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.base.model import Catalog


@dataclass(frozen=True, slots=True)
class About:
    """What describes a release: the contract, the content of metadata.yml (`words`), its day.

    `sample`: whether its data is a made-up sample.
    """

    catalog: Catalog
    words: Mapping[str, Any]
    today: date
    sample: bool = False
