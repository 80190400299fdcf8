# SPDX-License-Identifier: Apache-2.0
"""Keys for the exchange at the desk: listed as the exchange answers, issued and ended by the agency's own statement alone."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agencies.apikeys import authenticate_key
from agencies.entrykeys import issue_return_key
from agencies.models import ApiKey, OwnStatement
from agencies.selfrotation import rotate_own_key
from alerts.agency.credentials import (
    end_credential,
    issue_credential,
    read_credentials,
    replace_own_credential,
)
from alerts.errors import ExchangeAwayError
from callers.capabilities import CALLS_OF_A_DESK, Role, usual_scopes
from callers.errors import AbsentError, CredentialError, InputError, NotPermittedError
from callers.systemkeys import LAST_DAYS
from ledger.models import AuditEvent
from officers.models import Officer
from peers.credentials import follow_credentials
from peers.models import KnownCredential
from tests.alerts.conftest import Desks, kept_desks_of_now
from tests.api.sessions import Session
from tests.builders import OPERATOR
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of, give_exchange_keys, the_exchange
from tests.exchange_keys import give_api_key
from tests.role_logins import under_login_of
from vault.exchangekeys import HeldExchangeKeys, keep_exchange_key
from vault.models import ExchangeKey

DAY = timedelta(days=1)
HELD = HeldExchangeKeys()


@pytest.fixture
def admin(desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets) -> Officer:
    """An admin of the laboratory; the exchange answers by the world's clock."""
    answer_as_of(desks.hub.now)
    return desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)


def issue(desks: Desks, by: Officer, **terms: Any) -> Any:
    usual: dict[str, Any] = {"client": "scanner", "scopes": ["feed:read"], "lifetime": 30 * DAY}
    return issue_credential(by, **(usual | terms), now=desks.hub.now)


def test_a_key_is_asked_for_by_a_signed_statement_and_ended_by_another(desks: Desks, admin: Officer) -> None:
    made = issue(desks, admin, networks=["192.0.2.0/24"])
    assert made.key is not None
    client = authenticate_key(made.key, "192.0.2.7", now=desks.hub.now)
    assert (client.agency_id, client.client, sorted(client.scopes)) == (
        desks.lab.id,
        "scanner",
        ["feed:read"],
    )
    stated = OwnStatement.objects.get(agency_id=desks.lab.id, k="apikey")
    assert ApiKey.objects.get(pk=made.prefix).stated_in == stated.od
    assert made.prefix in {item.prefix for item in read_credentials(admin).items}
    end_credential(admin, made.prefix, now=desks.hub.now)
    with pytest.raises(CredentialError):
        authenticate_key(made.key, "192.0.2.7", now=desks.hub.now)
    with pytest.raises(AbsentError):
        end_credential(admin, "0" * 12, now=desks.hub.now)
    acts = AuditEvent.objects.filter(agency=desks.lab.id, act__startswith="credential.").order_by("seq")
    assert [(row.act, row.actor) for row in acts] == [
        ("credential.issued", admin.audit_name),
        ("credential.ended", admin.audit_name),
    ]


def test_what_is_wrong_is_named_before_anything_is_signed(desks: Desks, admin: Officer) -> None:
    for field, value in [
        ("scopes", ["draft:write"]),
        ("scopes", []),
        ("client", "a/b"),
        ("networks", ["192.0.2.7/8"]),
        ("lifetime", 91 * DAY),
    ]:
        the_exchange.asked.clear()
        with pytest.raises(InputError) as refused:
            issue(desks, admin, **{field: value})
        assert refused.value.field == field
        assert the_exchange.asked == []


def test_only_an_agency_admin(desks: Desks, admin: Officer) -> None:
    other = desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER)
    for act in (lambda: issue(desks, other), lambda: read_credentials(other)):
        with pytest.raises(NotPermittedError):
            act()


def test_while_the_exchange_is_away_nothing_is_said_to_be_done(desks: Desks, admin: Officer) -> None:
    the_exchange.is_away = True
    for act in (lambda: issue(desks, admin), lambda: read_credentials(admin)):
        with pytest.raises(ExchangeAwayError):
            act()
    page = _page(admin).get("/api-keys/").content.decode()
    assert "The exchange could not be asked, so its keys are not shown" in page
    assert Session(admin)("GET", "exchange-keys").json()["type"] == "urn:accord:problem:exchange-away"


