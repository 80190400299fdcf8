# SPDX-License-Identifier: Apache-2.0
"""Seizures linked by two laboratories with one method: a score before a case, consent before details.

- Each side sees only the other's agency and contact until both have agreed.
- Another method, version or length is "not comparable" and has no number.
- The exchange sees an alert and a reply.

It runs once in the browser between hosted agencies, and over REST with a desk of its own on either side, and with a system
that holds its own keys.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accord.cli import science
from accord.client.client import Client as PartnerClient
from accord.envelope.manifest import Reference
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import OpeningReason
from desk.web.tones import isolated
from peers.models import Agency
from sharing.models import Envelope, FeedItem
from tests.alerts.replies.profile_samples import linked_pair, stranger
from tests.browser.looking import keeps_within_its_width
from tests.client.conftest import PartnerWorld, alert_to
from tests.flows.browser_steps import SignIn, check_and_send, open_on_duty, submit
from tests.flows.stories import HEALTH, LAB, PAIRINGS, AtDesk, send_by_two_and_carry
from tests.pages.desk_world import DeskWorld

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STRANGER, PARTNER = "xd-reg", "xm-ews"
OURS, THEIRS = "Parcel from the north", "Two bags in a hire car"
OUR_EXHIBIT, THEIR_EXHIBIT = "EX-2026-77", "BH-12"
QUERY, ANSWER, DETAILS = (
    "Question about a sample profile",
    "Answer about a sample profile",
    "Sample profile: case details",
)
WHY = {"reason": OpeningReason.ON_DUTY.value}


def seizure(title: str, exhibit: str, profile: dict[str, Any]) -> dict[str, Any]:
    """The fields by which a laboratory tells a third agency of its own sample."""
    return {
        "alert_type": "seizure",
        "title": title,
        "narrative": f"{title}: what happened is nobody else's affair.",
        "exhibit_no": exhibit,
        "place_country": "XA",
        "profile": profile,
        "lane": "science",
        "purpose": "science",
        "pri": "routine",
        "recipients": [STRANGER],
    }


@dataclass
class Two:
    """The laboratory and the health authority, who each seized something and told a third agency of it."""

    desk: DeskWorld
    address: str

    def sample(self, officer: str, title: str, exhibit: str, profile: dict[str, Any]) -> Alert:
        desk = self.desk
        draft = desk.draft(
            getattr(desk, officer),
            **seizure(title, exhibit, profile),
            harm_evidence=None,
            cases_non_fatal=None,
            cases_fatal=None,
        )
        return desk.send(draft, desk.benno if officer == "ilka" else desk.haitham)

    def sample_over_rest(
        self, author: AtDesk, second: AtDesk, title: str, exhibit: str, profile: dict[str, Any]
    ) -> Alert:
        """Write and send a sample over REST, as a laboratory's own system does."""
        made = author("POST", "alerts", {"data": seizure(title, exhibit, profile) | {"tlp": "GREEN"}})
        return Alert.objects.get(pk=send_by_two_and_carry(self.desk, author, second, made)["id"])

    def newest(self, agency: str) -> ReceivedAlert:
        return ReceivedAlert.objects.filter(agency_id=agency).latest("number")


@pytest.fixture
def own() -> tuple[str, ...]:
    """The agencies of the story that have a desk of their own."""
    return ()


