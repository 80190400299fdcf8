# SPDX-License-Identifier: Apache-2.0
"""The key wizard for an agency whose root the hub holds: every act asks first, then is done at once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agencies import accession
from agencies.models import Key, Keyset, Revocation
from alerts.models import Alert
from officers.keyfacts import key_facts
from officers.models import Officer
from tests.entries import store_entry
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import key_of, states_of, version_of
from vault.agency_keys import renew_agency_keys

DO = {"version": 1, "go": "do"}
VERBS = ("keys/renew", "keys/rotate", "keys/root/change", "keys/root/recover", "keys/root/cancel")
KEY_VERBS = ("retire", "revoke", "suspend")


@pytest.fixture
def keeper(desk: DeskWorld, as_officer: SignIn) -> Client:
    """Benno, key officer of the laboratory."""
    return as_officer(desk.benno)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def revocation_form(page: str, **changes: str) -> dict[str, str]:
    """Return the form as the page would send it: its hidden fields, and the officer's choices."""
    hidden = dict(re.findall(r'<input type="hidden" name="(version|seen)" value="([^"]*)"', page))
    since = re.search(r'name="since" value="([^"]*)"', page)
    assert since is not None
    return {**hidden, "since": since[1], "zone": "local", "code": "stolen", "go": "do", **changes}


# A look changes nothing, and the page says what would be done.


SAID = (
    ("renew", "Publishes version 2: the same keys", "stays in the log", "Renew as version 2"),
    ("rotate", "The old ones retire over 30 days.", "does not become current again", "Rotate the keys"),
    ("root/change", "the present one signs this too", "never comes back", "Change the root"),
    ("root/recover", "It waits 72 hours in public", "the lost root never counts again", "Recover the root"),
)


def test_each_verb_says_what_it_does_and_what_it_cannot_undo(keeper: Client, desk: DeskWorld) -> None:
    for address, does, lasts, button in SAID:
        page = text_of(keeper, f"/keys/{address}/")
        assert does in page and lasts in page and f">{button}" in page, address
    key = key_of(desk.benno)
    for verb in KEY_VERBS:
        page = text_of(keeper, f"/keys/key/{key.kid}/{verb}/")
        assert f">{verb.title()} key …{key.short}</button>" in page
    encryption = text_of(keeper, f"/keys/key/{key_of(desk.benno, 'enc').kid}/revoke/")
    assert "nobody seals to it any more" in encryption and "stop counting" not in encryption
    assert version_of(desk.benno) == 1, "looking changes nothing"
    assert states_of(desk.benno) == ["current"] * 4


# Acts.


