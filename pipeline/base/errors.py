"""What stops a run: the few exceptions meant for the operator, each with its exit code.

Bad data never raises; it becomes a finding (`pipeline.base.model.Finding`). These are for a run
that cannot continue. Each has one sentence that says where, what, and what to do.

::

    GongshiError
     ├── UsageError        2  the call, or the contract under datapackage/, is wrong
     ├── UnreadableInput   3  an input cannot be read at all
     ├── GateRefused       4  the release was refused; the old one stays
     │    ├── RowsRefused  4  some rows cannot be published; without them the release is made
     │    └── ExpectationsFailed  4  some datasets fail; the release is made with their old rows
     └── StoreError        5  the store is broken or busy
          └── Unaccounted  5  a stage lost, doubled or changed a row: a defect of ours, never of the data
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class GongshiError(Exception):
    """A run that cannot continue.

    `str()` gives the sentence to print; `exit_code` the process's exit code.
    """

    exit_code = 1


class UsageError(GongshiError):
    """The call or the contract is wrong."""

    exit_code = 2


class UnreadableInput(GongshiError):
    """An input cannot be read at all."""

    exit_code = 3


class GateRefused(GongshiError):
    """A gate or the exit guard refused the release; the old one stays.

    `run`: what was read and checked until then, for the closing table; None where nothing was.
    """

    exit_code = 4
    run: Any = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that passed the checks and cannot be published all the same.

    `source_id` and `row`: the table that it was read from, and its row there. `rule`: of the
    finding that it becomes; `column` (a field, "" for none) and `params` are that finding's.
    `dataset`: of the release's table that holds the row.
    """

    source_id: str
    row: int
    rule: str
    column: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    dataset: str = ""


class RowsRefused(GateRefused):
    """Some rows of the release cannot be published; `rows` names them.

    The run is repeated without them. Only where that does not help is the release refused.
    """

    def __init__(self, message: str, rows: Sequence[RefusedRow]) -> None:
        super().__init__(message)
        self.rows = tuple(rows)


class ExpectationsFailed(GateRefused):
    """Some datasets fail what their contract expects of them; `failures` says which and why.

    The run is repeated with those datasets held back.
    """

    def __init__(self, message: str, failures: Sequence[Any]) -> None:
        super().__init__(message)
        self.failures = tuple(failures)


class StoreError(GongshiError):
    """The store, a disk or the cluster is broken, full or busy."""

    exit_code = 5


class Unaccounted(StoreError):
    """The rows that left one stage are not those that reached the next."""
