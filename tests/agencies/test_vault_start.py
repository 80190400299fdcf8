# SPDX-License-Identifier: Apache-2.0
"""A process with the vault does not start without its key ring; a blind one starts without it."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from devtool.environments import ROOT, role_environment
from tests.agencies.key_rings import followed_by, ring_text
from tests.agencies.world import hosted_agency
from tests.services import surroundings
from vault.kek import KekRing, held_ring

PROBE = (
    "import django, os; django.setup(); from vault.kek import held_ring; "
    "print(len(held_ring().keys), any(name.startswith('ACCORD_KEK') for name in os.environ))"
)
ANOTHER = "A" * 42 + "E"


def start(role: str, probe: str = PROBE, **changed: str | None) -> subprocess.CompletedProcess[str]:
    environment = role_environment(role, surroundings().world)
    for name, value in changed.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_desk_worker_takes_the_ring_and_clears_its_environment() -> None:
    outcome = start("desk-worker")
    assert outcome.stdout.split() == ["1", "False"], outcome.stderr


@pytest.mark.parametrize(
    "ring", [None, "", f"k1:{ANOTHER},k1:{ANOTHER}"], ids=["no ring", "an empty one", "an id twice"]
)
def test_without_a_sound_ring_the_desk_worker_does_not_start(ring: str | None) -> None:
    outcome = start("desk-worker", ACCORD_KEK=ring)
    assert outcome.returncode != 0
    assert "ImproperlyConfigured: ACCORD_KEK" in outcome.stderr
    assert ANOTHER not in outcome.stderr


BLIND = ("exchange", "exchange-worker", "mailer", "sequencer", "desk-migrate")


@pytest.mark.parametrize(
    ("role", "variable"), [*((role, "ACCORD_KEK") for role in BLIND), ("exchange", "ACCORD_KEK_FILE")]
)
def test_a_role_that_must_not_hold_the_ring_does_not_start_with_it(role: str, variable: str) -> None:
    outcome = start(role, "import django; django.setup()", **{variable: f"k1:{ANOTHER}"})
    assert outcome.returncode != 0
    assert "ACCORD_KEK is set" in outcome.stderr
    assert ANOTHER not in outcome.stderr


def test_a_blind_role_starts_without_the_vault() -> None:
    probe = "import django, sys; django.setup(); print('vault' in sys.modules)"
    outcome = start("exchange", probe)
    assert outcome.stdout.split() == ["False"], outcome.stderr


def test_this_process_has_no_ring_in_its_environment() -> None:
    assert "ACCORD_KEK" not in os.environ


# A sound ring that is not this vault's.


def _starts(role: str, *command: str, ring: KekRing) -> subprocess.CompletedProcess[str]:
    world = surroundings().world_on(connection.settings_dict["NAME"])
    environment = role_environment(role, world) | {"ACCORD_KEK": ring_text(ring)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


STARTS: dict[str, tuple[str, ...]] = {
    "desk": ("-c", "import hub.wsgi; print('started')"),
    "desk-worker": ("-m", "celery", "-A", "hub", "worker", "--queues", "nothing", "--concurrency", "1"),
}


@pytest.mark.parametrize(("role", "command"), STARTS.items(), ids=STARTS.keys())
def test_a_process_whose_ring_does_not_open_the_vault_does_not_start(
    transactional_db: None, role: str, command: tuple[str, ...]
) -> None:
    hosted_agency("xa-lab")
    old = held_ring().current
    missing = _starts(role, *command, ring=KekRing("other", {"other": os.urandom(32)}))
    assert missing.returncode != 0
    assert f"secrets stand under the key {old}, which is not in the ring" in missing.stderr
    wrong = _starts(role, *command, ring=KekRing(old, {old: os.urandom(32)}))
    assert wrong.returncode != 0
    assert f"the ring holds another key as {old}" in wrong.stderr


def test_with_the_right_ring_the_desk_starts(transactional_db: None) -> None:
    hosted_agency("xa-lab")
    outcome = _starts("desk", *STARTS["desk"], ring=followed_by(held_ring()))
    assert outcome.stdout.split() == ["started"], outcome.stderr


def test_where_the_database_does_not_answer_the_desk_starts_all_the_same() -> None:
    environment = role_environment("desk", surroundings().world)
    environment["DATABASE_URL"] = "postgres://accord_desk:x@127.0.0.1:1/none"
    environment["DATABASE_POOL"] = "false"
    outcome = subprocess.run(
        [sys.executable, *STARTS["desk"]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout.split() == ["started"], outcome.stderr
    assert "not compared with the vault" in outcome.stderr
