# SPDX-License-Identifier: Apache-2.0
"""An agency whose identity another desk or command holds: nothing goes out for it from here, and people read why."""

from contextlib import suppress

from django.utils.translation import gettext as _

from alerts.errors import HeldElsewhereError
from callers.errors import NotBoundError
from vault.instances import Holder, holder_elsewhere


def require_identity(agency_id: str) -> None:
    """Raise HeldElsewhereError while the exchange names another holder, NotBoundError where what it said was altered."""
    named = holder_elsewhere(agency_id)
    if named is not None:
        raise HeldElsewhereError(named.holder, named.software, named.free_at, standstill_text(named))


def holder_shown(agency_id: str) -> Holder | None:
    """The other holder, for a page; None as well where the row was altered, which the log says."""
    with suppress(NotBoundError):
        return holder_elsewhere(agency_id)
    return None


def standstill_text(named: Holder) -> str:
    """Say who holds the identity, by the name that the exchange gives, what follows, and where the way out is."""
    text = _(
        "%(name)s holds your agency's identity at the exchange. Nothing is sent from here; your key officer sees under Keys what to do."
    )
    return text % {"name": named.software or _("Another desk or command")}
