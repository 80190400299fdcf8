# SPDX-License-Identifier: Apache-2.0
"""Sessions of officers: opened by signing in, listed to the person, ended by the person or by what ends all sessions.

- A session counts while its row has no end, the officer's `session_salt` is unchanged, and the database was not
  restored since: a session that ended after the backup would count again.
- The row is found by a keyed digest of the session's key, so that the list of sessions opens none.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models, transaction
from django.http import HttpRequest

from accord.envelope.encoding import b64u
from callers import clock
from callers.addresses import client_address, network_of
from callers.digests import keyed_digest
from callers.errors import AbsentError
from callers.rows import one_of
from ledger.audit import record_event
from ledger.restores import newest_restored_at, restored_since
from officers.models import Officer
from officers.restores import may_sign_in_during_review, restore_in_review
from officers.session_rows import OfficerSession, Proof

SEEN_EVERY: Final = timedelta(minutes=5)
KEPT_AFTER_LAST_SEEN: Final = timedelta(days=1)
"""Longer than any of our cookies is valid."""

_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def open_session(request: HttpRequest, officer: Officer, *, now: datetime) -> OfficerSession:
    """Create the record of a sign-in that just happened; the view has noted the proof."""
    return OfficerSession.objects.create(
        digest=_digest(request),
        officer=officer,
        standing=_standing(officer),
        device=device_of(request),
        network=network_of(client_address(request)),
        proof=getattr(request, "sign_in_proof", Proof.PASSWORD),
        signed_in_at=now,
        seen_at=now,
        proved_at=now,
    )


def note_sign_in(sender: object, request: HttpRequest, user: Officer, **_: Any) -> None:
    """Create the record when Django has opened the session."""
    open_session(request, user, now=clock.now())


def note_sign_out(sender: object, request: HttpRequest, user: Officer | None, **_: Any) -> None:
    """End the record with the session."""
    if user is not None:
        end_session_of(request, user, now=clock.now())


def find_session(request: HttpRequest, officer: Officer) -> OfficerSession | None:
    """Return the record of this request's session; None where there is none, it has ended, or it is another officer's.

    Also None for a former admin while the agency reviews a restore.
    """
    if request.session.session_key is None:
        return None
    rows = _begun(officer, digest=_digest(request)).annotate(restored_at=newest_restored_at())
    row = one_of(rows)
    if row is None or not row.is_bound:
        return None
    if row.restored_at is None:
        # Hardly any database was ever restored: the rest is asked only of one that was.
        return row
    row.is_in_review = officer.agency is not None and restore_in_review(officer.agency) is not None
    has_ended = row.signed_in_at <= row.restored_at
    return None if has_ended or (row.is_in_review and not may_sign_in_during_review(officer)) else row


def touch_session(row: OfficerSession, *, now: datetime) -> None:
    """Note that the person is active, once in five minutes."""
    if now - row.seen_at >= SEEN_EVERY:
        OfficerSession.objects.filter(pk=row.pk).update(seen_at=now)


@transaction.atomic
def prove_again(row: OfficerSession, proof: Proof, *, now: datetime) -> None:
    """Note that the person has just given a proof again; a second factor makes the sign-in a strong one."""
    row.proved_at = now
    if proof.is_strong:
        row.proof = proof
    row.save(update_fields=["proved_at", "proof"])
    _record("officer.proved_again", row.officer, now, proof=str(proof))


def sessions_of(officer: Officer) -> list[OfficerSession]:
    """Return the officer's own sessions that have not ended, the one used last first."""
    return list(_running(officer).order_by("-seen_at"))


@transaction.atomic
def end_session(officer: Officer, session_id: object, *, now: datetime) -> None:
    """End one of the officer's own sessions; raises AbsentError for any other."""
    if not _end(_running(officer).filter(pk=str(session_id)), now):
        raise AbsentError
    _record("officer.session_ended", officer, now)


@transaction.atomic
def end_other_sessions(officer: Officer, keep: OfficerSession | None, *, now: datetime) -> int:
    """End every session of the officer but one; return how many."""
    others = _running(officer).exclude(pk=keep.pk) if keep else _running(officer)
    ended = _end(others, now)
    if ended:
        _record("officer.other_sessions_ended", officer, now, number=ended)
    return ended


@transaction.atomic
def end_session_of(request: HttpRequest, officer: Officer, *, now: datetime) -> None:
    """End the record of this request's session, when the officer signs out."""
    if request.session.session_key is None:
        return
    if _end(OfficerSession.objects.filter(digest=_digest(request), ended_at=None), now):
        _record("officer.signed_out", officer, now)


def carry_session_over(row: OfficerSession, request: HttpRequest, officer: Officer) -> None:
    """Move the record to the session's new key, which it gets with a new password."""
    row.digest, row.standing = _digest(request), _standing(officer)
    row.save(update_fields=["digest", "standing"])


def forget_sessions(*, now: datetime) -> int:
    """Delete records of sessions last seen over a day ago; return how many."""
    return OfficerSession.objects.filter(seen_at__lt=now - KEPT_AFTER_LAST_SEEN).delete()[0]


def device_of(request: HttpRequest) -> str:
    """Return browser and system by name, such as `Firefox, Windows`; empty where both are unknown."""
    agent = str(request.META.get("HTTP_USER_AGENT", ""))
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if re.search(mark, agent)), "")
    return ", ".join(word for word in (browser, system) if word)


def _running(officer: Officer) -> models.QuerySet[OfficerSession]:
    return _begun(officer).filter(~restored_since("signed_in_at"))


def _begun(officer: Officer, **facts: str) -> models.QuerySet[OfficerSession]:
    """Select sessions that have no end; a restore may have ended them."""
    return OfficerSession.objects.filter(officer=officer, ended_at=None, standing=_standing(officer), **facts)


def _end(rows: models.QuerySet[OfficerSession], now: datetime) -> int:
    return rows.update(ended_at=now, mac="")


def _standing(officer: Officer) -> str:
    return b64u(keyed_digest("officer-standing", officer.get_session_auth_hash().encode()))


def _digest(request: HttpRequest) -> str:
    return b64u(keyed_digest("officer-session", str(request.session.session_key).encode()))


def _record(act: str, officer: Officer, now: datetime, **detail: object) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=officer.agency_id or "",
        subject=officer.audit_name,
        detail=detail,
        now=now,
    )
