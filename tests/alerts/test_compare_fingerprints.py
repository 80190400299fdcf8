# SPDX-License-Identifier: Apache-2.0
"""Nothing goes to a peer whose fingerprint two officers of the agency have not compared."""

import pytest

from alerts.errors import AlertIncompleteError
from alerts.models import ReceivedAlert
from alerts.peers.comparing import compare_fingerprint, peer_of, peers_of, undo_comparison
from alerts.peers.newcomers import confirm_circle_member
from alerts.peers.pins import Origin, read_book
from alerts.receiving.opening import open_alert
from alerts.review.preview import preview_recipients_of
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from tests.agreements import record_agreement, record_circle
from tests.alerts.conftest import GOOD, Desks
from tests.builders import OPERATOR, HeldAgency
from tests.peers import sealed_for


@pytest.fixture
def newcomer(desks: Desks) -> HeldAgency:
    """An agency that an operator has admitted and taken into an agreement; nobody has compared its fingerprint."""
    made = desks.hub.make_agency("xa-labs", name="Forensic Laboratory of Arvenia")
    record_agreement(
        OPERATOR,
        ref="G9",
        title="Ninth",
        parties=[desks.lab.id, desks.health.id, made.id],
        lanes=["science"],
        ceiling="GREEN",
        nbf=desks.hub.now,
        now=desks.hub.now,
    )
    return made


def verdict(desks: Desks, peer: str) -> tuple[bool, str]:
    data = {**GOOD, "lane": "science", "purpose": "prevent", "pri": "routine", "status": "actual"}
    rows = preview_recipients_of(desks.lab.author, {**data, "recipients": [peer]}, now=desks.hub.now).rows
    return rows[0].will, rows[0].code


def compare(desks: Desks, officer: Officer, peer: HeldAgency) -> None:
    compare_fingerprint(officer, peer.row, peer.root.fingerprint, now=desks.hub.now)


def acts(desks: Desks, subject: str) -> list[str]:
    found = AuditEvent.objects.filter(agency=desks.lab.id, subject=subject).order_by("seq")
    return list(found.values_list("act", flat=True))


def test_a_look_alike_admitted_by_the_operator_gets_nothing_through_one_officer(
    desks: Desks, newcomer: HeldAgency
) -> None:
    assert verdict(desks, newcomer.id) == (False, "fingerprint-not-compared")
    compare(desks, desks.lab.releaser, newcomer)
    assert verdict(desks, newcomer.id) == (False, "fingerprint-not-compared")
    with pytest.raises(InputError, match="another officer"):
        compare(desks, desks.lab.releaser, newcomer)
    with pytest.raises(AlertIncompleteError):
        desks.released(recipients=[newcomer.id])
    compare(desks, desks.lab.author, newcomer)
    assert verdict(desks, newcomer.id) == (True, "")
    desks.released(recipients=[newcomer.id])
    assert acts(desks, newcomer.id)[:2] == ["peer.first_compared", "peer.compared"]


def test_a_look_alike_in_a_circle_takes_two_who_compare_and_one_who_confirms(
    desks: Desks, newcomer: HeldAgency
) -> None:
    members = [desks.lab.id, desks.health.id, newcomer.id]
    record_circle(OPERATOR, name="Early Look", agreement="G9", members=members, now=desks.hub.now)
    compare(desks, desks.lab.releaser, newcomer)
    confirm_circle_member(desks.lab.releaser, newcomer.row, ["Early Look"], now=desks.hub.now)
    assert verdict(desks, newcomer.id) == (False, "fingerprint-not-compared"), "one person alone does both"
    compare(desks, desks.lab.author, newcomer)
    assert verdict(desks, newcomer.id) == (True, "")

    # The other order: two have compared, and nobody has confirmed the member of the circle.
    record_circle(OPERATOR, name="Late Look", agreement="G9", members=members, now=desks.hub.now)
    assert verdict(desks, newcomer.id) == (False, "new-in-circle")
    with pytest.raises(AlertIncompleteError):
        desks.released(recipients=[newcomer.id])
    confirm_circle_member(desks.lab.releaser, newcomer.row, ["Late Look"], now=desks.hub.now)
    desks.released(recipients=[newcomer.id])


def test_two_officers_who_read_different_digits_have_compared_nothing(
    desks: Desks, newcomer: HeldAgency
) -> None:
    compare(desks, desks.lab.releaser, newcomer)
    compare_fingerprint(desks.lab.author, newcomer.row, "0" * 64, now=desks.hub.now)
    assert verdict(desks, newcomer.id) == (False, "fingerprint-not-compared")


def test_a_first_comparison_is_taken_back_before_the_second(desks: Desks, newcomer: HeldAgency) -> None:
    compare(desks, desks.lab.releaser, newcomer)
    undo_comparison(desks.lab.author, newcomer.row, now=desks.hub.now)
    compare(desks, desks.lab.author, newcomer)
    assert verdict(desks, newcomer.id) == (False, "fingerprint-not-compared")
    compare(desks, desks.lab.releaser, newcomer)
    with pytest.raises(InputError):
        undo_comparison(desks.lab.author, newcomer.row, now=desks.hub.now)
    assert verdict(desks, newcomer.id) == (True, "")


def test_who_only_reads_compares_nothing_and_strangers_are_absent(desks: Desks, newcomer: HeldAgency) -> None:
    with pytest.raises(NotPermittedError):
        compare(desks, desks.lab.reader, newcomer)
    with pytest.raises(AbsentError):
        peer_of(desks.lab.reader, "xz-nobody", now=desks.hub.now)
    with pytest.raises(InputError):
        compare_fingerprint(desks.lab.author, newcomer.row, "12 34", now=desks.hub.now)


def test_what_a_peer_sends_that_nobody_compared_opens_and_is_first_seen(
    desks: Desks, newcomer: HeldAgency
) -> None:
    desks.sequence()
    sealed = sealed_for(desks.hub, newcomer, desks.health.id)
    desks.hub.carry(newcomer, sealed)
    desks.settle()
    row = ReceivedAlert.objects.get(agency=desks.health.agency, md=sealed.md)
    view = open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
    assert any(mark.startswith("Sender not compared") for mark in view.marks)
    assert read_book(desks.health.id).pins[newcomer.id].origin == Origin.SEEN
    trusts = {trust.agency.pk: trust for trust in peers_of(desks.health.reader, now=desks.hub.now)}
    assert not trusts[newcomer.id].pin.may_seal and trusts[newcomer.id].shown == newcomer.root.fingerprint
