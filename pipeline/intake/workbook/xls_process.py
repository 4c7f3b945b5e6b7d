"""Old workbooks (XLS) read in a subprocess, with bounded memory and time.

calamine trusts the sizes that such a file states: a damaged one makes it allocate more memory than
there is, which ends the process, or loop for ever.

    python -m pipeline.intake.workbook.xls_process FILE      prints the sheets as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import python_calamine as calamine

from pipeline.intake.workbook.celltext import as_text

MEMORY = 4 << 30  # bytes of address space
SECONDS = 120


def sheets(path: Path) -> list[dict[str, Any]] | str:
    """Every sheet of `path` as a mapping: name, is_table, is_visible, rows (lists of text, None if
    damaged) and merged; or the rule of the finding that says why there is none.
    """
    own = "pipeline.intake.workbook.xls_process"
    command = [sys.executable, "-m", own, str(path.absolute())]  # which runs in another folder
    try:
        done = subprocess.run(  # noqa: S603 - this Python and this module; the path is one argument
            command,
            capture_output=True,
            timeout=SECONDS,
            cwd=Path(__file__).parents[3],
            check=False,
        )
        read: list[dict[str, Any]] | str = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return "file-broken"
    return read


def _read(path: Path) -> list[dict[str, Any]] | str:
    try:
        with path.open("rb") as file:
            book = calamine.load_workbook(file)
        return [_sheet(book, meta) for meta in book.sheets_metadata]
    except calamine.PasswordError:
        return "file-password"
    except Exception:  # calamine raises many kinds, all of them meaning this
        return "file-broken"


def _sheet(book: Any, meta: Any) -> dict[str, Any]:
    about = {
        "name": meta.name,
        "is_table": meta.typ == calamine.SheetTypeEnum.WorkSheet,
        "is_visible": meta.visible == calamine.SheetVisibleEnum.Visible,
    }
    try:
        sheet = book.get_sheet_by_name(meta.name)
        rows = [[as_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except Exception:  # of one sheet; that it was not read is a finding, and the others are read
        return about | {"rows": None, "merged": []}
    return about | {"rows": rows, "merged": sheet.merged_cell_ranges or []}


def _bounded() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


if __name__ == "__main__":
    _bounded()
    sys.stdout.write(json.dumps(_read(Path(sys.argv[1]))))
