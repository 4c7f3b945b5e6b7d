"""What stops a run: the few exceptions meant for the operator, each with its exit code.

Bad data never raises; it becomes a finding (`pipeline.base.model.Finding`). These are for a run
that cannot go on, and each carries one sentence that says where, what, and what to do.

::

    GongshiError
     ├── UsageError        2  the call, or the contract under datapackage/, is wrong
     ├── UnreadableInput   3  an input cannot be read at all
     ├── GateRefused       4  the release was not let through; the old one stays
     └── StoreError        5  the store is broken or busy
          └── Unaccounted  5  a stage lost, doubled or changed a row: a defect of ours, never of the data
"""

from __future__ import annotations


class GongshiError(Exception):
    """A run that cannot go on.

    `str()` gives the sentence to print; `exit_code` what to exit with.
    """

    exit_code = 1


class UsageError(GongshiError):
    exit_code = 2


class UnreadableInput(GongshiError):
    exit_code = 3


class GateRefused(GongshiError):
    exit_code = 4


class StoreError(GongshiError):
    exit_code = 5


class Unaccounted(StoreError):
    """What left one stage is not what reached the next."""