def test_the_desks_own_key_is_replaced_and_not_ended(desks: Desks, admin: Officer) -> None:
    give_exchange_keys()
    own = HELD.prefix_of(desks.lab.id)
    with pytest.raises(InputError) as refused:
        end_credential(admin, own, now=desks.hub.now)
    assert refused.value.field == "prefix"
    replace_own_credential(admin, now=desks.hub.now)
    new = HELD.prefix_of(desks.lab.id)
    assert new != own
    assert ApiKey.objects.get(pk=own).revoked_at is not None
    assert ApiKey.objects.get(pk=new).revoked_at is None
    known = read_credentials(admin)
    assert [item.prefix for item in known.items if known.is_own(item)] == [new]


def test_a_desk_without_a_key_gets_one_by_a_key_for_entering(desks: Desks, admin: Officer) -> None:
    assert not ExchangeKey.objects.filter(pk=desks.lab.id).exists()
    with pytest.raises(InputError) as refused:
        replace_own_credential(admin, return_key="0" * 12 + "." + "A" * 43, now=desks.hub.now)
    assert refused.value.field == "return_key"
    _, return_key = issue_return_key(OPERATOR, desks.lab.id, client="desk", now=desks.hub.now)
    replace_own_credential(admin, return_key=return_key, now=desks.hub.now)
    assert authenticate_key(HELD.api_key_of(desks.lab.id), "", now=desks.hub.now).client == "desk"


def test_what_the_desks_own_key_lacks_stands_on_the_page_until_it_is_replaced(
    today: Desks, admin_today: Officer
) -> None:
    page = _page(admin_today)
    _, text = give_api_key(today.lab.id, scopes=usual_scopes(), client="desk", now=timezone.now())
    keep_exchange_key(today.lab.id, text, timezone.now() + 30 * DAY)
    shown = page.get("/api-keys/").content.decode()
    assert "It lacks: suspend the agency" in shown
    assert page.post("/api-keys/exchange/own/", {}).status_code == 302
    assert "It lacks:" not in page.get("/api-keys/").content.decode()


def test_the_desks_key_before_serves_on_for_a_while_and_is_not_replaced_again(
    today: Desks, admin_today: Officer
) -> None:
    give_exchange_keys()
    page, now, lab = _page(admin_today), timezone.now(), today.lab.id
    assert page.get("/api-keys/").content.decode().count("Replace…") == 1
    ApiKey.objects.filter(agency=lab).update(expires_at=now + LAST_DAYS)
    new, text = rotate_own_key(authenticate_key(HELD.api_key_of(lab), "", now=now), now=now)
    keep_exchange_key(lab, text, new.expires_at)
    shown = page.get("/api-keys/").content.decode()
    assert shown.count("Replace…") == 1 and "replaced; it ends by itself" in shown


def test_for_another_desk_all_that_a_desk_does_is_ticked(admin: Officer) -> None:
    asked = _page(admin).get("/api-keys/exchange/issue/?for=desk").content.decode()
    assert asked.count(" checked") == len(CALLS_OF_A_DESK)


def test_what_serves_there_is_known_to_whoever_tells_people(desks: Desks, admin: Officer) -> None:
    give_exchange_keys()
    made, ended = issue(desks, admin, lifetime=90 * DAY), issue(desks, admin, client="old")
    end_credential(admin, ended.prefix, now=desks.hub.now)
    issue_return_key(OPERATOR, desks.lab.id, client="x", now=desks.hub.now)
    with under_login_of("desk-worker"):
        follow_credentials()
    (row,) = KnownCredential.objects.filter(agency_id=desks.lab.id)
    assert (row.prefix, row.client, row.has_replaced) == (made.prefix, "scanner", False)
    late = row.expires_at - LAST_DAYS
    new, _ = rotate_own_key(authenticate_key(made.key, "", now=late), now=late)
    with under_login_of("desk-worker"):
        follow_credentials()
    (row,) = KnownCredential.objects.filter(agency_id=desks.lab.id)
    assert (row.prefix, row.has_replaced) == (new.prefix, True)
    the_exchange.is_away = True
    with under_login_of("desk-worker"):
        follow_credentials()
    assert KnownCredential.objects.filter(agency_id=desks.lab.id).count() == 1


