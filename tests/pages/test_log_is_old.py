# SPDX-License-Identifier: Apache-2.0
"""Pages say since when the exchange's log has shown an agency nothing newer; the keeper sees for which agencies."""

from datetime import timedelta

from django.utils import timezone

from alerts.models import Alert
from officers.models import Officer
from peers.models import SeenLedger
from tests.bound_rows import rewrite
from tests.desk_calls import ViewsInPlaceOfSockets, answer_as_of
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld
from tests.pages.key_desks import key_of

SAID = "log has shown nothing newer since"


def see_last(desk: DeskWorld, ago: timedelta, agency_id: str = "xa-lab") -> None:
    seconds = int((timezone.now() - ago).timestamp())
    rewrite(SeenLedger.objects.filter(reader=agency_id), newest_log_time=seconds)


def page_of(as_officer: SignIn, officer: Officer, address: str = "/") -> str:
    return as_officer(officer).get(address).content.decode()


def test_a_log_that_goes_on_is_not_spoken_of(desk: DeskWorld, as_officer: SignIn) -> None:
    assert SAID not in page_of(as_officer, desk.ilka)
    address = f"/keys/key/{key_of(desk.benno).kid}/revoke/"
    assert SAID not in page_of(as_officer, desk.benno, address), (
        "nor where a page carries what its reader has seen"
    )
    assert "The exchange&#x27;s log" not in page_of(as_officer, desk.noor)


def test_every_page_of_the_agency_warns_after_a_day(desk: DeskWorld, as_officer: SignIn) -> None:
    see_last(desk, timedelta(hours=25))
    for address in ("/", "/outbox/", "/officers/"):
        page = page_of(as_officer, desk.ilka, address)
        assert SAID in page and "After 7 days nothing is sent." in page
    assert SAID not in page_of(as_officer, desk.aroha)


def test_the_keeper_is_warned_after_a_day_and_after_a_week_nothing_is_sent(
    desk: DeskWorld, as_officer: SignIn
) -> None:
    for hours, tone in ((25, "warn"), (8 * 24, "danger")):
        see_last(desk, timedelta(hours=hours))
        page = page_of(as_officer, desk.noor)
        assert "1 agency has seen nothing newer than" in page and "UTC: xa-lab" in page
        assert f'data-tone="{tone}">1 agency has seen' in page
    page = page_of(as_officer, desk.ilka)
    assert SAID in page and "for more than 7 days: nothing is sent until it does." in page


def test_it_is_said_in_the_language_of_the_reader(desk: DeskWorld, as_officer: SignIn) -> None:
    Officer.objects.filter(pk=desk.ilka.pk).update(language="fr")
    see_last(desk, timedelta(hours=25))
    assert "Le registre de l’échange n’a rien montré de plus récent" in page_of(as_officer, desk.ilka)


def test_a_release_is_refused_with_the_way_out(
    desk: DeskWorld, as_officer: SignIn, checked: Alert, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    see_last(desk, timedelta(days=8))
    answer_as_of(timezone.now())
    exchange_as_asked.answers = lambda path: (503, b"") if path.endswith("/ledger/checkpoint") else None
    answer = as_officer(desk.benno).post(f"/queue/{checked.pk}/release/", {"revision": checked.current})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "a key that was revoked since may go unseen" in page and "Call whoever runs this desk" in page
