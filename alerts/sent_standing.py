# SPDX-License-Identifier: Apache-2.0
"""What became of our sent alerts, with every signature judged again: our own, and those under the answers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from accord.envelope.keyrule import Valid
from alerts.standing import StandingFacts, standing_of
from notices.facts import mail_failed
from officers.models import Officer
from sharing.answers import answers_in_doubt
from sharing.deliveries import DeliveryFact, delivery_facts_of
from sharing.models import Statement
from sharing.recalls import recalls_that_count
from sharing.signatures import (
    Worth,
    issuers_with_revocations,
    judge_signed,
    signed_envelopes,
    signed_statements,
)

Answer = tuple[DeliveryFact, Worth | None]
"""A recipient's facts as far as they count, and what its acknowledgement is worth where it does not."""


def own_standings(officer: Officer, mds: Collection[str], *, now: datetime) -> dict[str, StandingFacts]:
    """Of envelopes of the officer's own agency; one that waits for its receipt is simply in force."""
    if mds and issuers_with_revocations([officer.agency_id or ""]):
        return doubted_standings(officer, mds, now=now)
    return _standings(officer, mds, {})


def doubted_standings(officer: Officer, mds: Collection[str], *, now: datetime) -> dict[str, StandingFacts]:
    """The same for an agency that is known to have revoked a key, a query less."""
    return _standings(officer, mds, judge_signed(signed_envelopes(mds), now=now))


def _standings(
    officer: Officer, mds: Collection[str], worth: Mapping[str, Worth]
) -> dict[str, StandingFacts]:
    name = officer.agency.name if officer.agency else ""
    return {md: standing_of(worth.get(md, Valid()), name, own=True) for md in mds}


def statement_standings(
    officer: Officer, rows: Collection[Statement], *, now: datetime
) -> dict[str, StandingFacts]:
    """The same of statements of the officer's own agency."""
    worth = judge_signed(signed_statements(rows), now=now)
    name = officer.agency.name if officer.agency else ""
    return {row.od: standing_of(worth.get(row.od, Valid()), name, own=True) for row in rows}


def answers_of(
    officer: Officer, mds: Collection[str], *, with_mail: bool = False, now: datetime
) -> dict[str, list[Answer]]:
    """What became of own envelopes, by recipient: nothing is counted that rests on a key revoked for its time.

    `with_mail`: the facts also say where every mail failed.
    """
    facts, doubted = (
        delivery_facts_of(officer, mds, failed=mail_failed() if with_mail else None),
        answers_in_doubt(mds, now=now),
    )
    recalled = [md for md in mds if any(fact.recalled_at for fact in facts.get(md, ()))]
    counting = recalls_that_count(recalled, now=now)
    return {
        md: [_as_far_as_it_counts(md, fact, doubted, counting) for fact in facts.get(md, ())] for md in mds
    }


def _as_far_as_it_counts(
    md: str, fact: DeliveryFact, doubted: dict[tuple[str, str], Worth], recalled: Collection[str]
) -> Answer:
    worth = doubted.get((md, fact.recipient))
    if worth is not None:
        fact = replace(fact, acknowledged_at=None, answer="")
    if md not in recalled:
        fact = replace(fact, recalled_at=None, recall_confirmed_at=None)
    return fact, worth
