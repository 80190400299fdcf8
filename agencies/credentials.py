# SPDX-License-Identifier: Apache-2.0
"""API keys that an agency issues to its own systems, and ends, by statements under its own keys.

- A stolen API key cannot make another one, and an agency needs nobody else to get one.
- Where none of its keys is valid any more, a key for entering carries the statement that asks for another
  (`agencies.entrykeys`), and ends with that.
- Keys for a desk, which write drafts there, are issued by that desk.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.statements.form import Statement, parse_statement
from agencies.apikeys import KEYRING, make_key
from agencies.entrykeys import end_entry_keys, is_for_entering
from agencies.models import Agency, ApiKey
from agencies.own_statements import take_own_statement
from callers.actors import Actor
from callers.capabilities import EXCHANGE_SCOPES, Capability, require
from callers.errors import AbsentError, InputError

APIKEY = "apikey"


def list_credentials(actor: Actor) -> Sequence[ApiKey]:
    """Return the API keys of the actor's agency, newest first, ended ones included; raise NotPermittedError."""
    require(actor, Capability.STATEMENT_SUBMIT)
    return list(_own(actor.agency_id or "").order_by("-created_at", "prefix"))


def issue_credential(caller: Actor, jws: bytes, *, now: datetime) -> tuple[ApiKey, str | None]:
    """Issue the API key that a signed `apikey` of the caller's agency asks for; return its row and text.

    The text is returned only once: the same statement again returns the same row and None. Raises as `take_own_statement`,
    InputError, and Failure.TYP for a statement that ends a key.
    """
    texts: list[str] = []

    def issue(agency: Agency, stated: Statement) -> None:
        _key, text = _issue(caller, agency, stated, now)
        texts.append(text)
        if is_for_entering(caller):
            end_entry_keys(caller, agency.pk, now=now)

    _require(jws, "issue")
    row = take_own_statement(
        caller, caller.agency_id or "", jws, k=APIKEY, effect=issue, also=Capability.KEY_ENROL, now=now
    )
    return ApiKey.objects.get(stated_in=row.od), texts[0] if texts else None


def end_credential(caller: Actor, prefix: str, jws: bytes, *, now: datetime) -> ApiKey:
    """End an API key of the caller's agency and all its successors, at once and for good; a second call changes nothing.

    Raises AbsentError (no key of the agency), and as `issue_credential`; Failure.SUBJECT where the statement names another key.
    """
    if not _own(caller.agency_id or "").filter(pk=prefix).exists():
        raise AbsentError
    if _require(jws, "end").body["prefix"] != prefix:
        raise VerificationError(Failure.SUBJECT)

    def end(agency: Agency, stated: Statement) -> None:
        _end(caller, agency, prefix, now)

    take_own_statement(caller, caller.agency_id or "", jws, k=APIKEY, effect=end, now=now)
    return ApiKey.objects.get(pk=prefix)


def _own(agency_id: str) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(agency_id=agency_id)


def _require(jws: bytes, st: str) -> Statement:
    stated = parse_statement(jws).statement
    if stated.k != APIKEY or stated.body["st"] != st:
        raise VerificationError(Failure.TYP, stated.k)
    return stated


def _issue(caller: Actor, agency: Agency, stated: Statement, now: datetime) -> tuple[ApiKey, str]:
    body = stated.body
    unknown = set(body["scopes"]) - {str(scope) for scope in EXCHANGE_SCOPES}
    if unknown:
        raise InputError(
            "scopes", _("%(scope)s is not a right that a key can have here.") % {"scope": min(unknown)}
        )
    return make_key(
        caller,
        agency.pk,
        client=body["client"],
        scopes=list(body["scopes"]),
        lifetime=timedelta(days=body["days"]),
        networks=body["networks"],
        stated_in=stated.od,
        now=now,
    )


def _end(caller: Actor, agency: Agency, prefix: str, now: datetime) -> None:
    KEYRING.end(caller, KEYRING.lock_line(_own(agency.pk).get(pk=prefix)), now=now)
