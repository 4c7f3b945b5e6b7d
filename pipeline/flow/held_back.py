"""A run with datasets that are held back: what the public keeps of them, and what others refer to.

The rows that were read of such a dataset are checked as ever, so that its department learns what to
correct. Then the rows that the public keeps take their place.
"""

from __future__ import annotations

from pipeline.base import row_checksums
from pipeline.base.model import Catalog, Dataset, Finding, ForeignKey, Location, found
from pipeline.base.sql import Sql, quoted
from pipeline.base.words import Lang, say
from pipeline.contract.catalog import published_columns
from pipeline.flow.read_inbox import Means, Run
from pipeline.release.package.expectations import HeldBack
from pipeline.release.removal import kept_rows, publication_terms, tombstones
from pipeline.release.removal.kept_rows import Kept


def prepare(run: Run, means: Means, kept: Kept) -> None:
    """Create the views of what the datasets held back keep, and the findings that say so.

    Fills `run.held_back`, and `run.left` with the keys of records that they lose.
    """
    catalog = means.catalog
    removed = tombstones.keys(run.withdrawals)
    if kept.parent:
        lapsed = publication_terms.lapsed(run.con, kept.parent, catalog, means.today)
        removed = {
            name: removed.get(name, set()) | lapsed.get(name, set()) for name in removed | lapsed
        }
    run.held_back = dict(kept.held)
    run.left = kept_rows.create_views(run.con, kept, catalog, removed)
    for held in run.held_back.values():
        run.ledger.finding(_finding(held, catalog.datasets[held.dataset]))
    files = kept_rows.files_of(kept)
    for name, rows in kept.refused.items():
        for row in rows:
            where = Location(*files.get(row.source_id, ("", "")), name)
            run.ledger.finding(
                found(row.rule, where, row=row.row, column=row.column, params=row.params)
            )


def _finding(held: HeldBack, dataset: Dataset) -> Finding:
    params = {
        "dataset": dataset.title,
        "dataset_en": dataset.title_en,
        "why": held.reason["zh"],
        "why_en": held.reason["en"],
        "rows": shown_rows(held, "zh"),
        "rows_en": shown_rows(held, "en"),
        "name": dataset.name,
    }
    return found("dataset-held-back", Location(dataset=dataset.name), params=params)


def shown_rows(held: HeldBack, lang: Lang) -> str:
    """What the public sees of the dataset, as a clause."""
    if not held.day:
        return say("held-back-no-rows", lang)
    return say("held-back-rows", lang, day=held.day, release=held.release)


# ---------------------------------------------------------------- for other datasets


def reference_finding(dataset: Dataset, key: ForeignKey, run: Run, catalog: Catalog) -> Finding:
    """The finding that `key` of `dataset` refers to a dataset that is held back."""
    held, other = run.held_back[key.dataset], catalog.datasets[key.dataset]
    column = dataset.column(key.fields[0])
    params = {
        "title": column.title,
        "title_en": column.title_en,
        "other": other.title,
        "other_en": other.title_en,
        "rows": shown_rows(held, "zh"),
        "rows_en": shown_rows(held, "en"),
    }
    where = Location(dataset=dataset.name)
    return found("reference-held-back", where, column=column.name, params=params)


def known_rows(run: Run, dataset: Dataset) -> Sql:
    """What others may refer to: the rows that the public keeps, and those accepted in this run.

    A record that is in both counts as it was read now.
    """
    names = ", ".join(quoted(c.name) for c in published_columns(dataset))
    kept = kept_rows.named_by_others(dataset.name)
    if not run.ledger.has(dataset.name):
        return kept
    read = (
        f"(select {names} from {quoted('all_' + dataset.name)} "
        f"anti join {quoted('removed_' + dataset.name)} using (source_id, source_row))"
    )
    key = kept_rows.key_of(dataset)
    test = f"{key} not in (select {key} from {read})" if dataset.primary_key else "true"
    return f"(select {names} from {kept} where {test} union all select {names} from {read})"


def show_known(run: Run, catalog: Catalog) -> None:
    """Let the rules of other datasets see the known rows."""
    for name in run.held_back:
        if run.ledger.has(name):
            known = known_rows(run, catalog.datasets[name])
            run.con.execute(f"create or replace view {quoted(name)} as select * from {known}")


def put_in_place(run: Run, catalog: Catalog) -> None:
    """The rows that the public keeps take the place of those that were read and accepted."""
    for name in run.held_back:
        dataset, view = catalog.datasets[name], quoted(name)
        run.con.execute(f"create or replace view {view} as select * from {kept_rows.view_of(name)}")
        names = [c.name for c in published_columns(dataset)]
        run.accepted[name] = view
        run.checksums[name] = row_checksums.of_query(run.con, view, names)
