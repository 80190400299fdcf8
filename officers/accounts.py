# SPDX-License-Identifier: Apache-2.0
"""Officers: enrolling, roles, disabling, passwords. `require_may_act_on` decides who may act on whom.

- Officers have accounts where their agency's keys are: this desk has those of its own agencies, and no others.
- An agency admin acts on officers of the own agency, never on the own roles. Officers of other agencies are absent.
- The keeper enrols an agency's first agency admin and nobody else: the hub adds no reader to an agency with an admin.
- Every session of a person ends when the password changes or the officer is disabled.
- What takes power away counts at once. What gives power, to a new officer too, waits for a second person or for a delay
  (`officers.powers`) once the agency has released.
"""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from callers.actors import Actor
from callers.capabilities import POWERS, Capability, Role, require
from callers.errors import AbsentError, InputError, NotPermittedError
from callers.names import resemble
from ledger.audit import record_event
from officers.errors import LastAdminError
from officers.identity import doubt_identity
from officers.models import Officer
from officers.policy_in_force import begin_policy
from officers.powers import Cause, Kind, ask_for_change, drop_asked_by, drop_of_officer, must_wait
from peers.models import Agency


def enrol_officer(
    actor: Actor,
    agency: Agency,
    *,
    email: str,
    full_name: str,
    roles: Iterable[str],
    password: str | None = None,
    timezone: str = "",
    language: str = "",
    duty_rank: int | None = None,
    unit: str = "",
    invited: bool = False,
    now: datetime,
) -> Officer:
    """Create an officer; without a password nobody can sign in yet. Raises AbsentError, NotPermittedError, InputError.

    `invited`: the address becomes the account's once its owner accepts (`officers.invitations`). Whether it has an
    account of another agency is not checked, so that nobody learns it. Once the agency has released, roles that give
    power wait, and somebody else has to confirm the person.
    """
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency.pk)
        chosen = _checked_roles(roles)
        _require_may_enrol(actor, locked, chosen)
        begin_policy(locked)
        officer = Officer(
            full_name=full_name.strip(),
            unit=one_spaced(unit),
            agency=locked,
            roles=_given_now(locked, [], chosen),
            timezone=timezone,
            language=language,
            duty_rank=duty_rank,
            joined_at=now,
        )
        if invited:
            officer.email, officer.invited_email = _placeholder(officer), _checked_invited(email, locked)
        else:
            officer.email = _checked_email(email)
        _store_new(officer, password)
        record_about("officer.enrolled", actor, officer, now, roles=officer.roles)
        doubt_identity(actor, officer, Cause.INVITED, now=now)
        _ask_for_roles(actor, officer, chosen, before=[], now=now)
    return officer


def enrol_keeper(actor: Actor, *, email: str, full_name: str, password: str, now: datetime) -> Officer:
    """Create a keeper, who belongs to no agency; for a keeper, or whoever installs the hub."""
    require(actor, Capability.DESK_KEEP)
    with transaction.atomic():
        officer = Officer(
            email=_checked_email(email),
            full_name=full_name.strip(),
            roles=[Role.KEEPER.value],
            joined_at=now,
        )
        _store_new(officer, password)
        record_about("officer.enrolled", actor, officer, now, roles=officer.roles)
    return officer


def store_let_in(
    actor: Actor, agency: Agency | None, *, email: str, full_name: str, roles: list[str], now: datetime
) -> Officer:
    """Create the account of a person whom the agency's root lets in (`officers.reopening`), with these roles at once.

    In the caller's transaction. Nobody can sign in before its owner has chosen a password. Raises InputError.
    """
    officer = Officer(full_name=full_name, agency=agency, roles=roles, joined_at=now)
    officer.email, officer.invited_email = _placeholder(officer), email
    _store_new(officer, None)
    record_about("officer.enrolled", actor, officer, now, roles=roles)
    return officer


