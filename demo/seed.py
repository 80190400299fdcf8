# SPDX-License-Identifier: Apache-2.0
"""`python -m demo.seed`: builds the demonstration world, once, on an empty ledger.

Everything goes through the services with a past `now`, in order of time, in one process that holds all secrets
before any other runs. The last line on standard output says what was made.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.ownership import set_up_every_app, take_owners_login


def main() -> int:
    set_up_every_app()
    from django.db import connection

    from accord.envelope.private import LedgerKey
    from callers import clock
    from demo.history import tell_history
    from demo.past import Past
    from ledger.models import Entry

    # One process plays every role, so none of their logins would do.
    take_owners_login(_secret("DEMO_OWNER_URL"))

    if Entry.objects.exists():
        print(
            "The ledger is not empty: the demonstration world is built on an empty one only. Run: ./dev reset"
        )
        return 1
    with connection.cursor() as cursor:
        # Nobody relies on this database yet: a crash of the machine means seeding again.
        cursor.execute("SET synchronous_commit TO off")
    today = clock.now()
    past = Past(
        LedgerKey.from_text(_secret("DEMO_LEDGER_KEY")),
        Path(os.environ["LEDGER_STATE_DIR"]),
        datetime(2000, 1, 1, tzinfo=UTC),
    )
    made = tell_history(past, Path(os.environ["DEMO_DIR"]), today=today - timedelta(minutes=5))
    print(made)
    return 0


def _secret(name: str) -> str:
    """Return what the file that `NAME_FILE` names holds."""
    return Path(os.environ[f"{name}_FILE"]).read_text().strip()


if __name__ == "__main__":
    sys.exit(main())
