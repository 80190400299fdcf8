# SPDX-License-Identifier: Apache-2.0
"""API keys of an agency's systems, as its admins issue, rotate and revoke them."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.apikeys import LONGEST_OVERLAP, MAX_LIFETIME, make_key, record_key_event
from agencies.models import ApiKey
from callers.actors import Actor, client_name
from callers.capabilities import Capability, require, scopes_that_work
from callers.directory import AgencyStatus
from callers.errors import AbsentError, InputError, NotPermittedError
from officers.errors import NobodyToReleaseError
from officers.models import Officer
from officers.releasers import releasers_besides
from peers.models import Agency


def issue_key(
    actor: Actor,
    agency: Agency,
    *,
    client: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    networks: Iterable[str] = (),
    follows: ApiKey | None = None,
    now: datetime,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once; `follows` is the key that it replaces.

    Raises AbsentError, NotPermittedError, InputError, NobodyToReleaseError.
    """
    _require_may_issue(actor, agency)
    chosen = _checked_scopes(scopes, scopes_that_work(is_hosted=agency.is_hosted))
    require_releaser_of_drafts(actor, agency, client=client, scopes=chosen)
    return make_key(
        actor,
        agency.pk,
        client=client,
        scopes=chosen,
        lifetime=lifetime,
        networks=networks,
        follows=follows,
        now=now,
    )


def rotate_key(actor: Actor, api_key: ApiKey, *, old_serves: timedelta, now: datetime) -> tuple[ApiKey, str]:
    """A new key for the same client, scopes, networks and length; the old one ends `old_serves` from now at the latest.

    Raises AbsentError, NotPermittedError, NobodyToReleaseError, InputError (a key that has ended, more than
    `LONGEST_OVERLAP`).
    """
    if not timedelta(0) <= old_serves <= LONGEST_OVERLAP:
        raise InputError("old_serves", _("The old key: let it serve for up to 7 days."))
    with transaction.atomic():
        old = _lock_own(actor, api_key)
        if old.is_entry:
            raise InputError("old_serves", _("This key is for entering alone; issue one for the system."))
        if old.revoked_at is not None or now >= old.expires_at:
            raise InputError("old_serves", _("This key has ended; issue a new one."))
        serve = scopes_that_work(is_hosted=old.agency.is_hosted)
        scopes = [scope for scope in old.scopes if scope in serve]
        new, text = issue_key(
            actor,
            Agency.objects.get(pk=old.agency_id),
            client=old.client,
            scopes=scopes,
            lifetime=min(old.lifetime, MAX_LIFETIME),
            networks=old.networks,
            follows=old,
            now=now,
        )
        old.expires_at = min(old.expires_at, now + old_serves)
        old.save(update_fields=["expires_at"])
        record_key_event("apikey.rotated", actor, old, now=now)
    return new, text


def releasers_of_drafts(actor: Actor, agency: Agency, *, client: str = "") -> list[Officer]:
    """Return who could send what a system writes, were the actor to issue or rotate its key now; the duty list's order."""
    return releasers_besides(agency.pk, issuers_of(client_name(agency.pk, client)) | {actor.audit_name})


def require_releaser_of_drafts(actor: Actor, agency: Agency, *, client: str, scopes: Collection[str]) -> None:
    """Raises NobodyToReleaseError where a key would write drafts that nobody could send.

    An agency that enters has no officers yet, and one that holds its own keys writes no drafts here.
    """
    writes = Capability.DRAFT_WRITE in scopes and agency.is_hosted and agency.status != AgencyStatus.ENTERING
    if writes and not releasers_of_drafts(actor, agency, client=client):
        raise NobodyToReleaseError


def issuers_of(client: str) -> frozenset[str]:
    """The audit names of everybody who issued or rotated a key of this system; `client` is the system's own.

    Keys of one name count together, those that have ended too: who made any of them could have written as it does.
    A key that rotated itself names its system; the person who issued the first one stands beside it.
    """
    agency_id, _, name = client.removeprefix("client:").partition("/")
    keys = ApiKey.objects.filter(agency_id=agency_id, client=name)
    return frozenset(keys.values_list("created_by", flat=True))


def key_for(actor: Actor, prefix: str) -> ApiKey:
    """The key of the actor's own agency by its prefix; raises AbsentError."""
    key = ApiKey.objects.visible_to(actor).select_related("agency").filter(pk=prefix).first()
    if key is None:
        raise AbsentError
    return key


def revoke_key(actor: Actor, api_key: ApiKey, *, now: datetime) -> None:
    """Ends a key and its whole chain at once and for good; again is allowed and changes nothing.

    Whoever stole one may have made its successor, and what a successor may, its predecessor still might.
    """
    with transaction.atomic():
        _require_own(actor, api_key)
        chain = ApiKey.objects.select_for_update().filter(line=api_key.line)
        # In the order in which a rotation locks: the old key before the new one.
        for key in chain.order_by("created_at", "prefix"):
            if key.revoked_at is None:
                key.revoked_at = now
                key.save(update_fields=["revoked_at"])
                record_key_event("apikey.revoked", actor, key, now=now)


def _require_may_issue(actor: Actor, agency: Agency) -> None:
    """An agency admin for the own agency; never the keeper, who would hold a key of somebody else's."""
    if Capability.DESK_KEEP in actor.capabilities:
        raise NotPermittedError(Capability.APIKEY_MANAGE, ask=_("an agency admin of that agency"))
    if actor.agency_id != agency.pk:
        raise AbsentError
    require(actor, Capability.APIKEY_MANAGE)


def _lock_own(actor: Actor, api_key: ApiKey) -> ApiKey:
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("agency").get(pk=api_key.pk)
    _require_own(actor, key)
    return key


def _require_own(actor: Actor, key: ApiKey) -> None:
    if actor.agency_id != key.agency_id:
        raise AbsentError
    require(actor, Capability.APIKEY_MANAGE)


def _checked_scopes(scopes: Iterable[str], serve: Collection[Capability]) -> list[str]:
    chosen = sorted(set(scopes))
    refused = [scope for scope in chosen if scope not in serve]
    if refused or not chosen:
        allowed = ", ".join(sorted(serve))
        raise InputError("scopes", _("Choose from: %(allowed)s.") % {"allowed": allowed})
    return chosen
