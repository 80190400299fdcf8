# SPDX-License-Identifier: Apache-2.0
"""Statements: who may issue which about an envelope, their effect, and the feeds they reach."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import SubjectRef
from callers.actors import SystemActor
from callers.capabilities import Role
from callers.directory import AgencyStatus
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent, Entry
from sharing.deliveries import delivery_facts_of
from sharing.errors import (
    AlreadyRetractedError,
    IdTakenError,
    IssuerSuspendedError,
    NotFetchedError,
    RecalledError,
    StatementKindError,
)
from sharing.models import Delivery, FeedItem, Statement
from sharing.statements import find_statement, statements_about, submit_statement
from tests.builders import HeldAgency, Hub, about, client_with, new_uuid7, seconds
from tests.entries import change_entry
from tests.sharing.conftest import Four


@pytest.fixture
def sealed(hub: Hub, four: Four) -> SealedEnvelope:
    """An envelope delivered to bravo and charlie, fetched by bravo."""
    delivered = hub.deliver(four.alpha, four.bravo, four.charlie)
    hub.fetch(four.bravo, delivered)
    return delivered


@pytest.fixture
def retract(hub: Hub, four: Four, sealed: SealedEnvelope) -> Statement:
    row = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    return row


def delivery_to(agency: HeldAgency) -> Delivery:
    return Delivery.objects.get(recipient_id=agency.id)


def heard_by(agency: HeldAgency) -> list[str]:
    return list(FeedItem.objects.filter(recipient=agency.id, what="statement").values_list("d", flat=True))


def test_an_acknowledgement_is_kept_as_received_and_changes_the_delivery(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    hub.later(minutes=5)
    jws = hub.acknowledgement(four.bravo, sealed)
    row = hub.submit(four.bravo, jws)
    assert (row.k, row.sub_d, row.act, bytes(row.jws)) == ("ack", sealed.md, "officer-1", jws)
    delivery = delivery_to(four.bravo)
    assert (delivery.state, delivery.answer) == ("acknowledged", "opened")
    assert delivery.acknowledged_at == delivery.opened_at == hub.now
    assert Entry.objects.filter(od=row.od).count() == 1
    event = AuditEvent.objects.get(act="statement.accepted")
    assert (event.agency, event.subject) == ("xb-bravo", row.od)
    assert (event.detail["k"], event.detail["about"]) == ("ack", sealed.md)


def test_it_reaches_the_originator_alone_and_only_once_logged(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    row = hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    assert heard_by(four.alpha) == []
    with pytest.raises(AbsentError):
        find_statement(four.alpha.client, row.od)
    hub.sequence()
    assert heard_by(four.alpha) == [row.od]
    assert find_statement(four.alpha.client, row.od) == row
    assert heard_by(four.bravo) == heard_by(four.charlie) == []
    assert statements_about(four.alpha.client, sealed.md) == statements_about(four.bravo.client, sealed.md)
    assert statements_about(four.charlie.client, sealed.md) == []


def test_the_originator_sees_who_opened_and_acknowledged(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    facts = {fact.recipient: fact for fact in delivery_facts_of(four.alpha.client, [sealed.md])[sealed.md]}
    assert (facts["xb-bravo"].state, facts["xb-bravo"].acknowledged_at) == ("acknowledged", hub.now)
    assert (facts["xc-charlie"].state, facts["xc-charlie"].acknowledged_at) == ("available", None)
    for stranger in (four.bravo, four.delta):
        assert delivery_facts_of(stranger.client, [sealed.md]) == {}


def test_a_refusal_acknowledges_without_opening(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed, "refused"))
    delivery = delivery_to(four.bravo)
    assert (delivery.state, delivery.opened_at, delivery.acknowledged_at) == ("acknowledged", None, hub.now)


def test_unopenable_is_noted_and_leaves_the_clock_running(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed, "unopenable"))
    delivery = delivery_to(four.bravo)
    assert (delivery.state, delivery.answer, delivery.acknowledged_at) == ("fetched", "unopenable", None)


def test_of_two_acknowledgements_the_first_time_stays(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    first = hub.now
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    hub.later(hours=1)
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    assert delivery_to(four.bravo).acknowledged_at == first


def test_nobody_acknowledges_what_was_never_fetched(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    with pytest.raises(NotFetchedError):
        hub.submit(four.charlie, hub.acknowledgement(four.charlie, sealed))
    assert delivery_to(four.charlie).state == "available"


def test_the_same_statement_again_is_the_same_row(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    jws = hub.acknowledgement(four.bravo, sealed)
    assert hub.submit(four.bravo, jws) == hub.submit(four.bravo, jws)
    assert Statement.objects.count() == 1


def test_other_bytes_under_a_used_id_are_refused(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    used = new_uuid7(hub.now)
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed, id=used))
    with pytest.raises(IdTakenError):
        hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed, "refused", id=used))


def test_a_retraction_reaches_every_holder_and_stops_first_readings(
    hub: Hub, four: Four, sealed: SealedEnvelope, retract: Statement
) -> None:
    assert heard_by(four.bravo) == heard_by(four.charlie) == [retract.od]
    assert {row.recalled_at for row in Delivery.objects.all()} == {hub.now}
    with pytest.raises(RecalledError):
        hub.fetch(four.charlie, sealed)
    assert hub.fetch(four.bravo, sealed)


def test_a_second_retraction_is_refused(
    hub: Hub, four: Four, sealed: SealedEnvelope, retract: Statement
) -> None:
    with pytest.raises(AlreadyRetractedError):
        hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    assert Statement.objects.filter(k="retract").count() == 1


def test_a_retraction_overtakes_nothing_in_one_batch(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    row = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    feed = FeedItem.objects.filter(recipient="xb-bravo").order_by("number")
    assert [(item.number, item.d) for item in feed] == [(1, sealed.md), (2, row.od)]


def test_a_confirmation_reaches_the_originator_and_the_first_one_stays(
    hub: Hub, four: Four, retract: Statement
) -> None:
    row = hub.submit(four.bravo, hub.confirmation(four.bravo, retract))
    first = hub.now
    hub.later(hours=1)
    hub.submit(four.bravo, hub.confirmation(four.bravo, retract))
    hub.sequence()
    assert delivery_to(four.bravo).recall_confirmed_at == first
    assert delivery_to(four.charlie).recall_confirmed_at is None
    assert heard_by(four.alpha)[0] == row.od


def test_statements_flow_while_a_lane_is_suspended(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    suspension = hub.suspend(four.bravo, "G1")
    row = hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    hub.sequence()
    assert heard_by(four.alpha) == [suspension.od, row.od]


# --- who may issue what ----------------------------------------------------------------------------------------

Forbidden = Callable[[Hub, Four, SealedEnvelope], tuple[HeldAgency, bytes]]

NOT_ENTITLED: dict[str, Forbidden] = {
    "a holder retracts": lambda hub, four, sealed: (four.bravo, hub.retraction(four.bravo, sealed)),
    "the originator acknowledges its own": lambda hub, four, sealed: (
        four.alpha,
        hub.acknowledgement(four.alpha, sealed),
    ),
    "a subject under another id": lambda hub, four, sealed: (
        four.bravo,
        hub.acknowledgement(four.bravo, sealed, sub=SubjectRef("manifest", new_uuid7(hub.now), sealed.md)),
    ),
}


def test_who_may_not_say_it_is_refused(
    hub: Hub, four: Four, sealed: SealedEnvelope, subtests: pytest.Subtests
) -> None:
    for sentence, forbidden in NOT_ENTITLED.items():
        agency, jws = forbidden(hub, four, sealed)
        with subtests.test(sentence):
            with pytest.raises(VerificationError) as refused:
                hub.submit(agency, jws)
            assert refused.value.failure in {Failure.NOT_ENTITLED, Failure.SUBJECT}
            assert not Statement.objects.exists()
            event = AuditEvent.objects.filter(act="statement.refused").latest("seq")
            assert (event.agency, event.reason) == (agency.id, str(refused.value))
    assert AuditEvent.objects.filter(act="statement.refused").count() == len(NOT_ENTITLED)


ABSENT: dict[str, Forbidden] = {
    "a stranger acknowledges": lambda hub, four, sealed: (
        four.delta,
        hub.acknowledgement(four.delta, sealed),
    ),
    "about nothing at all": lambda hub, four, sealed: (
        four.bravo,
        hub.acknowledgement(four.bravo, sealed, sub=SubjectRef("manifest", sealed.jti, "A" * 43)),
    ),
    "another agency's statement": lambda hub, four, sealed: (
        four.charlie,
        hub.acknowledgement(four.bravo, sealed),
    ),
    "a confirmation of nothing": lambda hub, four, sealed: (
        four.bravo,
        hub.statement(
            four.bravo,
            "confirm",
            SubjectRef("retract", new_uuid7(hub.now), "A" * 43),
            body={"st": "stopped"},
            act="officer-1",
        ),
    ),
}


def test_what_is_not_for_the_caller_is_absent(
    hub: Hub, four: Four, sealed: SealedEnvelope, subtests: pytest.Subtests
) -> None:
    for sentence, forbidden in ABSENT.items():
        agency, jws = forbidden(hub, four, sealed)
        with subtests.test(sentence):
            with pytest.raises(AbsentError):
                hub.submit(agency, jws)
            assert not Statement.objects.exists()


def test_an_envelope_without_a_number_cannot_be_acknowledged(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    with pytest.raises(AbsentError):
        hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))


def test_a_confirmation_waits_for_the_retraction_to_be_logged(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    with pytest.raises(AbsentError):
        hub.submit(four.bravo, hub.confirmation(four.bravo, retract))


def test_kinds_without_a_door_are_refused(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    body = {"aud": ["xd-delta"], "part": None, "purpose": "prevent", "due": None}
    jws = hub.statement(four.bravo, "ask", about(sealed), body=body)
    with pytest.raises(StatementKindError) as refused:
        hub.submit(four.bravo, jws)
    assert refused.value.k == "ask"


def test_a_suspended_agency_still_acknowledges_retracts_and_confirms(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    """Its alerts may be wrong, and it may hold wrong ones: such statements are never stopped, and reach its feed."""
    for agency in (four.alpha, four.bravo):
        set_status(agency, AgencyStatus.SUSPENDED)
    ack = hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    assert heard_by(four.bravo) == heard_by(four.charlie) == [retract.od]
    confirm = hub.submit(four.bravo, hub.confirmation(four.bravo, retract))
    hub.sequence()
    assert heard_by(four.alpha) == [ack.od, confirm.od]
    assert delivery_to(four.bravo).recall_confirmed_at == hub.now


def test_an_agency_that_is_still_entering_states_nothing(
    hub: Hub, four: Four, sealed: SealedEnvelope
) -> None:
    set_status(four.bravo, AgencyStatus.ENTERING)
    with pytest.raises(IssuerSuspendedError):
        hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))


def set_status(agency: HeldAgency, status: AgencyStatus) -> None:
    change_entry(agency.id, status=status)


def test_a_stale_or_broken_statement_is_refused(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    stale = hub.acknowledgement(four.bravo, sealed, iat=seconds(hub.now) - 24 * 3600 - 1)
    good = hub.acknowledgement(four.bravo, sealed)
    at = good.index(b'"signature":"') + 20
    broken = good[:at] + (b"B" if good[at : at + 1] != b"B" else b"C") + good[at + 1 :]
    for jws, failure in ((stale, Failure.STALE), (broken, Failure.SIGNATURE)):
        with pytest.raises(VerificationError) as refused:
            hub.submit(four.bravo, jws)
        assert refused.value.failure is failure
    for jws in (b"{}", b"", b"[" * 30):
        with pytest.raises(MalformedError):
            hub.submit(four.bravo, jws)
    assert not Statement.objects.exists()


def test_who_may_state_for_an_agency(hub: Hub, four: Four, sealed: SealedEnvelope) -> None:
    jws = hub.acknowledgement(four.bravo, sealed)
    for caller in (
        client_with(four.bravo.id, Role.AUDITOR),
        replace(four.bravo.client, scopes=frozenset()),
    ):
        with pytest.raises(NotPermittedError):
            submit_statement(caller, jws, now=hub.now)
    reader = client_with(four.bravo.id, Role.READER)
    row = submit_statement(reader, jws, now=hub.now)
    assert submit_statement(SystemActor("desk-worker", "xb-bravo"), jws, now=hub.now) == row
