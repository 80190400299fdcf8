# SPDX-License-Identifier: Apache-2.0
"""Two agencies on the hub's real processes: one works in the browser, one with its own keys.

Each opens the other's alert and sees the other's signed acknowledgement.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accord.client.client import Client
from accord.client.home import create_keys
from accord.client.outgoing import AlertToSend
from accord.envelope.content import Attachment
from accord.keyfile import Argon2Cost
from agencies.accession import admit_agency
from agencies.entrykeys import issue_entry_key
from callers.directory import Custody
from devtool.processes import wait_until
from peers.models import Agency
from tests.browser.keyboard import press_on, sign_in_by_form, sign_out
from tests.builders import OPERATOR
from tests.conftest import HubProcesses
from tests.pages.desk_world import DeskWorld

pytestmark = pytest.mark.slow

PASSPHRASE = "correct horse battery staple"
CHEAP = Argon2Cost(memory_kib=64, passes=1, lanes=1)
FROM_BROWSER = "Pink powder in a vape cartridge"
FROM_CLIENT = "White powder in a letter"


@dataclass
class Two:
    """xa-lab works at the desk; xe-drugs has a system and keys of its own, and an id for its officer."""

    desk_url: str
    client: Client
    marisel: str


@pytest.fixture
def two(
    transactional_db: None, tmp_path: Path, hub_processes: HubProcesses, monkeypatch: pytest.MonkeyPatch
) -> Two:
    monkeypatch.setenv("SWEEP_SECONDS", "1")
    monkeypatch.setenv("FOLLOW_SECONDS", "1")
    desk = DeskWorld.kept(tmp_path / "ledger", passwords=True)
    world = hub_processes.world
    hub_processes.sequencer()
    hub_processes.exchange_worker(beat=True)
    hub_processes.mailer(beat=True)
    hub_processes.desk_worker()
    hub_processes.exchange()
    hub_processes.desk()
    client, row = _enrol(tmp_path / "estmark", world.exchange_url, world.secrets.ledger_vkey())
    desk.hub.now = timezone.now()
    desk.hub.make_agreement("G9", "xa-lab", row.pk, title="Laboratory and enforcement")
    desk.lab.refresh_from_db()
    client.pin("xa-lab", desk.lab.root_fingerprint)
    return Two(world.hub_url, client, secrets.token_urlsafe(16))


def _enrol(home: Path, exchange_url: str, vkey: str) -> tuple[Client, Agency]:
    now = timezone.now()
    keys = create_keys(home, PASSPHRASE, now=int(time.time()), cost=CHEAP)
    row = admit_agency(
        OPERATOR,
        "xe-drugs",
        name="Drug Enforcement, Estmark",
        kind="drug_enforcement",
        country="XE",
        timezone="America/Halifax",
        language="fr",
        custody=Custody.AGENCY,
        root_fingerprint=keys.fingerprint,
        now=now,
    )
    _, api_key = issue_entry_key(OPERATOR, row.pk, client="case system", now=now)
    client = Client(home, PASSPHRASE)
    client.enrol("xe-drugs", hub=exchange_url, ledger_vkey=vkey, api_key=api_key, wait_secs=60)
    return client, Agency.objects.get(pk=row.pk)


def _soon(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, what, timeout_seconds=90)


def _write_and_submit(page: Page) -> None:
    press_on(page, "link", "New alert")
    press_on(
        page, "button", "New substance Something seen for the first time, even when no harm is known yet."
    )
    page.get_by_label("Title").fill(FROM_BROWSER)
    page.get_by_role("combobox", name="Substance").fill("metodesnitazene")
    press_on(page, "radio", "Tentative", "Space")
    press_on(page, "radio", "Not known yet", "Space")
    page.get_by_role("button", name="Who gets it").press("Enter")
    page.get_by_role("radio", name="TLP:GREEN").press("Space")
    page.get_by_role("checkbox", name="Drug Enforcement, Estmark").press("Space")
    expect(page.get_by_role("heading", name="1 will receive it")).to_be_visible()
    press_on(page, "button", "Continue")
    press_on(page, "button", "Submit for release")
    expect(page.get_by_text("Submitted. It waits for a second person.")).to_be_visible()


def test_each_opens_and_acknowledges_what_the_other_sent(page: Page, two: Two) -> None:
    written_in_the_browser_opened_with_own_keys(page, two)
    sent_with_own_keys_opened_in_the_browser(page, two)


def written_in_the_browser_opened_with_own_keys(page: Page, two: Two) -> None:
    sign_in_by_form(page, two.desk_url, "ilka@xa-lab.example")
    _write_and_submit(page)
    sign_out(page)
    sign_in_by_form(page, two.desk_url, "benno@xa-lab.example")
    page.goto(f"{two.desk_url}/queue/")
    page.get_by_role("link", name=FROM_BROWSER).click()
    press_on(page, "button", "Mark as checked")
    press_on(page, "button", "Send to 1 agency")

    _soon(lambda: bool(two.client.inbox()), "the alert in the feed of xe-drugs")
    [entry] = two.client.inbox()
    opened = two.client.open(entry.ref or "")
    assert (opened.alert["title"], opened.alert["harm_evidence"]) == (FROM_BROWSER, "none_yet")
    assert two.client.acknowledge(opened.md, officer=two.marisel, wait_secs=60).log_time

    page.goto(f"{two.desk_url}/outbox/")
    page.get_by_role("link", name=FROM_BROWSER).click()

    def told_to_the_desk() -> bool:
        page.reload()
        row = page.get_by_role("row", name="Drug Enforcement, Estmark")
        return row.get_by_text("Acknowledged", exact=True).is_visible()

    _soon(told_to_the_desk, "the sender's desk has asked what became of it")


def sent_with_own_keys_opened_in_the_browser(page: Page, two: Two) -> None:
    sent = two.client.submit(
        AlertToSend(
            alert={
                "schema": "accord-alert/1",
                "alert_type": "new_substance",
                "title": FROM_CLIENT,
                "harm_evidence": "none_yet",
            },
            to=("xa-lab",),
            lane="science",
            purpose="science",
            tlp="GREEN",
            attachments=(Attachment("spectrum.msp", "text/plain", b"NAME: etizolam\n"),),
        ),
        wait_secs=60,
    )
    assert sent.log_time

    def arrived() -> bool:
        page.goto(f"{two.desk_url}/inbox/")
        return page.get_by_role("link", name=FROM_CLIENT).count() == 1

    _soon(arrived, "the alert in the inbox of xa-lab")
    page.get_by_role("link", name=FROM_CLIENT).click()
    press_on(page, "button", "On duty")
    verified = page.get_by_text("Verified. Drug Enforcement, Estmark signed this with both its keys.")
    expect(verified.locator("visible=true").first).to_be_visible()
    expect(page.get_by_text("spectrum.msp").first).to_be_visible()
    press_on(page, "button", "Acknowledge")
    expect(page.get_by_text("Acknowledged. The sender sees it.")).to_be_visible()

    def seen() -> bool:
        [submission] = [row for row in two.client.submissions() if row.d == sent.md]
        return submission.deliveries[0].acknowledged_at is not None

    _soon(seen, "xe-drugs sees the acknowledgement")
