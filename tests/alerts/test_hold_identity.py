# SPDX-License-Identifier: Apache-2.0
"""A desk announces the identities it holds; it sends nothing for an identity that another desk holds."""

import json
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from pytest_django import Settings

from accord.version import VERSION
from agencies.instances import SILENT_FOR, announce_instance, release_instance
from agencies.models import Instance
from alerts.errors import HeldElsewhereError
from alerts.models import Alert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.bulk_acknowledgement import Outcome, acknowledge_alerts
from alerts.receiving.opening import open_alert
from alerts.sending.hand_in import offer_all_again, send_waiting
from alerts.sending.handed_in import list_handed_in
from alerts.sending.release import release_alert
from alerts.sending.reminders import remind_recipients
from alerts.sending.withdrawal import withdraw_alert
from callers.actors import ApiClient, SystemActor
from callers.capabilities import EXCHANGE_SCOPES, Role
from callers.errors import AbsentError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from peers.models import Outgoing, OutgoingState
from peers.outgoing import LASTS
from sharing.models import Envelope, Statement
from tests.alerts.conftest import Desks
from tests.alerts.test_send_waiting import queued
from tests.desk_calls import answer_as_of, give_exchange_keys, the_exchange
from tests.role_logins import under_login_of
from vault import agency_keys, services
from vault.instances import (
    ANNOUNCED_EVERY,
    HEARD_WITHIN,
    announce_held,
    forget_instance,
    holder_elsewhere,
    holders_elsewhere,
    may_send,
    own_instance,
    standstill_before_sending,
    take_over,
)
from vault.models import Announcement, DeskInstance, ExchangeKey, KeyStatement, VaultKey
from vault.outgoing import send_waiting as send_key_statements

OTHER = str(uuid4())
OTHER_SOFTWARE = "Accord desk 0.1.0 old.desk.example"


@pytest.fixture(autouse=True)
def _answers_now(desks: Desks, exchange_as_asked: object) -> None:
    give_exchange_keys()
    answer_as_of(desks.hub.now)


def announce(desks: Desks, after: timedelta = timedelta(minutes=5)) -> int:
    """Run a round of the desk-worker."""
    desks.hub.now += after
    with under_login_of("desk-worker"):
        return announce_held(now=desks.hub.now)


def elsewhere(desks: Desks, agency_id: str) -> ApiClient:
    """Another system that has an API key of the agency."""
    return ApiClient(agency_id, "system", "prefix", EXCHANGE_SCOPES)


def hold(desks: Desks, agency_id: str = "xa-lab") -> None:
    """Let another desk hold the identity, and let this one hear of it."""
    Instance.objects.filter(agency_id=agency_id).delete()
    announce_instance(elsewhere(desks, agency_id), OTHER, software=OTHER_SOFTWARE, now=desks.hub.now)
    announce(desks, ANNOUNCED_EVERY)
    assert not may_send(agency_id)


def give_back(desks: Desks, agency_id: str = "xa-lab") -> None:
    release_instance(elsewhere(desks, agency_id), OTHER, now=desks.hub.now)


def key_officer(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER)


def release(desks: Desks, alert: Alert) -> Alert:
    return release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)


def acts() -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.filter(act__startswith="instance.", agency="xa-lab").order_by("seq")
    return [(row.act, row.actor, row.subject) for row in rows if row.actor.startswith(("system", "officer"))]