def test_renewing_publishes_the_next_version(
    keeper: Client, desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keeper.post("/keys/renew/", DO).headers["Location"] == "/keys/"
    assert version_of(desk.benno) == 2
    assert "Renewed. The new version is being logged." in text_of(keeper, "/keys/")
    monkeypatch.setattr(accession, "MOST_KEYSETS_A_DAY", 2)
    keeper.post("/keys/renew/", {"version": 2, "go": "do"})
    assert "The exchange takes no change of keys now." in text_of(keeper, "/keys/")
    assert version_of(desk.benno) == 2


def test_what_was_seen_in_another_tab_is_not_done_twice(keeper: Client, desk: DeskWorld) -> None:
    keeper.post("/keys/renew/", DO)
    for address in ("renew", "rotate", "root/change"):
        answer = keeper.post(f"/keys/{address}/", {**DO, "uses": ["sign"]})
        assert answer.status_code == 409, address
        assert "have changed since you loaded this page" in answer.content.decode()
    assert version_of(desk.benno) == 2


def test_rotating_replaces_the_uses_that_were_chosen(keeper: Client, desk: DeskWorld) -> None:
    for uses in ([], ["sign", "root"]):
        answer = keeper.post("/keys/rotate/", {**DO, "uses": uses})
        assert answer.status_code == 422
        assert "Which keys: choose signing, encryption or both." in answer.content.decode()
    assert version_of(desk.benno) == 1
    assert keeper.post("/keys/rotate/", {**DO, "uses": ["enc"]}).status_code == 302
    facts = key_facts(desk.benno, now=timezone.now())
    assert {key.state for key in facts.keys if key.use == "sign"} == {"current"}
    assert sorted(key.state for key in facts.keys if key.use == "enc") == ["current"] * 2 + ["retiring"] * 2


def test_a_key_retires_once_it_is_not_the_last_of_its_kind(keeper: Client, desk: DeskWorld) -> None:
    key = key_of(desk.benno)
    refused = keeper.post(f"/keys/key/{key.kid}/retire/", DO)
    assert refused.status_code == 422
    assert "it is the last of its kind. Rotate the keys instead." in refused.content.decode()
    keeper.post("/keys/rotate/", {**DO, "uses": ["sign"]})
    assert keeper.post(f"/keys/key/{key.kid}/retire/", {**DO, "version": 2}).status_code == 302
    assert key_of(desk.benno, state="retired").kid == key.kid
    again = keeper.get(f"/keys/key/{key.kid}/retire/")
    assert again.status_code == 409 and "This key has ended already." in again.content.decode()


def test_a_key_is_suspended_until_the_root_lists_it_as_current_again(keeper: Client, desk: DeskWorld) -> None:
    key, sealing = key_of(desk.benno), key_of(desk.benno, use="enc")
    page = text_of(keeper, f"/keys/key/{key.kid}/suspend/")
    assert "Only the root lifts it" in page and "nothing is signed with it" in page
    page = text_of(keeper, f"/keys/key/{sealing.kid}/suspend/")
    assert "nothing new that is sealed to it" in page and "signed with it" not in page
    keeper.post(f"/keys/key/{key.kid}/suspend/", DO)
    assert key_of(desk.benno, state="suspended").kid == key.kid
    assert f"Key …{key.short} is suspended." in text_of(keeper, "/keys/")
    assert Key.objects.get(pk=key.kid).until_keyset, "the exchange has heard it"
    assert keeper.post(f"/keys/key/{key.kid}/suspend/", DO).status_code == 409
    desk.tick()
    renew_agency_keys(desk.benno, desk.lab, now=timezone.now() + timedelta(seconds=5))
    assert states_of(desk.benno) == ["current"] * 4
    assert Key.objects.get(pk=key.kid).suspended_at is None


def test_the_root_is_changed_to_the_one_that_was_announced(keeper: Client, desk: DeskWorld) -> None:
    announced = key_facts(desk.benno, now=timezone.now()).keyset
    assert announced is not None
    assert announced.next_root in text_of(keeper, "/keys/root/change/")
    assert keeper.post("/keys/root/change/", DO).status_code == 302
    after = key_facts(desk.benno, now=timezone.now()).keyset
    assert after is not None and after.root == announced.next_root and after.next_root != announced.next_root


def test_recovering_a_root_is_typed_and_waits_in_public_until_it_is_cancelled(
    keeper: Client, desk: DeskWorld
) -> None:
    keyset = key_facts(desk.benno, now=timezone.now()).keyset
    assert keyset is not None
    wrong = keeper.post("/keys/root/recover/", {**DO, "typed": "0"})
    assert wrong.status_code == 422 and f"type {keyset.root[-4:]}." in wrong.content.decode()
    assert keeper.post("/keys/root/recover/", {**DO, "typed": keyset.root[-4:]}).status_code == 302
    page = text_of(keeper, "/keys/")
    assert "A recovered root takes over 72 hours after the log has it." in page
    assert "any keyset signed by the present root cancels it" in page and keyset.next_root in page
    assert "/keys/renew/" not in page and "/keys/rotate/" not in page and "/keys/root/change/" not in page
    stopped = keeper.post("/keys/renew/", DO)
    assert stopped.status_code == 409 and "A recovered root waits." in stopped.content.decode()
    desk.hub.now = timezone.now()
    desk.hub.sequence()
    assert re.search(r"takes over on <time.*?\(in 71 hours\)", text_of(keeper, "/keys/"))
    assert keyset.next_root in text_of(keeper, "/keys/root/cancel/")
    assert keeper.post("/keys/root/cancel/", DO).status_code == 302
    assert "A recovered root" not in text_of(keeper, "/keys/")


def test_an_agency_creates_its_first_keys_once(desk: DeskWorld, as_officer: SignIn) -> None:
    officer = newcomer(desk)
    client = as_officer(officer)
    page = text_of(client, "/keys/")
    assert "No key yet: create one." in page and "/keys/create/" in page
    assert "can act as your agency" in text_of(client, "/keys/create/")
    wrong = client.post("/keys/create/", {"version": 0, "suites": []})
    assert wrong.status_code == 422 and "Suites: choose PQ1, EC1 or both." in wrong.content.decode()
    assert not Keyset.objects.filter(agency="xe-new").exists()
    assert client.post("/keys/create/", {"version": 0, "suites": ["PQ1"]}).status_code == 302
    assert states_of(officer) == ["current"] * 3
    again = client.post("/keys/create/", {"version": 0, "suites": ["PQ1"]})
    assert again.status_code == 409 and "has keys already" in again.content.decode()
    assert Keyset.objects.filter(agency="xe-new").count() == 1


def test_before_the_first_keys_nothing_else_is_open(desk: DeskWorld, as_officer: SignIn) -> None:
    client = as_officer(newcomer(desk))
    for address in VERBS:
        answer = client.get(f"/{address}/")
        assert answer.status_code == 409 and "has no key yet" in answer.content.decode(), address


def newcomer(desk: DeskWorld) -> Officer:
    agency = store_entry(
        "xe-new",
        name="Newcomer",
        kind="laboratory",
        country="XE",
        timezone="UTC",
        language="en",
        custody="hub",
        status="entering",
        admitted_at=desk.hub.now,
    )
    return desk.hub.make_officer(agency, "key_officer")


# Revocations.


def test_revoking_counts_what_it_touches_and_is_done_only_for_what_was_shown(
    keeper: Client, desk: DeskWorld, sent: Alert
) -> None:
    key = key_of(desk.benno)
    address = f"/keys/key/{key.kid}/revoke/"
    page = text_of(keeper, address)
    assert "stop counting: 0 alerts" in page and "This cannot be undone." in page
    assert (
        f"Type <code>{key.short}</code>." in page
        and "Their recipients are told" not in page
        and f">Revoke key …{key.short}</button>" in page
    )
    early = (timezone.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    shown = keeper.post(address, revocation_form(page, since=early, zone="utc", go="show", code=""))
    assert shown.status_code == 200
    assert "stop counting: 1 alert." in shown.content.decode()
    unseen = keeper.post(address, revocation_form(page, since=early, zone="utc", typed=key.short.lower()))
    assert unseen.status_code == 422 and not Revocation.objects.exists()
    page = unseen.content.decode()
    assert "What it touches is not what you saw." in page and "stop counting: 1 alert." in page
    again = revocation_form(page, zone="utc", typed=key.short)
    assert again["since"] == early, "what was entered is kept"
    assert keeper.post(address, again).status_code == 302
    (said,) = Revocation.objects.all()
    assert said.key_id == key.kid and said.code == "stolen"
    page = text_of(keeper, "/keys/")
    assert (
        "is revoked. Now rotate the keys" in page and "Revoked</span><span" in page and "since <time" in page
    )
    refused = keeper.post(address, again)
    assert refused.status_code == 422
    assert "this key is revoked already; only an earlier time changes anything" in refused.content.decode()
    assert Revocation.objects.count() == 1


WRONG_REVOCATIONS = (
    ({"typed": "0000"}, "Confirm: type "),
    ({"typed": ""}, "Confirm: type "),
    ({"code": "mood"}, "Reason: choose stolen, lost, error or ended."),
    ({"since": ""}, "Since: enter a day and a time."),
    ({"since": "yesterday"}, "Since: enter a day and a time, such as"),
    ({"since": "2026-13-45T99:00"}, "Since: enter a day and a time, such as"),
    ({"since": "2099-01-01T00:00"}, "Since: choose a time that is not ahead."),
    ({"since": "0001-01-01T00:00"}, "Since: "),
    ({"since": "1970-01-01T00:00"}, "Since: check the year."),
    ({"since": "2026-03-29T02:30"}, "Since: the clock skipped this time in your zone. Enter it in UTC."),
    ({"zone": "Mars/Olympus"}, "Time zone: choose one."),
)


def test_a_wrong_answer_names_its_field_and_revokes_nothing(keeper: Client, desk: DeskWorld) -> None:
    key = key_of(desk.benno)
    address = f"/keys/key/{key.kid}/revoke/"
    good = revocation_form(text_of(keeper, address), typed=key.short)
    for changes, problem in WRONG_REVOCATIONS:
        answer = keeper.post(address, good | changes)
        assert answer.status_code == 422 and problem in answer.content.decode(), changes
    assert not Revocation.objects.exists()


def test_a_time_is_read_in_the_zone_that_was_chosen(keeper: Client, desk: DeskWorld) -> None:
    key = key_of(desk.benno)
    address = f"/keys/key/{key.kid}/revoke/"
    seen = []
    for since, zone in (
        ("2026-07-01T12:00", "local"),
        ("2026-07-01T10:00", "utc"),
        ("2026-07-01T15:30+05:30", "local"),
    ):
        page = keeper.post(address, {"since": since, "zone": zone, "go": "show"}).content.decode()
        seen.append(re.search(r'name="seen" value="(\S+) ', page))
    assert {match[1] for match in seen if match} == {"2026-07-01T10:00:00+00:00"} and all(seen)


def test_the_page_offers_nothing_to_those_who_may_not(desk: DeskWorld, as_officer: SignIn) -> None:
    page = text_of(as_officer(desk.ilka), "/keys/")
    assert "This desk can act as your agency" in page
    assert "Renew…" not in page and "Revoke…" not in page and "Recover a lost root…" not in page
