# SPDX-License-Identifier: Apache-2.0
"""Change of an agency's telephone number in the exchange's directory: key officers are told, and one of them accepts it.

The number for calling in an alarm must not come from a party that may be the suspect: until then the number that was here
first counts.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from notices.peers import tell_of_other_telephone
from peers.entries import take_telephone
from peers.models import Agency

log = logging.getLogger(__name__)


def may_take(actor: Actor) -> bool:
    """Tell whether the actor may accept a number for the desk."""
    return Capability.KEY_MANAGE in actor.capabilities


@transaction.atomic
def take_said_telephone(actor: Actor, peer: Agency, telephone: str, *, now: datetime) -> None:
    """Accept the exchange's number for every agency of this desk; `telephone` is the one that the officer saw.

    Raises NotPermittedError, NotBoundError; InputError where the exchange gives another one by now, or the one that counts already.
    """
    own = agency_of(actor)
    require(actor, Capability.KEY_MANAGE)
    before = take_telephone(peer.pk, telephone)
    if before is None:
        raise InputError("telephone", _("The exchange does not say this number now. Look at it again."))
    detail = {"before": before, "after": telephone}
    record_event(
        "peer.telephone_taken", actor=actor.audit_name, agency=own.pk, subject=peer.pk, detail=detail, now=now
    )


def tell_of_telephones(actor: Actor, readers: Iterable[str], peers: Iterable[str], *, now: datetime) -> None:
    """Audit changed numbers of these peers, and tell the key officers of each of this desk's agencies."""
    agencies = list(readers)
    for peer in peers:
        log.error("the exchange says another telephone number of %s; the one from before counts", peer)
        for reader in agencies:
            with transaction.atomic():
                record_event(
                    "peer.telephone_said",
                    actor=actor.audit_name,
                    agency=reader,
                    subject=peer,
                    detail={},
                    now=now,
                )
                tell_of_other_telephone(reader, peer, now=now)