class TestAnnouncing:
    def test_each_agency_whose_keys_are_here_is_announced_under_the_one_id_of_this_desk(
        self, desks: Desks
    ) -> None:
        assert announce(desks) == 3
        rows = Instance.objects.order_by("agency_id")
        assert [row.agency_id for row in rows] == [desks.lab.id, desks.health.id, desks.stranger.id]
        assert {row.instance_id for row in rows} == {own_instance()}
        assert all(row.software.startswith(f"Accord desk {VERSION}") for row in rows)
        assert acts() == [("instance.announced", "system:desk-worker", f"instance:{own_instance()}")]

    def test_it_is_said_again_and_audited_once(self, desks: Desks) -> None:
        announce(desks)
        assert announce(desks) == 0
        assert announce(desks, ANNOUNCED_EVERY) == 3
        assert Instance.objects.get(agency_id=desks.lab.id).seen_at == desks.hub.now
        assert len(acts()) == 1

    def test_the_id_is_drawn_once_and_one_that_was_changed_announces_nobody(self, desks: Desks) -> None:
        drawn = own_instance()
        assert own_instance() == drawn
        DeskInstance.objects.update(instance_id=OTHER)
        assert announce(desks) == 0
        assert not Instance.objects.exists()
        with pytest.raises(NotBoundError):
            own_instance()

    def test_one_that_was_put_back_from_a_backup_is_another_to_the_exchange(self, desks: Desks) -> None:
        announce(desks)
        before = own_instance()
        forget_instance("system:console", now=desks.hub.now)
        assert AuditEvent.objects.get(act="instance.forgotten").actor == "system:console"
        assert own_instance() != before
        assert announce(desks, timedelta(minutes=1)) == 0
        named = holder_elsewhere(desks.lab.id)
        assert named is not None and named.holder == before
        assert not may_send(desks.lab.id)
        assert take_over(key_officer(desks), desks.lab.id, before, now=desks.hub.now)
        assert may_send(desks.lab.id)

    def test_an_exchange_that_is_away_changes_nothing(self, desks: Desks) -> None:
        announce(desks)
        the_exchange.is_away = True
        assert announce(desks, 30 * ANNOUNCED_EVERY) == 0
        assert may_send(desks.lab.id) and holders_elsewhere() == []
        the_exchange.behave()
        hold(desks)
        the_exchange.is_away = True
        announce(desks)
        assert not may_send(desks.lab.id)

    def test_any_other_refusal_changes_nothing_and_keeps_no_other_agency_waiting(self, desks: Desks) -> None:
        ExchangeKey.objects.filter(pk=desks.health.id).update(is_refused=True)
        problem = json.dumps({"type": "urn:accord:problem:not-permitted", "title": "", "status": 403})
        the_exchange.answers = lambda path: (403, problem.encode()) if path.endswith("/instances") else None
        assert announce(desks) == 0
        assert may_send(desks.lab.id)
        the_exchange.behave()
        assert announce(desks) == 2

    def test_when_the_keys_leave_the_desk_the_identity_is_given_back(self, desks: Desks) -> None:
        announce(desks)
        VaultKey.objects.filter(agency_id=desks.lab.id).delete()
        the_exchange.is_away = True
        announce(desks)
        assert Announcement.objects.filter(pk=desks.lab.id).exists()
        the_exchange.behave()
        announce(desks)
        assert not Instance.objects.filter(agency_id=desks.lab.id).exists()
        assert not Announcement.objects.filter(pk=desks.lab.id).exists()
        assert acts()[-1] == ("instance.released", "system:desk-worker", f"instance:{own_instance()}")
        assert Instance.objects.count() == 2


class TestStoodStill:
    """A machine that was lost, and started again after another desk had taken its place."""

    def stood_still(self, desks: Desks, for_: timedelta) -> None:
        announce(desks)
        Instance.objects.filter(agency_id=desks.lab.id).delete()
        announce_instance(elsewhere(desks, desks.lab.id), OTHER, software=OTHER_SOFTWARE, now=desks.hub.now)
        desks.hub.now += for_

    def test_it_asks_before_it_releases_and_signs_nothing(self, desks: Desks) -> None:
        alert = desks.validated()
        self.stood_still(desks, HEARD_WITHIN)
        with pytest.raises(HeldElsewhereError) as stopped:
            release(desks, alert)
        assert stopped.value.holder == OTHER
        assert not Envelope.objects.exists() and not Outgoing.objects.exists()

    def test_what_it_had_queued_waits(self, desks: Desks) -> None:
        announce(desks)
        alert = desks.validated()
        the_exchange.is_away = True
        release(desks, alert)
        the_exchange.behave()
        self.stood_still(desks, HEARD_WITHIN)
        with under_login_of("desk-worker"):
            assert send_waiting(now=desks.hub.now) == 0
        assert not Envelope.objects.exists() and Outgoing.objects.get().state == OutgoingState.QUEUED

    def test_a_keyset_waits_too(self, desks: Desks) -> None:
        self.stood_still(desks, HEARD_WITHIN)
        statement = services.renew_agency_keys(
            key_officer(desks), desks.lab.agency, seen=1, now=desks.hub.now
        )
        assert (statement.is_waiting, statement.trouble) == (True, "held-elsewhere")

    def test_one_that_was_heard_lately_asks_nobody(self, desks: Desks) -> None:
        alert = desks.validated()
        announce(desks)
        asked = list[str]()
        the_exchange.answers = asked.append
        release(desks, alert)
        assert not [path for path in asked if path.endswith("/instances")]

    def test_an_own_desk_that_was_never_heard_asks_first(self, desks: Desks, settings: Settings) -> None:
        settings.OWN_DESK = True
        assert not standstill_before_sending(SystemActor("desk-worker"), desks.lab.id, now=desks.hub.now)
        assert Instance.objects.get(agency_id=desks.lab.id).instance_id == own_instance()

    def test_an_exchange_that_is_away_stops_nothing(self, desks: Desks) -> None:
        announce(desks)
        the_exchange.is_away = True
        desks.hub.now += 2 * HEARD_WITHIN
        assert not standstill_before_sending(SystemActor("desk-worker"), desks.lab.id, now=desks.hub.now)


