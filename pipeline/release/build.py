"""Everything else of a release, made of its draft: package, database, downloads,
words, manifest.
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
from pipeline.base.files import naming
from pipeline.base.model import Dataset
from pipeline.base.row_checksums import RowChecksum
from pipeline.release.data import draft, part_files
from pipeline.release.data.draft import Draft, Material
from pipeline.release.data.part_files import SomePiece
from pipeline.release.data.reuse import Again
from pipeline.release.database import database, part_databases
from pipeline.release.database.database import Before
from pipeline.release.database.part_databases import Tables
from pipeline.release.database.readback import prove
from pipeline.release.downloads import downloads
from pipeline.release.gate import gate
from pipeline.release.package import changes, dcat, manifest, metadata, package, parts, working
from pipeline.release.package.changes import Change

DATABASE = "disclosure.db"


@dataclass(frozen=True, slots=True)
class History:
    """Where a release stands: what came before it, what it changes, by whose key it is signed.

    `again`: what the release before has already.
    """

    release: str
    parent: Path | None
    number: int
    changes: Collection[Change]
    secret: bytes
    with_downloads: bool = True
    again: Again = field(default_factory=Again)


def finish(made: Draft, history: History, engine: Engine = LOCAL) -> None:
    """Write every other file of the release, those of its parts by `engine`, and sign it.

    Raises GateRefused where frictionless does not find the package valid or a file does not open,
    Unaccounted where the database does not hold the rows.
    """
    folder = made.folder
    rows, checksums, told = dict(made.rows), dict(made.checksums), dict[str, str]()
    if public := made.about.catalog.datasets.get(changes.TABLE):
        rows[public.name], checksums[public.name] = _public_changes(made, history, public)
        told = draft.hashes_of(folder, package.data_files(folder, public.name))
    made = replace(made, rows=rows, checksums=checksums, hashes=made.hashes | told)
    changes.write(folder / "changes.csv", history.release, history.changes)
    release = history.release
    descriptor = package.descriptor(made.about, release, folder, made.counts, made.keys)
    package.write_json(folder / "datapackage.json", descriptor)
    with gate.judging(folder, descriptor) as verdict, ThreadPoolExecutor(1) as beside:
        packing = (
            beside.submit(_downloads, made, history.again, engine)
            if history.with_downloads
            else None
        )
        if parts.layout(made.about.words).combines(sum(made.counts.values())):
            _database(made, history.again, verdict)
        else:
            verdict()  # the site needs that database: pipeline.site.folder says so
        _words(made)
        _done(packing)
    sign_release(folder, descriptor, _told(made, history), history.secret)
    history.again.proven(manifest.read(folder)["files"])


def _database(made: Draft, again: Again, meanwhile: Callable[[], None]) -> None:
    """The database of all tables, proven to hold just the rows.

    What the release before has of it is taken over: all of it, or the tables that are the same.
    """
    con, path, name = made.material.con.cursor(), made.folder / DATABASE, DATABASE
    whole = again.recipe("database", made.hashes)
    tables = {again.recipe("table", d.name, made.hashes_of(d.name)): d.name for d in made.datasets}
    if again.take(whole, made.folder):
        meanwhile()
    else:
        same = frozenset(table for recipe, table in tables.items() if again.has(recipe))
        before = Before(again.parent / name, same) if again.parent and same else None
        database.build(path, made.datasets, made.rows, meanwhile, before=before)
    for recipe in (whole, *tables):
        again.note(recipe, [name])
    for dataset in made.datasets:
        prove(con, path, dataset, made.rows[dataset.name])


def _done(future: Future[None] | None) -> None:
    if future:
        future.result()


def _public_changes(made: Draft, history: History, dataset: Dataset) -> tuple[Path, RowChecksum]:
    told = changes.rows(history.parent, history.release, made.about.today, history.changes)
    produced = {dataset.name: working.table(dataset, told)}
    material = Material(made.material.con, {}, {}, produced, {}, {}, made.material.work)
    return draft.write_dataset(material, dataset, made.places)


def _words(made: Draft) -> None:
    site = metadata.site_metadata(made.about, present=list(made.about.catalog.datasets))
    package.write_json(made.folder / "metadata.json", site)


def _downloads(made: Draft, again: Again, engine: Engine) -> None:
    folder = made.folder / "downloads"
    folder.mkdir()
    for dataset in made.datasets:
        plain, count = package.data_files(made.folder, dataset.name), made.counts[dataset.name]
        rows, keys = made.rows[dataset.name], made.keys.get(dataset.name, {})
        table = downloads.Table(dataset, rows, plain, count, made.about.today)
        asked = _not_yet(made, again, dataset, downloads.kinds(keys))
        downloads.make(made.material.con, table, folder, asked)
    _parts(made, again, engine)
    downloads.opened(folder, made.datasets, made.counts)


def _not_yet(made: Draft, again: Again, dataset: Dataset, kinds: Collection[str]) -> list[str]:
    """Those of a dataset's downloads that are not taken over from the release before."""
    missing, data = list[str](), made.hashes_of(dataset.name)
    for kind in kinds:
        day = made.about.today if kind == "xlsx" else None
        recipe = again.recipe(kind, dataset.name, data, day)
        again.note(recipe, [f"downloads/{dataset.name}.{kind}"])
        missing += [] if again.take(recipe, made.folder) else [kind]
    return missing


