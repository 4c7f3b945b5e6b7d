"""The command `gongshi`: each verb calls one function and prints its result.

A verb imports what it needs when it is called: every command pays for the imports up here.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.base import addresses, progress, typer_values
from pipeline.base.errors import (
    GateRefused,
    GongshiError,
    StoreError,
    UnreadableInput,
    UsageError,
)
from pipeline.base.words import Lang as Language
from pipeline.base.words import language, say
from pipeline.site.server.deadlines import WORKER_START_S

if TYPE_CHECKING:
    from pipeline.base.engine import Engine as Spread
    from pipeline.base.model import Catalog
    from pipeline.flow.read_inbox import Run

# Help without frames: Rich takes as long to load as everything else that `--help` needs.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
HOME = Path(__file__).parent.parent
FOLLOW_EVERY_S = 10.0  # how often an address is checked for a new release

Inbox = Annotated[str, typer.Argument(help="收件箱，或网址 / the inbox, or its address")]
Site = Annotated[str, typer.Option(help="公开文件夹，或网址 / the public folder, or its address")]
SiteFolder = Annotated[str, typer.Option("--site", help="公开文件夹 / the public folder")]


def _whole(given: Path | None) -> Path | None:
    """A path made absolute, once: nothing depends on the working directory after this."""
    return None if given is None else addresses.path(given)


# Whether it can be read is checked, with a message, where it is opened.
Private = Annotated[
    Path, typer.Option(help="私有文件夹 / the private folder", callback=_whole, readable=False)
]
Contract = Annotated[
    Path, typer.Option(help="数据集合同 / the datasets' contract", callback=_whole)
]
# For the doctor, which reports itself what cannot be read.
AnyPrivate = Annotated[Path, typer.Option(help="私有文件夹 / the private folder", readable=False)]
AnyContract = Annotated[
    Path, typer.Option(readable=False, help="数据集合同 / the datasets' contract")
]
Lang = Annotated[str, typer.Option(help="zh, en")]
Engine = Annotated[str, typer.Option(help="local, dask")]
Scheduler = Annotated[str, typer.Option(help="tcp://…:8786; 默认本机 / default: this machine")]
Partitions = Annotated[int, typer.Option(help="每张表切成几块 / pieces of a table; 默认看集群 / default: as the cluster")]  # fmt: skip
Today = Annotated[str, typer.Option(help="2025-03-31; 默认今天 / default: this day")]


def main() -> None:
    """The entry point: errors meant for the operator become one sentence and an exit code."""
    atexit.register(gc.disable)  # a process that ends needs no garbage collection
    try:
        typer_values.command(app)(standalone_mode=True)
    except GongshiError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)


@app.command()
def check(
    inbox: Inbox,
    private: Private = Path("private"),
    format: Annotated[str, typer.Option(help="text, json")] = "text",  # noqa: A002
    today: Today = "",
    engine: Engine = "local",
    scheduler: Scheduler = "",
    partitions: Partitions = 0,
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """读取并检查，写出问题清单和反馈表，不公开任何内容。/ Read and check; publish nothing."""
    _speak(lang)
    _check_format(format, "text", "json")
    with _loading():
        from pipeline.flow import check as checking

        loaded = _catalog(contract)
    with (
        progress.shown(),
        _engine(engine, scheduler, partitions) as spread,
        _inbox(inbox, private) as folder,
    ):
        run = checking.check(folder, private, loaded, _day(today), spread)
    errors = _closing(run, loaded, private, format == "json")
    raise typer.Exit(1 if errors else 0)


@app.command()
def publish(
    inbox: Inbox,
    site: Site,
    private: Private,
    today: Today = "",
    allow_removals: Annotated[
        bool,
        typer.Option("--allow-removals", help="允许无故移出记录 / let records go without a cause"),
    ] = False,
    allow_growth: Annotated[
        bool, typer.Option("--allow-growth", help="允许数量翻倍 / let a dataset more than double")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATASET",
            help="不符预期也发布的数据集 / a dataset to publish though it fails its expectations",
        ),
    ] = None,
    because: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="为何接受，将公开 / why; for each, will be public"),
    ] = None,
    downloads: Annotated[bool, typer.Option(help="生成下载文件 / make the downloads")] = True,
    engine: Engine = "local",
    scheduler: Scheduler = "",
    partitions: Partitions = 0,
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """读取、检查、生成新版本，通过全部关口后切换。/ The whole way, from inbox to site."""
    _speak(lang)
    with _loading():
        from pipeline import run as whole_way

        words = _site_words(contract)
        loaded = _catalog(contract)
    accepted = _accepted(accept or [], because or [], loaded)
    allowed = whole_way.Allowed(allow_removals, allow_growth, downloads, accepted)
    try:
        with (
            progress.shown(),
            _engine(engine, scheduler, partitions) as spread,
            _inbox(inbox, private) as folder,
            _store(site, private) as here,
        ):
            job = whole_way.Job(folder, here, private, loaded, words, _day(today), allowed, spread)
            release, new, run = whole_way.publish(job)
    except GateRefused as error:
        if error.run:
            _closing(error.run, loaded, private)
        raise
    _closing(run, loaded, private)
    typer.echo(
        say(
            "published" if new else "unchanged",
            language(),
            release=release,
            site=f"{addresses.shown(site)}/current",
        )
    )


def _accepted(datasets: list[str], reasons: list[str], catalog: Catalog) -> dict[str, str]:
    """Dataset → why it is accepted. UsageError where a reason is missing or a name is not known."""
    known = [name for name, dataset in catalog.datasets.items() if not dataset.produced]
    for name in datasets:
        if name not in known:
            listed = ", ".join(known)
            raise UsageError(say("accept-unknown", language(), dataset=name, known=listed))
    written = [reason.strip() for reason in reasons]
    if len(datasets) != len(written) or not all(written) or len({*datasets}) != len(datasets):
        raise UsageError(say("accept-reason", language()))
    return dict(zip(datasets, written, strict=True))


@app.command()
def serve(
    site: Site,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 8001,
    workers: Annotated[int, typer.Option()] = 2,
    start_timeout: Annotated[
        int,
        typer.Option(min=1, help="工作进程启动最多几秒 / seconds that a worker may take to start"),
    ] = WORKER_START_S,
    copy: Annotated[
        Path,
        typer.Option(help="网址的本机副本 / where to keep what an address has", callback=_whole),
    ] = Path("site-copy"),
    lang: Lang = "",
) -> None:
    """提供公开网站；版本切换时不必重启。/ The public site; follows a switch without a restart."""
    _speak(lang)
    from pipeline.site.server.serve import serve as serve_site

    folder = addresses.plain(site) or copy
    if folder is copy:
        from pipeline.release.store import mirror

        mirror.pull(site, copy)
        threading.Thread(target=_follow, args=(site, copy), daemon=True).start()
    serve_site(folder, host, port, workers, start_timeout)


def _follow(address: str, copy: Path) -> None:
    """Pull repeatedly; an error is printed, and the next pull tries again."""
    from pipeline.release.store import mirror

    while True:
        time.sleep(FOLLOW_EVERY_S)
        try:
            mirror.pull(address, copy)
        except GongshiError as error:
            typer.echo(str(error), err=True)


@app.command()
def template(
    dataset: Annotated[str, typer.Argument(help="数据集 / the dataset")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="要写的 .xlsx / the file to write", callback=_whole),
    ],
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """给单位填报用的空白表：下拉列表、填写说明、示例。/ A blank workbook for a department."""
    _speak(lang)
    from pipeline.intake.authoring import template as blank

    wanted: Language = "en" if lang.startswith("en") else "zh"  # departments read Chinese
    made = blank.write(dataset, _catalog(contract), output, wanted)
    typer.echo(say("template-written", language(), title=made.title, path=output))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="样表 / a sample file", callback=_whole)],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="要写的 .yaml / the file to write", callback=_whole),
    ] = None,
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """从一份样表起草数据集的 YAML，凡是猜测都有注明。/ Draft a dataset's YAML from a sample file."""
    _speak(lang)
    from pipeline.flow.authoring import new_dataset

    drafted = new_dataset.draft(file, _catalog(contract), date.today())
    if output is None:
        sys.stdout.write(drafted.yaml)
        typer.echo("\n".join(drafted.notes), err=True)
        return
    try:
        with output.open("x", encoding="utf-8") as made:
            made.write(drafted.yaml)
    except FileExistsError as error:
        raise UsageError(say("draft-exists", language(), path=output)) from error
    except OSError as error:
        why = error.strerror
        raise UsageError(say("template-cannot-write", language(), path=output, why=why)) from error
    typer.echo(say("draft-written", language(), path=output))
    typer.echo("\n".join(drafted.notes))


