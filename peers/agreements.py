# SPDX-License-Identifier: Apache-2.0
"""Agreements of an agency as the exchange last stated them, kept for the agency that asked.

- Nobody signs them: they are the exchange's word. The rows are bound to their reader, so that nobody else changes them
  here.
- Suspensions are no part of them: each is a signed statement of the agency that suspends.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from accord.calls.agreements import AgreementAnswer, CircleAnswer, read_agreements, read_circles
from accord.envelope.encoding import b64u, canonical, sha256
from callers.binding import keep_bound
from callers.errors import NotBoundError
from peers.exchange import exchange_of
from peers.models import PeerAgreement, PeerCircle, SeenAgreements

NOT_ASKED: Final = ""


@dataclass(frozen=True)
class KeptAgreements:
    """Agreements by ref, circles by name, and when the exchange stated them."""

    agreements: tuple[AgreementAnswer, ...]
    circles: tuple[CircleAnswer, ...]
    asked_at: datetime

    def agreement(self, ref: str) -> AgreementAnswer | None:
        """Return the agreement of this ref, or None."""
        return next((one for one in self.agreements if one.ref == ref), None)


def kept_agreements(reader: str) -> KeptAgreements | None:
    """Return what is kept for this agency; None before it was first asked for.

    Raises NotBoundError for a row that was altered outside the program, moved to another agency, or deleted.
    """
    seen = SeenAgreements.objects.filter(reader=reader).first()
    agreements = list(PeerAgreement.objects.filter(reader=reader))
    circles = list(PeerCircle.objects.filter(reader=reader))
    if seen is None:
        if agreements or circles:
            raise NotBoundError(SeenAgreements._meta.db_table, reader)
        return None
    for row in (seen, *agreements, *circles):
        row.require_bound()
    if seen.digest != _digest(agreements, circles):
        raise NotBoundError(SeenAgreements._meta.db_table, reader)
    return KeptAgreements(
        tuple(_agreement(row) for row in agreements), tuple(_circle(row) for row in circles), seen.asked_at
    )


def was_ever_asked(reader: str) -> bool:
    """Tell whether anything is kept, intact or not."""
    return SeenAgreements.objects.filter(reader=reader).exists()


def was_asked_since(reader: str, moment: datetime, *, now: datetime) -> bool:
    """Tell whether the exchange was asked for the agency's agreements after this moment, by a column that no code covers."""
    return SeenAgreements.objects.filter(reader=reader, asked_at__gt=moment, asked_at__lte=now).exists()


def follow_agreements(reader: str, *, now: datetime) -> bool:
    """Keep what the exchange states now; return whether what was kept before had been altered outside the program.

    Not inside a transaction. Raises `accord.calls.errors.ClientError`.
    """
    exchange = exchange_of(reader)
    agreements = read_agreements(exchange.agreements(), reader)
    circles = read_circles(exchange.circles(), reader)
    rows = [PeerAgreement(reader=reader, ref=one.ref, said=_said(one)) for one in agreements]
    named = [PeerCircle(reader=reader, name=one.name, said=_said(one)) for one in circles]
    return _keep(reader, rows, named, now)


@transaction.atomic
def _keep(
    reader: str, agreements: Sequence[PeerAgreement], circles: Sequence[PeerCircle], now: datetime
) -> bool:
    # Two callers take turns by this row's lock; the first one creates the row, bound.
    keep_bound([SeenAgreements(reader=reader, digest=NOT_ASKED, asked_at=now)])
    seen = SeenAgreements.objects.select_for_update().get(reader=reader)
    was_altered, digest = False, _digest(agreements, circles)
    try:
        is_known = _stands(seen, digest)
    except NotBoundError:
        was_altered, is_known = True, False
    if is_known:
        SeenAgreements.objects.filter(reader=reader).update(asked_at=now)
        return False
    PeerAgreement.objects.filter(reader=reader).delete()
    PeerCircle.objects.filter(reader=reader).delete()
    keep_bound([*agreements, *circles])
    if was_altered:
        SeenAgreements.objects.filter(reader=reader).delete()
        keep_bound([SeenAgreements(reader=reader, digest=digest, asked_at=now)])
    else:
        seen.digest, seen.asked_at = digest, now
        seen.save()
    return was_altered


def _stands(seen: SeenAgreements, digest: str) -> bool:
    """Tell whether exactly this is kept; raises NotBoundError."""
    seen.require_bound()
    if seen.digest != NOT_ASKED:
        return kept_agreements(seen.reader) is not None and seen.digest == digest
    if any(kept.objects.filter(reader=seen.reader).exists() for kept in (PeerAgreement, PeerCircle)):
        raise NotBoundError(SeenAgreements._meta.db_table, seen.reader)
    return False


def _digest(agreements: Sequence[PeerAgreement], circles: Sequence[PeerCircle]) -> str:
    """Return a digest of all agreements and circles, by which a missing or outdated row is noticed."""
    said = [
        [row.said for row in sorted(agreements, key=lambda row: row.ref)],
        [row.said for row in sorted(circles, key=lambda row: row.name)],
    ]
    return b64u(sha256(canonical(said)))


def _said(one: AgreementAnswer | CircleAnswer) -> dict[str, object]:
    return {name: _plain(value) for name, value in asdict(one).items()}


def _plain(value: object) -> object:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _agreement(row: PeerAgreement) -> AgreementAnswer:
    texts = {name: tuple(row.said[name]) for name in ("parties", "lanes", "purposes", "survive_lanes")}
    return AgreementAnswer(**{**row.said, **texts})


def _circle(row: PeerCircle) -> CircleAnswer:
    return CircleAnswer(**{**row.said, "members": tuple(row.said["members"])})
