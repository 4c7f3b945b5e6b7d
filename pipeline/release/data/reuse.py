"""What the release before has already of the one that is being made.

A recipe is a hash over all that a file is made of: the data by its hashes, the contract, the
program and its libraries, the day where it stands in the file. `PRIVATE/cache/made.json` says what
the files were that came of each recipe when they were made last. A file of the release before that
has the hash of such a one is linked and not made again: the release is the same to the byte.
Deleting made.json costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.base.errors import Unaccounted
from pipeline.base.files import link
from pipeline.release.package import manifest

Files = Mapping[str, str]  # a file's name in the release → its sha256


@dataclass(slots=True)
class Again:
    """`about`: what all recipes depend on; `memory`: the file; `parent`: the release before,
    proven whole.
    """

    about: tuple[str, ...] = ()
    memory: Path | None = None
    parent: Path | None = None
    _known: dict[str, dict[str, str]] = field(default_factory=dict)
    _made: dict[str, list[str]] = field(default_factory=dict)  # recipe → names
    _taken: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.memory and self.parent:
            told = manifest.read(self.parent).get("files", {})
            there = {name: each["sha256"] for name, each in told.items()}
            self._known = {
                recipe: files
                for recipe, files in _read(self.memory).items()
                if files.items() <= there.items()
            }

    def recipe(self, kind: str, *made_of: object) -> str:
        """The name of what is made of `made_of`, whose `repr` says all of it."""
        return hashlib.sha256(repr((self.about, kind, made_of)).encode()).hexdigest()

    def has(self, recipe: str) -> bool:
        """Whether the release before has just what the recipe gives."""
        return recipe in self._known

    def take(self, recipe: str, folder: Path) -> bool:
        """Link the recipe's files into the release at `folder`.

        False where they have to be made.
        """
        if not self.parent or recipe not in self._known:
            return False
        for name, digest in self._known[recipe].items():
            link(self.parent / name, folder / name)
            self._taken[name] = digest
        return True

    def note(self, recipe: str, names: Iterable[str]) -> None:
        """The release's files `names` are what the recipe gives."""
        self._made[recipe] = sorted(names)

    def proven(self, files: Mapping[str, Mapping[str, object]]) -> None:
        """Raises Unaccounted where a linked file has not the hash in `files`,
        which the manifest lists.
        """
        for name, digest in self._taken.items():
            if files[name]["sha256"] != digest:
                raise Unaccounted(f"{name}: is not the file that was made before")

    def keep(self, release: Path) -> None:
        """Remember what was noted, for the run after `release`."""
        if self.memory is None:
            return
        files = manifest.read(release)["files"]
        told = {
            recipe: {n: files[n]["sha256"] for n in names} for recipe, names in self._made.items()
        }
        aside = self.memory.with_suffix(".new")
        with suppress(OSError):  # to remember is no reason to stop
            self.memory.parent.mkdir(exist_ok=True)
            aside.write_text(json.dumps(told, indent=1), "utf-8")
            aside.replace(self.memory)


def _read(memory: Path) -> dict[str, dict[str, str]]:
    """What is remembered; nothing where the file is not as we write it."""
    try:
        told = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(told, dict) and all(isinstance(files, dict) for files in told.values())
    return told if whole else {}
