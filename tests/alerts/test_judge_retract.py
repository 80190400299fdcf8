# SPDX-License-Identifier: Apache-2.0
"""A retract counts while its signatures do: judged when it comes, and again each time it is shown."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from accord.envelope.keys import PQ1
from accord.envelope.statements.form import SubjectRef
from agencies.accession import accept_revoke
from alerts.boxes.inbox import list_received
from alerts.boxes.start import read_start
from alerts.models import ReceivedAlert
from alerts.receiving.following import follow_feeds
from alerts.receiving.opening import OpenedView, open_alert
from alerts.sending.withdrawal import confirm_withdrawal
from callers.errors import InputError
from ledger.models import AuditEvent
from peers.models import HeldStatement
from sharing.models import Envelope, Statement
from tests.alerts.conftest import Desks, kept_desks_of_now
from tests.alerts.test_follow_feed import send_from_partner
from tests.builders import seconds
from tests.stages import act

DOUBT = (
    "A withdrawal of this does not count. It was logged at 2 Mar 2026 15:00 UTC, signed with a key that Agency "
    "xe-drugs revoked at {revoked} UTC for everything since {since} UTC. Call Agency xe-drugs before you act on it."
)
FAILED = (
    "A withdrawal of this came and does not count: a check of it failed. Call Agency xe-drugs on the directory "
    "number before you act on it."
)


@pytest.fixture
@act
def received(desks: Desks) -> ReceivedAlert:
    """An alert from the partner, three hours old and opened by its reader."""
    md = send_from_partner(desks)
    desks.follow()
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=md)
    show(desks, row)
    desks.hub.later(hours=3)
    return row


@act
def retract(desks: Desks, row: ReceivedAlert) -> Statement:
    """Retract the alert, signed with the partner's signing key."""
    jws = desks.hub.statement(
        desks.own,
        "retract",
        SubjectRef("manifest", row.jti, row.md),
        body={"code": "error", "by": None},
        act="officer-1",
    )
    statement = desks.hub.submit(desks.own, jws)
    desks.sequence()
    return statement


@act
def revoke_signing_key(desks: Desks, *, hours_back: float) -> None:
    """Revoke the partner's key by its root half a minute later, as stolen so many hours ago."""
    desks.hub.later(seconds=30)
    kid = desks.own.signing[PQ1].signers[0].kid
    since = seconds(desks.hub.now - timedelta(hours=hours_back))
    body = {"kid": kid, "since": since, "code": "stolen"}
    jws = desks.hub.statement(desks.own, "revoke", signer=desks.own.root.signer, body=body)
    accept_revoke(desks.own.client, jws, now=desks.hub.now)
    desks.hub.later(seconds=5)
    desks.sequence()


@act
def show(desks: Desks, row: ReceivedAlert) -> OpenedView:
    return open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)


def listed_state(desks: Desks) -> list[str]:
    return [row.state for row in list_received(desks.health.reader, now=desks.hub.now).rows]


def waits_for_acknowledgement(desks: Desks) -> int:
    return len(read_start(desks.health.reader, now=desks.hub.now).to_acknowledge)


