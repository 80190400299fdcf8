# SPDX-License-Identifier: Apache-2.0
"""A list signed by the root of a compared agency replaces many papers, and no officer."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from accord.envelope.fingerprints import build_list, read_list, sign_list
from accord.envelope.private import Root
from alerts.peers.comparing import peer_of
from alerts.peers.fingerprint_lists import compare_by_list, offer_list, read_fingerprint_list
from callers.capabilities import Role
from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from tests.alerts.conftest import Desks
from tests.builders import HeldAgency, seconds
from tests.envelope.world import uuid7
from tests.own_desk import compare_by_hand, make_own_agency
from tests.stages import act


@pytest.fixture
@act
def newcomer(desks: Desks) -> HeldAgency:
    """An agency whose fingerprint nobody has compared."""
    made = desks.hub.make_agency("xa-labs", name="Forensic Laboratory of Arvenia")
    desks.settle()
    return made


def listed(desks: Desks, newcomer: HeldAgency, *, by: HeldAgency | None = None, **changed: Any) -> bytes:
    """Sign a list by the agency that holds its own keys, which the laboratory has compared, unless `by` names another."""
    signer = by or desks.own
    usual: dict[str, Any] = {
        "iss": signer.id,
        "root": signer.root.public,
        "id": uuid7(),
        "iat": seconds(desks.hub.now),
        "nonce": b"n" * 16,
        "roots": {newcomer.id: newcomer.root.fingerprint},
    }
    return sign_list(build_list(**usual | changed), signer.root.signer)


def state(desks: Desks, newcomer: HeldAgency) -> tuple[bool, bool]:
    trust = peer_of(desks.lab.author, newcomer.id, now=desks.hub.now)
    return trust.pin.waiting is not None, trust.is_compared


def test_two_officers_take_a_line_each_and_the_audit_says_by_whose_list(
    desks: Desks, newcomer: HeldAgency
) -> None:
    data = listed(desks, newcomer)
    assert compare_by_list(desks.lab.releaser, data, [newcomer.id], now=desks.hub.now) == 0
    assert state(desks, newcomer) == (True, False)
    with pytest.raises(InputError):
        compare_by_list(desks.lab.releaser, data, [newcomer.id], now=desks.hub.now)
    assert compare_by_list(desks.lab.author, data, [newcomer.id], now=desks.hub.now) == 1
    assert state(desks, newcomer) == (False, True)
    event = AuditEvent.objects.get(act="peer.compared", subject=newcomer.id, agency=desks.lab.id)
    assert event.detail["signer"] == desks.own.id and len(event.detail["list"]) == 43


def test_another_fingerprint_than_here_is_shown_and_cannot_be_taken(
    desks: Desks, newcomer: HeldAgency
) -> None:
    data = listed(desks, newcomer, roots={newcomer.id: "0" * 64, "xq-nowhere": "1" * 64})
    read = read_fingerprint_list(desks.lab.author, data, now=desks.hub.now)
    assert [(row.is_same, row.may_take, row.tone) for row in read.rows] == [(False, False, "danger")]
    assert read.absent == 1
    with pytest.raises(InputError) as refused:
        compare_by_list(desks.lab.author, data, [newcomer.id], now=desks.hub.now)
    assert refused.value.field == "agencies"


def _altered(data: bytes) -> bytes:
    jws = json.loads(data)
    jws["payload"] = jws["payload"][:-4] + ("AAAA" if jws["payload"][-4:] != "AAAA" else "BBBB")
    return json.dumps(jws, separators=(",", ":")).encode()


DAY = 24 * 3600
BAD: dict[str, Callable[[Desks, HeldAgency], bytes]] = {
    "signed by one that nobody has compared": lambda desks, other: listed(
        desks, other, by=other, roots={desks.own.id: "0" * 64}
    ),
    "in the name of another": lambda desks, other: sign_list(
        build_list(
            iss=desks.own.id,
            root=other.root.public,
            id=uuid7(),
            iat=seconds(desks.hub.now),
            nonce=b"n" * 16,
            roots={other.id: other.root.fingerprint},
        ),
        other.root.signer,
    ),
    "older than 90 days": lambda desks, other: listed(desks, other, iat=seconds(desks.hub.now) - 91 * DAY),
    "of tomorrow": lambda desks, other: listed(desks, other, iat=seconds(desks.hub.now) + DAY),
    "altered": lambda desks, other: _altered(listed(desks, other)),
    "no list": lambda desks, other: b"{}",
}


@pytest.mark.parametrize("name", BAD)
def test_what_nobody_here_has_reason_to_believe_is_refused(
    desks: Desks, newcomer: HeldAgency, name: str
) -> None:
    data = BAD[name](desks, newcomer)
    with pytest.raises(InputError) as refused:
        compare_by_list(desks.lab.author, data, [newcomer.id], now=desks.hub.now)
    assert refused.value.field == "signed"
    assert state(desks, newcomer) == (False, False)


def test_who_only_reads_takes_nothing(desks: Desks, newcomer: HeldAgency) -> None:
    with pytest.raises(NotPermittedError):
        read_fingerprint_list(desks.lab.reader, listed(desks, newcomer), now=desks.hub.now)


def test_what_two_officers_have_compared_is_offered_for_a_root_that_is_elsewhere(
    desks: Desks, newcomer: HeldAgency, settings: Settings
) -> None:
    with pytest.raises(InputError, match="root is at this desk"):
        offer_list(desks.lab.author, now=desks.hub.now)
    settings.OWN_DESK = True
    root = Root.generate()
    own = make_own_agency(desks.hub, "xa-own", "State Laboratory", root=root)
    desks.sequence()
    author = desks.hub.make_officer(own, Role.AUTHOR, name="Ilse Morrow")
    with pytest.raises(InputError, match="nothing to list"):
        offer_list(author, now=desks.hub.now)
    compare_by_hand(own, newcomer.id, now=desks.hub.now)
    payload = offer_list(author, now=desks.hub.now)
    assert sign_list(payload, root.signer), "its root is whom it names"
    assert read_list(payload).roots == {newcomer.id: newcomer.root.fingerprint}