def replace_keeper(actor: Actor, locked: Officer, *, now: datetime) -> None:
    """Disable a keeper without a second factor, who is being replaced by another one; in the caller's transaction."""
    require(actor, Capability.DESK_KEEP)
    locked.is_active, locked.session_salt = False, new_salt()
    locked.save(update_fields=["is_active", "session_salt"])
    record_about("officer.disabled", actor, locked, now)


def officer_for(actor: Actor, public_id: str) -> Officer:
    """Return the colleague of this id; raises AbsentError for one unknown or of another agency."""
    officer = Officer.objects.visible_to(actor).select_related("agency").filter(public_id=public_id).first()
    if officer is None:
        raise AbsentError
    return officer


def change_roles(actor: Actor, officer: Officer, roles: Iterable[str], *, now: datetime) -> Officer:
    """Set exactly these roles: what is taken away counts from the next request, what gives power may wait.

    Raises as `lock_to_manage`, InputError, LastAdminError.
    """
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        before, chosen = list(locked.roles), _checked_roles(roles)
        now_given = _given_now(locked.agency, before, chosen)
        if now_given == chosen:
            drop_of_officer(actor, locked, kinds=[Kind.ROLES], now=now)
        store_roles(actor, locked, now_given, now=now)
        _ask_for_roles(actor, locked, chosen, before=before, now=now)
    return locked


def store_roles(actor: Actor, locked: Officer, roles: list[str], *, now: datetime) -> None:
    """Store exactly these roles on a locked row; they count from the next request. Raises LastAdminError."""
    before = list(locked.roles)
    if before == roles:
        return
    was_admin = Role.AGENCY_ADMIN in before
    if Role.AGENCY_ADMIN not in roles:
        _keep_one_admin(locked)
    locked.roles = roles
    if Capability.ALERT_READ not in locked.capabilities:
        locked.duty_rank = None
    if was_admin and Role.AGENCY_ADMIN not in roles:
        locked.admin_until = now
        drop_asked_by(actor, locked, now=now)
    locked.save(update_fields=["roles", "duty_rank", "admin_until"])
    record_about("officer.roles_changed", actor, locked, now, roles=roles, before=before)


def _given_now(agency: Agency | None, before: Iterable[str], chosen: list[str]) -> list[str]:
    """Return the chosen roles that count at once: those that the officer has, and those that give no power."""
    if agency is None or not must_wait(agency):
        return chosen
    return [role for role in chosen if role in before or role not in POWERS]


def _ask_for_roles(
    actor: Actor, locked: Officer, chosen: list[str], *, before: list[str], now: datetime
) -> None:
    if locked.roles == chosen or locked.agency is None:
        return
    ask_for_change(
        actor,
        locked.agency,
        Kind.ROLES,
        officer=locked,
        changes={"roles": chosen},
        before={"roles": before},
        now=now,
    )


def disable_officer(actor: Actor, officer: Officer, *, now: datetime) -> Officer:
    """End every session and refuse sign-in from now on; the officer's name stays in records."""
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        _keep_one_admin(locked)
        drop_of_officer(actor, locked, now=now)
        if locked.is_active:
            locked.is_active = False
            locked.session_salt, locked.duty_rank = new_salt(), None
            if Role.AGENCY_ADMIN in locked.roles:
                locked.admin_until = now
            drop_asked_by(actor, locked, now=now)
            locked.save(update_fields=["is_active", "session_salt", "duty_rank", "admin_until"])
            Officer.objects.filter(deputy=locked).update(deputy=None)
            locked.account_links.filter(used_at__isnull=True).update(used_at=now)
            record_about("officer.disabled", actor, locked, now)
    return locked


def end_sessions(actor: Actor, officer: Officer, *, now: datetime) -> Officer:
    """Sign a person out everywhere, as when a device is lost; also oneself. Raises as `lock_to_manage`."""
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        locked.session_salt = new_salt()
        locked.save(update_fields=["session_salt"])
        record_about("officer.sessions_ended", actor, locked, now)
    return locked


