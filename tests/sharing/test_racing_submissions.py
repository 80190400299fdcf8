# SPDX-License-Identifier: Apache-2.0
"""Two submissions at once: one id is used once, one version is followed once, and both callers get a true answer.

The issuer's lock is held until both wait behind every check that comes before it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, transaction

from accord.envelope.seal import SealedEnvelope
from callers.directory import AgencyStatus
from devtool.processes import wait_until
from sharing.errors import SharingError
from sharing.locks import own_parties
from sharing.models import Delivery, Envelope, FeedItem, Statement
from tests.builders import START, HeldAgency, Hub, reference_to
from tests.entries import change_entry

pytestmark = pytest.mark.no_retry


@pytest.fixture
def hub(transactional_db: None, tmp_path: Path) -> Hub:
    """A hub on a database that other threads see."""
    return Hub(tmp_path / "ledger", START)


@pytest.fixture
def pair(hub: Hub) -> tuple[HeldAgency, HeldAgency]:
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    hub.make_agreement("G1", alpha, bravo)
    return alpha, bravo


def waiting() -> int:
    """Return how many connections to this test's database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks"
            " WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return int(cursor.fetchone()[0])


def submit(hub: Hub, sender: HeldAgency, sealed: SealedEnvelope) -> str:
    try:
        return hub.carry(sender, sealed).md
    except SharingError as refused:
        return type(refused).__name__
    finally:
        connection.close()


Race = Callable[[Sequence[SealedEnvelope]], list[str]]


@pytest.fixture
def race(hub: Hub, pair: tuple[HeldAgency, HeldAgency]) -> Race:
    """Submit all at once; return the outcome of each."""

    def run(envelopes: Sequence[SealedEnvelope]) -> list[str]:
        with ThreadPoolExecutor(len(envelopes)) as elsewhere:
            with transaction.atomic():
                own_parties(["xa-alpha"])
                running = [elsewhere.submit(submit, hub, pair[0], sealed) for sealed in envelopes]
                wait_until(lambda: waiting() == len(envelopes), "submissions to wait", timeout_seconds=90)
            return [future.result() for future in running]

    return run


def test_the_same_envelope_twice_at_once_is_one(
    hub: Hub, pair: tuple[HeldAgency, HeldAgency], race: Race
) -> None:
    sealed = hub.alert_to(pair[1], sender=pair[0], suite="EC1")
    assert race([sealed, sealed]) == [sealed.md, sealed.md]
    hub.sequence()
    assert Envelope.objects.count() == Delivery.objects.count() == FeedItem.objects.count() == 1


def test_an_envelope_whose_issuer_was_suspended_meanwhile_is_refused(
    hub: Hub, pair: tuple[HeldAgency, HeldAgency]
) -> None:
    sealed = hub.alert_to(pair[1], sender=pair[0], suite="EC1")
    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            own_parties(["xa-alpha"])
            change_entry("xa-alpha", status=AgencyStatus.SUSPENDED)
            running = elsewhere.submit(submit, hub, pair[0], sealed)
            wait_until(lambda: waiting() == 1, "the submission to wait", timeout_seconds=90)
        assert running.result() == "IssuerSuspendedError"
    assert not Envelope.objects.exists()


def test_of_two_envelopes_under_one_id_one_is_refused(
    hub: Hub, pair: tuple[HeldAgency, HeldAgency], race: Race
) -> None:
    first = hub.alert_to(pair[1], sender=pair[0], suite="EC1")
    second = hub.alert_to(pair[1], sender=pair[0], suite="EC1", jti=first.jti)
    answers = race([first, second])
    assert answers.count("IdTakenError") == 1
    assert Envelope.objects.get().md in answers


def test_of_two_updates_of_one_version_one_is_superseded(
    hub: Hub, pair: tuple[HeldAgency, HeldAgency], race: Race
) -> None:
    alpha, bravo = pair
    first = hub.deliver(alpha, bravo, suite="EC1")
    updates = [
        hub.alert_to(bravo, sender=alpha, suite="EC1", kind="update", re=reference_to(first))
        for _ in range(2)
    ]
    answers = race(updates)
    assert answers.count("SupersededError") == 1
    assert Envelope.objects.get(kind="update").md in answers


def test_the_same_statement_twice_at_once_is_one(hub: Hub, pair: tuple[HeldAgency, HeldAgency]) -> None:
    alpha, bravo = pair
    sealed = hub.deliver(alpha, bravo, suite="EC1")
    jws = hub.retraction(alpha, sealed)

    def state() -> str:
        try:
            return hub.submit(alpha, jws).od
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as elsewhere:
        with transaction.atomic():
            # Both wait for the envelope's row, after they have looked for a statement that is already known.
            Envelope.objects.select_for_update().get()
            running = [elsewhere.submit(state) for _ in range(2)]
            wait_until(lambda: waiting() == 2, "statements to wait", timeout_seconds=90)
        assert running[0].result() == running[1].result() == Statement.objects.get().od
