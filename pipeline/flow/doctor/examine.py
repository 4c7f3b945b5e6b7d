"""All checks of `gongshi doctor` in their order, and the command's exit code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from pipeline.base.errors import StoreError, UsageError
from pipeline.flow.doctor import clock, disk, folders, machine, releases, serving
from pipeline.flow.doctor.result import Place, Result, wrong

CHECKS: Mapping[str, Callable[[Place], Result]] = {
    "python": machine.python,
    "packages": machine.packages,
    "sqlite": machine.sqlite,
    "encoding": machine.encoding,
    "open-files": machine.open_files,
    "site": folders.site,
    "private": folders.private,
    "inbox": folders.inbox,
    "apart": folders.overlap,
    "names": folders.names,
    "site-disk": disk.site_disk,
    "private-disk": disk.private_disk,
    "space": disk.space,
    "inodes": disk.inodes,
    "current": releases.current,
    "locks": releases.locks,
    "key": releases.key,
    "contract": serving.contract,
    "clock": clock.clock,
    "zone": clock.zone,
    "calendar": clock.calendar,
    "port": serving.port,
    "worker": serving.worker,
}
#: What is wrong with these is wrong with the call or the contract: a run would end with 2 as well.
OF_USAGE = {"apart", "contract", "port"}


def diagnose(place: Place) -> Iterator[Result]:
    """One result for each check, in their order, as soon as it is known."""
    for name, check in CHECKS.items():
        yield _result(name, check, place)


def _result(name: str, check: Callable[[Place], Result], place: Place) -> Result:
    try:
        return check(place)
    except ImportError as error:
        return wrong(name, "needs-package", package=error.name or error)
    except OSError as error:
        why = error.strerror or str(error)
        return wrong(name, "cannot-look", why=f"{why} {error.filename or ''}".strip())
    except Exception as error:  # any error of a broken machine: the other checks still run
        return wrong(name, "cannot-look", why=f"{type(error).__name__} {error}")


def exit_code(results: Collection[Result]) -> int:
    """The exit code: 0 where nothing is wrong, else the one that a run would end with.

    2 where only the call or the contract is wrong, 5 where the machine, folders or store are.
    """
    found = {result.check for result in results if result.state == "wrong"}
    if not found:
        return 0
    return UsageError.exit_code if found <= OF_USAGE else StoreError.exit_code
