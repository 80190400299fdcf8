# SPDX-License-Identifier: Apache-2.0
"""Alerts that a suspended lane kept from an agency: noted at the originator, offered once the lane is open, sent by two persons."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.drafting.drafts import attach_file, save_revision
from alerts.errors import ExchangeAwayError, SecondPersonNeededError, SendingStoppedError
from alerts.models import Alert, ReceivedAlert, WithheldAlert
from alerts.peers.agreements import ask_for_agreements
from alerts.receiving.opening import open_alert, open_attachment
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.amendment import amend_alert
from alerts.sending.reaffirmation import reaffirm_alert
from alerts.sending.release import release_alert
from alerts.sending.withdrawal import withdraw_alert
from alerts.withheld.deciding import cancel_chosen, choose_withheld, decline_withheld
from alerts.withheld.lists import list_withheld, progress_of, withheld_groups, withheld_lane, withheld_lanes
from alerts.withheld.sending import send_chosen
from callers.capabilities import Role
from callers.errors import AbsentError, InputError
from officers.models import Officer
from sharing.models import Delivery
from tests.alerts.conftest import Desks
from tests.alerts.test_ceilings import another_author, limit
from tests.alerts.test_reaffirm_alert import lose_our_key
from tests.desk_calls import the_exchange
from tests.stages import act
from vault.agency_keys import change_agency_root, renew_agency_keys, rotate_agency_keys

LANE = "science"


@act
def suspended(desks: Desks) -> Officer:
    """Have the laboratory suspend the lane with the health authority; return who did."""
    admin = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
    suspend_lanes(admin, [desks.health.id], [LANE], now=desks.hub.later(minutes=1))
    desks.settle()
    return admin


@act
def sent_to_both(desks: Desks, **changes: Any) -> Alert:
    """Send an alert to both; it reaches those whose lane is open."""
    alert = desks.released(recipients=[desks.own.id, desks.health.id], **changes)
    desks.settle()
    desks.hub.later(minutes=1)
    return alert


@act
def resumed(desks: Desks, admin: Officer) -> None:
    resume_lanes(admin, [desks.health.id], [LANE], now=desks.hub.later(minutes=1))
    desks.settle()


class Halves:
    """The laboratory, which has suspended a lane with the health authority, and goes on with drugs enforcement."""

    def __init__(self, desks: Desks) -> None:
        self.desks, self.hub = desks, desks.hub
        self.admin = suspended(desks)
        self.author, self.releaser, self.peer = desks.lab.author, desks.lab.releaser, desks.health.id

    def resume(self) -> None:
        resumed(self.desks, self.admin)

    def send(self, **changes: Any) -> Alert:
        return sent_to_both(self.desks, **changes)

    def groups(self) -> dict[str, int]:
        found = withheld_groups(self.author, self.peer, LANE, now=self.hub.now)
        return {one.key: one.count for one in found}

    def choose(self, officer: Officer | None = None) -> int:
        return choose_withheld(
            officer or self.author, self.peer, LANE, groups=list(self.groups()), now=self.hub.now
        )

    def step(self, **more: Any) -> Any:
        return send_chosen(self.releaser, self.peer, LANE, now=self.hub.later(minutes=1), **more)

    def reached(self) -> list[ReceivedAlert]:
        self.desks.settle()
        return list(ReceivedAlert.objects.filter(agency=self.peer).order_by("number"))


@pytest.fixture
def halves(desks: Desks) -> Halves:
    return Halves(desks)


def test_a_release_that_leaves_a_suspended_recipient_out_notes_it_and_tells_nobody(halves: Halves) -> None:
    alert = halves.send()
    row = WithheldAlert.objects.get()
    assert (row.alert, row.peer_id, row.lane, row.agreement, row.state) == (
        alert,
        halves.peer,
        LANE,
        "G1",
        "waiting",
    )
    assert set(Delivery.objects.values_list("recipient_id", flat=True)) == {halves.desks.own.id}
    (lane,) = withheld_lanes(halves.author, now=halves.hub.now)
    assert (lane.peer.pk, lane.waiting, lane.offered) == (halves.peer, 1, 0) and lane.since
    assert withheld_lanes(halves.desks.health.author, now=halves.hub.now) == []
    with pytest.raises(SendingStoppedError):
        halves.choose()


def test_an_alert_whose_every_recipient_is_suspended_waits_as_it_is_and_is_sent_once_the_lane_is_open(
    halves: Halves,
) -> None:
    alert = halves.desks.submitted(recipients=[halves.peer])
    with pytest.raises(SendingStoppedError) as stopped:
        validate_alert(halves.releaser, alert, revision=1, now=halves.hub.now)
    assert stopped.value.text.startswith("Held by suspension: ") and not WithheldAlert.objects.exists()
    halves.resume()
    checked = validate_alert(halves.releaser, alert, revision=1, now=halves.hub.now)
    release_alert(halves.releaser, checked, revision=checked.current, now=halves.hub.now)
    (received,) = halves.reached()
    assert received.resent_jti == ""


def test_what_is_no_real_alert_is_not_noted(halves: Halves) -> None:
    halves.send(status="exercise")
    assert not WithheldAlert.objects.exists()


def test_it_is_sent_by_a_second_person_as_a_new_envelope_that_says_what_it_repeats(halves: Halves) -> None:
    original = halves.send(expiry="2026-06-01", review_date="2027-06-01")
    halves.resume()
    assert halves.groups() == {"new_substance:2026-03": 1}
    assert halves.choose() == 1
    assert halves.step().left == 0
    (received,) = halves.reached()
    original.refresh_from_db()
    copy = WithheldAlert.objects.get().sent
    assert copy is not None and received.md == copy.md != original.md
    assert (received.resent_jti, received.resent_at) == (original.jti, original.logged_at)
    assert (received.kind, received.keep.date().isoformat()) == ("alert", "2027-06-02")
    view = open_alert(halves.desks.health.reader, received, reason="on_duty", now=halves.hub.now)
    assert view.document["resent"]["md"] == original.md
    assert view.title == "Impregnated paper in a book" and not view.as_text
    assert progress_of(halves.author, halves.peer, LANE).logged == 1


def test_nobody_releases_what_the_same_person_has_chosen(halves: Halves) -> None:
    halves.send()
    halves.resume()
    halves.choose(halves.releaser)
    with pytest.raises(SecondPersonNeededError):
        halves.step()
    assert cancel_chosen(halves.releaser, halves.peer, LANE, now=halves.hub.now) == 1
    halves.choose()
    assert halves.step().signed == 1


def test_the_files_go_with_it(halves: Halves) -> None:
    draft = halves.desks.draft(recipients=[halves.desks.own.id, halves.peer])
    attach_file(halves.author, draft, base=1, filename="a.txt", data=b"as it was", now=halves.hub.now)
    submit_alert(halves.author, draft, revision=2, now=halves.hub.now)
    checked = validate_alert(halves.releaser, draft, revision=2, now=halves.hub.now)
    release_alert(halves.releaser, checked, revision=2, now=halves.hub.now)
    halves.desks.settle()
    halves.resume()
    halves.choose()
    halves.step()
    (received,) = halves.reached()
    file = open_attachment(halves.desks.health.reader, received, n=0, reason="on_duty", now=halves.hub.now)
    assert (file.filename, file.data) == ("a.txt", b"as it was")


def test_only_the_newest_version_is_offered_and_nothing_withdrawn(halves: Halves) -> None:
    first, gone = halves.send(title="First version"), halves.send(title="Withdrawn since")
    withdraw_alert(halves.releaser, gone, code="error", now=halves.hub.later(minutes=1))
    second = amend_alert(halves.author, first, now=halves.hub.now)
    save_revision(halves.author, second, data={"title": "Second version"}, base=1, now=halves.hub.now)
    submit_alert(halves.author, second, revision=2, now=halves.hub.now)
    validate_alert(halves.releaser, second, revision=2, now=halves.hub.now)
    release_alert(halves.releaser, second, revision=2, now=halves.hub.now)
    halves.desks.settle()
    halves.resume()
    assert WithheldAlert.objects.count() == 3
    (row,) = list_withheld(halves.author, halves.peer, LANE, now=halves.hub.now).rows
    assert row.card is not None and row.card.title == "Second version"
    halves.choose()
    halves.step()
    (received,) = halves.reached()
    assert received.kind == "alert", "an update names what the peer never had"


def test_content_that_ends_soon_and_red_stay_as_facts_and_are_not_offered(halves: Halves) -> None:
    halves.send(expiry="2026-04-20", review_date="2026-05-01")
    red = halves.send()
    Alert.objects.filter(pk=red.pk).update(tlp="RED")
    halves.resume()
    halves.hub.later(days=60)
    lane = withheld_lane(halves.author, halves.peer, LANE, now=halves.hub.now)
    assert (lane.waiting, lane.lost, lane.red) == (0, 1, 1)
    with pytest.raises(InputError):
        halves.choose()


def test_nothing_is_offered_while_one_of_the_two_still_suspends(halves: Halves) -> None:
    halves.send()
    admin = halves.desks.hub.make_officer(halves.desks.health.agency, Role.AGENCY_ADMIN)
    suspend_lanes(admin, [halves.desks.lab.id], [LANE], now=halves.hub.later(minutes=1))
    halves.desks.settle()
    halves.resume()
    assert withheld_lane(halves.author, halves.peer, LANE, now=halves.hub.now).offered == 0
    with pytest.raises(SendingStoppedError):
        halves.choose()
    resume_lanes(admin, [halves.desks.lab.id], [LANE], now=halves.hub.later(minutes=1))
    halves.desks.settle()
    assert withheld_lane(halves.author, halves.peer, LANE, now=halves.hub.now).offered == 1


def test_a_run_that_is_cancelled_half_way_is_repeated_and_each_arrives_once(halves: Halves) -> None:
    """Six alerts, of which two no longer fit: each of those is refused with its code and stops no other."""
    for n in range(6):
        halves.send(title=f"Report {n}", **({"tlp": "AMBER"} if n in (1, 4) else {}))
    halves.resume()
    halves.hub.make_agreement("G1", halves.desks.lab.id, halves.peer, halves.desks.own.id, ceiling="GREEN")
    ask_for_agreements(halves.author, halves.desks.lab.id, now=halves.hub.now)
    assert halves.choose() == 6
    done = halves.step(at_most=2)
    assert (done.total, done.signed, done.refused, done.left) == (6, 1, 1, 4)
    assert cancel_chosen(halves.author, halves.peer, LANE, now=halves.hub.now) == 4
    assert halves.step().signed == 1, "nothing is left to send"
    assert halves.choose() == 4
    while halves.step(at_most=2).left:
        pass
    titles = [
        open_alert(halves.desks.health.reader, one, reason="on_duty", now=halves.hub.now).title
        for one in halves.reached()
    ]
    assert sorted(titles) == [f"Report {n}" for n in (0, 2, 3, 5)]
    refused = list_withheld(halves.author, halves.peer, LANE, state="refused", now=halves.hub.now).rows
    assert {row.row.code for row in refused} == {"tlp-above-ceiling"} and len(refused) == 2
    assert refused[0].reason == "Its TLP is above what is agreed today."
    assert halves.groups() == {}


@pytest.mark.usefixtures("exchange_as_asked")
def test_a_step_that_broke_off_goes_on_and_sends_nothing_twice(halves: Halves) -> None:
    halves.send()
    halves.resume()
    halves.choose()
    the_exchange.answers = lambda path: (500, b"") if path.endswith("/previews") else None
    with pytest.raises(ExchangeAwayError):
        halves.step()
    the_exchange.behave()
    the_exchange.is_away = True
    with pytest.raises(ExchangeAwayError):
        halves.step()
    the_exchange.behave()
    assert halves.step().signed == 1 and halves.step().left == 0
    assert len(halves.reached()) == 1


def test_what_is_not_needed_is_not_offered_again(halves: Halves) -> None:
    halves.send(title="Wanted still")
    halves.send(title="Of no use now")
    halves.resume()
    rows = list_withheld(halves.author, halves.peer, LANE, now=halves.hub.now).rows
    declined = [row.row.pk for row in rows if row.card and row.card.title == "Of no use now"]
    assert decline_withheld(halves.releaser, halves.peer, LANE, ids=declined, now=halves.hub.now) == 1
    assert halves.choose() == 1
    halves.step()
    assert len(halves.reached()) == 1


def test_what_a_stolen_key_had_signed_waits_until_it_is_reaffirmed(halves: Halves) -> None:
    original = halves.send()
    halves.resume()
    lose_our_key(halves.desks, halves.desks.lab)
    original.refresh_from_db()
    halves.choose()
    assert halves.step().refused == 1
    (row,) = list_withheld(halves.author, halves.peer, LANE, state="refused", now=halves.hub.now).rows
    assert row.row.code == "in-doubt"
    reaffirm_alert(halves.releaser, original, now=halves.hub.now)
    halves.desks.settle()
    choose_withheld(halves.author, halves.peer, LANE, ids=[row.row.pk], now=halves.hub.now)
    assert halves.step().signed == 1


def test_a_ceiling_hides_it_from_lists_and_counts(halves: Halves) -> None:
    halves.send(tlp="AMBER")
    low = limit(halves.desks, another_author(halves.desks), "GREEN")
    assert withheld_lanes(low, now=halves.hub.now) == []
    with pytest.raises(AbsentError):
        withheld_lane(low, halves.peer, LANE, now=halves.hub.now)


def test_after_two_years_with_keys_root_and_officers_changed_it_is_sent_and_verified(halves: Halves) -> None:
    desks = halves.desks
    agencies = (desks.lab.agency, desks.health.agency)
    keepers = [(desks.hub.make_officer(agency, Role.KEY_OFFICER), agency) for agency in agencies]
    halves.send(review_date="2028-12-31")
    for step in range(9):
        # A set of keys lives for ninety days.
        desks.hub.later(days=80)
        for keeper, agency in keepers:
            change = (
                rotate_agency_keys
                if step % 4 == 3
                else change_agency_root
                if step == 5
                else renew_agency_keys
            )
            change(keeper, agency, now=desks.hub.now)
        desks.settle()
    Officer.objects.filter(pk__in=[halves.author.pk, halves.releaser.pk]).update(is_active=False)
    halves.author, halves.releaser = (
        desks.hub.make_officer(desks.lab.agency, role, name=role) for role in (Role.AUTHOR, Role.RELEASER)
    )
    halves.resume()
    assert halves.choose() == 1
    assert halves.step().signed == 1
    (received,) = halves.reached()
    view = open_alert(desks.health.reader, received, reason="on_duty", now=desks.hub.now)
    assert view.title and received.resent_at is not None
    assert received.logged_at - received.resent_at >= timedelta(days=720)
