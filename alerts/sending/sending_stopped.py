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
from vault.handing import is_awaited
from vault.instances import (
    Holder,
    VersionsApart,
    holder_elsewhere,
    standstill_before_sending,
    standstill_of,
    was_here_since,
)


def require_may_send(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """Raise an error if nothing may be sent for the agency; a desk that stood still asks the exchange first.

    Raises HeldElsewhereError while the exchange names another holder, NotBoundError where its kept answer was altered,
    SendingStoppedError once the agency leaves this desk, OtherVersionsError while the two have no version in common.
    Not inside a transaction.
    """
    found = standstill_before_sending(actor, agency_id, now=now)
    named, apart = found.holder, found.apart
    if found.leaves:
        raise SendingStoppedError(gone_text() if found.gone else left_text())
    if named is not None:
        raise HeldElsewhereError(named.holder, named.software, named.free_at, standstill_text(named))
    if apart is not None:
        raise OtherVersionsError(apart.what, apart.theirs, apart.ours, versions_text(apart))


def holder_shown(agency_id: str) -> Holder | None:
    """Return the other holder, for a page; None also where the row was altered, which is logged elsewhere."""
    with suppress(NotBoundError):
        return holder_elsewhere(agency_id)
    return None


def is_still_to_come(agency_id: str, *, now: datetime) -> bool:
    """Tell whether the agency is to come here from another desk, which works for it until then; altered rows say no."""
    with suppress(NotBoundError):
        return is_awaited(agency_id, now=now)
    return False


def standstills(agency_id: str, *, now: datetime) -> Iterator[str]:
    """Say why nothing goes out for the agency, a sentence each; as `holder_shown`."""
    with suppress(NotBoundError):
        found = standstill_of(agency_id)
        if found.leaves:
            yield gone_text() if found.gone else left_text()
        if found.holder is not None:
            yield coming_text() if is_still_to_come(agency_id, now=now) else standstill_text(found.holder)
        if found.apart is not None:
            yield versions_text(found.apart)


def left_text() -> str:
    """Say that the agency leaves, and where its progress is shown."""
    return _(
        "Your agency leaves this desk: nothing is sent from here. Your key officer sees under Keys how far it has come."
    )


def gone_text() -> str:
    """Say that the agency's keys are not here any more, and where it works now."""
    return _(
        "Your agency has left this desk, and its private keys were destroyed here: nothing is opened or sent here any more. Read and send at the desk where your agency is now."
    )


def coming_text() -> str:
    """Say that the agency comes here, and that the other desk sends for it until it lets it go."""
    return _(
        "Your agency comes here from another desk, which sends for it until two key officers there let it go. Nothing is sent from here yet; your key officer sees under Keys what is next."
    )


def standstill_text(named: Holder) -> str:
    """Say who holds the identity, by the name that the exchange gives, what follows, and where the way out is."""
    if was_here_since(named) is not None:
        return _(
            "This desk as it was before it was restored holds your agency's identity at the exchange still. Nothing is sent from here; your key officer sees under Keys what to do."
        )
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
