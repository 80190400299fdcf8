# SPDX-License-Identifier: Apache-2.0
"""The release queue: a second person checks, sends or returns; the button repeats verb and number."""

from typing import Any

import pytest
from django.test import Client

from alerts.drafting.drafts import save_revision
from alerts.errors import MoveRefusedError, SecondPersonNeededError
from alerts.models import Alert
from alerts.problems import PROBLEMS, words_for
from alerts.receiving.following import follow_feed
from peers.models import Agency, SeenLedger
from tests.bound_rows import rewrite
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.entries import change_entry
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld


@pytest.fixture
def second(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


def page_of(client: Client, alert: Alert) -> str:
    return client.get(f"/queue/{alert.pk}/").content.decode()


def press(client: Client, alert: Alert, verb: str, **fields: Any) -> Any:
    """Press a button of the review page, with the fields of its form."""
    page = client.get(f"/queue/{alert.pk}/")
    carried = {"revision": alert.current, "preview": page.context["preview_digest"]} if page.context else {}
    return client.post(f"/queue/{alert.pk}/{verb}/", {**carried, **fields})


def test_the_queue_shows_what_waits(second: Client, desk: DeskWorld) -> None:
    alert = desk.submit(desk.draft(pri="flash"))
    page = second.get("/queue/").content.decode()
    for text in (CONTENT, "Ilka Torvane", "Flash", "Waiting for release", f"/queue/{alert.pk}/"):
        assert text in page


def test_what_a_recipient_will_read_is_checked_then_sent_with_the_sentence_that_repeats_verb_and_number(
    second: Client, desk: DeskWorld, submitted: Alert
) -> None:
    page = page_of(second, submitted)
    for text in ("TLP:GREEN", "Your community, no public channels.", CONTENT, "Suspected", "Mark as checked"):
        assert text in page
    assert "Send to" not in page, "what is not checked cannot be sent"
    assert press(second, submitted, "validate").status_code == 302
    page = page_of(second, submitted)
    assert "Send to <bdi>Health Authority, Belmora; Precursor Office, Dellin</bdi>?" in page
    assert "They can read it within seconds. What was read stays read." in page
    assert ">Send to 2 agencies</button>" in page
    answer = press(second, submitted, "release")
    assert answer.headers["Location"] == f"/outbox/{submitted.pk}/"
    submitted.refresh_from_db()
    assert (submitted.state, submitted.released_by) == ("released", desk.benno)


def test_who_will_not_receive_it_is_named_with_the_reason(
    second: Client, desk: DeskWorld, submitted: Alert
) -> None:
    change_entry("xd-reg", status="suspended")
    alert = desk.validate(submitted)
    page = page_of(second, alert)
    assert "Precursor Office, Dellin is suspended at the exchange." in page
    assert "<bdi>Precursor Office, Dellin</bdi> will not receive it." in page
    assert ">Send to 1 agency</button>" in page


def test_the_author_sees_it_wait_and_cannot_send_it(
    desk: DeskWorld, as_officer: SignIn, submitted: Alert
) -> None:
    alert = submitted
    author = as_officer(desk.ilka)
    page = page_of(author, alert)
    assert "It waits for a releaser of your agency." in page
    assert "Mark as checked" not in page
    assert author.post(f"/queue/{alert.pk}/validate/", {"revision": 1}).status_code == 403
    assert author.post(f"/queue/{alert.pk}/release/", {"revision": 1}).status_code == 403


def test_a_releaser_who_wrote_it_is_no_second_person(
    desk: DeskWorld, as_officer: SignIn, submitted: Alert
) -> None:
    desk.ilka.roles = ["author", "releaser"]
    desk.ilka.save()
    alert = submitted
    client = as_officer(desk.ilka)
    had_a_part = "You wrote or submitted this alert, or gave the key that wrote it"
    assert f"{had_a_part}: somebody else checks it." in page_of(client, alert)
    answer = press(client, alert, "validate")
    assert answer.status_code == 409
    assert words_for(SecondPersonNeededError("validate")) in answer.content.decode()
    alert.refresh_from_db()
    assert alert.state == "submitted"


def test_a_return_needs_a_reason_and_the_author_reads_it(
    second: Client, desk: DeskWorld, as_officer: SignIn, submitted: Alert
) -> None:
    alert = submitted
    refused = press(second, alert, "return", reason=" ")
    assert refused.status_code == 409
    assert "Reason: say in up to 1,000 characters what has to change." in refused.content.decode()
    assert press(second, alert, "return", reason="The amount is missing.").headers["Location"] == "/queue/"
    page = as_officer(desk.ilka).get(f"/drafts/{alert.pk}/2/").content.decode()
    assert "The amount is missing." in page
    assert "Benno Ashgrove" in page
    assert "Returned" in as_officer(desk.ilka).get("/drafts/").content.decode()


def test_what_stops_the_sending_is_said_and_it_is_sent_once(
    second: Client, desk: DeskWorld, checked: Alert
) -> None:
    change_entry("xd-reg", status="suspended")
    answer = press(second, checked, "release")
    assert answer.status_code == 409
    assert "Who will receive this has changed since it was checked." in answer.content.decode()
    change_entry("xd-reg", status="active")
    change_entry("xa-lab", status="suspended")
    page = page_of(second, checked)
    assert "You can read what you received; nothing can be sent." in page
    refused = press(second, checked, "release")
    assert refused.status_code == 409
    assert "Nothing was sent. You can read what you received" in refused.content.decode()
    change_entry("xa-lab", status="active")
    checked.refresh_from_db()
    assert checked.state == "validated"
    form = {"revision": checked.current}
    assert second.post(f"/queue/{checked.pk}/release/", form).status_code == 302
    again = second.post(f"/queue/{checked.pk}/release/", form)
    assert again.status_code == 409
    assert PROBLEMS[MoveRefusedError].remedy in again.content.decode()
    assert page_of(second, checked) == "", "the review address now leads to the sent alert"


def test_a_page_older_than_the_text_cannot_check_it(second: Client, desk: DeskWorld) -> None:
    draft = desk.draft()
    save_revision(desk.ilka, draft, data={"title": "A newer title"}, base=1, now=desk.tick())
    draft.refresh_from_db()
    alert = desk.submit(draft)
    answer = press(second, alert, "validate", revision=1)
    assert answer.status_code == 409
    assert "The text has changed since this page was shown." in answer.content.decode()


def test_while_the_exchange_is_away_the_last_word_is_shown_and_it_waits(
    second: Client, desk: DeskWorld, submitted: Alert, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    follow_feed(desk.lab, now=desk.tick())
    alert, unchecked = submitted, desk.submit(desk.draft())
    press(second, alert, "validate")
    exchange_as_asked.is_away = True
    page = page_of(second, alert)
    assert "The exchange could not be asked now. This is what it said" in page
    assert "Health Authority, Belmora" in page
    assert "This is what it said" in page_of(second, unchecked)
    answer = press(second, alert, "release")
    assert (answer.status_code, answer["Location"]) == (302, f"/queue/{alert.pk}/")
    alert.refresh_from_db()
    assert alert.state == "queued"
    page = page_of(second, alert)
    assert "Waiting for the exchange since" in page
    assert "Nobody has received it." in page
    listed = second.get("/outbox/waiting/").content.decode()
    assert "Nobody has received it." in listed
    assert 'data-label="What became of it"' in listed, "said on a phone"
    assert press(second, alert, "cancel").status_code == 302
    alert.refresh_from_db()
    assert alert.state == "validated"
    assert "Waiting for the exchange since" not in page_of(second, alert)


def test_a_recipient_whose_keys_failed_a_check_is_marked_before_the_release_is_tried(
    second: Client, submitted: Alert
) -> None:
    assert "failed a check" not in page_of(second, submitted)
    SeenLedger.objects.filter(reader="xa-lab").update(alarmed={"xb-health": "keyset"})
    page = page_of(second, submitted)
    assert page.count("The keys of Health Authority, Belmora failed a check of this desk.") == 1
    assert press(second, submitted, "validate").status_code == 302


def test_what_came_back_says_why_on_its_page(
    second: Client, desk: DeskWorld, checked: Alert, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    alert = checked
    problem = b'{"type": "urn:accord:problem:keyset-stale", "title": "Stale.", "status": 409}'
    exchange_as_asked.answers = lambda path: (409, problem) if path.endswith("/envelopes") else None
    answer = press(second, alert, "release")
    assert answer.status_code == 409
    assert (
        "nothing was done. A recipient&#x27;s keys have just changed. Try again." in answer.content.decode()
    )
    page = page_of(second, alert)
    assert "Not sent: it came back" in page
    assert press(second, alert, "cancel").status_code == 409


def test_of_a_flash_alert_that_waits_the_duty_desks_are_named(
    second: Client, desk: DeskWorld, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    rewrite(Agency.objects.filter(pk="xb-health"), duty_phone="+000 5 5550 199")
    alert = desk.validate(desk.submit(desk.draft(pri="flash")))
    exchange_as_asked.answers = lambda path: (503, b"") if path.endswith("/envelopes") else None
    press(second, alert, "release")
    page = page_of(second, alert)
    assert "It may have arrived" in page
    assert "+000 5 5550 199" in page
