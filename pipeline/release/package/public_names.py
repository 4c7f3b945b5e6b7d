"""What files, folders, sheets and headers of the input are called in public.

A name that holds something personal is replaced by a neutral one, everywhere the same:
`文件 2（校验值 3fa29c01）.csv`, with the first digits of the file's hash, so that two differ and the
publisher can tell which file is meant. Findings and feedback keep the real name, so that the
department can act.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import PurePosixPath

from pipeline.base.files import sha256
from pipeline.base.model import Catalog, Finding, Location, Source, found
from pipeline.checks.privacy.known_persons import NOBODY, KnownPersons
from pipeline.checks.privacy.labels import are_personal
from pipeline.checks.privacy.screen import screened
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.opened_table import Opened

#: Gives those of some labels that are personal.
Judge = Callable[[Iterable[str]], frozenset[str]]

FILE, FOLDER, SHEET, COLUMN = "文件", "文件夹", "工作表", "列"


@dataclass(frozen=True, slots=True)
class PublicNames:
    """The names that are replaced. `files`: path → public path; `sheets`: source → public name;
    `headers`: (source, position) → public name. `findings`: one for each, for the publisher.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[tuple[str, int], str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def file(self, path: str) -> str:
        """The public name of the file at `path` in the inbox."""
        return self.files.get(path, path)

    def public_source(self, source: Source) -> Source:
        """`source` as the public sees it."""
        sheet = self.sheets.get(source.source_id, source.sheet)
        return replace(source, path=self.file(source.path), sheet=sheet)

    def header(self, source_id: str, position: int, header: str) -> str:
        """The public name of the header at `position` of a source."""
        return self.headers.get((source_id, position), header)


def of(
    files: Sequence[InboxFile],
    kept: Iterable[InboxFile],
    opened: Sequence[Opened],
    catalog: Catalog,
    listed: KnownPersons = NOBODY,
) -> PublicNames:
    """The public names of all `files` and of the tables in them.

    `listed`: persons that are kept from the public. `kept`: the copies of those that were read, with their hashes.
    """
    judge = partial(_personal, _words_of(catalog), listed)
    hashes = {file.name: file.sha256 for file in kept}
    paths, findings = dict[str, str](), list[Finding]()
    for path, public in _files(files, hashes, judge):
        paths[path] = public
        params = {"public": public}
        findings.append(found("personal-file-name", Location(path), params=params))
    sheets = dict(_sheets(opened, judge))
    headers = dict(_headers(opened, judge))
    for each in opened:
        source, params = each.source, {"sheet": each.source.sheet}
        if public := sheets.get(source.source_id, ""):
            findings.append(
                found("personal-sheet-name", source, params={**params, "public": public})
            )
        for column in each.mapping:
            if public := headers.get((source.source_id, column.position), ""):
                params = {"header": column.header, "public": public}
                row = source.header_row or None
                findings.append(found("personal-header", source, row=row, params=params))
    return PublicNames(paths, sheets, headers, tuple(findings))


def _words_of(catalog: Catalog) -> frozenset[str]:
    """The contract's own names and titles, which are nobody's."""
    words = set[str]()
    for dataset in catalog.datasets.values():
        words.update((dataset.name, dataset.title, dataset.title_en))
        for column in dataset.columns:
            words.update((column.name, column.title, column.title_en, *column.aliases))
    return frozenset(words)


def _neutral(kind: str, number: int, digest: str) -> str:
    """Words stand between the number and the hash, or digits of both could be a telephone's."""
    return f"{kind} {number}（校验值 {digest[:8]}）" if digest else f"{kind} {number}"


def _personal(
    trusted: Collection[str], listed: KnownPersons, labels: Iterable[str]
) -> frozenset[str]:
    """Those of `labels` that are personal: not among the `trusted` words, and perhaps a person's."""
    asked = [label for label in dict.fromkeys(labels) if label and label not in trusted]
    return frozenset(
        label
        for label, personal in zip(asked, are_personal(asked, listed), strict=True)
        if personal
    )


def _files(
    files: Sequence[InboxFile], hashes: Mapping[str, str], judge: Judge
) -> Iterator[tuple[str, str]]:
    """(path, public path) of each file of whose path a part is personal, or the whole.

    What a package calls its publisher is not looked at: it is public in the list of publishers.
    """
    parts = {file.name: file.name.split("/") for file in files}
    own = {file.name: int(bool(file.hint.publisher)) for file in files}
    stems = {part: PurePosixPath(part).stem for some in parts.values() for part in some}
    personal = judge((*stems, *stems.values()))
    personal |= {part for part, stem in stems.items() if stem in personal}
    folders, public = dict[str, str](), dict[str, str]()
    free = (name for n in count(1) if (name := f"{FOLDER} {n}") not in stems)
    number = 0
    for file in files:
        *above, last = parts[file.name]
        shown = []
        for at, folder in enumerate(above):
            place = "/".join(above[: at + 1])
            if at >= own[file.name] and folder in personal:
                if place not in folders:
                    folders[place] = next(free)
                folder = folders[place]
            shown.append(folder)
        if last in personal:
            number += 1
            last = _neutral(FILE, number, _hash(file, hashes)) + _ending(file)
        public[file.name] = "/".join([*shown, last])
    for file in files:
        path, first = public[file.name], own[file.name]
        inside = "/".join(path.split("/")[first:])
        if screened(inside)[0] != inside:  # a number that folder and file only make together
            number += 1
            neutral = _neutral(FILE, number, _hash(file, hashes)) + _ending(file)
            path = "/".join([*parts[file.name][:first], neutral])
        if path != file.name:
            yield file.name, path


def _ending(file: InboxFile) -> str:
    return file.suffix if re.fullmatch(r"\.[a-z]{2,5}", file.suffix) else ""


def _hash(file: InboxFile, hashes: Mapping[str, str]) -> str:
    """The hash of a file; "" where it cannot be read."""
    known = file.sha256 or hashes.get(file.name, "")
    try:
        return known or sha256(file.path)
    except OSError:
        return ""


def _sheets(opened: Sequence[Opened], judge: Judge) -> Iterator[tuple[str, str]]:
    """(source, public name) of each table whose sheet's name is personal; sheets are numbered by
    file, those without a table not counted.
    """
    personal = judge(each.source.sheet for each in opened)
    numbers: dict[str, dict[str, int]] = {}
    for source in (each.source for each in opened):
        known = numbers.setdefault(source.path, {})
        number = known.setdefault(source.sheet, len(known) + 1)
        if source.sheet in personal:
            yield source.source_id, _neutral(SHEET, number, source.sha256)


def _headers(opened: Sequence[Opened], judge: Judge) -> Iterator[tuple[tuple[str, int], str]]:
    """((source, position), public name) of each header that is personal; columns count from 1."""
    personal = judge(column.header for each in opened for column in each.mapping)
    for each in opened:
        for column in each.mapping:
            if column.header in personal:
                key = each.source.source_id, column.position
                yield key, _neutral(COLUMN, column.position + 1, each.source.sha256)
