# SPDX-License-Identifier: Apache-2.0
"""An issuer reaffirms what a revocation put in doubt: who may issue it, which feeds it reaches, when it counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated, Valid
from accord.envelope.keys import PQ1
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import SubjectRef
from accord.envelope.worth import Refused, Signed, Worth
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from ledger.proofs import log_places
from sharing.errors import AlreadyRetractedError
from sharing.feed import read_feed
from sharing.models import Delivery, Envelope, FeedItem, Statement
from sharing.recalls import recalls_that_count
from sharing.signatures import judge_signed
from sharing.statements import statements_about
from tests.builders import HeldAgency, Hub, about, seconds
from tests.entries import change_entry
from tests.sharing.conftest import Four


@pytest.fixture
def sealed(hub: Hub, four: Four) -> SealedEnvelope:
    """An envelope from alpha to bravo and charlie, half an hour old."""
    made = hub.deliver(four.alpha, four.bravo, four.charlie)
    hub.later(minutes=30)
    return made


def lose_key(hub: Hub, agency: HeldAgency, *, hours_back: float = 1.0) -> None:
    """Revoke the agency's signing key from then on, log it, and go on with new keys."""
    hub.revoke(agency, since=hub.now - timedelta(hours=hours_back))
    hub.sequence()
    hub.later(seconds=5)
    hub.renew_signing_keys(agency)


def signed(sealed: SealedEnvelope) -> Signed:
    """Return the facts of a logged envelope."""
    row = Envelope.objects.get(md=sealed.md)
    index, logged = log_places([row.md])[row.md]
    return Signed(about(sealed), row.iss_id, tuple(row.signers), row.suite, logged, index)


def worth_of(hub: Hub, sealed: SealedEnvelope) -> Worth:
    return judge_signed([signed(sealed)], now=hub.now)[sealed.md]


def reaffirm(hub: Hub, agency: HeldAgency, sub: SubjectRef) -> Statement:
    row = hub.submit(agency, hub.reaffirmation(agency, sub))
    hub.sequence()
    return row


def of_retract(row: Statement) -> SubjectRef:
    return SubjectRef(row.k, row.statement_id, row.od)


def heard_by(agency: HeldAgency) -> list[str]:
    return [item.d for item in read_feed(agency.client).items if item.what == FeedItem.STATEMENT]


