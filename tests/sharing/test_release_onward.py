# SPDX-License-Identifier: Apache-2.0
"""A release onward: who may release what to whom, what it reaches and who is told; and its end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from accord.envelope.content import Attachment
from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import parse_statement
from callers.errors import AbsentError
from devtool.processes import wait_until
from sharing.errors import (
    AccessEndedError,
    FlowSuspendedError,
    IdTakenError,
    PolicyDeniedError,
    StatementKindError,
)
from sharing.models import Delivery, FeedItem, Release, Statement
from sharing.previews import preview_release
from sharing.slices import stored_blob
from sharing.statements import statements_about, submit_statement
from tests.builders import START, HeldAgency, Hub, about, seconds
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, Four
from tests.sharing.test_issuer_locks import somebody_waits_for_a_lock

OPEN = {"rel": "recipients"}
LIFE = {"pri": "flash", "lane": "public_health", "rel": "recipients"}


@pytest.fixture
def four(four: Four, hub: Hub) -> Four:
    """Bravo and delta share too; alpha and delta do not."""
    hub.make_agreement("G2", four.bravo, four.delta, survive_flash=False)
    return four


def feed_of(agency: HeldAgency) -> list[tuple[str, str]]:
    return list(FeedItem.objects.filter(recipient=agency.id).order_by("number").values_list("what", "d"))


def released(hub: Hub, four: Four, **terms: Any) -> tuple[SealedEnvelope, Statement]:
    """Alpha's alert to bravo, which bravo has released to delta."""
    sealed = hub.deliver(four.alpha, four.bravo, **(OPEN | terms))
    said = hub.release_onward(four.bravo, sealed, four.delta)
    hub.sequence()
    return sealed, said


def denial(refused: pytest.ExceptionInfo[PolicyDeniedError]) -> tuple[str, dict[str, Any]]:
    (only,) = refused.value.denials
    return only["code"], only["args"]


def test_a_recipient_releases_it_and_the_newcomer_opens_it_and_the_sender_is_told(
    hub: Hub, four: Four
) -> None:
    sealed, said = released(hub, four)
    assert feed_of(four.delta) == [("envelope", sealed.md)]
    assert feed_of(four.alpha) == [("statement", said.od)]
    assert feed_of(four.bravo) == [("envelope", sealed.md)]
    opened = hub.open(four.delta, sealed)
    assert (opened.alert["title"], [step.iss for step in opened.via]) == ("Blue tablets", ["xb-bravo"])
    hub.later(seconds=1)
    hub.submit(four.delta, hub.acknowledgement(four.delta, sealed))
    assert Delivery.objects.get(recipient_id="xd-delta").state == "acknowledged"
    hub.sequence()
    assert [row.k for row in statements_about(four.alpha.client, sealed.md)] == ["release", "ack"]


