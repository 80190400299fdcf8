# SPDX-License-Identifier: Apache-2.0
"""A class-scheduling change: an authority sends a rule of four changes with its effective day.

- The rule's examples are run.
- Substances that agencies hold are judged anew and listed, and officers who watch them are told.
- Other jurisdictions do not change, and until the day the status reads "not yet".

It runs once in the browser, and once over REST with the hub's real processes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as hub_settings
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert, ReceivedAlert
from devtool.processes import wait_until
from notices.sending import send_notifications
from science.law.reevaluating import reevaluate_structures
from tests.api.sessions import Session
from tests.conftest import HubProcesses
from tests.flows.browser_steps import SignIn, check_and_send, open_on_duty, submit
from tests.flows.stories import sent_by_two
from tests.law.lawful import CAFFEINE, COMING, METONITAZENE, SHOWN, LawDesk, rule_from
from tests.mail_server import MailServer
from tests.pages.desk_world import DeskWorld

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAB, HEALTH = "xa-lab", "xb-health"
TITLE, FILE = "Order 12: benzimidazole opioids", "order-12.yaml"
GAS = {
    "technique": "ms",
    "method": "GC-MS",
    "reference": "literature",
    "conclusion": "indicated",
    "file": None,
    "note": None,
}
SECRET = ("nitazene", "benzimidazole", "Order 12", "XB-BENZ")


@dataclass
class Two:
    """The health authority of Belmora publishes; the laboratory of Arvenia holds substances and watches."""

    law: LawDesk
    address: str
    outside: MailServer

    @property
    def desk(self) -> DeskWorld:
        return self.law.desk

    def hold(self) -> dict[str, Alert]:
        """Send from the laboratory one substance that the rule will reach and one that it will not."""
        held = {name: self.law.send((name, smiles)) for name, smiles in (METONITAZENE, CAFFEINE)}
        self.law.judge()
        return held

    def work(self) -> list[str]:
        """Do the rounds of worker and desk-worker; return the texts of the mails that this sends."""
        self.desk.catch_up()
        while reevaluate_structures(now=timezone.now()):
            pass
        self.desk.wait_for_the_clock()
        before = len(self.outside.mails)
        send_notifications(clock=timezone.now, jitter=lambda: 0.5)
        return [in_one_line(mail.text) for mail in self.outside.mails[before:]]

    def at_lab(self) -> ReceivedAlert:
        return ReceivedAlert.objects.filter(agency_id=LAB).latest("number")


@pytest.fixture
def two(live_server: LiveServer, tmp_path: Path, mail_server: MailServer) -> Two:
    Path(hub_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    desk = DeskWorld.build(tmp_path / "ledger", passwords=True, ago=timedelta(minutes=10))
    return Two(LawDesk(desk), live_server.url, mail_server)


# --- in the browser -----------------------------------------------------------------------------------------


def publish_in_browser(page: Page, two: Two) -> None:
    """Publish as the authority's author; a file that nobody could adopt is stopped on the way."""
    page.goto(f"{two.address}/drafts/new/")
    page.get_by_role("button", name="Change of legal status").click()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("button", name="Files").click()
    faulty = rule_from(COMING).replace("effect:", "efect:")
    files: list[FilePayload] = [
        {"name": "faulty.yaml", "mimeType": "text/plain", "buffer": faulty.encode()},
        {"name": FILE, "mimeType": "text/plain", "buffer": rule_from(COMING).encode()},
    ]
    page.locator("#id_files").set_input_files(files)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name=f"Remove {FILE}")).to_be_visible()
    page.get_by_role("button", name="What is known").click()
    page.get_by_label("Jurisdiction").fill("XB")
    page.get_by_label("Takes effect").fill(COMING)
    page.get_by_label("Rule as data").select_option("faulty.yaml")
    page.get_by_role("button", name="Who gets it").click()
    page.get_by_role("radio", name="TLP:GREEN").check()
    page.get_by_role("checkbox", name="Forensic Laboratory, Arvenia").check()
    page.get_by_role("button", name="Check and submit").click()
    expect(page.get_by_text("rules[0].efect: This key is not known").first).to_be_visible()
    page.get_by_role("button", name="What is known").click()
    page.get_by_label("Rule as data").select_option(FILE)
    page.get_by_role("button", name="Check and submit").click()
    expect(page.get_by_text("rules[0].efect")).to_have_count(0)


