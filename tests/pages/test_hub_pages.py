# SPDX-License-Identifier: Apache-2.0
"""The operator's pages: an agency comes in step by step, is suspended and resumed; health without anybody's business."""

import re
import secrets
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agencies.models import ApiKey
from alerts.pages.operator.forms import HEARD, group_of
from alerts.taking import FEED
from callers.binding import keep_bound
from callers.capabilities import Role
from ledger.halting import halt_sequencer
from ledger.models import AuditEvent, LoopState, SetAside
from ledger.set_aside import STOPS_AFTER, Item, begin_round
from notices.models import Notification
from officers.models import Officer
from peers.models import Agency, FeedCursor
from sharing.models import FeedMark
from tests.bound_rows import rewrite
from tests.outside_world import OutsideWorld
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld

FINGERPRINT = secrets.token_hex(32)
FACTS = {
    "agency_id": "xe-drugs",
    "name": "Drug Enforcement, Estmark",
    "kind": "drug_enforcement",
    "country": "xe",
    "timezone": "America/Halifax",
    "language": "en",
    "duty_phone": "+000 5 5550 105",
    "custody": "agency",
    "root_fingerprint": " ".join(re.findall("....", FINGERPRINT)).upper(),
}
HEARD_WELL = {"compare": "1"} | {f"group_{n}": group_of(FINGERPRINT, n) for n in HEARD}


@pytest.fixture
def operator(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.noor)


def test_an_agency_is_admitted_after_both_sides_have_read_the_fingerprint(operator: Client) -> None:
    page = operator.post("/hub/agencies/admit/", FACTS).content.decode()
    assert "Compare the fingerprint" in page
    shown = page.split("<ol")[1]
    assert group_of(FINGERPRINT, 1) in shown
    assert not Agency.objects.filter(pk="xe-drugs").exists()
    answer = operator.post("/hub/agencies/admit/", FACTS | HEARD_WELL)
    assert (answer.status_code, answer["Location"]) == (302, "/hub/agencies/xe-drugs/")
    agency = Agency.objects.get(pk="xe-drugs")
    assert (agency.status, agency.root_fingerprint, agency.country) == ("entering", FINGERPRINT, "XE")
    assert AuditEvent.objects.get(act="agency.admitted", subject="xe-drugs").detail["compared"] is True


def test_one_group_heard_otherwise_stops_the_admission(operator: Client) -> None:
    answer = operator.post("/hub/agencies/admit/", FACTS | HEARD_WELL | {"group_8": "0x0x"})
    assert answer.status_code == 422
    assert "Group 8: this is not what stands on your paper." in answer.content.decode()
    assert group_of(FINGERPRINT, 8) not in answer.content.decode().split("<ol")[1]
    assert not Agency.objects.filter(pk="xe-drugs").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agency_id": "Drugs"}, "Agency id: use a country code"),
        ({"name": "a\u202eb"}, "Use one line"),
        ({"kind": "bank"}, "Kind: choose one."),
        ({"country": "Estmark"}, "Country: enter two letters."),
        ({"timezone": "Mars/Olympus"}, "Time zone: choose one of the list."),
        ({"custody": ""}, "Who holds its keys: choose one."),
        ({"custody": "hub"}, "Fingerprint: leave it empty, the hub makes the root"),
        ({"root_fingerprint": ""}, "Fingerprint: enter the 64 digits"),
        ({"root_fingerprint": "ab" * 31}, "Fingerprint: enter the 64 digits"),
        ({"agency_id": "xa-lab"}, "An agency of this id or name was admitted before."),
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_admitted(
    operator: Client, changes: dict[str, str], words: str
) -> None:
    before = Agency.objects.count()
    answer = operator.post("/hub/agencies/admit/", FACTS | HEARD_WELL | changes)
    assert answer.status_code in (409, 422)
    assert words in answer.content.decode()
    assert Agency.objects.count() == before