@app.command()
def report(
    file: Annotated[Path, typer.Argument(help="年度报告 / a yearly report", callback=_whole)],
    format: Annotated[str, typer.Option(help="text, json, csv")] = "text",  # noqa: A002
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """读一份年度报告：修复后的文字，或其中的数字。/ A yearly report: its text, or its figures."""
    _speak(lang)
    _check_format(format, "text", "json", "csv")
    if not file.is_file():
        raise UnreadableInput(say("report-missing", language(), path=file))
    from pipeline.flow import yearly_reports

    read = yearly_reports.read_file(file, _catalog(contract))
    for finding in read.findings:
        typer.echo(say(finding.rule, language(), **finding.params, file=file.name), err=True)
    if not read.text:
        raise typer.Exit(UnreadableInput.exit_code)
    sys.stdout.write(yearly_reports.shown(read, format))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="RELEASE_A")],
    after: Annotated[str, typer.Argument(metavar="RELEASE_B")],
    site: SiteFolder = "site",
    format: Annotated[str, typer.Option(help="text, markdown, json")] = "text",  # noqa: A002
    limit: Annotated[int, typer.Option(help="最多列出几条 / list so many")] = 50,
    lang: Lang = "",
) -> None:
    """两个版本之间新增、更正、移出、撤回了什么。/ What differs between two releases."""
    _speak(lang)
    from pipeline.release.store import diff_report

    if format not in diff_report.FORMATS:
        known = ", ".join(diff_report.FORMATS)
        raise UsageError(say("bad-format", language(), value=format, known=known))
    typer.echo(diff_report.report(addresses.folder(site), before, after, format, limit), nl=False)


