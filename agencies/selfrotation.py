# SPDX-License-Identifier: Apache-2.0
"""Self-rotation: an API key replaces itself, once, in its last 30 days, with the same client, scopes and networks."""

from datetime import datetime

from django.utils.translation import gettext as _

from agencies.apikeys import KEYRING
from agencies.entrykeys import is_for_entering
from agencies.models import ApiKey
from callers.actors import ApiClient
from callers.capabilities import EXCHANGE_SCOPES, Capability
from callers.errors import NotPermittedError


def rotate_own_key(client: ApiClient, *, now: datetime) -> tuple[ApiKey, str]:
    """Replace the caller's key; return the new key and its text, shown only once.

    Raises NotPermittedError (a key for entering), RotationRefusedError (too early, or replaced before).
    """
    if is_for_entering(client):
        raise NotPermittedError(Capability.APIKEY_MANAGE, ask=_("an agency admin of that agency"))
    return KEYRING.replace_itself(client, serve=EXCHANGE_SCOPES, now=now)
