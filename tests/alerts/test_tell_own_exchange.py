# SPDX-License-Identifier: Apache-2.0
"""An own desk is told its exchange: the log there must be signed by the key that was typed."""

from datetime import timedelta
from functools import partial

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accord.calls.errors import UnreachableError
from accord.envelope.private import LedgerKey
from accord.fingerprintwords import fingerprint_words
from callers.errors import InputError, MoveError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent
from officers.entering import ask_admitted
from officers.models import Officer
from peers.models import Agency, OwnExchange
from peers.own_exchange import ExchangePlace, ask_exchange, exchange_place, keep_exchange, known_exchange
from tests.alerts.conftest import Desks
from tests.at_once import at_once
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of
from tests.entries import admit_elsewhere, make_keeper

PAGE = "/desk/exchange/"


@pytest.fixture
def keeper(served: Desks, settings: Settings) -> Officer:
    """The keeper of a desk that has not been told its exchange; the exchange of `served` answers on a socket."""
    settings.OWN_DESK, settings.EXCHANGE_URL = True, ""
    Agency.objects.update(is_hosted=False)
    answer_as_of(timezone.now())
    return make_keeper()


@pytest.fixture
def vkey(settings: Settings) -> str:
    return str(settings.EXCHANGE_LEDGER_VKEY).split()[0]


def test_it_is_asked_compared_and_kept(
    served: Desks, keeper: Officer, live_server: LiveServer, vkey: str
) -> None:
    client = Client()
    client.force_login(keeper, "officers.login.backends.EmailBackend")
    with pytest.raises(UnreachableError):
        exchange_place()
    told = {"url": f" {live_server.url}/ ", "vkey": f"{vkey} "}
    asked = client.post(PAGE, told).content.decode()
    assert ExchangePlace("", vkey).fingerprint in asked
    assert all(words in asked for _, words in fingerprint_words(ExchangePlace("", vkey).fingerprint))
    assert not OwnExchange.objects.exists()
    assert client.post(PAGE, told | {"compared": "on"}).headers["Location"] == "/"
    assert exchange_place() == ExchangePlace(live_server.url, vkey)
    event = AuditEvent.objects.get(act="exchange.told")
    assert event.detail == {"url": live_server.url, "fingerprint": ExchangePlace("", vkey).fingerprint}


@pytest.mark.parametrize(
    ("url", "key", "field", "text"),
    [
        ("", "hub.example/log+00000000+AAAA", "vkey", "not complete"),
        ("http://exchange.example", "", "url", "use https://"),
        ("https://exchange.example/desk", "", "url", "use https://"),
        ("exchange.example", "", "url", "use https://"),
        ("http://127.0.0.1:9", "", "url", "cannot be reached"),
    ],
)
def test_what_does_not_fit_is_named(
    keeper: Officer, live_server: LiveServer, vkey: str, url: str, key: str, field: str, text: str
) -> None:
    with pytest.raises(InputError, match=text) as refused:
        keep_exchange(keeper, url or live_server.url, key or vkey, now=timezone.now())
    assert refused.value.field == field
    assert known_exchange() is None


def test_one_wrong_letter_anywhere_in_the_verifier_key_is_noticed(
    keeper: Officer, live_server: LiveServer, vkey: str
) -> None:
    for at in range(len(vkey)):
        typed = vkey[:at] + ("A" if vkey[at] != "A" else "B") + vkey[at + 1 :]
        with pytest.raises(InputError) as refused:
            keep_exchange(keeper, live_server.url, typed, now=timezone.now())
        assert refused.value.field == "vkey", typed


def test_an_address_that_answers_something_else_is_no_exchange(
    keeper: Officer, live_server: LiveServer, vkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ledger.api.CheckpointView.dispatch", lambda *_args, **_words: HttpResponse("Welcome")
    )
    with pytest.raises(InputError) as refused:
        ask_exchange(keeper, live_server.url, vkey, now=timezone.now())
    assert refused.value.field == "url" and "no exchange" in refused.value.problem


