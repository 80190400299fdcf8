# SPDX-License-Identifier: Apache-2.0
"""Previews: who would receive something with given terms if it were sent now, in codes that the caller words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.denials import Arguments
from callers.errors import AbsentError
from sharing.models import Envelope
from sharing.policy import (
    Allowed,
    Onward,
    Terms,
    Verdict,
    deny_unsealable,
    judge_sealable,
    listed,
    version_of,
)
from sharing.policy_facts import Facts, read_facts
from sharing.releases import judge_release


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
    return _answers(facts, issuer, verdicts)


def preview_release(
    actor: Actor,
    md: str,
    recipients: Collection[str] | None,
    *,
    purpose: str,
    is_emergency: bool,
    now: datetime,
) -> list[Previewed]:
    """Tell for each agency, by id, whether the actor's agency could release this envelope onward to it now.

    As `preview_sending`, but for the content's rules on who releases it, which the releaser's program reads in its manifest.
    """
    require(actor, Capability.ENVELOPE_SUBMIT)
    if recipients is None:
        require(actor, Capability.DIRECTORY_READ)
    issuer = actor.agency_id or ""
    envelope = Envelope.objects.known_to(issuer).filter(pk=md).defer("manifest", "jwe_head").first()
    if envelope is None:
        raise AbsentError
    facts = read_facts([issuer, envelope.iss_id], recipients, now=now)
    wanted = sorted(listed(facts, issuer) if recipients is None else set(recipients))
    onward = Onward(issuer, purpose, is_emergency, envelope.iss_id)
    verdicts = judge_release(facts, envelope, onward, wanted, now=now)
    return _answers(facts, issuer, deny_unsealable(facts, issuer, verdicts, envelope.suite, now=now))


def _answers(facts: Facts, issuer: str, verdicts: Mapping[str, Verdict]) -> list[Previewed]:
    answers = []
    for agency, verdict in verdicts.items():
        if isinstance(verdict, Allowed):
            version = version_of(facts, issuer, agency, verdict)
            answers.append(Previewed(agency, True, "", {"ref": version.ref, "tlp": version.ceiling}))
        else:
            answers.append(Previewed(agency, False, verdict.code, verdict.args))
    return answers
