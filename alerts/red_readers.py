# SPDX-License-Identifier: Apache-2.0
"""Readers of an own desk's own alerts marked RED: their authors, and releasers; of answers to them, whom they name.

An envelope names officers of its recipients but none of its originator, so the desk itself limits the readers. Review needs
one releaser who did not write the alert, and which one is not known beforehand. A draft that a system wrote is visible to
every author, since somebody has to continue it. No role and no speed widens this. A question names those of them who may open
its answers, which are RED too; the others see nothing of an answer.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings

from accord.envelope.content import NamedOfficer
from accord.envelope.vocabulary import RED
from alerts.document.naming import read_naming
from callers.actors import Actor
from callers.capabilities import Capability


def reads_by_name(actor: Actor) -> bool:
    """Tell whether the actor may see only those received RED alerts that name the actor: a person at an own desk."""
    return settings.OWN_DESK and actor.public_id is not None


def is_limited(actor: Actor) -> bool:
    """Tell whether the actor may see only those own RED alerts that the actor has written."""
    return reads_by_name(actor) and Capability.ALERT_RELEASE not in actor.capabilities


def is_red(*marks: str) -> bool:
    """Tell whether a marking is RED; pass the alert's own and its source's."""
    return RED in marks


def reads_answers(actor: Actor, tlp: str, reply_to: Collection[str]) -> bool:
    """Tell whether the actor may see who has answered an own question with this marking."""
    return not is_red(tlp) or actor.public_id in reply_to


def named_lines(data: Mapping[str, Any]) -> list[str]:
    """Return the lines by which a RED draft names officers, valid or not; none for other markings."""
    return list(data.get("named_officers") or ()) if data.get("tlp") == RED else []


def names_of(data: Mapping[str, Any], recipients: tuple[str, ...]) -> list[NamedOfficer]:
    """Return the officers of these recipients whom a draft names; none unless it is RED."""
    if data.get("tlp") != RED:
        return []
    named = filter(None, map(read_naming, data.get("named_officers") or ()))
    return [NamedOfficer(agency, officer) for agency, officer in sorted(set(named)) if agency in recipients]
