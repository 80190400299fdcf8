# SPDX-License-Identifier: Apache-2.0
"""Signing in: a password, then a second factor where there is one; or a passkey alone.

Between the two steps nobody is signed in: the session only remembers, for a few minutes, whose password was right.
"""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import constant_time_compare

from ledger.audit import record_event
from officers.login.backends import bound_officer
from officers.login.devices import remember_device
from officers.login.errors import SignInClosedError
from officers.models import Officer
from officers.restores import closed_sign_in
from officers.session_rows import Proof

BACKEND: Final = "officers.login.backends.EmailBackend"
SECOND_STEP_WITHIN: Final = timedelta(minutes=10)
_PENDING = "second_step"


def begin_second_step(request: HttpRequest, officer: Officer, *, back: str, now: datetime) -> None:
    """Remember in the session whose password was right; `back` is an address of this site to go to afterwards."""
    request.session.cycle_key()
    request.session[_PENDING] = {
        "officer": str(officer.pk),
        "standing": officer.get_session_auth_hash(),
        "until": (now + SECOND_STEP_WITHIN).timestamp(),
        "back": back,
    }


def pending_sign_in(request: HttpRequest, *, now: datetime) -> tuple[Officer, str] | None:
    """Return the officer between the two steps, and where to go; None if too late, or if password or salt has changed."""
    pending = request.session.get(_PENDING)
    if not isinstance(pending, dict) or now.timestamp() >= pending["until"]:
        return None
    officer = bound_officer(Officer.objects.filter(pk=pending["officer"]))
    if officer is None or not constant_time_compare(pending["standing"], officer.get_session_auth_hash()):
        return None
    return officer, str(pending["back"])


def finish_sign_in(
    request: HttpRequest, officer: Officer, proof: Proof, *, to: str, now: datetime
) -> HttpResponse:
    """Sign the officer in, audited, and redirect; this browser is a known one from now on.

    The session's record is created on Django's own signal. Raises SignInClosedError, so that only somebody who has
    proved to be the officer learns of it.
    """
    request.session.pop(_PENDING, None)
    if (closed := closed_sign_in(officer)) is not None:
        raise SignInClosedError(closed)
    request.sign_in_proof = proof  # type: ignore[attr-defined]
    with transaction.atomic():
        login(request, officer, backend=BACKEND)
        record_event(
            "officer.signed_in",
            actor=officer.audit_name,
            agency=officer.agency_id or "",
            subject=officer.audit_name,
            detail={"proof": str(proof)},
            now=now,
        )
    return remember_device(request, HttpResponseRedirect(to), officer.email, now=now)
