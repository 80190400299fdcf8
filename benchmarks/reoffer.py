# SPDX-License-Identifier: Apache-2.0
"""Twenty thousand alerts that a suspension withheld from one agency: listed, chosen, sent, cancelled half-way, repeated.

- They are planted as releases of seventeen months would have left them, each with its own content. Then two officers do
  everything over HTTP. Three hundred no longer fit: their TLP is above what is agreed today.
- Pages are requested as by a browser, in process; the floor is the same page for another peer, with 1,000.
- `BENCH_REOFFER=20000` sends all of them, for an hour or two; without it, a few steps' worth, of which as large a share no longer fits. In
  either case the run fails unless each that fits is at the exchange once, and nothing else.
"""

import html
import os
import re
import secrets
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from accord.envelope.encoding import b64u
from accord.envelope.keys import PQ1
from benchmarks._figures import Work, median_seconds, report, report_ms
from demo.cast import Cast
from demo.desk import DeskSession
from demo.ownership import set_up_every_app, take_owners_login

if TYPE_CHECKING:
    from django.test import Client

    from alerts.models import Alert
    from peers.models import Agency

NEEDS_HUB = True
MANY, FEW, NO_LONGER_FIT, MONTHS = 20_000, 1_000, 300, 17
SENT = int(os.environ.get("BENCH_REOFFER", "200"))
UNFIT_OF_SENT = NO_LONGER_FIT * SENT // MANY
LANE, AGREED, ABOVE = "science", "GREEN", "AMBER"
ROUNDS, MOST_QUERIES, BATCH = 9, 20, 1_000
PAGES_DOWN, PROVEN_AGAIN_AFTER_SECONDS = 10, 600
GROUP, NEXT = re.compile(r'name="groups" value="([^"]+)"'), re.compile(r'rel="next" href="[^"?]*([^"]+)"')


