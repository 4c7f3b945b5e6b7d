"""A shuffle of keys over many workers: keys are split into buckets by hash, a task per bucket.

Each part of the accepted rows is split once by a worker, into a file with a batch for each bucket;
the task of a bucket reads only its batch of every file. It returns the few rows that may break a
rule; `keys` then checks these rows alone.
"""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.base import sql
from pipeline.base.engine import Engine, Unseen
from pipeline.base.files import naming
from pipeline.base.model import ForeignKey
from pipeline.base.sql import Sql, quoted, read_parquet
from pipeline.checks.results.parquet import Home

ROWS = pa.schema([("key", pa.string()), ("source_id", pa.string()), ("source_row", pa.string())])


@dataclass(frozen=True, slots=True)
class _Keys:
    """A task: split the keys (`fields`) of the Parquet file `source` into buckets in `target`."""

    home: Home
    source: Path
    fields: tuple[str, ...]
    target: Path
    buckets: int
    takes_blanks: bool

    def carried(self) -> _Keys:
        raise Unseen(str(self.source))  # rows are not sent for their keys: the caller has them

    def split(self) -> Path:
        """The Arrow file with a batch for each bucket, without keys with a blank unless `takes_blanks`.

        Raises Unseen where the run's folder is not on this machine.
        """
        if not self.home.is_here():
            raise Unseen(str(self.source))
        # Each field is preceded by its length, so that two different keys never give one text.
        key = ", ".join(f"length({quoted(f)}), ':', {quoted(f)}" for f in self.fields)
        filled = " and ".join(f"{quoted(field)} <> ''" for field in self.fields)
        where = "" if self.takes_blanks else f"where {filled}"
        with sql.scratch() as con:  # it keeps nothing, so that it needs no folder to spill to
            rows = con.sql(
                f"select concat({key}) as key, source_id, source_row, "
                f"cast(hash(concat({key})) % {self.buckets} as int) as bucket "
                f"from {read_parquet([self.source])} {where}"
            ).to_arrow_table()
        with (
            naming(self.target),
            pa.OSFile(str(self.target), "wb") as file,
            pa.ipc.new_file(file, ROWS) as out,
        ):
            for bucket in range(self.buckets):
                here = rows.filter(pc.equal(rows["bucket"], bucket)).drop(["bucket"])
                [batch] = here.cast(ROWS).combine_chunks().to_batches() or [_none()]
                out.write_batch(batch)
        return self.target


@dataclass(frozen=True, slots=True)
class _Bucket:
    """A task: check one bucket of all files, for repeated keys or for keys missing in `others`."""

    home: Home
    number: int
    files: tuple[Path, ...]
    others: tuple[Path, ...] | None  # None: the rule is that no key is repeated

    def carried(self) -> _Bucket:
        raise Unseen(str(self.home.folder))

    def judge(self) -> pa.Table:
        """(source_id, source_row) of the rows that share a key, or whose key is not in `others`.

        Raises Unseen where the run's folder is not on this machine.
        """
        if not self.home.is_here():
            raise Unseen(str(self.home.folder))
        broken = "key in (select key from mine group by key having count(*) > 1)"
        with _database(self.home) as con:
            con.register("mine", _batches(self.files, self.number))
            if self.others is not None:
                con.register("others", _batches(self.others, self.number))
                broken = "key not in (select key from others)"
            found = f"select source_id, source_row from mine where {broken}"
            return con.sql(found).to_arrow_table()


