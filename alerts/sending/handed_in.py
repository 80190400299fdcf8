# SPDX-License-Identifier: Apache-2.0
"""Objects of the agency that wait for the exchange or were refused by it, in words for its officers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.agreements import ACCEPT, AGREEMENT, LEAVE
from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.releases import RELEASE, UNRELEASE
from accord.envelope.statements.bodies import MANIFEST
from accord.suspensions import RESUME, SUSPEND
from alerts.boxes.state_words import names_of_denied, refusal_text
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import Card, open_alert_cards, open_received_cards
from callers.capabilities import Capability, require
from callers.closed_lists import FLASH
from officers.ceilings import ceiling_of
from officers.models import Officer
from peers import outgoing
from peers.models import Agency, Outgoing, OutgoingState
from peers.outgoing import TEXT
from vault.instances import may_send

AT_MOST: Final = 100
RETURNED_FOR: Final = timedelta(days=7)
KINDS: Final[dict[str, str | Promise]] = {
    MANIFEST: gettext_lazy("Alert"),
    TEXT: gettext_lazy("Text of an agreement"),
    RELEASE: gettext_lazy("Release onward"),
    UNRELEASE: gettext_lazy("End of a release onward"),
    "ack": gettext_lazy("Acknowledgement"),
    "retract": gettext_lazy("Withdrawal"),
    "confirm": gettext_lazy("Confirmation of a withdrawal"),
    REAFFIRM: gettext_lazy("Reaffirmation"),
    AGREEMENT: gettext_lazy("Proposal of an agreement"),
    ACCEPT: gettext_lazy("Answer to a proposed agreement"),
    LEAVE: gettext_lazy("Leaving of an agreement"),
    SUSPEND: gettext_lazy("Suspension of lanes"),
    RESUME: gettext_lazy("Resumption of lanes"),
}


@dataclass(frozen=True)
class HandedIn:
    """One object; `alert` or `received` is its subject, if the officer may see that, and `card` that one's.

    `state` as of `OutgoingState`. `is_altered`: its row was changed past the program, so that it is not sent.
    """

    k: str
    kind: str | Promise
    state: str
    since: datetime
    settled_at: datetime | None
    may_have_arrived: bool
    text: str
    is_altered: bool
    alert: Alert | None = None
    received: ReceivedAlert | None = None
    card: Card | None = None


def list_handed_in(officer: Officer, *, now: datetime) -> tuple[HandedIn, ...]:
    """List waiting objects, then those returned within a week; each newest first, `AT_MOST` together.

    An officer with a ceiling sees only objects about an alert within it.
    """
    require(officer, Capability.ALERT_READ)
    rows = list(outgoing.open_of(officer.agency_id or "", returned_since=now - RETURNED_FOR)[:AT_MOST])
    subjects = [row.subject for row in rows]
    seen = Alert.objects.visible_to(officer)
    own = [
        *seen.filter(pk__in=[row.subject for row in rows if row.k == MANIFEST]),
        *seen.filter(md__in=subjects),
    ]
    received = ReceivedAlert.objects.visible_to(officer)
    reached = [*received.filter(md__in=subjects), *received.filter(retract_od__in=subjects)]
    by_subject: dict[str, Alert] = {key: alert for alert in own for key in (str(alert.pk), alert.md)}
    by_digest = {key: one for one in reached for key in (one.md, one.retract_od)}
    agency_id = officer.agency_id or ""
    cards = open_alert_cards(agency_id, own) | open_received_cards(agency_id, reached)
    goes_out = may_send(officer.agency_id or "")
    shown = [
        _shown(row, by_subject.get(row.subject), by_digest.get(row.subject), cards, goes_out=goes_out)
        for row in rows
    ]
    is_limited = ceiling_of(officer) is not None
    return tuple(one for one in shown if one.alert or one.received or not is_limited)


def envelope_of(alert: Alert) -> HandedIn | None:
    """Return the last envelope of an alert that waits or was refused; None where there is none."""
    row = outgoing.newest_of(alert.agency_id, str(alert.pk))
    return None if row is None else _shown(row, alert, None, {}, goes_out=may_send(alert.agency_id))


def handed_in_of_each(agency_id: str, alerts: Collection[Alert]) -> dict[UUID, HandedIn]:
    """The same for several alerts of one agency, by their ids; the number of queries does not grow with them."""
    by_subject = {str(alert.pk): alert for alert in alerts}
    rows = outgoing.newest_of_each(agency_id, by_subject)
    names = names_of_denied(row.denials for row in rows)
    goes_out = bool(rows) and may_send(agency_id)
    return {
        by_subject[row.subject].pk: _shown(
            row, by_subject[row.subject], None, {}, goes_out=goes_out, names=names
        )
        for row in rows
    }


def to_telephone(alert: Alert) -> Sequence[Agency]:
    """Return the recipients of a waiting flash alert whose duty desks can be called meanwhile."""
    if alert.pri != FLASH:
        return ()
    chosen = [row["agency"] for row in alert.validated_preview or () if row["will"]]
    return list(Agency.objects.filter(pk__in=chosen).exclude(duty_phone="").order_by("name"))


def _shown(
    row: Outgoing,
    alert: Alert | None,
    received: ReceivedAlert | None,
    cards: dict[str, Card],
    *,
    goes_out: bool,
    names: Mapping[str, str] | None = None,
) -> HandedIn:
    about = alert or received
    return HandedIn(
        k=row.k,
        kind=KINDS.get(row.k, row.k),
        state=row.state,
        since=row.queued_at,
        settled_at=row.settled_at,
        may_have_arrived=row.may_have_arrived,
        text=_text(row, goes_out=goes_out, names=names),
        is_altered=not row.is_bound,
        alert=alert,
        received=received,
        card=cards.get(str(about.pk)) if about else None,
    )


def _text(row: Outgoing, *, goes_out: bool, names: Mapping[str, str] | None) -> str:
    if not row.is_bound:
        return _("Its record was changed outside the program: it goes nowhere. Call whoever runs this desk.")
    if row.state == OutgoingState.REFUSED:
        return refusal_text(row.cause, row.denials, names)
    if not goes_out:
        return _("It waits here until this desk holds your agency's identity at the exchange again.")
    if row.may_have_arrived:
        return _("It may have arrived: the exchange did not answer. It is sent again until it does.")
    return _("Nobody has received it. It is sent as soon as the exchange answers.")
