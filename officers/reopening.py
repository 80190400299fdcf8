# SPDX-License-Identifier: Apache-2.0
"""Reopening a desk by the root: where nobody is left who could let anybody in, the agency's head does, offline.

- The last agency admin, key officer or (of an own desk) keeper is gone, or has lost every second factor.
- The keeper, or whoever has a shell on the desk, asks for one person by name. The head signs that with the root
  (`accord sign`). The desk accepts it once, within a day, and issues the link with which this person chooses a
  password.
- Keeper and shell can only ask: without the signature of the root in force nothing changes. What the root signs counts
  at once.
- A desk never asks a root that it holds itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError, MalformedError
from accord.envelope.keysets import Keyset
from accord.envelope.reopening import (
    AGAIN,
    KEEPER,
    NEW,
    ROLES,
    build_reopening,
    verify_reopening,
)
from accord.envelope.reopening import Reopening as Said
from accord.envelope.rootforms import NONCE_BYTES
from accord.envelope.vocabulary import MAX_IAT_AGE_SECS
from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.directory import Custody
from callers.errors import AbsentError, CallerError, InputError
from callers.names import check_name
from ledger.audit import record_event
from ledger.restores import predates_restore
from officers.accountlinks import issue_link, mail_link
from officers.accountmail import address_of
from officers.accounts import email_taken, mail_address, new_salt, one_spaced, store_let_in
from officers.expiring_rows import AccountLink
from officers.identity import settle_identity
from officers.login.attempts import FactorSource, LoginSource, reopen
from officers.login.factors import note_factors
from officers.models import Officer, PowerChange, Reopening
from officers.policy_in_force import begin_policy
from officers.powers import drop_of_officer
from peers.models import Agency
from vault.instances import own_instance
from vault.outgoing import new_id
from vault.own_keys import keyset_in_force

REQUEST_LIVES: Final = timedelta(seconds=MAX_IAT_AGE_SECS)
TOLD_FOR: Final = timedelta(days=7)
"""Time for which the pages of everybody in the agency show that somebody was let in."""
INVITATION: Final = AccountLink.Purpose.INVITATION


@dataclass(frozen=True)
class LetIn:
    """Person who was let in, and the link: in `by_hand` at an own desk, to be handed over; else it was mailed."""

    officer: Officer
    link: AccountLink


def ask_reopening(
    actor: Actor, agency: Agency, *, role: str, full_name: str, email: str, now: datetime
) -> Reopening:
    """Make the request for the root, in place of an open one; it says whether the address has an account.

    Raises NotPermittedError, AbsentError, InputError (`role`, `full_name`, `email`, `agency`).
    """
    require(actor, Capability.DESK_KEEP)
    name, address = _checked(role, full_name, email)
    with transaction.atomic():
        locked = _lock(agency)
        account = NEW if _account(locked, role, address) is None else AGAIN
        payload = _built(
            iss=locked.pk,
            root=_keyset(locked, now).root,
            id=new_id(now),
            iat=int(now.timestamp()),
            nonce=token_bytes(NONCE_BYTES),
            desk=own_instance(),
            role=role,
            name=name,
            email=address,
            account=account,
        )
        Reopening.objects.filter(agency=locked, used_at=None).delete()
        row = Reopening(agency=locked, payload=payload.decode(), made_by=actor.audit_name, made_at=now)
        row.od = row.said.od
        row.save(force_insert=True)
        _record("reopening.asked", actor, row, row.od, now, role=role, account=account)
    return row


def open_request(actor: Actor, agency: Agency, *, now: datetime) -> Reopening | None:
    """Return the request that waits for the root's signature, or None. Raises NotPermittedError."""
    require(actor, Capability.DESK_KEEP)
    return _open(agency, now).first()


def hand_in_reopening(actor: Actor, agency: Agency, signed: bytes, *, now: datetime) -> LetIn:
    """Let in the person whom the root has signed for, once. Not inside a transaction.

    Raises NotPermittedError, AbsentError, InputError (`signed`, `email`), the envelope's errors. A refusal is audited.
    """
    require(actor, Capability.DESK_KEEP)
    try:
        with transaction.atomic():
            locked = _lock(agency)
            row = _verified(locked, signed, now)
            officer = _let_in(actor, locked, row.said, now)
            row.used_at, row.handed_in_by, row.officer = now, actor.audit_name, officer
            row.save(update_fields=["used_at", "handed_in_by", "officer"])
            link, token = issue_link(officer, INVITATION, issued_by=actor.audit_name, now=now)
            facts = {"role": row.said.role, "account": row.said.account, "od": row.od}
            _record("reopening.taken", actor, row, officer.audit_name, now, **facts)
    except (EnvelopeError, CallerError) as refused:
        code = str(getattr(refused, "code", type(refused).__name__))
        with transaction.atomic():
            record_event(
                "reopening.refused",
                actor=actor.audit_name,
                agency=agency.pk,
                subject=agency.pk,
                detail={"code": code},
                now=now,
            )
        raise
    if not settings.OWN_DESK:
        return LetIn(officer, mail_link(link, token, now=now))
    link.by_hand = address_of(INVITATION, token)
    return LetIn(officer, link)


def reopened_lately(agency: Agency | None, *, now: datetime) -> Sequence[Reopening]:
    """Return who was let in by the root within `TOLD_FOR`, for everybody of the agency; the newest first."""
    rows = Reopening.objects.filter(agency=agency, used_at__gt=now - TOLD_FOR).select_related("officer")
    return [row for row in rows.order_by("-used_at") if row.is_bound]


