# SPDX-License-Identifier: Apache-2.0
"""Policy: who may send what to whom, and the sentence that explains a refusal."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callers.denials import denial_text
from callers.directory import AgencyStatus, Custody
from sharing.policy import Allowed, Denied, Terms, Verdict, judge_recipient, judge_recipients
from tests.builders import HeldAgency, Hub
from tests.entries import change_entry
from tests.sharing.conftest import Four


def terms(**changes: Any) -> Terms:
    usual = {"lane": "science", "purpose": "prevent", "tlp": "GREEN", "suite": "PQ1", "pri": "routine"}
    return Terms(**(usual | changes))


@pytest.fixture
def judge(hub: Hub, four: Four) -> Callable[..., Verdict]:
    """Judge alpha to bravo, with changed terms."""

    def ask(**changes: Any) -> Verdict:
        return judge_recipient("xa-alpha", "xb-bravo", terms(**changes), now=hub.now)

    return ask


def said(verdict: Verdict) -> tuple[str, str]:
    """Return the code and the sentence of a denial."""
    assert isinstance(verdict, Denied)
    return verdict.code, denial_text(verdict.code, verdict.args)


def suspend_agency(agency: HeldAgency) -> None:
    change_entry(agency.id, status=AgencyStatus.SUSPENDED)


def test_an_agreement_in_force_allows_and_is_named(judge: Callable[..., Verdict], hub: Hub) -> None:
    version = hub.agreement("G1").versions.get()
    assert judge() == Allowed(version.pk)


def test_without_a_common_agreement_it_is_denied(hub: Hub, four: Four) -> None:
    verdict = judge_recipient("xa-alpha", "xd-delta", terms(), now=hub.now)
    assert said(verdict) == ("no-agreement", "No agreement joins you and Agency xd-delta.")


NARROW = {
    "a lane the agreement lacks": (
        {"lanes": ["trade"]},
        {},
        ("lane-not-covered", "Agreement G2 does not cover this lane."),
    ),
    "a purpose the agreement lacks": (
        {"purposes": ["science"]},
        {},
        ("purpose-not-covered", "Agreement G2 does not cover this purpose."),
    ),
    "a marking above the ceiling": (
        {"ceiling": "GREEN"},
        {"tlp": "AMBER"},
        ("tlp-above-ceiling", "Agreement G2 allows up to GREEN."),
    ),
}


@pytest.mark.parametrize(("agreed", "asked", "denied"), NARROW.values(), ids=list(NARROW))
def test_what_an_agreement_does_not_hold_is_denied(
    hub: Hub, four: Four, agreed: dict[str, Any], asked: dict[str, Any], denied: tuple[str, str]
) -> None:
    hub.make_agreement("G2", four.alpha, four.delta, **agreed)
    assert said(judge_recipient("xa-alpha", "xd-delta", terms(**asked), now=hub.now)) == denied


def test_an_agreement_counts_from_its_first_to_its_last_second(hub: Hub, four: Four) -> None:
    begin, end = hub.now + timedelta(days=1), hub.now + timedelta(days=2)
    hub.make_agreement("G2", four.alpha, four.delta, nbf=begin, until=end)
    tick = timedelta(seconds=1)
    answers = [
        judge_recipient("xa-alpha", "xd-delta", terms(), now=at)
        for at in (begin - tick, begin, end - tick, end)
    ]
    assert [isinstance(answer, Allowed) for answer in answers] == [False, True, True, False]
    assert said(answers[-1]) == ("agreement-ended", "G2 ended on 4 Mar 2026.")


def test_a_new_version_replaces_the_old_one_for_those_it_leaves_out(hub: Hub, four: Four) -> None:
    hub.make_agreement("G1", four.alpha, four.charlie)
    verdicts = judge_recipients("xa-alpha", ["xb-bravo", "xc-charlie"], terms(), now=hub.now)
    assert isinstance(verdicts["xb-bravo"], Denied)
    assert verdicts["xc-charlie"] == Allowed(hub.agreement("G1").versions.get(number=2).pk)


def test_a_version_that_has_not_begun_leaves_the_old_one_in_force(hub: Hub, four: Four) -> None:
    first = hub.agreement("G1").versions.get()
    hub.make_agreement("G1", four.alpha, four.charlie, nbf=hub.now + timedelta(hours=1))
    assert judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now) == Allowed(first.pk)


@pytest.mark.parametrize("suspender", ["alpha", "bravo"])
def test_a_lane_suspended_by_either_side_stops_both_ways(hub: Hub, four: Four, suspender: str) -> None:
    agency: HeldAgency = getattr(four, suspender)
    hub.suspend(agency, "G1", "science", "trade")
    there = judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now)
    back = judge_recipient("xb-bravo", "xa-alpha", terms(), now=hub.now)
    ours = "Your agency suspended Science with Agency {} on 2 Mar 2026. Open: Enforcement, public health."
    theirs = "Agency {} suspended Science with your agency on 2 Mar 2026. Open: Enforcement, public health."
    first, second = (ours, theirs) if suspender == "alpha" else (theirs, ours)
    assert said(there) == ("lane-suspended", first.format("xb-bravo"))
    assert said(back) == ("lane-suspended", second.format("xa-alpha"))
    assert isinstance(
        judge_recipient("xa-alpha", "xb-bravo", terms(lane="enforcement"), now=hub.now), Allowed
    )


def test_a_suspension_leaves_third_parties_alone(hub: Hub, four: Four) -> None:
    hub.suspend(four.bravo, "G1")
    assert isinstance(judge_recipient("xa-alpha", "xc-charlie", terms(), now=hub.now), Allowed)


def test_the_sentence_names_the_one_lane_that_is_open(hub: Hub, four: Four) -> None:
    hub.make_agreement("G2", four.alpha, four.delta, lanes=["enforcement", "science"])
    hub.suspend(four.delta, "G2", "enforcement")
    verdict = judge_recipient("xa-alpha", "xd-delta", terms(lane="enforcement"), now=hub.now)
    assert said(verdict) == (
        "lane-suspended",
        "Agency xd-delta suspended Enforcement with your agency on 2 Mar 2026. Open: Science.",
    )


def test_the_sentence_says_when_no_lane_is_open(hub: Hub, four: Four) -> None:
    hub.make_agreement("G2", four.alpha, four.delta, lanes=["trade"])
    hub.make_agreement("G3", four.alpha, four.delta, lanes=["science"], until=hub.now)
    hub.suspend(four.delta, "G2", "trade")
    verdict = judge_recipient("xa-alpha", "xd-delta", terms(lane="trade"), now=hub.now)
    assert said(verdict) == (
        "lane-suspended",
        "Agency xd-delta suspended Trade with your agency on 2 Mar 2026. No lane is open.",
    )
    hub.later(days=1)
    hub.suspend(four.alpha, "G2", "trade")
    assert said(judge_recipient("xa-alpha", "xd-delta", terms(lane="trade"), now=hub.now))[1] == (
        "Your agency and Agency xd-delta suspend Trade with each other, since 2 Mar 2026. No lane is open."
    )


def test_a_lane_that_was_agreed_to_survive_is_open_whatever_is_suspended(hub: Hub, four: Four) -> None:
    hub.suspend(four.bravo, "G1")
    hub.make_agreement("G1", four.alpha, four.bravo, survive_lanes=["science"])
    assert isinstance(judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now), Allowed)


def test_each_side_lifts_only_its_own_suspension(hub: Hub, four: Four) -> None:
    for agency in (four.alpha, four.bravo):
        hub.suspend(agency, "G1")
    hub.resume(four.alpha, "G1")
    assert isinstance(judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now), Denied)
    hub.resume(four.bravo, "G1")
    assert isinstance(judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now), Allowed)


def test_no_other_agreement_carries_a_lane_that_is_suspended(hub: Hub, four: Four) -> None:
    hub.make_agreement("G2", four.alpha, four.bravo, lanes=["science"])
    hub.suspend(four.bravo, "G1")
    hub.make_agreement("G3", four.alpha, four.bravo, lanes=["science"])
    assert isinstance(judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now), Denied)


def test_an_agreement_by_which_the_lane_survives_carries_it(hub: Hub, four: Four) -> None:
    second = hub.make_agreement("G2", four.alpha, four.bravo, lanes=["science"], survive_lanes=["science"])
    hub.suspend(four.bravo, "G1")
    assert judge_recipient("xa-alpha", "xb-bravo", terms(), now=hub.now) == Allowed(second.pk)


def test_a_suspension_is_of_the_pair_that_it_names(hub: Hub, four: Four) -> None:
    hub.submit(four.bravo, hub.suspension(four.bravo, "xa-alpha"))
    assert isinstance(judge_recipient("xb-bravo", "xa-alpha", terms(), now=hub.now), Denied)
    assert isinstance(judge_recipient("xb-bravo", "xc-charlie", terms(), now=hub.now), Allowed)
    assert isinstance(judge_recipient("xc-charlie", "xb-bravo", terms(), now=hub.now), Allowed)


@pytest.mark.parametrize(("pri", "allowed"), [("flash", True), ("urgent", False)])
def test_life_safety_survives_where_that_was_agreed(hub: Hub, four: Four, pri: str, allowed: bool) -> None:
    hub.make_agreement("G2", four.alpha, four.delta, survive_flash=True)
    hub.suspend(four.delta, "G2", "public_health", "science")
    verdict = judge_recipient("xa-alpha", "xd-delta", terms(lane="public_health", pri=pri), now=hub.now)
    assert isinstance(verdict, Allowed) is allowed
    science = judge_recipient("xa-alpha", "xd-delta", terms(lane="science", pri=pri), now=hub.now)
    assert isinstance(science, Denied)


def test_the_agreement_that_comes_nearest_gives_the_reason(hub: Hub, four: Four) -> None:
    hub.make_agreement("G2", four.alpha, four.delta, lanes=["trade"])
    hub.make_agreement("G3", four.alpha, four.delta, lanes=["science"], ceiling="CLEAR")
    verdict = judge_recipient("xa-alpha", "xd-delta", terms(), now=hub.now)
    assert said(verdict) == ("tlp-above-ceiling", "Agreement G3 allows up to CLEAR.")


def test_a_suspended_recipient_is_denied_before_any_agreement(
    judge: Callable[..., Verdict], four: Four
) -> None:
    suspend_agency(four.bravo)
    assert said(judge()) == ("agency-suspended", "Agency xb-bravo is suspended at the exchange.")


def test_a_suspended_issuer_can_send_nothing(judge: Callable[..., Verdict], four: Four) -> None:
    suspend_agency(four.alpha)
    assert said(judge()) == ("issuer-suspended", "You can read what you received; nothing can be sent.")


def test_an_unknown_and_an_entering_agency_are_the_same(hub: Hub, four: Four) -> None:
    change_entry(four.delta.id, status=AgencyStatus.ENTERING)
    verdicts = judge_recipients("xa-alpha", ["xd-delta", "xe-nobody"], terms(), now=hub.now)
    assert said(verdicts["xd-delta"]) == ("agency-unknown", "No agency of the exchange is called xd-delta.")
    assert said(verdicts["xe-nobody"]) == ("agency-unknown", "No agency of the exchange is called xe-nobody.")


def test_nobody_sends_to_itself(hub: Hub, four: Four) -> None:
    verdict = judge_recipient("xa-alpha", "xa-alpha", terms(), now=hub.now)
    assert isinstance(verdict, Denied)
    assert verdict.code == "own-agency"


RED = {
    "to keys held by a desk": ("xb-bravo", "RED cannot go to a desk that others host."),
    "from keys held by a desk": ("xa-alpha", "RED needs keys held by the agency; choose AMBER+STRICT."),
}


@pytest.mark.parametrize(("hosted", "text"), RED.values(), ids=list(RED))
@pytest.mark.parametrize("custody", [Custody.HUB, Custody.HUB_OWN_ROOT])
def test_red_flows_between_agency_held_keys_only(
    hub: Hub, four: Four, hosted: str, text: str, custody: str
) -> None:
    hub.make_agreement("G1", four.alpha, four.bravo, ceiling="RED")
    assert isinstance(judge_recipient("xa-alpha", "xb-bravo", terms(tlp="RED"), now=hub.now), Allowed)
    row = four.alpha.row if hosted == "xa-alpha" else four.bravo.row
    change_entry(row.pk, custody=custody)
    assert said(judge_recipient("xa-alpha", "xb-bravo", terms(tlp="RED"), now=hub.now)) == (
        "red-custody",
        text,
    )


def test_many_recipients_cost_as_many_queries_as_one(hub: Hub, four: Four) -> None:
    def count(recipients: list[str]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            judge_recipients("xa-alpha", recipients, terms(), now=hub.now)
        return len(queries)

    assert count(["xb-bravo"]) == count(["xb-bravo", "xc-charlie", "xd-delta"]) == 3
