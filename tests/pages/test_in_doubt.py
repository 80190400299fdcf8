# SPDX-License-Identifier: Apache-2.0
"""After a key is revoked, what it signed is shown as in doubt with its times, and is reaffirmed or withdrawn on a page."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.sending.withdrawal import withdraw_alert
from officers.models import Officer
from sharing.models import Statement
from sharing.repudiation import find_repudiated, mark_doubts
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld, Stage, answer_one
from tests.pages.key_desks import key_of
from tests.pages.test_reply_pages import open_at_health
from tests.stolen_vault_keys import submit_as_thief
from vault.agency_keys import revoke_agency_key, rotate_agency_keys


def lose_key(desk: DeskWorld, *officers: Officer) -> None:
    """Revoke the signing keys of these officers' agencies as stolen two hours ago, and go on with new ones."""
    for officer in officers:
        _revoke(desk, officer)
    tell(desk)


def _revoke(desk: DeskWorld, officer: Officer) -> None:
    keeper = desk.hub.make_officer(officer.agency, "key_officer")  # type: ignore[arg-type]
    since = desk.hub.now - timedelta(hours=2)
    kid = key_of(officer).kid
    revoke_agency_key(keeper, keeper.agency, kid=kid, since=since, code="stolen", now=desk.tick())  # type: ignore[arg-type]
    rotate_agency_keys(keeper, keeper.agency, uses=["sign"], now=desk.tick())  # type: ignore[arg-type]


def tell(desk: DeskWorld) -> None:
    """Do what is due for sequencer, worker and desk-worker."""
    desk.settle()
    for step in (find_repudiated, mark_doubts):
        while step(now=desk.hub.now):
            pass
    desk.settle()


def page_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def answer_and_lose_key(desk: DeskWorld) -> None:
    """Have the laboratory lose its key after an alert of its was acknowledged."""
    answer_one(desk)
    lose_key(desk, desk.benno)


def answer_and_lose_own_key(desk: DeskWorld) -> None:
    """Have the health authority lose the key by which it acknowledged the alert."""
    answer_one(desk)
    lose_key(desk, desk.haitham)
    desk.wait_for_the_clock()


@pytest.fixture
def alert(desk: DeskWorld) -> Alert:
    """The laboratory's alert, opened and acknowledged at the health authority."""
    return Alert.objects.get()


@pytest.fixture
def releaser(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.benno)


AT = r"\d+ \w+ \d{4} \d\d:\d\d UTC\+[0-9:]+"
"""A moment as a reader away from Greenwich reads it, in the same zone as the rest of the page."""
BOTH_TIMES = f"logged at {AT}, signed with a key that .* revoked at {AT} for everything since {AT}[.]"


