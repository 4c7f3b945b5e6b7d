"""Reuse of files of the release before, where they would be written the same.

A recipe is a hash of all input of a file: the hashes of its data, the contract, the program and its
libraries, the day if the file holds it. `PRIVATE/cache/made.json` lists for each recipe the files
that it gave in the last run, with their hashes. A file of the release before that has such a hash
is linked and not written again: the release is the same to the byte. Deleting made.json costs time
and nothing else.
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
class Reuse:
    """The files that can be reused, and those of this run, to be remembered for the next.

    `about`: what all recipes depend on; `memory`: the path of made.json, None to remember nothing;
    `parent`: the folder of the release before, already verified.
    """

    about: tuple[str, ...] = ()
    memory: Path | None = None
    parent: Path | None = None
    _known: dict[str, dict[str, str]] = field(default_factory=dict)
    _recorded: dict[str, list[str]] = field(default_factory=dict)  # recipe → names
    _linked: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.memory and self.parent:
            listed = manifest.read(self.parent).get("files", {})
            hashes = {name: entry["sha256"] for name, entry in listed.items()}
            self._known = {
                recipe: files
                for recipe, files in _read(self.memory).items()
                if files.items() <= hashes.items()
            }

    def recipe(self, kind: str, *made_of: object) -> str:
        """The recipe of files of `kind` made of `made_of`, whose `repr` shows all its content."""
        return hashlib.sha256(repr((self.about, kind, made_of)).encode()).hexdigest()

    def has(self, recipe: str) -> bool:
        """Whether the release before has all files of the recipe."""
        return recipe in self._known

    def link_files(self, recipe: str, folder: Path) -> bool:
        """Link the recipe's files into the release at `folder`.

        Gives False, and links nothing, where they have to be written.
        """
        if not self.parent or recipe not in self._known:
            return False
        for name, digest in self._known[recipe].items():
            link(self.parent / name, folder / name)
            self._linked[name] = digest
        return True

    def record(self, recipe: str, names: Iterable[str]) -> None:
        """Note that the recipe gives the files `names` of the new release."""
        self._recorded[recipe] = sorted(names)

    def verify(self, files: Mapping[str, Mapping[str, object]]) -> None:
        """Check the linked files against `files`, the list of the new release's manifest.

        Raises Unaccounted where one has another hash than in the release before.
        """
        for name, digest in self._linked.items():
            if files[name]["sha256"] != digest:
                raise Unaccounted(f"{name}: is not the file that was made before")

    def save(self, release: Path) -> None:
        """Write what was recorded to made.json, for the run after `release`."""
        if self.memory is None:
            return
        files = manifest.read(release)["files"]
        content = {
            recipe: {n: files[n]["sha256"] for n in names}
            for recipe, names in self._recorded.items()
        }
        aside = self.memory.with_suffix(".new")
        with suppress(OSError):  # a full disk costs the next run time, and is no error of this one
            self.memory.parent.mkdir(exist_ok=True)
            aside.write_text(json.dumps(content, indent=1), "utf-8")
            aside.replace(self.memory)


def _read(memory: Path) -> dict[str, dict[str, str]]:
    """The content of made.json; {} where it is missing or damaged."""
    try:
        content = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict) or not all(isinstance(f, dict) for f in content.values()):
        return {}
    return content
