# SPDX-License-Identifier: Apache-2.0
"""Attacks on an exchange that does its work: its real views and services, database and sequencer."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accord.envelope.encoding import b64u, canonical
from accord.envelope.jwe import leaf_hashes, recipients_root
from accord.envelope.keys import PQ1
from accord.envelope.seal import SealedEnvelope
from callers.errors import AbsentError
from devtool.processes import wait_until
from ledger.models import AuditEvent
from sharing.errors import IdTakenError, PolicyDeniedError, SupersededError
from sharing.models import Delivery, Envelope
from tests.builders import START, HeldAgency, Hub, reference_to
from tests.envelope.tampering import read, signed_again, with_jwe
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, Four
from tests.sharing.test_issuer_locks import somebody_waits_for_a_lock


def test_dropping_an_envelope(callers: Callers) -> None:
    """The exchange takes an alert and does not log it: no recipient sees it, no receipt comes, and sending again is safe."""
    hub, four = callers.hub, callers.four
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    assert callers.alpha.post_envelope(sealed).json()["receipt"] is None
    assert callers.bravo.get("inbox").json()["items"] == []
    assert callers.alpha.get(f"submissions/{sealed.md}").json()["receipt"] is None
    for _ in range(2):
        assert callers.alpha.post_envelope(sealed).status_code == 202
    hub.sequence()
    assert callers.alpha.post_envelope(sealed).json()["receipt"]["leaf"]["d"] == sealed.md
    assert len(callers.bravo.get("inbox").json()["items"]) == Envelope.objects.count() == 1
    # A missing acknowledgement shows too: bravo signs it, so nobody else can make one.
    (delivery,) = callers.alpha.get(f"submissions/{sealed.md}").json()["deliveries"]
    assert (delivery["recipient"], delivery["state"]) == ("xb-bravo", "available")
    forged = hub.acknowledgement(four.bravo, sealed, signer=four.charlie.signing[PQ1])
    answer = callers.bravo.post_statement(forged)
    assert (answer.status_code, slug(answer)) == (422, "envelope-refused")


def test_replaying_an_envelope(hub: Hub, four: Four) -> None:
    """An id is used again for other content, and an update names a version that already has a successor: both are refused."""
    first = hub.deliver(four.alpha, four.bravo)
    with pytest.raises(IdTakenError):
        hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha, jti=first.jti))
    hub.deliver(four.alpha, four.bravo, kind="update", re=reference_to(first))
    with pytest.raises(SupersededError):
        hub.carry(
            four.alpha, hub.alert_to(four.bravo, sender=four.alpha, kind="update", re=reference_to(first))
        )
    assert Envelope.objects.count() == 2


def test_using_a_stolen_signing_key(callers: Callers) -> None:
    """A thief with alpha's keys sends in its name: alpha finds the one submission that is not in its own spool."""
    hub, four = callers.hub, callers.four
    spool = {hub.deliver(four.alpha, four.bravo).md for _ in range(2)}
    thiefs = hub.deliver(four.alpha, four.bravo)
    listed = {item["digest"] for item in callers.alpha.get("submissions").json()["items"]}
    assert listed - spool == {thiefs.md}
    # Submissions in alpha's name stand in alpha's list only, whatever recipient the thief picks.
    assert thiefs.md not in {item["digest"] for item in callers.charlie.get("submissions").json()["items"]}


def forged_entries(sealed: SealedEnvelope, sender: HeldAgency, count: int) -> SealedEnvelope:
    """Return an envelope with hybrid entries for keys that nobody has, covered by a manifest that the sender really signed."""
    genuine = read(sealed.jwe)["recipients"]
    made = [
        entry | {"header": entry["header"] | {"kid": b64u(os.urandom(32))}}
        for entry in [genuine[1]] * (count - len(genuine))
    ]
    flooded = with_jwe(sealed, lambda jwe: jwe["recipients"].extend(made))
    texts = [canonical(entry).decode() for entry in read(flooded.jwe)["recipients"]]
    rr = recipients_root(leaf_hashes([f"xx-a{number:04d}" for number in range(len(texts))], texts))
    return signed_again(flooded, sender.signing[PQ1], rn=len(texts), rr=rr)


def test_exhausting_the_exchange_with_hybrid_entries(callers: Callers) -> None:
    """A real agency posts 501 entries for unknown keys: refused after a number of queries that does not grow with them."""
    hub, four = callers.hub, callers.four
    counts = []
    # The first call within a minute also marks the key as used.
    callers.alpha.get("submissions")
    for size in (3, 501):
        flooded = forged_entries(hub.alert_to(four.bravo, sender=four.alpha), four.alpha, size)
        with CaptureQueriesContext(connection) as queries:
            answer = callers.alpha.post_envelope(flooded)
        assert (answer.status_code, slug(answer)) == (422, "envelope-refused")
        counts.append(len(queries))
    assert counts[1] == counts[0]
    assert not Envelope.objects.exists()
    too_many = forged_entries(hub.alert_to(four.bravo, sender=four.alpha), four.alpha, 502)
    answer = callers.alpha.post_envelope(too_many)
    assert (answer.status_code, slug(answer)) == (400, "malformed")


@pytest.fixture
def shared_hub(transactional_db: None, tmp_path: Path) -> Hub:
    """A hub on a database that other threads see."""
    return Hub(tmp_path / "ledger", START)


def submit_elsewhere(hub: Hub, sender: HeldAgency, sealed: SealedEnvelope) -> list[str]:
    try:
        hub.carry(sender, sealed)
    except PolicyDeniedError as denied:
        return [denial["code"] for denial in denied.denials]
    finally:
        connection.close()
    return []


CHANGES: dict[str, Callable[[Hub, HeldAgency, HeldAgency], object]] = {
    "lane-suspended": lambda hub, alpha, bravo: hub.suspend(bravo, "G1"),
    "tlp-above-ceiling": lambda hub, alpha, bravo: hub.make_agreement("G1", alpha, bravo, ceiling="CLEAR"),
}


@pytest.mark.parametrize("code", CHANGES)
def test_changing_an_agreement_in_mid_submission(shared_hub: Hub, code: str) -> None:
    """Bravo withdraws the agreement while alpha's envelope is being checked: the withdrawal decides."""
    hub = shared_hub
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    hub.make_agreement("G1", alpha, bravo)
    sealed = hub.alert_to(bravo, sender=alpha, suite="EC1")
    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            CHANGES[code](hub, alpha, bravo)
            running = elsewhere.submit(submit_elsewhere, hub, alpha, sealed)
            wait_until(somebody_waits_for_a_lock, "the submission to wait", timeout_seconds=90)
        denied = running.result()
    assert denied == [code]
    assert not Delivery.objects.exists()
    assert not AuditEvent.objects.filter(act="envelope.carried").exists()


def test_changing_an_agreement_before_the_number(hub: Hub, four: Four) -> None:
    """The lane is suspended after intake and before delivery: policy is asked again, and nothing is delivered."""
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    hub.suspend(four.bravo, "G1")
    hub.sequence()
    (delivery,) = Delivery.objects.all()
    assert delivery.state == "held"
    with pytest.raises(AbsentError):
        hub.fetch(four.bravo, sealed)
