# SPDX-License-Identifier: Apache-2.0
"""A suspension beside submission, number, slice and blob, in each order, on connections of their own: what is later is refused,
what is earlier stands, and the suspension is over only when nothing relies on what was before it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection, transaction

from accord.envelope.content import Attachment
from accord.envelope.seal import SealedEnvelope
from agencies.models import ContactPoint
from devtool.processes import wait_until
from ledger.sequencer import sequence_batch
from sharing.contact_mails import send_contact_mails
from sharing.errors import SharingError
from sharing.models import Delivery, FeedItem, LaneSuspension
from sharing.numbering import number_covered
from sharing.policy import Terms
from sharing.previews import preview_sending
from sharing.slices import stored_blob
from sharing.waiting import WAITS, queue_contact_mails
from tests.builders import START, HeldAgency, Hub
from tests.mail_server import MailServer
from tests.sharing.test_issuer_locks import somebody_waits_for_a_lock

pytestmark = pytest.mark.no_retry


@dataclass
class Pair:
    hub: Hub
    alpha: HeldAgency
    bravo: HeldAgency
    numbered: SealedEnvelope
    """From alpha to bravo, in its feed and not fetched."""
    waiting: SealedEnvelope
    """Taken in, without a number."""
    unsent: SealedEnvelope

    def suspend(self, by: str) -> None:
        self.hub.suspend({"alpha": self.alpha, "bravo": self.bravo}[by], "G1")


@pytest.fixture
def pair(transactional_db: None, tmp_path: Path) -> Pair:
    hub = Hub(tmp_path / "ledger", START)
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    hub.make_agreement("G1", alpha, bravo)
    file = Attachment("spectrum.csv", "text/csv", b"1 2")
    made = [hub.alert_to(bravo, sender=alpha, suite="EC1", attachments=[file]) for _ in range(3)]
    hub.carry(alpha, made[0])
    hub.sequence()
    hub.carry(alpha, made[1])
    sequence_batch(hub.now, hub.key, hub.folder, lambda entries, now: None)
    return Pair(hub, alpha, bravo, *made)


def number(pair: Pair) -> str:
    """Number what the ledger covers, as in the transaction of a checkpoint."""
    with transaction.atomic():
        number_covered([], pair.hub.now)
    return Delivery.objects.get(envelope_id=pair.waiting.md).state


def read_blob(pair: Pair) -> str:
    blob = stored_blob(pair.bravo.client, pair.numbered.md, 0, now=pair.hub.now)
    return "served" if b"".join(blob.pieces()) else ""


@dataclass(frozen=True)
class Act:
    """An act that relies on the lane, and its outcome where the lane is open and where it is suspended."""

    do: Callable[[Pair], str]
    before: str
    after: str


ACTS = {
    "submission": Act(
        lambda pair: "taken" if pair.hub.carry(pair.alpha, pair.unsent) else "", "taken", "PolicyDeniedError"
    ),
    "number": Act(number, "available", "held"),
    "slice": Act(
        lambda pair: "served" if pair.hub.fetch(pair.bravo, pair.numbered) else "",
        "served",
        "FlowSuspendedError",
    ),
    "blob": Act(read_blob, "served", "FlowSuspendedError"),
}


def outcome(act: Act, pair: Pair) -> str:
    try:
        return act.do(pair)
    except SharingError as refused:
        return type(refused).__name__


def elsewhere(do: Callable[[], str | None]) -> str | None:
    try:
        return do()
    finally:
        connection.close()


@pytest.mark.parametrize("by", ["alpha", "bravo"])
@pytest.mark.parametrize("name", ACTS)
def test_what_waited_for_a_suspension_is_refused_by_it(pair: Pair, name: str, by: str) -> None:
    act = ACTS[name]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            pair.suspend(by)
            running = pool.submit(elsewhere, lambda: outcome(act, pair))
            wait_until(somebody_waits_for_a_lock, f"{name} to wait", timeout_seconds=90)
        assert running.result() == act.after
    assert FeedItem.objects.filter(what="envelope").count() == 1
    assert not Delivery.objects.filter(fetched_at__isnull=False).exists()


@pytest.mark.parametrize("by", ["alpha", "bravo"])
@pytest.mark.parametrize("name", ACTS)
def test_a_suspension_waits_for_what_came_before_it_and_stops_the_next(
    pair: Pair, name: str, by: str
) -> None:
    act = ACTS[name]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert outcome(act, pair) == act.before
            running = pool.submit(elsewhere, lambda: pair.suspend(by))
            wait_until(somebody_waits_for_a_lock, "the suspension to wait", timeout_seconds=90)
            assert not LaneSuspension.objects.exists()
        running.result()
    assert LaneSuspension.objects.count() == 1
    if name not in ("number", "slice"):
        pair.unsent = pair.hub.alert_to(pair.bravo, sender=pair.alpha, suite="EC1")
        assert outcome(act, pair) == act.after


def test_a_preview_from_before_lets_nothing_in(pair: Pair) -> None:
    terms = Terms("science", "prevent", "GREEN", "EC1", "routine")

    def previewed() -> list[str]:
        found = preview_sending(pair.alpha.client, ["xb-bravo"], terms, now=pair.hub.now)
        return [one.code for one in found]

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        pair.suspend("bravo")
        assert pool.submit(elsewhere, lambda: str(previewed())).result() == "['']"
    assert previewed() == ["lane-suspended"]
    assert outcome(ACTS["submission"], pair) == "PolicyDeniedError"


def test_a_mail_about_what_waits_says_the_same_whether_or_not_the_lane_is_suspended(
    pair: Pair, mail_server: MailServer
) -> None:
    """It counts what stands in the agency's own feed, which a suspension neither adds to nor takes from."""
    ContactPoint.objects.create(agency_id="xb-bravo", address="duty@xb-bravo.example")
    pair.hub.later(seconds=WAITS.total_seconds())
    queue_contact_mails(now=pair.hub.now)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        pair.suspend("alpha")
        running = pool.submit(
            elsewhere, lambda: str(send_contact_mails(clock=lambda: pair.hub.now, jitter=lambda: 0.5))
        )
        assert running.result() == "1"
    (mail,) = mail_server.mails
    assert "1 item waits" in mail.text
    for word in ("alpha", "suspen", "science", pair.numbered.md):
        assert word not in mail.message.as_string()
    number(pair)
    assert queue_contact_mails(now=pair.hub.later(hours=1)) == 0
