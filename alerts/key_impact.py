# SPDX-License-Identifier: Apache-2.0
"""Here is what revoking a key would reach, for the question before it is done."""

from datetime import datetime

from django.utils.translation import gettext as _

from agencies.models import Key
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from officers.models import Officer
from sharing.impact import Impact, revocation_impact


def impact_of_revoking(officer: Officer, kid: str, since: datetime, *, now: datetime) -> Impact:
    """How many alerts and statements signed with this key, logged since then, would stop counting.

    Raises NotPermittedError, AbsentError (no key of the own agency), InputError (a time ahead).
    """
    require(officer, Capability.KEY_MANAGE)
    key = Key.objects.visible_to(officer).filter(pk=kid).first()
    if key is None:
        raise AbsentError
    if since > now:
        raise InputError("since", _("Since: choose a time that is not ahead."))
    return revocation_impact(key.agency_id, kid, since=int(since.timestamp()), now=now)