class TestOnceTheSendersKeyIsLost:
    @pytest.fixture
    def stage(self) -> Stage:
        return answer_and_lose_key

    def test_the_sender_sees_it_with_every_time_and_what_to_do(
        self, releaser: Client, desk: DeskWorld, alert: Alert, as_officer: SignIn
    ) -> None:
        for address in ("/", f"/outbox/{alert.pk}/"):
            page = page_of(releaser, address)
            assert (
                f'href="/outbox/{alert.pk}/reaffirm/"' in page
                and f'href="/outbox/{alert.pk}/withdraw/"' in page
            )
        assert re.search("In doubt. This was " + BOTH_TIMES, page)
        author = page_of(as_officer(desk.ilka), f"/outbox/{alert.pk}/")
        assert "In doubt. This was" in author and "/reaffirm/" not in author
        sent = page_of(releaser, "/outbox/")
        assert re.search(f'data-tone="danger">In doubt: logged {AT}, key not valid since {AT}<', sent)
        question = page_of(releaser, f"/outbox/{alert.pk}/reaffirm/")
        assert (
            "<h1>Reaffirm to 2 agencies?</h1>" in question and ">Reaffirm to 2 agencies</button>" in question
        )
        assert "1 has opened it." in question and re.search("In doubt. This was " + BOTH_TIMES, question)
        assert not Statement.objects.filter(k="reaffirm").exists(), "looking says nothing"

    def test_the_recipient_sees_it_closed_open_and_in_the_list(
        self, desk: DeskWorld, alert: Alert, as_officer: SignIn
    ) -> None:
        reader = as_officer(desk.aroha)
        assert re.search(r'data-tone="danger">In doubt: logged', page_of(reader, "/inbox/"))
        address = f"/inbox/{desk.received(desk.aroha).pk}/"
        closed = page_of(reader, address)
        assert re.search(
            'note is-danger" role="status">.*?<div>In doubt. This was ' + BOTH_TIMES, closed, re.S
        )
        reader.post(address, {"reason": "on_duty"})
        opened = page_of(reader, address)
        assert CONTENT in opened and opened.count('<div class="note is-danger"') == 1
        assert "Key void since" in opened and opened.count("time stated by the exchange alone") >= 2

    def test_reaffirmed_it_counts_again_for_both_sides(
        self, releaser: Client, desk: DeskWorld, alert: Alert, as_officer: SignIn
    ) -> None:
        desk.hub.now = max(desk.hub.now, timezone.now())
        address = f"/outbox/{alert.pk}/reaffirm/"
        assert releaser.post(address).headers["Location"] == f"/outbox/{alert.pk}/"
        desk.catch_up()
        page = page_of(releaser, f"/outbox/{alert.pk}/")
        assert 'note is-ok" role="status">' in page and "Reaffirmed on " in page
        assert "/reaffirm/" not in page and "In doubt" not in page_of(releaser, "/")
        assert 'data-tone="ok">Reaffirmed on' in page_of(releaser, "/outbox/")
        reader, inbox = as_officer(desk.aroha), f"/inbox/{desk.received(desk.aroha).pk}/"
        assert "Reaffirmed by Forensic Laboratory, Arvenia on" in page_of(reader, inbox)
        reader.post(inbox, {"reason": "on_duty"})
        assert re.search('note is-ok" role="status">.*?Reaffirmed by', page_of(reader, inbox), re.S)
        assert releaser.get(address).status_code == 302, "there is nothing to reaffirm any more"
        assert releaser.post(address).status_code == 302
        assert "Nothing puts this alert in doubt now." in page_of(releaser, f"/outbox/{alert.pk}/")
        assert Statement.objects.filter(k="reaffirm").count() == 1, "sent twice is said once"

    def test_the_first_page_costs_as_much_with_three_alerts_in_doubt_as_with_one(
        self, releaser: Client, desk: DeskWorld, as_officer: SignIn
    ) -> None:
        """The first page of the sender, with alerts in doubt, and of the agency that acknowledged, with answers in doubt."""
        counts = []
        answerer = as_officer(desk.hub.make_officer(desk.aroha.agency, "releaser"))  # type: ignore[arg-type]
        lose_key(desk, desk.aroha)
        for many in (1, 3):
            for _ in range(many - 1):
                desk.send(desk.draft())
            for received in ReceivedAlert.objects.filter(agency=desk.aroha.agency, acknowledged_at=None):
                open_alert(desk.aroha, received, reason="on_duty", now=desk.tick())
                acknowledge_alert(desk.aroha, received, now=desk.tick())
            if many > 1:
                desk.settle()
                lose_key(desk, desk.benno, desk.aroha)
            for client, address in ((releaser, "reaffirm/"), (answerer, "/doubt/answers/")):
                page_of(client, "/")  # The first visit of a session also writes it.
                with CaptureQueriesContext(connection) as queries:
                    page = page_of(client, "/")
                assert page.count(address) >= many
                counts.append(len(queries))
        assert counts[:2] == counts[2:]
        assert max(counts) <= 35, counts


