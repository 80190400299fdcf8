# SPDX-License-Identifier: Apache-2.0
"""Addresses of searches. A search text is content: the address holds it sealed, for its officer alone.

So an officer can go back to a page of hits and reload it, while histories and logs show nothing readable. A link that was
changed, invented or given to somebody else does not open; after half a day it is no longer valid.
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import MalformedError
from alerts.boxes.search import Query
from callers.errors import InputError
from officers.models import Officer
from vault import services
from vault.errors import VaultError

LIVES: Final = timedelta(hours=12)
LONGEST: Final = 4_000
_TABLE: Final = "search"
_REVISION: Final = 1


def seal_search(officer: Officer, query: Query, before: str, *, now: datetime) -> str:
    """Seal the query and the place to continue from as text for an address."""
    content = {"query": asdict(query), "before": before, "at": int(now.timestamp())}
    plain = json.dumps(content, ensure_ascii=False).encode()
    return b64u(services.seal_row(officer.agency_id or "", _TABLE, str(officer.public_id), _REVISION, plain))


def open_search(officer: Officer, link: str, *, now: datetime) -> tuple[Query, str]:
    """Open the query that an address holds; raises `InputError` when it is not this officer's, or too old."""
    try:
        sealed = unb64u(link[:LONGEST])
        content = json.loads(
            services.open_row(officer.agency_id or "", _TABLE, str(officer.public_id), _REVISION, sealed)
        )
    except (MalformedError, VaultError):
        raise _over() from None
    if now.timestamp() - content["at"] >= LIVES.total_seconds():
        raise _over()
    return Query(**content["query"]), str(content["before"])


def _over() -> InputError:
    return InputError("search", _("This search is over. Search again."))
