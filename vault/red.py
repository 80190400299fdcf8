# SPDX-License-Identifier: Apache-2.0
"""Rules of RED at this desk: the agency holds its own keys at its own desk, and only officers who are named may read.

The protocol adds the rest (docs/spec/envelope.md): the keysets of both sides say custody `agency`, and the suite is
PQ1.
"""

from django.conf import settings

from accord.envelope.content import OpenedAlert
from callers.actors import Actor
from callers.directory import Custody
from peers.models import Agency
from vault.errors import NotNamedError


def takes_red(agency_id: str | None) -> bool:
    """Tell whether RED may be sealed and opened here for this agency; never for a hosted one."""
    return settings.OWN_DESK and Agency.objects.filter(pk=agency_id, custody=Custody.AGENCY).exists()


def require_named(actor: Actor, opened: OpenedAlert) -> None:
    """Raise NotNamedError for an officer whom a RED alert does not name; processes of the desk are not checked.

    The originator's own copy names no officer of the originator: who may read it is checked where its row is found
    (`alerts.red_readers`).
    """
    manifest = opened.manifest
    if not manifest.is_red or manifest.iss == actor.agency_id or actor.public_id is None:
        return
    if all((name.agency, name.officer) != (actor.agency_id, actor.public_id) for name in opened.names):
        raise NotNamedError
