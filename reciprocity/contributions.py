# SPDX-License-Identifier: Apache-2.0
"""Rows of what an agency gave and got, written as alerts are filed and sent."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.db.models import OuterRef, Subquery

from accord.commitments import COURT_OUTCOMES
from accord.document.rules import read_day
from accord.reciprocity import counts_as, supplies_of
from alerts.models import Alert, ReceivedAlert
from alerts.projections.tokens import tokens_of
from alerts.receiving.versions import UPDATE
from alerts.red_readers import is_red
from alerts.rows.replies import Reply
from callers.deliveries import REACHED, DeliveryState
from peers.sent import deliveries_of, envelopes_of
from reciprocity.models import Contribution
from vault.sealed_store import SealedStore, as_json

ACTUAL: Final = "actual"
COUNTS_AS: Final = "counts_as"
"""Field under which tokens of it are made."""
VERDICTS: Final = SealedStore[date](
    "contribution",
    lambda day: as_json(day.isoformat()),
    lambda plain: date.fromisoformat(plain.decode()[1:-1]),
)


def file_received(rows: Iterable[ReceivedAlert]) -> None:
    """Keep the rows of alerts that their originators sent, whether they open or not; inside the transaction that files them."""
    counted = (
        Contribution(
            agency_id=received.agency_id,
            peer_id=received.issuer_id,
            is_given=False,
            md=received.md,
            re_md=_answered_by(received),
            is_red=is_red(received.tlp),
            logged_at=received.logged_at,
            received=received,
        )
        for received in rows
        if received.status == ACTUAL and not received.via
    )
    Contribution.objects.bulk_create(counted, ignore_conflicts=True)


def note_received(received: ReceivedAlert, document: Mapping[str, Any]) -> None:
    """Note how an opened alert counts."""
    rows = Contribution.objects.filter(agency=received.agency_id, md=received.md, received=received)
    rows.update(
        counts_as=_token(received.agency_id, received.kind, document),
        sealed=_sealed_verdict(received.agency_id, received.md, received.issuer_id, document),
    )


def file_sent(alert: Alert, document: Mapping[str, Any]) -> None:
    """Keep a row for each recipient of an alert that was just sent; it counts once it has reached that recipient."""
    envelope = envelopes_of(alert.agency_id).filter(md=alert.md).first()
    if alert.status != ACTUAL or envelope is None:
        return
    reply = Reply.of(alert)
    red = is_red(alert.tlp)
    kind = UPDATE if alert.previous_id is not None else alert.kind
    token = None if red else _token(alert.agency_id, kind, document)
    rows = (
        Contribution(
            agency_id=alert.agency_id,
            peer_id=recipient,
            is_given=True,
            md=alert.md,
            re_md=reply.re_md if reply else "",
            is_red=red,
            alert=alert,
            counts_as=token,
            sealed=None if red else _sealed_verdict(alert.agency_id, alert.md, recipient, document),
        )
        for recipient in envelope.recipients
    )
    Contribution.objects.bulk_create(rows, ignore_conflicts=True)


def settle_sent() -> None:
    """Note of sent items, for all agencies, when the ledger took those that have reached their recipient since; drop the expired."""
    waiting = Contribution.objects.filter(logged_at=None)
    for agency_id in list(waiting.order_by("agency_id").values_list("agency_id", flat=True).distinct()):
        said = deliveries_of(agency_id).filter(md=OuterRef("md"), recipient=OuterRef("peer_id"))
        rows = waiting.filter(agency=agency_id).annotate(state=Subquery(said.values("state")[:1]))
        rows.filter(state=DeliveryState.EXPIRED).delete()
        reached = rows.filter(state__in=REACHED, alert__logged_at__isnull=False).values("pk")
        logged = Alert.objects.filter(pk=OuterRef("alert_id")).values("logged_at")
        Contribution.objects.filter(pk__in=reached).update(logged_at=Subquery(logged[:1]))


def row_id(md: str, peer: str) -> str:
    """Return the name that a row's sealed content is bound to."""
    return f"{md}/{peer}"


def _token(agency_id: str, kind: str, document: Mapping[str, Any]) -> bytes:
    return tokens_of(agency_id, [(COUNTS_AS, counts_as(kind, document))])[0]


def _sealed_verdict(agency_id: str, md: str, peer: str, document: Mapping[str, Any]) -> bytes | None:
    day = read_day(document.get("verdict_on")) if COURT_OUTCOMES in supplies_of(document) else None
    return None if day is None else VERDICTS.seal(agency_id, row_id(md, peer), day)


def _answered_by(received: ReceivedAlert) -> str:
    """Return what a reply is about; for a later version of one, what its first version was."""
    if received.kind != UPDATE:
        return received.re_md
    first = Contribution.objects.filter(agency=received.agency_id, md=received.first_md)
    return str(first.values_list("re_md", flat=True).first() or "")
