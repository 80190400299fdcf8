# SPDX-License-Identifier: Apache-2.0
"""Passkeys (WebAuthn): always resident, always with user verification, so that one alone is two factors.

The ceremony's state (a challenge, for one use) is in the session, or in a signed cookie for a person who is signing in;
django-allauth finds it through the current request. Only the key's own signature tells whose key it is, never a field
of the form.
"""

from datetime import datetime
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from callers.errors import InputError
from callers.passkeys import PasskeyRefusedError, checked_name, sign_challenge, signed_challenge
from ledger.audit import record_event
from officers.login.attempts import PasskeyChallenge, count_attempt
from officers.login.backends import bound_officer
from officers.login.errors import ProofRefusedError
from officers.login.factorrows import bound_factors, save_factor
from officers.login.factors import Type, first_recovery_codes, note_factors
from officers.models import Officer

MOST_PASSKEYS: Final = 10
_SALT: Final = "officers.login.passkeys"


def creation_options(officer: Officer) -> dict[str, Any]:
    """Return what the browser needs to make a new passkey, and keep the challenge in the session."""
    options: dict[str, Any] = webauthn.begin_registration(officer, passwordless=True)
    return options


def add_passkey(officer: Officer, *, name: str, credential: Any, now: datetime) -> list[str]:
    """Keep a passkey that the browser has made; return recovery codes if this is the first factor.

    Raises ProofRefusedError (another challenge, no user verification), InputError (name, too many).
    """
    checked = checked_name(name)
    try:
        webauthn.parse_registration_response(credential)
        made = webauthn.complete_registration(credential)
    except (ValidationError, ValueError, KeyError, TypeError):
        raise ProofRefusedError from None
    if not made.is_user_verified():
        raise ProofRefusedError
    with transaction.atomic():
        locked = Officer.objects.select_for_update(of=("self",)).get(pk=officer.pk)
        if Authenticator.objects.filter(user=officer, type=Type.WEBAUTHN).count() >= MOST_PASSKEYS:
            raise InputError("name", _("At most %(n)d passkeys: remove one first.") % {"n": MOST_PASSKEYS})
        save_factor(webauthn.WebAuthn.add(officer, checked, credential).instance)
        note_factors(locked)
        codes = first_recovery_codes(officer, now=now)
        _record("officer.factor_added", officer, now)
    return codes


def request_options(officer: Officer) -> dict[str, Any]:
    """Return what the browser needs to prove a passkey of this officer, and keep the challenge in the session."""
    options: dict[str, Any] = webauthn.begin_authentication(officer)
    return options


def open_challenge() -> tuple[dict[str, Any], str]:
    """Return what the browser of an unknown visitor needs to prove any passkey of ours, and the challenge, signed by us.

    The browser keeps the challenge, since a session would leave a row for each visitor.
    """
    options: dict[str, Any] = webauthn.begin_authentication(None)
    state = webauthn.get_state()
    webauthn.clear_state()
    return options, sign_challenge(state, purpose=_SALT)


def check_passkey(officer: Officer, credential: Any, *, now: datetime) -> None:
    """Check that this answers the session's challenge with one of the officer's passkeys; raises ProofRefusedError.

    It is not counted: a signature cannot be guessed, and guesses of others must not keep the owner of a passkey out.
    """
    _note_use(_proved(officer, credential), now)


def officer_with_passkey(credential: Any, challenge: str, *, now: datetime) -> Officer:
    """Return the officer whose passkey answers a challenge of `open_challenge`, which is valid once.

    Raises ProofRefusedError for every cause alike, an officer not in service included.
    """
    try:
        state = signed_challenge(challenge, purpose=_SALT)
    except PasskeyRefusedError:
        raise ProofRefusedError from None
    officer = _owner_of(credential)
    webauthn.set_state(state)
    row = _proved(officer, credential)
    if count_attempt(PasskeyChallenge(challenge), now=now) is not None:
        raise ProofRefusedError
    _note_use(row, now)
    return officer


def _owner_of(credential: Any) -> Officer:
    try:
        found = webauthn.extract_user_from_response(credential)
    except (ValidationError, ValueError, AttributeError, TypeError, KeyError):
        raise ProofRefusedError from None
    officer = bound_officer(Officer.objects.filter(pk=found.pk))
    if officer is None:
        raise ProofRefusedError
    return officer


def _proved(officer: Officer, credential: Any) -> Authenticator:
    try:
        webauthn.parse_authentication_response(credential)
        row = webauthn.complete_authentication(officer, credential)
    except (ValidationError, ValueError, KeyError, TypeError):
        raise ProofRefusedError from None
    finally:
        # A challenge is valid once, whatever its outcome.
        webauthn.clear_state()
    if row.pk not in officer.factors or not bound_factors(officer, [row]):
        raise ProofRefusedError
    return row


def _note_use(row: Authenticator, now: datetime) -> None:
    row.last_used_at = now
    row.save(update_fields=["last_used_at"])


def _record(act: str, officer: Officer, now: datetime) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=officer.agency_id or "",
        subject=officer.audit_name,
        detail={"factor": "passkey"},
        now=now,
    )
