"""Deadlines of the server and its workers: generous, since a busy machine is slow.

All in seconds, but TRIES. docs/operations.md describes them to the operator.
"""

from __future__ import annotations

WORKER_START_S = 120  # from a worker's start to its first answer (`--start-timeout`)
WORKER_SILENT_S = 60  # how long the event loop of a serving worker may be blocked
STOP_S = 30  # for requests that have begun, when the server stops
TRIES = 3  # starts of a worker that may fail in a row before the server gives up, if none serves
STABLE_S = 10  # after so long a worker's death counts as the first of a row
PAUSE_S, PAUSE_MOST_S = 1, 60  # between starts of a worker; doubled at each early death
FIRST_NOTICE_S = 5  # before the first message that workers are still starting
