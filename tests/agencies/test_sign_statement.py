# SPDX-License-Identifier: Apache-2.0
"""The kinds of statement that the vault signs, and the act that each needs."""

from typing import Any

import pytest

from accord.envelope.keys import PQ1
from accord.envelope.statements.checks import accept_statement
from accord.envelope.statements.form import parse_statement
from accord.envelope.verifying import Ledger
from agencies.directory import DatabaseKeyDirectory
from callers.actors import ApiClient, SystemActor
from callers.capabilities import Capability
from callers.errors import NotPermittedError
from ledger.pins import pinned_keys
from officers.models import Officer
from tests.agencies.sealing import Carried, subject
from tests.agencies.world import NOW, OPERATOR, seconds
from vault import services

pytestmark = pytest.mark.django_db
WORKER = SystemActor("desk-worker", "xb-health")


EVERYTHING = frozenset(Capability)
NOT_OFFICERS: dict[str, Any] = {
    "an API key": ApiClient("xa-lab", "x", "0" * 12, EVERYTHING),
    "the desk-worker": SystemActor("desk-worker", "xa-lab", EVERYTHING),
    "another process": SystemActor("worker", "xa-lab", EVERYTHING),
}


def test_an_acknowledgement_names_the_officer_in_session(carried: Carried, reader: Officer) -> None:
    jws = services.sign_statement(
        reader, k="ack", sub=subject(carried), body={"st": "opened", "code": None}, now=NOW
    )
    accepted = accept_statement(
        parse_statement(jws), caller="xb-health", directory=DatabaseKeyDirectory(NOW), now=seconds(NOW)
    )
    assert (accepted.statement.act, accepted.statement.suite) == (reader.public_id, PQ1)
    assert accepted.statement.sub == subject(carried)


def test_a_retraction_is_a_releasers(carried: Carried, releaser: Officer, reader: Officer) -> None:
    body = {"code": "contaminated", "by": None}
    jws = services.sign_statement(releaser, k="retract", sub=subject(carried), body=body, now=NOW)
    assert parse_statement(jws).statement.iss == "xa-lab"
    with pytest.raises(NotPermittedError):
        services.sign_statement(reader, k="retract", sub=subject(carried), body=body, now=NOW)


def test_the_desk_worker_says_unopenable_and_nothing_else(carried: Carried) -> None:
    unopenable = {"st": "unopenable", "code": "check-failed"}
    jws = services.sign_statement(WORKER, k="ack", sub=subject(carried), body=unopenable, now=NOW)
    assert parse_statement(jws).statement.act is None
    others: list[tuple[str, dict[str, Any]]] = [
        ("ack", {"st": "opened", "code": None}),
        ("ack", {"st": "refused", "code": "policy"}),
        ("retract", {"code": "error", "by": None}),
        ("confirm", {"st": "stopped"}),
    ]
    for k, body in others:
        with pytest.raises(NotPermittedError):
            services.sign_statement(WORKER, k=k, sub=subject(carried), body=body, now=NOW)


def test_no_officer_says_unopenable(carried: Carried, reader: Officer) -> None:
    body = {"st": "unopenable", "code": "check-failed"}
    with pytest.raises(NotPermittedError):
        services.sign_statement(reader, k="ack", sub=subject(carried), body=body, now=NOW)


def test_a_kind_that_has_no_door_is_not_signed(
    carried: Carried, releaser: Officer, subtests: pytest.Subtests
) -> None:
    for k in ["keyset", "revoke", "pop", "agreement", "release", "suspend", "nonsense"]:
        with subtests.test(str(k)[:60]), pytest.raises(NotPermittedError):
            services.sign_statement(releaser, k=k, sub=subject(carried), body={}, now=NOW)


def test_another_process_signs_and_opens_nothing(carried: Carried) -> None:
    for actor in (SystemActor("worker", "xb-health", EVERYTHING), NOT_OFFICERS["an API key"], OPERATOR):
        with pytest.raises(NotPermittedError):
            services.sign_statement(
                actor,
                k="ack",
                sub=subject(carried),
                body={"st": "unopenable", "code": "check-failed"},
                now=NOW,
            )
        with pytest.raises(NotPermittedError):
            services.open_envelope(
                actor,
                carried.slice_for("xb-health"),
                reason="x",
                peers=DatabaseKeyDirectory(NOW),
                ledger=Ledger(pinned_keys()),
                now=NOW,
            )
