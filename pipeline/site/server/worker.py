"""One worker of `gongshi serve`: a process that answers requests on the socket it is given.

Over a second socket it sends its parent a dot a second from its event loop once it answers
requests; or "!" and a sentence why it cannot. When the parent dies, that socket closes and the
worker ends, on any system. Large modules are imported only after the thread that waits for this has
started.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pipeline.base.errors import GongshiError
from pipeline.site.server.deadlines import STOP_S

if TYPE_CHECKING:
    import uvicorn

BACKLOG = 1024
ALIVE, FAILED = b".", b"!"
_BEAT_S = 1.0
_LONGEST = 500  # characters of a reason


def main() -> NoReturn:
    """Arguments: the site's folder, and the numbers of the listening socket and of the parent's."""
    site, listening, parent = Path(sys.argv[1]), _inherited(sys.argv[2]), _inherited(sys.argv[3])
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        asyncio.run(_serve(site, listening, parent))
        sys.exit(0)
    except GongshiError as error:
        why, code = str(error), error.exit_code
    except Exception as error:  # any reason not to serve is reported by the parent in one sentence
        why, code = _short(error), 1
    with suppress(OSError):
        parent.sendall(FAILED + " ".join(why.split())[:_LONGEST].encode("utf-8", "replace"))
    sys.exit(code)


def _inherited(number: str) -> socket.socket:
    given = socket.socket(fileno=int(number))
    given.set_inheritable(False)
    return given


def _end_with(parent: socket.socket) -> None:
    """Wait until the parent's socket closes, then end this process as by SIGTERM."""
    with suppress(OSError):
        while parent.recv(64):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_S)
    os._exit(1)


async def _serve(site: Path, listening: socket.socket, parent: socket.socket) -> None:
    import uvicorn

    from pipeline.site.server import logs
    from pipeline.site.server.app import application

    site_app = application(site)
    config = uvicorn.Config(
        site_app,
        lifespan="off",  # started below, so that its errors are reported here
        backlog=BACKLOG,
        access_log=False,  # it has visitors' addresses and searches; the middleware logs without
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_keep_alive=10,
        log_config=logs.config(),
    )
    await site_app.start()
    server = uvicorn.Server(config)
    beats = asyncio.create_task(_beat(server, parent))
    await server.serve(sockets=[listening])  # on a signal, raises it again after the shutdown
    beats.cancel()


async def _beat(server: uvicorn.Server, parent: socket.socket) -> None:
    """Signal the parent that the event loop runs. Never blocks: the parent may be stopped."""
    while not server.started:
        await asyncio.sleep(_BEAT_S / 20)
    while True:
        with suppress(OSError):
            parent.send(ALIVE, socket.MSG_DONTWAIT)
        await asyncio.sleep(_BEAT_S)


def _short(error: Exception) -> str:
    """An unexpected error in one line, with the last line of our code in its traceback."""
    ours = str(Path(__file__).parents[2])
    passed = traceback.extract_tb(error.__traceback__)
    last = [each for each in passed if each.filename.startswith(ours)][-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
