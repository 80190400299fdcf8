# SPDX-License-Identifier: Apache-2.0
"""The page's words about verification, one text for each outcome."""

from dataclasses import replace

import pytest

from accord.envelope.keyrule import Reaffirmed, Repudiated, Valid
from accord.envelope.worth import Refused, Worth
from alerts.boxes.state_words import delivery_text
from alerts.models import ReceivedAlert
from alerts.receiving.fetching import fetch_and_open
from alerts.receiving.following import follow_feed
from alerts.receiving.signature_state import SignatureState, signature_facts_of
from alerts.receiving.verification import Proof, failed, pending, verified
from peers.sent import DeliveryFact
from tests.alerts.conftest import Desks, make_desk
from tests.alerts.test_follow_feed import send_from_partner
from tests.builders import START, seconds


def test_one_signature_is_said_to_be_one_and_not_post_quantum(desks: Desks) -> None:
    old = make_desk(desks.hub, "xf-border", "Border Police", suites=["EC1"])
    desks.sequence()
    desks.hub.make_agreement("G2", desks.own, old.id)
    md = send_from_partner(desks, to=old, suite="EC1")
    follow_feed(old.agency, now=desks.hub.now)
    row = ReceivedAlert.objects.get(md=md)
    opened = fetch_and_open(old.reader, md, reason="on_duty", now=desks.hub.now)
    assert verified(row, opened, signature_facts_of(Valid(), row.issuer.name)).text == (
        "Verified. Agency xe-drugs signed this with its key. Nothing has changed since. It is log entry "
        f"{row.log_index}, 2 Mar 2026 12:00 UTC. Not post-quantum."
    )


LOGGED = seconds(START)
REPUDIATED = Repudiated(log_time=LOGGED, since=LOGGED - 3600, revoked_at=LOGGED + 3600)
REAFFIRMED = Reaffirmed(LOGGED, LOGGED - 3600, LOGGED + 3600, reaffirmed_at=LOGGED + 7200)


def test_a_repudiated_signature_is_never_shown_as_valid(desks: Desks) -> None:
    row = desks.received()
    opened = fetch_and_open(desks.health.reader, row.md, reason="on_duty", now=desks.hub.now)
    shown = verified(row, opened, signature_facts_of(REPUDIATED, row.issuer.name))
    assert shown.state is Proof.REPUDIATED and shown.text == (
        "In doubt. This was logged at 2 Mar 2026 12:00 UTC, signed with a key that Forensic Laboratory revoked "
        "at 2 Mar 2026 13:00 UTC for everything since 2 Mar 2026 11:00 UTC. Call Forensic Laboratory before you "
        "rely on it."
    )


def test_a_reaffirmed_one_keeps_every_time(desks: Desks) -> None:
    row = desks.received()
    opened = fetch_and_open(desks.health.reader, row.md, reason="on_duty", now=desks.hub.now)
    shown = verified(row, opened, signature_facts_of(REAFFIRMED, row.issuer.name))
    assert shown.state is Proof.REAFFIRMED and shown.text == (
        "Reaffirmed by Forensic Laboratory on 2 Mar 2026 14:00 UTC. It was logged at 2 Mar 2026 12:00 UTC, signed "
        "with a key that Forensic Laboratory revoked at 2 Mar 2026 13:00 UTC for everything since "
        "2 Mar 2026 11:00 UTC, and Forensic Laboratory stands by it."
    )


@pytest.mark.parametrize(
    ("worth", "state", "counts", "short"),
    [
        (Valid(), SignatureState.VALID, True, ""),
        (
            REPUDIATED,
            SignatureState.REPUDIATED,
            False,
            "In doubt: logged 2 Mar 2026 12:00 UTC, key not valid since 2 Mar 2026 11:00 UTC",
        ),
        (REAFFIRMED, SignatureState.REAFFIRMED, True, "Reaffirmed on 2 Mar 2026 14:00 UTC"),
        (
            Refused(LOGGED, "key-revoked"),
            SignatureState.REFUSED,
            False,
            "Refused: logged after its key was revoked",
        ),
    ],
)
def test_standings_in_few_words(worth: Worth, state: SignatureState, counts: bool, short: str) -> None:
    for own in (False, True):
        facts = signature_facts_of(worth, "Forensic Laboratory", own=own)
        assert (facts.state, facts.counts, facts.short) == (state, counts, short)
        assert bool(facts.text) is (state is not SignatureState.VALID)


def test_the_other_outcomes(desks: Desks) -> None:
    row = desks.received()
    assert pending("Forensic Laboratory").text == (
        "Not verified yet. The log receipt usually takes a second. The content stays closed until then; "
        "this page checks again."
    )
    assert failed(row).text == (
        "Do not rely on this alert. A check failed; the content stays closed. Call Forensic Laboratory on the "
        f"directory number. Reference {row.reference}."
    )


def test_states_of_a_recipient_in_words(desks: Desks) -> None:

    now = desks.hub.now
    sent = DeliveryFact("xb-health", "available", None, None, None, None, "", None, None)
    words = [
        (sent, "On its way"),
        (replace(sent, told_at=now), "Told"),
        (replace(sent, state="pending"), "Being logged"),
        (replace(sent, state="held"), "Waiting"),
        (replace(sent, state="expired"), "Expired"),
        (replace(sent, state="fetched", told_at=now), "Collected"),
        (replace(sent, state="fetched", opened_at=now), "Opened"),
        (replace(sent, state="acknowledged", acknowledged_at=now), "Acknowledged"),
        (replace(sent, answer="unopenable"), "Cannot be opened there, phone them"),
        (replace(sent, recalled_at=now), "Withdrawn"),
        (replace(sent, recalled_at=now, recall_confirmed_at=now), "Withdrawal confirmed"),
    ]
    assert [delivery_text(fact, None, now) for fact, _ in words] == [text for _, text in words]
