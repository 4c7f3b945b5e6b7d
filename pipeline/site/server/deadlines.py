"""How long what may take while the site is served: generous, since a busy machine is slow.

All in seconds. docs/operations.md tells the operator.
"""

from __future__ import annotations

WORKER_START_S = 120  # from a worker's start to its first answer (`--start-timeout`)
WORKER_SILENT_S = 60  # how long the event loop of a serving worker may stand still
STOP_S = 30  # for requests that have begun, when the server is to end
TRIES = 3  # starts of a worker that may fail in a row before the server gives up, if none serves
STABLE_S = 10  # a worker that served so long died of something new
PAUSE_S, PAUSE_MOST_S = 1, 60  # between two starts of a worker: doubled at each early death
FIRST_NOTICE_S = 5  # from when on the operator hears that workers are still starting
