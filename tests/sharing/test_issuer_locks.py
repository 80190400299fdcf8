# SPDX-License-Identifier: Apache-2.0
"""Policy does not change while a submission relies on it, and a submission that waited for a change sees it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from accord.envelope.seal import SealedEnvelope
from devtool.processes import wait_until
from sharing.agreements import suspend_agency_flow
from sharing.errors import IssuerSuspendedError, PolicyDeniedError
from sharing.intake import submit_envelope
from sharing.locks import own_parties, share_issuers
from sharing.models import Delivery
from tests.builders import OPERATOR, START, HeldAgency, Hub

pytestmark = pytest.mark.no_retry


@pytest.fixture
def shared_hub(transactional_db: None, tmp_path: Path) -> Hub:
    """A hub on a database that other threads see."""
    return Hub(tmp_path / "ledger", START)


def try_lock(function: object, agencies: list[str]) -> bool:
    """Tell if another connection gets the lock within 200 ms."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            function(agencies)  # type: ignore[operator]
    except OperationalError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.django_db(transaction=True)
def test_relying_shares_and_changing_excludes() -> None:
    with ThreadPoolExecutor(1) as elsewhere, transaction.atomic():
        share_issuers(["xa-alpha", "xb-bravo"])
        assert elsewhere.submit(try_lock, share_issuers, ["xa-alpha"]).result()
        assert not elsewhere.submit(try_lock, own_parties, ["xb-bravo", "xc-charlie"]).result()
        assert elsewhere.submit(try_lock, own_parties, ["xc-charlie"]).result()


@pytest.mark.django_db(transaction=True)
def test_locks_end_with_the_transaction() -> None:
    with transaction.atomic():
        own_parties(["xa-alpha"])
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(try_lock, own_parties, ["xa-alpha"]).result()


@pytest.mark.django_db(transaction=True)
def test_a_lock_needs_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        share_issuers(["xa-alpha"])


def submit_elsewhere(sender: HeldAgency, sealed: SealedEnvelope, hub: Hub) -> list[dict[str, str]]:
    try:
        submit_envelope(sender.client, manifest=sealed.manifest, jwe=sealed.jwe, blobs=[], now=hub.now)
    except PolicyDeniedError as denied:
        return denied.denials
    finally:
        connection.close()
    return []


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def test_an_envelope_that_waited_for_a_suspension_is_refused_by_it(shared_hub: Hub) -> None:
    hub = shared_hub
    alpha, bravo = hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"])
    hub.make_agreement("G1", alpha, bravo)
    sealed = hub.alert_to(bravo, sender=alpha, suite="EC1")
    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            hub.suspend(bravo, "G1")
            running = elsewhere.submit(submit_elsewhere, alpha, sealed, hub)
            wait_until(somebody_waits_for_a_lock, "the submission to wait", timeout_seconds=90)
        denials = running.result()
    assert [denial["code"] for denial in denials] == ["lane-suspended"]
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("who", ["xa-alpha", "xb-bravo"])
def test_one_that_waited_for_the_hub_s_suspension_of_either_side_too(shared_hub: Hub, who: str) -> None:
    hub = shared_hub
    agencies = dict(
        zip(("xa-alpha", "xb-bravo"), hub.make_agencies("xa-alpha", "xb-bravo", suites=["EC1"]), strict=True)
    )
    alpha, bravo = agencies.values()
    hub.make_agreement("G1", alpha, bravo)
    sealed = hub.alert_to(bravo, sender=alpha, suite="EC1")
    with ThreadPoolExecutor(1) as elsewhere:
        with transaction.atomic():
            suspend_agency_flow(OPERATOR, agencies[who].row.pk, now=hub.now)
            running = elsewhere.submit(submit_elsewhere, alpha, sealed, hub)
            wait_until(somebody_waits_for_a_lock, "the submission to wait", timeout_seconds=90)
        if who == "xa-alpha":
            with pytest.raises(IssuerSuspendedError):
                running.result()
        else:
            assert [denial["code"] for denial in running.result()] == ["agency-suspended"]
    assert not Delivery.objects.exists()
