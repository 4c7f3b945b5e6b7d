"""One release, made in a folder aside; what it is made of is told by `Material`.

`draft` writes the data and says which release that is, so that a run that finds nothing changed ends
there; `finish` makes everything else out of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline import seal, spill, words
from pipeline.catalog import published_columns
from pipeline.checks.parts import made_home
from pipeline.engine import LOCAL, Engine
from pipeline.model import Catalog, Dataset
from pipeline.release import (
    changes,
    database,
    dcat,
    derived,
    downloads,
    gate,
    manifest,
    metadata,
    package,
    part_databases,
    part_files,
    parts,
    working,
)
from pipeline.release.again import Again
from pipeline.release.changes import Change
from pipeline.release.database import Before
from pipeline.release.part_databases import Tables
from pipeline.release.part_files import Places, SomePiece
from pipeline.release.parts import Keys, Layout
from pipeline.seal import Seal, quoted

_WHOLE: Keys = {}
DATABASE = "disclosure.db"


@dataclass(frozen=True, slots=True)
class Material:
    """What a release is made of.

    `accepted`: dataset → query (a bracketed SELECT) of its rows, unsorted, in `con`.
    `seals`: what those rows must add up to. `produced`: the tables that the pipeline fills itself.
    """

    con: duckdb.DuckDBPyConnection
    accepted: Mapping[str, str]
    seals: Mapping[str, Seal]
    produced: Mapping[str, pa.Table]
    inputs: Mapping[str, str]  # file → sha256
    tallies: Mapping[str, Mapping[str, int]]  # dataset → part → rows
    work: Path = field(default_factory=Path)


@dataclass(frozen=True, slots=True)
class Draft:
    """A release whose data stands in `folder` and which is not described, packed or signed yet.

    `content`: a hash over all that was put in, whatever the day; `release`: its id. `hashes`: the data
    files' sha256. `rows`: each dataset's sorted Parquet file, `seals` what is in it, `keys` by what a
    dataset is in parts; of these the files are written at `places`.
    """

    material: Material
    catalog: Catalog
    site_words: Mapping[str, Any]
    folder: Path
    today: date
    sample: bool
    content: str
    release: str
    hashes: dict[str, str]
    rows: Mapping[str, Path]
    seals: Mapping[str, Seal]
    keys: Mapping[str, Keys]
    places: Places

    @property
    def datasets(self) -> list[Dataset]:
        return list(self.catalog.datasets.values())

    @property
    def counts(self) -> dict[str, int]:
        return {name: found.rows for name, found in self.seals.items()}

    def hashes_of(self, dataset: str) -> list[tuple[str, str]]:
        """A dataset's data files, each with its sha256."""
        own = (f"data/{dataset}.csv", f"data/{dataset}/")
        return [each for each in self.hashes.items() if each[0].startswith(own)]


def draft(
    material: Material,
    catalog: Catalog,
    site_words: Mapping[str, Any],
    folder: Path,
    today: date,
    sample: bool,
    engine: Engine = LOCAL,
) -> Draft:
    """Sort the rows and write each dataset's CSV into `folder`, in parts where metadata.yml says so.

    Parts are written by `engine`, which has a folder beside `folder` to work in.

    The id is the day and the first eight digits of a hash over what is published, so that the same
    content has the same id wherever it is made. Raises Unaccounted where a file does not hold just
    the rows it was given.
    """
    datasets = [d for d in catalog.datasets.values() if d.name != changes.TABLE]
    (folder / "data").mkdir()
    homes = made_home(material.work / "sorted"), made_home(folder.with_name("unfinished"))
    places = Places(*homes, folder)
    rows, seals, keys = {}, {}, _keys(material, datasets, parts.layout(site_words))
    for dataset in datasets:
        if not dataset.query:
            here = keys.get(dataset.name, {})
            rows[dataset.name], seals[dataset.name] = _dataset(
                material, dataset, places, here, engine
            )
    material = _with_derived(material, datasets, rows, today)
    for dataset in datasets:
        if dataset.query:
            rows[dataset.name], seals[dataset.name] = _dataset(material, dataset, places)
    hashes = data_hashes(folder)
    content = content_hash(_inputs(material, catalog, site_words, sample), hashes)
    release = f"{today.isoformat()}-{content[:8]}"
    return Draft(
        material, catalog, site_words, folder, today, sample, content, release, hashes, rows, seals,
        keys, places,
    )  # fmt: skip


