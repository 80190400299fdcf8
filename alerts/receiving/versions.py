# SPDX-License-Identifier: Apache-2.0
"""Versions of a received alert: the newest that counts, and those it replaces.

- A version counts while its signatures count and it can be opened, so that a thief's update hides nothing once the key
  is known as stolen.
- A version that was withdrawn still replaces those before it: an older text never comes back by itself.
- What was sent again after a suspension stands, with the number of the one it repeats, among its versions, whichever came first:
  lists show the newer of the two.
- Lists use the order that is kept here; it is settled again when the feed says that a signature's worth has changed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from accord.moments import moment_of
from alerts.document.building import RESENT
from alerts.models import ReceivedAlert
from alerts.receiving.signature_state import judge_received
from officers.models import Officer

UPDATE: Final = "update"
"""Kind of an envelope that is a later version of another one."""
IN_ORDER: Final = ("version", "number")
"""Order of versions, in which their rows are locked too."""


def place_version(received: ReceivedAlert) -> None:
    """Set, on a row that is not saved yet, the address of the first version and its number among them.

    Where the version before never reached the agency, numbers count from that one on.
    """
    received.first_md, received.version = received.md, 1
    if received.kind != UPDATE or not received.re_md:
        return
    held = ReceivedAlert.objects.filter(
        agency_id=received.agency_id, issuer_id=received.issuer_id, md=received.re_md
    ).first()
    if held is not None and held.first_md:
        received.first_md, received.version = held.first_md, held.version + 1
    else:
        received.first_md, received.version = received.re_md, 2


def place_copy(received: ReceivedAlert, document: Mapping[str, Any]) -> None:
    """Set on a row, which the caller saves, what was written before the suspension; stand it beside that where it is here."""
    resent = document.get(RESENT)
    if not resent:
        return
    received.resent_jti, received.resent_at = resent["jti"], moment_of(resent["logged"])
    repeated = ReceivedAlert.objects.filter(
        agency_id=received.agency_id, issuer_id=received.issuer_id, jti=received.resent_jti
    ).first()
    if repeated is not None and repeated.first_md:
        received.first_md, received.version = repeated.first_md, repeated.version


def lock_versions(received: ReceivedAlert) -> None:
    """Lock every version of an alert at its agency, oldest first; every change of more than one locks in this order."""
    if received.first_md:
        same = ReceivedAlert.objects.filter(
            agency_id=received.agency_id, issuer_id=received.issuer_id, first_md=received.first_md
        )
        list(same.select_for_update().order_by(*IN_ORDER).values_list("pk", flat=True))


def settle_versions(agency_id: str, md: str, *, now: datetime) -> None:
    """Settle again which version of this alert replaces which, for one agency. Inside a transaction."""
    received = ReceivedAlert.objects.filter(agency_id=agency_id, md=md).first()
    if received is not None:
        settle_versions_of(received, now=now)


def settle_versions_of(received: ReceivedAlert, *, now: datetime) -> None:
    """Settle the versions of this row's alert; do nothing for a row that is no version of one."""
    if not received.first_md:
        return
    rows = ReceivedAlert.objects.filter(agency_id=received.agency_id).select_related("issuer")
    same = rows.filter(issuer_id=received.issuer_id, first_md=received.first_md)
    if not same.exclude(pk=received.pk).exists():
        return
    same = same.select_for_update(of=("self",))
    versions = list(same.order_by(*IN_ORDER))
    judge_received(versions, now=now)
    newest: ReceivedAlert | None = None
    for row in reversed(versions):
        _replace(row, newest)
        if newest is None and row.standing is not None and row.standing.counts and not row.unopenable:
            newest = row


def versions_held(officer: Officer, received: ReceivedAlert, *, now: datetime) -> list[ReceivedAlert]:
    """Return every version that reached the agency and the officer may see, newest first, judged; including this row."""
    if not received.first_md:
        return [received]
    same = ReceivedAlert.objects.visible_to(officer).filter(
        agency_id=received.agency_id, issuer_id=received.issuer_id, first_md=received.first_md
    )
    rows = [received, *same.exclude(pk=received.pk).select_related("issuer").order_by()]
    judge_received((row for row in rows if row.standing is None), now=now)
    return sorted(rows, key=lambda row: (row.version, row.number), reverse=True)


def _replace(row: ReceivedAlert, newest: ReceivedAlert | None) -> None:
    if row.replaced_by_id != (newest.pk if newest else None):
        row.replaced_by = newest
        row.save(update_fields=["replaced_by"])