def enable_officer(actor: Actor, officer: Officer, *, now: datetime) -> Officer:
    """Let a disabled officer sign in again with the earlier roles; with roles that give power this waits."""
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        if locked.is_active or locked.agency is None:
            return locked
        if must_wait(locked.agency) and POWERS & set(locked.roles):
            roles = {"roles": list(locked.roles)}
            ask_for_change(
                actor, locked.agency, Kind.ENABLE, officer=locked, changes=roles, before={}, now=now
            )
        else:
            store_enabled(actor, locked, now=now)
    return locked


def store_enabled(actor: Actor, locked: Officer, *, now: datetime) -> None:
    """Enable a locked officer."""
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    record_about("officer.enabled", actor, locked, now)


def change_password(officer: Officer, *, old: str, new: str, now: datetime) -> Officer:
    """Change the own password, knowing the old one; all other sessions end. Raises InputError."""
    with transaction.atomic():
        locked = Officer.objects.select_for_update().get(pk=officer.pk, is_active=True)
        if not locked.check_password(old):
            raise InputError("old", _("This is not your password."))
        store_password(locked, new)
        record_about("officer.password_changed", locked, locked, now)
    return locked


def require_may_act_on(actor: Actor, officer: Officer) -> None:
    """Check that the actor may act on this officer; raises AbsentError for other agencies, NotPermittedError for colleagues."""
    if officer.agency_id is None or actor.agency_id != officer.agency_id:
        raise AbsentError
    require(actor, Capability.OFFICER_MANAGE)


def lock_to_manage(actor: Actor, officer: Officer) -> Officer:
    """Return the present row, locked with its agency, if the actor may act on this person; raises as `require_may_act_on`."""
    # All changes of one agency's officers are serialised, so that two cannot together remove the last admin.
    Agency.objects.select_for_update().filter(pk=officer.agency_id).first()
    locked = Officer.objects.select_for_update(of=("self",)).get(pk=officer.pk)
    require_may_act_on(actor, locked)
    return locked


def refuse_own_account(actor: Actor, officer: Officer) -> None:
    """Raise InputError where the officer is the actor: nobody changes the own rights."""
    if isinstance(actor, Officer) and actor.pk == officer.pk:
        raise InputError("officer", _("You cannot change your own standing; ask another agency admin."))


def _require_may_enrol(actor: Actor, agency: Agency, roles: list[str]) -> None:
    if not agency.is_hosted:
        raise AbsentError
    if Capability.DESK_KEEP in actor.capabilities:
        if Role.AGENCY_ADMIN not in roles or admins_of(agency).exists():
            raise NotPermittedError(Capability.OFFICER_MANAGE, ask=_("an agency admin of that agency"))
        return
    if actor.agency_id != agency.pk:
        raise AbsentError
    require(actor, Capability.OFFICER_MANAGE)


def admins_of(agency: Agency) -> models.QuerySet[Officer]:
    """Select the active agency admins of an agency."""
    return Officer.objects.filter(agency=agency, is_active=True, roles__contains=[Role.AGENCY_ADMIN.value])


def _keep_one_admin(officer: Officer) -> None:
    if Role.AGENCY_ADMIN not in officer.roles or not officer.is_active or officer.agency is None:
        return
    if not admins_of(officer.agency).exclude(pk=officer.pk).exists():
        raise LastAdminError


def _checked_roles(roles: Iterable[str]) -> list[str]:
    chosen = [role.value for role in Role if role.value in set(roles)]
    unknown = set(roles) - set(chosen)
    if unknown or Role.KEEPER in chosen or not chosen:
        raise InputError("roles", _("Choose one or more of the agency's roles."))
    if Role.AUDITOR in chosen and len(chosen) > 1:
        raise InputError("roles", _("Who audits does nothing else: choose auditor alone, or other roles."))
    return chosen