@app.command(name="withdraw")
def withdraw_record(
    dataset: Annotated[str, typer.Argument(help="数据集 / the dataset")],
    key: Annotated[
        list[str], typer.Argument(metavar="KEY...", help="记录编号或文号 / its key or number")
    ],
    reason: Annotated[str, typer.Option(help="撤回理由，将公开 / why; will be public")],
    basis: Annotated[str, typer.Option(help="法律依据，将公开 / by which law; will be public")],
    site: Site,
    private: Private,
    ordered: Annotated[str, typer.Option(help="决定撤回之日 / day of the order")] = "",
    today: Today = "",
    lang: Lang = "",
) -> None:
    """撤回一条记录：从网站、各现存版本和全部下载文件中删除。/ Take a record out of everything public."""
    _speak(lang)
    from pipeline.flow.read_inbox import prepare_private
    from pipeline.release.package import store
    from pipeline.release.removal import withdraw

    if ordered:
        _day(ordered)
    asked = withdraw.WithdrawalRequest(dataset, key, reason, basis, ordered, _day(today))
    with _store(site, private) as here:
        withdrawn = withdraw.withdraw(here, private, asked, prepare_private(private))
    listed = "; ".join(f"{each.dataset} {each.key}" for each in withdrawn)
    release = store.named(here, "").name
    typer.echo(say("withdrawn", language(), count=len(withdrawn), listed=listed, release=release))