class TestHeldElsewhere:
    def test_the_other_holder_is_kept_by_name(self, desks: Desks) -> None:
        hold(desks)
        named = holder_elsewhere(desks.lab.id)
        assert named is not None
        assert (named.holder, named.software) == (OTHER, OTHER_SOFTWARE)
        assert named.free_at is not None and named.since == desks.hub.now
        assert [one.agency_id for one in holders_elsewhere()] == [desks.lab.id]
        announce(desks)
        assert acts() == [("instance.held_elsewhere", "system:desk-worker", f"instance:{OTHER}")]
        assert may_send(desks.health.id)

    def test_what_the_exchange_names_is_shown_only_in_the_form_of_a_name(self, desks: Desks) -> None:
        said = {"holder": "<b>", "software": 5, "free_at": "soon"}
        problem = {"type": "urn:accord:problem:held-elsewhere", "title": "Held.", "status": 409, **said}
        octets = json.dumps(problem).encode()
        the_exchange.answers = lambda path: (409, octets) if path.endswith("/instances") else None
        announce(desks)
        named = holder_elsewhere(desks.lab.id)
        assert named is not None
        assert (named.holder, named.software, named.free_at) == ("", "", None)
        with pytest.raises(AbsentError):
            take_over(key_officer(desks), desks.lab.id, "", now=desks.hub.now)

    def test_nothing_is_released_and_the_officer_reads_who_holds_it(self, desks: Desks) -> None:
        alert = desks.validated()
        hold(desks)
        with pytest.raises(HeldElsewhereError) as stopped:
            release(desks, alert)
        assert stopped.value.holder == OTHER and OTHER_SOFTWARE in stopped.value.text
        assert not Envelope.objects.exists() and not Outgoing.objects.exists()
        refused = AuditEvent.objects.filter(act="alert.refused").last()
        assert refused is not None and refused.detail["cause"] == "HeldElsewhereError"

    def test_no_statement_is_signed(self, desks: Desks) -> None:
        received, sent = desks.received(), desks.released()
        health = desks.health
        open_alert(health.releaser, received, reason="on_duty", now=desks.hub.now)
        withdrawn = withdraw_alert(desks.lab.releaser, sent, code="contaminated", now=desks.hub.now)
        before = Statement.objects.count()
        hold(desks, health.id)
        hold(desks)
        with pytest.raises(HeldElsewhereError):
            acknowledge_alert(health.releaser, received, now=desks.hub.now)
        (one,) = acknowledge_alerts(health.releaser, [received.pk], reason="on_duty", now=desks.hub.now)
        assert one.outcome is Outcome.REFUSED and OTHER_SOFTWARE in one.text
        with pytest.raises(HeldElsewhereError):
            remind_recipients(desks.lab.releaser, withdrawn, now=desks.hub.now)
        assert Statement.objects.count() == before and not Outgoing.objects.filter(state="queued").exists()

    def test_what_is_queued_waits_and_goes_out_once_the_other_one_has_given_it_back(
        self, desks: Desks
    ) -> None:
        alert = queued(desks)
        hold(desks)
        send(desks)
        assert not Envelope.objects.exists()
        (shown,) = list_handed_in(desks.lab.releaser, now=desks.hub.now)
        assert "holds your agency's identity" in shown.text
        give_back(desks)
        announce(desks)
        send(desks)
        assert Envelope.objects.get().md == Alert.objects.get(pk=alert.pk).md
        assert [act for act, *_ in acts()] == ["instance.held_elsewhere", "instance.announced"]

    def test_what_waits_too_long_comes_back_as_ever(self, desks: Desks) -> None:
        alert = queued(desks)
        hold(desks)
        desks.hub.now += LASTS
        send(desks)
        assert Alert.objects.get(pk=alert.pk).state == "validated"
        assert Outgoing.objects.get().cause == "too-old"

    def test_a_restored_exchange_is_given_nothing_again(self, desks: Desks) -> None:
        desks.released()
        hold(desks)
        the_exchange.asked.clear()
        assert offer_all_again() == 0
        assert the_exchange.asked == []

    def test_a_keyset_waits_and_a_revocation_goes(self, desks: Desks) -> None:
        hold(desks)
        officer = key_officer(desks)
        statement = services.renew_agency_keys(officer, desks.lab.agency, seen=1, now=desks.hub.now)
        assert (statement.is_waiting, statement.trouble) == (True, "held-elsewhere")
        send_key_statements(now=desks.hub.now)
        assert KeyStatement.objects.get(taken_at=None).trouble == "held-elsewhere"
        kid = VaultKey.objects.filter(agency_id=desks.lab.id, use="sign").values_list("pk", flat=True)[0]
        assert agency_keys.revoke_agency_key(
            officer,
            desks.lab.agency,
            kid=kid,
            since=desks.hub.now,
            code="stolen",
            seen=1,
            now=desks.hub.now,
        ).taken_at
        give_back(desks)
        announce(desks)
        send_key_statements(now=desks.hub.now)
        assert not KeyStatement.objects.filter(taken_at=None).exists()

    def test_one_that_stays_silent_for_a_week_loses_it_by_itself(self, desks: Desks) -> None:
        hold(desks)
        assert announce(desks, SILENT_FOR) > 0
        assert may_send(desks.lab.id)
        assert Instance.objects.get(agency_id=desks.lab.id).instance_id == own_instance()

    def test_a_row_that_was_changed_stops_sending_until_the_exchange_has_answered_anew(
        self, desks: Desks
    ) -> None:
        hold(desks)
        alert = desks.validated()
        Announcement.objects.filter(pk=desks.lab.id).update(refused_at=None)
        assert not may_send(desks.lab.id)
        with pytest.raises(NotBoundError):
            release(desks, alert)
        give_back(desks)
        announce(desks)
        assert release(desks, alert).state == "released"


