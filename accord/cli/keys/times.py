# SPDX-License-Identifier: Apache-2.0
"""Past times: since when a key no longer counts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from accord.client.errors import RequestError

_SPAN: Final = re.compile(r"-?([1-9][0-9]{0,4})([mhd])")
_UNITS: Final = {"m": 60, "h": 3600, "d": 24 * 3600}


def read_past(text: str, *, now: int) -> int:
    """Parse ISO 8601 with an offset, or a span back from now (`45m`, `6h`, `3d`), to seconds; raise RequestError."""
    span = _SPAN.fullmatch(text)
    if span:
        return now - int(span[1]) * _UNITS[span[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestError(
            "--since: write how long ago (45m, 6h, 3d), or a time like 2027-01-31T12:00+01:00."
        )
    return int(moment.timestamp())
