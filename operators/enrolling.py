# SPDX-License-Identifier: Apache-2.0
"""Enrolment and removal of operators: links that are valid once, for a first passkey or in place of a lost one.

- The first operator is invited by whoever has a shell on the exchange, each other one by an operator.
- A link holds 256 random bits; the database stores a keyed digest.
- A newer link ends the older ones, a restore of the database ends all. Unknown, used, replaced and expired links look alike:
  absent.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope.encoding import b64u, sha256
from callers.actors import Actor, SystemActor
from callers.capabilities import Capability, require
from callers.digests import keyed_digest
from callers.errors import AbsentError, InputError
from callers.passkeys import PasskeyRefusedError, Site, made_passkey
from ledger.audit import record_event
from ledger.restores import predates_restore
from operators.errors import LastOperatorError
from operators.models import Enrolment, Operator, Passkey

INSTALLER: Final = SystemActor("install", None, frozenset({Capability.HUB_OPERATE}))
"""Whoever has a shell on the exchange and its secrets; only for inviting operators."""
LINK_LIVES: Final = timedelta(hours=4)
_LONGEST_TOKEN: Final = 64


@transaction.atomic
def invite_operator(actor: Actor, name: str, *, now: datetime) -> tuple[Enrolment, str]:
    """Return a link for the operator of this name, created if there is none, and its token, which is stored nowhere.

    Once the link is used, the passkey made with it is the only one. Raises NotPermittedError, InputError.
    """
    require(actor, Capability.HUB_OPERATE)
    operator = Operator.objects.select_for_update().filter(name=name.strip()).first()
    if operator is None:
        operator = _new_operator(name.strip(), now)
    operator.enrolments.filter(used_at=None).update(used_at=now)
    token = secrets.token_urlsafe(32)
    enrolment = Enrolment.objects.create(
        digest=digest_of(token),
        operator=operator,
        issued_by=actor.audit_name,
        issued_at=now,
        expires_at=now + LINK_LIVES,
    )
    _record("operator.invited", actor, operator, now)
    return enrolment, token


def digest_of(token: str) -> str:
    """Return the digest that the database stores in place of a link's token; raise AbsentError."""
    if len(token) > _LONGEST_TOKEN:
        raise AbsentError
    return b64u(keyed_digest("operator-enrolment", token.encode()))


def find_enrolment(digest: str, *, now: datetime) -> Enrolment:
    """Return the link, if it can still be used; raise AbsentError for every cause alike."""
    link = Enrolment.objects.select_related("operator").filter(digest=digest).first()
    if link is None or link.used_at is not None or now >= link.expires_at or predates_restore(link.issued_at):
        raise AbsentError
    return link


def enrol(digest: str, credential: Any, *, site: Site, challenge: dict[str, Any], now: datetime) -> Operator:
    """Make the operator of a link active with the passkey that was just made, the only one from now on.

    The person's earlier passkeys, sessions and other links end. Raises AbsentError, PasskeyRefusedError.
    """
    link = find_enrolment(digest, now=now)
    made = made_passkey(site, challenge, credential)
    with transaction.atomic():
        operator = Operator.objects.select_for_update().get(pk=link.operator_id)
        find_enrolment(digest, now=now)
        if Passkey.objects.filter(pk=b64u(sha256(made.credential_id))).exclude(operator=operator).exists():
            # No honest device made it: it has the name of another operator's passkey.
            raise PasskeyRefusedError
        _end_all(operator, now)
        Passkey.objects.create(
            digest=b64u(sha256(made.credential_id)), operator=operator, credential=bytes(made), made_at=now
        )
        operator.is_active, operator.ended_at = True, None
        operator.save(update_fields=["is_active", "ended_at"])
        _record("operator.enrolled", operator, operator, now)
    return operator


@transaction.atomic
def end_operator(actor: Actor, public_id: str, *, now: datetime) -> Operator:
    """End an operator's passkeys, sessions and links. Raises NotPermittedError, AbsentError, LastOperatorError."""
    require(actor, Capability.HUB_OPERATE)
    # All rows, in one order: of two operators who end each other at once, one is the last.
    locked = list(Operator.objects.select_for_update().order_by("pk"))
    operator = next((one for one in locked if one.public_id == public_id), None)
    if operator is None or operator.ended_at is not None:
        raise AbsentError
    if operator.is_active and sum(one.is_active for one in locked) == 1:
        raise LastOperatorError
    _end_all(operator, now)
    operator.is_active, operator.ended_at = False, now
    operator.save(update_fields=["is_active", "ended_at"])
    _record("operator.ended", actor, operator, now)
    return operator


def _new_operator(name: str, now: datetime) -> Operator:
    operator = Operator(name=name, invited_at=now)
    try:
        operator.clean_fields(exclude=["id", "public_id"])
    except ValidationError:
        text = _("Name: use 1 to 60 letters of one script, on one line.")
        raise InputError("name", text) from None
    operator.save(force_insert=True)
    return operator


def _end_all(operator: Operator, now: datetime) -> None:
    operator.passkeys.all().delete()
    operator.enrolments.filter(used_at=None).update(used_at=now)
    operator.sessions.filter(ended_at=None).update(ended_at=now)


def _record(act: str, actor: Actor, operator: Operator, now: datetime) -> None:
    record_event(act, actor=actor.audit_name, agency="", subject=operator.audit_name, now=now)
