# SPDX-License-Identifier: Apache-2.0
"""Limits of the API that a caller is told; `docs/limits.md` lists all."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from accord.envelope.manifest import MAX_BLOB_BYTES
from accord.envelope.vocabulary import MAX_RECIPIENTS

MIB: Final = 1024 * 1024
FEED_ITEMS: Final = 500
SUBMISSIONS: Final = 200
SLICES: Final = 100
CHANGED_DELIVERIES: Final = 500
REPORTED_FACTS: Final = 100
KEYSETS: Final = MAX_RECIPIENTS
LARGEST_REQUEST_BYTES: Final = (256 + 4) * MIB
"""Limit of an envelope with its blobs."""


def limits_of_calls() -> Mapping[str, int]:
    """Return the limits by name: items of one page or query, octets of one request, requests per second in one web process."""
    return {
        "feed_items": FEED_ITEMS,
        "submissions": SUBMISSIONS,
        "slices": SLICES,
        "changed_deliveries": CHANGED_DELIVERIES,
        "reported_facts": REPORTED_FACTS,
        "keysets": KEYSETS,
        "recipients": MAX_RECIPIENTS,
        "json_bytes": int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0),
        "file_bytes": MAX_BLOB_BYTES,
        "request_bytes": LARGEST_REQUEST_BYTES,
        "requests_per_second": max(1, int(settings.API_RATE_PER_SECOND)),
    }