class TestStolenKey:
    def test_a_retract_that_is_repudiated_when_it_comes_withdraws_nothing_and_is_told(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        statement = retract(desks, received)
        revoke_signing_key(desks, hours_back=1)
        desks.follow()
        received.refresh_from_db()
        assert (received.withdrawn_at, received.retract_od) == (None, statement.od)
        view = show(desks, received)
        assert view.marks == (DOUBT.format(revoked="2 Mar 2026 15:00", since="2 Mar 2026 14:00"),)
        assert view.received.withdrawn_at is None
        event = AuditEvent.objects.get(act="retract.doubted")
        assert (event.agency, event.subject) == (desks.health.id, received.md)

    def test_after_it_the_partners_own_retract_withdraws_and_waits_for_its_own_confirmation(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        retract(desks, received)
        desks.follow()
        confirm_withdrawal(desks.health.reader, received, now=desks.hub.now)
        revoke_signing_key(desks, hours_back=1)
        desks.hub.renew_signing_keys(desks.own)
        second = retract(desks, received)
        desks.follow()
        received.refresh_from_db()
        assert (received.retract_od, received.withdrawal_confirmed_at) == (second.od, None)
        assert show(desks, received).marks == ("Withdrawn by Agency xe-drugs: Error. Do not act on it.",)

    def test_one_that_counted_is_judged_again_at_every_display(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        retract(desks, received)
        desks.follow()
        assert show(desks, received).marks == ("Withdrawn by Agency xe-drugs: Error. Do not act on it.",)
        assert listed_state(desks) == ["withdrawn"]
        revoke_signing_key(desks, hours_back=1)
        assert show(desks, received).marks == (
            DOUBT.format(revoked="2 Mar 2026 15:00", since="2 Mar 2026 14:00"),
        )
        assert listed_state(desks) == ["opened"]

    def test_a_revocation_from_a_later_moment_leaves_it_standing(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        retract(desks, received)
        desks.follow()
        desks.hub.later(hours=2)
        revoke_signing_key(desks, hours_back=1)
        follow_feeds(now=desks.hub.now)
        assert listed_state(desks) == ["withdrawn"]
        assert not AuditEvent.objects.filter(act="retract.doubted").exists()

    def test_the_alert_waits_again_to_be_acknowledged(self, desks: Desks, received: ReceivedAlert) -> None:
        assert waits_for_acknowledgement(desks) == 1
        retract(desks, received)
        desks.follow()
        assert waits_for_acknowledgement(desks) == 0
        revoke_signing_key(desks, hours_back=1)
        for _ in range(2):
            follow_feeds(now=desks.hub.now)
        assert waits_for_acknowledgement(desks) == 1
        assert AuditEvent.objects.filter(act="retract.doubted").count() == 1

    def test_nobody_confirms_a_withdrawal_that_does_not_count(
        self, desks: Desks, received: ReceivedAlert
    ) -> None:
        retract(desks, received)
        desks.follow()
        revoke_signing_key(desks, hours_back=1)
        with pytest.raises(InputError):
            confirm_withdrawal(desks.health.reader, received, now=desks.hub.now)
        assert not Statement.objects.filter(k="confirm").exists()


def test_a_revocation_hidden_after_it_was_seen_is_judged_once_and_not_on_each_sweep(
    desks: Desks, received: ReceivedAlert
) -> None:
    retract(desks, received)
    desks.follow()
    revoke_signing_key(desks, hours_back=1)
    show(desks, received)
    follow_feeds(now=desks.hub.now)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM agencies_revocation")
        cursor.execute("SET session_replication_role = origin")
    doubted = AuditEvent.objects.filter(act="retract.doubted", agency=desks.health.id)
    follow_feeds(now=desks.hub.now)
    once = doubted.count()
    follow_feeds(now=desks.hub.now)
    received.refresh_from_db()
    assert received.withdrawn_at is None
    assert doubted.count() == once > 0


def test_an_alert_that_comes_after_its_own_repudiated_retract_is_not_withdrawn(desks: Desks) -> None:
    md = send_from_partner(desks)
    desks.hub.later(hours=3)
    retract(desks, ReceivedAlert(jti=Envelope.objects.get(pk=md).jti, md=md))
    revoke_signing_key(desks, hours_back=1)
    desks.follow()
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=md)
    assert row.withdrawn_at is None and row.retract_od != ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: rows.update(jws="{}"),
        lambda rows: rows.update(reader="xa-lab"),
        lambda rows: rows.delete(),
    ],
    ids=["changed", "given to another agency", "deleted"],
)
def test_a_retract_whose_row_was_touched_past_the_program_still_keeps_the_alert_from_use(
    desks: Desks, received: ReceivedAlert, damage: Callable[[QuerySet[HeldStatement]], object]
) -> None:
    retract(desks, received)
    desks.follow()
    damage(HeldStatement.objects.filter(k="retract"))
    first, second = show(desks, received).marks
    assert first.startswith("Withdrawn by") and second.startswith("Do not rely on this alert")


def test_the_page_and_the_json_desk_say_that_it_does_not_count(db: None, tmp_path: Path) -> None:
    """Page and JSON desk read the real clock, so the world's clock is set to it."""
    desks = kept_desks_of_now(tmp_path / "ledger", ago=timedelta(hours=4))
    md = send_from_partner(desks)
    desks.follow()
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=md)
    desks.hub.later(hours=3)
    retract(desks, row)
    desks.follow()
    client = Client()
    client.force_login(desks.health.reader, "officers.login.backends.EmailBackend")
    assert "withdrew this on" in client.get(f"/inbox/{row.pk}/").content.decode()
    revoke_signing_key(desks, hours_back=1)
    closed = client.get(f"/inbox/{row.pk}/").content.decode()
    opened = client.post(f"/inbox/{row.pk}/", {"reason": "on_duty"}, follow=True).content.decode()
    for page in (closed, opened):
        assert page.count("A withdrawal of this does not count.") == 1
        assert "withdrew this on" not in page and "Do not act on it." not in page
    facts: dict[str, Any] = client.get(f"/api/v1/alerts/received/{row.pk}").json()
    assert facts["withdrawn_at"] is None and facts["retract_doubt"].startswith(
        "A withdrawal of this does not"
    )