@app.command()
def rollback(
    release: Annotated[str, typer.Argument(help="版本；不写则退回上一个 / a kept release")] = "",
    site: Site = "site",
    private: Private = Path("private"),
    lang: Lang = "",
) -> None:
    """退回一个现存的版本；已撤回的记录不会回来。/ Go back to a kept release."""
    _speak(lang)
    from pipeline.release.removal import withdraw

    with _store(site, private) as here:
        now = withdraw.rollback(here, release)
    typer.echo(say("rolled-back", language(), release=now, site=addresses.shown(site)))


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="版本，或下载的 ZIP / a release, or a ZIP")] = "",
    site: SiteFolder = "site",
    key: Annotated[
        Path | None, typer.Option(help="公钥文件 / the public key, PEM", callback=_whole)
    ] = None,
    lang: Lang = "",
) -> None:
    """核对每个文件与签名清单是否一致。/ Prove that files match their hashes and signature."""
    _speak(lang)
    from pipeline.release.store import verify as proof

    pem = proof.read_key(key)
    alone = release.endswith(".zip")
    verdict = (
        proof.package(addresses.path(release), pem)
        if alone
        else proof.release(addresses.folder(site), release, pem)
    )
    typer.echo("\n".join(verdict.lines()), err=bool(verdict.problems))
    if verdict.problems:
        raise typer.Exit(StoreError.exit_code)


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="规则的名称，如 unit-slip / a rule's name")],
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """说明一条规则查什么、依据什么、怎样改，并举例。/ What a rule checks, by which law, with examples."""
    _speak(lang)
    from pipeline.checks.rules.explain import explain as explain_rule

    typer.echo(explain_rule(rule, _catalog(contract), language()))


@app.command(name="privacy-test")
def privacy_test(
    inbox: Annotated[Path, typer.Argument(help="收件箱 / the inbox", callback=_whole)],
    values: Annotated[int, typer.Option(min=1, help="填入多少处 / how many to plant")] = 600,
    seed: Annotated[int, typer.Option(help="随机种子 / other seed, other values")] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="保留试发布内容的新文件夹 / keep all in this new folder", callback=_whole
        ),
    ] = None,
    format: Annotated[str, typer.Option(help="text, json")] = "text",  # noqa: A002
    today: Today = "",
    contract: Contract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """把虚构的个人信息填入收件箱的副本试发布，查找泄露。/ Plant made-up personal values, and see what leaks."""
    _speak(lang)
    _check_format(format, "text", "json")
    with _loading():
        from pipeline.privacy_test import report, trial
        from pipeline.privacy_test.aside import Setting

        setting = Setting(inbox, _catalog(contract), _site_words(contract), _day(today))
    with progress.shown():
        tried = trial.run(setting, values, seed, keep)
    typer.echo(report.as_json(tried) if format == "json" else report.text(tried, language()))
    raise typer.Exit(1 if tried.leaks else 0)


@app.command()
def doctor(
    site: SiteFolder = "site",
    private: AnyPrivate = Path("private"),
    inbox: Annotated[
        str, typer.Option(help="报送文件夹，可不写 / the inbox; may be left out")
    ] = "",
    port: Annotated[int, typer.Option()] = 8001,
    format: Annotated[str, typer.Option(help="text, json")] = "text",  # noqa: A002
    contract: AnyContract = HOME / "datapackage",
    lang: Lang = "",
) -> None:
    """检查运行环境：每一项正常，或者怎么办。/ What is in order and what is not, with what to do."""
    _speak(lang)
    _check_format(format, "text", "json")
    from pipeline.flow.doctor import examine, report
    from pipeline.flow.doctor.result import Place, Result

    place = Place(
        site=_any_folder(site),
        private=private.absolute(),
        inbox=_any_folder(inbox) if inbox else None,
        port=port,
        contract=contract.absolute(),
        home=HOME,
        now=datetime.now().astimezone(),
        worker_deadline_s=WORKER_START_S,
    )
    _print_any_name()
    found = list[Result]()
    for result in examine.diagnose(place):
        found.append(result)
        if format == "text":
            typer.echo(report.text(result, language()))
    end = report.as_json if format == "json" else report.closing
    typer.echo(end(found, language()))
    raise typer.Exit(examine.exit_code(found))


def _any_folder(given: str) -> Path:
    """A folder whatever its name; UsageError for an address of elsewhere."""
    return addresses.folder(given) if addresses.is_address(given) else Path(given).absolute()


