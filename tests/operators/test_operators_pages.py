# SPDX-License-Identifier: Apache-2.0
"""The operator's pages: an agency is admitted, suspended and resumed; health and ledger of the exchange alone."""

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accord.fingerprintwords import fingerprint_words
from agencies.apikeys import authenticate_key
from agencies.models import Agency, ApiKey
from callers.capabilities import Capability
from ledger.halting import halt_sequencer
from ledger.models import AuditEvent, LoopState, SetAside
from ledger.pins import current_vkey
from operators.pages.forms import HEARD, group_of
from operators.pages.ledger import vkey_groups
from sharing.ledger_views import DISPUTED
from sharing.models import FeedHeld, FeedMark, FeedRequeue
from tests.agencies.world import admit
from tests.builders import Hub
from tests.operators.conftest import text
from tests.services import surroundings

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
ADMIT = "/agencies/admit/"


def admitted(operator: Client) -> str:
    answer = operator.post(ADMIT, FACTS | HEARD_WELL)
    assert answer.status_code == 302, text(answer)
    return str(answer["Location"])


def signs(page: str) -> str:
    return page.split('id="o-health"')[1].split("</section>", maxsplit=1)[0]


def test_an_empty_exchange_says_what_to_do(operator: Client) -> None:
    page = text(operator.get("/"))
    assert "No agency has been admitted yet." in page
    assert "No checkpoint yet" in page
    assert "UTC" in page
    assert "No checkpoint yet." in text(operator.get("/ledger/"))


def test_an_agency_is_admitted_after_both_sides_have_read_the_fingerprint(operator: Client) -> None:
    page = text(operator.post(ADMIT, FACTS))
    assert "Compare the fingerprint" in page
    assert group_of(FINGERPRINT, 1) in page.split("<ol")[1]
    (first, words), (_second, other_words), *_rest = fingerprint_words(FINGERPRINT)
    assert first == group_of(FINGERPRINT, 1) and words in page and other_words not in page
    in_words = operator.post(ADMIT, FACTS | HEARD_WELL | {f"group_{HEARD[0]}": other_words})
    assert in_words.status_code == 422, "words are typed nowhere"
    assert not Agency.objects.exists()
    assert admitted(operator) == "/agencies/xe-drugs/"
    agency = Agency.objects.get()
    assert (agency.status, agency.root_fingerprint, agency.country) == ("entering", FINGERPRINT, "XE")
    event = AuditEvent.objects.get(act="agency.admitted")
    assert (event.detail["compared"], event.actor.partition(":")[0]) == (True, "operator")


def test_one_group_heard_otherwise_stops_the_admission(operator: Client) -> None:
    answer = operator.post(ADMIT, FACTS | HEARD_WELL | {"group_8": "0x0x"})
    assert answer.status_code == 422
    assert "Group 8: this is not what stands on your paper." in text(answer)
    assert group_of(FINGERPRINT, 8) not in text(answer).split("<ol")[1]
    assert not Agency.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agency_id": "Drugs"}, "Agency id: use a country code"),
        ({"name": "a\u202eb"}, "Use one line"),
        ({"kind": "bank"}, "Kind: choose one."),
        ({"country": "Estmark"}, "Country: enter two letters."),
        ({"country": ""}, "Country: enter two letters."),
        ({"country": "xx"}, "XX belongs to ids that begin with xx-"),
        ({"timezone": "Mars/Olympus"}, "Time zone: choose one of the list."),
        ({"custody": ""}, "Who holds its keys: choose one."),
        ({"custody": "hub"}, "Fingerprint: leave it empty, its desk makes the root"),
        ({"root_fingerprint": ""}, "Fingerprint: enter the 64 digits"),
        ({"duty_phone": "+1\u202e2"}, "Use one line"),
    ],
)
def test_wrong_facts_are_said_at_their_field(operator: Client, changes: dict[str, str], words: str) -> None:
    answer = operator.post(ADMIT, FACTS | HEARD_WELL | changes)
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert not Agency.objects.exists()


def test_a_body_of_no_country_is_admitted_without_one(operator: Client) -> None:
    body = FACTS | {"agency_id": "xx-council", "kind": "international", "country": ""}
    assert operator.post(ADMIT, body | HEARD_WELL).status_code == 302
    page = text(operator.get("/agencies/xx-council/"))
    assert "<dd>International organisation</dd>" in page


def test_an_agency_admitted_before_is_not_admitted_again(operator: Client) -> None:
    admitted(operator)
    answer = operator.post(ADMIT, FACTS | HEARD_WELL)
    assert (answer.status_code, "was admitted before" in text(answer)) == (409, True)