# --- over the wire and on pages ------------------------------------------------------------------------------


@pytest.fixture
def today(db: None, tmp_path: Path, exchange_as_asked: ViewsInPlaceOfSockets) -> Desks:
    """Desks whose keysets are in force now."""
    found = kept_desks_of_now(tmp_path / "ledger")
    answer_as_of(timezone.now())
    return found


@pytest.fixture
def admin_today(today: Desks) -> Officer:
    return today.hub.make_officer(today.lab.agency, Role.AGENCY_ADMIN)


def test_in_json_the_text_is_in_one_answer(today: Desks, admin_today: Officer) -> None:
    session, wanted = Session(admin_today), {"client": "scanner", "scopes": ["directory:read"], "days": 30}
    one, two = (session("POST", "exchange-keys", wanted, idempotency_key="key-1") for _ in range(2))
    assert (one.status_code, one["Cache-Control"]) == (201, "no-store"), one.content
    assert two.json() == one.json() | {"key": None}
    prefix = one.json()["prefix"]
    listed = session("GET", "exchange-keys")
    assert prefix in {row["prefix"] for row in listed.json()["items"]}
    assert one.json()["key"] not in listed.content.decode()
    assert session("DELETE", f"exchange-keys/{prefix}").status_code == 204
    assert session("DELETE", f"exchange-keys/{'0' * 12}").status_code == 404
    foreign, _ = give_api_key(today.health.id, now=today.hub.now)
    assert session("DELETE", f"exchange-keys/{foreign.prefix}").status_code == 404


def test_in_json_the_desks_own_key_is_replaced_and_shown_to_nobody(
    today: Desks, admin_today: Officer
) -> None:
    give_exchange_keys()
    answer = Session(admin_today)("POST", "exchange-keys/own/replace", {})
    assert answer.status_code == 200, answer.content
    (own,) = (row for row in answer.json()["items"] if row["is_own"])
    text = HELD.api_key_of(today.lab.id)
    assert text.startswith(own["prefix"]) and text.partition(".")[2] not in answer.content.decode()


def test_on_the_page_two_groups_and_the_key_shown_once(today: Desks, admin_today: Officer) -> None:
    give_exchange_keys()
    browser = _page(admin_today)
    page = browser.get("/api-keys/").content.decode()
    for words in ("Keys for the exchange", "Keys for this desk", "As of ", "This desk", "Replace…"):
        assert words in page
    asked = browser.get("/api-keys/exchange/issue/").content.decode()
    seen = re.search(r'name="seen" value="([^"]*)"', asked)
    assert seen is not None
    form = {"client": "scanner", "scopes": ["feed:read"], "days": "30", "networks": "", "seen": seen[1]}
    shown = browser.post("/api-keys/exchange/issue/", form)
    assert shown.status_code == 200 and "no-store" in shown["Cache-Control"], shown.content
    made = ApiKey.objects.get(client="scanner")
    assert f"{made.prefix}." in shown.content.decode() and "Authorization: Api-Key" in shown.content.decode()
    again = browser.post("/api-keys/exchange/issue/", form, follow=True)
    assert "Nothing was issued now." in again.content.decode()
    asked = browser.get(f"/api-keys/exchange/{made.prefix}/end/").content.decode()
    assert "A key that was ended does not come back." in asked
    assert browser.post(f"/api-keys/exchange/{made.prefix}/end/").status_code == 302
    made.refresh_from_db()
    assert made.revoked_at is not None
    own = HELD.prefix_of(today.lab.id)
    refused = browser.post(f"/api-keys/exchange/{own}/end/")
    assert refused.status_code == 422 and "Replace the desk" in refused.content.decode()
    assert browser.post("/api-keys/exchange/own/", {"return_key": ""}).status_code == 302
    assert HELD.prefix_of(today.lab.id) != own


def _page(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer, "officers.login.backends.EmailBackend")
    return client