@pytest.fixture
def two(live_server: LiveServer, tmp_path: Path, settings: Settings, own: tuple[str, ...]) -> Two:
    """Both at a hub that is reached by its address."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    return Two(DeskWorld.kept(tmp_path / "ledger", passwords=not own, own=own), live_server.url)


@pytest.fixture
def two_called_here(db: None, tmp_path: Path, own: tuple[str, ...]) -> Two:
    """Both at a hub whose pages and calls are answered in this process."""
    return Two(DeskWorld.kept(tmp_path / "ledger", own=own), "")


def nothing_of_a_case(text: str) -> None:
    for word in (OURS, THEIRS, OUR_EXHIBIT, THEIR_EXHIBIT, "nobody else's affair", "flualprazolam"):
        assert word not in text, word


# --- in the browser -----------------------------------------------------------------------------------------


def ask_in_browser(page: Page, two: Two, sample: Alert) -> None:
    page.goto(f"{two.address}/outbox/{sample.pk}/")
    page.get_by_role("link", name="Compare its profile").click()
    expect(page.get_by_text("You have asked nobody about this profile.")).to_be_visible()
    page.get_by_role("link", name="Ask other agencies…").click()
    page.get_by_label("Health Authority, Belmora").check()
    page.get_by_label("Contact").fill("Profiling desk, +000 1 5550 110")
    page.get_by_role("button", name="Make the question").click()
    submit(page)


def answer_in_browser(page: Page, two: Two) -> None:
    open_on_duty(page, two.address, two.newest(HEALTH))
    nothing_of_a_case(page.locator("main").inner_text())
    page.get_by_role("link", name="Compare with your samples").click()
    leads = page.locator("#leads")
    expect(leads.get_by_text("Linked", exact=True)).to_be_visible()
    expect(page.get_by_text("A lead, not proof.")).to_be_visible()
    expect(leads.get_by_text("pairs behind it")).to_be_visible()
    expect(page.get_by_text("If you do nothing, Forensic Laboratory, Arvenia learns nothing")).to_be_visible()
    page.get_by_role("link", name="Answer…").click()
    expect(
        page.get_by_role(
            "heading",
            name=f"Answer to {isolated('Forensic Laboratory, Arvenia')}? They learn that you hold a sample",
        )
    ).to_be_visible()
    page.get_by_label("Contact").fill("Health desk, +000 1 5550 120")
    page.get_by_role("button", name=f"Make the answer to {isolated('Forensic Laboratory, Arvenia')}").click()
    submit(page)


def agree_in_browser(page: Page, two: Two, agency: str, *told: str) -> None:
    open_on_duty(page, two.address, two.newest(agency))
    page.get_by_role("link", name="See what comes next").click()
    page.locator("main").get_by_role("link", name="case details…").click()
    for word in told:
        page.get_by_label(word, exact=True).check()
    page.get_by_role("button", name="Make the").click()
    if told:
        page.get_by_role("button", name="Check and submit").click()
    submit(page)


def test_in_the_browser(page: Page, sign_in: SignIn, two: Two) -> None:
    desk = two.desk
    first, second = linked_pair()
    ours = two.sample("ilka", OURS, OUR_EXHIBIT, first)
    two.sample("aroha", THEIRS, THEIR_EXHIBIT, second)
    desk.wait_for_the_clock()

    sign_in(desk.ilka)
    ask_in_browser(page, two, ours)
    sign_in(desk.benno)
    check_and_send(page, two.address, QUERY, 1)
    desk.catch_up()
    sign_in(desk.ilka)
    page.goto(f"{two.address}/outbox/{ours.pk}/profile/")
    expect(page.get_by_text("No answer. That is no consent")).to_be_visible()
    keeps_within_its_width(page, "profile-silence")

    sign_in(desk.aroha)
    answer_in_browser(page, two)
    sign_in(desk.haitham)
    page.goto(f"{two.address}/queue/")
    check_and_send(page, two.address, ANSWER, 1)
    desk.catch_up()

    sign_in(desk.ilka)
    page.goto(f"{two.address}/outbox/{ours.pk}/profile/")
    asked = page.locator("#asked")
    expect(asked.get_by_text("Nobody has agreed yet.")).to_be_visible()
    expect(asked.get_by_text("Health desk, +000 1 5550 120")).to_be_visible()
    assert THEIRS not in asked.inner_text() and THEIR_EXHIBIT not in asked.inner_text()
    agree_in_browser(page, two, LAB)
    sign_in(desk.benno)
    check_and_send(page, two.address, DETAILS, 1)
    desk.catch_up()

    sign_in(desk.aroha)
    agree_in_browser(page, two, HEALTH, "Exhibit number")
    sign_in(desk.haitham)
    check_and_send(page, two.address, DETAILS, 1)
    desk.catch_up()

    sign_in(desk.ilka)
    page.goto(f"{two.address}/outbox/{ours.pk}/profile/")
    expect(asked.get_by_text("Both sides have agreed.")).to_be_visible()
    keeps_within_its_width(page, "profile-agreed")
    open_on_duty(page, two.address, two.newest(LAB))
    expect(page.get_by_text(THEIR_EXHIBIT)).to_be_visible()
    assert_the_exchange_learned_nothing()


# --- over REST ----------------------------------------------------------------------------------------------


# Question, answer and consent each go both ways, so one run covers hosted to own and own to hosted.
@pytest.mark.parametrize("own", PAIRINGS)
def test_over_rest(two_called_here: Two) -> None:
    two, desk = two_called_here, two_called_here.desk
    desk.catch_up()
    desk.wait_for_the_clock()
    ilka, benno, aroha, haitham = map(AtDesk, (desk.ilka, desk.benno, desk.aroha, desk.haitham))
    first, second = linked_pair()
    ours = two.sample_over_rest(ilka, benno, OURS, OUR_EXHIBIT, first)
    theirs = two.sample_over_rest(aroha, haitham, THEIRS, THEIR_EXHIBIT, second)
    two.sample_over_rest(aroha, haitham, "Something else", "BH-13", stranger())
    desk.wait_for_the_clock()

    made = ilka("POST", f"alerts/{ours.pk}/profile/ask", {"agencies": [HEALTH], "contact": "Profiling desk"})
    assert made.status_code == 201, made.content
    question = send_by_two_and_carry(desk, ilka, benno, made)
    row = two.newest(HEALTH)
    opened = aroha("POST", f"alerts/received/{row.pk}/open", WHY).json()
    nothing_of_a_case(str(opened))
    compared = aroha("POST", f"alerts/received/{row.pk}/profile", WHY).json()
    (lead,) = compared["leads"]
    assert lead["alert"] == str(theirs.pk) and lead["comparison"]["verdict"] == "linked"
    assert lead["comparison"]["label"] == "lead_not_proof" and compared["compared"] == 2
    silent = ilka("GET", f"alerts/{ours.pk}/profile").json()["asked"][0]["exchanges"][0]
    assert silent["answer"] is None and not silent["they_agreed"], "silence says nothing"

    answer = aroha(
        "POST",
        f"alerts/received/{row.pk}/profile/answer",
        WHY | {"sample": str(theirs.pk), "contact": "Desk B"},
    )
    assert answer.status_code == 201, answer.content
    send_by_two_and_carry(desk, aroha, haitham, answer)
    told = ilka("GET", f"alerts/{ours.pk}/profile").json()["asked"][0]
    assert told["alert"] == question["id"]
    (exchange,) = told["exchanges"]
    assert exchange["contact"] == "Desk B" and exchange["answer"]["verdict"] == "linked"
    assert float(exchange["answer"]["false_link_rate"]) <= 0.005 and exchange["answer"]["pairs"] > 1000
    back = two.newest(LAB)
    nothing_of_a_case(str(ilka("POST", f"alerts/received/{back.pk}/open", WHY).json()))

    early = ilka("POST", f"alerts/received/{back.pk}/profile/details", WHY | {"told": ["exhibit"]})
    assert early.status_code == 409 and early.json()["cause"] == "early"
    yes = ilka("POST", f"alerts/received/{back.pk}/profile/details", WHY)
    send_by_two_and_carry(desk, ilka, benno, yes)
    agreed = two.newest(HEALTH)
    nothing_of_a_case(str(aroha("POST", f"alerts/received/{agreed.pk}/open", WHY).json()))
    also = aroha("POST", f"alerts/received/{agreed.pk}/profile/details", WHY | {"told": ["exhibit", "what"]})
    send_by_two_and_carry(desk, aroha, haitham, also)
    details = ilka("POST", f"alerts/received/{two.newest(LAB).pk}/open", WHY).json()["document"]
    assert details["exhibit_no"] == THEIR_EXHIBIT and THEIRS in details["narrative"]
    (done,) = ilka("GET", f"alerts/{ours.pk}/profile").json()["asked"][0]["exchanges"]
    assert done["we_agreed"] and done["they_agreed"] and done["they_told"] and not done["we_told"]
    assert_the_exchange_learned_nothing()
    assert_a_stranger_learned_nothing(desk)


def test_another_method_version_or_length_is_not_comparable(two_called_here: Two) -> None:
    """Each of the three is a sample of the other side; none of them has a number, and none is an answer."""
    two, desk, (first, second) = two_called_here, two_called_here.desk, linked_pair()
    others = {
        "method": second | {"method": "another-lab-gcms"},
        "version": second | {"version": "2"},
        "length": second | {"values": second["values"][:-1]},
    }
    ours = two.sample("ilka", OURS, OUR_EXHIBIT, first)
    theirs = [
        two.sample("aroha", f"{THEIRS}, {change}", THEIR_EXHIBIT, other) for change, other in others.items()
    ]
    desk.wait_for_the_clock()
    ilka, benno, aroha = map(AtDesk, (desk.ilka, desk.benno, desk.aroha))
    made = ilka("POST", f"alerts/{ours.pk}/profile/ask", {"agencies": [HEALTH]})
    send_by_two_and_carry(desk, ilka, benno, made)
    row = two.newest(HEALTH)
    compared = aroha("POST", f"alerts/received/{row.pk}/profile", WHY).json()
    assert compared["leads"] == [] and compared["compared"] == 0
    reasons = {line["reason"]: line["samples"] for line in compared["not_comparable"]}
    assert reasons == dict.fromkeys(others, 1)
    for sample in theirs:
        told = WHY | {"sample": str(sample.pk), "contact": "Desk"}
        refused = aroha("POST", f"alerts/received/{row.pk}/profile/answer", told)
        assert refused.status_code == 409 and refused.json()["cause"] == "nothing"
        assert "score" not in refused.content.decode()


@pytest.fixture
def partner(two: Two, tmp_path: Path) -> Iterator[PartnerClient]:
    """A system with keys of its own; it and the laboratory have pinned each other."""
    desk = two.desk
    client = PartnerWorld(desk.hub, two.address, tmp_path).enrol(PARTNER)
    desk.hub.now = timezone.now()
    desk.hub.make_agreement("G8", LAB, PARTNER)
    client.pin(LAB, Agency.objects.get(pk=LAB).root_fingerprint)
    yield client
    client.close()


@pytest.mark.parametrize("own", [pytest.param((), id="hosted"), *PAIRINGS[1:2]])
def test_a_system_with_keys_of_its_own_is_asked_and_answers(two: Two, partner: PartnerClient) -> None:
    """The question reaches it sealed; it compares on its own side and answers by a signed reply. Then it asks back."""
    desk, (first, second) = two.desk, linked_pair()
    ours = two.sample("ilka", OURS, OUR_EXHIBIT, first)
    desk.wait_for_the_clock()
    ilka, benno = AtDesk(desk.ilka), AtDesk(desk.benno)
    asked = send_by_two_and_carry(
        desk, ilka, benno, ilka("POST", f"alerts/{ours.pk}/profile/ask", {"agencies": [PARTNER]})
    )
    opened = partner.open(asked["md"])
    assert opened.alert["alert_type"] == "profile_query" and opened.alert["profile"] == first
    nothing_of_a_case(str(opened.alert))
    query = opened.alert["profile"]
    (found,) = science.compare(query, [("bag 7", second)])
    document = {
        "schema": "accord-alert/1",
        "alert_type": "profile_answer",
        "title": ANSWER,
        "contact": "duty@profiling.example",
        "comparison": found["stated"],
    }
    terms: dict[str, Any] = {"kind": "reply", "re": Reference(asked["jti"], asked["md"]), "alert": document}
    partner.submit(alert_to(LAB, **terms), wait_secs=30)
    desk.catch_up()
    (exchange,) = ilka("GET", f"alerts/{ours.pk}/profile").json()["asked"][0]["exchanges"]
    assert exchange["agency"] == PARTNER and exchange["answer"]["verdict"] == "linked"
    assert exchange["contact"] == "duty@profiling.example" and not exchange["they_agreed"]
    assert_answered_at_the_desk(two, partner, {**opened.alert, "profile": second}, ours)


def assert_answered_at_the_desk(
    two: Two, partner: PartnerClient, question: dict[str, Any], ours: Alert
) -> None:
    """Check that the system's own question is compared and answered at the laboratory's desk, and opens with its keys."""
    asked = partner.submit(alert_to(LAB, alert=question), wait_secs=30)
    two.desk.catch_up()
    ilka, benno, row = AtDesk(two.desk.ilka), AtDesk(two.desk.benno), two.newest(LAB)
    assert row.md == asked.md
    (lead,) = ilka("POST", f"alerts/received/{row.pk}/profile", WHY).json()["leads"]
    assert lead["alert"] == str(ours.pk) and lead["comparison"]["verdict"] == "linked"
    told = WHY | {"sample": str(ours.pk), "contact": "Profiling desk"}
    answer = ilka("POST", f"alerts/received/{row.pk}/profile/answer", told)
    opened = partner.open(send_by_two_and_carry(two.desk, ilka, benno, answer)["md"])
    about = opened.manifest.terms.re
    assert about is not None and about.md == asked.md
    assert opened.alert["comparison"]["verdict"] == "linked" and opened.alert["contact"] == "Profiling desk"
    nothing_of_a_case(str(opened.alert))


# --- either way ---------------------------------------------------------------------------------------------


def assert_the_exchange_learned_nothing() -> None:
    """Check that the exchange carried alerts and replies, and keeps no number and no word of them."""
    rows = list(Envelope.objects.order_by("received_at"))
    assert {row.kind for row in rows} == {"alert", "reply"}
    profile = linked_pair()[0]
    for row in rows:
        kept = bytes(row.manifest or b"") + (row.jwe_head or "").encode()
        for word in (OURS, THEIRS, QUERY, "profile", profile["method"], str(profile["values"][3])):
            assert word.encode() not in kept, word


def assert_a_stranger_learned_nothing(desk: DeskWorld) -> None:
    """Check that the agency which was told of the seizures gets no question, answer or consent."""
    assert set(Agency.objects.values_list("pk", flat=True)) >= {STRANGER}
    named = FeedItem.objects.filter(recipient=STRANGER, what="envelope").values_list("d", flat=True)
    kinds = list(Envelope.objects.filter(md__in=named).values_list("kind", flat=True))
    assert kinds == ["alert"] * 3, "the three seizures"
