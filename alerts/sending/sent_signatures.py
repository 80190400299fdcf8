# SPDX-License-Identifier: Apache-2.0
"""State of own sent alerts, with every signature judged again: the agency's own, and those of the answers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from accord.envelope.keyrule import Valid
from accord.envelope.worth import Worth
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.signature_judging import (
    answers_in_doubt,
    judge_signed,
    judge_statements,
    recalls_that_count,
)
from alerts.receiving.signature_state import SignatureFacts, signature_facts_of
from callers.capabilities import Capability
from notices.facts import failed_mails
from officers.models import Officer
from peers.models import HeldStatement
from peers.sent import DeliveryFact, Sent, sent_by

Answer = tuple[DeliveryFact, Worth | None]
"""A recipient's facts, as far as they count, and its acknowledgement's worth where that does not count."""


def own_signatures(
    officer: Officer, mds: Collection[str], *, peers: VerifiedDirectory | None = None, now: datetime
) -> dict[str, SignatureFacts]:
    """Return the standing of the agency's own envelopes; one that waits for its receipt is in force."""
    peers, worth = peers or VerifiedDirectory(officer.agency_id or "", now), dict[str, Worth]()
    if mds and peers.revokers({peers.reader}):
        sent = Alert.objects.filter(agency=peers.reader, md__in=mds)
        worth = judge_signed(peers, [signed for alert in sent if (signed := alert.signed) is not None])
    name = officer.agency.name if officer.agency else ""
    return {md: signature_facts_of(worth.get(md, Valid()), name, own=True) for md in mds}


def statement_signatures(
    officer: Officer, rows: Collection[HeldStatement], *, now: datetime
) -> dict[str, SignatureFacts]:
    """Return the standing of the agency's own statements."""
    worth = judge_statements(VerifiedDirectory(officer.agency_id or "", now), rows)
    name = officer.agency.name if officer.agency else ""
    return {row.od: signature_facts_of(worth.get(row.od, Valid()), name, own=True) for row in rows}


def sent_of(officer: Officer, mds: Collection[str]) -> dict[str, Sent]:
    """Return the state of own envelopes sent from here; nothing if the officer may not read alerts. Raises NotBoundError."""
    return sent_by(officer.agency_id or "", mds) if Capability.ALERT_READ in officer.capabilities else {}


def answers_of(
    officer: Officer,
    sent: Mapping[str, Sent],
    *,
    with_mail: bool = False,
    peers: VerifiedDirectory | None = None,
    now: datetime,
) -> dict[str, list[Answer]]:
    """Return the answers to these own envelopes, by recipient, without those that rest on a key revoked for their time.

    `with_mail`: the facts also say where every mail failed.
    """
    peers = peers or VerifiedDirectory(officer.agency_id or "", now)
    doubted = answers_in_doubt(peers, sent)
    failed = failed_mails(sent) if with_mail else frozenset()
    recalled = [md for md, one in sent.items() if any(fact.recalled_at for fact in one.facts)]
    counting = recalls_that_count(peers, recalled)
    return {
        md: [_as_far_as_it_counts(md, _with_mail(md, fact, failed), doubted, counting) for fact in one.facts]
        for md, one in sent.items()
    }


def _with_mail(md: str, fact: DeliveryFact, failed: Collection[tuple[str, str]]) -> DeliveryFact:
    """Return the facts, marked if every mail about it failed and nobody was told."""
    is_failed = fact.told_at is None and (md, fact.recipient) in failed
    return replace(fact, mail_failed=True) if is_failed else fact


def _as_far_as_it_counts(
    md: str, fact: DeliveryFact, doubted: dict[tuple[str, str], Worth], recalled: Collection[str]
) -> Answer:
    worth = doubted.get((md, fact.recipient))
    if worth is not None:
        fact = replace(fact, acknowledged_at=None, answer="")
    if md not in recalled:
        fact = replace(fact, recalled_at=None, recall_confirmed_at=None)
    return fact, worth
