# SPDX-License-Identifier: Apache-2.0
"""The queries of a page: its own reads, and the checks that no page may leave out."""

import re
from collections.abc import Iterable
from typing import Final

from django.test.utils import CaptureQueriesContext

READS: Final = ("SELECT", "(SELECT")
"""Beginnings of reads; writes of the audit and of the session are not counted."""
CHECKS: Final = re.compile(
    r'FROM "?(ledger_|vault_|agencies_key|agencies_revocation|alerts_held|alerts_pinbook|peers_peer|peers_seen'
    r"|peers_heldstatement|sharing_blob)"
)
"""Tables read anew at every opening and judging: the log's proofs, keys, held statements, the sealed content."""


def reads_of(asked: CaptureQueriesContext) -> list[str]:
    """Return every read, checks included."""
    return [sql for row in asked.captured_queries if (sql := row["sql"].strip()).startswith(READS)]


def without_checks(reads: Iterable[str]) -> list[str]:
    """Return the page's own reads."""
    return [sql for sql in reads if not CHECKS.search(sql)]