class TestWorth:
    def test_in_force_repudiated_reaffirmed_with_every_time(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        logged = seconds(hub.now) - 1800
        assert worth_of(hub, sealed) == Valid()
        since, revoked_at = seconds(hub.now) - 3600, seconds(hub.now)
        lose_key(hub, four.alpha)
        repudiated = worth_of(hub, sealed)
        assert isinstance(repudiated, Repudiated)
        assert replace(repudiated, revoked_index=-1) == Repudiated(logged, since, revoked_at)
        hub.later(minutes=1)
        reaffirm(hub, four.alpha, about(sealed))
        assert worth_of(hub, sealed) == Reaffirmed(logged, since, revoked_at, seconds(hub.now))

    def test_a_fallen_reaffirm_leaves_it_repudiated_again(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        lose_key(hub, four.alpha)
        reaffirm(hub, four.alpha, about(sealed))
        hub.later(minutes=1)
        lose_key(hub, four.alpha, hours_back=0.02)
        assert isinstance(worth_of(hub, sealed), Repudiated)
        reaffirm(hub, four.alpha, about(sealed))
        assert isinstance(worth_of(hub, sealed), Reaffirmed)

    def test_what_was_said_before_the_revocation_answers_nothing(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        hub.later(hours=1)
        reaffirm(hub, four.alpha, about(sealed))
        hub.later(minutes=1)
        lose_key(hub, four.alpha, hours_back=2)
        assert isinstance(worth_of(hub, sealed), Repudiated)

    def test_within_the_second_of_the_revocation_the_leaf_decides(self, hub: Hub, four: Four) -> None:
        """The sequencer's clock may stand still for a while: entries before and after the revocation then share one second."""
        late = hub.alert_to(four.bravo, sender=four.alpha)
        hub.carry(four.alpha, late)
        revoke = hub.revoke(four.alpha, since=hub.now)
        hub.sequence()
        at = seconds(hub.now)
        index, _ = log_places([revoke.od])[revoke.od]
        assert worth_of(hub, late) == Repudiated(at, at, at, index)
        after = replace(signed(late), index=index + 1)
        assert judge_signed([after], now=hub.now)[late.md] == Refused(at, "key-revoked")

    def test_within_that_second_what_is_older_than_since_counts(self, hub: Hub, four: Four) -> None:
        hub.later(seconds=5)
        late = hub.alert_to(four.bravo, sender=four.alpha)
        hub.carry(four.alpha, late)
        hub.revoke(four.alpha, since=hub.now)
        hub.now -= timedelta(seconds=1)
        hub.sequence()
        assert worth_of(hub, late) == Valid()

    def test_an_issuer_that_revoked_nothing_costs_one_query(
        self, hub: Hub, four: Four, sealed: SealedEnvelope, django_assert_num_queries: object
    ) -> None:
        objects = [signed(sealed)]
        with django_assert_num_queries(1):  # type: ignore[operator]
            assert judge_signed(objects, now=hub.now) == {sealed.md: Valid()}


class TestIntake:
    def test_it_reaches_every_holder_and_stands_about_the_envelope(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        lose_key(hub, four.alpha)
        said = reaffirm(hub, four.alpha, about(sealed))
        assert heard_by(four.bravo) == heard_by(four.charlie) == [said.od]
        assert [row.od for row in statements_about(four.bravo.client, sealed.md)] == [said.od]
        assert said.signers == [key.kid for key in four.alpha.signing[PQ1].signers] and said.suite == PQ1

    def test_a_holder_that_got_the_envelope_later_finds_it_too(self, hub: Hub, four: Four) -> None:
        held = hub.alert_to(four.bravo, four.charlie, sender=four.alpha)
        hub.carry(four.alpha, held)
        hub.suspend(four.bravo, "G1")
        hub.sequence()
        assert Delivery.objects.get(envelope_id=held.md, recipient_id="xb-bravo").state == "held"
        hub.later(minutes=1)
        lose_key(hub, four.alpha)
        said = reaffirm(hub, four.alpha, about(held))
        assert heard_by(four.charlie)[-1] == said.od and heard_by(four.bravo) == []
        hub.resume(four.bravo, "G1")
        hub.sequence()
        assert [row.od for row in statements_about(four.bravo.client, held.md)] == [said.od]

    @pytest.mark.parametrize(("who", "failure"), [("bravo", Failure.NOT_ENTITLED), ("delta", None)])
    def test_nobody_else_may_say_it(
        self, hub: Hub, four: Four, sealed: SealedEnvelope, who: str, failure: Failure | None
    ) -> None:
        agency: HeldAgency = getattr(four, who)
        with pytest.raises(AbsentError if failure is None else VerificationError) as refused:
            hub.submit(agency, hub.reaffirmation(agency, about(sealed)))
        assert getattr(refused.value, "failure", None) is failure

    def test_a_revoked_key_says_nothing_any_more(self, hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
        hub.revoke(four.alpha, since=hub.now)
        with pytest.raises(VerificationError) as unlogged:
            hub.submit(four.alpha, hub.reaffirmation(four.alpha, about(sealed)))
        hub.sequence()
        hub.later(seconds=5)
        with pytest.raises(VerificationError) as logged:
            hub.submit(four.alpha, hub.reaffirmation(four.alpha, about(sealed)))
        assert (unlogged.value.failure, logged.value.failure) == (Failure.KEY_SUSPENDED, Failure.KEY_REVOKED)

    def test_a_suspended_agency_still_says_it(self, hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
        change_entry("xa-alpha", status=AgencyStatus.SUSPENDED)
        assert reaffirm(hub, four.alpha, about(sealed)).od in heard_by(four.bravo)

    def test_an_own_statement_goes_to_all_it_had_reached(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        hub.sequence()
        lose_key(hub, four.alpha)
        said = reaffirm(hub, four.alpha, of_retract(retract))
        assert heard_by(four.bravo) == [retract.od, said.od]

    def test_a_statement_of_others_and_a_reaffirm_itself_are_refused(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        hub.sequence()
        with pytest.raises(AbsentError):
            hub.submit(four.bravo, hub.reaffirmation(four.bravo, of_retract(retract)))
        said = reaffirm(hub, four.alpha, about(sealed))
        with pytest.raises(VerificationError) as refused:
            disguised = SubjectRef("retract", said.statement_id, said.od)
            hub.submit(four.alpha, hub.reaffirmation(four.alpha, disguised))
        assert refused.value.failure is Failure.SUBJECT

    def test_the_subject_must_be_named_in_full(self, hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
        other = hub.deliver(four.alpha, four.bravo)
        with pytest.raises(VerificationError) as refused:
            hub.submit(
                four.alpha, hub.reaffirmation(four.alpha, SubjectRef("manifest", other.jti, sealed.md))
            )
        assert refused.value.failure is Failure.SUBJECT


class TestStatementsJudgedAgain:
    def test_after_a_withdrawal_that_counts_for_nobody_there_is_another(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        """A withdrawal logged in the second of its key's revocation can never count, and nobody can reaffirm it."""
        hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        hub.revoke(four.alpha, since=hub.now)
        hub.sequence()
        assert recalls_that_count([sealed.md], now=hub.now) == set()
        hub.later(seconds=5)
        hub.renew_signing_keys(four.alpha)
        second = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        hub.sequence()
        assert recalls_that_count([sealed.md], now=hub.now) == {sealed.md}
        assert second.od in heard_by(four.bravo)
        with pytest.raises(AlreadyRetractedError):
            hub.submit(four.alpha, hub.retraction(four.alpha, sealed))

    def test_after_a_thiefs_withdrawal_its_owner_says_its_own(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        """The owner does not reaffirm the thief's withdrawal, as that would adopt the thief's reason."""
        hub.fetch(four.bravo, sealed)
        thiefs = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        hub.sequence()
        hub.submit(four.bravo, hub.confirmation(four.bravo, thiefs))
        hub.later(seconds=5)
        lose_key(hub, four.alpha)
        hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        assert recalls_that_count([sealed.md], now=hub.now) == {sealed.md}
        delivery = Delivery.objects.get(envelope_id=sealed.md, recipient_id="xb-bravo")
        assert (delivery.recalled_at, delivery.recall_confirmed_at) == (hub.now, None)

    def test_a_thiefs_withdrawal_stops_counting_until_it_is_reaffirmed(
        self, hub: Hub, four: Four, sealed: SealedEnvelope
    ) -> None:
        retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
        assert recalls_that_count([sealed.md], now=hub.now) == {sealed.md}
        hub.sequence()
        assert recalls_that_count([sealed.md], now=hub.now) == {sealed.md}
        hub.later(seconds=5)
        lose_key(hub, four.alpha)
        assert recalls_that_count([sealed.md], now=hub.now) == set()
        hub.fetch(four.bravo, sealed)
        reaffirm(hub, four.alpha, of_retract(retract))
        assert recalls_that_count([sealed.md], now=hub.now) == {sealed.md}