def test_before_its_receipt_nobody_new_sees_it(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    hub.release_onward(four.bravo, sealed, four.delta)
    with pytest.raises(AbsentError):
        hub.fetch(four.delta, sealed)


def test_the_same_bytes_get_the_same_answer_and_others_under_its_id_none(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    made = hub.made_release(four.bravo, sealed, four.delta)
    first = hub.submit_release(four.bravo, made)
    assert hub.submit_release(four.bravo, made) == first
    other = hub.made_release(four.bravo, sealed, four.charlie, id=first.statement_id)
    with pytest.raises(IdTakenError):
        hub.submit_release(four.bravo, other)
    assert Release.objects.count() == 1


def post_forbidden(
    hub: Hub, releaser: HeldAgency, sealed: SealedEnvelope, own: SealedEnvelope, to: HeldAgency, **body: Any
) -> None:
    """Post a release that `make_release` would refuse to sign, with the entries of one of the releaser's `own` alert."""
    made = hub.made_release(releaser, own, to)
    said = parse_statement(made.jws).statement
    exp = body.pop("exp", said.exp)
    jws = hub.statement(releaser, "release", about(sealed), exp=exp, body={**said.body, **body})
    submit_statement(releaser.client, jws, entries=made.entries, now=hub.now)


CHAIN: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "nobody may": ({"rel": "none"}, "bravo", {}),
    "its sender alone may": ({"rel": "originator"}, "bravo", {}),
    "after the content is deleted": (OPEN, "bravo", {"exp": 10_000_000_000}),
    "of another envelope's release": (OPEN, "bravo", {"parent": "A" * 43}),
    "to lost keys": (OPEN, "alpha", {"code": "rekey"}),
}


@pytest.mark.parametrize("case", CHAIN)
def test_what_the_profile_forbids_is_refused_whole(hub: Hub, four: Four, case: str) -> None:
    terms, releaser, body = CHAIN[case]
    sealed = hub.deliver(four.alpha, four.bravo, **terms)
    own = hub.deliver(getattr(four, releaser), four.charlie, rel="recipients")
    to = four.bravo if releaser == "alpha" else four.delta
    with pytest.raises(VerificationError) as refused:
        post_forbidden(hub, getattr(four, releaser), sealed, own, to, **body)
    assert refused.value.failure is Failure.VIA
    assert not Release.objects.exists()


def test_its_sender_releases_what_it_kept_for_itself_to_release(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, rel="originator")
    hub.release_onward(four.alpha, sealed, four.charlie)
    hub.sequence()
    assert hub.open(four.charlie, sealed).via[0].iss == "xa-alpha"
    assert feed_of(four.alpha) == []


def test_a_chain_goes_on_where_each_release_says_so_and_no_agency_comes_twice(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    hub.release_onward(four.bravo, sealed, four.delta, rel="recipients")
    hub.sequence()
    hub.make_agreement("G3", four.delta, four.charlie)
    hub.release_onward(four.delta, sealed, four.charlie)
    hub.sequence()
    assert [step.iss for step in hub.open(four.charlie, sealed).via] == ["xb-bravo", "xd-delta"]
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.bravo, sealed, four.charlie)
    assert denial(refused) == ("not-onward", {"name": "Agency xc-charlie"})


def test_who_has_it_by_a_release_that_ends_there_releases_it_no_further(hub: Hub, four: Four) -> None:
    sealed, _ = released(hub, four)
    with pytest.raises(VerificationError):
        hub.made_release(four.delta, sealed, four.charlie)


def test_whom_no_agreement_joins_gets_nothing(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, rel="recipients")
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.alpha, sealed, four.delta)
    assert denial(refused)[0] == "no-agreement"


def test_the_purpose_of_the_release_is_the_one_that_counts(hub: Hub, four: Four) -> None:
    hub.make_agreement("G2", four.bravo, four.delta, purposes=["science"])
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.bravo, sealed, four.delta)
    assert denial(refused)[0] == "purpose-not-covered"
    assert hub.release_onward(four.bravo, sealed, four.delta, purpose="science")


def test_a_lane_that_the_sender_has_suspended_stops_it_and_nobody_hears_of_it(hub: Hub, four: Four) -> None:
    """The denial reads like that for an agency that has the alert by another release."""
    hub.make_agreement("G4", four.alpha, four.delta)
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie, **OPEN)
    hub.submit(four.alpha, hub.suspension(four.alpha, "xd-delta"))
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.bravo, sealed, four.delta)
    assert denial(refused) == ("not-onward", {"name": "Agency xd-delta"})
    assert not Delivery.objects.filter(recipient_id="xd-delta").exists()
    # The sender itself is told the truth.
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.alpha, sealed, four.delta)
    assert denial(refused)[0] == "lane-suspended"
    # What delta suspends with alpha concerns the two alone.
    hub.submit(four.alpha, hub.resumption(four.alpha, "xd-delta"))
    hub.submit(four.delta, hub.suspension(four.delta, "xa-alpha"))
    assert hub.release_onward(four.bravo, sealed, four.delta)


def test_a_lane_suspended_between_the_two_stops_it(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    hub.submit(four.delta, hub.suspension(four.delta, "xb-bravo"))
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.bravo, sealed, four.delta)
    assert denial(refused)[0] == "lane-suspended"


