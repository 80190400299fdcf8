# SPDX-License-Identifier: Apache-2.0
"""`python -m demo.seed`: build the demonstration world, once, in the empty databases of both halves.

Everything goes through the services with a past `now`, in order of time, in one process that holds all secrets before any other
runs. The last line on standard output says what was made.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from demo.ownership import at_the_exchange, keep_exchange_apart, set_up_every_app, take_owners_login

if TYPE_CHECKING:
    from demo.past import Log


def main() -> int:
    set_up_every_app()
    from callers import clock
    from callers.digests import pepper_of
    from demo.history import tell_history
    from demo.past import Past

    exchange, desk = _log("EXCHANGE"), _log("DESK")
    # One process plays every role, so no single role's login suffices.
    take_owners_login(_secret("DESK_OWNER_URL"))
    keep_exchange_apart(
        _secret("EXCHANGE_OWNER_URL"),
        API_PEPPER=pepper_of(_secret("EXCHANGE_API_PEPPER")),
        LEDGER_VKEY=str(exchange.key.vkey),
    )
    with at_the_exchange():
        is_empty = _begin_quickly()
    if not (_begin_quickly() and is_empty):
        print("There is a world already: this one is built in empty databases only. Run: ./dev reset")
        return 1
    today = clock.now()
    past = Past(exchange, datetime(2000, 1, 1, tzinfo=UTC), desk)
    is_whole = os.environ.get("DEMO_WORLD") == "whole"
    made = tell_history(
        past, Path(os.environ["DEMO_DIR"]), today=today - timedelta(minutes=5), is_whole=is_whole
    )
    print(made)
    return 0


def _log(half: str) -> "Log":
    from accord.envelope.private import LedgerKey
    from demo.past import Log

    key = LedgerKey.from_text(_secret(f"{half}_LEDGER_KEY"))
    return Log(key, Path(os.environ[f"{half}_LEDGER_STATE_DIR"]))


def _begin_quickly() -> bool:
    """Stop waiting for the disk, since a crash means seeding again; return whether nothing was ever logged here."""
    from django.db import connection

    from ledger.models import Entry

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    return not Entry.objects.exists()


def _secret(name: str) -> str:
    """Return the contents of the file that `NAME_FILE` names."""
    return Path(os.environ[f"{name}_FILE"]).read_text().strip()


if __name__ == "__main__":
    sys.exit(main())
