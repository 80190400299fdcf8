# SPDX-License-Identifier: Apache-2.0
"""The top of the keeper's page: everything works, or the most urgent trouble with the button for it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts.models import Alert
from alerts.receiving.taking import FEED
from callers.tones import DANGER, OK, WARN
from desk.keeper.health_signs import URGENCY, Sign, most_urgent
from devtool.owndesk.certificates import LIVES, made_certificate
from ledger.set_aside import STOPS_AFTER, Item, begin_round
from notices.models import Notification
from officers.models import Officer
from peers.models import FeedCursor
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld


@pytest.fixture
def keeper(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.noor)


def top(page: str) -> str:
    """Return the part of the page before the first panel."""
    return page[page.index("page-head") : page.index('<section class="panel')]


def test_where_nothing_is_wrong_one_line_says_so_and_when_it_was_looked_at(keeper: Client) -> None:
    said = top(keeper.get("/").content.decode())
    assert "Everything works." in said and "Looked at <time" in said and "is-ok" in said


def test_a_trouble_stands_alone_at_the_top_with_its_button(desk: DeskWorld, keeper: Client) -> None:
    for key in range(STOPS_AFTER):
        begin_round(FEED, agency="xa-lab", now=desk.hub.now).take(Item(str(key)), lambda: 1 / 0)
    said = top(keeper.get("/").content.decode())
    assert "Set aside: 1 loop stands." in said and "is-danger" in said
    assert '<a class="button" href="/set-aside/">See why</a>' in said
    assert "Everything works." not in said


def test_the_exchange_can_be_asked_at_any_time_and_anew_at_the_top(
    desk: DeskWorld, keeper: Client, sent: Alert
) -> None:
    assert keeper.get("/").content.decode().count('action="/desk/exchange/ask/"') == 1
    FeedCursor.objects.update(asked_at=timezone.now() - timedelta(minutes=3))
    page = keeper.get("/").content.decode()
    assert page.count('action="/desk/exchange/ask/"') == 1
    said = top(page)
    assert "Feeds: A feed was last read" in said
    assert 'action="/desk/exchange/ask/"' in said and "Ask the exchange now" in said


def test_a_role_that_one_person_alone_has_is_named(desk: DeskWorld, keeper: Client) -> None:
    Officer.objects.filter(full_name="Sunniva Okparel").update(password="argon2$")
    said = top(keeper.get("/").content.decode())
    assert f"1 role has one person alone: Agency admin ({desk.lab.name})" in said
    assert "Name a second one" in said and "Everything works." in said


def test_of_several_troubles_a_danger_goes_first_then_the_order_of_urgency() -> None:
    signs = {part: Sign(part, part, WARN, "") for part in URGENCY}
    assert most_urgent(reversed(signs.values())) == signs[URGENCY[0]]
    last = Sign(URGENCY[-1], "", DANGER, "")
    assert most_urgent([*signs.values(), last]) == last
    assert most_urgent([Sign("mail", "", OK, "")]) is None


CLOCKS = (
    (119, "agrees with the exchange", "ok"),
    (-119, "agrees with the exchange", "ok"),
    (180, "3 minutes ahead of the exchange", "warn"),
    (-180, "3 minutes behind the exchange", "warn"),
    (301, "5 minutes ahead of the exchange", "danger"),
)


def test_a_clock_that_is_off_is_named(keeper: Client, sent: Alert) -> None:
    Notification.objects.update(state="sent")
    for secs, words, tone in CLOCKS:
        FeedCursor.objects.update(asked_at=timezone.now(), clock_ahead_secs=secs)
        page = keeper.get("/").content.decode()
        assert f'data-tone="{tone}">This machine&#x27;s clock' in page and words in page
        assert (words in top(page)) == (tone != "ok")


CERTIFICATES = (
    (31, "ok", "It ends on"),
    (30, "warn", "It ends in less than 30 days"),
    (14, "warn", "It ends in less than 14 days"),
    (7, "danger", "It ends in less than 7 days"),
    (1, "danger", "It ends in less than 1 day,"),
    (0, "danger", "It ended on"),
)


def test_the_end_of_the_desk_s_certificate_is_told_ahead(
    keeper: Client, settings: Settings, tmp_path: Path
) -> None:
    for days, tone, words in CERTIFICATES:
        # A certificate begins an hour before it is made; a minute is left for the test.
        made_at = timezone.now() - LIVES + timedelta(hours=1) + timedelta(days=days) - timedelta(minutes=1)
        folder = tmp_path / str(days)
        folder.mkdir()
        settings.TLS_CERTIFICATE_FILE = str(made_certificate(folder, "desk.example", made_at).path)
        assert f'data-tone="{tone}">{words}' in keeper.get("/").content.decode()


def test_a_certificate_that_cannot_be_read_is_told(
    keeper: Client, settings: Settings, tmp_path: Path
) -> None:
    page = keeper.get("/").content.decode()
    assert "<dt>Certificate</dt>" not in page
    settings.TLS_CERTIFICATE_FILE = str(tmp_path / "certificate.pem")
    assert "certificate of this desk cannot be read" in top(keeper.get("/").content.decode())
    Path(settings.TLS_CERTIFICATE_FILE).write_text("none")
    assert "certificate of this desk cannot be read" in top(keeper.get("/").content.decode())


def test_an_own_desk_without_a_mail_server_misses_no_mail(
    keeper: Client, settings: Settings, sent: Alert
) -> None:
    FeedCursor.objects.update(asked_at=timezone.now())
    assert "Mail: Mail is late" in top(keeper.get("/").content.decode())
    settings.OWN_DESK, settings.EMAIL_BACKEND = True, "django.core.mail.backends.dummy.EmailBackend"
    page = keeper.get("/").content.decode()
    assert "officers are told by its pages alone" in page and "Mail is late" not in page
