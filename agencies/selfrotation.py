# SPDX-License-Identifier: Apache-2.0
"""An API key replaces itself, once, in its last 30 days: same client, scopes and networks.

A system that nobody looks after does not stop when its key ends, and no admin has to carry a new one to it. Its
admins hear of it (`notices.api_keys`). The old key serves a week more at most. Until the new one has been
used the old one may ask again, since an answer can get lost: the unused one then ends.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.apikeys import LONGEST_OVERLAP, MAX_LIFETIME, make_key, record_key_event
from agencies.entrykeys import is_for_entering
from agencies.errors import RotationRefusedError
from agencies.models import ApiKey
from callers.actors import ApiClient
from callers.capabilities import Capability, scopes_that_work
from callers.errors import NotPermittedError

LAST_DAYS: Final = timedelta(days=30)


def rotate_own_key(client: ApiClient, *, now: datetime) -> tuple[ApiKey, str]:
    """The key that takes the place of the caller's, and its text, shown this once.

    Raises NotPermittedError (a key for entering), RotationRefusedError (too early, or replaced before).
    """
    if is_for_entering(client):
        raise NotPermittedError(Capability.APIKEY_MANAGE, ask=_("an agency admin of that agency"))
    with transaction.atomic():
        old = ApiKey.objects.select_for_update(of=("self",)).select_related("agency").get(pk=client.prefix)
        if now < old.expires_at - LAST_DAYS:
            raise RotationRefusedError("too-early", old.expires_at - LAST_DAYS)
        _end_unused(client, old, now)
        serve = scopes_that_work(is_hosted=old.agency.is_hosted)
        new, text = make_key(
            client,
            old.agency_id,
            client=old.client,
            scopes=[scope for scope in old.scopes if scope in serve],
            lifetime=min(old.lifetime, MAX_LIFETIME),
            networks=old.networks,
            follows=old,
            is_desk=old.is_desk,
            now=now,
        )
        old.expires_at = min(old.expires_at, now + LONGEST_OVERLAP)
        old.save(update_fields=["expires_at"])
        record_key_event("apikey.rotated", client, old, now=now)
    return new, text


def _end_unused(client: ApiClient, old: ApiKey, now: datetime) -> None:
    """Ends what this key asked for before and never used; raises RotationRefusedError where it was replaced."""
    for before in old.successors.select_for_update(of=("self",)):
        if before.created_by != client.audit_name or before.last_used_at is not None:
            raise RotationRefusedError("replaced", None)
        if before.revoked_at is None:
            before.revoked_at = now
            before.save(update_fields=["revoked_at"])
            record_key_event("apikey.revoked", client, before, now=now)
