# SPDX-License-Identifier: Apache-2.0
"""The readers of an own desk's own alerts marked RED: who wrote them, and releasers.

An envelope names officers of its recipients and nobody of its originator, so the desk itself holds the circle small: four
eyes need one releaser who did not write it, and which one is not known beforehand. What a system wrote is in sight of
every author while it is a draft: somebody has to go on with it. No role and no speed widens this.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from accord.envelope.content import NamedOfficer
from accord.envelope.vocabulary import RED
from alerts.document.naming import read_naming
from callers.actors import Actor
from callers.capabilities import Capability


def is_limited(actor: Actor) -> bool:
    """Tell whether of RED the actor sees what the actor has written, and no more."""
    is_person = actor.public_id is not None
    return settings.OWN_DESK and is_person and Capability.ALERT_RELEASE not in actor.capabilities


def is_red(*marks: str) -> bool:
    """Tell of markings, its own and that of what it was made from, whether one of them is RED."""
    return RED in marks


def named_lines(data: Mapping[str, Any]) -> list[str]:
    """Return the lines by which a RED draft names officers, right or wrong; none of any other."""
    return list(data.get("named_officers") or ()) if data.get("tlp") == RED else []


def names_of(data: Mapping[str, Any], recipients: tuple[str, ...]) -> list[NamedOfficer]:
    """Return the officers whom a draft names, of those agencies that will receive it; none unless it is RED."""
    if data.get("tlp") != RED:
        return []
    named = filter(None, map(read_naming, data.get("named_officers") or ()))
    return [NamedOfficer(agency, officer) for agency, officer in sorted(set(named)) if agency in recipients]
