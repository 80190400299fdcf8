# SPDX-License-Identifier: Apache-2.0
"""The sealed text of a proposed agreement: it goes to the parties of the proposal, and to nobody else."""

from collections.abc import Callable

import pytest

from accord.envelope.seal import SealedEnvelope
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from sharing.errors import IdTakenError, IssuerSuspendedError, PolicyDeniedError
from sharing.models import Delivery, Statement
from sharing.slices import slice_for
from tests.builders import HeldAgency, Hub, seconds
from tests.entries import change_entry
from tests.sharing.conftest import Four
from tests.sharing.test_sign_agreements import DAY, answered, proposal


def named(text: SealedEnvelope) -> dict[str, str]:
    return {"jti": text.jti, "md": text.md}


def propose(hub: Hub, by: HeldAgency, text: SealedEnvelope, *others: str, ref: str = "AD 1") -> Statement:
    return hub.submit(by, proposal(hub, by, *others, text=named(text), ref=ref))


def denials(hub: Hub, by: HeldAgency, text: SealedEnvelope) -> dict[str, str]:
    """Hand the text in; return who is denied it, and by what."""
    try:
        hub.carry(by, text)
    except PolicyDeniedError as refused:
        return {one["agency"]: one["code"] for one in refused.denials}
    return {}


def test_the_text_reaches_the_parties_though_no_agreement_covers_them(hub: Hub, four: Four) -> None:
    text = hub.alert_to(four.alpha, four.bravo, sender=four.delta)
    propose(hub, four.delta, text, "xa-alpha", "xb-bravo")
    assert denials(hub, four.delta, text) == {}
    hub.sequence()
    for party in (four.alpha, four.bravo):
        assert slice_for(party.client, text.md, now=hub.now)
    with pytest.raises(AbsentError):
        slice_for(four.charlie.client, text.md, now=hub.now)


def test_a_suspended_lane_does_not_hold_it_back(hub: Hub, four: Four) -> None:
    text = hub.alert_to(four.bravo, sender=four.alpha)
    lanes = ["enforcement", "public_health", "science", "trade"]
    body = {"lanes": lanes, "with": ["xa-alpha"], "why": None}
    hub.submit(four.bravo, hub.statement(four.bravo, "suspend", body=body, act="officer-1"))
    propose(hub, four.alpha, text, "xb-bravo")
    hub.carry(four.alpha, text)
    hub.sequence()
    assert slice_for(four.bravo.client, text.md, now=hub.now)


Before = Callable[[Hub, Four, SealedEnvelope], object]
DENIED: dict[str, tuple[Before, str]] = {
    "nothing names it": (lambda hub, four, text: None, "no-agreement"),
    "another agency's proposal names it": (
        lambda hub, four, text: propose(hub, four.alpha, text, "xd-delta"),
        "no-agreement",
    ),
    "the proposal names another text": (
        lambda hub, four, text: propose(
            hub, four.delta, hub.alert_to(four.alpha, sender=four.delta), "xa-alpha"
        ),
        "no-agreement",
    ),
    "the proposal names another party": (
        lambda hub, four, text: propose(hub, four.delta, text, "xb-bravo"),
        "not-a-party",
    ),
    "the proposal was refused": (
        lambda hub, four, text: answered(
            hub, four.alpha, propose(hub, four.delta, text, "xa-alpha"), "refuse"
        ),
        "no-agreement",
    ),
    "the proposal has ended": (
        lambda hub, four, text: (
            hub.submit(
                four.delta,
                proposal(hub, four.delta, "xa-alpha", text=named(text), until=DAY / 2, nbf=seconds(hub.now)),
            ),
            hub.later(hours=13),
        ),
        "no-agreement",
    ),
    "the party is suspended": (
        lambda hub, four, text: (
            propose(hub, four.delta, text, "xa-alpha"),
            change_entry("xa-alpha", status=AgencyStatus.SUSPENDED),
        ),
        "agency-suspended",
    ),
}


@pytest.mark.parametrize("way", DENIED)
def test_it_goes_to_nobody_where(hub: Hub, four: Four, way: str) -> None:
    before, code = DENIED[way]
    text = hub.alert_to(four.alpha, sender=four.delta)
    before(hub, four, text)
    assert denials(hub, four.delta, text) == {"xa-alpha": code}
    assert not Delivery.objects.exists()


def test_one_more_recipient_than_the_parties_gets_it_refused_whole(hub: Hub, four: Four) -> None:
    text = hub.alert_to(four.bravo, four.charlie, sender=four.alpha)
    propose(hub, four.alpha, text, "xb-bravo")
    assert denials(hub, four.alpha, text) == {"xc-charlie": "not-a-party"}, "though G1 joins the two"


def test_a_suspended_agency_sends_no_text(hub: Hub, four: Four) -> None:
    text = hub.alert_to(four.alpha, sender=four.delta)
    propose(hub, four.delta, text, "xa-alpha")
    change_entry(four.delta.id, status=AgencyStatus.SUSPENDED)
    with pytest.raises(IssuerSuspendedError):
        hub.carry(four.delta, text)


def test_a_proposal_lets_one_envelope_through_and_no_other_after_it(hub: Hub, four: Four) -> None:
    text = hub.alert_to(four.alpha, sender=four.delta)
    propose(hub, four.delta, text, "xa-alpha")
    hub.carry(four.delta, text)
    again = hub.alert_to(four.alpha, sender=four.delta)
    assert denials(hub, four.delta, again) == {"xa-alpha": "no-agreement"}
    with pytest.raises(IdTakenError):
        hub.carry(four.delta, hub.alert_to(four.alpha, sender=four.delta, jti=text.jti))
