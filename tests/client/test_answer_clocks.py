# SPDX-License-Identifier: Apache-2.0
"""Due times of answers that suspensions move, as a desk and the command reckon them alike; times in hours."""

from typing import Any

import pytest

from accord.agreements import (
    ACCEPT,
    AGREEMENT,
    LEAVE,
    SignedVersion,
    VersionState,
    newest_agreed,
    read_versions,
)
from accord.calls.agreements import AgreementAnswer
from accord.envelope.statements.form import Statement, SubjectRef
from accord.suspensions import Clock, KnownSuspensions, Span, Suspension, join_spans

OWN, PEER, THIRD = "xa-alpha", "xb-bravo", "xc-charlie"
CAME, DUE, KEEP = 10, 50, 100


def ours(since: int, until: int | None = None, lane: str = "science") -> Suspension:
    return Suspension(OWN, PEER, lane, since, None, until)


def theirs(since: int, until: int | None = None) -> Suspension:
    return Suspension(PEER, OWN, "science", since, None, until)


def recorded(**changes: Any) -> AgreementAnswer:
    """Return an agreement that the operator recorded."""
    terms: dict[str, Any] = {
        "ref": "G1",
        "title": "All",
        "version": 1,
        "od": "",
        "parties": (OWN, PEER),
        "lanes": ("science",),
        "ceiling": "AMBER",
        "purposes": (),
        "nbf": 0,
        "until": None,
        "survive_lanes": (),
        "survive_flash": False,
        "emergency": False,
    }
    return AgreementAnswer(**terms | changes)


def said(
    k: str, iss: str, od: str, body: dict[str, Any], *, about: str = "", exp: int | None = None
) -> Statement:
    sub = SubjectRef(AGREEMENT, about, about) if about else None
    return Statement(k, "PQ1", iss, od, 0, exp, "", (), sub, None, None, body, od)


def proposal(
    ref: str, ver: int = 1, *, clocks: str = "run", nbf: int = 0, lane: str = "science"
) -> Statement:
    body = {"ref": ref, "ver": ver, "parties": [OWN, PEER], "lanes": [lane], "nbf": nbf, "clocks": clocks}
    return said(AGREEMENT, OWN, f"{ref} {ver}", body, exp=999)


def signed(*stated: tuple[Statement, int]) -> tuple[SignedVersion, ...]:
    """Return versions, each accepted by the peer when it was proposed."""
    answers = [(said(ACCEPT, PEER, "", {"st": "accept"}, about=one.od), at) for one, at in stated]
    return read_versions([pair for both in zip(stated, answers, strict=True) for pair in both])


def clock(
    *stated: Suspension,
    agreements: tuple[AgreementAnswer, ...] = (recorded(),),
    versions: tuple[SignedVersion, ...] = (),
    pri: str = "routine",
    keep: int = KEEP,
) -> Clock:
    known = KnownSuspensions(OWN, agreements, stated, versions)
    return known.clock(PEER, "science", pri, due=DUE, came=CAME, keep=keep)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param((), Clock(50), id="none"),
        pytest.param((ours(20, 30),), Clock(60), id="over before it was due"),
        pytest.param((theirs(20, 30),), Clock(60), id="by the other side"),
        pytest.param((ours(40, 70),), Clock(80), id="over after it would have been due"),
        pytest.param((ours(0, 15),), Clock(55), id="begun before the question came"),
        pytest.param((ours(0, 5),), Clock(50), id="over before the question came"),
        pytest.param((ours(50, 70),), Clock(50), id="begun when it was due"),
        pytest.param((ours(60, 70),), Clock(50), id="begun once it was overdue"),
        pytest.param((ours(20, 30), ours(25, 35)), Clock(65), id="two that overlap"),
        pytest.param((ours(20, 40), theirs(25, 30)), Clock(70), id="both sides, one within the other"),
        pytest.param((theirs(25, 35), ours(20, 30)), Clock(65), id="both sides, in any order"),
        pytest.param((ours(20, 30), theirs(30, 35)), Clock(65), id="one where the other ends"),
        pytest.param((ours(20, 30), ours(40, 45)), Clock(65), id="one after the other"),
        pytest.param((ours(40, 50), ours(55, 60)), Clock(65), id="the second before it is due as moved"),
        pytest.param((ours(40, 50), ours(60, 70)), Clock(60), id="the second once it is overdue as moved"),
        pytest.param((ours(20, 90),), Clock(100), id="past the time for which it is kept"),
        pytest.param((ours(20, 30, "trade"),), Clock(50), id="another lane"),
        pytest.param((Suspension(OWN, THIRD, "science", 20, None, 30),), Clock(50), id="another agency"),
        pytest.param((ours(20),), Clock(50, 20, runs=False), id="it lasts"),
        pytest.param((ours(20, 30), theirs(25)), Clock(50, 20, runs=False), id="resumed by one of both"),
        pytest.param((ours(20, 30), ours(40)), Clock(60, 40, runs=False), id="over, and another lasts"),
        pytest.param((ours(60),), Clock(50), id="it lasts, and was overdue before"),
        pytest.param((ours(0),), Clock(50, 0, runs=False), id="it lasts since before the question came"),
    ],
)
def test_suspensions_move_the_due_time_and_stop_its_clock(
    stated: tuple[Suspension, ...], expected: Clock
) -> None:
    assert clock(*stated) == expected
    assert clock(*reversed(stated)) == expected, "in any order"


