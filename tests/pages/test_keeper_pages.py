# SPDX-License-Identifier: Apache-2.0
"""The keeper's pages: an agency is taken in step by step; health without the affairs of any agency."""

import re
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext
from pytest_django import Settings

from agencies.entrykeys import issue_entry_key
from agencies.models import ApiKey
from alerts.models import Alert
from alerts.receiving.taking import FEED
from callers.binding import keep_bound
from callers.capabilities import Role
from desk.agency.audit.events import in_words
from ledger.models import AuditEvent, LoopState, SetAside
from ledger.set_aside import STOPS_AFTER, Item, begin_round
from notices.models import Notification
from officers.models import Officer
from peers.models import Agency, FeedCursor, PeerKeyset
from tests.bound_rows import rewrite
from tests.builders import OPERATOR
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of
from tests.entries import admit_elsewhere
from tests.mail_server import MailServer
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld
from vault import outgoing
from vault.entrykeys import entry_key_of, forget_entry_key
from vault.models import ExchangeKey

TAKE_IN = "/desk/agencies/take-in/"
PAGE = "/desk/agencies/xe-drugs/"
NAME = "Drug Enforcement, Estmark"
ROOT = "ab" * 32


@pytest.fixture
def keeper(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.noor)


def admitted(**facts: Any) -> dict[str, str]:
    """Return id and key as the exchange's operator hands them over."""
    entry_key = admit_elsewhere("xe-drugs", name=NAME, now=timezone.now(), **facts)
    return {"agency_id": "xe-drugs", "entry_key": entry_key}


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields that the page's button sends."""
    inputs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: value for name, value in inputs if name != "csrfmiddlewaretoken"}


def taken_in(keeper: Client, **facts: Any) -> str:
    """Take an agency in by the pages; return its key for entering."""
    given = admitted(**facts)
    shown = keeper.post(TAKE_IN, given).content.decode()
    assert keeper.post(TAKE_IN, hidden(shown)).status_code == 302
    return given["entry_key"]


def test_an_agency_is_taken_in_once_the_keeper_has_compared_what_was_admitted(keeper: Client) -> None:
    given = admitted(custody="hub-own-root", root_fingerprint=ROOT)
    shown = keeper.post(TAKE_IN, given)
    page = shown.content.decode()
    assert (shown.status_code, "no-store" in shown["Cache-Control"]) == (200, True)
    for said in (NAME, "xe-drugs", "abab abab", "rhythm Pegasus", "root with the agency"):
        assert said in page
    assert not Agency.objects.filter(pk="xe-drugs").exists()
    answer = keeper.post(TAKE_IN, hidden(page))
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    agency = Agency.objects.get(pk="xe-drugs")
    assert (agency.status, agency.root_fingerprint, agency.is_hosted) == ("entering", ROOT, True)
    assert entry_key_of("xe-drugs") == given["entry_key"]
    event = AuditEvent.objects.get(act="agency.taken_in")
    assert (event.agency, event.subject, event.detail) == ("xe-drugs", "xe-drugs", {})
    assert given["entry_key"] not in keeper.get(PAGE).content.decode()


def test_what_the_exchange_says_otherwise_than_shown_stops_it(keeper: Client) -> None:
    given = admitted(custody="hub-own-root", root_fingerprint=ROOT)
    shown = keeper.post(TAKE_IN, given).content.decode()
    for change in ({"name": "Customs of Estmark"}, {"root_fingerprint": f"{ROOT[:-1]}c"}):
        refused = keeper.post(TAKE_IN, hidden(shown) | change)
        assert refused.status_code == 422
        assert "The exchange says something else." in refused.content.decode()
    assert not Agency.objects.filter(pk="xe-drugs").exists()


def _mistyped(given: dict[str, str]) -> dict[str, str]:
    return given | {"entry_key": given["entry_key"][:-1] + ("A" if given["entry_key"][-1] != "A" else "B")}