def test_a_name_like_another_agencys_is_admitted_only_when_confirmed(operator: Client) -> None:
    admitted(operator)
    twin = FACTS | HEARD_WELL | {"agency_id": "xe-drugs2", "name": "DRUG Enforcement Estmark"}
    answer = operator.post(ADMIT, twin)
    assert answer.status_code == 422
    assert "looks like Drug Enforcement, Estmark (xe-drugs)" in text(answer)
    assert operator.post(ADMIT, twin | {"resembles": "on"}).status_code == 302


def test_an_agency_whose_root_the_desk_makes_is_admitted_without_a_fingerprint(operator: Client) -> None:
    answer = operator.post(ADMIT, FACTS | {"custody": "hub", "root_fingerprint": ""})
    assert answer["Location"] == "/agencies/xe-drugs/"
    page = text(operator.get("/agencies/xe-drugs/"))
    assert "The desk that holds its keys brings them in, with the key for entering." in page
    assert "accord enrol" not in page and "For a desk of its own" not in page
    asked = text(operator.get("/agencies/xe-drugs/entry-key/"))
    assert "hand it to the desk&#x27;s keeper" in asked
    assert 'value="desk"' in asked
    assert operator.post("/agencies/xe-drugs/entry-key/", {"client": "desk"}).status_code == 200
    assert ApiKey.objects.get().scopes == ["key:enrol"]


def test_the_entry_key_is_shown_once_and_kept_as_a_digest(operator: Client) -> None:
    where = admitted(operator)
    page = text(operator.get(where))
    assert "Issue the key for entering…" in page
    assert "accord enrol xe-drugs" in page
    ledger = text(operator.get("/ledger/"))
    for own_desk in (f">{current_vkey()}</code>", f">{vkey_groups()}</", ">xe-drugs</code>"):
        assert own_desk in page
    assert vkey_groups() in ledger
    answer = operator.post(f"{where}entry-key/", {"client": "case system"})
    shown = re.search(r'class="secret"[^>]*>([0-9a-f]{12}\.[A-Za-z0-9_-]{43})<', text(answer))
    assert shown is not None
    assert "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.get()
    assert (key.is_entry, key.scopes) == (True, ["key:enrol"])
    assert shown[1] not in text(operator.get(where))
    assert "Issue another key for entering…" in text(operator.get(where))
    operator.post(f"{where}entry-key/", {"client": "case system"})
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_system_without_a_good_name_gets_no_key(operator: Client) -> None:
    where = admitted(operator)
    answer = operator.post(f"{where}entry-key/", {"client": "a/b"})
    assert (answer.status_code, ApiKey.objects.count()) == (422, 0)