class Among:
    """The rows of a dataset that a rule about keys has to check, as SQL.

    On a cluster whose workers see the run's folder, the rows that a shuffle found; otherwise, and
    for a small dataset, all of its rows. `files`: the Parquet files of each dataset's accepted
    rows, which are the views `all_<dataset>` in `con`.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        engine: Engine,
        home: Home,
        files: Mapping[str, Sequence[Path]],
    ) -> None:
        self._con, self._engine, self._home, self._files = con, engine, home, files
        self._uses_workers, self._count = engine.is_spread, 0

    def sharing(self, dataset: str, fields: Sequence[str], takes_blanks: bool = False) -> Sql:
        """Rows whose `fields` another row has too."""
        return self._rows(
            dataset, lambda s: s.judged(s.split(self._files[dataset], fields, takes_blanks))
        )

    def dangling(self, dataset: str, key: ForeignKey) -> Sql:
        """Rows that point to none of the accepted rows, or to one that was removed since."""
        return self._rows(dataset, lambda s: self._dangling(s, dataset, key))

    def _dangling(self, shuffle: _Shuffle, dataset: str, key: ForeignKey) -> pa.Table:
        mine = shuffle.split(self._files[dataset], key.fields)
        theirs = shuffle.split(self._files[key.dataset], key.reference_fields)
        fields, others = (", ".join(map(quoted, f)) for f in (key.fields, key.reference_fields))
        left = self._con.sql(
            f"select source_id, source_row from {quoted('all_' + dataset)} where ({fields}) in "
            f"(select ({others}) from {quoted('all_' + key.dataset)} "
            f"semi join {quoted('removed_' + key.dataset)} using (source_id, source_row))"
        ).to_arrow_table()
        return pa.concat_tables([shuffle.judged(mine, theirs), left])

    def _rows(self, dataset: str, find: Callable[[_Shuffle], pa.Table]) -> Sql:
        if self._uses_workers and self._is_large(dataset):
            try:
                with _Shuffle(self._engine, self._home) as shuffle:
                    return self._of(dataset, find(shuffle))
            except Unseen:
                self._uses_workers = False
        return quoted(dataset)

    def _is_large(self, dataset: str) -> bool:
        return sum(path.stat().st_size for path in self._files[dataset]) >= self._home.least

    def _of(self, dataset: str, found: pa.Table) -> Sql:
        self._count += 1
        name = quoted(f"among_{self._count}")
        self._con.register("found_keys", found)
        self._con.execute(f"create temp table {name} as select * from found_keys")
        self._con.unregister("found_keys")
        return f"(select * from {quoted(dataset)} semi join {name} using (source_id, source_row))"


class _Shuffle:
    """A folder for the files of one shuffle, removed at its end."""

    def __init__(self, engine: Engine, home: Home) -> None:
        self._engine, self._home = engine, home
        self._folder = home.folder / f"keys-{secrets.token_hex(8)}"
        self._buckets = max(1, engine.partitions)

    def __enter__(self) -> _Shuffle:
        self._folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def split(
        self, files: Iterable[Path], fields: Sequence[str], takes_blanks: bool = False
    ) -> tuple[Path, ...]:
        """Files of batches, one of each of `files`."""
        parts = (
            _Keys(self._home, path, tuple(fields), self._free(), self._buckets, takes_blanks)
            for path in files
        )
        return tuple(self._engine(_Keys.split, parts))

    def _free(self) -> Path:
        return self._folder / f"{secrets.token_hex(8)}.arrow"

    def judged(self, files: tuple[Path, ...], others: tuple[Path, ...] | None = None) -> pa.Table:
        """What all buckets have found."""
        buckets = (_Bucket(self._home, n, files, others) for n in range(self._buckets))
        return pa.concat_tables(self._engine(_Bucket.judge, buckets))


@contextmanager
def _database(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with bounded memory, with its own folder for temporary files in the run's folder.

    Raises OSError (ENOSPC) where there is no room for them.
    """
    try:
        temporary = home.folder / f"spill-{secrets.token_hex(8)}"
        with naming(home.folder), sql.connect(temporary) as con:
            con.execute("set threads = 1")
            yield con
    except duckdb.OutOfMemoryException as error:
        raise OSError(errno.ENOSPC, str(error).splitlines()[0], str(home.folder)) from error


def _batches(files: Iterable[Path], bucket: int) -> pa.Table:
    found = []
    for path in files:
        with pa.memory_map(str(path)) as file:
            found.append(pa.ipc.open_file(file).get_batch(bucket))
    return pa.Table.from_batches(found, ROWS)


def _none() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], ROWS)