def test_what_is_wrong_is_named_and_nobody_is_taken_in(keeper: Client) -> None:
    given = admitted()
    for change, words in (
        (given | {"agency_id": "Drugs"}, "Agency id: use a country code"),
        (given | {"entry_key": ""}, "enter it as the exchange"),
        (given | {"entry_key": "x\r\nHost: y"}, "enter it as the exchange"),
        (_mistyped(given), "the exchange does not take it"),
        (given | {"agency_id": "xe-drug"}, "it lets xe-drugs enter"),
    ):
        answer = keeper.post(TAKE_IN, change)
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert not Agency.objects.filter(pk__startswith="xe-").exists()


def test_an_agency_that_holds_its_own_keys_is_not_taken_in(keeper: Client) -> None:
    answer = keeper.post(TAKE_IN, admitted(custody="agency", root_fingerprint=ROOT))
    assert answer.status_code == 422 and "holds its own keys" in answer.content.decode()


def test_a_key_that_ended_was_replaced_or_has_served_takes_nobody_in(keeper: Client) -> None:
    given = admitted()
    ApiKey.objects.update(expires_at=timezone.now())
    answer_as_of(timezone.now())
    assert "the exchange does not take it" in keeper.post(TAKE_IN, given).content.decode()
    given["entry_key"] = issue_entry_key(OPERATOR, "xe-drugs", client="desk", now=timezone.now())[1]
    newer = issue_entry_key(OPERATOR, "xe-drugs", client="desk", now=timezone.now())[1]
    assert "the exchange does not take it" in keeper.post(TAKE_IN, given).content.decode()
    shown = keeper.post(TAKE_IN, given | {"entry_key": newer}).content.decode()
    keeper.post(TAKE_IN, hidden(shown))
    keeper.post(f"{PAGE}keys/")
    elsewhere = Agency.objects.filter(pk="xe-drugs")
    elsewhere._raw_delete(elsewhere.db)
    served = keeper.post(TAKE_IN, given | {"entry_key": newer})
    assert "it has served" in served.content.decode()
    assert not elsewhere.exists()


def test_an_agency_is_taken_in_once(keeper: Client) -> None:
    given = {"agency_id": "xe-drugs", "entry_key": taken_in(keeper)}
    again = keeper.post(TAKE_IN, given)
    assert (again.status_code, "has taken the agency in already" in again.content.decode()) == (409, True)
    assert AuditEvent.objects.filter(act="agency.taken_in").count() == 1