def test_what_is_suspended_before_its_number_ends_and_before_its_fetch_waits(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    hub.release_onward(four.bravo, sealed, four.delta)
    hub.submit(four.delta, hub.suspension(four.delta, "xb-bravo"))
    hub.sequence()
    assert (feed_of(four.delta), Delivery.objects.get(recipient_id="xd-delta").state) == ([], "expired")

    other = hub.deliver(four.alpha, four.bravo, lane="trade", **OPEN)
    hub.release_onward(four.bravo, other, four.delta)
    hub.sequence()
    hub.submit(four.delta, hub.suspension(four.delta, "xb-bravo", lanes=["trade"]))
    with pytest.raises(FlowSuspendedError):
        hub.fetch(four.delta, other)


def test_a_withdrawn_alert_is_released_no_more_and_its_withdrawal_reaches_whoever_has_it(
    hub: Hub, four: Four
) -> None:
    sealed, _ = released(hub, four)
    late = hub.made_release(four.alpha, sealed, four.charlie)
    retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    assert ("statement", retract.od) in feed_of(four.delta)
    with pytest.raises(VerificationError) as refused:
        hub.submit_release(four.alpha, late)
    assert refused.value.failure is Failure.RETRACTED


def test_a_repudiated_alert_is_released_no_more(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    made = hub.made_release(four.bravo, sealed, four.delta)
    hub.revoke(four.alpha, since=hub.now - timedelta(minutes=1))
    hub.sequence()
    with pytest.raises(VerificationError) as refused:
        hub.submit_release(four.bravo, made)
    assert refused.value.failure is Failure.REPUDIATED


def test_it_ends_with_its_time(hub: Hub, four: Four) -> None:
    sealed, _ = released(hub, four, attachments=())
    assert hub.fetch(four.delta, sealed)
    hub.later(days=1)
    with pytest.raises(AccessEndedError):
        hub.fetch(four.delta, sealed)
    assert hub.fetch(four.bravo, sealed)


@pytest.mark.parametrize("by", ["alpha", "bravo"])
def test_once_it_is_taken_back_neither_slice_nor_file_is_served_and_all_are_told(
    hub: Hub, four: Four, by: str
) -> None:
    file = Attachment("a.txt", "text/plain", b"spectrum")
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[file], **OPEN)
    said = hub.release_onward(four.bravo, sealed, four.delta, rel="recipients")
    hub.sequence()
    hub.make_agreement("G3", four.delta, four.charlie)
    hub.release_onward(four.delta, sealed, four.charlie)
    hub.sequence()
    assert stored_blob(four.charlie.client, sealed.md, 0, now=hub.now)

    agency = getattr(four, by)
    word = hub.submit(agency, hub.unreleased(agency, said))
    hub.sequence()
    for holder in (four.delta, four.charlie):
        with pytest.raises(AccessEndedError):
            hub.fetch(holder, sealed)
        with pytest.raises(AccessEndedError):
            stored_blob(holder.client, sealed.md, 0, now=hub.now)
        assert ("statement", word.od) in feed_of(holder)
        assert word.od in {row.od for row in statements_about(holder.client, sealed.md)}
    told = four.bravo if by == "alpha" else four.alpha
    assert ("statement", word.od) in feed_of(told)
    assert hub.fetch(four.bravo, sealed)


def test_nobody_else_takes_it_back(hub: Hub, four: Four) -> None:
    _, said = released(hub, four)
    with pytest.raises(AbsentError):
        hub.submit(four.delta, hub.unreleased(four.delta, said))
    with pytest.raises(AbsentError):
        hub.submit(four.charlie, hub.unreleased(four.charlie, said))


def test_what_a_stranger_releases_is_absent(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    with pytest.raises(AbsentError):
        post_forbidden(hub, four.delta, sealed, hub.deliver(four.delta, four.bravo, **OPEN), four.charlie)


def test_content_that_is_deleted_is_released_no_more(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, exp=seconds(hub.now) + 100, **OPEN)
    made = hub.made_release(four.bravo, sealed, four.delta)
    hub.later(seconds=100)
    with pytest.raises(VerificationError) as refused:
        hub.submit_release(four.bravo, made)
    assert refused.value.failure is Failure.EXPIRED


def test_entries_come_with_a_release_and_with_nothing_else(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    made = hub.made_release(four.bravo, sealed, four.delta)
    with pytest.raises(StatementKindError):
        submit_statement(four.bravo.client, made.jws, now=hub.now)
    with pytest.raises(StatementKindError):
        ack = hub.acknowledgement(four.bravo, sealed)
        submit_statement(four.bravo.client, ack, entries=made.entries, now=hub.now)
    with pytest.raises((MalformedError, VerificationError)):
        submit_statement(four.bravo.client, made.jws, entries=b"[]", now=hub.now)


def test_a_system_posts_it_and_fetches_by_it(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.make_agreement("G2", four.bravo, four.delta)
    sealed = hub.deliver(four.alpha, four.bravo, **OPEN)
    made = hub.made_release(four.bravo, sealed, four.delta)
    answer = callers.bravo.post_release(made.jws, made.entries)
    assert (answer.status_code, answer.json()["od"]) == (202, made.od)
    hub.sequence()
    assert callers.bravo.post_release(made.jws, made.entries).json()["receipt"]
    assert callers.delta.get(f"envelopes/{sealed.md}").status_code == 200
    word = hub.unreleased(four.bravo, Statement.objects.get(pk=made.od))
    assert callers.bravo.post_statement(word).status_code == 202
    ended = callers.delta.get(f"envelopes/{sealed.md}")
    assert (ended.status_code, slug(ended)) == (410, "access-ended")
    assert callers.bravo.post_parts({"release": made.jws}, "releases").status_code == 400


def test_a_release_that_waited_for_a_suspension_is_refused_by_it(
    transactional_db: None, tmp_path: Path
) -> None:
    hub = Hub(tmp_path / "ledger", START)
    alpha, bravo, charlie = hub.make_agencies("xa-alpha", "xb-bravo", "xc-charlie")
    hub.make_agreement("G1", alpha, bravo, charlie)
    sealed = hub.deliver(alpha, bravo, **OPEN)
    made = hub.made_release(bravo, sealed, charlie)

    def submit() -> str:
        try:
            return hub.submit_release(bravo, made).od
        except PolicyDeniedError as refused:
            return str(refused.denials[0]["code"])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            # The sender's own suspension, which the releaser does not hear of.
            hub.submit(alpha, hub.suspension(alpha, "xc-charlie"))
            running = elsewhere.submit(submit)
            wait_until(somebody_waits_for_a_lock, "the release to wait", timeout_seconds=90)
        assert running.result() == "not-onward"
    assert not Release.objects.exists()


# --- emergency -------------------------------------------------------------------------------------------


@pytest.fixture
def emergency(hub: Hub, four: Four) -> Callable[..., None]:
    def agree(**terms: Any) -> None:
        hub.make_agreement("G2", four.bravo, four.delta, **({"emergency": True} | terms))

    return agree


def test_an_emergency_passes_suspensions_purposes_and_ceilings_where_that_is_agreed(
    hub: Hub, four: Four, emergency: Callable[..., None]
) -> None:
    emergency(ceiling="GREEN", purposes=["science"])
    hub.make_agreement("G4", four.alpha, four.delta)
    sealed = hub.deliver(four.alpha, four.bravo, tlp="AMBER", **LIFE)
    hub.submit(four.alpha, hub.suspension(four.alpha, "xd-delta", lanes=["public_health"]))
    hub.submit(four.delta, hub.suspension(four.delta, "xb-bravo", lanes=["public_health"]))
    with pytest.raises(PolicyDeniedError):
        hub.release_onward(four.bravo, sealed, four.delta)
    said = hub.release_onward(four.bravo, sealed, four.delta, code="emergency")
    hub.sequence()
    assert hub.open(four.delta, sealed).alert["title"] == "Blue tablets"
    assert feed_of(four.alpha) == [("statement", said.od)]


REFUSED_EMERGENCIES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "not agreed": ({"emergency": False}, LIFE, "emergency-not-agreed"),
    "ended": ({"emergency": True, "until": "past"}, LIFE, "emergency-not-agreed"),
    "another lane": ({"emergency": True, "lanes": ["science"]}, LIFE, "emergency-not-agreed"),
    "urgent only": ({}, LIFE | {"pri": "urgent"}, "not-emergency"),
    "flash on science": ({}, LIFE | {"lane": "science"}, "not-emergency"),
}


@pytest.mark.parametrize("case", REFUSED_EMERGENCIES)
def test_an_emergency_is_refused(hub: Hub, four: Four, emergency: Callable[..., None], case: str) -> None:
    agreed, terms, code = REFUSED_EMERGENCIES[case]
    if agreed.get("until") == "past":
        agreed = agreed | {"until": hub.now}
        hub.later(seconds=0)
    emergency(**agreed)
    sealed = hub.deliver(four.alpha, four.bravo, **terms)
    with pytest.raises(PolicyDeniedError) as refused:
        hub.release_onward(four.bravo, sealed, four.delta, code="emergency")
    assert denial(refused)[0] == code


def test_a_preview_judges_as_intake_does(hub: Hub, four: Four) -> None:
    sealed, _ = released(hub, four)
    found = preview_release(
        four.bravo.client, sealed.md, None, purpose="prevent", is_emergency=False, now=hub.now
    )
    assert {one.agency: one.code for one in found} == {
        "xa-alpha": "not-onward",
        "xc-charlie": "",
        "xd-delta": "not-onward",
    }
    with pytest.raises(AbsentError):
        preview_release(
            four.charlie.client, sealed.md, None, purpose="prevent", is_emergency=False, now=hub.now
        )
