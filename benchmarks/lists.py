# SPDX-License-Identifier: Apache-2.0
"""Lists of 100,000 alerts against the same lists of 1,000, and a search by words over 20,000 cards.

A page is requested as by a browser, in process: session, rights, queries, opening fifty cards, rendering. The floor is the same
page for an agency that holds a hundredth. The floor of the search is opening as many cards from memory; its bar is one second.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from benchmarks._figures import Work, median_seconds, report_ms
from demo.ownership import set_up_every_app, take_owners_login

if TYPE_CHECKING:
    from officers.models import Officer

NEEDS_HUB = True
MANY, FEW = 100_000, 1_000
PAGE_BAR, SEARCH_BAR_SECS, ROUNDS = 1.5, 1.0, 15
CARDS = 20_000


def main() -> None:
    set_up_every_app()
    # The desk's login may not file alerts that nobody sent.
    take_owners_login(os.environ["BENCH_OWNER_URL"])
    from django.utils import timezone

    from benchmarks._many import send_many
    from peers.models import Agency

    lab, health, customs = (Agency.objects.get(pk=pk) for pk in ("xa-lab", "xb-health", "xc-customs"))
    began = time.perf_counter()
    send_many(lab, customs, MANY, now=timezone.now())
    send_many(customs, health, FEW, now=timezone.now())
    print(f"lists: {MANY + FEW} alerts made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    _pages()
    _search()


def _pages() -> None:
    """Measure the inbox (customs hold many, health few) and the outbox (the laboratory has sent many, customs few)."""
    many, few, sender = _browser("xc-customs"), _browser("xb-health"), _browser("xa-lab")
    boxes = {
        "inbox": (many, few, "/inbox/", PAGE_BAR),
        "inbox deep": (many, few, "/inbox/?cursor=500", PAGE_BAR),
        "inbox unread": (many, few, "/inbox/?unread=yes", None),
        "inbox overdue": (many, few, "/inbox/?overdue=yes", None),
        "inbox kind": (many, few, "/inbox/?kind=new_substance", None),
        "inbox flash": (many, few, "/inbox/?pri=flash", None),
        "outbox": (sender, many, "/outbox/", PAGE_BAR),
        "start": (many, few, "/", None),
    }
    for name, (large, small, address, bar) in boxes.items():
        contestants: dict[str, Work] = {"many": partial(large, address), "few": partial(small, address)}
        seconds = median_seconds(contestants, rounds=ROUNDS, clock=time.perf_counter)
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


def _browser(agency: str) -> Callable[[str], int]:
    """Return a function that requests a page as this agency's releaser; any answer but 200 is an error."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(_officer(agency), "officers.login.backends.EmailBackend")

    def ask(address: str) -> int:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return len(answer.content)

    return ask


if __name__ == "__main__":
    main()
