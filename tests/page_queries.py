# SPDX-License-Identifier: Apache-2.0
"""What a page asks the database: its own reads, and beside them the checks that no page may leave out."""

import re
from collections.abc import Iterable
from typing import Final

from django.test.utils import CaptureQueriesContext

READS: Final = ("SELECT", "(SELECT")
"""What a page asks; that an opening is audited and a session saved comes on top."""
CHECKS: Final = re.compile(
    r'FROM "?(ledger_|vault_|agencies_key|agencies_revocation|alerts_held|alerts_pinbook|peers_peer|peers_seen'
    r"|peers_heldstatement|sharing_blob)"
)
"""What every opening and every judging asks anew: the log's proofs, keys, statements that are held, the sealed content."""


def reads_of(asked: CaptureQueriesContext) -> list[str]:
    """Every read, checks among them."""
    return [sql for row in asked.captured_queries if (sql := row["sql"].strip()).startswith(READS)]


def without_checks(reads: Iterable[str]) -> list[str]:
    """The page's own."""
    return [sql for sql in reads if not CHECKS.search(sql)]
