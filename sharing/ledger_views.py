# SPDX-License-Identifier: Apache-2.0
"""Compare the checkpoints that partners report (`cp`) with the ledger itself.

A differing `cp` raises an alarm and no refusal. Either its issuer errs, or this hub shows two ledgers, or was put back to an
old state; and the statement that carries it, perhaps an acknowledgement, must not be lost. The operator sees the alarm on the
hub's page for a week; it stays in the hub's audit and in the ledger.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from accord.envelope.encoding import b64u
from accord.envelope.statements.form import Statement
from ledger.audit import last_event, record_event
from ledger.proofs import root_of

log = logging.getLogger(__name__)

DISPUTED: Final = "ledger.disputed"
SHOWN_FOR: Final = timedelta(days=7)


def compare_view(statement: Statement, *, now: datetime) -> None:
    """Log and audit an alarm where the checkpoint that a verified statement names is not this ledger's."""
    if statement.cp is None:
        return
    root = root_of(statement.cp.n)
    if root is not None and b64u(root) == statement.cp.root:
        return
    log.error("a partner has seen another ledger", extra={"agency": statement.iss, "size": statement.cp.n})
    detail = {
        "agency": statement.iss,
        "size": statement.cp.n,
        "root": statement.cp.root,
        "known": root is not None,
    }
    record_event(DISPUTED, actor="system:exchange", agency="", subject=statement.od, detail=detail, now=now)


def last_dispute(*, now: datetime) -> datetime | None:
    """Return when a partner last named a checkpoint that is not this ledger's; None if not within the last week."""
    return last_event(DISPUTED, after=now - SHOWN_FOR)
