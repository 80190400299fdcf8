# SPDX-License-Identifier: Apache-2.0
"""Signing in by passkey alone, and the sessions that follow: eight hours at most, one hour without activity.

The browser keeps the challenge, signed by us. Each challenge is valid once: a session remembers the one that opened it. A
session ends with its operator's passkeys, and by a restore of the database.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import MalformedError
from callers.digests import keyed_digest
from callers.passkeys import PasskeyRefusedError, Site, proved_passkey, signed_challenge
from ledger.audit import record_event
from ledger.restores import predates_restore
from operators.models import Operator, OperatorSession, Passkey

SESSION_LIVES: Final = timedelta(hours=8)
IDLE_FOR: Final = timedelta(hours=1)
SEEN_EVERY: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(days=7)
"""Longer than any challenge lives, and long enough to see who was signed in lately."""
CHALLENGE: Final = "operators.sign-in"
_LONGEST_NAME: Final = 2048


def sign_in(credential: dict[str, Any], challenge: str, *, site: Site, now: datetime) -> str:
    """Open a session for whoever answers our challenge with a passkey of ours; return the cookie's value.

    Raises PasskeyRefusedError for every cause alike.
    """
    state = signed_challenge(challenge, purpose=CHALLENGE)
    passkey = _named(credential)
    proved_passkey(site, state, [bytes(passkey.credential)], credential)
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            operator = Operator.objects.select_for_update().get(pk=passkey.operator_id)
            # Checked again under the lock: it may have ended meanwhile.
            if not operator.is_active or not Passkey.objects.filter(pk=passkey.pk).update(last_used_at=now):
                raise PasskeyRefusedError
            OperatorSession.objects.filter(signed_in_at__lt=now - KEPT_FOR).delete()
            OperatorSession.objects.create(
                digest=digest_of_cookie(token),
                operator=operator,
                challenge=b64u(sha256(challenge.encode())),
                signed_in_at=now,
                seen_at=now,
            )
            _record("operator.signed_in", operator, now)
    except IntegrityError:
        raise PasskeyRefusedError from None
    return token


def session_of(token: str, *, now: datetime) -> OperatorSession | None:
    """Return the session of this cookie, with its operator; None where it has ended."""
    if not token:
        return None
    row = OperatorSession.objects.select_related("operator").filter(digest=digest_of_cookie(token)).first()
    if row is None or row.ended_at is not None or not row.operator.is_active:
        return None
    if now >= row.signed_in_at + SESSION_LIVES or now >= row.seen_at + IDLE_FOR:
        return None
    if predates_restore(row.signed_in_at):
        return None
    if now - row.seen_at >= SEEN_EVERY:
        OperatorSession.objects.filter(pk=row.pk).update(seen_at=now)
    return row


@transaction.atomic
def sign_out(row: OperatorSession, *, now: datetime) -> None:
    """End this session."""
    if OperatorSession.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
        _record("operator.signed_out", row.operator, now)


def _named(credential: dict[str, Any]) -> Passkey:
    """Return the passkey that the browser claims; only its signature proves the claim."""
    named = credential.get("rawId")
    if not isinstance(named, str) or len(named) > _LONGEST_NAME:
        raise PasskeyRefusedError
    passkey = Passkey.objects.filter(digest=b64u(sha256(_octets(named)))).first()
    if passkey is None:
        raise PasskeyRefusedError
    return passkey


def _octets(text: str) -> bytes:
    try:
        return unb64u(text)
    except MalformedError:
        raise PasskeyRefusedError from None


def digest_of_cookie(token: str) -> str:
    """Return the digest that the database stores in place of the cookie's value."""
    return b64u(keyed_digest("operator-session", token.encode()))


def _record(act: str, operator: Operator, now: datetime) -> None:
    record_event(act, actor=operator.audit_name, agency="", subject=operator.audit_name, now=now)