def _checked(role: str, full_name: str, email: str) -> tuple[str, str]:
    """Return name and address in the form in which they are signed; raises InputError."""
    if role not in ROLES or (role == KEEPER and not settings.OWN_DESK):
        raise InputError(
            "role", _("As what: choose agency admin or key officer; a keeper only at your own desk.")
        )
    name = one_spaced(full_name)
    try:
        check_name(name)
    except ValidationError as refused:
        raise InputError("full_name", " ".join(refused.messages)) from None
    if not 1 <= len(name) <= Officer._meta.get_field("full_name").max_length:  # type: ignore[operator]
        raise InputError("full_name", _("Name: enter the name as colleagues know it."))
    return name, mail_address(email)


def _built(**terms: Any) -> bytes:
    """Return the payload; raises InputError for a name or an address that is valid here but not in what a root signs."""
    try:
        return build_reopening(**terms)
    except MalformedError as refused:
        if refused.where == "reopen name":
            raise InputError("full_name", _("Name: enter it without signs that nobody sees.")) from None
        raise InputError("email", _("E-mail: enter an address in plain letters, digits and signs.")) from None


def _lock(agency: Agency) -> Agency:
    """Return the agency, locked, if its root is not at this desk; raises AbsentError, InputError (`agency`)."""
    locked = Agency.objects.select_for_update().filter(pk=agency.pk, is_hosted=True).first()
    if locked is None:
        raise AbsentError
    locked.require_bound()
    if locked.custody == Custody.HUB:
        raise InputError(
            "agency", _("This desk holds the agency's root itself, so its signature would be the desk's own.")
        )
    return locked


def _keyset(locked: Agency, now: datetime) -> Keyset:
    """Return the keyset in force, whose root decides; raises InputError before the first."""
    keyset = keyset_in_force(locked.pk, now=now)
    if keyset is None:
        raise InputError(
            "agency", _("The agency has no keys yet: the keeper invites its first agency admin again.")
        )
    return keyset


def _account(locked: Agency, role: str, address: str) -> Officer | None:
    """Return the account of this address, locked; raises InputError where it cannot have the role."""
    rows = Officer.objects.select_for_update(of=("self",))
    home = None if role == KEEPER else locked
    found = rows.filter(email=address).first() or rows.filter(agency=home, invited_email=address).first()
    if found is None:
        return None
    found.require_bound()
    if found.agency_id != (home.pk if home else None):
        if settings.OWN_DESK:
            raise email_taken()
        # As with an invitation, nobody learns here that the address has an account of another agency.
        return None
    if Role.AUDITOR in found.roles:
        raise InputError("email", _("E-mail: this person audits, and does nothing else. Name somebody else."))
    return found


def _open(agency: Agency, now: datetime) -> QuerySet[Reopening]:
    return Reopening.objects.filter(agency=agency, used_at=None, made_at__gt=now - REQUEST_LIVES)


def _verified(locked: Agency, signed: bytes, now: datetime) -> Reopening:
    """Return the request that was signed, locked: it was made here, is open, and the root in force has signed it."""
    root = _keyset(locked, now).root
    said = verify_reopening(
        signed, agency=locked.pk, desk=own_instance(), root=root, now=int(now.timestamp())
    )
    row = Reopening.objects.select_for_update(of=("self",)).filter(pk=said.od, agency=locked).first()
    if row is None:
        raise InputError(
            "signed", _("File: this request is not open here any more, since a newer one was made.")
        )
    row.require_bound()
    if row.used_at is not None:
        raise InputError("signed", _("File: it has served. Each counts once; make a new request."))
    if predates_restore(row.made_at):
        raise InputError("signed", _("File: it was asked for before the restore. Make a new request."))
    return row


def _let_in(actor: Actor, locked: Agency, said: Said, now: datetime) -> Officer:
    found = _account(locked, said.role, said.email)
    if (AGAIN if found else NEW) != said.account:
        raise InputError(
            "email", _("E-mail: whether an account stands under it has changed. Make a new request.")
        )
    if found is not None:
        return _begin_again(actor, found, said.role, now)
    home = None if said.role == KEEPER else locked
    if home is not None:
        begin_policy(home)
    return store_let_in(actor, home, email=said.email, full_name=said.name, roles=[said.role], now=now)


def _begin_again(actor: Actor, officer: Officer, role: str, now: datetime) -> Officer:
    """Remove all means to sign in to an account, and doubts about its person; give it the role, and enable it."""
    Authenticator.objects.filter(user=officer).delete()
    note_factors(officer)
    drop_of_officer(actor, officer, now=now)
    doubt = PowerChange.objects.filter(
        officer=officer, kind=PowerChange.Kind.IDENTITY, outcome=PowerChange.Outcome.WAITING
    ).first()
    if doubt is not None:
        settle_identity(doubt, actor, now=now)
        officer.refresh_from_db()
    officer.set_unusable_password()
    officer.session_salt, officer.is_active = new_salt(), True
    officer.factors_reset_at = officer.password_mailed_at = officer.powers_withheld_at = None
    officer.roles = [known.value for known in Role if known.value in {*officer.roles, role}]
    officer.save()
    reopen(LoginSource(officer.email, ""), now=now)
    reopen(FactorSource(officer.pk), now=now)
    return officer


def _record(act: str, actor: Actor, row: Reopening, subject: str, now: datetime, **detail: str) -> None:
    record_event(act, actor=actor.audit_name, agency=row.agency_id, subject=subject, detail=detail, now=now)
