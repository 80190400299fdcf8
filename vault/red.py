# SPDX-License-Identifier: Apache-2.0
"""The rule of who may have RED at this desk: an agency that holds its own keys at its own desk, and there who is named.

The protocol says the rest (docs/spec/envelope.md): the keysets of both sides say custody `agency`, the suite is PQ1.
"""

from django.conf import settings

from accord.envelope.content import OpenedAlert
from callers.actors import Actor
from callers.directory import Custody
from peers.models import Agency
from vault.errors import NotNamedError


def takes_red(agency_id: str | None) -> bool:
    """Tell whether RED may be sealed and opened here for this agency; never for one that a desk of others hosts."""
    return settings.OWN_DESK and Agency.objects.filter(pk=agency_id, custody=Custody.AGENCY).exists()


def require_named(actor: Actor, opened: OpenedAlert) -> None:
    """Raise NotNamedError for an officer whom a RED alert does not name; no process of the desk is asked.

    The originator's own copy names nobody of its own: who may read that is asked where its row is found
    (`alerts.own_red`).
    """
    manifest = opened.manifest
    if not manifest.is_red or manifest.iss == actor.agency_id or actor.public_id is None:
        return
    if all((name.agency, name.officer) != (actor.agency_id, actor.public_id) for name in opened.names):
        raise NotNamedError