def test_while_the_exchange_is_away_nobody_is_taken_in(
    keeper: Client, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    given = admitted()
    exchange_as_asked.is_away = True
    answer = keeper.post(TAKE_IN, given)
    assert (answer.status_code, "could not be asked" in answer.content.decode()) == (503, True)
    assert not Agency.objects.filter(pk="xe-drugs").exists()


def test_a_hosted_agency_gets_its_admin_and_its_keys(
    desk: DeskWorld, keeper: Client, mail_server: MailServer
) -> None:
    taken_in(keeper)
    assert "Create keys…" in keeper.get(PAGE).content.decode()
    admin = {"full_name": "Oluwen Brandtvik", "email": "oluwen@xe-drugs.example", "unit": "Headquarters"}
    assert keeper.post(f"{PAGE}admin/", admin).status_code == 302
    invited = Officer.objects.get(invited_email=admin["email"])
    assert (invited.roles, invited.unit) == (["agency_admin"], "Headquarters")
    assert len(mail_server.mails) == 1
    assert "invited, until" in keeper.get(PAGE).content.decode()
    assert keeper.post(f"{PAGE}admin/again/").status_code == 302
    assert len(mail_server.mails) == 2
    assert keeper.post(f"{PAGE}admin/", admin | {"email": "x@x.example"}).status_code == 409
    assert keeper.post(f"{PAGE}keys/").status_code == 302
    desk.hub.now = timezone.now()
    desk.hub.sequence()
    assert Agency.objects.get(pk="xe-drugs").status == "active"
    assert keeper.post(f"{PAGE}keys/").status_code == 409
    assert "Key for entering" not in keeper.get(PAGE).content.decode()


def test_first_keys_that_wait_for_the_exchange_go_by_whichever_key_for_entering_is_kept(
    keeper: Client, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    taken_in(keeper)
    exchange_as_asked.is_away = True
    keeper.post(f"{PAGE}keys/")
    assert "Signed and kept. The exchange does not take it now" in keeper.get(PAGE).content.decode()
    again = keeper.post(f"{PAGE}keys/")
    assert again.status_code == 409 and "waits for the exchange" in again.content.decode()
    exchange_as_asked.is_away = False
    newer = issue_entry_key(OPERATOR, "xe-drugs", client="desk", now=timezone.now())[1]
    assert keeper.post(f"{PAGE}entry-key/", {"entry_key": newer}).status_code == 302
    assert outgoing.send_waiting(now=timezone.now()) == 1
    assert Agency.objects.get(pk="xe-drugs").status == "active"
    assert ExchangeKey.objects.filter(pk="xe-drugs").exists()
    assert keeper.post(f"{PAGE}entry-key/", {"entry_key": newer}).status_code == 409


def test_another_key_for_entering_takes_the_place_of_one_that_ended(keeper: Client) -> None:
    taken_in(keeper)
    assert "kept, until" in keeper.get(PAGE).content.decode()
    forget_entry_key("xe-drugs")
    assert "issues another" in keeper.get(PAGE).content.decode()
    newer = issue_entry_key(OPERATOR, "xe-drugs", client="desk", now=timezone.now())[1]
    refused = keeper.post(f"{PAGE}entry-key/", {"entry_key": newer[:-1]})
    assert (refused.status_code, entry_key_of("xe-drugs")) == (422, None)
    assert keeper.post(f"{PAGE}entry-key/", {"entry_key": newer}).status_code == 302
    assert entry_key_of("xe-drugs") == newer
    assert keeper.post("/desk/agencies/xa-lab/entry-key/", {"entry_key": newer}).status_code == 409


def test_an_agency_whose_root_is_with_its_head_makes_its_keys_itself(keeper: Client) -> None:
    taken_in(keeper, custody="hub-own-root", root_fingerprint=ROOT)
    assert "Waits for the agency" in keeper.get(PAGE).content.decode()
    assert keeper.post(f"{PAGE}keys/").status_code == 404, "the hub makes no root for it"


def test_once_an_agency_has_its_admin_the_keeper_invites_nobody(desk: DeskWorld, keeper: Client) -> None:
    invited = {"full_name": "X", "email": "x@x.example"}
    assert keeper.post("/desk/agencies/xa-lab/admin/", invited).status_code == 409
    rewrite(Officer.objects.filter(pk=desk.sunniva.pk), password="argon2$none")
    assert keeper.post("/desk/agencies/xa-lab/admin/again/").status_code == 404


def test_the_desk_lists_its_own_agencies_with_what_it_has_verified(desk: DeskWorld, keeper: Client) -> None:
    desk.settle()
    page = keeper.get("/").content.decode()
    assert page.count('<a class="row-link is-plain" href="/desk/agencies/') == 2
    assert page.count("until <time") == 2
    PeerKeyset.objects.filter(reader="xa-lab", peer="xa-lab").update(log_time=1)
    page = keeper.get("/").content.decode()
    assert page.count("until <time") == 1, "a row changed past the program says nothing"
    assert "xd-reg" not in page, "it holds its own keys"
    assert keeper.get("/desk/agencies/xd-reg/").status_code == 404


def sign_of(page: str, label: str) -> str:
    found = re.search(rf"<dt>{label}</dt><dd>(.*?)</dd>", page, re.S)
    assert found is not None, label
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_health_says_what_is_wrong_and_what_to_do(
    desk: DeskWorld, keeper: Client, settings: Settings
) -> None:
    well = keeper.get("/").content.decode()
    assert sign_of(well, "Queues") == "The broker answers; the queues are short."
    assert sign_of(well, "Failed mail") == "None in the last 24 hours."
    assert sign_of(well, "Keysets") == "None ends within 14 days."
    for label in ("Sequencer", "Log", "Checkpoint"):
        assert f"<dt>{label}</dt>" not in well, "the exchange's"
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "no work is lost" in sign_of(keeper.get("/").content.decode(), "Queues")


def test_a_feed_that_nobody_follows_and_failed_mail_are_seen(
    desk: DeskWorld, keeper: Client, sent: Alert
) -> None:
    assert sign_of(keeper.get("/").content.decode(), "Feeds").startswith(
        "A feed was last read from the exchange"
    )
    FeedCursor.objects.update(asked_at=timezone.now())
    assert sign_of(keeper.get("/").content.decode(), "Feeds") == "Every feed is followed to its end."
    FeedCursor.objects.filter(reader="xb-health").update(head=F("number") + 1)
    Notification.objects.create(
        subject="s",
        occasion="key-ending",
        officer=desk.benno,
        channel="email",
        recipient=desk.lab,
        state="failed",
        not_before=timezone.now(),
        queued_at=timezone.now(),
        message_id="m",
    )
    page = keeper.get("/").content.decode()
    assert sign_of(page, "Feeds").startswith("1 feed is not followed")
    assert sign_of(page, "Failed mail").startswith("1 mail")


def test_the_keepers_pages_hold_no_content_and_nobodys_business(keeper: Client, sent: Alert) -> None:
    pages = [keeper.get(address).content.decode() for address in ("/", "/desk/agencies/xa-lab/", "/audit/")]
    words = (CONTENT, sent.md, str(sent.pk), "Ilka Torvane", "Benno", "sunniva@", "flualprazolam")
    for page in pages:
        for word in words:
            assert word not in page


def test_the_queries_of_the_keepers_page_do_not_grow_with_the_agencies(
    desk: DeskWorld, keeper: Client, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        keeper.get("/")
    now = timezone.now()
    keep_bound(
        Agency(
            id=f"xz-n{n}",
            name=f"N {n}",
            kind="police",
            country="XZ",
            custody="hub",
            admitted_at=now,
            is_hosted=True,
        )
        for n in range(50)
    )
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        keeper.get("/")


def test_what_is_set_aside_is_counted_and_has_its_page_with_ways_on(desk: DeskWorld, keeper: Client) -> None:
    now = desk.hub.now
    for key in range(STOPS_AFTER):
        begin_round(FEED, agency="xa-lab", now=now).take(Item(str(key)), lambda: 1 / 0)
    assert "1 loop stands." in keeper.get("/").content.decode()
    page = keeper.get("/set-aside/").content.decode()
    assert "Taking in alerts and answers" in page and "ZeroDivisionError" in page
    assert "The program has failed at it" in page
    state, item = LoopState.objects.get(), SetAside.objects.first()
    assert item is not None
    assert keeper.post(f"/set-aside/{item.pk}/retry/").status_code == 302
    assert keeper.post(f"/set-aside/loops/{state.pk}/resume/").status_code == 302
    assert not LoopState.objects.exists()
    assert "10 items are set aside." in keeper.get("/").content.decode()


def test_the_audit_names_the_keeper_and_says_what_changed_in_words(desk: DeskWorld, keeper: Client) -> None:
    profile = {"full_name": desk.noor.full_name, "timezone": "", "language": "fr"}
    page = keeper.post("/account/", profile, follow=True).content.decode()
    with translation.override("fr"):
        assert gettext("Your profile is changed.") in page
    with translation.override("en"):
        desk.noor.refresh_from_db()
        event = AuditEvent.objects.visible_to(desk.noor).filter(act="officer.profile_changed").last()
        assert event is not None
        (row,) = in_words(desk.noor, [event], {})
    assert (row.who, row.note) == (desk.noor.display_name, "Keeper of this desk")
    assert "Language: As the agency → Français" in row.detail


def test_an_officer_is_sent_to_the_keeper_for_what_a_keeper_does(desk: DeskWorld, as_officer: SignIn) -> None:
    refused = as_officer(desk.haitham).get(TAKE_IN)
    assert refused.status_code == 403 and "Ask the keeper of this desk." in refused.content.decode()


def test_an_auditor_reads_the_page_and_has_nothing_to_press(desk: DeskWorld, as_officer: SignIn) -> None:
    begin_round(FEED, agency="xa-lab", now=desk.hub.now).take(Item("1"), lambda: 1 / 0)
    auditor = as_officer(desk.hub.make_officer(desk.lab, Role.AUDITOR))
    page = auditor.get("/set-aside/").content.decode()
    assert "ZeroDivisionError" in page and "Try again" not in page
