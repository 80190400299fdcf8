# SPDX-License-Identifier: Apache-2.0
"""Sealed texts of agreements that the desk keeps: read beside the statements that name them.

A text is no alert: it stands in no box, starts no clock and is not acknowledged. It is kept as long as the agency is, since a
later version is compared with it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from accord.agreement_texts import KeptText, VersionText, names_text, text_of
from accord.agreements import AGREEMENT, SignedVersion
from alerts.rows.agreement_texts import AgreementText
from peers.models import HeldStatement
from vault.sealed_store import REVISION, SealedStore, as_json, dataclass_of

TEXTS: Final = SealedStore[KeptText](
    "agreementtext", lambda text: as_json(asdict(text)), dataclass_of(KeptText)
)
"""The seal holds the address, too: a row that was given another one is the text of no other version."""


def is_text(agency_id: str, iss: str, jti: str, md: str) -> bool:
    """Tell whether a proposal of this issuer names the envelope, or one whose place it takes, as its text."""
    rows = HeldStatement.objects.filter(reader=agency_id, iss=iss, k=AGREEMENT)
    return any(names_text(body, jti, md) for body in rows.values_list("body", flat=True))


def keep_text(agency_id: str, text: KeptText, *, now: datetime) -> None:
    """Keep a text, unless it is here; in the caller's transaction. Raises SecretMissingError."""
    if AgreementText.objects.filter(agency_id=agency_id, md=text.md).exists():
        return
    row = AgreementText(agency_id=agency_id, iss=text.iss, jti=text.jti, md=text.md, kept_at=now)
    row.sealed = TEXTS.seal(agency_id, row.pk, text)
    row.save(force_insert=True)


def forget_text(agency_id: str, md: str) -> None:
    """Delete an own text that reached nobody."""
    AgreementText.objects.filter(agency_id=agency_id, iss=agency_id, md=md).delete()


def texts_of(agency_id: str, versions: Iterable[SignedVersion]) -> dict[str, VersionText]:
    """Return what is here of the text of each version, by the version's digest, with two queries."""
    wanted = [one for one in versions if one.body["text"] is not None]
    issuers = {one.statement.iss for one in wanted}
    rows = list(AgreementText.objects.filter(agency_id=agency_id, iss__in=issuers)) if wanted else []
    kept = _opened(agency_id, rows)
    return {one.od: text_of(one, kept) for one in versions}


def own_texts_among(agency_id: str, mds: Collection[str]) -> set[str]:
    """Return those of these envelopes that are texts which this desk sent for the agency; an altered row counts as none."""
    rows = list(AgreementText.objects.filter(agency_id=agency_id, iss=agency_id, md__in=mds))
    return {one.md for one in _opened(agency_id, rows)}


def _opened(agency_id: str, rows: Sequence[AgreementText]) -> list[KeptText]:
    opened = TEXTS.open_many(agency_id, [(row.pk, REVISION, row.sealed) for row in rows])
    return [one for one in opened if one is not None]
