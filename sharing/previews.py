# SPDX-License-Identifier: Apache-2.0
"""Previews: who would receive something with given terms if it were sent now, in codes that the caller words."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.denials import Arguments
from callers.errors import AbsentError
from sharing.policy import Allowed, Terms, judge_sealable, version_of


@dataclass(frozen=True)
class Previewed:
    """One recipient's answer. `code` is empty where sending is allowed; then `args` name the agreement and its highest marking."""

    agency: str
    allowed: bool
    code: str
    args: Arguments = field(default_factory=dict)


def preview_sending(
    actor: Actor, recipients: Collection[str] | None, terms: Terms, *, now: datetime
) -> list[Previewed]:
    """Tell for each recipient, by id, whether policy would allow the actor's agency to send and whether a key exists.

    `None` asks about the whole directory, for actors who may read it. Nothing is stored or locked, and sending asks again.
    Raises NotPermittedError, AbsentError.
    """
    require(actor, Capability.ENVELOPE_SUBMIT)
    if recipients is None:
        require(actor, Capability.DIRECTORY_READ)
    issuer = actor.agency_id
    if issuer is None:
        raise AbsentError
    facts, verdicts = judge_sealable(issuer, recipients, terms, now=now)
    answers = []
    for agency, verdict in verdicts.items():
        if isinstance(verdict, Allowed):
            version = version_of(facts, issuer, agency, verdict)
            answers.append(Previewed(agency, True, "", {"ref": version.ref, "tlp": version.ceiling}))
        else:
            answers.append(Previewed(agency, False, verdict.code, verdict.args))
    return answers
