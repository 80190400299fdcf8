# SPDX-License-Identifier: Apache-2.0
"""Contact details of an agency: telephone, time zone and contact points, as the agency states them.

Telephone and zone stand in the directory. The contact points are shown only to the agency and to the operator, who has to reach
it. The newest statement counts, and what it replaced is deleted, since addresses belong to people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.statements.form import Statement
from accord.timezones import is_timezone
from agencies.models import Agency, ContactPoint, OwnStatement
from agencies.own_statements import take_own_statement
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from ledger.proofs import receipt_for

ENTRY = "entry"


@dataclass(frozen=True)
class PublishedEntry:
    """An agency's contact details; `statement` is the signed source, None where only the operator has entered them."""

    agency: str
    telephone: str
    timezone: str
    contacts: Sequence[str]
    statement: Mapping[str, Any] | None
    receipt: Mapping[str, Any] | None


def state_entry(caller: Actor, agency_id: str, jws: bytes, *, now: datetime) -> None:
    """Take the caller's agency's statement of its contact details; the same bytes again change nothing.

    Raises as `take_own_statement` (Failure.STALE for one that is not newer than the current one), and InputError for a zone
    that the IANA database does not have.
    """

    def apply(agency: Agency, stated: Statement) -> None:
        _apply(caller, agency, stated, now)

    take_own_statement(caller, agency_id, jws, k=ENTRY, effect=apply, now=now)


def published_entry(actor: Actor, agency_id: str) -> PublishedEntry:
    """Return an agency's contact details, for the agency itself and the operator; raise AbsentError, NotPermittedError."""
    require(actor, Capability.DIRECTORY_READ)
    if agency_id != actor.agency_id and Capability.HUB_OPERATE not in actor.capabilities:
        raise AbsentError
    agency = Agency.objects.visible_to(actor).filter(pk=agency_id).first()
    if agency is None:
        raise AbsentError
    row = OwnStatement.objects.filter(agency=agency, k=ENTRY).first()
    contacts = ContactPoint.objects.filter(agency=agency).order_by("address")
    return PublishedEntry(
        agency=agency.pk,
        telephone=agency.duty_phone,
        timezone=agency.timezone,
        contacts=list(contacts.values_list("address", flat=True)),
        statement=json.loads(bytes(row.jws)) if row else None,
        receipt=receipt_for(row.od) if row else None,
    )


def _apply(caller: Actor, agency: Agency, stated: Statement, now: datetime) -> None:
    earlier = OwnStatement.objects.filter(agency=agency, k=ENTRY)
    newest = max(earlier.values_list("iat", flat=True), default=-1)
    if stated.iat <= newest:
        raise VerificationError(Failure.STALE, "a newer entry stands")
    body = stated.body
    if not is_timezone(body["zone"]):
        raise InputError("zone", _("Time zone: choose a name of the IANA database."))
    earlier.delete()
    agency.duty_phone, agency.timezone = body["telephone"] or "", body["zone"]
    agency.save(update_fields=["duty_phone", "timezone"])
    ContactPoint.objects.filter(agency=agency).delete()
    ContactPoint.objects.bulk_create(
        ContactPoint(agency=agency, address=address) for address in body["contacts"]
    )
    record_event(
        "entry.stated",
        actor=caller.audit_name,
        agency=agency.pk,
        subject=stated.od,
        detail={"contacts": len(body["contacts"])},
        now=now,
    )
