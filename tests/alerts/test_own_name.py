# SPDX-License-Identifier: Apache-2.0
"""Submissions in an agency's own name at the exchange: its desk lists, verifies, keeps and judges them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.statements.form import SubjectRef
from alerts.agency.key_impact import impact_of_revoking
from alerts.receiving.following import follow_feed
from alerts.receiving.set_aside import resume_loop, retry_item
from alerts.sending import submissions
from alerts.sending.own_name import Impact
from alerts.sending.reaffirmation import list_doubted, list_doubted_statements, reaffirm_statement
from alerts.sending.withdrawal import withdraw_unsent
from callers.actors import SystemActor
from callers.capabilities import Capability, Role
from callers.errors import AbsentError, InputError, NotBoundError
from ledger.models import LoopState, SetAside
from ledger.set_aside import STOPS_AFTER
from officers.models import AgencyPolicy
from peers.models import HeldStatement, PeerKeyset, SubmissionsPlace, UnsentEnvelope
from sharing.models import Envelope
from tests.alerts.conftest import Desk, Desks
from tests.alerts.test_follow_feed import send_from_partner
from tests.bound_rows import rewrite
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.stages import act
from tests.stolen_vault_keys import (
    replace_signing_keys,
    revoke_hosted_key,
    signing_kids,
    steal_keys,
    submit_as_thief,
)

LISTING = "/api/v1/submissions"
KEEPER = SystemActor("keeper", None, frozenset({Capability.DESK_KEEP, Capability.AUDIT_READ}))
Items = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def exchange(exchange_as_asked: ViewsInPlaceOfSockets) -> ViewsInPlaceOfSockets:
    return exchange_as_asked


@act
def look(desks: Desks, desk: Desk | None = None) -> None:
    """Run the desk-worker's next look through the submissions in the laboratory's name."""
    desks.hub.later(seconds=30)
    follow_feed((desk or desks.lab).agency, now=desks.hub.now)


@act
def steal(desks: Desks, *, count: int = 1) -> list[str]:
    """Submit and log this many alerts in the laboratory's name that its desk never sent; return their md."""
    mds = [submit_as_thief(desks.hub, desks.lab.agency, to=desks.health.agency) for _ in range(count)]
    desks.sequence()
    return mds


@act
def lose_key(desks: Desks, desk: Desk | None = None) -> None:
    """Half an hour later revoke the key for the last hour and put another one in its place."""
    agency = (desk or desks.lab).agency
    desks.hub.later(minutes=30)
    revoke_hosted_key(desks.hub, agency, since=desks.hub.now - timedelta(hours=1))
    desks.sequence()
    desks.hub.later(seconds=5)
    replace_signing_keys(desks.hub, agency)
    look(desks, desk)


def in_doubt(desks: Desks) -> list[str]:
    return [row.md for row in list_doubted(desks.lab.releaser, now=desks.hub.now)]


def kept() -> set[str]:
    return set(UnsentEnvelope.objects.values_list("md", flat=True))


def listed_as(change: Callable[[Items], Items]) -> Callable[[str, bytes], bytes]:
    """Change the listing on its way."""

    def lies(path: str, octets: bytes) -> bytes:
        if path != LISTING:
            return octets
        answer = json.loads(octets)
        return json.dumps(answer | {"items": change(answer["items"])}).encode()

    return lies