def _keys(material: Material, datasets: Collection[Dataset], asked: Layout) -> dict[str, Keys]:
    """By what each dataset is in parts; those that are not are left out."""
    accepted = material.accepted
    found = {
        d.name: parts.keys(material.con, accepted[d.name], d, asked, material.seals[d.name].rows)
        for d in datasets
        if d.name in accepted
    }
    return {name: keys for name, keys in found.items() if keys}


def _dataset(
    material: Material,
    dataset: Dataset,
    places: Places,
    keys: Keys = _WHOLE,
    engine: Engine = LOCAL,
) -> tuple[Path, Seal]:
    """One dataset as sorted Parquet and as CSV, both proven to hold what was accepted."""
    con, names = material.con, [c.name for c in published_columns(dataset)]
    if dataset.name in material.accepted:
        source, expected = material.accepted[dataset.name], material.seals[dataset.name]
    else:
        table = material.produced.get(dataset.name)
        if table is None:
            table = pa.table({name: pa.array([], pa.string()) for name in names})
        con.register(f"produced_{dataset.name}", table)
        source, expected = quoted(f"produced_{dataset.name}"), seal.of_table(table, names)
    rows = places.rows.folder / f"{dataset.name}.parquet"
    spill.prepare(con, expected.rows)
    package.sorted_rows(con, source, dataset, rows, keys)
    found = seal.of_query(con, package.parquet_rows(rows), names)
    seal.compare(f"{dataset.name} sorted", expected, found)
    seal.compare(f"{dataset.name}.csv", found, _as_csv(con, dataset, rows, places, keys, engine))
    return rows, found


def _as_csv(
    con: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    rows: Path,
    places: Places,
    keys: Keys,
    engine: Engine,
) -> Seal:
    """A dataset's sorted rows as its CSV, or as one for each part; gives the seal of what was read back."""
    if not keys:
        paths = package.write_data(con, rows, dataset.name, places.release)
        return package.csv_seal(con, paths, dataset)
    items = part_files.pieces(con, dataset, rows, keys, "data/{dataset}/{place}.csv")
    written = part_files.write_csv(engine, places, dataset, items)
    return sum((each.seal for each in written), Seal())


def _with_derived(
    material: Material, datasets: Collection[Dataset], rows: Mapping[str, Path], today: date
) -> Material:
    relations = {name: package.parquet_rows(path) for name, path in rows.items()}
    made = derived.tables(datasets, relations, today, material.work / "spill-derived")
    return replace(material, produced={**material.produced, **made})


_CONTENT = ("code_version", "contract", "words", "sample", "inputs", "tallies")


def _inputs(
    material: Material, catalog: Catalog, site_words: Mapping[str, Any], sample: bool
) -> dict[str, Any]:
    """What goes into a release besides its data, as the manifest says it."""
    said = json.dumps(site_words, sort_keys=True, default=str)
    return {
        "code_version": version("gongshi"),
        "contract": catalog.version,
        "words": hashlib.sha256(said.encode()).hexdigest(),
        "sample": sample,
        "inputs": dict(sorted(material.inputs.items())),
        "tallies": {name: dict(parts) for name, parts in material.tallies.items()},
    }


def data_hashes(release: Path) -> dict[str, str]:
    """The sha256 of every data file of a release, by its name there."""
    return _hashes(release, _files_in(release / "data"))


def _hashes(release: Path, files: Collection[Path]) -> dict[str, str]:
    return {path.relative_to(release).as_posix(): manifest.sha256(path) for path in files}


