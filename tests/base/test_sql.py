"""What is put into SQL, a SQLite address or a glob means itself and nothing else, and only base/sql.py does it."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from adbc_driver_sqlite import dbapi
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline.base import sql
from pipeline.base.errors import UsageError
from tests.support.sql_lint import Lint, Offender

PACKAGE = Path(pipeline.__file__).parent
NAMES = ("data[2024]", "o'brien", "hash#1", "q?x", "per%20cent", "*", "**", "a\\b", "a\\[b", "~", ":memory:", "file:x.db?mode=memory", '"', "换\n行")  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)  # fmt: skip

#: Who takes SQL that is not the program's own, and whose it is.
TRUSTING = {
    "pipeline/contract/catalog.py": "the contract's queries",
    "pipeline/release/removal/holdings.py": "the contract's queries, as a release keeps them",
    "pipeline/reports/figures/indicators.py": "the contract's queries",
    "pipeline/site/datasette/facets.py": "a page's conditions, as Datasette makes them of its address",
    "pipeline/site/pages/downloads.py": "a page's query, as Datasette makes it of its address",
    "pipeline/site/pages/pages.py": "a saved query of metadata.yml",
}
#: Whose patterns are a user's own.
PATTERNS = {"pipeline/intake/inbox/sources.py": "`match` of sources.yaml is a path or a glob"}


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = tmp_path / str(request.param)
    made.mkdir()
    return made


# ---------------------------------------------------------------- names and values


@given(TEXTS)
def test_a_quoted_name_is_that_name_to_sqlite_and_to_duckdb(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as lite, duckdb.connect() as duck:
        for con in (lite, duck):
            rows = con.execute(f"select 1 as {sql.quoted(name)}")
            assert [column[0] for column in rows.description or ()] == [name]


@given(TEXTS)
def test_a_literal_is_that_text_to_sqlite_and_to_duckdb(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as lite, duckdb.connect() as duck:
        for con in (lite, duck):
            assert con.execute(f"select {sql.literal(text)}").fetchall() == [(text,)]


# ---------------------------------------------------------------- files


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute(sql.copy(f"(select {sql.literal(text)} as x)", path, "format parquet"))
    return path


def test_duckdb_writes_and_reads_a_file_in_a_folder_of_any_name(folder: Path) -> None:
    path = written(folder / "a.parquet", "here")
    with duckdb.connect() as con:
        assert con.execute(f"select x from {sql.read_parquet([path])}").fetchall() == [("here",)]


def test_duckdb_reads_a_csv_in_a_folder_of_any_name(folder: Path) -> None:
    (folder / "a.csv").write_text("x'y\n1\n", "utf-8")
    rows = sql.read_csv([folder / "a.csv"], ["x'y"], 1 << 20)
    with duckdb.connect() as con:
        assert con.execute(f"select * from {rows}").fetchall() == [("1",)]


@pytest.mark.parametrize(("name", "other"), [("data[2024]", "data2"), ("*", "a"), ("**", "a/b"), ("q?x", "qax"), ("[!a]", "b")])  # fmt: skip
def test_duckdb_reads_no_file_of_another_folder_whose_name_fits(tmp_path: Path, name: str, other: str) -> None:  # fmt: skip
    written(tmp_path / other / "a.parquet", "another")
    path = written(tmp_path / name / "a.parquet", "this")
    with duckdb.connect() as con:
        assert con.execute(f"select x from {sql.read_parquet([path])}").fetchall() == [("this",)]


def test_a_name_that_duckdb_cannot_tell_from_others_is_one_sentence(tmp_path: Path) -> None:
    written(tmp_path / "a" / "b1" / "a.parquet", "another")
    path = written(tmp_path / "a\\b[1]" / "a.parquet", "this")
    with pytest.raises(UsageError) as said:
        sql.read_parquet([path])
    assert str(path) in str(said.value)
    assert len(str(said.value).splitlines()) == 1


def test_rows_of_files_come_in_the_files_order(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{n}.parquet", str(n)) for n in (3, 1, 2)]
    with duckdb.connect() as con:
        rows = con.execute(f"select x from {sql.read_parquet(paths)}").fetchall()
    assert rows == [("3",), ("1",), ("2",)]


def test_sqlite_writes_reads_and_attaches_a_file_in_a_folder_of_any_name(folder: Path) -> None:
    with closing(sql.writing(folder / "a.db")) as con:
        con.execute("create table t as select 'here' as x")
    assert [path.name for path in folder.iterdir()] == ["a.db"]
    with closing(sql.reading(folder / "a.db", immutable=True)) as con:
        assert con.execute("select x from t").fetchall() == [("here",)]
    with closing(sql.writing(folder / "b.db")) as con:
        con.execute("attach ? as other", (sql.address(folder / "a.db", immutable=True),))
        assert con.execute("select x from other.t").fetchall() == [("here",)]


def test_arrow_s_driver_writes_a_database_in_a_folder_of_any_name(folder: Path) -> None:
    address = sql.address(folder / "a.db", "rwc")
    with dbapi.connect(address, autocommit=True) as con, con.cursor() as cursor:
        cursor.execute("create table t as select 'here' as x")
        cursor.fetchall()
    with closing(sql.reading(folder / "a.db")) as con:
        assert con.execute("select x from t").fetchall() == [("here",)]


def test_what_is_opened_to_be_read_cannot_be_written(tmp_path: Path) -> None:
    sql.writing(tmp_path / "a.db").close()
    with closing(sql.reading(tmp_path / "a.db")) as con, pytest.raises(sqlite3.OperationalError, match="readonly"):  # fmt: skip
        con.execute("create table t (x)")


# ---------------------------------------------------------------- nobody else does it


@pytest.fixture(scope="module")
def lint() -> Lint:
    return Lint(PACKAGE, PATTERNS)


def test_no_path_or_name_is_put_into_sql_an_address_or_a_glob_but_by_base_sql(lint: Lint) -> None:
    assert lint.offenders() == []


def test_who_takes_sql_of_others_is_listed_here(lint: Lint) -> None:
    assert lint.trusting() == set(TRUSTING)


def test_the_lint_looks_at_every_module_and_knows_what_it_calls(lint: Lint) -> None:
    names = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*.py")}
    assert {module.file for module in lint.code.modules.values()} == names


PLANTED = {
    "a path in quotes": 'def f(con, path):\n    con.execute(f"select * from \'{path}\'")',
    "a name in brackets": 'def f(con, table: str):\n    con.execute(f"select count(*) from [{table}]")',
    "a value": "def f(con, key: str):\n    con.execute(f\"select 1 from t where k = '{key}'\")",
    "an attribute": "def f(con, dataset):\n    con.execute(f\"select * from {dataset.name}\")",
    "a text put together": 'def f(con, table):\n    con.execute("delete from " + table)',
    "format": 'def f(con, table):\n    con.execute("drop table {}".format(table))',
    "percent": 'def f(con, table):\n    con.execute("drop table %s" % table)',
    "format_map": 'def f(con, table):\n    con.execute("drop table {t}".format_map({"t": table}))',
    "a detour by a variable": 'def f(con, table):\n    query = f"select * from {table}"\n    more = query + " limit 1"\n    con.execute(more)',
    "one of several branches": 'def f(con, table):\n    name = "t" if con else table\n    con.execute(f"select * from {name}")',
    "one of a list": 'def f(con, names: list[str]):\n    con.execute(f"select {\', \'.join(names)} from t")',
    "a loop": 'def f(con, names: list[str]):\n    for name in names:\n        con.execute(f"drop table {name}")',
    "another function": 'def made(table: str) -> str:\n    return table\ndef f(con, table):\n    con.execute(made(table))',
    "a function that says it is Sql": 'def made(table: str) -> Sql:\n    return f"(select * from {table})"',
    "a parameter that says it is Sql": 'def run(con, source: Sql):\n    con.execute(f"select * from {source}")\ndef f(con, path: str):\n    run(con, path)',
    "a field that says it is Sql": 'class Side:\n    rows: Sql\ndef f(path: str):\n    return Side(rows=path)',
    "a lambda": 'def run(make: Callable[[str], bytes]): ...\ndef f(con):\n    run(lambda name: con.execute(f"drop table {name}"))',
    "quoted, and then not": 'def f(con, name: str):\n    con.execute(f"select {quoted(name)} from {name}")',
    "quoted and changed": 'def f(con, name: str):\n    con.execute("select " + quoted(name).strip(\'"\') + " from t")',
    "another quoted": 'def quoted(name: str) -> str:\n    return f"[{name}]"\ndef f(con, name: str):\n    con.execute(f"select {quoted(name)} from t")',
    "executemany": 'def f(con, table):\n    con.executemany(f"insert into {table} values (?)", [])',
    "a relation of DuckDB": 'def f(con, table):\n    return con.sql(f"from {table}")',
    "SQL that is not run here": 'def f(table):\n    return f"create view v as select * from {table}"',
    "a reader of files": 'def f(con):\n    con.execute("select * from read_parquet(\'a.parquet\')")',
    "a writer of files": 'def f(con):\n    con.execute("copy (select 1) to \'a.csv\'")',
    "an address": 'def f(path):\n    return f"file:{path}?mode=ro"',
    "an address put together": 'def f(path):\n    return "file:" + str(path)',
    "a database opened by its path": "import sqlite3\ndef f(path):\n    return sqlite3.connect(path)",
    "a database of DuckDB": "import duckdb\ndef f(path):\n    return duckdb.connect(str(path))",
    "a database opened by Arrow": "from adbc_driver_sqlite import dbapi\ndef f(path):\n    return dbapi.connect(str(path))",
    "an attached database": 'def f(con, path):\n    con.execute(f"attach \'{path}\' as other")',
    "a glob": 'def f(folder, name):\n    return folder.glob(f"{name}.csv")',
    "a glob of all below": 'def f(folder, name):\n    return folder.rglob(name + "/*.csv")',
    "the module glob": 'import glob\ndef f(folder):\n    return glob.glob(f"{folder}/*.csv")',
    "fnmatch": "import fnmatch\ndef f(name, folder):\n    return fnmatch.fnmatch(name, folder)",
}  # fmt: skip
HONEST = {
    "a name": 'def f(con, table: str):\n    con.execute(f"select * from {quoted(table)}")',
    "names": 'def f(con, names: list[str]):\n    con.execute(f"select {\', \'.join(map(quoted, names))} from t")',
    "names one by one": 'def f(con, names: list[str]):\n    cells = ", ".join(f"coalesce({quoted(n)}, \'\')" for n in names)\n    con.execute(f"select {cells} from t")',
    "a value": 'def f(con, key: str):\n    con.execute(f"select 1 from t where k = {literal(key)}")',
    "a number": 'def f(con, names: list[str]):\n    con.execute(f"select {len(names)} from t limit {int(names[0])}")',
    "places": 'def f(con, names: list[str]):\n    con.execute(f"insert into t values ({\', \'.join(\'?\' * len(names))})")',
    "files": 'def f(con, paths: list[Path]):\n    con.execute(f"select * from {read_parquet(paths)}")',
    "a function that gives Sql": 'def made(table: str) -> Sql:\n    return f"(select * from {quoted(table)})"\ndef f(con, table: str):\n    con.execute(f"select 1 from {made(table)}")',
    "a parameter of Sql": 'def run(con, source: Sql):\n    con.execute(f"select * from {source}")\ndef f(con, table: str):\n    run(con, quoted(table))',
    "a database": "import sqlite3\ndef f(path: Path):\n    return sqlite3.connect(address(path), uri=True)",
    "a glob": 'import glob\ndef f(folder, name):\n    return folder.glob(f"{glob.escape(name)}.*")',
    "a sentence": 'def f(name):\n    return f"{name}: from here to there, where it is set"',
}  # fmt: skip


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Path]:
    """A package `pipeline` with our base/sql.py and room for one module more."""
    package = tmp_path / "pipeline"
    (package / "base").mkdir(parents=True)
    (package / "base" / "sql.py").write_text((PACKAGE / "base" / "sql.py").read_text("utf-8"))
    yield package


def offenders(package: Path, code: str) -> list[Offender]:
    head = "from pipeline.base.sql import Sql, address, literal, quoted, read_parquet\n"
    (package / "planted.py").write_text(head + code, "utf-8")
    return Lint(package).offenders()


@pytest.mark.parametrize("code", PLANTED.values(), ids=PLANTED.keys())
def test_the_lint_finds_a_planted_offender(planted: Path, code: str) -> None:
    assert {found.file for found in offenders(planted, code)} == {"pipeline/planted.py"}


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST.keys())
def test_the_lint_lets_pass_what_goes_through_base_sql(planted: Path, code: str) -> None:
    assert offenders(planted, code) == []


class _Unquoted(ast.NodeTransformer):
    """Takes each `quoted(x)` and `literal(x)` out of a module, so that `x` stands alone."""

    count = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = ast.unparse(node.func).removeprefix("sql.")
        is_map = name == "map" and ast.unparse(node.args[0]).removeprefix("sql.") == "quoted"
        if name not in ("quoted", "literal") and not is_map:
            return node
        self.count += 1
        return node.args[-1]


@pytest.mark.slow
def test_without_its_quoting_every_module_that_has_some_is_an_offender(planted: Path) -> None:
    had = set[str]()
    for path in PACKAGE.rglob("*.py"):
        file, tree, without = path.relative_to(PACKAGE), ast.parse(path.read_text("utf-8")), _Unquoted()  # fmt: skip
        if file.as_posix() != "base/sql.py":
            tree = without.visit(tree)
        had |= {f"pipeline/{file.as_posix()}"} if without.count else set()
        (planted / file).parent.mkdir(parents=True, exist_ok=True)
        (planted / file).write_text(ast.unparse(tree), "utf-8")
    found = {offender.file for offender in Lint(planted, PATTERNS).offenders()}
    assert had
    assert had - found == set()
