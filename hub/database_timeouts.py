# SPDX-License-Identifier: Apache-2.0
"""Time limits of a serving process at the database, by role.

Without limits one forgotten transaction would block every thread that needs its rows. They are not set at the logins:
`migrate`, `prune_audit`, `prune_by_policy` and a backup, which use an owner's login, and every management command but a
sequencer's (`verify_ledger` among them) take as long as they need.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Patience:
    """Limits in seconds: of one statement, of one lock (also advisory), and of an idle transaction."""

    statement: int
    lock: int
    idle: int

    @property
    def options(self) -> str:
        """Value of libpq's `options`."""
        named = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return " ".join(f"-c {name}={seconds}s" for name, seconds in named.items())


PATIENCE: Final[dict[str, Patience]] = {
    # Somebody waits for the answer; the largest envelope is 256 MiB.
    "desk": Patience(statement=30, lock=5, idle=60),
    "exchange": Patience(statement=30, lock=5, idle=30),
    "operator": Patience(statement=30, lock=5, idle=30),
    # Rows are the work and are read again later: better late than never.
    "exchange-worker": Patience(statement=60, lock=10, idle=60),
    "mailer": Patience(statement=60, lock=10, idle=60),
    "desk-worker": Patience(statement=60, lock=10, idle=120),
    "sequencer": Patience(statement=60, lock=10, idle=60),
    "desk-sequencer": Patience(statement=60, lock=10, idle=60),
}
