# SPDX-License-Identifier: Apache-2.0
"""Agreements at a desk: proposed, accepted, refused and left by signed statements that both sides verify."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accord.agreements import VersionState
from accord.envelope.statements.form import SubjectRef
from alerts.agency.agreement_versions import (
    Terms,
    answer_version,
    leave_agreement,
    propose_agreement,
    version_of,
    version_signed,
    versions_ahead,
    versions_of,
)
from alerts.agency.agreements import AgreementShown, agreement_of, agreements_of
from alerts.errors import AgreementRefusedError, NotTakenError
from alerts.peers.agreements import ask_for_agreements
from alerts.peers.suspensions import stated_suspensions
from callers.actors import SystemActor
from callers.capabilities import Role
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent
from notices.models import Notification
from notices.states import Occasion
from officers.models import Officer
from peers.models import Agency, HeldStatement
from sharing.models import AgreementVersion
from tests.alerts.conftest import Desks
from tests.desk_calls import the_exchange
from tests.stages import act


@pytest.fixture
@act
def lab(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)


@pytest.fixture
@act
def health(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.health.agency, Role.AGENCY_ADMIN)


def terms(now: datetime, *parties: str, **changes: Any) -> Terms:
    usual: dict[str, Any] = {
        "ref": "LH 2027-1",
        "parties": frozenset(parties),
        "lanes": frozenset({"science", "trade"}),
        "tlp": "AMBER",
        "purposes": frozenset({"prevent"}),
        "begins": now,
        "until": now + timedelta(days=365),
        "clocks": "freeze",
    }
    return Terms(**(usual | changes))


def state(officer: Officer, od: str, now: datetime) -> VersionState:
    return version_of(officer, od, now=now).state(int(now.timestamp()))


def is_signed(officer: Officer, standing: AgreementShown, now: datetime) -> bool:
    return version_signed(versions_of(officer, now=now), standing) is not None


def ahead(officer: Officer, now: datetime) -> list[tuple[str, VersionState, tuple[str, ...]]]:
    """Return what the list of agreements shows beside those that the exchange lists."""
    listed = agreements_of(officer, now=now)
    found = versions_ahead(officer, versions_of(officer, now=now), listed, now=now)
    return [(one.version.od, one.state, one.missing) for one in found]


@act
def learn(desks: Desks, *officers: Officer) -> None:
    desks.settle()
    for officer in officers:
        agency = officer.agency_id or ""
        ask_for_agreements(SystemActor("desk-worker", agency), agency, now=desks.hub.now)


@act
def proposed(desks: Desks, lab: Officer) -> str:
    """Have the laboratory propose the usual terms to the health authority."""
    return propose_agreement(lab, terms(desks.hub.now, desks.health.id), now=desks.hub.now)


@act
def accept(desks: Desks, health: Officer, od: str) -> None:
    answer_version(health, od, "accept", now=desks.hub.later(minutes=1))


def test_one_proposes_the_other_accepts_and_both_have_every_signature(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    od = proposed(desks, lab)
    learn(desks, lab, health)
    assert state(lab, od, desks.hub.now) == state(health, od, desks.hub.now) == VersionState.PROPOSED
    assert version_of(health, od, now=desks.hub.now).waits_for(
        desks.health.id, int(desks.hub.now.timestamp())
    )
    accept(desks, health, od)
    learn(desks, lab, health)
    for officer in (lab, health):
        assert state(officer, od, desks.hub.now) == VersionState.IN_FORCE
        standing = agreement_of(officer, "LH 2027-1", now=desks.hub.now)
        assert standing.said.od == od and is_signed(officer, standing, desks.hub.now)
    acts = AuditEvent.objects.filter(subject=od, agency__in=(desks.lab.id, desks.health.id))
    assert {"agreement.proposed", "agreement.accepted"} <= set(acts.values_list("act", flat=True))


def test_admins_of_the_other_side_are_told(desks: Desks, lab: Officer, health: Officer) -> None:
    desks.follow()
    proposed(desks, lab)
    desks.settle()
    (told,) = Notification.objects.filter(occasion=Occasion.AGREEMENTS_CHANGED)
    assert told.officer == health


def test_a_refusal_ends_it_for_both(desks: Desks, lab: Officer, health: Officer) -> None:
    od = proposed(desks, lab)
    learn(desks, lab, health)
    answer_version(health, od, "refuse", now=desks.hub.now)
    learn(desks, lab)
    assert state(lab, od, desks.hub.now) == VersionState.REFUSED
    for officer in (lab, health):
        with pytest.raises(AgreementRefusedError):
            answer_version(officer, od, "accept", now=desks.hub.now)


def test_its_proposer_takes_it_back_until_all_have_accepted(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    od = proposed(desks, lab)
    learn(desks, lab, health)
    answer_version(lab, od, "refuse", now=desks.hub.later(minutes=1))
    learn(desks, lab, health)
    for officer in (lab, health):
        version = version_of(officer, od, now=desks.hub.now)
        assert version.is_taken_back and state(officer, od, desks.hub.now) == VersionState.REFUSED
        with pytest.raises(AgreementRefusedError):
            answer_version(officer, od, "accept", now=desks.hub.now)
    assert AuditEvent.objects.filter(subject=od, act="agreement.taken_back", agency=desks.lab.id).exists()
    second = proposed(desks, lab)
    learn(desks, lab, health)
    accept(desks, health, second)
    learn(desks, lab, health)
    with pytest.raises(AgreementRefusedError):
        answer_version(lab, second, "refuse", now=desks.hub.now)


def test_a_version_is_in_sight_from_its_proposal_until_the_exchange_lists_it(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    assert ahead(lab, desks.hub.now) == []
    od = proposed(desks, lab)
    learn(desks, lab, health)
    name = Agency.objects.get(pk=desks.health.id).name
    assert ahead(lab, desks.hub.now) == ahead(health, desks.hub.now) == [(od, VersionState.PROPOSED, (name,))]
    answer_version(health, od, "accept", now=desks.hub.later(seconds=1))
    desks.settle()
    assert ahead(lab, desks.hub.now) == [(od, VersionState.IN_FORCE, ())], "the exchange has not told yet"
    assert "LH 2027-1" not in {one.ref for one in agreements_of(lab, now=desks.hub.now)}
    learn(desks, lab)
    assert ahead(lab, desks.hub.now) == ahead(health, desks.hub.now) == []
    leave_agreement(lab, "LH 2027-1", now=desks.hub.later(minutes=1))
    learn(desks, lab, health)
    assert ahead(lab, desks.hub.now) == ahead(health, desks.hub.now) == [], "who left waits for nothing"


def test_one_that_begins_later_is_in_sight_until_then(desks: Desks, lab: Officer, health: Officer) -> None:
    begins = desks.hub.now + timedelta(days=1)
    od = propose_agreement(lab, terms(begins, desks.health.id), now=desks.hub.now)
    learn(desks, lab, health)
    accept(desks, health, od)
    learn(desks, lab)
    assert ahead(lab, desks.hub.now) == [(od, VersionState.AGREED, ())]


def test_the_next_version_replaces_the_one_in_force_and_leaving_ends_the_own_part(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    first = proposed(desks, lab)
    learn(desks, lab, health)
    accept(desks, health, first)
    learn(desks, lab, health)
    changed = terms(desks.hub.now, desks.lab.id, lanes=frozenset({"science"}))
    second = propose_agreement(health, changed, now=desks.hub.later(minutes=1))
    learn(desks, lab)
    assert (
        version_of(lab, second, now=desks.hub.now).body["ver"],
        version_of(lab, second, now=desks.hub.now).body["prev"],
    ) == (2, first)
    answer_version(lab, second, "accept", now=desks.hub.now)
    learn(desks, lab, health)
    assert state(health, first, desks.hub.now) == VersionState.REPLACED
    leave_agreement(lab, "LH 2027-1", now=desks.hub.later(minutes=1))
    learn(desks, lab, health)
    assert set(version_of(health, second, now=desks.hub.now).left) == {desks.lab.id}
    with pytest.raises(AbsentError):
        agreement_of(lab, "LH 2027-1", now=desks.hub.now)
    with pytest.raises(AbsentError):
        leave_agreement(lab, "LH 2027-1", now=desks.hub.now)


def test_what_the_operator_recorded_is_countersigned(desks: Desks, lab: Officer, health: Officer) -> None:
    standing = agreement_of(lab, "G1", now=desks.hub.now)
    assert standing.said.od == "" and not is_signed(lab, standing, desks.hub.now)
    others = [desks.health.id, desks.own.id]
    od = propose_agreement(lab, terms(desks.hub.now, *others, ref="G1"), now=desks.hub.now)
    learn(desks, health)
    answer_version(health, od, "accept", now=desks.hub.now)
    version = version_of(health, od, now=desks.hub.now)
    said = desks.hub.statement(desks.own, "accept", version.subject, body={"st": "accept"}, act="officer-1")
    desks.hub.submit(desks.own, said)
    learn(desks, lab, health)
    assert is_signed(health, agreement_of(health, "G1", now=desks.hub.now), desks.hub.now)


def test_a_desk_that_lacks_a_signature_says_so_whatever_the_exchange_states(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    od = proposed(desks, lab)
    AgreementVersion.objects.filter(od=od).update(in_force_at=desks.hub.now)
    learn(desks, lab, health)
    standing = agreement_of(lab, "LH 2027-1", now=desks.hub.now)
    assert standing.said.od == od and not is_signed(lab, standing, desks.hub.now)


def test_what_the_exchange_refuses_is_undone_here(desks: Desks, lab: Officer) -> None:
    with pytest.raises(NotTakenError):
        propose_agreement(lab, terms(desks.hub.now, desks.health.id, ref="G1"), now=desks.hub.now)
    desks.hub.make_agreement("Z1", desks.health.id, desks.own.id)
    with pytest.raises(NotTakenError):
        propose_agreement(lab, terms(desks.hub.now, desks.health.id, ref="Z1"), now=desks.hub.now)
    assert [one.ref for one in versions_of(lab, now=desks.hub.now)] == []
    assert not HeldStatement.objects.filter(k="agreement").exists()


def test_a_signature_by_a_key_that_was_stolen_before_counts_for_nothing(desks: Desks, lab: Officer) -> None:
    od = propose_agreement(lab, terms(desks.hub.now, desks.own.id), now=desks.hub.now)
    version = version_of(lab, od, now=desks.hub.now)
    said = desks.hub.statement(desks.own, "accept", version.subject, body={"st": "accept"}, act="officer-1")
    desks.hub.submit(desks.own, said)
    desks.hub.submit(desks.own, desks.hub.suspension(desks.own, "xa-lab"))
    learn(desks, lab)
    standing = agreement_of(lab, "LH 2027-1", now=desks.hub.now)
    assert is_signed(lab, standing, desks.hub.now)
    assert len(stated_suspensions(desks.lab.id, now=desks.hub.now)) == 1
    desks.hub.revoke(desks.own, since=desks.hub.now - timedelta(days=1))
    learn(desks, lab)
    assert not is_signed(lab, standing, desks.hub.later(minutes=1))
    assert stated_suspensions(desks.lab.id, now=desks.hub.now) == ()


def test_an_answer_of_a_stranger_counts_for_nothing(desks: Desks, lab: Officer) -> None:
    od = proposed(desks, lab)
    version = version_of(lab, od, now=desks.hub.now)
    sub = SubjectRef(version.subject.k, version.subject.id, od)
    with pytest.raises(AbsentError):
        desks.hub.submit(
            desks.own, desks.hub.statement(desks.own, "accept", sub, body={"st": "accept"}, act="officer-1")
        )


WRONG: dict[str, dict[str, Any]] = {
    "ref": {"ref": "two\nlines"},
    "parties": {"parties": frozenset({"xz-none"})},
    "lanes": {"lanes": frozenset()},
    "survive_lanes": {"survive_lanes": frozenset({"enforcement"})},
    "purposes": {"purposes": frozenset()},
    "until": {"until": datetime.fromisoformat("2020-01-01T00:00:00+00:00")},
}


@pytest.mark.parametrize("field", WRONG)
def test_wrong_terms_are_named_and_nothing_is_signed(desks: Desks, lab: Officer, field: str) -> None:
    with pytest.raises(AgreementRefusedError) as refused:
        propose_agreement(lab, terms(desks.hub.now, desks.health.id, **WRONG[field]), now=desks.hub.now)
    assert refused.value.field == field
    assert not HeldStatement.objects.filter(k="agreement").exists()


def test_only_an_admin_states_anything_of_agreements(desks: Desks, lab: Officer) -> None:
    od = proposed(desks, lab)
    releaser, now = desks.health.releaser, desks.hub.now
    for attempt in (
        lambda: propose_agreement(desks.lab.releaser, terms(now, desks.health.id), now=now),
        lambda: answer_version(releaser, od, "accept", now=now),
        lambda: leave_agreement(releaser, "G1", now=now),
    ):
        with pytest.raises(NotPermittedError):
            attempt()


def test_while_the_exchange_is_away_a_proposal_waits_and_is_seen_here(desks: Desks, lab: Officer) -> None:
    the_exchange.is_away = True
    try:
        od = proposed(desks, lab)
    finally:
        the_exchange.behave()
    assert state(lab, od, desks.hub.now) == VersionState.PROPOSED
    assert not AgreementVersion.objects.filter(od=od).exists()
