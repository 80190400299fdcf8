# SPDX-License-Identifier: Apache-2.0
"""A blind process that has served every address, task or batch has loaded no module that could open content.

Every process does so where no module of the other half can be imported. None loads a toolkit of the science core: a
start pays nothing for them, and what strangers wrote is read in processes of their own.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from devtool.environments import ROOT, World, role_environment
from tests.agencies.world import enrol, hosted_agency
from tests.builders import Hub

OPENING = (
    "alerts",
    "casework",
    "desk",
    "reciprocity",
    "science",
    "substances",
    "vault",
    "accord.envelope.unseal",
    "accord.envelope.reading",
)
EXCHANGE = ("agencies", "operators", "sharing")
PEOPLE = ("officers", "notices", "peers", "django.contrib.auth.models")
PRIVATE = "accord.envelope.private"
TOOLKITS = ("rdkit", "numpy", "jcamp")


def _loaded(modules: list[str], *roots: str) -> list[str]:
    return [name for name in modules for root in roots if name == root or name.startswith(f"{root}.")]


@pytest.fixture
def api_key(transactional_db: None, tmp_path: Path) -> str:
    """A partner system's API key with every scope."""
    hub = Hub(tmp_path / "ledger", now=timezone.now())
    return hub.api_key(hub.make_agency("xa-lab")).removeprefix("Api-Key ")


def _boot(role: str, world: World, api_key: str) -> dict[str, Any]:
    script = Path(__file__).with_name("boot_role.py")
    outcome = subprocess.run(
        [sys.executable, str(script), api_key],
        cwd=ROOT,
        env=role_environment(role, world),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert outcome.returncode == 0, outcome.stderr[-4000:]
    report: dict[str, Any] = json.loads(outcome.stdout.splitlines()[-1])
    assert _loaded(report["modules"], "django") and _loaded(report["modules"], *TOOLKITS) == []
    return report


def test_the_exchange_loads_nothing_that_opens(world: World, api_key: str) -> None:
    report = _boot("exchange", world, api_key)
    assert len(report["used"]) > 20
    assert _loaded(report["modules"], *OPENING, *PEOPLE, PRIVATE) == []


def test_the_operator_loads_nothing_that_opens(world: World, api_key: str) -> None:
    report = _boot("operator", world, api_key)
    assert "get /agencies/xa-lab/ 200" in report["used"]
    assert _loaded(report["modules"], *OPENING, *PEOPLE, PRIVATE) == []


def test_the_exchange_worker_loads_nothing_that_opens(world: World, api_key: str) -> None:
    report = _boot("exchange-worker", world, api_key)
    asked = {
        "agencies.tidy",
        "sharing.log_hour",
        "sharing.mail_contacts",
        "sharing.mark_doubts",
        "sharing.sweep",
    }
    assert asked == set(report["used"])
    assert _loaded(report["modules"], *OPENING, *PEOPLE, PRIVATE) == []


def test_the_mailer_loads_nothing_that_opens_and_nothing_of_the_exchange(world: World, api_key: str) -> None:
    report = _boot("mailer", world, api_key)
    assert {"notices.send", "notices.sweep"} <= set(report["used"])
    assert all(name.startswith("notices.") for name in report["used"])
    assert _loaded(report["modules"], *OPENING, *EXCHANGE, PRIVATE) == []


def test_the_desk_worker_does_all_its_tasks_without_the_exchange(
    world: World, transactional_db: None
) -> None:
    report = _boot("desk-worker", world, "")
    assert {"alerts.follow_feed", "alerts.send_waiting", "vault.send_key_statements", "officers.tidy"} <= set(
        report["used"]
    )
    assert _loaded(report["modules"], *EXCHANGE) == []


def test_the_desk_serves_every_address_without_the_exchange(world: World, transactional_db: None) -> None:
    officer = enrol(hosted_agency("xa-lab"), "author", "releaser", "agency_admin", "key_officer")
    browser = Client()
    browser.force_login(officer, "officers.login.backends.EmailBackend")
    report = _boot("desk", world, browser.cookies[settings.SESSION_COOKIE_NAME].value)
    opened = [line for line in report["used"] if line.endswith(" 200")]
    assert len(report["used"]) > 200
    assert {"get /inbox/ 200", "get /api/v1/caller 200", "get /api/v1/directory 200"} <= set(opened)
    assert _loaded(report["modules"], *EXCHANGE) == []


def test_the_sequencer_signs_checkpoints_and_opens_nothing(world: World, api_key: str) -> None:
    report = _boot("sequencer", world, api_key)
    assert report["used"]
    assert _loaded(report["modules"], *OPENING, *PEOPLE) == []
    assert _loaded(report["modules"], PRIVATE) == [PRIVATE]


def test_the_desk_loads_what_opens_so_that_this_test_can_fail() -> None:
    import alerts.receiving.opening

    assert alerts.receiving.opening.__name__ in sys.modules
    assert _loaded(list(sys.modules), "vault")
