# SPDX-License-Identifier: Apache-2.0
"""`python -m demo.seed`: builds the demonstration world, once, on an empty ledger.

Everything goes through the services with a past `now`, in order of time, in one process that holds all secrets
before any other runs. The last line on standard output says what was made.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django


def main() -> int:
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from accord.envelope.private import LedgerKey
    from demo.history import tell_history
    from demo.past import Past
    from ledger.models import Entry

    if Entry.objects.exists():
        print(
            "The ledger is not empty: the demonstration world is built on an empty one only. Run: ./dev reset"
        )
        return 1
    with connection.cursor() as cursor:
        # Nobody relies on this database yet: a crash of the machine means seeding again.
        cursor.execute("SET synchronous_commit TO off")
    today = timezone.now()
    past = Past(
        LedgerKey.from_text(os.environ.pop("DEMO_LEDGER_KEY")),
        Path(os.environ["LEDGER_STATE_DIR"]),
        datetime(2000, 1, 1, tzinfo=UTC),
    )
    made = tell_history(past, Path(os.environ["DEMO_DIR"]), today=today - timedelta(minutes=5))
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