def test_a_hosted_agency_gets_its_admin_and_its_keys(
    desk: DeskWorld, operator: Client, outside_world: OutsideWorld
) -> None:
    operator.post("/hub/agencies/admit/", FACTS | {"custody": "hub", "root_fingerprint": ""})
    page = "/hub/agencies/xe-drugs/"
    assert "Create keys…" in operator.get(page).content.decode()
    admin = {"full_name": "Oluwen Brandtvik", "email": "oluwen@xe-drugs.example", "unit": "Headquarters"}
    assert operator.post(f"{page}admin/", admin).status_code == 302
    invited = Officer.objects.get(invited_email=admin["email"])
    assert (invited.roles, invited.unit) == (["agency_admin"], "Headquarters")
    assert len(outside_world.mails) == 1
    assert "invited, until" in operator.get(page).content.decode()
    assert operator.post(f"{page}admin/again/").status_code == 302
    assert len(outside_world.mails) == 2
    assert operator.post(f"{page}admin/", admin | {"email": "x@x.example"}).status_code == 409
    assert operator.post(f"{page}keys/").status_code == 302
    desk.hub.now = timezone.now()
    desk.hub.sequence()
    assert Agency.objects.get(pk="xe-drugs").status == "active"
    assert operator.post(f"{page}keys/").status_code == 409


def test_one_that_the_exchanges_operator_admitted_is_taken_in_by_the_same_name(operator: Client) -> None:
    facts = FACTS | {"custody": "hub", "root_fingerprint": ""}
    operator.post("/hub/agencies/admit/", facts)
    as_the_exchange_alone_knows_it = Agency.objects.filter(pk="xe-drugs")
    as_the_exchange_alone_knows_it._raw_delete(as_the_exchange_alone_knows_it.db)
    other = operator.post("/hub/agencies/admit/", facts | {"name": "Customs of Estmark"})
    assert (other.status_code, Agency.objects.filter(pk="xe-drugs").exists()) == (409, False)
    assert operator.post("/hub/agencies/admit/", facts).status_code == 302
    assert Agency.objects.get(pk="xe-drugs").is_hosted
    assert operator.post("/hub/agencies/admit/", facts).status_code == 409, "once"


def test_an_agency_with_own_keys_gets_a_key_for_entering_once_shown(operator: Client) -> None:
    operator.post("/hub/agencies/admit/", FACTS | HEARD_WELL)
    page = "/hub/agencies/xe-drugs/"
    shown = operator.post(f"{page}entry-key/", {"client": "case system"})
    key = ApiKey.objects.get(agency="xe-drugs")
    secret = re.search(rf"{key.prefix}\.([\w-]{{43}})", shown.content.decode())
    assert secret is not None
    again = operator.get(page).content.decode()
    assert secret[1] not in again
    assert "accord enrol xe-drugs" in again
    assert "Issue another key for entering…" in again
    assert operator.post(f"{page}keys/").status_code == 404, "the hub makes no keys for it"


def test_once_an_agency_is_in_its_own_admin_issues_keys(desk: DeskWorld, operator: Client) -> None:
    answer = operator.post("/hub/agencies/xd-reg/entry-key/", {"client": "case system"})
    assert answer.status_code == 409
    assert not ApiKey.objects.exists()
    invited = {"full_name": "X", "email": "x@x.example"}
    assert operator.post("/hub/agencies/xa-lab/admin/", invited).status_code == 409
    rewrite(Officer.objects.filter(pk=desk.sunniva.pk), password="argon2$none")
    assert operator.post("/hub/agencies/xa-lab/admin/again/").status_code == 404


def test_suspending_and_resuming_an_agency(desk: DeskWorld, operator: Client) -> None:
    page = operator.get("/hub/agencies/xb-health/suspend/").content.decode()
    assert "nothing is deleted" in page
    assert "Suspend xb-health" in page
    assert Agency.objects.get(pk="xb-health").status == "active"
    operator.post("/hub/agencies/xb-health/suspend/")
    assert Agency.objects.get(pk="xb-health").status == "suspended"
    assert "Resume…" in operator.get("/hub/agencies/xb-health/").content.decode()
    operator.post("/hub/agencies/xb-health/resume/")
    assert Agency.objects.get(pk="xb-health").status == "active"


def test_agencies_are_narrowed_by_state_and_a_filter_without_match_says_so(operator: Client) -> None:
    address = '<a class="row-link" href="/hub/agencies/'
    assert operator.get("/?state=active").content.decode().count(address) == 3
    page = operator.get("/?state=suspended").content.decode()
    assert "Nothing matches." in page and '<option dir="auto" value="suspended" selected>' in page
    assert address not in page and "No agency has been admitted yet." not in page
    assert operator.get("/?state=nowhere").content.decode().count(address) == 3