def watch_in_browser(page: Page, two: Two) -> None:
    page.goto(f"{two.address}/science/watches/")
    page.get_by_label("Jurisdiction").fill("XB")
    page.get_by_role("button", name="Watch", exact=True).click()
    expect(page.get_by_role("button", name="End")).to_be_visible()


def adopt_in_browser(page: Page, two: Two) -> None:
    """Adopt as a releaser of the laboratory."""
    open_on_duty(page, two.address, two.at_lab())
    page.get_by_role("link", name="Adopt this rule…").click()
    expect(page.get_by_text("examples run: 3, all as the file says.")).to_be_visible()
    expect(page.get_by_text("Not yet: until that day it changes no status.")).to_be_visible()
    expect(page.get_by_text("+ XB-BENZ")).to_be_visible()
    expect(page.get_by_text("One of the 2 substances of your alerts.")).to_be_visible()
    page.get_by_role("button", name="Adopt", exact=True).click()
    expect(page.get_by_text("Adopted. Your agency's substances are being judged by it now.")).to_be_visible()


def status_in_browser(page: Page, two: Two, alert: Alert, day: str = "") -> dict[str, str]:
    """The status of each jurisdiction on the page of an own alert, as shown."""
    page.goto(f"{two.address}/outbox/{alert.pk}/" + (f"?on={day}" if day else ""))
    return standings_in(page.locator("#controlled").inner_html())


def standings_in(html: str) -> dict[str, str]:
    """Read status by jurisdiction from an alert's lines."""
    rows = re.findall(
        r"class=\"law-place\"[^>]*>(.*?)</b> <span class=\"law-verdict\"[^>]*>(.*?)</span>", html, re.S
    )
    return {_bare(place): _bare(text) for place, text in rows}