class TestTakingOver:
    def test_a_key_officer_takes_it_over_from_the_one_that_was_shown(self, desks: Desks) -> None:
        hold(desks)
        officer = key_officer(desks)
        with pytest.raises(AbsentError):
            take_over(officer, desks.lab.id, str(uuid4()), now=desks.hub.now)
        assert take_over(officer, desks.lab.id, OTHER, now=desks.hub.now)
        assert may_send(desks.lab.id)
        assert Instance.objects.get(agency_id=desks.lab.id).instance_id == own_instance()
        assert acts()[1:] == [
            ("instance.taken_over", officer.audit_name, f"instance:{OTHER}"),
            ("instance.announced", officer.audit_name, f"instance:{own_instance()}"),
        ]

    def test_one_that_still_works_is_there_again(self, desks: Desks) -> None:
        hold(desks)
        the_exchange.lies = partial(_comes_back, desks)
        assert not take_over(key_officer(desks), desks.lab.id, OTHER, now=desks.hub.now)
        assert not may_send(desks.lab.id)

    def test_nobody_else_does(self, desks: Desks) -> None:
        hold(desks)
        stranger = desks.hub.make_officer(desks.stranger.agency, Role.KEY_OFFICER)
        with pytest.raises(AbsentError):
            take_over(stranger, desks.lab.id, OTHER, now=desks.hub.now)
        with pytest.raises(NotPermittedError):
            take_over(desks.lab.releaser, desks.lab.id, OTHER, now=desks.hub.now)
        assert Instance.objects.get(agency_id=desks.lab.id).instance_id == OTHER


def send(desks: Desks) -> None:
    desks.hub.now += timedelta(minutes=2)
    with under_login_of("desk-worker"):
        send_waiting(now=desks.hub.now)


def _comes_back(desks: Desks, path: str, octets: bytes) -> bytes:
    """Let the other holder announce itself between the release and the next call of this desk."""
    if path.endswith(OTHER):
        announce_instance(elsewhere(desks, desks.lab.id), OTHER, software="accord 1.0", now=desks.hub.now)
    return octets
