"""A dataset's YAML drafted from a sample file, and proved on it before it is given out."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from pipeline.base.errors import UnreadableInput
from pipeline.base.model import Catalog, Dataset, Finding
from pipeline.base.words import language, rules, say
from pipeline.contract import catalog as contracts
from pipeline.flow.authoring import columns, draft_yaml, proof, sample
from pipeline.flow.authoring.draft_yaml import Table
from pipeline.flow.authoring.proof import Proof
from pipeline.flow.authoring.sample import Place
from pipeline.intake import read
from pipeline.intake.inbox.sources import InboxFile
from pipeline.intake.table.sources_yaml import Hint
from pipeline.intake.workbook.sheet import Unreadable

TRIES = 4  # drafts: each is plainer than the one before
BAD = 0.1  # of the rows: a guess about a column that holds back more of them is given up
SHOWN = 8  # lines about rows of one kind
_SAMPLE_NAME = re.compile(r"[-_—（(]?(?:示例数据|样表|样例|模板|导出)[)）]?$")


@dataclass(frozen=True, slots=True)
class Draft:
    """The YAML, and what was seen when the sample was read with it: a sentence to a line."""

    yaml: str
    notes: tuple[str, ...]


def draft(path: Path, catalog: Catalog, today: date) -> Draft:
    """The YAML of a dataset that `path` may be a sample of, with which `check` reads it.

    Raises UnreadableInput where there is no file, no table in it, or none that can be read.
    """
    if not path.is_file():
        raise UnreadableInput(say("draft-missing", language(), path=path))
    file = InboxFile(path, path.name, False, Hint())
    try:
        place = sample.find(file)
    except (OSError, Unreadable):
        place = None
    if place is None:
        raise _no_table(file, _why_unread(file, catalog))
    rows = sample.written(file, catalog, place)
    if rows is None:
        anything = sample.skeleton(place.header)
        found = proof.prove(file, catalog, anything, place, today)
        raise _no_table(file, _errors(found, anything) if found else _why_unread(file, catalog))
    return _proved(file, place, rows, catalog, today)


def _no_table(file: InboxFile, why: Iterable[str]) -> UnreadableInput:
    said = " ".join([say("draft-no-table", language(), path=file.path), *why])
    return UnreadableInput(said)


def _why_unread(file: InboxFile, catalog: Catalog) -> Iterator[str]:
    """What `check` says of a file that it cannot read."""
    for each in read.open_file(file, catalog):
        if isinstance(each, Finding) and each.severity == "error":
            yield say(each.rule, language(), **each.params, file=file.name)


def _proved(file: InboxFile, place: Place, rows: pa.Table, catalog: Catalog, today: date) -> Draft:
    """The first draft that reads the sample well; each gives up what the one before could not."""
    plain, keyless, made = set[str](), False, None
    found, why = None, list[str]()
    for _ in range(TRIES):
        table = _table(file, place, rows, catalog, frozenset(plain), today)
        if not table.columns:
            break
        table = replace(table, key=None) if keyless else table
        text = draft_yaml.write(table)
        dataset = _loaded(text, catalog)
        found = proof.prove(file, catalog, dataset, place, today)
        if found is None:
            break
        made, why = (
            Draft(text, tuple(_notes(found, table, dataset, place))),
            [*_errors(found, dataset)],
        )
        weak = {name for name, n in _bad_rows(found).items() if n > BAD * found.read} - plain
        if not weak and not found.doubled:
            break
        plain, keyless = plain | weak, keyless or bool(found.doubled)
    if made is None or not found or not found.accepted:
        raise _no_table(file, why)
    return made


def _bad_rows(found: Proof) -> Counter[str]:
    """Field → how many of its cells hold their rows back."""
    bad = Counter[str]()
    for (_, name), count in found.errors.items():
        bad[name] += count
    del bad[""]
    return bad


def _table(
    file: InboxFile,
    place: Place,
    rows: pa.Table,
    catalog: Catalog,
    plain: frozenset[str],
    today: date,
) -> Table:
    drafted, left_out = columns.of_sample(place.header, rows, catalog, plain, today)
    title = _SAMPLE_NAME.sub("", file.path.stem) or file.path.stem
    used = {form for name in catalog.datasets for form in columns.forms(name)}
    name = columns.slug(title, used)
    key = columns.key_of(drafted)
    return Table(file.name, name, title, drafted, left_out, len(rows), key)


def _loaded(text: str, catalog: Catalog) -> Dataset:
    """The draft as the catalog reads it, beside the code lists of the contract."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / catalog.folder.name
        place.mkdir()
        for name in ("package.yaml", "profile.json"):
            shutil.copy(catalog.folder / name, place / name)
        if (catalog.folder / "codes").is_dir():
            shutil.copytree(catalog.folder / "codes", place / "codes")
        (place / "draft.yaml").write_text(text, "utf-8")
        [dataset] = contracts.read(place).datasets.values()
        return dataset


# ---------------------------------------------------------------- what is said of it


def _errors(found: Proof, dataset: Dataset) -> Iterator[str]:
    """What holds rows back, and how often."""
    lang = language()
    for (rule, name), count in found.errors.most_common(SHOWN):
        title = dataset.column(name).title if name else "–"
        yield say("draft-bad", lang, count=count, title=title, rule=rules()[rule].title[lang])


def _notes(found: Proof, table: Table, dataset: Dataset, place: Place) -> Iterator[str]:
    lang = language()
    counts = {"read": found.read, "accepted": found.accepted, "quarantined": found.quarantined}
    yield say("draft-read", lang, **counts, aside=len(found.aside))
    yield from _errors(found, dataset)
    for each in found.aside[:SHOWN]:
        why = say(f"draft-aside-{each.why}", lang)
        yield say("draft-aside", lang, row=each.row, why=why)
    if len(found.aside) > SHOWN:
        yield say("draft-aside-more", lang, count=len(found.aside) - SHOWN)
    yield from map(draft_yaml.left_out_line, table.left_out)
    if place.others:
        yield say("draft-others", lang, count=place.others, sheet=place.sheet or "–")
    if found.entry is None:
        yield say("draft-no-entry", lang)
    else:
        pairs = (f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in found.entry.items())
        yield say("draft-entry", lang, entry="\n  ".join(pairs))