def _bare(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def test_in_the_browser(page: Page, sign_in: SignIn, two: Two) -> None:
    desk, held = two.desk, two.hold()
    two.work()
    sign_in(desk.ilka)
    before = status_in_browser(page, two, held["metonitazene"])
    assert before and "XB" not in before
    watch_in_browser(page, two)

    sign_in(desk.aroha)
    publish_in_browser(page, two)
    submit(page)
    sign_in(desk.haitham)
    check_and_send(page, two.address, TITLE, 1)
    mails = two.work()
    assert sum("brings a change of the law" in mail for mail in mails) == 1, "who watches, and nobody else"

    sign_in(desk.benno)
    adopt_in_browser(page, two)
    mails += two.work()
    assert sum("rules that you watch have changed" in mail for mail in mails) == 1
    assert not any(word.lower() in mail.lower() for mail in mails for word in SECRET)

    sign_in(desk.ilka)
    page.goto(f"{two.address}/science/caught/")
    expect(page.get_by_text(f"Not yet controlled in XB: asserted from {SHOWN}")).to_be_visible()
    expect(page.get_by_text("by rule XB-BENZ")).to_be_visible()
    expect(page.get_by_role("link", name="Seen: metonitazene")).to_be_visible()
    expect(page.get_by_text("caffeine")).to_have_count(0)

    now = status_in_browser(page, two, held["metonitazene"])
    assert now.pop("XB") == "Not yet" and now == before, "other jurisdictions are untouched"
    then = status_in_browser(page, two, held["metonitazene"], COMING)
    assert then["XB"] == "Meets the definition"
    assert "XB" not in _speaking(status_in_browser(page, two, held["caffeine"], COMING))


def _speaking(standings: dict[str, str]) -> dict[str, str]:
    """Leave out jurisdictions whose status tells nothing about the substance."""
    silent = ("Not named on lists that are complete", "Not known here", "Not known for that date")
    return {place: text for place, text in standings.items() if not text.startswith(silent)}


# --- over REST, with the hub's real processes -----------------------------------------------------------------


@pytest.fixture
def law(desk: DeskWorld) -> LawDesk:
    return LawDesk(desk)


def soon(holds: Callable[[], Any], what: str) -> None:
    wait_until(lambda: bool(holds()), what, timeout_seconds=120)


def standings(session: Session, day: str) -> dict[str, str]:
    """The substance's status by jurisdiction, over REST."""
    asked = {"structures": [{"structure": METONITAZENE[1]}], "on": day, "reason": "on_duty"}
    answer = session("POST", "substances/screen", asked)
    assert answer.status_code == 200, answer.content
    (item,) = answer.json()["items"]
    return {place["jurisdiction"]: place["standing"] for place in item["jurisdictions"]}


def upload(session: Session, at: str, tag: str) -> str:
    """Upload the rule's file to a draft; return the next ETag."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile(FILE, rule_from(COMING).encode(), "text/plain")
    answer = session.client.post(f"/api/v1/{at}/attachments", {"file": file}, headers={"if-match": tag})
    assert answer.status_code == 201, answer.content
    return str(answer.headers["ETag"])


def published_over_rest(desk: DeskWorld) -> None:
    """Publish by the authority's system and its second person."""
    author, second = Session(desk.aroha), Session(desk.haitham)
    fields = {
        "alert_type": "legal_status_change",
        "title": TITLE,
        "tlp": "GREEN",
        "handling": ["H0"],
        "recipients": [LAB],
        "proposed_rule": {"jurisdiction": "XB", "effective": COMING, "file": FILE},
    }
    made = author("POST", "alerts", {"data": fields})
    assert made.status_code == 201, made.content
    at = f"alerts/{made.json()['id']}"
    upload(author, at, made.headers["ETag"])
    sent_by_two(author, second, author("GET", at))


def test_over_rest(
    law: LawDesk, running: HubProcesses, mail_server: MailServer, live_server: LiveServer
) -> None:
    desk = law.desk
    lab, manager = Session(desk.ilka), Session(desk.benno)
    held = {}
    for name, smiles in (METONITAZENE, CAFFEINE):
        fields = {
            "alert_type": "new_substance",
            "title": f"Seen: {name}",
            "identity_state": "tentative",
            "preferred_name": name,
            "structure": smiles,
            "evidence": [GAS],
            "harm_evidence": "none_yet",
            "tlp": "GREEN",
            "handling": ["H0"],
            "recipients": [HEALTH],
        }
        held[name] = sent_by_two(lab, manager, lab("POST", "alerts", {"data": fields}))["id"]
    today, law_before = timezone.now().date().isoformat(), lab("GET", "substances/rules").json()
    before = standings(lab, COMING)
    assert lab("POST", "substances/watches", {"jurisdiction": "XB"}).status_code == 200
    published_over_rest(desk)
    soon(lambda: ReceivedAlert.objects.filter(agency_id=LAB).exists(), "the alert has reached the laboratory")
    received = ReceivedAlert.objects.get(agency_id=LAB)

    proposal = manager("POST", f"alerts/received/{received.pk}/rule", {"reason": "on_duty"}).json()
    assert proposal["faults"] == [] and [run["holds"] for run in proposal["examples"]] == [True, True, True]
    assert {run["expected"] for run in proposal["examples"]} == {"in", "out"}
    soon(lambda: _looked_at(manager, received) == 2, "both substances have been read")
    assert standings(lab, COMING) == before, "nothing is followed before it is adopted"
    adopted = manager("POST", f"alerts/received/{received.pk}/rule/adopt", {"reason": "on_duty"})
    assert adopted.status_code == 200, adopted.content

    soon(lambda: lab("GET", "substances/caught").json()["items"], "the desk-worker has judged what is stored")
    (item,) = lab("GET", "substances/caught").json()["items"]
    assert item["alert"] == held["metonitazene"]
    (by,) = item["by"]
    assert (by["jurisdiction"], by["rule"], by["start"], by["is_law"]) == ("XB", "XB-BENZ", COMING, False)
    assert standings(lab, today)["XB"] == "not_yet"
    after = standings(lab, COMING)
    assert after.pop("XB") == "meets_definition" and after == before
    assert "XB" not in standings(Session(desk.aroha), COMING), "who did not adopt it does not follow it"
    law_after = lab("GET", "substances/rules").json()
    assert law_after["ruleset"] != law_before["ruleset"]
    assert law_after["progress"]["done"] == law_after["progress"]["total"] == 2

    soon(
        lambda: _told(mail_server) == {"brings a change of the law", "rules that you watch have changed"},
        "told",
    )
    text = "".join(mail.text.lower() for mail in mail_server.mails)
    assert not any(word.lower() in text for word in SECRET)


def _looked_at(session: Session, received: ReceivedAlert) -> int:
    answer = session("POST", f"alerts/received/{received.pk}/rule", {"reason": "on_duty"})
    return int(answer.json()["looked_at"])


def in_one_line(text: str) -> str:
    """Return a mail's text without the breaks that it was sent with."""
    return " ".join(text.replace("=\r\n", "").split())


def _told(outside: MailServer) -> set[str]:
    lines = ("brings a change of the law", "rules that you watch have changed")
    return {line for line in lines for mail in outside.mails if line in in_one_line(mail.text)}
