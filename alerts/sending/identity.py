# SPDX-License-Identifier: Apache-2.0
"""Reasons why nothing is sent from this desk, with sentences for officers.

The agency leaves this desk, another desk or command holds its identity, or desk and exchange have no version in common.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.errors import HeldElsewhereError, OtherVersionsError, SendingStoppedError
from callers.actors import Actor
from callers.errors import NotBoundError
from vault.instances import Holder, VersionsApart, holder_elsewhere, standstill_before_sending, standstill_of


def require_may_send(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """Raise an error if nothing may be sent for the agency; a desk that stood still asks the exchange first.

    Raises HeldElsewhereError while the exchange names another holder, NotBoundError where its kept answer was altered,
    SendingStoppedError once the agency leaves this desk, OtherVersionsError while the two have no version in common.
    Not inside a transaction.
    """
    found = standstill_before_sending(actor, agency_id, now=now)
    named, apart = found.holder, found.apart
    if found.leaves:
        raise SendingStoppedError(left_text())
    if named is not None:
        raise HeldElsewhereError(named.holder, named.software, named.free_at, standstill_text(named))
    if apart is not None:
        raise OtherVersionsError(apart.what, apart.theirs, apart.ours, versions_text(apart))


def holder_shown(agency_id: str) -> Holder | None:
    """Return the other holder, for a page; None also where the row was altered, which is logged elsewhere."""
    with suppress(NotBoundError):
        return holder_elsewhere(agency_id)
    return None


def standstills(agency_id: str) -> Iterator[str]:
    """Yield a sentence for each reason why nothing is sent for the agency; as `holder_shown`."""
    with suppress(NotBoundError):
        found = standstill_of(agency_id)
        if found.leaves:
            yield left_text()
        if found.holder is not None:
            yield standstill_text(found.holder)
        if found.apart is not None:
            yield versions_text(found.apart)


def left_text() -> str:
    """Say that the agency leaves, and where its progress is shown."""
    return _(
        "Your agency leaves this desk: nothing is sent from here. Your key officer sees under Keys how far it has come."
    )


def standstill_text(named: Holder) -> str:
    """Say who holds the identity, by the exchange's name for it, and where the key officer finds what to do."""
    text = _(
        "%(name)s holds your agency's identity at the exchange. Nothing is sent from here; your key officer sees under Keys what to do."
    )
    return text % {"name": named.software or _("Another desk or command")}


def versions_text(apart: VersionsApart) -> str:
    """Say whether this desk or the exchange has to be updated."""
    if apart.theirs < apart.ours:
        return _(
            "The exchange is too old for this desk. Nothing is sent until its operator has updated it; you go on reading and writing."
        )
    return _(
        "This desk is too old for the exchange. Nothing is sent until its keeper has updated it; you go on reading and writing."
    )
