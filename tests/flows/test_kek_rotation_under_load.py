# SPDX-License-Identifier: Apache-2.0
"""The key-encryption key is replaced while the hub works: real processes open and seal, and none fails."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import open_received_cards
from alerts.receiving.opening import OpeningReason, open_alert
from alerts.review.preview import preview_release
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from devtool.environments import ROOT, role_environment
from devtool.processes import wait_until
from officers.policy_in_force import begin_policy
from tests.agencies.key_rings import followed_by, ring, ring_text, without
from tests.conftest import HubProcesses
from tests.entries import store_entry
from tests.pages.desk_world import CONTENT, DeskWorld
from vault.kek import KekRing, held_ring
from vault.models import VaultSecret
from vault.wrapped_keys import ensure_secret

pytestmark = [pytest.mark.slow, pytest.mark.no_retry]
OTHERS = 40
"""Hosted agencies beside the two that work; the load runs all through the rotation of their secrets."""


class Rotation:
    """A hub with two rings, one of both keys and one of the new key alone; a process gets the ring that is current."""

    def __init__(self, desk: DeskWorld, processes: HubProcesses, folder: Path) -> None:
        self.desk, self.processes, self.folder = desk, processes, folder
        self.old = held_ring().current
        self.both = followed_by(held_ring())
        self.new = without(self.both, self.old)
        self.take(self.both)

    def take(self, held: KekRing) -> None:
        """Put the ring into the environment of processes started from now on."""
        world = self.processes.world
        secrets = replace(world.secrets, key_encryption_ring=ring_text(held))
        self.processes.world = replace(world, secrets=secrets)

    def run(self, *arguments: str, log: str) -> "subprocess.Popen[bytes]":
        environment = role_environment("desk", self.processes.world)
        with (self.folder / log).open("wb") as out:
            return subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
            )

    def rotate(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return self.run("manage.py", "rotate_kek", *arguments, log="rotation")

    def said(self, log: str) -> str:
        return (self.folder / log).read_text()

    def send(self) -> Alert:
        """Send through the desk now, with officers and their agency read anew, as a request reads them."""
        for officer in (self.desk.ilka, self.desk.benno, self.desk.aroha):
            officer.refresh_from_db()
        draft = self.desk.draft(recipients=["xb-health"])
        now = timezone.now()
        alert = submit_alert(self.desk.ilka, draft, revision=draft.current, now=now)
        seen = preview_release(self.desk.benno, alert, now=now).digest
        validate_alert(self.desk.benno, alert, revision=alert.current, seen_preview=seen, now=now)
        return release_alert(self.desk.benno, alert, revision=alert.current, now=now)

    def reads(self, alert: Alert) -> bool:
        """Wait for the alert, open its card, and let the officer read it; tell whether both worked."""
        rows = ReceivedAlert.objects.visible_to(self.desk.aroha).filter(md=alert.md)
        wait_until(rows.exists, "the alert has reached the agency", timeout_seconds=90)
        (card,) = open_received_cards("xb-health", rows).values()
        opened = open_alert(self.desk.aroha, rows.get(), reason=OpeningReason.ON_DUTY, now=timezone.now())
        return not card.is_damaged and CONTENT in str(opened.sections)


@pytest.fixture
def rotation(quick: None, desk: DeskWorld, hub_processes: HubProcesses, tmp_path: Path) -> Rotation:
    return Rotation(desk, hub_processes, tmp_path)


def _host_others(desk: DeskWorld) -> None:
    for number in range(OTHERS):
        agency = store_entry(
            f"xz-n{number:04d}",
            name=f"Agency {number}",
            kind="laboratory",
            country="XZ",
            custody="hub",
            admitted_at=desk.hub.now,
        )
        ensure_secret(agency.pk, now=desk.hub.now)
        begin_policy(agency)


def test_the_key_is_replaced_while_others_open_and_seal(rotation: Rotation) -> None:
    _host_others(rotation.desk)
    stop = rotation.folder / "stop"
    with ring(rotation.both):
        rotation.processes.sequencer()
        worker = rotation.processes.desk_worker()
        rotation.processes.mailer(beat=True)
        before = rotation.send()
        load = rotation.run(
            str(Path(__file__).with_name("vault_load.py")), str(stop), "xa-lab", "xb-health", log="load"
        )
        wait_until(Path(f"{stop}.begun").exists, "the load has begun", timeout_seconds=90)
        running = rotation.rotate()
        during = rotation.send()
        assert running.wait(timeout=240) == 0, rotation.said("rotation")
        stop.touch()
        assert load.wait(timeout=240) == 0, rotation.said("load")
        assert int(rotation.said("load").split()[-1]) >= 1
        assert rotation.reads(before) and rotation.reads(during)
    assert f"{rotation.old}: 0 secrets, 0 rows, may go" in rotation.said("rotation")
    assert set(VaultSecret.objects.values_list("kek", flat=True)) == {"new"}
    _a_process_left_on_the_old_ring_is_named_by_what_it_makes(rotation)

    worker.stop()
    rotation.take(rotation.new)
    with ring(rotation.new):
        rotation.processes.desk_worker()
        after = rotation.send()
        assert all(rotation.reads(alert) for alert in (before, during, after))
        assert rotation.rotate("--check").wait(timeout=120) == 0, rotation.said("rotation")


def _a_process_left_on_the_old_ring_is_named_by_what_it_makes(rotation: Rotation) -> None:
    """Forget a process at the restart, which goes on with the old key: the operator sees it before the key is deleted."""
    left = store_entry(
        "xy-late", name="Late", kind="laboratory", country="XY", custody="hub", admitted_at=timezone.now()
    )
    ensure_secret(left.pk, now=timezone.now())
    assert rotation.rotate("--check").wait(timeout=120) == 1
    assert f"Still in use: {rotation.old}." in rotation.said("rotation")
    assert rotation.rotate().wait(timeout=240) == 0