def _print_any_name() -> None:
    """Print characters that the terminal's encoding lacks as escapes, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def _loading() -> Iterator[None]:
    """Load modules and the contract without garbage collection: they stay until the end.

    What is loaded first is also frozen, so that later collections skip it. DuckDB is not frozen: it
    reports objects that are left at exit.
    """
    gc.disable()
    try:
        import pyarrow.compute
        import pyarrow.parquet  # noqa: F401

        gc.freeze()
        yield
    finally:
        gc.enable()


def _speak(lang: str) -> None:
    if lang:
        os.environ["LANG"] = lang


def _catalog(folder: Path) -> Catalog:
    from pipeline.checks.rules import RULES
    from pipeline.contract import catalog as contracts

    return contracts.load(folder, RULES)


def _site_words(contract: Path) -> dict[str, Any]:
    """metadata.yml beside the contract's folder, or where there is none the project's own."""
    import yaml

    beside = contract.parent / "metadata.yml"
    path = beside if beside.exists() else HOME / "metadata.yml"
    if not path.exists():
        raise UsageError(say("words-missing", language(), path=path))
    try:
        return dict(yaml.safe_load(path.read_text("utf-8")))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UsageError(
            say("sources-broken", language(), file=path, line=mark.line + 1 if mark else 1)
        ) from error


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written) if written else date.today()
    except ValueError as error:
        raise UsageError(say("bad-date", language(), value=written)) from error


def _inbox(given: str, private: Path) -> AbstractContextManager[Path]:
    """The inbox as a local folder."""
    if addresses.plain(given) is None:
        from pipeline.flow.read_inbox import prepare_private

        prepare_private(private)
    return addresses.inbox(given, private)


@contextmanager
def _store(site: str, private: Path) -> Iterator[Path]:
    """The store as a local folder; one with an address is kept in PRIVATE, and pushed afterwards.

    The first time, it is pulled from the address, so that no history is lost there.
    """
    if path := addresses.plain(site):
        yield path
        return
    from pipeline.flow.read_inbox import prepare_private
    from pipeline.release.package import store
    from pipeline.release.store import mirror

    prepare_private(private)
    here = private / "site"
    if store.current(here) is None and mirror.exists(site):
        mirror.pull(site, here)
    yield here
    mirror.push(here, site)


@contextmanager
def _engine(asked: str, scheduler: str, partitions: int) -> Iterator[Spread]:
    """The engine: this process's threads, or a cluster."""
    from pipeline.base.engine import LOCAL

    if partitions < 0 or (partitions and asked == "local"):
        raise UsageError(say("bad-partitions", language()))
    if asked not in ("local", "dask"):
        raise UsageError(say("bad-engine", language(), value=asked))
    if asked == "local":
        if scheduler:
            raise UsageError(say("scheduler-alone", language()))
        yield LOCAL
        return
    from pipeline.flow import dask_engine

    with dask_engine.engine(scheduler, partial(typer.echo, err=True), partitions) as spread:
        yield spread


def _check_format(asked: str, *known: str) -> None:
    if asked not in known:
        raise UsageError(say("bad-format", language(), value=asked, known=", ".join(known)))


def _closing(run: Run, catalog: Catalog, private: Path, as_json: bool = False) -> int:
    """Print where every row of every input went, and what is to be corrected.

    Returns the number of errors.
    """
    from pipeline.flow import summary

    count = summary.counts(run)
    if as_json:
        totals = json.loads((private / "run.json").read_text("utf-8"))
        totals_and_findings = {**totals, "findings": dict(count), "feedback": run.feedback}
        typer.echo(json.dumps(totals_and_findings, ensure_ascii=False, indent=2))
        return count["error"]
    lang = language()
    summary.show(run, catalog, lang)
    for line in summary.say_held_back(run, catalog, lang):
        typer.echo(line)
    typer.echo(say("checked", lang, errors=count["error"], warnings=count["warning"]))
    for line in (*summary.say_reports(run, lang), *summary.say_files(run, private, lang)):
        typer.echo(line)
    return count["error"]
