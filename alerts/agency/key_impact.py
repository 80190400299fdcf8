# SPDX-License-Identifier: Apache-2.0
"""Number of alerts and statements that revoking a key would reach, shown before the officer confirms."""

from datetime import datetime

from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.sending.own_name import Impact, count_signed
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from officers.models import Officer
from vault.own_keys import OwnKeyState


def impact_of_revoking(officer: Officer, kid: str, since: datetime, *, now: datetime) -> Impact:
    """Count the alerts and statements, signed with this key and logged since then, that would stop counting.

    Raises NotPermittedError, AbsentError (no key of the own agency), InputError (a time ahead).
    """
    require(officer, Capability.KEY_MANAGE)
    agency = agency_of(officer)
    keyset = OwnKeyState(agency.pk, now).keyset
    if keyset is None or keyset.row(kid) is None:
        raise AbsentError
    if since > now:
        raise InputError("since", _("Since: choose a time that is not ahead."))
    return count_signed(agency.pk, kid, since=since)
