"""The files of a release besides its data, made from its draft: package, database, downloads,
site texts, manifest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.base import words
from pipeline.base.engine import LOCAL, Engine
from pipeline.base.files import naming, sha256
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.checks.privacy.known_persons import NOBODY, KnownPersons
from pipeline.release.data import draft, part_files
from pipeline.release.data.draft import Draft, Material
from pipeline.release.data.part_files import SomePiece
from pipeline.release.data.reuse import Reuse
from pipeline.release.database import database, part_databases
from pipeline.release.database.database import Previous
from pipeline.release.database.part_databases import Tables
from pipeline.release.database.readback import verify_rows
from pipeline.release.downloads import downloads
from pipeline.release.gate import gate
from pipeline.release.package import (
    dcat,
    manifest,
    metadata,
    package,
    parts,
    record_changes,
    working,
)
from pipeline.release.package.record_changes import Change

DATABASE = "disclosure.db"


@dataclass(frozen=True, slots=True)
class History:
    """What a release follows: its id, the release before it, and the changes since then.

    `parent`: the folder of the release before, None for the first. `number`: its place in the
    store, from 1. `secret`: the key in PRIVATE, from which the signing key is derived. `reuse`: the
    files of the release before that may be linked. `persons` are masked in keys of earlier changes.
    """

    release: str
    parent: Path | None
    number: int
    changes: Collection[Change]
    secret: bytes
    with_downloads: bool = True
    reuse: Reuse = field(default_factory=Reuse)
    persons: KnownPersons = NOBODY


def finish(made: Draft, history: History, engine: Engine = LOCAL) -> None:
    """Write all files of the release but its data, and sign it.

    `engine` writes the files of parts. Raises GateRefused where frictionless finds the package
    invalid or a download is incomplete, Unaccounted where the database does not hold the rows.
    """
    folder = made.folder
    rows, checksums, hashes = dict(made.rows), dict(made.checksums), dict[str, str]()
    if public := made.about.catalog.datasets.get(record_changes.TABLE):
        rows[public.name], checksums[public.name] = _public_changes(made, history, public)
        hashes = draft.hashes_of(folder, package.data_files(folder, public.name))
    made = replace(made, rows=rows, checksums=checksums, hashes=made.hashes | hashes)
    record_changes.write(folder / "changes.csv", history.release, history.changes)
    release = history.release
    descriptor = package.descriptor(made.about, release, folder, made.counts, made.keys)
    package.write_json(folder / "datapackage.json", descriptor)
    # Frictionless may validate in another process while this one writes downloads and database.
    with gate.frictionless_check(folder, descriptor) as verdict, ThreadPoolExecutor(1) as thread:
        downloading = (
            thread.submit(_downloads, made, history.reuse, engine)
            if history.with_downloads
            else None
        )
        if parts.layout(made.about.words).combines(sum(made.counts.values())):
            _database(made, history.reuse, verdict)
        else:
            verdict()  # without a database there is no site: pipeline.site.datasette.folder says so
        _site_texts(made)
        _done(downloading)
    sign_release(folder, descriptor, _manifest_content(made, history), history.secret)
    history.reuse.verify(manifest.read(folder)["files"])


def _database(made: Draft, reuse: Reuse, meanwhile: Callable[[], None]) -> None:
    """Write the database of all tables, and verify that it holds exactly the rows.

    Where the release before has the same, it is reused: the whole file, or the tables that have not
    changed.
    """
    con, path, name = made.material.con.cursor(), made.folder / DATABASE, DATABASE
    whole = reuse.recipe("database", made.hashes)
    tables = {reuse.recipe("table", d.name, made.hashes_of(d.name)): d.name for d in made.datasets}
    if reuse.link_files(whole, made.folder):
        meanwhile()
    else:
        same = frozenset(table for recipe, table in tables.items() if reuse.has(recipe))
        before = Previous(reuse.parent / name, same) if reuse.parent and same else None
        database.build(path, made.datasets, made.rows, meanwhile, before=before)
    for recipe in (whole, *tables):
        reuse.record(recipe, [name])
    for dataset in made.datasets:
        verify_rows(con, path, dataset, made.rows[dataset.name])


def _done(future: Future[None] | None) -> None:
    """Wait for a thread; raises what it raised."""
    if future:
        future.result()


def _public_changes(made: Draft, history: History, dataset: Dataset) -> tuple[Path, RowChecksum]:
    """Write the public table of changes; gives its Parquet file and checksum."""
    earlier = record_changes.rows(history.parent, history.persons.masked)
    listed = earlier + record_changes.new_rows(history.release, made.about.today, history.changes)
    produced = {dataset.name: working.table(dataset, listed)}
    material = Material(made.material.con, {}, {}, produced, {}, {}, made.material.work)
    return draft.write_dataset(material, dataset, made.places)


def _site_texts(made: Draft) -> None:
    site = metadata.site_metadata(made.about, present=list(made.about.catalog.datasets))
    package.write_json(made.folder / "metadata.json", site)


def _downloads(made: Draft, reuse: Reuse, engine: Engine) -> None:
    folder = made.folder / "downloads"
    folder.mkdir()
    for dataset in made.datasets:
        plain, count = package.data_files(made.folder, dataset.name), made.counts[dataset.name]
        rows, keys = made.rows[dataset.name], made.keys.get(dataset.name, {})
        table = downloads.Table(dataset, rows, plain, count, made.about.today)
        wanted = _not_reused(made, reuse, dataset, downloads.kinds(keys))
        downloads.write(made.material.con, table, folder, wanted)
    _parts(made, reuse, engine)
    downloads.check(folder, made.datasets, made.counts)


def _not_reused(made: Draft, reuse: Reuse, dataset: Dataset, kinds: Collection[str]) -> list[str]:
    """The kinds of a dataset's downloads that are not linked from the release before."""
    missing, data = list[str](), made.hashes_of(dataset.name)
    for kind in kinds:
        # A workbook's properties hold the day, so one of another day is another file.
        day = made.about.today if kind == "xlsx" else None
        recipe = reuse.recipe(kind, dataset.name, data, day)
        reuse.record(recipe, [f"downloads/{dataset.name}.{kind}"])
        missing += [] if reuse.link_files(recipe, made.folder) else [kind]
    return missing