def test_the_union_of_many_is_in_order_and_apart() -> None:
    spans = [Span(30, 40), Span(1, 9), Span(8, 12), Span(35, None), Span(50, 60), Span(12, 13)]
    assert join_spans(spans) == [Span(1, 13), Span(30, None)]


def test_a_lane_that_survives_keeps_its_clock() -> None:
    stated = ours(20)
    assert clock(stated, agreements=(recorded(survive_lanes=("science",)),)) == Clock(50)
    assert clock(stated, agreements=(recorded(), recorded(survive_lanes=("science",)))) == Clock(50)
    assert clock(stated, agreements=(recorded(survive_flash=True),), pri="flash").runs is False, (
        "another lane"
    )


RUNS = proposal("A"), 5
FREEZES = proposal("B", clocks="freeze"), 5


@pytest.mark.parametrize(
    ("agreed", "agreements", "runs"),
    [
        pytest.param((), (recorded(),), False, id="the operator's record says nothing"),
        pytest.param((RUNS,), (), True, id="one, which says so"),
        pytest.param((FREEZES,), (), False, id="one, which says not"),
        pytest.param((RUNS, FREEZES), (), False, id="two that differ"),
        pytest.param((RUNS,), (recorded(),), False, id="one beside the operator's record"),
        pytest.param((RUNS,), (recorded(od="A 1"),), True, id="one that took up the operator's record"),
        pytest.param((RUNS,), (recorded(lanes=("trade",)),), True, id="one beside a record of another lane"),
        pytest.param(((proposal("A", lane="trade"), 5),), (), False, id="one of another lane"),
        pytest.param(((proposal("A", nbf=25), 5),), (), False, id="one that began later"),
        pytest.param((RUNS, (proposal("A", 2, clocks="freeze"), 22)), (), True, id="changed during it"),
        pytest.param((RUNS, (proposal("A", 2, clocks="freeze"), 15)), (), False, id="changed before it"),
        pytest.param(
            (RUNS, (proposal("A", 2, clocks="freeze", nbf=25), 15)), (), True, id="changed from later on"
        ),
    ],
)
def test_clocks_run_on_where_every_agreement_of_that_time_says_so(
    agreed: tuple[tuple[Statement, int], ...], agreements: tuple[AgreementAnswer, ...], *, runs: bool
) -> None:
    versions = signed(*agreed)
    assert clock(ours(20), agreements=agreements, versions=versions) == Clock(50, 20, runs=runs)
    moved = clock(ours(20, 30), agreements=agreements, versions=versions)
    assert moved == Clock(50 if runs else 60)


def test_who_has_left_agrees_no_more() -> None:
    answer = said(ACCEPT, PEER, "", {"st": "accept"}, about="A 1")
    leave = said(LEAVE, PEER, "", {}, about="A 1")
    (version,) = read_versions([RUNS, (answer, 5), (leave, 15)])
    assert clock(ours(10), agreements=(), versions=(version,)).runs
    assert not clock(ours(20), agreements=(), versions=(version,)).runs


def test_a_version_stays_in_force_until_the_next_one_begins() -> None:
    first, second = signed(RUNS, (proposal("A", 2, nbf=30), 10))
    assert [first.state(at) for at in (9, 10, 29, 30)] == [VersionState.IN_FORCE] * 3 + [
        VersionState.REPLACED
    ]
    assert [second.state(at) for at in (10, 29, 30)] == [VersionState.AGREED] * 2 + [VersionState.IN_FORCE]
    assert newest_agreed((first, second), "A", 20) == second, "what is proposed next follows it"
    assert newest_agreed((first, second), "B", 20) is None


def test_who_leaves_leaves_the_version_that_counts_until_then_too() -> None:
    said_before = [(one, 5) for one in (proposal("A"), said(ACCEPT, PEER, "", {"st": "accept"}, about="A 1"))]
    then = [
        (one, 10) for one in (proposal("A", 2, nbf=30), said(ACCEPT, PEER, "", {"st": "accept"}, about="A 2"))
    ]
    versions = read_versions([*said_before, *then, (said(LEAVE, PEER, "", {}, about="A 2"), 12)])
    assert [one.left for one in versions] == [{PEER: 12}] * 2


def test_a_proposal_is_over_once_another_is_agreed_though_that_begins_later() -> None:
    beside = proposal("A", 2, clocks="freeze")
    beside = said(AGREEMENT, PEER, "beside", dict(beside.body), exp=999)
    answer = said(ACCEPT, PEER, "", {"st": "accept"}, about="A 2")
    versions = read_versions([(beside, 6), (proposal("A", 2, nbf=30), 6), (answer, 7)])
    assert [one.state(8) for one in versions] == [VersionState.REPLACED, VersionState.AGREED]
