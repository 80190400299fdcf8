# SPDX-License-Identifier: Apache-2.0
"""Second factors: one-time codes (RFC 6238) and recovery codes, on the authenticators of django-allauth.

Its rows, primitives and sealing hooks are used. Its flows are not: they keep secrets and posted data in the session,
mark a code as used in a cache, and limit guesses there. Here the row remembers the last code, under the lock of its
officer, which everybody takes before changing a factor, and guesses are counted in the database before they are
checked.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt, encrypt
from django.db import transaction
from django.utils.translation import gettext as _

from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from ledger.restores import predates_restore
from officers.accounts import end_sessions, lock_to_manage, refuse_own_account
from officers.identity import note_factors_reset, note_machine_reset
from officers.login.attempts import Source, count_attempt, forgive_attempt
from officers.login.demand import must_have_factor
from officers.login.errors import ProofRefusedError
from officers.login.factorrows import bound_factors, factor_of, save_factor
from officers.models import Officer
from officers.session_rows import Proof

Type = Authenticator.Type
STEP_SECONDS: Final = 30
STEPS_ASIDE: Final = 1
"""Accepted deviation of a telephone's clock from ours, in steps."""
FACTORS: Final = (Type.TOTP, Type.WEBAUTHN)
MAX_CODE_LENGTH: Final = 32


@dataclass(frozen=True)
class Factors:
    """Factors that an officer has set up."""

    totp: Authenticator | None
    passkeys: tuple[Authenticator, ...]
    codes_left: int

    @property
    def is_empty(self) -> bool:
        return self.totp is None and not self.passkeys


def has_factor(officer: Officer) -> bool:
    """Tell whether signing in takes a second step; the officer's own row says so, even if a factor's row was deleted."""
    return bool(Officer.objects.values_list("factors", flat=True).get(pk=officer.pk))


def factors_of(officer: Officer) -> Factors:
    """Return the factors that the officer has set up, for the officer to see."""
    rows = bound_factors(
        officer, list(Authenticator.objects.filter(user=officer).order_by("created_at", "pk"))
    )
    codes = next((row for row in rows if row.type == Type.RECOVERY_CODES), None)
    return Factors(
        totp=next((row for row in rows if row.type == Type.TOTP), None),
        passkeys=tuple(row for row in rows if row.type == Type.WEBAUTHN),
        codes_left=_codes_left(officer, codes) if codes else 0,
    )


def draw_totp_secret() -> str:
    """Draw 160 random bits in base32, for a telephone to keep."""
    return str(generate_totp_secret())


def add_totp(officer: Officer, *, secret: str, code: str, now: datetime) -> list[str]:
    """Turn one-time codes on once a first code proves the secret; return recovery codes if this is the first factor.

    Raises ProofRefusedError, InputError when they are on already. Guesses are not limited: the secret was just shown.
    """
    step = _matching_step(secret, code, now, after=0)
    if step is None:
        raise ProofRefusedError
    with transaction.atomic():
        locked = _lock(officer)
        if Authenticator.objects.filter(user=officer, type=Type.TOTP).exists():
            raise InputError("code", _("One-time codes are set up already; remove them first."))
        with factor_of(officer, Type.TOTP):
            data = {"secret": encrypt(secret), "last_step": step}
        save_factor(Authenticator.objects.create(user=officer, type=Type.TOTP, data=data, created_at=now))
        note_factors(locked)
        codes = first_recovery_codes(officer, now=now)
        _record("officer.factor_added", officer, officer, now, factor="totp")
    return codes


def check_code(officer: Officer, code: str, *, source: Source, now: datetime) -> Proof:
    """Check a one-time code or a recovery code, each valid once; guesses are counted by `source`. Raises ProofRefusedError."""
    if (closed_for := count_attempt(source, now=now)) is not None:
        raise ProofRefusedError(closed_for=closed_for)
    with transaction.atomic():
        _lock(officer)
        rows = Authenticator.objects.filter(user=officer).exclude(type=Type.WEBAUTHN)
        by_type = {row.type: row for row in bound_factors(officer, list(rows))}
        proof = _proof_by(officer, by_type, code[:MAX_CODE_LENGTH], now)
        if proof is Proof.RECOVERY:
            _record("officer.recovery_code_used", officer, officer, now)
    if proof is None:
        raise ProofRefusedError
    forgive_attempt(source)
    return proof


def first_recovery_codes(officer: Officer, *, now: datetime) -> list[str]:
    """Return recovery codes for an officer without any, to be shown only this once; in the caller's transaction."""
    codes = Authenticator.objects.filter(user=officer, type=Type.RECOVERY_CODES).first()
    if codes is not None and _serve(codes):
        return []
    return _draw_codes(officer, now)


def renew_recovery_codes(officer: Officer, *, now: datetime) -> list[str]:
    """Return ten new codes, to be shown only this once; the old ones become invalid. Raises InputError without a factor."""
    with transaction.atomic():
        if not has_factor(_lock(officer)):
            raise InputError("codes", _("Set up one-time codes or a passkey first."))
        codes = _draw_codes(officer, now)
        _record("officer.recovery_codes_renewed", officer, officer, now)
    return codes


