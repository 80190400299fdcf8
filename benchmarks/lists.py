# SPDX-License-Identifier: Apache-2.0
"""Lists of 100,000 alerts against the same lists of 1,000, and a search by words over 20,000 cards.

A page is requested as by a browser, in process: session, rights, queries, opening fifty cards, rendering. The floor is the same
page, as full, for an agency that holds a hundredth. The floor of the search is opening as many cards from memory; its bar is
one second.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks._figures import Work, median_seconds, report, report_ms
from demo import alerts as texts
from demo.cast import Cast
from demo.desk import DeskSession
from demo.ownership import set_up_every_app, take_owners_login

if TYPE_CHECKING:
    from django.test import Client

    from officers.models import Officer

NEEDS_HUB = True
MANY, FEW = 100_000, 1_000
EVERY_OF_MANY, EVERY_OF_FEW = 100, 10
"""One alert in so many is unread, another one a question: enough for a full page of either agency."""
PAGE_BAR, FILTER_BAR, START_BAR, SEARCH_BAR_SECS, ROUNDS = 1.5, 1.5, 1.2, 1.0, 15
CARDS = 20_000
ASKED = 500
OPEN_PAGES, POLLED_EVERY_SECS, POLLS_LIMIT_PERCENT = 100, 2, 1.0
ASKERS = {"xa-lab": ("ilka", "benno"), "xb-health": ("aroha", "dele")}
"""Author and releaser of the agency that has sent many, and of the one that has sent few; each asks the other."""


def main() -> None:
    set_up_every_app()
    # The desk's login may not file alerts that nobody sent.
    take_owners_login(os.environ["BENCH_OWNER_URL"])
    from django.utils import timezone

    from benchmarks._many import send_many
    from peers.models import Agency

    lab, health, customs = (Agency.objects.get(pk=pk) for pk in ("xa-lab", "xb-health", "xc-customs"))
    cast, questions = Cast(), {}
    asked = found_recipients(ASKED)
    for asker, (author, releaser) in ASKERS.items():
        (other,) = ASKERS.keys() - {asker}
        questions[asker] = ask(cast.officer(author), cast.officer(releaser), other, asked)
    began = time.perf_counter()
    send_many(lab, customs, MANY, every=EVERY_OF_MANY, now=timezone.now())
    for sender, recipient in ((customs, health), (health, lab)):
        send_many(sender, recipient, FEW, every=EVERY_OF_FEW, now=timezone.now())
    print(f"lists: {MANY + 2 * FEW} alerts made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    _pages(questions)
    _polls()
    _search()


def _pages(questions: Mapping[str, str]) -> None:
    """Measure pages of customs, who hold many, and of the laboratory, which has sent many, against health, which did few of both."""
    many, few, sender = _browser("xc-customs"), _browser("xb-health"), _browser("xa-lab")
    boxes = {
        "inbox": (many, few, "/inbox/", PAGE_BAR),
        "inbox deep": (many, few, "/inbox/?cursor=500", PAGE_BAR),
        "inbox unread": (many, few, "/inbox/?unread=yes", FILTER_BAR),
        "inbox to acknowledge": (many, few, "/inbox/?waiting=yes", FILTER_BAR),
        "inbox to answer": (many, few, "/inbox/?to_answer=yes", FILTER_BAR),
        "inbox overdue": (many, few, "/inbox/?overdue=yes", FILTER_BAR),
        "inbox kind": (many, few, "/inbox/?kind=new_substance", FILTER_BAR),
        "inbox flash": (many, few, "/inbox/?pri=flash", FILTER_BAR),
        "outbox": (sender, few, "/outbox/", PAGE_BAR),
        "start": (many, few, "/", START_BAR),
        "start of a sender": (sender, few, "/", START_BAR),
        "overdue board": (many, few, "/overdue/", START_BAR),
        "overdue board of a sender": (sender, few, "/overdue/", START_BAR),
        "arrivals": (many, few, "/arrivals/", PAGE_BAR),
    }
    for name, (large, small, address, bar) in boxes.items():
        _compare(name, partial(large, address), partial(small, address), bar)
    question = f"/outbox/{questions['xa-lab']}/", f"/outbox/{questions['xb-health']}/"
    _compare(f"question to {ASKED}", partial(sender, question[0]), partial(few, question[1]), START_BAR)


def _polls() -> None:
    """Measure what a hundred open pages cost of one core while nothing arrives: polls from memory, now and then a full one."""
    from django.core.handlers.wsgi import WSGIRequest
    from django.test import RequestFactory
    from django.utils import timezone

    from alerts.boxes.arrivals import arrivals_stamp
    from casework.arrivals import TASKS_STAMP
    from desk.web.arrivals import REMEMBERED_SECS, STAMP_SECS

    client = signed_in_client("xc-customs")
    tag = client.get("/arrivals/")["ETag"]
    cookies = client.cookies.output(header="", sep=";")

    def poll(known: str) -> None:
        asked: dict[str, Any] = {
            "HTTP_COOKIE": cookies,
            "HTTP_IF_NONE_MATCH": known,
            "SERVER_NAME": "127.0.0.1",
        }
        answer = client.handler.get_response(WSGIRequest(RequestFactory(**asked).get("/arrivals/").environ))
        assert answer.status_code == (304 if known else 204), answer.status_code

    contestants: dict[str, Work] = {
        "known": partial(poll, tag),
        "full": partial(poll, ""),
        "look": lambda: arrivals_stamp("xc-customs", beside=[TASKS_STAMP], now=timezone.now()),
    }
    seconds = median_seconds(contestants, rounds=ROUNDS, calls=20)
    share = (
        OPEN_PAGES * seconds["known"] / POLLED_EVERY_SECS
        + OPEN_PAGES * seconds["full"] / REMEMBERED_SECS
        + seconds["look"] / STAMP_SECS
    )
    report(
        f"{OPEN_PAGES} open pages", 100 * share, 100 * OPEN_PAGES * seconds["full"] / POLLED_EVERY_SECS,
        unit="% of a core", limit=POLLS_LIMIT_PERCENT,
    )  # fmt: skip


def found_recipients(count: int) -> list[str]:
    """Admit agencies that nothing is delivered to."""
    from django.utils import timezone

    from benchmarks import _hub
    from callers.directory import Custody

    ids = [f"xz-asked{number}" for number in range(count)]
    for number, agency_id in enumerate(ids):
        _hub.admit(agency_id, Custody.AGENCY, f"{number:064x}", timezone.now())
    return ids


def ask(author: DeskSession, releaser: DeskSession, recipient: str, others: Sequence[str]) -> str:
    """Send a question to one agency, and note it as sent to these others, too; return its id."""
    from alerts.models import Alert
    from benchmarks._many import copy_rows
    from benchmarks.release import check
    from peers.models import SentDelivery, SentEnvelope

    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    data = {**texts.SEDATIVE, "event_date": yesterday, "recipients": [recipient]}
    path, etag = check(author, releaser, data)
    releaser.post(f"{path}/release", etag=etag)
    alert = Alert.objects.get(pk=path.rpartition("/")[2])
    envelope = SentEnvelope.objects.get(reader=alert.agency_id, md=alert.md)
    envelope.recipients = sorted([*envelope.recipients, *others])
    envelope.save()
    at = envelope.exp - timedelta(days=30)
    copy_rows(
        [
            SentDelivery(reader=alert.agency_id, md=alert.md, recipient=other, state="available", told_at=at)
            for other in others
        ]
    )
    return str(alert.pk)


def _compare(name: str, large: Work, small: Work, bar: float | None) -> None:
    seconds = median_seconds({"many": large, "few": small}, rounds=ROUNDS, clock=time.perf_counter)
    report_ms(f"{name} {MANY}", seconds["many"], seconds["few"], bar=bar)


def _search() -> None:
    from django.utils import timezone

    from alerts.boxes.search import Query, search_alerts
    from alerts.models import ReceivedAlert
    from alerts.projections.cards import RECEIVED_TABLE
    from benchmarks._many import opened
    from vault.sealed_store import REVISION
    from vault.wrapped_keys import newest_secret

    officer, secret = _officer("xc-customs"), newest_secret("xc-customs")
    newest = ReceivedAlert.objects.filter(agency="xc-customs").order_by("-number")
    sealed = newest.values_list("pk", "card")[:CARDS]
    cards = [(str(pk), REVISION, bytes(card or b"")) for pk, card in sealed]
    words, exact = Query("nowhere to be found", box="received"), Query("B-50000", box="received")
    now = timezone.now()
    assert (
        search_alerts(officer, words, now=now).opened == CARDS
        and search_alerts(officer, exact, now=now).hits == 1
    )
    contestants: dict[str, Work] = {
        "words": lambda: search_alerts(officer, words, now=timezone.now()),
        "exact": lambda: search_alerts(officer, exact, now=timezone.now()),
        "floor": partial(opened, cards, secret, RECEIVED_TABLE),
    }
    seconds = median_seconds(contestants, rounds=7, clock=time.perf_counter)
    report_ms(f"search words {CARDS}", seconds["words"], seconds["floor"])
    report_ms(f"search identifier {MANY}", seconds["exact"], seconds["floor"])
    if seconds["words"] > SEARCH_BAR_SECS:
        print(f"search words: {seconds['words']:.2f} s are over {SEARCH_BAR_SECS} s", file=sys.stderr)


def _officer(agency: str) -> "Officer":
    from officers.models import Officer

    readers = Officer.objects.select_related("agency").filter(agency=agency, is_active=True)
    return next(officer for officer in readers.order_by("email") if "releaser" in officer.roles)


def signed_in_client(agency: str) -> "Client":
    """Sign this agency's releaser in."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(_officer(agency), "officers.login.backends.EmailBackend")
    return client


def _browser(agency: str) -> Callable[[str], int]:
    """Return a function that requests a page as this agency's releaser; an error is no answer."""
    client = signed_in_client(agency)

    def ask(address: str) -> int:
        answer = client.get(address)
        assert answer.status_code in (200, 204), (address, answer.status_code)
        return len(answer.content)

    return ask


if __name__ == "__main__":
    main()