def test_no_entry_key_is_issued_to_an_agency_that_is_in(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    hub.make_agency("xa-lab")
    answer = operator.post("/agencies/xa-lab/entry-key/", {"client": "case system"})
    assert (answer.status_code, "The agency is in;" in text(answer)) == (409, True)
    assert not ApiKey.objects.filter(is_entry=True).exists()


def test_an_agency_that_has_no_key_left_gets_one_that_carries_its_word_alone(
    operator: Client, tmp_path: Path
) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    hub.make_agency("xa-lab")
    entering = admitted(operator)
    assert "coming back" in text(operator.get("/agencies/xa-lab/"))
    assert "coming back" not in text(operator.get(entering))
    answer = operator.post("/agencies/xa-lab/return-key/", {"client": "desk"})
    shown = re.search(r'class="secret"[^>]*>([0-9a-f]{12}\.[A-Za-z0-9_-]{43})<', text(answer))
    assert shown is not None and "no-store" in answer["Cache-Control"]
    carrier = authenticate_key(shown[1], "127.0.0.1", now=timezone.now())
    assert carrier.capabilities == {Capability.KEY_ENROL}
    assert operator.post(f"{entering}return-key/", {"client": "desk"}).status_code == 409


def test_a_suspension_is_asked_for_made_and_lifted(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo")
    hub.make_agreement("G1", alpha, bravo)
    assert "Suspend xa-alpha" in text(operator.get("/agencies/xa-alpha/suspend/"))
    assert operator.post("/agencies/xa-alpha/suspend/")["Location"] == "/agencies/xa-alpha/"
    page = text(operator.get("/agencies/xa-alpha/"))
    assert "Suspended since" in page
    assert "Resume…" in page
    assert "xb-bravo" not in text(operator.get("/?state=suspended"))
    assert Agency.objects.get(pk="xa-alpha").is_suspended
    assert operator.get("/agencies/xa-alpha/resume/").status_code == 200
    assert operator.post("/agencies/xa-alpha/resume/").status_code == 302
    assert not Agency.objects.get(pk="xa-alpha").is_suspended
    assert {"agency.suspended", "agency.resumed"} <= set(AuditEvent.objects.values_list("act", flat=True))


def test_what_was_held_gets_its_turn_when_an_agency_is_resumed(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo")
    hub.make_agreement("G1", alpha, bravo)
    hub.carry(alpha, hub.alert_to(bravo, sender=alpha))
    operator.post("/agencies/xb-bravo/suspend/")
    hub.sequence()
    assert FeedHeld.objects.count() == 1
    operator.post("/agencies/xb-bravo/resume/")
    assert (FeedHeld.objects.count(), FeedRequeue.objects.count()) == (0, 1)


def test_agencies_are_listed_with_their_state_and_filtered(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    hub.make_agency("xa-lab")
    hub.sequence()
    admit("xd-reg", fingerprint="ab" * 32, now=timezone.now())
    page = text(operator.get("/"))
    assert {"xa-lab", "xd-reg"} <= set(re.findall(r"x[ad]-\w+", page))
    assert "none yet" in page
    assert "xd-reg" not in text(operator.get("/?state=active"))
    assert "Nothing matches." in text(operator.get("/?state=suspended"))
    assert "xd-reg" in text(operator.get("/?state=nonsense"))


def test_health_says_what_stands(operator: Client, tmp_path: Path) -> None:
    assert "Silent: nothing is logged or delivered." in signs(text(operator.get("/")))
    Hub(tmp_path / "ledger", now=timezone.now()).sequence()
    FeedMark.objects.update(beat=timezone.now())
    page = signs(text(operator.get("/")))
    assert "Alive" in page
    assert "entries signed" in page
    halt_sequencer("The clock is 40 s off.")
    assert "The clock is 40 s off." in signs(text(operator.get("/")))


def test_health_counts_the_exchanges_loops_and_no_desks(operator: Client) -> None:
    now = timezone.now()
    row: dict[str, Any] = {"reason": "x", "version": "1", "first_at": now, "tried_at": now}
    SetAside.objects.create(loop="desk.feed", key="a", **row)
    LoopState.objects.create(loop="notices.mails", in_a_row=10, version="1", stopped_at=now)
    assert "Nothing is set aside." in signs(text(operator.get("/")))
    SetAside.objects.create(loop="contents.deleting", key="a", **row)
    assert "1 item is set aside." in signs(text(operator.get("/")))
    LoopState.objects.create(loop="keys.recoveries", in_a_row=10, version="1", stopped_at=now)
    assert "1 loop stands." in signs(text(operator.get("/")))
    for word in ("Feeds", "Mail", "Policies"):
        assert f"<dt>{word}</dt>" not in text(operator.get("/"))


def test_a_broker_that_is_away_is_said(operator: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "The broker does not answer" in signs(text(operator.get("/")))


def test_the_queue_is_asked_for_by_the_operators_own_login(operator: Client, settings: Settings) -> None:
    logins = surroundings().world.redis_urls
    settings.REDIS_URL = logins["operator"]
    assert "The broker answers; the queues are short." in signs(text(operator.get("/")))
    settings.REDIS_URL = logins["desk"]
    assert "The broker refuses to say" in signs(text(operator.get("/"))), "of the other half"


def test_a_move_that_is_allowed_stands_at_the_top(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    hub.make_agency("xa-lab")
    assert "The move is allowed." not in text(operator.get("/agencies/xa-lab/"))
    page = text(operator.post("/agencies/xa-lab/move/", {"sure": "yes"}, follow=True))
    assert "The move is allowed." in page and "Its next keyset may say:" in page and "Take it back…" in page


def test_a_keyset_that_ends_is_named(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now() - timedelta(days=85))
    hub.make_agency("xa-lab")
    hub.sequence()
    assert "xa-lab" in signs(text(operator.get("/")))


def test_the_ledger_shows_head_checkpoints_and_who_has_seen_another(operator: Client, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    hub.make_agency("xa-lab")
    size = hub.sequence().size
    page = text(operator.get("/ledger/"))
    assert f'data-label="Entries">{size}</td>' in page
    assert "has seen another log" not in page
    from ledger.audit import record_event

    detail = {"agency": "xb-health", "size": 12, "root": "R" * 43, "known": False}
    record_event(
        DISPUTED, actor="system:exchange", agency="", subject="o" * 43, detail=detail, now=timezone.now()
    )
    page = text(operator.get("/ledger/"))
    assert "<bdi>xb-health</bdi> has seen another log" in page
    assert "R" * 43 in page
    assert "A partner has seen another log" in signs(text(operator.get("/")))


def test_every_time_on_the_pages_names_its_zone(operator: Client) -> None:
    where = admitted(operator)
    for path in ("/", where, "/operators/", "/ledger/"):
        page = text(operator.get(path))
        times = re.findall(r"<time[^>]*>([^<]*)</time>", page)
        assert times and all(said.endswith("\N{NO-BREAK SPACE}UTC") for said in times), path