def remove_factor(officer: Officer, factor_id: int, *, now: datetime) -> None:
    """Remove one of the own factors. Raises AbsentError; InputError for the last one where one is required."""
    with transaction.atomic():
        locked = _lock(officer)
        mine = Authenticator.objects.filter(user=officer, type__in=FACTORS)
        row = mine.filter(pk=factor_id).first()
        if row is None:
            raise AbsentError
        is_last = mine.count() == 1
        if is_last and must_have_factor(officer):
            raise InputError("factor", _("Your agency demands a second factor: add another one first."))
        row.delete()
        if is_last:
            Authenticator.objects.filter(user=officer).delete()
        note_factors(locked)
        _record("officer.factor_removed", officer, officer, now, factor=row.type)


def reset_factors(actor: Actor, officer: Officer, *, now: datetime) -> None:
    """Remove a colleague's factors as an agency admin, after a lost telephone; all sessions of that person end.

    Raises AbsentError, NotPermittedError; InputError for the own account.
    """
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        Authenticator.objects.filter(user=locked).delete()
        note_factors(locked)
        note_factors_reset(actor, locked, now=now)
        end_sessions(actor, locked, now=now)
        _record("officer.factors_reset", actor, locked, now)


def reset_factors_on_the_machine(keeper: Officer, officer: Officer, *, now: datetime) -> None:
    """Remove the factors of another keeper or an agency admin, for a keeper with a shell: nobody else could help.

    An admin of an agency that has released has no powers afterwards, until another officer of the agency has confirmed
    the person or `officers.powers.MACHINE_DELAY_HOURS` have passed since everybody there was told. Raises
    NotPermittedError, and InputError for any other account and for the own one.
    """
    require(keeper, Capability.DESK_KEEP)
    if keeper.pk == officer.pk or not {Role.KEEPER, Role.AGENCY_ADMIN} & set(officer.roles):
        raise InputError("officer", _("Only for another keeper or an agency admin; others ask their admin."))
    with transaction.atomic():
        locked = _lock(officer)
        Authenticator.objects.filter(user=locked).delete()
        note_factors(locked)
        locked.session_salt = secrets.token_urlsafe(16)
        locked.save(update_fields=["session_salt"])
        _record("officer.factors_reset", keeper, locked, now)
        note_machine_reset(keeper, locked, now=now)


def note_factors(locked: Officer) -> None:
    """Store in the officer's own row which factors there are; in the transaction of the change."""
    mine = Authenticator.objects.filter(user=locked, type__in=FACTORS).order_by("pk")
    locked.factors = list(mine.values_list("pk", flat=True))
    locked.save(update_fields=["factors"])


def _proof_by(officer: Officer, by_type: dict[str, Authenticator], code: str, now: datetime) -> Proof | None:
    totp, codes = by_type.get(Type.TOTP), by_type.get(Type.RECOVERY_CODES)
    if totp is not None:
        with factor_of(officer, Type.TOTP):
            secret = decrypt(totp.data["secret"])
        step = _matching_step(secret, code, now, after=totp.data["last_step"])
        if step is not None:
            totp.data["last_step"] = step
            _save_used(totp, now)
            return Proof.CODE
    if codes is not None and _serve(codes) and _is_recovery_code(officer, codes, code):
        codes.refresh_from_db()
        _save_used(codes, now)
        return Proof.RECOVERY
    return None


def _is_recovery_code(officer: Officer, codes: Authenticator, code: str) -> bool:
    with factor_of(officer, Type.RECOVERY_CODES):
        return bool(codes.wrap().validate_code(code))


def _serve(codes: Authenticator) -> bool:
    """Tell whether recovery codes are valid: after a restore it is not known which of them were used."""
    return not predates_restore(codes.created_at)


def _codes_left(officer: Officer, codes: Authenticator) -> int:
    if not _serve(codes):
        return 0
    with factor_of(officer, Type.RECOVERY_CODES):
        return len(codes.wrap().get_unused_codes())


def _save_used(row: Authenticator, now: datetime) -> None:
    row.last_used_at = now
    save_factor(row, "last_used_at")


def _matching_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """Return the time step of this code; only steps later than the last one used count."""
    current = int(now.timestamp()) // STEP_SECONDS
    for step in range(max(current - STEPS_ASIDE, after + 1), current + STEPS_ASIDE + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


def _draw_codes(officer: Officer, now: datetime) -> list[str]:
    """Replace the recovery codes by ten new ones."""
    Authenticator.objects.filter(user=officer, type=Type.RECOVERY_CODES).delete()
    with factor_of(officer, Type.RECOVERY_CODES):
        codes = RecoveryCodes.activate(officer)
        codes.mark_as_viewed()
        codes.instance.created_at = now
        save_factor(codes.instance, "created_at")
        return [str(code) for code in codes.generate_codes()]


def _lock(officer: Officer) -> Officer:
    """Lock the officer, so that changes of one officer's factors are serialised."""
    return Officer.objects.select_related("agency").select_for_update(of=("self",)).get(pk=officer.pk)


def _record(act: str, actor: Actor, officer: Officer, now: datetime, **detail: object) -> None:
    record_event(
        act,
        actor=actor.audit_name,
        agency=officer.agency_id or "",
        subject=officer.audit_name,
        detail=detail,
        now=now,
    )
