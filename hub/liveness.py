# SPDX-License-Identifier: Apache-2.0
"""A queue worker shows that it lives by the age of a file it touches at each heartbeat (`HEARTBEAT_FILE`).

One that has not touched it for two minutes has lost its broker for good, whatever it believes: it ends itself, so
that whoever supervises it starts a new one. Rows are the work, so nothing is lost.
"""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, Final, NoReturn

from celery.signals import heartbeat_sent, worker_ready

log = logging.getLogger(__name__)

STALE_AFTER_SECS: Final = 120.0


def show_heartbeats() -> None:
    """Touch the file from now on, where one is named, and end this process once it grows old."""
    if "HEARTBEAT_FILE" in os.environ:
        heartbeat_sent.connect(_touch, weak=False)
        worker_ready.connect(_begin_watch, weak=False)


def exit_when_stale(file: Path, *, stale_after_secs: float) -> NoReturn:
    """Looks at the file's age four times in that span; ends the process at once when it is too old."""
    while time.time() - file.stat().st_mtime < stale_after_secs:
        time.sleep(stale_after_secs / 4)
    log.critical("no heartbeat for %d seconds: the broker is lost, this worker ends", stale_after_secs)
    # Not sys.exit: a worker that hangs on its broker would wait for that first.
    os._exit(1)


def _begin_watch(**_: Any) -> None:
    file = Path(os.environ["HEARTBEAT_FILE"])
    file.touch()
    watch = {"file": file, "stale_after_secs": STALE_AFTER_SECS}
    threading.Thread(target=exit_when_stale, kwargs=watch, name="heartbeat-watch", daemon=True).start()


def _touch(**_: Any) -> None:
    Path(os.environ["HEARTBEAT_FILE"]).touch()