class TestOnceItWasAnswered:
    @pytest.fixture
    def stage(self) -> Stage:
        return answer_one

    def test_an_acknowledgement_in_doubt_is_shown_to_the_sender_and_reaffirmed_by_its_agency(
        self, releaser: Client, desk: DeskWorld, alert: Alert, as_officer: SignIn
    ) -> None:
        lose_key(desk, desk.haitham)
        page = page_of(releaser, f"/outbox/{alert.pk}/")
        assert "In doubt</span>" in page and "An acknowledgement does not count." in page
        assert page_of(releaser, "/outbox/").count(">0/2</td>") >= 1, "it is not counted"
        client = as_officer(desk.haitham)
        start = page_of(client, "/")
        (address,) = set(re.findall(r'href="(/doubt/answers/[^"]+)"', start))
        assert "Acknowledgement" in start and "نورين الصفواري" in start
        question = page_of(client, address)
        assert ">Reaffirm 1 answer</button>" in question
        for label in ("Logged", "Key void since", "Revocation logged"):
            assert re.search(f"<dt>{label}</dt><dd><time[^>]+>[^<]+UTC", question), "with its zone"
        assert as_officer(desk.aroha).get(address).status_code == 403
        assert releaser.get(address).content == releaser.get(f"/doubt/answers/{'A' * 43}/reaffirm/").content
        desk.hub.now = max(desk.hub.now, timezone.now())
        assert client.post(address).headers["Location"] == "/"
        desk.catch_up()
        assert address not in page_of(client, "/")
        assert "An acknowledgement does not count." not in page_of(releaser, f"/outbox/{alert.pk}/")

    def test_a_withdrawal_that_does_not_count_is_said_and_done_again(
        self, desk: DeskWorld, alert: Alert, releaser: Client
    ) -> None:
        withdraw_alert(desk.benno, alert, code="error", now=desk.tick())
        lose_key(desk, desk.benno)
        page = page_of(releaser, f"/outbox/{alert.pk}/")
        assert "This withdrawal does not count." in page and f'href="/outbox/{alert.pk}/withdraw/"' in page
        assert "Every agency has confirmed" not in page
        assert "Withdrawal does not count" in page_of(releaser, "/outbox/")
        answer = releaser.post(f"/outbox/{alert.pk}/withdraw/", {"code": "error"})
        assert answer.headers["Location"] == f"/outbox/{alert.pk}/"
        desk.catch_up()
        page = page_of(releaser, f"/outbox/{alert.pk}/")
        assert "Withdrawn" in page and "This withdrawal does not count." not in page
        assert Statement.objects.filter(k="retract").count() == 2


def test_what_a_thief_sent_can_only_be_withdrawn(
    releaser: Client, desk: DeskWorld, as_officer: SignIn
) -> None:
    md = submit_as_thief(desk.hub, desk.lab, to=desk.health)
    desk.settle()
    lose_key(desk, desk.benno)
    page, address = page_of(releaser, "/"), f"/doubt/alerts/{md}/withdraw/"
    assert "An alert in your agency&#x27;s name that this desk never sent" in page.replace("'", "&#x27;")
    assert f'href="{address}"' in page
    question = page_of(releaser, address)
    assert ">Withdraw from 1 agency</button>" in question and md in question
    refused = releaser.post(address, {"code": "mood"})
    assert refused.status_code == 422 and "Reason: choose one." in refused.content.decode()
    desk.hub.now = max(desk.hub.now, timezone.now())
    assert releaser.post(address, {"code": "error"}).headers["Location"] == "/"
    desk.catch_up()
    assert address not in page_of(releaser, "/")
    assert releaser.get(address).status_code == 404
    assert as_officer(desk.haitham).get(address).status_code == 404


class TestOnceTheOwnKeyIsLost:
    @pytest.fixture
    def stage(self) -> Stage:
        return answer_and_lose_own_key

    def test_an_acknowledgement_that_does_not_count_says_so_beside_its_tick(
        self, desk: DeskWorld, as_officer: SignIn
    ) -> None:
        received = desk.received(desk.aroha)
        assert "It does not count at present" in open_at_health(desk, as_officer(desk.aroha))
        assert received.acknowledged_at is not None
