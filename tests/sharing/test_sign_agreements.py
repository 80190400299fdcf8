# SPDX-License-Identifier: Apache-2.0
"""Agreements by signed statements: proposed, accepted by every party, refused, replaced by the next version, left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accord.envelope.errors import MalformedError, VerificationError
from accord.envelope.statements.form import SubjectRef
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from sharing.agreement_facts import list_agreements
from sharing.agreement_statements import MAX_OPEN
from sharing.agreements import current_version
from sharing.errors import AgreementError, IssuerSuspendedError, PolicyDeniedError
from sharing.models import Agreement, AgreementVersion, Delivery, Statement
from sharing.policy import Allowed, Terms, judge_recipient
from sharing.statements import find_statement
from tests.builders import HeldAgency, Hub, seconds
from tests.entries import change_entry
from tests.sharing.conftest import Four

DAY = timedelta(days=1)


def proposal(hub: Hub, by: HeldAgency, *others: str, until: timedelta = 30 * DAY, **changes: Any) -> bytes:
    body: dict[str, Any] = {
        "ref": "AD 1",
        "ver": 1,
        "prev": None,
        "parties": sorted({by.id, *others}),
        "lanes": ["science"],
        "tlp": "AMBER",
        "purposes": ["prevent"],
        "nbf": seconds(hub.now),
        "survive": {"lanes": [], "flash": True},
        "clocks": "freeze",
        "emergency": False,
        "text": None,
    }
    return hub.statement(by, "agreement", body=body | changes, exp=seconds(hub.now + until), act="officer-1")


def answered(hub: Hub, by: HeldAgency, to: Statement, st: str = "accept") -> Statement:
    sub = SubjectRef(to.k, to.statement_id, to.od)
    return hub.submit(by, hub.statement(by, "accept", sub, body={"st": st}, act="officer-1"))


def left(hub: Hub, by: HeldAgency, of: Statement) -> Statement:
    return hub.submit(
        by, hub.statement(by, "leave", SubjectRef(of.k, of.statement_id, of.od), act="officer-1")
    )


def may_send(hub: Hub, issuer: str, recipient: str) -> bool:
    terms = Terms("science", "prevent", "GREEN", "PQ1", "routine")
    return isinstance(judge_recipient(issuer, recipient, terms, now=hub.now), Allowed)


@pytest.fixture
def proposed(hub: Hub, four: Four) -> Statement:
    """An agreement of alpha, bravo and delta, proposed by delta, which has none with them."""
    return hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha", "xb-bravo"))


def test_it_is_in_force_once_every_party_has_accepted_this_statement(
    hub: Hub, four: Four, proposed: Statement
) -> None:
    answered(hub, four.alpha, proposed)
    assert not may_send(hub, "xd-delta", "xa-alpha")
    answered(hub, four.alpha, proposed)
    assert not may_send(hub, "xd-delta", "xa-alpha"), "to accept twice is to accept once"
    answered(hub, four.bravo, proposed)
    assert may_send(hub, "xd-delta", "xa-alpha") and may_send(hub, "xb-bravo", "xd-delta")
    (facts,) = [one for one in list_agreements(four.delta.client, now=hub.now) if one.ref == "AD 1"]
    assert (facts.od, facts.version, facts.ceiling) == (proposed.od, 1, "AMBER")
    assert (facts.parties, facts.survive_flash) == (["xa-alpha", "xb-bravo", "xd-delta"], True)


def test_each_statement_goes_to_the_other_parties_and_to_nobody_else(
    hub: Hub, four: Four, proposed: Statement
) -> None:
    said = answered(hub, four.alpha, proposed)
    hub.sequence()
    for agency in (four.alpha, four.bravo, four.delta):
        assert find_statement(agency.client, proposed.od) and find_statement(agency.client, said.od)
    for od in (proposed.od, said.od):
        with pytest.raises(AbsentError):
            find_statement(four.charlie.client, od)


def test_a_proposal_is_no_agreement_and_is_listed_as_none(hub: Hub, four: Four, proposed: Statement) -> None:
    assert list_agreements(four.delta.client, now=hub.now) == []
    assert current_version(hub.agreement("AD 1"), now=hub.now) is None


def test_what_one_party_refuses_is_over(hub: Hub, four: Four, proposed: Statement) -> None:
    answered(hub, four.alpha, proposed)
    answered(hub, four.bravo, proposed, "refuse")
    with pytest.raises(AgreementError, match="it was refused"):
        answered(hub, four.bravo, proposed)
    assert not may_send(hub, "xd-delta", "xa-alpha")


def test_who_has_accepted_may_refuse_until_all_have_and_so_its_proposer_takes_it_back(
    hub: Hub, four: Four, proposed: Statement
) -> None:
    answered(hub, four.alpha, proposed)
    answered(hub, four.delta, proposed, "refuse")
    with pytest.raises(AgreementError, match="it was refused"):
        answered(hub, four.bravo, proposed)
    second = hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha"))
    answered(hub, four.alpha, second)
    with pytest.raises(AgreementError, match="in force already"):
        answered(hub, four.delta, second, "refuse")


def next_version(hub: Hub, by: HeldAgency, after: Statement, **changes: Any) -> bytes:
    usual = {"ver": after.body["ver"] + 1, "prev": after.od, "parties": after.body["parties"]}
    return proposal(hub, by, **(usual | changes))


@pytest.fixture
def agreed(hub: Hub, four: Four, proposed: Statement) -> Statement:
    for agency in (four.alpha, four.bravo):
        answered(hub, agency, proposed)
    return proposed


def test_the_next_version_counts_when_it_is_accepted_and_the_one_before_until_then(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    second = hub.submit(four.alpha, next_version(hub, four.alpha, agreed, lanes=["trade"]))
    answered(hub, four.bravo, second)
    assert may_send(hub, "xd-delta", "xa-alpha")
    answered(hub, four.delta, second)
    assert not may_send(hub, "xd-delta", "xa-alpha"), "science is not agreed any more"
    version = current_version(hub.agreement("AD 1"), now=hub.now)
    assert version is not None and (version.number, version.od) == (2, second.od)


def test_of_two_proposed_at_once_the_first_that_all_accept_counts_and_the_other_is_over(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    one = hub.submit(four.alpha, next_version(hub, four.alpha, agreed))
    other = hub.submit(four.bravo, next_version(hub, four.bravo, agreed, tlp="GREEN"))
    for agency in (four.alpha, four.delta):
        answered(hub, agency, other)
    with pytest.raises(AgreementError, match="another version is in force since"):
        answered(hub, four.delta, one)
    with pytest.raises(AgreementError, match="in force already"):
        answered(hub, four.delta, agreed)


def test_one_that_begins_later_leaves_the_present_one_in_force_until_then(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    later = seconds(hub.now + DAY)
    second = hub.submit(four.alpha, next_version(hub, four.alpha, agreed, lanes=["trade"], nbf=later))
    for agency in (four.bravo, four.delta):
        answered(hub, agency, second)
    assert may_send(hub, "xd-delta", "xa-alpha")
    hub.later(days=1)
    assert not may_send(hub, "xd-delta", "xa-alpha")


def test_what_was_held_for_want_of_an_agreement_flows_when_one_is_in_force(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    sealed = hub.alert_to(four.alpha, sender=four.delta)
    hub.carry(four.delta, sealed)
    second = hub.submit(four.alpha, next_version(hub, four.alpha, agreed, lanes=["trade"]))
    for agency in (four.bravo, four.delta):
        answered(hub, agency, second)
    hub.sequence()
    assert Delivery.objects.get().state == "held"
    third = hub.submit(four.alpha, next_version(hub, four.alpha, second))
    for agency in (four.bravo, four.delta):
        answered(hub, agency, third)
    hub.sequence()
    assert Delivery.objects.get().state == "available"


def test_who_leaves_is_out_at_once_and_the_others_go_on(hub: Hub, four: Four, agreed: Statement) -> None:
    left(hub, four.alpha, agreed)
    assert not may_send(hub, "xd-delta", "xa-alpha") and not may_send(hub, "xa-alpha", "xd-delta")
    assert may_send(hub, "xd-delta", "xb-bravo")
    assert list_agreements(four.alpha.client, now=hub.now)[0].ref == "G1"
    with pytest.raises(AgreementError, match="left it already"):
        left(hub, four.alpha, agreed)


def test_who_left_may_be_a_party_of_the_next_version_and_proposes_none(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    left(hub, four.alpha, agreed)
    with pytest.raises(AgreementError, match="not the version in force"):
        hub.submit(four.alpha, next_version(hub, four.alpha, agreed))
    second = hub.submit(four.bravo, next_version(hub, four.bravo, agreed))
    for agency in (four.alpha, four.delta):
        answered(hub, agency, second)
    assert may_send(hub, "xd-delta", "xa-alpha")


def test_a_party_that_left_between_proposal_and_acceptance_still_decides_on_the_proposal(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    second = hub.submit(four.alpha, next_version(hub, four.alpha, agreed))
    left(hub, four.bravo, agreed)
    answered(hub, four.delta, second)
    assert current_version(hub.agreement("AD 1"), now=hub.now) == AgreementVersion.objects.get(od=agreed.od)
    answered(hub, four.bravo, second)
    assert may_send(hub, "xd-delta", "xb-bravo")


def test_what_the_operator_recorded_is_countersigned_and_then_its_parties_alone_change_it(
    hub: Hub, four: Four
) -> None:
    parties = ["xb-bravo", "xc-charlie"]
    said = hub.submit(four.alpha, proposal(hub, four.alpha, *parties, ref="G1", lanes=["science", "trade"]))
    assert may_send(hub, "xa-alpha", "xb-bravo"), "what was recorded counts until then"
    for agency in (four.bravo, four.charlie):
        answered(hub, agency, said)
    version = current_version(hub.agreement("G1"), now=hub.now)
    assert version is not None and (version.od, version.number) == (said.od, 2)
    with pytest.raises(AgreementError, match="its parties have signed it"):
        hub.make_agreement("G1", four.alpha, four.bravo)


Wrong = Callable[[Hub, Four, Statement], Any]
WRONG: dict[str, tuple[Wrong, type[Exception]]] = {
    "an agency that is not there": (
        lambda hub, four, agreed: hub.submit(four.alpha, proposal(hub, four.alpha, "xz-none", ref="AZ 1")),
        AgreementError,
    ),
    "a ref of others": (
        lambda hub, four, agreed: hub.submit(four.charlie, proposal(hub, four.charlie, "xa-alpha")),
        AgreementError,
    ),
    "an outsider takes up what was recorded": (
        lambda hub, four, agreed: hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha", ref="G1")),
        AgreementError,
    ),
    "a first version of what is signed": (
        lambda hub, four, agreed: hub.submit(four.alpha, proposal(hub, four.alpha, "xb-bravo", "xd-delta")),
        AgreementError,
    ),
    "a next version without one of the parties": (
        lambda hub, four, agreed: hub.submit(
            four.alpha, next_version(hub, four.alpha, agreed, parties=["xa-alpha", "xd-delta"])
        ),
        AgreementError,
    ),
    "what was recorded without one of its parties": (
        lambda hub, four, agreed: hub.submit(four.alpha, proposal(hub, four.alpha, "xb-bravo", ref="G1")),
        AgreementError,
    ),
    "a version after the next": (
        lambda hub, four, agreed: hub.submit(four.alpha, next_version(hub, four.alpha, agreed, ver=3)),
        AgreementError,
    ),
    "one after a version that is none": (
        lambda hub, four, agreed: hub.submit(
            four.alpha, next_version(hub, four.alpha, agreed, prev="A" * 43)
        ),
        AgreementError,
    ),
    "a next version of nothing": (
        lambda hub, four, agreed: hub.submit(four.alpha, next_version(hub, four.alpha, agreed, ref="AZ 1")),
        AgreementError,
    ),
    "by an agency that is no party": (
        lambda hub, four, agreed: hub.submit(
            four.alpha, proposal(hub, four.alpha, parties=["xb-bravo", "xd-delta"], ref="AZ 1")
        ),
        VerificationError,
    ),
    "502 parties": (
        lambda hub, four, agreed: proposal(hub, four.alpha, parties=[f"xz-{n:03}" for n in range(502)]),
        MalformedError,
    ),
    "a stranger accepts": (lambda hub, four, agreed: answered(hub, four.charlie, agreed), AbsentError),
    "a stranger leaves": (lambda hub, four, agreed: left(hub, four.charlie, agreed), AbsentError),
    "it is refused when it is in force": (
        lambda hub, four, agreed: answered(hub, four.bravo, agreed, "refuse"),
        AgreementError,
    ),
}


@pytest.mark.parametrize("way", WRONG)
def test_what_is_refused_changes_nothing(hub: Hub, four: Four, agreed: Statement, way: str) -> None:
    do, error = WRONG[way]
    before = (Agreement.objects.count(), AgreementVersion.objects.count(), Statement.objects.count())
    with pytest.raises(error):
        do(hub, four, agreed)
    assert before == (Agreement.objects.count(), AgreementVersion.objects.count(), Statement.objects.count())


def test_501_parties_are_taken(hub: Hub, four: Four) -> None:
    many = [f"xz-{n:03}" for n in range(501)]
    with pytest.raises(AgreementError, match="not on this hub"):
        hub.submit(
            four.alpha, proposal(hub, four.alpha, parties=sorted(["xa-alpha", *many[:500]]), ref="AZ 1")
        )


def test_a_proposal_ends_with_its_end(hub: Hub, four: Four) -> None:
    said = hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha", until=DAY))
    hub.later(days=1)
    with pytest.raises(AgreementError, match="it has ended"):
        answered(hub, four.alpha, said)


def test_an_ended_agreement_lets_nothing_newly_in_and_holds_what_is_queued(hub: Hub, four: Four) -> None:
    said = hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha", until=DAY))
    answered(hub, four.alpha, said)
    hub.carry(four.delta, hub.alert_to(four.alpha, sender=four.delta))
    hub.later(days=1)
    hub.sequence()
    assert Delivery.objects.get().state == "held"
    with pytest.raises(PolicyDeniedError):
        hub.carry(four.delta, hub.alert_to(four.alpha, sender=four.delta))


def test_a_suspended_agency_proposes_nothing(hub: Hub, four: Four) -> None:
    change_entry(four.delta.id, status=AgencyStatus.SUSPENDED)
    with pytest.raises(IssuerSuspendedError):
        hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha"))
    assert not AgreementVersion.objects.exclude(od="").exists()


def test_a_few_proposals_wait_at_once_and_an_answer_makes_room(hub: Hub, four: Four) -> None:
    first, *_ = (
        hub.submit(four.delta, proposal(hub, four.delta, "xa-alpha", ref=f"AD {number}"))
        for number in range(MAX_OPEN)
    )
    one_more = proposal(hub, four.delta, "xa-alpha", ref="AD 99")
    with pytest.raises(AgreementError, match="wait for answers"):
        hub.submit(four.delta, one_more)
    answered(hub, four.alpha, first, "refuse")
    assert hub.submit(four.delta, one_more)


def test_what_was_refused_is_proposed_again_under_its_ref_by_those_whom_it_named(
    hub: Hub, four: Four, proposed: Statement
) -> None:
    answered(hub, four.alpha, proposed, "refuse")
    with pytest.raises(AgreementError, match="in use"):
        hub.submit(four.charlie, proposal(hub, four.charlie, "xa-alpha"))
    again = hub.submit(four.bravo, proposal(hub, four.bravo, "xa-alpha", "xd-delta", tlp="GREEN"))
    for agency in (four.alpha, four.delta):
        answered(hub, agency, again)
    assert may_send(hub, "xd-delta", "xa-alpha")


def test_what_begins_later_is_followed_and_left_with_what_counts_until_then(
    hub: Hub, four: Four, agreed: Statement
) -> None:
    later = seconds(hub.now + DAY)
    second = hub.submit(four.alpha, next_version(hub, four.alpha, agreed, nbf=later))
    for agency in (four.bravo, four.delta):
        answered(hub, agency, second)
    with pytest.raises(AgreementError, match="not the version in force"):
        hub.submit(four.bravo, next_version(hub, four.bravo, agreed))
    assert hub.submit(four.bravo, next_version(hub, four.bravo, second))
    with pytest.raises(AgreementError, match="leave the version that is"):
        left(hub, four.delta, agreed)
    left(hub, four.delta, second)
    assert not may_send(hub, "xd-delta", "xa-alpha") and may_send(hub, "xb-bravo", "xa-alpha")
    hub.later(days=2)
    assert not may_send(hub, "xd-delta", "xa-alpha")
