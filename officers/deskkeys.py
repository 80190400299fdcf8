# SPDX-License-Identifier: Apache-2.0
"""Keys for the desk: with them an agency's own systems write drafts and ask questions here. The agency's admins issue them.

A key with which a system follows the audit is issued by the agency's auditors, who may issue no other; admins see it
and can end it. The exchange knows nothing of these keys, and a key of the exchange does not serve here.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callers.actors import Actor, ApiClient, client_name
from callers.capabilities import DESK_SCOPES, Capability, require
from callers.directory import AgencyStatus
from callers.errors import AbsentError, InputError
from callers.rows import one_of
from callers.systemkeys import LONGEST_OVERLAP, Keyring, detail_of
from ledger.audit import record_event
from officers.errors import NobodyToReleaseError
from officers.models import DeskKey, Officer
from officers.releasers import releasers_besides
from peers.models import Agency

log = logging.getLogger(__name__)


def _record(done: str, actor: Actor, key: DeskKey, now: datetime) -> None:
    record_event(
        f"deskkey.{done}",
        actor=actor.audit_name,
        agency=key.agency_id,
        subject=f"deskkey:{key.prefix}",
        detail=detail_of(key),
        now=now,
    )


KEYRING: Final = Keyring(DeskKey, "desk-key", _record)


def keys_of(actor: Actor) -> QuerySet[DeskKey]:
    """Select keys of the actor's own agency, the newest first: all for its admins, those that follow the audit for its auditors."""
    keys = DeskKey.objects.filter(agency_id=actor.agency_id).order_by("-created_at", "prefix")
    if actor.agency_id is not None and Capability.APIKEY_MANAGE in actor.capabilities:
        return keys
    if actor.agency_id is not None and Capability.AUDIT_GIVE in actor.capabilities:
        return keys.filter(scopes=[Capability.AUDIT_FOLLOW])
    return keys.none()


def scopes_to_give(actor: Actor) -> list[str]:
    """Return the scopes that the actor can give a key: an auditor following the audit, an admin all others."""
    follows = frozenset({Capability.AUDIT_FOLLOW})
    given = follows if Capability.AUDIT_GIVE in actor.capabilities else frozenset()
    return sorted(
        given | (DESK_SCOPES - follows if Capability.APIKEY_MANAGE in actor.capabilities else given)
    )


def issue_key(
    actor: Actor,
    agency: Agency,
    *,
    client: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    networks: Iterable[str] = (),
    now: datetime,
) -> tuple[DeskKey, str]:
    """Issue a key; return it and its text, which is shown only this once.

    Raises AbsentError, NotPermittedError, InputError, NobodyToReleaseError.
    """
    _require_own(actor, agency.pk)
    chosen = _checked_scopes(actor, scopes)
    require_releaser_of_drafts(actor, agency, client=client, scopes=chosen)
    return KEYRING.make(
        actor, agency.pk, client=client, scopes=chosen, lifetime=lifetime, networks=networks, now=now
    )


def rotate_key(actor: Actor, desk_key: DeskKey, *, overlap: timedelta, now: datetime) -> tuple[DeskKey, str]:
    """Issue a new key for the same client, scopes, networks and lifetime; the old one ends `overlap` from now at the latest.

    Raises AbsentError, NotPermittedError, NobodyToReleaseError, NotBoundError, InputError (the key has ended, or
    `overlap` is more than `LONGEST_OVERLAP`).
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InputError("overlap_days", _("The old key: let it serve for up to 7 days."))
    with transaction.atomic():
        old = _lock_own(actor, desk_key)
        if old.revoked_at is not None or now >= old.expires_at:
            raise InputError("overlap_days", _("This key has ended; issue a new one."))
        old.require_bound()
        scopes = _checked_scopes(actor, old.scopes)
        require_releaser_of_drafts(actor, old.agency, client=old.client, scopes=scopes)
        return KEYRING.replace(actor, old, scopes=scopes, overlap=overlap, now=now)


def rotate_own_key(client: ApiClient, *, now: datetime) -> tuple[DeskKey, str]:
    """Replace the caller's key; return the new one and its text, shown only this once. Raises RotationRefusedError."""
    return KEYRING.replace_itself(client, serve=DESK_SCOPES, now=now)


def authenticate_key(text: str, remote_addr: str, *, now: datetime) -> ApiClient:
    """Return the system that holds this key; raises CredentialError for every cause."""
    key = KEYRING.read(text, remote_addr, find=_bound_key, now=now)
    KEYRING.mark_use(key.prefix, key.last_used_at, now=now)
    scopes = _scopes_in_effect(key)
    return ApiClient(key.agency_id, key.client, key.prefix, scopes, expires_at=key.expires_at, line=key.line)


