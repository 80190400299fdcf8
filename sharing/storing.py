# SPDX-License-Identifier: Apache-2.0
"""Write a verified envelope, its queue entry for numbers and its deliveries in one SQL statement.

Deliveries are passed as arrays, so an envelope with many recipients costs little more than one with few.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from accord.envelope.intake import VerifiedEnvelope
from accord.envelope.manifest import Manifest
from sharing.models import FeedItem
from sharing.references import new_reference
from sharing.states import DeliveryState

_TERMS: Final = (
    *("jti", "kind", "status", "tlp", "lane", "purpose", "pri", "rel"),
    *("iat", "exp", "keep", "ack_by", "reply_by"),
)
_COLUMNS: Final = (
    *_TERMS,
    *(
        "md",
        "iss_id",
        "suite",
        "named",
        "rn",
        "re_jti",
        "re_md",
        "text_of_id",
        "size_bytes",
        "manifest",
        "jwe_head",
    ),
    *("origin_entry", "origin_index", "leaf_hashes", "signers", "received_at"),
)
_STORE: Final = f"""
WITH envelope AS (
    INSERT INTO sharing_envelope ({", ".join(_COLUMNS)})
    VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
), queued AS (
    INSERT INTO sharing_feedpending (od, what, iss, width, queued_at, leaf)
    VALUES (%(md)s, %(what)s, %(iss_id)s, %(width)s, %(received_at)s, %(leaf)s)
)
INSERT INTO sharing_delivery
    (envelope_id, iss, recipient_id, index, entry, agreement_version_id, reference, state, answer, changed)
SELECT %(md)s, %(iss_id)s, recipient, index, entry, version, reference, %(state)s, '', 0
FROM unnest(
    %(recipients)s::text[], %(indexes)s::smallint[], %(entries)s::text[], %(versions)s::bigint[], %(references)s::text[]
) AS given(recipient, index, entry, version, reference)
"""  # noqa: S608 - of names that stand above


def store_envelope(
    verified: VerifiedEnvelope,
    versions: Mapping[str, int],
    *,
    size_bytes: int,
    text_of: int | None = None,
    leaf: int | None = None,
    now: datetime,
) -> None:
    """Store the envelope in the caller's transaction; `versions` names the agreement's version for each recipient.

    `text_of` is the version whose text it is, sent because of its proposal alone.

    `leaf` is its existing leaf index in the ledger, when it comes in again after a restore.

    Raises `IntegrityError`: the id or digest is known, a version is updated already, a reference is taken.
    """
    delivered = [entry for entry in verified.entries if entry.agency in versions]
    deliveries: dict[str, Any] = {
        "recipients": [entry.agency for entry in delivered],
        "indexes": [entry.index for entry in delivered],
        "entries": [entry.text for entry in delivered],
        "versions": [versions[entry.agency] for entry in delivered],
        "references": [new_reference() for _ in delivered],
        "state": DeliveryState.PENDING.value,
        "what": FeedItem.ENVELOPE,
        "width": len(versions),
        "leaf": leaf,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                **_facts_of(verified.manifest),
                **_sealed(verified, size_bytes, now),
                **deliveries,
                "text_of_id": text_of,
            },
        )


def _facts_of(manifest: Manifest) -> dict[str, Any]:
    terms = manifest.terms
    return {
        **{name: getattr(terms, name) for name in _TERMS},
        "md": manifest.md,
        "iss_id": manifest.iss,
        "suite": manifest.suite,
        "named": manifest.named,
        "rn": manifest.rn,
        "re_jti": terms.re.jti if terms.re else None,
        "re_md": terms.re.md if terms.re else None,
        "signers": list(manifest.signers),
    }


def _sealed(verified: VerifiedEnvelope, size_bytes: int, now: datetime) -> dict[str, Any]:
    own = next(entry for entry in verified.entries if entry.agency == verified.manifest.iss)
    return {
        "size_bytes": size_bytes,
        "manifest": verified.manifest_bytes,
        "jwe_head": verified.jwe_head,
        "origin_entry": own.text,
        "origin_index": own.index,
        "leaf_hashes": b"".join(verified.leaf_hashes),
        "received_at": now,
    }