class TestLooking:
    def test_what_a_thief_sent_is_kept_as_its_manifest_says(self, desks: Desks) -> None:
        (md,) = steal(desks)
        look(desks)
        row, sent = UnsentEnvelope.objects.get(), Envelope.objects.get(md=md)
        assert row.is_bound
        assert (row.reader, row.md, row.jti) == (desks.lab.id, md, sent.jti)
        assert (row.signers, row.suite) == (sent.signers, sent.suite)
        assert (row.tlp, row.pri, row.lane) == (sent.tlp, sent.pri, sent.lane)
        assert row.log_time is not None
        assert row.log_index is not None

    def test_what_this_desk_sent_and_said_is_not_fetched(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        desks.acknowledged()
        desks.sequence()
        for desk in (desks.lab, desks.health):
            exchange.asked.clear()
            look(desks, desk)
            assert LISTING in exchange.asked
            assert not [path for path in exchange.asked if path.endswith("/manifest")]
        assert not UnsentEnvelope.objects.exists()
        assert HeldStatement.objects.issued_by(desks.health.id).count() == 1

    def test_it_looks_every_twenty_seconds_at_most(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        look(desks)
        exchange.asked.clear()
        follow_feed(desks.lab.agency, now=desks.hub.now + submissions.ASKED_EVERY - timedelta(seconds=1))
        assert LISTING not in exchange.asked
        follow_feed(desks.lab.agency, now=desks.hub.now + submissions.ASKED_EVERY)
        assert LISTING in exchange.asked

    def test_what_waits_for_the_ledger_is_taken_once_it_is_logged(self, desks: Desks) -> None:
        md = submit_as_thief(desks.hub, desks.lab.agency, to=desks.health.agency)
        look(desks)
        assert kept() == set()
        desks.sequence()
        look(desks)
        assert kept() == {md}
        assert not SetAside.objects.exists()

    def test_a_statement_that_a_thief_made_is_held_and_reaffirmed(self, desks: Desks) -> None:
        alert = desks.released()
        desks.sequence()
        subject, body = SubjectRef("manifest", alert.jti, alert.md), {"code": "error", "by": None}
        thief = steal_keys(desks.hub, desks.lab.agency)
        jws = desks.hub.statement(thief, "retract", subject, body=body, act="officer-1")
        od = desks.hub.submit(thief, jws).od
        desks.sequence()
        look(desks)
        assert HeldStatement.objects.get(reader=desks.lab.id, od=od).is_bound
        lose_key(desks)
        (row,) = list_doubted_statements(desks.lab.releaser, now=desks.hub.now)
        assert (row.od, row.k, row.about) == (od, "retract", alert.md)
        reaffirm_statement(desks.lab.releaser, od, now=desks.hub.later(seconds=1))
        desks.sequence()
        look(desks)
        assert list_doubted_statements(desks.lab.releaser, now=desks.hub.now) == ()
        with pytest.raises(InputError):
            reaffirm_statement(desks.lab.releaser, od, now=desks.hub.now)

    def test_what_was_logged_after_its_keys_revocation_is_known_and_never_in_doubt(
        self, desks: Desks
    ) -> None:
        md = submit_as_thief(desks.hub, desks.lab.agency, to=desks.health.agency)
        revoked = revoke_hosted_key(desks.hub, desks.lab.agency, since=desks.hub.now - timedelta(hours=1))
        desks.hub.let_overtake(revoked.od)
        desks.sequence()
        desks.hub.later(seconds=5)
        replace_signing_keys(desks.hub, desks.lab.agency)
        look(desks)
        assert kept() == {md}
        assert not SetAside.objects.exists()
        assert in_doubt(desks) == []

    def test_one_whose_manifest_was_deleted_is_not_asked_for_again(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        (md,) = steal(desks)
        Envelope.objects.filter(md=md).update(manifest=None)
        look(desks)
        assert kept() == {md}
        exchange.asked.clear()
        look(desks)
        assert not [path for path in exchange.asked if path.endswith("/manifest")]
        lose_key(desks)
        assert in_doubt(desks) == []
        with pytest.raises(AbsentError):
            withdraw_unsent(desks.lab.releaser, md, code="error", now=desks.hub.now)


class TestHowFar:
    @pytest.fixture(autouse=True)
    def small_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(submissions, "PAGE", 2)
        monkeypatch.setattr(submissions, "PAGES_AT_MOST", 2)

    @staticmethod
    def asked(desks: Desks, exchange: ViewsInPlaceOfSockets) -> int:
        exchange.asked.clear()
        look(desks)
        return exchange.asked.count(LISTING)

    def test_it_stops_at_the_first_page_without_news(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        mds = steal(desks, count=3)
        assert self.asked(desks, exchange) == 2
        mds += steal(desks, count=1)
        assert self.asked(desks, exchange) == 2, "a page with news, and one without"
        assert self.asked(desks, exchange) == 1
        assert kept() == set(mds)

    def test_a_long_listing_is_looked_through_over_several_turns(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        mds = steal(desks, count=7)
        assert self.asked(desks, exchange) == 2
        assert len(kept()) == 4
        assert SubmissionsPlace.objects.get(reader=desks.lab.id).place
        assert self.asked(desks, exchange) == 3
        assert kept() == set(mds)
        assert not SubmissionsPlace.objects.get(reader=desks.lab.id).place

    def test_everything_is_looked_at_once_a_day_and_when_a_key_was_revoked(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        mds = steal(desks, count=4)
        look(desks)
        old = Envelope.objects.filter(md__in=mds).earliest("received_at", "md").md
        UnsentEnvelope.objects.filter(md=old).delete()
        look(desks)
        assert old not in kept()
        desks.hub.later(hours=24)
        look(desks)
        assert kept() == set(mds)
        UnsentEnvelope.objects.filter(md=old).delete()
        lose_key(desks)
        look(desks)
        assert kept() >= set(mds)

    def test_a_place_that_the_exchange_does_not_know_begins_anew(self, desks: Desks) -> None:
        steal(desks, count=5)
        look(desks)
        rewrite(SubmissionsPlace.objects.filter(reader=desks.lab.id), place="nowhere")
        look(desks)
        assert not SubmissionsPlace.objects.get(reader=desks.lab.id).place

    def test_an_altered_place_has_everything_looked_at(self, desks: Desks) -> None:
        mds = steal(desks, count=4)
        look(desks)
        UnsentEnvelope.objects.all().delete()
        SubmissionsPlace.objects.update(whole_at=desks.hub.now + timedelta(days=9))
        look(desks)
        assert kept() == set(mds)
        assert SubmissionsPlace.objects.get(reader=desks.lab.id).is_bound


class TestLies:
    def test_another_agencys_object_is_nobodys_word_of_ours(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        md = send_from_partner(desks, to=desks.lab)
        alert = desks.released()
        desks.sequence()

        def changed(items: Items) -> Items:
            return [items[0] | {"digest": md}]

        exchange.lies = listed_as(changed)
        look(desks)
        exchange.lies = None
        row = SetAside.objects.get()
        assert (row.loop, row.key) == ("desk.submissions", f"envelope {md}")
        assert "VerificationError" in row.reason
        assert kept() == set()
        lose_key(desks)
        assert in_doubt(desks) == [alert.md]

    def test_another_answer_than_the_object_that_was_asked_for(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        first, second = steal(desks, count=2)
        other: list[bytes] = []

        def lies(path: str, octets: bytes) -> bytes:
            if path.endswith("/manifest"):
                other.append(octets)
                return other[0]
            return octets

        exchange.lies = lies
        look(desks)
        assert len(kept()) == 1
        assert {first, second} == kept() | {row.subject for row in SetAside.objects.all()}

    def test_one_with_a_signature_that_does_not_verify_is_set_aside_and_taken_when_it_does(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        (md,) = steal(desks)

        def lies(path: str, octets: bytes) -> bytes:
            if not path.endswith("/manifest"):
                return octets
            answer = json.loads(octets)
            signatures = answer["manifest"]["signatures"]
            signature = signatures[0]["signature"]
            signatures[0]["signature"] = ("B" if signature[0] == "A" else "A") + signature[1:]
            return json.dumps(answer).encode()

        exchange.lies = lies
        look(desks)
        assert kept() == set()
        row = SetAside.objects.get()
        assert row.subject == md
        exchange.lies = None
        look(desks)
        assert kept() == set(), "nobody has asked for it"
        retry_item(KEEPER, row.pk, now=desks.hub.now)
        look(desks)
        assert kept() == {md}
        assert not SetAside.objects.exists()

    def test_a_receipt_of_something_else_proves_nothing(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        steal(desks, count=2)
        receipts: list[Any] = []

        def lies(path: str, octets: bytes) -> bytes:
            if not path.endswith("/manifest"):
                return octets
            answer = json.loads(octets)
            receipts.append(answer["receipt"])
            return json.dumps(answer | {"receipt": receipts[0]}).encode()

        exchange.lies = lies
        look(desks)
        assert len(kept()) == 1
        assert SetAside.objects.count() == 1

    def test_what_is_listed_without_a_receipt_waits_and_keeps_nothing_else_waiting(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        mds = steal(desks, count=3)
        exchange.lies = listed_as(
            lambda items: [item | {"receipt": None} if item["digest"] == mds[1] else item for item in items]
        )
        look(desks)
        assert kept() == {mds[0], mds[2]}
        assert not SetAside.objects.exists()
        exchange.lies = None
        look(desks)
        assert kept() == set(mds)

    def test_another_order_hides_nothing(self, desks: Desks, exchange: ViewsInPlaceOfSockets) -> None:
        mds = steal(desks, count=3)
        exchange.lies = listed_as(lambda items: [*reversed(items), *items])
        look(desks)
        assert kept() == set(mds)
        assert UnsentEnvelope.objects.count() == 3

    def test_signers_and_times_of_the_listing_are_believed_in_nothing(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        (md,) = steal(desks)
        exchange.lies = listed_as(
            lambda items: [item | {"signers": ["A" * 43], "iat": 1, "id": "other"} for item in items]
        )
        look(desks)
        row = UnsentEnvelope.objects.get()
        assert row.signers == Envelope.objects.get(md=md).signers

    def test_many_that_do_not_verify_stop_the_look_until_a_person_lets_it_go_on(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        digests = [f"{n:02d}" + "A" * 41 for n in range(STOPS_AFTER + 2)]
        (md,) = steal(desks)
        exchange.lies = listed_as(lambda items: [items[0] | {"digest": d} for d in digests])
        look(desks)
        assert SetAside.objects.count() == STOPS_AFTER
        state = LoopState.objects.get(loop="desk.submissions")
        assert state.stopped_at is not None
        exchange.lies = None
        look(desks)
        assert kept() == set()
        resume_loop(KEEPER, state.pk, now=desks.hub.now)
        look(desks)
        assert kept() == {md}


class TestFromWhatIsKept:
    def test_by_own_keys_that_were_altered_nothing_is_told_and_nothing_set_aside(self, desks: Desks) -> None:
        (md,) = steal(desks)
        keysets = PeerKeyset.objects.filter(reader=desks.lab.id, peer=desks.lab.id)
        log_time = keysets.get().log_time
        keysets.update(log_time=1)
        look(desks)
        assert kept() == set()
        assert not SetAside.objects.exists()
        keysets.update(log_time=log_time)
        look(desks)
        assert kept() == {md}

    def test_while_the_exchange_is_away_it_is_shown(
        self, desks: Desks, exchange: ViewsInPlaceOfSockets
    ) -> None:
        alert = desks.released()
        (md,) = steal(desks)
        look(desks)
        lose_key(desks)
        exchange.is_away = True
        exchange.asked.clear()
        found = list_doubted(desks.lab.releaser, now=desks.hub.now)
        assert {row.md: row.alert for row in found} == {md: None, alert.md: alert}
        assert exchange.asked == []
        withdraw_unsent(desks.lab.releaser, md, code="error", now=desks.hub.now)
        assert in_doubt(desks) == [alert.md]

    def test_an_altered_row_counts_for_nothing_and_is_taken_anew(self, desks: Desks) -> None:
        (md,) = steal(desks)
        lose_key(desks)
        assert in_doubt(desks) == [md]
        row = UnsentEnvelope.objects.get()
        UnsentEnvelope.objects.update(jti="another")
        assert in_doubt(desks) == []
        with pytest.raises(NotBoundError):
            withdraw_unsent(desks.lab.releaser, md, code="error", now=desks.hub.now)
        look(desks)
        assert UnsentEnvelope.objects.get().jti == row.jti
        assert in_doubt(desks) == [md]

    def test_a_row_of_another_agency_counts_for_nothing(self, desks: Desks) -> None:
        (md,) = steal(desks)
        lose_key(desks)
        UnsentEnvelope.objects.update(reader=desks.health.id)
        assert in_doubt(desks) == []
        with pytest.raises(AbsentError):
            withdraw_unsent(desks.lab.releaser, md, code="error", now=desks.hub.now)

    def test_what_is_above_the_officers_ceiling_is_absent(self, desks: Desks) -> None:
        (md,) = steal(desks)
        lose_key(desks)
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), role_ceilings={Role.RELEASER: "CLEAR"})
        releaser = type(desks.lab.releaser).objects.get(pk=desks.lab.releaser.pk)
        assert list_doubted(releaser, now=desks.hub.now) == ()
        with pytest.raises(AbsentError):
            withdraw_unsent(releaser, md, code="error", now=desks.hub.now)

    def test_many_cost_as_many_queries_as_two(self, desks: Desks) -> None:
        counts = []
        for count in (2, 6):
            steal(desks, count=count)
            look(desks)
            lose_key(desks)
            assert desks.lab.releaser.tlp_ceiling is None, "what is read once of the officer is read"
            with CaptureQueriesContext(connection) as asked:
                found = in_doubt(desks)
            counts.append(len(asked))
            assert len(found) == len(kept())
        assert counts[0] == counts[1]
        assert counts[0] <= 16


class TestImpact:
    @staticmethod
    def impact(desks: Desks, kid: str, *, hours_back: float) -> Impact:
        officer = desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER)
        since = desks.hub.now - timedelta(hours=hours_back)
        return impact_of_revoking(officer, kid, since, now=desks.hub.now)

    def test_it_counts_by_the_logs_time_and_what_is_not_logged_yet(self, desks: Desks) -> None:
        desks.released()
        desks.sequence()
        look(desks)
        desks.hub.later(hours=2)
        steal(desks)
        look(desks)
        desks.released()
        kid = signing_kids(desks.hub, desks.lab.agency)[0]
        assert self.impact(desks, kid, hours_back=3) == Impact(3, 0)
        assert self.impact(desks, kid, hours_back=1) == Impact(2, 0)
        assert self.impact(desks, kid, hours_back=0) == Impact(1, 0)

    def test_statements_are_counted(self, desks: Desks) -> None:
        desks.acknowledged()
        officer = desks.hub.make_officer(desks.health.agency, Role.KEY_OFFICER)
        kid = signing_kids(desks.hub, desks.health.agency)[0]
        assert impact_of_revoking(officer, kid, desks.hub.now, now=desks.hub.now) == Impact(0, 1)

    def test_keys_of_others_and_times_ahead_are_refused(self, desks: Desks) -> None:
        theirs = signing_kids(desks.hub, desks.health.agency)[0]
        with pytest.raises(AbsentError):
            self.impact(desks, theirs, hours_back=1)
        own = signing_kids(desks.hub, desks.lab.agency)[0]
        with pytest.raises(InputError):
            self.impact(desks, own, hours_back=-1)
