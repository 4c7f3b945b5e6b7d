"""What a command loads before it does anything: a list of libraries that it can do without, each with why.

Which modules are loaded is the same on every machine; how long that takes is measured by `make bench`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shop import ROOT, TODAY, Shop, penalties

COMMAND = """
import sys
sys.argv[0] = "gongshi"
from pipeline.cli import main
try:
    main()
except SystemExit as ended:
    assert ended.code in (None, 0, 1), ended.code
finally:
    sys.stderr.write("loaded:" + " ".join(sys.modules))
"""

pytestmark = pytest.mark.slow  # each set of modules is that of a process

#: Loaded by no command that only says what can be asked for.
ONLY_AT_WORK = {
    "duckdb": "there are no rows",
    "numpy": "there are no rows",
    "pyarrow": "there are no rows",
    "rich": "help is plain text",
    "rich.console": "help is plain text",
    "yaml": "nothing that is written in YAML is told",
    "pipeline.run": "no verb is called",
    "pipeline.contract.catalog": "no verb is called",
    "pipeline.checks.rules": "no verb is called",
}
#: Loaded by no check of a text file in which there is nothing to mend, nor by any help.
NOT_FOR_A_CHECK = {
    "pandas": "it makes tables about the pipeline itself, for a release",
    "numpy.ma": "no array is masked",
    "numpy.random": "nothing is drawn",
    "pydantic": "text, paths and whole numbers need no validator",
    "frictionless": "it judges a release, and values that are rarely written",
    "xlsxwriter": "it writes workbooks",
    "python_calamine": "it reads workbooks",
    "lxml": "it reads workbooks and pages",
    "yaml": "the contract and the messages were parsed by the command before",
    "jsonschema": "the contract was found right by the command before",
    "multiprocessing": "no other process works",
    "http.client": "everything is on this machine",
    "fsspec": "everything is on this machine",
    "cryptography": "nothing is signed or proven",
    "adbc_driver_sqlite": "no database is made",
    "dask": "threads do the work",
    "distributed": "threads do the work",
    "datasette": "no page is served",
    "uvicorn": "no page is served",
    "httpx": "no page is served",
    "pypdf": "no report is read",
    "pypinyin": "nothing is drafted, no damaged text is mended",
    "pipeline.release.build": "no release is made",
    "pipeline.release.gate.gate": "no release is made",
    "pipeline.publishers.union": "no other publisher's package is listed",
    "pipeline.reports.read": "no report is read",
    "pipeline.flow.held_back": "no dataset is held back",
    "pipeline.checks.feedback.book": "no department has anything to mend",
}
#: Loaded by no worker that serves the site.
NOT_FOR_THE_SITE = {
    "pandas": "it serves what was made",
    "pyarrow": "it serves what was made",
    "duckdb": "it asks SQLite",
    "frictionless": "the gate has judged before",
    "xlsxwriter": "only a visitor who asks for a workbook needs it",
    "jsonschema": "no contract is read",
    "cryptography": "nothing is signed or proven",
    "dask": "Datasette's units of measure would load its arrays",
    "lxml": "nothing is read but the release",
    "opencc": "a search is folded by a table of its own",
    "stdnum": "no number is judged",
    "pipeline.run": "nothing is published",
    "pipeline.checks": "nothing is checked",
    "pipeline.intake": "nothing is read but the release",
}

#: Names the modules of the pipeline that call `re.compile` while they are imported.
EAGER = """
import re, sys
compile, eager = re.compile, set()
def seen(*asked, **named):
    frame = sys._getframe(1)
    while frame.f_code.co_name == "<listcomp>":
        frame = frame.f_back
    if frame.f_code.co_name == "<module>" and frame.f_globals["__name__"].startswith("pipeline."):
        eager.add(frame.f_globals["__name__"])
    return compile(*asked, **named)
re.compile = seen
import pipeline.cli, pipeline.flow.check, pipeline.flow.summary
sys.stderr.write("loaded:" + " ".join(eager))
"""


def loaded(folder: Path, code: str, *arguments: object) -> set[str]:
    """The names of all modules that a process has loaded when it has run `code`."""
    cache = folder.with_name(f"{folder.name}-cache")
    cache.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder,
        # A cache of its own: other tests read many contracts meanwhile, which push this one out.
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
    )
    said, mark, names = done.stderr.rpartition("loaded:")
    assert done.returncode == 0 and mark, said + done.stdout
    return set(names.split())


@pytest.fixture(scope="module")
def helped(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return loaded(tmp_path_factory.mktemp("help"), COMMAND, "--help")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("startup"))
    made.send(penalties(10), "甲局-示例数据.csv")
    return made


@pytest.fixture(scope="module")
def checked(shop: Shop) -> set[str]:
    """Of the second check; the first one may be the first to read this contract."""
    check = ("check", shop.inbox, "--private", shop.private, "--today", TODAY)
    loaded(shop.inbox, COMMAND, *check)
    return loaded(shop.inbox, COMMAND, *check)


def test_the_command_is_imported_without_what_its_verbs_work_with(tmp_path: Path) -> None:
    names = loaded(tmp_path, "import pipeline.cli, sys; sys.stderr.write('loaded:' + ' '.join(sys.modules))")  # fmt: skip
    assert not names & {*ONLY_AT_WORK, *NOT_FOR_A_CHECK}


@pytest.mark.parametrize("name", sorted({*ONLY_AT_WORK, *NOT_FOR_A_CHECK}))
def test_help_is_told_without(helped: set[str], name: str) -> None:
    assert name not in helped, {**NOT_FOR_A_CHECK, **ONLY_AT_WORK}[name]


@pytest.mark.parametrize("name", sorted(NOT_FOR_A_CHECK))
def test_a_file_is_checked_without(checked: set[str], name: str) -> None:
    assert name not in checked, NOT_FOR_A_CHECK[name]


def test_no_module_of_a_check_compiles_patterns_that_it_may_not_need(tmp_path: Path) -> None:
    eager = loaded(tmp_path, EAGER)
    assert eager == set(), "let them use pipeline.base.patterns.lazy"


def test_what_a_check_works_with_is_seen_to_be_loaded(checked: set[str]) -> None:
    assert {"pyarrow", "duckdb", "pipeline.flow.check", "pipeline.checks.rules"} <= checked


def test_workbooks_are_written_only_where_a_department_has_something_to_mend(
    shop: Shop, tmp_path: Path
) -> None:
    late = ("--today", "2040-01-01")  # all terms are over
    names = loaded(tmp_path, COMMAND, "check", shop.inbox, "--private", tmp_path / "private", *late)
    assert {"xlsxwriter", "pipeline.checks.feedback.book"} <= names


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    code = "import pipeline.site.server.app, uvicorn, sys; sys.stderr.write('loaded:' + ' '.join(sys.modules))"  # fmt: skip
    return loaded(tmp_path_factory.mktemp("site"), code)


@pytest.mark.parametrize("name", sorted(NOT_FOR_THE_SITE))
def test_the_site_is_served_without(worker: set[str], name: str) -> None:
    assert name not in worker, NOT_FOR_THE_SITE[name]


def test_what_the_site_is_served_with_is_seen_to_be_loaded(worker: set[str]) -> None:
    assert {"datasette.app", "uvicorn", "pipeline.site.server.plugin"} <= worker