def content_hash(told: Mapping[str, Any], hashes: Mapping[str, str]) -> str:
    """A hash over everything that goes into a release but the day and the releases before it.

    `told`: what its manifest says; `hashes`: its data's. The public changes do not count: they tell
    of other releases.
    """
    content = {key: told[key] for key in _CONTENT}
    data = {name.removeprefix("data/"): digest for name, digest in hashes.items()}
    content["data"] = {name: each for name, each in data.items() if name != f"{changes.TABLE}.csv"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _files_in(folder: Path) -> list[Path]:
    return sorted((p for p in folder.rglob("*") if p.is_file()), key=Path.as_posix)


# ---------------------------------------------------------------- all that is made of the data


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
    folder, datasets = made.folder, made.datasets
    rows, seals, told = dict(made.rows), dict(made.seals), dict[str, str]()
    if public := made.catalog.datasets.get(changes.TABLE):
        rows[public.name], seals[public.name] = _public_changes(made, history, public)
        told = _hashes(folder, package.data_files(folder, public.name))
    made = replace(made, rows=rows, seals=seals, hashes=made.hashes | told)
    changes.write(folder / "changes.csv", history.release, history.changes)
    descriptor = package.descriptor(
        made.catalog, datasets, folder, made.counts, made.site_words, made.keys, history.release,
        made.today, made.sample,
    )  # fmt: skip
    package.write_json(folder / "datapackage.json", descriptor)
    with ThreadPoolExecutor(1) as beside:
        packing = (
            beside.submit(_downloads, made, history.again, engine)
            if history.with_downloads
            else None
        )
        valid = partial(gate.valid_package, folder, descriptor, datasets)
        if parts.layout(made.site_words).combines(sum(made.counts.values())):
            _database(made, history.again, valid)
        else:
            valid()  # the site needs that database: pipeline.site.folder says so
        _words(made)
        _done(packing)
    seal_release(folder, descriptor, _told(made, history), history.secret)
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
        database.prove(con, path, dataset, made.rows[dataset.name])


def _done(future: Future[None] | None) -> None:
    if future:
        future.result()


def _public_changes(made: Draft, history: History, dataset: Dataset) -> tuple[Path, Seal]:
    told = changes.rows(history.parent, history.release, made.today, history.changes)
    produced = {dataset.name: working.table(dataset, told)}
    material = Material(made.material.con, {}, {}, produced, {}, {}, made.material.work)
    return _dataset(material, dataset, made.places)


def _words(made: Draft) -> None:
    site = metadata.site_metadata(
        made.catalog,
        made.site_words,
        present=[d.name for d in made.datasets],
        today=made.today,
        sample=made.sample,
    )
    package.write_json(made.folder / "metadata.json", site)


def _downloads(made: Draft, again: Again, engine: Engine) -> None:
    folder = made.folder / "downloads"
    folder.mkdir()
    for dataset in made.datasets:
        plain, count = package.data_files(made.folder, dataset.name), made.counts[dataset.name]
        rows, keys = made.rows[dataset.name], made.keys.get(dataset.name, {})
        asked = _not_yet(made, again, dataset, downloads.kinds(keys))
        downloads.make(made.material.con, dataset, rows, plain, folder, count, made.today, asked)
    _parts(made, again, engine)
    downloads.opened(folder, made.datasets, made.counts)


def _not_yet(made: Draft, again: Again, dataset: Dataset, kinds: Collection[str]) -> list[str]:
    """Those of a dataset's downloads that are not taken over from the release before."""
    missing, data = list[str](), made.hashes_of(dataset.name)
    for kind in kinds:
        day = made.today if kind == "xlsx" else None
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
    """Those of `items`, each of a file by its recipe, that are not taken over from the release before."""
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
        "today": made.today.isoformat(),
        "content": made.content,
        "parent": link,
        "chain": [*earlier, *([link] if link else [])],
        "amendments": [],
        **_inputs(made.material, made.catalog, made.site_words, made.sample),
        "rules": {name: rule.version for name, rule in sorted(words.rules().items())},
        "records": {d.name: list(d.primary_key) for d in changes.compared_datasets(made.datasets)},
        "rows": made.counts,
        "changes": changes.counts(history.changes),
    }


def seal_release(
    folder: Path, descriptor: Mapping[str, Any], told: Mapping[str, Any], secret: bytes
) -> None:
    """The package as ZIP, the catalogue, the public key, and the signed manifest over all files."""
    package_files = [folder / "datapackage.json", *_files_in(folder / "data")]
    hashes = {p.relative_to(folder).as_posix(): manifest.sha256(p) for p in package_files}
    if (folder / "downloads").is_dir():
        alone = {key: told[key] for key in ("release", "number", "today")}
        path = folder / "downloads" / f"{descriptor['name']}-{told['release']}.zip"
        downloads.write_package(
            folder, path, hashes, lambda files: manifest.signed_parts({**alone, "files": files}, secret)
        )  # fmt: skip
    (folder / manifest.PUBLIC_KEY).write_bytes(manifest.public_pem(manifest.signing_key(secret)))
    site = json.loads((folder / "metadata.json").read_text("utf-8"))
    files = manifest.hashed(folder, hashes)
    package.write_json(folder / "catalog.jsonld", dcat.catalogue(descriptor, site, files))
    files |= manifest.hashed(folder, {name: told["sha256"] for name, told in files.items()})
    manifest.sign(folder, {**told, "files": dict(sorted(files.items()))}, secret)