@pytest.mark.parametrize("page", ["", "admin/", "entry-key/", "keys/", "suspend/", "resume/"])
def test_only_the_operator_comes_here(desk: DeskWorld, as_officer: SignIn, page: str) -> None:
    for officer in (desk.sunniva, desk.benno, desk.edda):
        client = as_officer(officer)
        assert client.get(f"/hub/agencies/xa-lab/{page}").status_code == 403
        if page:
            assert client.post(f"/hub/agencies/xa-lab/{page}").status_code == 403
    assert Agency.objects.get(pk="xa-lab").status == "active"


@pytest.mark.parametrize("page", ["", "admin/", "keys/", "suspend/"])
def test_an_agency_that_is_none_is_absent(operator: Client, page: str) -> None:
    assert operator.get(f"/hub/agencies/xz-none/{page}").status_code == 404


def sign_of(page: str, label: str) -> str:
    found = re.search(rf"<dt>{label}</dt><dd>(.*?)</dd>", page, re.S)
    assert found is not None, label
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_health_says_what_is_wrong_and_what_to_do(
    desk: DeskWorld, operator: Client, settings: Settings
) -> None:
    FeedMark.objects.update(beat=timezone.now())
    well = operator.get("/").content.decode()
    assert sign_of(well, "Sequencer") == "Alive"
    assert sign_of(well, "Queues") == "The broker answers; the queues are short."
    assert sign_of(well, "Failed mail") == "None in the last 24 hours."
    assert sign_of(well, "Keysets") == "None ends within 14 days."
    FeedMark.objects.update(beat=timezone.now() - timedelta(minutes=1))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    ill = operator.get("/").content.decode()
    assert sign_of(ill, "Sequencer").startswith("Silent")
    assert "no work is lost" in sign_of(ill, "Queues")
    halt_sequencer("the clock was set")
    assert "the clock was set" in sign_of(operator.get("/").content.decode(), "Sequencer")


def test_a_feed_that_nobody_follows_and_failed_mail_are_seen(desk: DeskWorld, operator: Client) -> None:
    desk.send(desk.draft())
    assert sign_of(operator.get("/").content.decode(), "Feeds") == "Every feed is followed to its end."
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
    page = operator.get("/").content.decode()
    assert sign_of(page, "Feeds").startswith("1 feed is not followed")
    assert sign_of(page, "Failed mail").startswith("1 mail")


def test_the_operators_pages_hold_no_content_and_nobodys_business(desk: DeskWorld, operator: Client) -> None:
    alert = desk.send(desk.draft())
    pages = [operator.get(address).content.decode() for address in ("/", "/hub/agencies/xa-lab/", "/audit/")]
    words = (CONTENT, alert.md, str(alert.pk), "Ilka Torvane", "Benno", "sunniva@", "flualprazolam")
    for page in pages:
        for word in words:
            assert word not in page


def test_the_queries_of_the_hub_page_do_not_grow_with_the_agencies(
    desk: DeskWorld, operator: Client, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        operator.get("/")
    now = timezone.now()
    keep_bound(
        Agency(
            id=f"xz-n{n}",
            name=f"N {n}",
            kind="police",
            country="XZ",
            custody="agency",
            admitted_at=now,
            root_fingerprint=secrets.token_hex(32),
        )
        for n in range(50)
    )
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        operator.get("/")


def test_what_is_set_aside_is_counted_and_has_its_page_with_ways_on(
    desk: DeskWorld, operator: Client
) -> None:
    now = desk.hub.now
    for key in range(STOPS_AFTER):
        begin_round(FEED, agency="xa-lab", now=now).take(Item(str(key)), lambda: 1 / 0)
    assert "1 loop stands." in operator.get("/").content.decode()
    page = operator.get("/set-aside/").content.decode()
    assert "Taking in alerts and answers" in page and "ZeroDivisionError" in page
    state, item = LoopState.objects.get(), SetAside.objects.first()
    assert item is not None
    assert operator.post(f"/set-aside/{item.pk}/retry/").status_code == 302
    assert operator.post(f"/set-aside/loops/{state.pk}/resume/").status_code == 302
    assert not LoopState.objects.exists()
    assert "10 items are set aside." in operator.get("/").content.decode()


def test_an_auditor_reads_the_page_and_has_nothing_to_press(desk: DeskWorld, as_officer: SignIn) -> None:
    begin_round(FEED, agency="xa-lab", now=desk.hub.now).take(Item("1"), lambda: 1 / 0)
    auditor = as_officer(desk.hub.make_officer(desk.lab, Role.AUDITOR))
    page = auditor.get("/set-aside/").content.decode()
    assert "ZeroDivisionError" in page and "Try again" not in page