def _parts(made: Draft, again: Again, engine: Engine) -> None:
    """The downloads of parts: Parquet, and the databases of years or divisions."""
    con, pattern = made.material.con.cursor(), "downloads/{dataset}/{place}.parquet"
    for dataset in (d for d in made.datasets if d.name in made.keys):
        rows, keys = made.rows[dataset.name], made.keys[dataset.name]
        items = part_files.pieces(con, dataset, rows, keys, pattern)
        data = f"data/{dataset.name}/{{place}}.csv"
        recipes = [
            again.recipe("parquet", dataset.name, made.hashes[data.format(place=item.part.place)])
            for item in items
        ]
        part_files.write_parquet(engine, made.places, dataset, _others(made, again, items, recipes))
    tables = list(part_databases.tables(made.folder, made.keys))
    recipes = [again.recipe("part", _made_of(made, table)) for table in tables]
    part_databases.write(engine, made.places, made.datasets, _others(made, again, tables, recipes))


def _made_of(made: Draft, table: Tables) -> list[tuple[str, list[str]]]:
    return [(name, [made.hashes[f] for f in files]) for name, files in table.files.items()]


def _others(
    made: Draft, again: Again, items: Collection[SomePiece], recipes: Collection[str]
) -> list[SomePiece]:
    """Those of `items`, each of a file by its recipe,
    that are not taken over from the release before.
    """
    for item, recipe in zip(items, recipes, strict=True):
        again.note(recipe, [item.name])
    return [
        i for i, recipe in zip(items, recipes, strict=True) if not again.take(recipe, made.folder)
    ]


def _told(made: Draft, history: History) -> dict[str, Any]:
    """What the manifest says besides the files."""
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
        **draft.told_of(made.material, made.about),
        "rules": {name: rule.version for name, rule in sorted(words.rules().items())},
        "records": {d.name: list(d.primary_key) for d in changes.compared_datasets(made.datasets)},
        "rows": made.counts,
        "changes": changes.counts(history.changes),
    }


def sign_release(
    folder: Path, descriptor: Mapping[str, Any], told: Mapping[str, Any], secret: bytes
) -> None:
    """The package as ZIP, the catalogue, the public key, and the signed manifest over all files."""
    package_files = [folder / "datapackage.json", *draft.files_in(folder / "data")]
    hashes = {p.relative_to(folder).as_posix(): manifest.sha256(p) for p in package_files}
    if (folder / "downloads").is_dir():
        alone = {key: told[key] for key in ("release", "number", "today")}
        path = folder / "downloads" / f"{descriptor['name']}-{told['release']}.zip"

        def proof(files: Mapping[str, Any]) -> Mapping[str, bytes]:
            return manifest.signed_parts({**alone, "files": files}, secret)

        downloads.write_package(folder, path, hashes, proof)
    with naming(folder / manifest.PUBLIC_KEY):
        (folder / manifest.PUBLIC_KEY).write_bytes(
            manifest.public_pem(manifest.signing_key(secret))
        )
    site = json.loads((folder / "metadata.json").read_text("utf-8"))
    files = manifest.hashed(folder, hashes)
    package.write_json(folder / "catalog.jsonld", dcat.catalogue(descriptor, site, files))
    files |= manifest.hashed(folder, {name: told["sha256"] for name, told in files.items()})
    manifest.sign(folder, {**told, "files": dict(sorted(files.items()))}, secret)
