# SPDX-License-Identifier: Apache-2.0
"""Invitations: an officer is enrolled without a password and chooses one by a mailed link, once, within 72 hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.utils.translation import gettext as _

from callers.actors import Actor
from callers.capabilities import Capability, Role
from callers.errors import AbsentError, InputError
from ledger.restores import restored_since
from officers.accountlinks import follow_link, issue_link, mail_link
from officers.accountmail import Cause
from officers.accounts import admins_of, enrol_officer, lock_to_manage, record_about, refuse_own_account
from officers.expiring_rows import AccountLink
from officers.identity import doubt_identity
from officers.models import Officer
from officers.power_rows import PowerChange
from peers.models import Agency

INVITATION = AccountLink.Purpose.INVITATION


@dataclass(frozen=True)
class Invited:
    """Invitation of an officer who has not chosen a password yet; `cause` is why the mail was not sent, or empty."""

    until: datetime
    is_over: bool
    mailed_at: datetime | None
    cause: str

    @property
    def cause_text(self) -> str:
        return str(Cause(self.cause).label) if self.cause in Cause.values else ""


def invite_officer(
    actor: Actor,
    agency: Agency,
    *,
    email: str,
    full_name: str,
    roles: Iterable[str],
    unit: str = "",
    timezone: str = "",
    language: str = "",
    now: datetime,
) -> tuple[Officer, AccountLink]:
    """Enrol an officer and mail the link, which says whether the mail was sent. Raises as `enrol_officer` does.

    The answer is the same whether or not the address has an account in another agency: the mail tells its owner.
    """
    with transaction.atomic():
        officer = enrol_officer(
            actor,
            agency,
            email=email,
            full_name=full_name,
            roles=roles,
            unit=unit,
            timezone=timezone,
            language=language,
            invited=True,
            now=now,
        )
        link, token = issue_link(officer, INVITATION, issued_by=actor.audit_name, now=now)
        record_about("officer.invited", actor, officer, now)
    return officer, mail_link(link, token, now=now)


def invite_again(actor: Actor, officer: Officer, *, now: datetime) -> AccountLink:
    """Send a new link to an officer without a password; the old one no longer counts. Raises as `lock_to_manage`, InputError."""
    with transaction.atomic():
        locked = _lock_to_invite(actor, officer)
        if not locked.is_active or locked.has_usable_password():
            raise InputError("officer", _("Only who was invited and has no password yet is invited again."))
        doubt_identity(actor, locked, PowerChange.Cause.INVITED, now=now)
        link, token = issue_link(locked, INVITATION, issued_by=actor.audit_name, now=now)
        record_about("officer.invited", actor, locked, now)
    return mail_link(link, token, now=now)


def _lock_to_invite(actor: Actor, officer: Officer) -> Officer:
    """Lock the officer if the actor may act on this person, or is the keeper and this is the first admin of an unmanaged agency."""
    if Capability.DESK_KEEP not in actor.capabilities:
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        return locked
    agency = Agency.objects.select_for_update().filter(pk=officer.agency_id, is_hosted=True).first()
    if agency is None or admins_of(agency).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists():
        raise AbsentError
    locked = Officer.objects.select_for_update(of=("self",)).get(pk=officer.pk)
    if Role.AGENCY_ADMIN not in locked.roles:
        raise AbsentError
    return locked


def accept_invitation(digest: str, *, password: str, now: datetime) -> Officer:
    """Choose the invited officer's password; raises AbsentError, InputError (`password`; `email`, which has an account by now)."""
    return follow_link(digest, INVITATION, password=password, now=now)


def invited_of(officers: Iterable[Officer], *, now: datetime) -> Mapping[str, Invited]:
    """Return the invitations that were not accepted yet among these officers, by public id, in one query."""
    waiting = {row.pk: row for row in officers if row.is_active and not row.has_usable_password()}
    newest: dict[str, Invited] = {}
    links = AccountLink.objects.filter(officer__in=waiting, purpose=INVITATION).order_by("issued_at")
    links = links.annotate(came_back=restored_since("issued_at"))
    for link in links:
        over = link.used_at is not None or now >= link.expires_at or link.came_back
        officer = waiting[link.officer_id]
        newest[officer.public_id] = Invited(link.expires_at, over, link.mailed_at, link.mail_cause)
    return newest