def _parts(made: Draft, reuse: Reuse, engine: Engine) -> None:
    """Write the downloads of parts: Parquet files, and the databases of years or divisions."""
    con, pattern = made.material.con.cursor(), "downloads/{dataset}/{place}.parquet"
    for dataset in (d for d in made.datasets if d.name in made.keys):
        rows, keys = made.rows[dataset.name], made.keys[dataset.name]
        items = part_files.pieces(con, dataset, rows, keys, pattern)
        data = f"data/{dataset.name}/{{place}}.csv"
        recipes = [
            reuse.recipe("parquet", dataset.name, made.hashes[data.format(place=item.part.place)])
            for item in items
        ]
        part_files.write_parquet(
            engine, made.places, dataset, _not_linked(made, reuse, items, recipes)
        )
    tables = list(part_databases.tables(made.folder, made.keys))
    recipes = [reuse.recipe("part", _hashes_of(made, table)) for table in tables]
    part_databases.write(
        engine, made.places, made.datasets, _not_linked(made, reuse, tables, recipes)
    )


def _hashes_of(made: Draft, table: Tables) -> list[tuple[str, list[str]]]:
    return [(name, [made.hashes[f] for f in files]) for name, files in table.files.items()]


def _not_linked(
    made: Draft, reuse: Reuse, items: Collection[SomePiece], recipes: Collection[str]
) -> list[SomePiece]:
    """Link files from the release before; gives those of `items` that are still to be written.

    `recipes`: of the items, in their order.
    """
    for item, recipe in zip(items, recipes, strict=True):
        reuse.record(recipe, [item.name])
    return [
        i
        for i, recipe in zip(items, recipes, strict=True)
        if not reuse.link_files(recipe, made.folder)
    ]


def _manifest_content(made: Draft, history: History) -> dict[str, Any]:
    """The content of the manifest, except its list of files."""
    link = manifest.link(history.parent)
    earlier = manifest.read(history.parent).get("chain", []) if history.parent else []
    return {
        "release": history.release,
        "number": history.number,
        "today": made.about.today.isoformat(),
        "content": made.content,
        "parent": link,
        "chain": [*earlier, *([link] if link else [])],
        "amendments": [],
        **draft.input_facts(made.material, made.about),
        "rules": {name: rule.version for name, rule in sorted(words.rules().items())},
        "records": {
            d.name: list(d.primary_key) for d in record_changes.compared_datasets(made.datasets)
        },
        "rows": made.counts,
        "changes": record_changes.counts(history.changes),
    }


def sign_release(
    folder: Path, descriptor: Mapping[str, Any], content: Mapping[str, Any], secret: bytes
) -> None:
    """Write the package as ZIP, the catalogue, the public key, and the signed manifest.

    `descriptor`: datapackage.json. `content`: the manifest without its list of files. `secret`: the
    key in PRIVATE. The manifest comes last, since it lists all other files.
    """
    package_files = [folder / "datapackage.json", *draft.files_in(folder / "data")]
    hashes = {p.relative_to(folder).as_posix(): sha256(p) for p in package_files}
    if (folder / "downloads").is_dir():
        own = {key: content[key] for key in ("release", "number", "today")}
        path = folder / "downloads" / f"{descriptor['name']}-{content['release']}.zip"

        def signed(files: Mapping[str, Any]) -> Mapping[str, bytes]:
            return manifest.signed_parts({**own, "files": files}, secret)

        downloads.write_package(folder, path, hashes, signed)
    with naming(folder / manifest.PUBLIC_KEY):
        (folder / manifest.PUBLIC_KEY).write_bytes(
            manifest.public_pem(manifest.signing_key(secret))
        )
    site = json.loads((folder / "metadata.json").read_text("utf-8"))
    files = manifest.hashed(folder, hashes)
    package.write_json(folder / "catalog.jsonld", dcat.catalogue(descriptor, site, files))
    files |= manifest.hashed(folder, {name: entry["sha256"] for name, entry in files.items()})
    manifest.sign(folder, {**content, "files": dict(sorted(files.items()))}, secret)