def releasers_of_drafts(actor: Actor, agency: Agency, *, client: str = "") -> list[Officer]:
    """Return who could send a system's drafts if the actor issued or rotated its key now, in the order of the duty list."""
    return releasers_besides(agency.pk, issuers_of(client_name(agency.pk, client)) | {actor.audit_name})


def require_releaser_of_drafts(actor: Actor, agency: Agency, *, client: str, scopes: Collection[str]) -> None:
    """Raise NobodyToReleaseError where a key would write drafts that nobody could send.

    Not for an agency that is entering, which has no officers yet.
    """
    writes = Capability.DRAFT_WRITE in scopes and agency.status != AgencyStatus.ENTERING
    if writes and not releasers_of_drafts(actor, agency, client=client):
        raise NobodyToReleaseError


def issuers_of(client: str) -> frozenset[str]:
    """Return the audit names of everybody who issued or rotated a key of this system; `client` is the system's own audit name.

    All keys of one name count, even those that have ended: whoever made any of them could have written as the system. A
    key that rotated itself names the system; the person who issued the first one is named, too.
    """
    return issuers_of_each([client])[client]


def issuers_of_each(clients: Collection[str]) -> dict[str, frozenset[str]]:
    """The same for several systems, by their audit names, in one query."""
    named = {client: tuple(client.removeprefix("client:").partition("/")[::2]) for client in clients}
    keys = DeskKey.objects.filter(
        agency_id__in={agency for agency, _name in named.values()},
        client__in={name for _agency, name in named.values()},
    )
    made = list(keys.values_list("agency_id", "client", "created_by")) if named else []
    return {
        client: frozenset(by for agency, system, by in made if (agency, system) == of)
        for client, of in named.items()
    }


def key_for(actor: Actor, prefix: str) -> DeskKey:
    """Return the key of the actor's own agency by its prefix; raises AbsentError."""
    key = one_of(keys_of(actor).select_related("agency").filter(pk=prefix))
    if key is None:
        raise AbsentError
    return key


@transaction.atomic
def revoke_key(actor: Actor, desk_key: DeskKey, *, now: datetime) -> None:
    """End a key and its whole chain at once and for good; repeating it changes nothing.

    A thief may have made a key's successor, and the predecessor has the same rights. A row that was altered outside the
    program is left: it serves nobody.
    """
    _require_own(actor, desk_key.agency_id)
    key_for(actor, desk_key.prefix)
    KEYRING.end(actor, [key for key in KEYRING.lock_line(desk_key) if key.is_bound], now=now)


def _bound_key(prefix: str) -> DeskKey | None:
    key = one_of(DeskKey.objects.select_related("agency").filter(pk=prefix))
    if key is not None and not key.is_bound:
        log.error("a key for the desk was changed past the program and is not taken", extra={"row": prefix})
        return None
    return key


def _scopes_in_effect(key: DeskKey) -> frozenset[Capability]:
    """Return the key's scopes; none where the agency is entering, or its keys are not in this desk's vault."""
    agency = key.agency
    if not agency.is_bound or not agency.is_hosted or agency.status == AgencyStatus.ENTERING:
        return frozenset()
    return frozenset(scope for scope in DESK_SCOPES if scope in key.scopes)


def _lock_own(actor: Actor, desk_key: DeskKey) -> DeskKey:
    key = DeskKey.objects.select_for_update(of=("self",)).select_related("agency").get(pk=desk_key.pk)
    _require_own(actor, key.agency_id)
    return key


def _require_own(actor: Actor, agency_id: str) -> None:
    """Check that the actor is an admin or auditor of the agency; the keeper is refused, who would hold another's key."""
    if actor.agency_id != agency_id:
        raise AbsentError
    require(actor, Capability.APIKEY_MANAGE, Capability.AUDIT_GIVE)


def _checked_scopes(actor: Actor, scopes: Iterable[str]) -> list[str]:
    chosen, given = sorted(set(scopes)), scopes_to_give(actor)
    if Capability.AUDIT_FOLLOW in chosen and Capability.AUDIT_FOLLOW not in given:
        raise InputError("scopes", _("Following the audit is given by an auditor, under Audit."))
    if not chosen or not set(chosen) <= set(given):
        allowed = ", ".join(given)
        raise InputError("scopes", _("Choose from: %(allowed)s.") % {"allowed": allowed})
    return chosen
