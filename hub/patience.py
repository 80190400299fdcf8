# SPDX-License-Identifier: Apache-2.0
"""How long a serving process waits for the database before it gives up, by role.

Without an end, one forgotten transaction stops every thread that needs its rows. Nothing stands at the logins: what
`migrate`, `prune_audit`, `prune_by_policy` and a backup do under an owner's, and every management command but a
sequencer's (`verify_ledger` among them), takes as long as it takes.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Patience:
    """In seconds: one statement, one lock (advisory ones too), and a transaction in which nothing is asked."""

    statement: int
    lock: int
    idle: int

    @property
    def options(self) -> str:
        """As libpq's `options` takes it."""
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
    # Rows are the work and are looked at again: better later than never.
    "exchange-worker": Patience(statement=60, lock=10, idle=60),
    "mailer": Patience(statement=60, lock=10, idle=60),
    "desk-worker": Patience(statement=60, lock=10, idle=120),
    "sequencer": Patience(statement=60, lock=10, idle=60),
    "desk-sequencer": Patience(statement=60, lock=10, idle=60),
}