def test_a_log_that_another_key_signs_is_noticed_with_the_key_for_entering(
    served: Desks, keeper: Officer, live_server: LiveServer, vkey: str
) -> None:
    entry_key = admit_elsewhere("xn-new", now=timezone.now(), custody="agency", root_fingerprint="ab" * 32)
    other = str(LedgerKey.generate("hub.example/log").vkey)
    keep_exchange(keeper, live_server.url, other, now=timezone.now())
    with pytest.raises(InputError, match="signed by another key") as refused:
        ask_admitted(keeper, "xn-new", entry_key, now=timezone.now())
    assert refused.value.field == "exchange"
    keep_exchange(keeper, live_server.url, vkey, now=timezone.now())
    assert ask_admitted(keeper, "xn-new", entry_key, now=timezone.now()).entry.custody == "agency"


def test_it_is_corrected_until_an_agency_was_taken_in(
    served: Desks, keeper: Officer, live_server: LiveServer, vkey: str
) -> None:
    for _ in range(2):
        keep_exchange(keeper, live_server.url, vkey, now=timezone.now())
    assert OwnExchange.objects.count() == 1
    Agency.objects.filter(pk=served.lab.id).update(is_hosted=True)
    with pytest.raises(MoveError):
        keep_exchange(keeper, live_server.url, vkey, now=timezone.now())


def test_a_row_that_was_changed_past_the_program_is_called_by_nobody(
    keeper: Officer, live_server: LiveServer, vkey: str
) -> None:
    keep_exchange(keeper, live_server.url, vkey, now=timezone.now())
    OwnExchange.objects.update(url="https://elsewhere.example")
    with pytest.raises(NotBoundError):
        exchange_place()


def test_a_hosted_desk_has_its_own_from_its_settings(
    served: Desks, keeper: Officer, live_server: LiveServer, vkey: str, settings: Settings
) -> None:
    settings.OWN_DESK = False
    with pytest.raises(MoveError):
        keep_exchange(keeper, live_server.url, vkey, now=timezone.now())
    with pytest.raises(NotPermittedError):
        ask_exchange(served.lab.releaser, live_server.url, vkey, now=timezone.now())
    settings.EXCHANGE_URL = live_server.url
    assert exchange_place().url == live_server.url
    client = Client()
    client.force_login(keeper, "officers.login.backends.EmailBackend")
    assert ExchangePlace("", vkey).fingerprint in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"url": live_server.url, "vkey": vkey, "compared": "on"}).status_code == 409


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(days=-1)])
def test_with_its_clock_a_day_off_the_desk_goes_no_further_and_says_so(
    served: Desks,
    keeper: Officer,
    live_server: LiveServer,
    vkey: str,
    exchange_as_asked: ViewsInPlaceOfSockets,
    off: timedelta,
) -> None:
    now = exchange_as_asked.stated_time = timezone.now()
    entry_key = admit_elsewhere("xn-new", now=now, custody="agency", root_fingerprint="ab" * 32)
    with pytest.raises(InputError, match="Clock: this machine says") as refused:
        keep_exchange(keeper, live_server.url, vkey, now=now + off)
    assert refused.value.field == "clock" and known_exchange() is None
    keep_exchange(keeper, live_server.url, vkey, now=now)
    with pytest.raises(InputError, match="Clock: this machine says"):
        ask_admitted(keeper, "xn-new", entry_key, now=now + off)
    assert ask_admitted(keeper, "xn-new", entry_key, now=now).entry.id == "xn-new"


def test_of_two_who_name_the_exchange_at_once_both_end_at_one_of_them(
    served: Desks, keeper: Officer, live_server: LiveServer, vkey: str
) -> None:
    keys = (vkey, str(LedgerKey.generate("hub.example/log").vkey))
    at_once(*(partial(keep_exchange, keeper, live_server.url, key, now=timezone.now()) for key in keys))
    place = known_exchange()
    assert place is not None and place.vkey in keys
    assert OwnExchange.objects.count() == 1 and AuditEvent.objects.filter(act="exchange.told").count() == 2
