# SPDX-License-Identifier: Apache-2.0
"""The ledger over REST, as a partner's monitor reads it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accord.envelope.encoding import unb64u
from accord.envelope.tree.merkle import verify_consistency
from accord.envelope.tree.notes import verify_checkpoint
from accord.envelope.tree.receipts import Receipt
from callers.actors import ApiClient
from callers.capabilities import Capability
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


def test_many_pairs_are_proved_at_once_each_as_alone(bench: Bench, monitor: APIClient) -> None:
    for count in (1, 4, 2):
        bench.log(count)
    pairs = [(1, 5), (5, 7), (1, 7), (3, 3), (0, 7), (5, 8), (7, 5), (1, 5)]
    asked = ",".join(f"{first}-{second}" for first, second in pairs)
    items = monitor.get(f"{ADDRESS}/consistency?pairs={asked}").json()["items"]
    assert [(item["first"], item["second"]) for item in items] == pairs
    for item, (first, second) in zip(items, pairs, strict=True):
        alone = monitor.get(f"{ADDRESS}/consistency/{first}/{second}")
        assert item["path"] == (alone.json()["path"] if alone.status_code == 200 else None)
    assert [item["path"] is None for item in items] == [False] * 5 + [True] * 2 + [False]


def test_the_number_of_queries_does_not_depend_on_the_number_of_pairs(bench: Bench) -> None:
    for count in (1, 4, 2, 9, 3):
        bench.log(count)
    counts = []
    for pairs in ([(1, 5), (5, 7)], [(1, 5), (5, 7), (7, 16), (16, 19), (1, 19)]):
        with CaptureQueriesContext(connection) as queries:
            proofs.consistencies(pairs)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 3


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?pairs=",
        "?pairs=5",
        "?pairs=5-",
        "?pairs=a-b",
        "?pairs=1-2,",
        "?pairs=-1-2",
        "?pairs=1-9999999999999999",
        "?pairs=" + ",".join(["1-2"] * 101),
    ],
)
def test_pairs_of_another_form_are_refused(bench: Bench, monitor: APIClient, query: str) -> None:
    bench.log(3)
    answer = monitor.get(f"{ADDRESS}/consistency{query}")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:accord:problem:input-refused")


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


@pytest.mark.parametrize("path", ["checkpoint", "proof/0", "consistency/1/2", "consistency?pairs=1-2"])
def test_the_ledger_is_read_with_its_capability_only(bench: Bench, path: str) -> None:
    bench.log(3)
    assert APIClient().get(f"{ADDRESS}/{path}").status_code == 401
    assert client_with(Capability.FEED_READ).get(f"{ADDRESS}/{path}").status_code == 403
    assert client_with(Capability.LEDGER_READ).get(f"{ADDRESS}/{path}").status_code == 200
    assert client_with(Capability.LEDGER_READ).post(f"{ADDRESS}/{path}").status_code == 405
