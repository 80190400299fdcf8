# SPDX-License-Identifier: Apache-2.0
"""`python -m hub.vitals`: health check of a container, by its role (`HUB_ROLE`); exit status 0 while it lives.

It is a program and not a line in the compose file, since container engines parse a line differently.
"""

import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

PORT: Final = 8000
ANSWER_WITHIN_SECS: Final = 4
BEAT_WITHIN_SECS: Final = 15
OLDEST_SECS: Final = {
    **dict.fromkeys(("exchange-worker", "desk-worker", "mailer"), 30.0),
    **dict.fromkeys(("exchange-beat", "desk-beat"), 60.0),
}
"""Largest age of the file that a role touches; beat touches it each 15 seconds."""
BEATS: Final = {"sequencer": "sharing_feedmark", "desk-sequencer": "ledger_sequencerlease"}
"""Table whose one row the sequencer of a half updates with each batch."""


def answers(port: int = PORT) -> bool:
    """Tell whether the web process answers that it lives, to the first host name allowed."""
    host = os.environ["ALLOWED_HOSTS"].split(",")[0]
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/livez", headers={"Host": host})
    with urllib.request.urlopen(asked, timeout=ANSWER_WITHIN_SECS) as answer:  # noqa: S310
        return bool(answer.status == 200)


def is_touched(oldest_secs: float) -> bool:
    """Tell whether the role's file (`HEARTBEAT_FILE`) is recent enough."""
    return time.time() - Path(os.environ["HEARTBEAT_FILE"]).stat().st_mtime < oldest_secs


def somebody_leads() -> bool:
    """Tell whether a sequencer beats, be it this one or the one it waits for."""
    import psycopg

    address = os.environ.get("DATABASE_URL") or Path(os.environ["DATABASE_URL_FILE"]).read_text().strip()
    table = BEATS[os.environ["HUB_ROLE"]]
    fresh = f"SELECT 1 FROM {table} WHERE abs(extract(epoch FROM clock_timestamp() - beat)) < %s"  # noqa: S608
    with psycopg.connect(address, connect_timeout=ANSWER_WITHIN_SECS) as connection:
        return connection.execute(fresh, [BEAT_WITHIN_SECS]).fetchone() is not None


CHECKS: Final[dict[str, Callable[[], bool]]] = {
    "desk": answers,
    "exchange": answers,
    "operator": answers,
    **dict.fromkeys(BEATS, somebody_leads),
    **{role: lambda age=age: is_touched(age) for role, age in OLDEST_SECS.items()},  # type: ignore[misc]
}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[os.environ["HUB_ROLE"]]() else 1)
