# SPDX-License-Identifier: Apache-2.0
"""Second factors: one-time codes (RFC 6238) and recovery codes, on the authenticators of django-allauth.

Its rows, primitives and sealing hooks are used; its flows are not: they keep secrets and what was posted in the
session, mark a code as used in a cache, and limit guesses there. Here the row remembers the last code, under the lock of
its officer, which everybody takes before touching a factor, and guesses are counted in the database before they are looked at.
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
"""How far the clock of a telephone may be from ours, in steps."""
FACTORS: Final = (Type.TOTP, Type.WEBAUTHN)
MAX_CODE_LENGTH: Final = 32


@dataclass(frozen=True)
class Factors:
    """What an officer has set up."""

    totp: Authenticator | None
    passkeys: tuple[Authenticator, ...]
    codes_left: int

    @property
    def is_empty(self) -> bool:
        return self.totp is None and not self.passkeys


def has_factor(officer: Officer) -> bool:
    """Tell whether signing in takes a second step: the officer's own row says so, whatever became of the factor's."""
    return bool(Officer.objects.values_list("factors", flat=True).get(pk=officer.pk))


def factors_of(officer: Officer) -> Factors:
    """What the officer has set up; for the officer's own eyes."""
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
    """160 random bits in base32, for a telephone to hold."""
    return str(generate_totp_secret())


def add_totp(officer: Officer, *, secret: str, code: str, now: datetime) -> list[str]:
    """Turns one-time codes on once a first code proves the secret; returns recovery codes if these are the first.

    Raises ProofRefusedError, InputError when they are on already. Guessing is not limited: the secret was just shown.
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
    """Look at a one-time code or a recovery code, each good once, counted as of `source`; raises ProofRefusedError."""
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
    """Recovery codes for who has none yet, to be shown this once; in the caller's transaction."""
    codes = Authenticator.objects.filter(user=officer, type=Type.RECOVERY_CODES).first()
    if codes is not None and _serve(codes):
        return []
    return _draw_codes(officer, now)


def renew_recovery_codes(officer: Officer, *, now: datetime) -> list[str]:
    """Ten new codes, to be shown this once; the old ones open nothing any more. Raises InputError without a factor."""
    with transaction.atomic():
        if not has_factor(_lock(officer)):
            raise InputError("codes", _("Set up one-time codes or a passkey first."))
        codes = _draw_codes(officer, now)
        _record("officer.recovery_codes_renewed", officer, officer, now)
    return codes


def remove_factor(officer: Officer, factor_id: int, *, now: datetime) -> None:
    """The officer gives up one of the own factors. Raises AbsentError; InputError for the last where one is demanded."""
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
    """An agency admin takes away a colleague's factors, after a lost telephone; all sessions of that person end.

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
    """A keeper with a shell helps another keeper, or an agency admin: nobody on the pages could.

    An admin of an agency that has released has no powers afterwards, until another officer of the agency has confirmed
    the person or `officers.powers.MACHINE_DELAY_HOURS` have passed since everybody there was told. Raises NotPermittedError, InputError for anybody else's account and for the own one.
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
    """After a change of the factors, in its transaction: the officer's own row says which there are."""
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
    """Tell whether recovery codes open anything: after a restore it is not known any more which of them were used."""
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
    """The time step whose code this is; only steps later than the last one used count."""
    current = int(now.timestamp()) // STEP_SECONDS
    for step in range(max(current - STEPS_ASIDE, after + 1), current + STEPS_ASIDE + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


def _draw_codes(officer: Officer, now: datetime) -> list[str]:
    """Ten new codes in place of those there were."""
    Authenticator.objects.filter(user=officer, type=Type.RECOVERY_CODES).delete()
    with factor_of(officer, Type.RECOVERY_CODES):
        codes = RecoveryCodes.activate(officer)
        codes.mark_as_viewed()
        codes.instance.created_at = now
        save_factor(codes.instance, "created_at")
        return [str(code) for code in codes.generate_codes()]


def _lock(officer: Officer) -> Officer:
    """Changes of one officer's factors wait for one another."""
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