def _checked_email(email: str) -> str:
    address = mail_address(email)
    if Officer.objects.filter(email=address).exists():
        raise email_taken()
    return address


def _checked_invited(email: str, agency: Agency) -> str:
    """Check an invited address; it is compared with the own agency's addresses only, which its admin sees anyway."""
    address = mail_address(email)
    known = Officer.objects.filter(agency=agency)
    if known.filter(models.Q(email=address) | models.Q(invited_email=address)).exists():
        raise InputError("email", _("E-mail: an officer of your agency has this address already."))
    return address


def one_spaced(text: str) -> str:
    """Return a typed name without leading, trailing or repeated spaces."""
    return re.sub(" +", " ", text).strip(" ")


def mail_address(email: str) -> str:
    """Return a typed address as it is stored; raises InputError."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise InputError("email", _("E-mail: enter a complete address.")) from None
    return address


def _placeholder(officer: Officer) -> str:
    """Return an address that no mailbox has (RFC 2606) and that nobody signs in with."""
    return f"{officer.pk.hex}@invited.invalid"


def take_invited_address(locked: Officer) -> None:
    """Make the invited address the account's, in the caller's transaction. Raises InputError (`email`)."""
    if not locked.invited_email:
        return
    if Officer.objects.filter(email=locked.invited_email).exists():
        raise email_taken()
    locked.email, locked.invited_email = locked.invited_email, ""
    try:
        with transaction.atomic():
            locked.save(update_fields=["email", "invited_email"])
    except IntegrityError:
        # The owner accepted another invitation at the same time.
        raise email_taken() from None


def email_taken() -> InputError:
    """Return the error for an address with an account: only for the mailbox's owner or a person with a shell, never for an
    admin who invites.
    """
    return InputError("email", _("E-mail: somebody signs in with this address already."))


def _store_new(officer: Officer, password: str | None) -> None:
    if password is None:
        officer.set_unusable_password()
    else:
        _check_password(officer, password)
        officer.set_password(password)
    check_fields(officer)
    try:
        officer.save(force_insert=True)
    except IntegrityError:
        # Somebody else enrolled the address at the same time.
        raise email_taken() from None


def check_fields(officer: Officer) -> None:
    """Raise InputError for the first invalid field."""
    try:
        officer.full_clean(exclude=["password", "agency"], validate_unique=False, validate_constraints=False)
    except ValidationError as refused:
        field, problems = next(iter(refused.message_dict.items()))
        raise InputError(field, " ".join(problems)) from None


def store_password(officer: Officer, password: str) -> None:
    """Set a checked password on a locked row; every session of this person ends. Raises InputError (`password`)."""
    _check_password(officer, password)
    officer.set_password(password)
    officer.session_salt = new_salt()
    officer.save(update_fields=["password", "session_salt"])


def _check_password(officer: Officer, password: str) -> None:
    try:
        validate_password(password, officer)
    except ValidationError as refused:
        raise InputError("password", " ".join(refused.messages)) from None


def new_salt() -> str:
    """Return a new session salt; storing it ends every session of the officer."""
    return secrets.token_urlsafe(16)


def record_about(act: str, actor: Actor, officer: Officer, now: datetime, **detail: object) -> None:
    """Audit an act on a person, for the person's agency."""
    record_event(
        act,
        actor=actor.audit_name,
        agency=officer.agency_id or "",
        subject=officer.audit_name,
        detail=detail,
        now=now,
    )


def colleagues_named_like(officer: Officer) -> list[Officer]:
    """Return active colleagues whose names equal the officer's or look like it; this is allowed, and worth a warning."""
    colleagues = Officer.objects.filter(agency=officer.agency, is_active=True).exclude(pk=officer.pk)
    return [other for other in colleagues.order_by("pk") if resemble(other.full_name, officer.full_name)]
