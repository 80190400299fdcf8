# SPDX-License-Identifier: Apache-2.0
"""Sealed texts of agreements that the desk keeps: read beside the statements that name them.

A text is no alert: it stands in no box, starts no clock and is not acknowledged. It is kept as long as the agency is, since a
later version is compared with it.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from accord.agreement_texts import KeptText, VersionText, names_text, text_of
from accord.agreements import AGREEMENT, SignedVersion
from alerts.rows.agreement_texts import AgreementText
from peers.models import HeldStatement
from vault.sealed_store import REVISION, SealedStore, as_json

TEXTS: Final = SealedStore[Mapping[str, Any]]("agreementtext", as_json, json.loads)


def is_text(agency_id: str, iss: str, jti: str, md: str) -> bool:
    """Tell whether a proposal of this issuer names the envelope, or one whose place it takes, as its text."""
    rows = HeldStatement.objects.filter(reader=agency_id, iss=iss, k=AGREEMENT)
    return any(names_text(body, jti, md) for body in rows.values_list("body", flat=True))


def keep_text(agency_id: str, text: KeptText, *, now: datetime) -> None:
    """Keep a text, unless it is here; in the caller's transaction. Raises SecretMissingError."""
    if AgreementText.objects.filter(agency_id=agency_id, md=text.md).exists():
        return
    row = AgreementText(agency_id=agency_id, iss=text.iss, jti=text.jti, md=text.md, kept_at=now)
    row.sealed = TEXTS.seal(agency_id, row.pk, text.document)
    row.save(force_insert=True)


def forget_text(agency_id: str, md: str) -> None:
    """Delete an own text that reached nobody."""
    AgreementText.objects.filter(agency_id=agency_id, iss=agency_id, md=md).delete()


def texts_of(agency_id: str, versions: Iterable[SignedVersion]) -> dict[str, VersionText]:
    """Return what is here of the text of each version, by the version's digest, with two queries."""
    wanted = [one for one in versions if one.body["text"] is not None]
    issuers = {one.statement.iss for one in wanted}
    rows = list(AgreementText.objects.filter(agency_id=agency_id, iss__in=issuers)) if wanted else []
    opened = TEXTS.open_many(agency_id, [(row.pk, REVISION, row.sealed) for row in rows])
    kept = [KeptText(row.iss, row.jti, row.md, one or {}) for row, one in zip(rows, opened, strict=True)]
    return {one.od: text_of(one, kept) for one in versions}