def main() -> None:
    set_up_every_app()
    # The desk's login may not file alerts that nobody sent.
    take_owners_login(os.environ["BENCH_OWNER_URL"])
    from django.utils import timezone

    from alerts.document.building import build_document
    from benchmarks import _hub
    from benchmarks.lists import signed_in_client
    from benchmarks.release import ORIGINATOR, introduce
    from peers.models import Agency

    offered, few, sent = (agency.id for agency in _hub.found_agencies("reoffer", 3))
    for peer in (offered, few, sent):
        _hub.join([ORIGINATOR, peer], ceiling=AGREED)
    introduce([offered, few, sent])
    cast = Cast()
    author, releaser = cast.officer("ilka"), cast.officer("benno")
    peers = Agency.objects.in_bulk([offered, few, sent])
    content, now = _content(author), timezone.now()
    began = time.monotonic()
    plant(peers[offered], MANY, NO_LONGER_FIT, content, now)
    plant(peers[few], FEW, 0, content, now)
    plant(peers[sent], SENT, UNFIT_OF_SENT, content, now)
    print(f"reoffer: planted in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    _pages(signed_in_client(ORIGINATOR), offered, few)
    _decisions(author, offered, few)
    _send_twice(author, releaser, sent, build_document(content))


def _content(author: DeskSession) -> Mapping[str, Any]:
    """Return the fields of an alert as its draft keeps them."""
    from alerts.drafting.revisions import read_revision
    from alerts.models import Alert
    from benchmarks.release import fields

    draft = author.post("/alerts", {"data": fields()})
    return read_revision(Alert.objects.get(pk=draft["id"])).data


def plant(peer: "Agency", count: int, unfit: int, content: Mapping[str, Any], now: datetime) -> None:
    """Write `count` released alerts, evenly over seventeen months, each withheld from the peer; `unfit` have too high a TLP."""
    from django.db import transaction

    from alerts.models import WithheldAlert
    from alerts.projections.tokens import tokens_of
    from benchmarks._many import copy_rows
    from benchmarks.release import ORIGINATOR

    (kind,) = tokens_of(ORIGINATOR, [("alert_type", content["alert_type"])])
    span = timedelta(days=30 * MONTHS)
    for start in range(0, count, BATCH):
        with transaction.atomic():
            dated = []
            for n in range(start, min(start + BATCH, count)):
                # As many as are unfit, evenly among all.
                tlp = ABOVE if (n + 1) * unfit // count > n * unfit // count else AGREED
                data = {**content, "title": f"Report {n}", "tlp": tlp, "recipients": [peer.pk]}
                at = now - span + n * span / count
                dated.append((at, _released(data, n, at)))
            copy_rows([alert for _at, alert in dated])
            copy_rows(
                [
                    WithheldAlert(
                        agency_id=ORIGINATOR, alert=alert, peer=peer, lane=LANE, kind=kind, released_at=at,
                        keep=now + 2 * span,
                    )
                    for at, alert in dated
                ]
            )  # fmt: skip


def _released(data: Mapping[str, Any], n: int, at: datetime) -> "Alert":
    """Return a released alert of this content, not saved; its revision is."""
    from alerts.drafting.revisions import add_revision
    from alerts.models import Alert
    from alerts.projections.cards import card_of, seal_alert_card
    from alerts.states import AlertState
    from benchmarks.release import ORIGINATOR

    alert = Alert(
        agency_id=ORIGINATOR, created_by="officer:bench", state=AlertState.RELEASED, tlp=data["tlp"], lane=LANE,
        jti=str(uuid.uuid4()), md=b64u(secrets.token_bytes(32)), created_at=at, changed_at=at, submitted_at=at,
        released_at=at, logged_at=at, log_index=n, tokens_kept=True,
    )  # fmt: skip
    add_revision(alert, author=alert.created_by, data=data, kept=(), attachments=(), now=at)
    alert.card = seal_alert_card(alert, card_of(data))
    return alert


def _pages(client: "Client", many: str, few: str) -> None:
    """Measure the pages of the list, and count the queries of each."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return str(answer.content.decode())

    at = f"/withheld/{many}/{LANE}/"
    (group,) = GROUP.findall(ask(at))[MONTHS // 2 :][:1]
    deep = at + f"?group={group}"
    for _page in range(PAGES_DOWN):
        deep = at + html.unescape(NEXT.findall(ask(deep))[0])
    small = f"/withheld/{few}/{LANE}/"
    pages = {
        "lanes": ("/withheld/", "/withheld/"),
        "groups": (at, small),
        "group": (f"{at}?group={group}", f"{small}?group={group}"),
        "group deep": (deep, f"{small}?group={group}"),
    }
    for name, (large, floor) in pages.items():
        with CaptureQueriesContext(connection) as asked:
            ask(large)
        # The next request empties what was captured.
        queries = len(asked)
        works: dict[str, Work] = {"many": partial(ask, large), "few": partial(ask, floor)}
        seconds = median_seconds(works, rounds=ROUNDS, clock=time.perf_counter)
        report_ms(f"reoffer {name} {MANY}", seconds["many"], seconds["few"])
        report(f"reoffer {name} {MANY} queries", queries, MOST_QUERIES, unit="queries", limit=MOST_QUERIES)


def _decisions(author: DeskSession, many: str, few: str) -> None:
    """Measure choosing all and taking that back, each one act."""
    taken: dict[str, dict[str, float]] = {"choose": {}, "cancel": {}}
    for peer, count in ((many, MANY), (few, FEW)):
        began = time.perf_counter()
        assert _choose_all(author, peer) == count
        chosen = time.perf_counter()
        author.post(f"/withheld/{peer}/{LANE}/cancel")
        taken["choose"][peer], taken["cancel"][peer] = chosen - began, time.perf_counter() - chosen
    for name, seconds in taken.items():
        report_ms(f"reoffer {name} {MANY}", seconds[many], seconds[few])


def _choose_all(author: DeskSession, peer: str) -> int:
    """Choose all that is offered; return how many they are."""
    groups = author.get(f"/withheld/{peer}/{LANE}")["groups"]
    return int(
        author.post(f"/withheld/{peer}/{LANE}/choose", {"groups": [one["key"] for one in groups]})["total"]
    )


def _send_twice(author: DeskSession, releaser: DeskSession, peer: str, document: Mapping[str, Any]) -> None:
    """Send the first half in steps, cancel, choose the rest and send it; fail unless each is at the exchange once."""
    from benchmarks._agencies import World

    world, at = World(1), f"/withheld/{peer}/{LANE}"
    floor = median_seconds({"sealed": lambda: world.seal(PQ1, 1, document)}, clock=time.perf_counter)
    assert _choose_all(author, peer) == SENT
    began = time.perf_counter()
    left = _send_until(releaser, peer, SENT // 2)
    author.post(f"{at}/cancel")
    assert _choose_all(author, peer) == left
    assert _send_until(releaser, peer, 0) == 0
    took = time.perf_counter() - began
    lane = author.get(at)["lane"]
    outcome = [lane[name] for name in ("sent", "refused", "waiting", "chosen")]
    assert outcome == [SENT - UNFIT_OF_SENT, UNFIT_OF_SENT, 0, 0], outcome
    _require_each_once(peer)
    report_ms(f"reoffer {SENT} sent, of each", took / SENT, floor["sealed"])


def _send_until(releaser: DeskSession, peer: str, enough: int) -> int:
    """Send step by step until no more than `enough` are left; return how many are."""
    left, proved = SENT, time.monotonic()
    while left > enough:
        if time.monotonic() - proved > PROVEN_AGAIN_AFTER_SECONDS:
            releaser.prove_again()
            proved = time.monotonic()
        left = int(releaser.post(f"/withheld/{peer}/{LANE}/send")["left"])
    return left


def _require_each_once(peer: str) -> None:
    """Compare what the desk says it sent with what the exchange has for the peer, once all of it has its number."""
    from alerts.models import WithheldAlert
    from benchmarks import _hub
    from demo.ownership import at_the_exchange
    from sharing.models import Delivery

    sent = sorted(WithheldAlert.objects.filter(peer=peer, sent__md__gt="").values_list("sent__md", flat=True))
    _hub.wait_until_numbered()
    with at_the_exchange():
        held = Delivery.objects.filter(recipient_id=peer, number__isnull=False)
        assert sorted(held.values_list("envelope_id", flat=True)) == sent
    assert len(set(sent)) == len(sent) == SENT - UNFIT_OF_SENT


if __name__ == "__main__":
    main()
