# SPDX-License-Identifier: Apache-2.0
"""The ledger over REST: what a partner's monitor reads."""

import pytest
from rest_framework.test import APIClient

from accord.envelope.encoding import unb64u
from accord.envelope.tree.merkle import verify_consistency
from accord.envelope.tree.notes import verify_checkpoint
from accord.envelope.tree.receipts import Receipt
from agencies.actors import ApiClient
from agencies.capabilities import Capability
from ledger import proofs
from tests.ledger.bench import Bench

ADDRESS = "/api/v1/ledger"


def client_with(*scopes: Capability) -> APIClient:
    client = APIClient()
    client.force_authenticate(ApiClient("xa-lab", "monitor", "prefix", frozenset(scopes)))  # type: ignore[arg-type]
    return client


@pytest.fixture
def monitor() -> APIClient:
    return client_with(Capability.LEDGER_READ)


def test_the_newest_checkpoint_is_a_signed_note(bench: Bench, monitor: APIClient) -> None:
    bench.log(3)
    bench.log(2)
    answer = monitor.get(f"{ADDRESS}/checkpoint")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert verify_checkpoint(answer.content.decode(), bench.keys).size == 5


def test_a_proof_is_the_receipt_as_text(bench: Bench, monitor: APIClient) -> None:
    ods = [*bench.log(3), *bench.log(4)]
    for index, od in enumerate(ods):
        answer = monitor.get(f"{ADDRESS}/proof/{index}")
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        receipt = Receipt.parse_tlog_proof(answer.content.decode())
        assert receipt.verify(d=od, keys=bench.keys) == proofs.log_time(od)
        assert receipt.as_json() == proofs.receipt_for(od)


def test_a_monitor_follows_the_ledger(bench: Bench, monitor: APIClient) -> None:
    kept = None
    for count in (1, 4, 2):
        bench.log(count)
        newest = verify_checkpoint(monitor.get(f"{ADDRESS}/checkpoint").content.decode(), bench.keys)
        if kept is not None:
            answer = monitor.get(f"{ADDRESS}/consistency/{kept.size}/{newest.size}").json()
            assert (answer["first"], answer["second"]) == (kept.size, newest.size)
            verify_consistency(
                first=kept.size,
                second=newest.size,
                path=[unb64u(sibling) for sibling in answer["path"]],
                first_root=kept.root,
                second_root=newest.root,
            )
        kept = newest


@pytest.mark.parametrize(
    "path",
    ["checkpoint", "proof/0", "consistency/0/0"],
)
def test_an_empty_ledger_has_nothing_to_show(db: None, monitor: APIClient, path: str) -> None:
    assert monitor.get(f"{ADDRESS}/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "proof/3",
        "proof/-1",
        "proof/99999999999999999999999999999999999999",
        "proof/x",
        "consistency/2/4",
        "consistency/3/2",
        "consistency/1/99999999999999999999999999999999999999",
    ],
)
def test_what_is_not_signed_is_absent(bench: Bench, monitor: APIClient, path: str) -> None:
    bench.log(3)
    assert monitor.get(f"{ADDRESS}/{path}").status_code == 404


def test_a_problem_is_json_whatever_was_asked_for(bench: Bench, monitor: APIClient) -> None:
    bench.log(3)
    for accept in ("text/plain", "application/json", "*/*"):
        answer = monitor.get(f"{ADDRESS}/proof/3", HTTP_ACCEPT=accept)
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 404


@pytest.mark.parametrize("path", ["checkpoint", "proof/0", "consistency/1/2"])
def test_the_ledger_is_read_with_its_capability_only(bench: Bench, path: str) -> None:
    bench.log(3)
    assert APIClient().get(f"{ADDRESS}/{path}").status_code == 401
    assert client_with(Capability.FEED_READ).get(f"{ADDRESS}/{path}").status_code == 403
    assert client_with(Capability.LEDGER_READ).get(f"{ADDRESS}/{path}").status_code == 200
    assert client_with(Capability.LEDGER_READ).post(f"{ADDRESS}/{path}").status_code == 405
