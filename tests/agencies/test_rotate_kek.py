# SPDX-License-Identifier: Apache-2.0
"""Rotation of the key-encryption key: secrets are rewrapped and checked, refusals name the key, and a killed run is resumed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from devtool.environments import ROOT, role_environment
from devtool.processes import wait_until
from hub.roles import ROLES
from officers.policy_in_force import begin_policy
from peers.models import Agency
from tests.agencies.key_rings import followed_by, ring, ring_text, without
from tests.agencies.world import NOW, hosted_agency
from tests.entries import store_entry
from tests.services import surroundings
from vault import services
from vault.errors import KekUnknownError, KekWrongError, SealBrokenError
from vault.kek import KekRing, held_ring
from vault.kekrotation import check_ring, keks_in_use, rewrap_secrets
from vault.models import VaultKey, VaultSecret
from vault.wrapped_keys import ensure_secret, private_keys

pytestmark = pytest.mark.no_retry

CONTENT = b"Vape liquid"


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_kek", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    return str(refused.value)


@pytest.fixture
def row(db: None) -> bytes:
    """A sealed row of xa-lab; xb-health is hosted too."""
    _with_policy("xa-lab")
    _with_policy("xb-health")
    return services.seal_row("xa-lab", "alertrevision", "r1", 1, CONTENT)


def _with_policy(agency_id: str) -> None:
    """Make a hosted agency whose first keyset is not logged yet: two of its rows and its policy carry a code."""
    hosted_agency(agency_id)
    begin_policy(Agency.objects.get(pk=agency_id))


def opens(row: bytes) -> bool:
    held = VaultKey.objects.filter(agency_id="xa-lab").values_list("pk", flat=True)
    assert len(private_keys("xa-lab", list(held))) == len(held)
    return services.open_row("xa-lab", "alertrevision", "r1", 1, row) == CONTENT


def test_the_new_key_takes_over_and_the_old_one_may_go(row: bytes) -> None:
    old = held_ring()
    both = followed_by(old)
    with ring(both):
        assert "2 secrets rewrapped, 6 rows bound anew." in run()
        assert run().startswith("0 secrets rewrapped, 0 rows bound anew.")
        assert opens(row)
        assert f"{old.current}: 0 secrets, 0 rows, may go" in run("--check")
    assert set(VaultSecret.objects.values_list("kek", flat=True)) == {"new"}
    with ring(without(both, old.current)):
        assert opens(row)
        check_ring()


def test_check_changes_nothing_and_names_the_key_that_is_still_in_use(row: bytes) -> None:
    old = held_ring()
    before = list(VaultSecret.objects.values_list("pk", "kek", "wrapped"))
    with ring(followed_by(old)):
        assert f"Still in use: {old.current}." in refusal("--check")
        found = [(use.kek, use.secrets, use.is_current, use.may_go) for use in keks_in_use()]
    assert found == [("new", 0, True, False), (old.current, 2, False, False)]
    assert list(VaultSecret.objects.values_list("pk", "kek", "wrapped")) == before


def test_a_secret_made_meanwhile_under_the_old_key_is_found(row: bytes) -> None:
    old = held_ring()
    with ring(followed_by(old)) as _:
        run()
        late = VaultSecret.objects.get(agency_id="xb-health")
        with ring(old):
            _with_policy("xc-customs")
        assert old.current in refusal("--check")
        assert "1 secrets rewrapped, 3 rows bound anew." in run()
    assert late.kek == "new"


def test_what_changed_since_it_was_read_is_left_alone(row: bytes) -> None:
    """A secret that was erased meanwhile does not come back."""
    with ring(followed_by(held_ring())):
        VaultSecret.objects.filter(agency_id="xb-health").delete()
        assert rewrap_secrets().changed == 1
    assert list(VaultSecret.objects.values_list("agency_id", flat=True)) == ["xa-lab"]


def test_an_altered_secret_is_named_and_keeps_no_other_waiting(row: bytes) -> None:
    altered = VaultSecret.objects.get(agency_id="xb-health")
    wrapped = bytearray(altered.wrapped)
    wrapped[-1] ^= 1
    VaultSecret.objects.filter(pk=altered.pk).update(wrapped=bytes(wrapped))
    with ring(followed_by(held_ring())):
        said = refusal()
        assert "xb-health" in said and "xa-lab" not in said
        assert opens(row)
        with pytest.raises(SealBrokenError):
            services.seal_row("xb-health", "alertrevision", "r1", 1, CONTENT)


# With a wrong ring nothing is changed, and the refusal names the key.


def test_a_ring_without_the_old_key_is_refused(row: bytes) -> None:
    old = held_ring().current
    with ring(KekRing("new", {"new": os.urandom(32)})):
        assert f"Secrets stand under the key {old}, which is not in the ring." in refusal()
        with pytest.raises(KekUnknownError):
            check_ring()


def test_another_key_under_the_old_ones_id_is_refused(row: bytes) -> None:
    old = held_ring().current
    with ring(KekRing("new", {"new": os.urandom(32), old: os.urandom(32)})):
        assert f"another key as {old}" in refusal()
        assert f"another key as {old}" in refusal("--check")
        with pytest.raises(KekWrongError):
            check_ring()
    assert set(VaultSecret.objects.values_list("kek", flat=True)) == {old}


def test_a_row_of_a_retired_key_that_comes_back_is_refused(row: bytes) -> None:
    """The row comes from a backup of before the rotation, after the old key has left the ring."""
    old = held_ring()
    (kept,) = VaultSecret.objects.filter(agency_id="xa-lab").values("kek", "wrapped")
    both = followed_by(old)
    with ring(both):
        run()
    VaultSecret.objects.filter(agency_id="xa-lab").update(**kept)
    with ring(without(both, old.current)):
        with pytest.raises(KekUnknownError):
            services.open_row("xa-lab", "alertrevision", "r1", 1, row)
        assert old.current in refusal("--check")
    VaultSecret.objects.filter(agency_id="xa-lab").update(kek="new")
    with ring(without(both, old.current)), pytest.raises(SealBrokenError):
        services.open_row("xa-lab", "alertrevision", "r1", 1, row)


def test_a_process_without_a_ring_is_told_what_it_needs(db: None) -> None:
    environment = role_environment("desk-migrate", surroundings().world)
    outcome = subprocess.run(
        [sys.executable, "manage.py", "rotate_kek"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert outcome.stderr.strip().endswith("set ACCORD_KEK or ACCORD_KEK_FILE.")


# Killed in the middle.

AGENCIES = 24


def test_killed_in_the_middle_it_goes_on_where_it_was_and_loses_nothing(
    transactional_db: None, tmp_path: Path
) -> None:
    old = held_ring()
    both = followed_by(old)
    ids = [f"xa-n{number:04d}" for number in range(AGENCIES)]
    rows = {agency: _sealed_row_of_a_new_agency(agency) for agency in ids}
    with _locked(ids[AGENCIES // 2]):
        killed = _rotate(both, tmp_path / "first")
        wait_until(_waits_after_progress, "the rotation to wait in its middle", timeout_seconds=120)
        killed.kill()
        killed.wait(timeout=180)
    # What the server was already asked for it still does.
    wait_until(lambda: not _is_connected(), "the server to notice the kill", timeout_seconds=120)
    done = VaultSecret.objects.filter(kek="new").count()
    assert 0 < done < AGENCIES
    with ring(both):
        assert all(
            services.open_row(agency, "alertrevision", "r1", 1, row) == CONTENT
            for agency, row in rows.items()
        )
    again = _rotate(both, tmp_path / "second")
    assert again.wait(timeout=240) == 0
    said = (tmp_path / "second").read_text()
    assert f"{AGENCIES - done} secrets rewrapped, {2 * AGENCIES} rows bound anew." in said
    assert f"{old.current}: 0 secrets, 0 rows, may go" in said
    with ring(without(both, old.current)):
        assert all(
            services.open_row(agency, "alertrevision", "r1", 1, row) == CONTENT
            for agency, row in rows.items()
        )
    assert VaultSecret.objects.filter(kek="new").count() == AGENCIES


def _sealed_row_of_a_new_agency(agency_id: str) -> bytes:
    agency = store_entry(
        agency_id, name=agency_id, kind="laboratory", country="XA", custody="hub", admitted_at=NOW
    )
    ensure_secret(agency.pk, now=NOW)
    begin_policy(agency)
    return services.seal_row(agency_id, "alertrevision", "r1", 1, CONTENT)


def _rotate(held: KekRing, log: Path) -> "subprocess.Popen[bytes]":
    """Start the real command as the operator does."""
    world = surroundings().world_on(connection.settings_dict["NAME"])
    environment = role_environment("desk", world) | {"ACCORD_KEK": ring_text(held)}
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "manage.py", "rotate_kek"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )


@contextmanager
def _locked(agency_id: str) -> Iterator[None]:
    """Hold the row of an agency's secret, at which a rotation waits."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT 1 FROM vault_vaultsecret WHERE agency_id = %s FOR UPDATE", [agency_id])
        yield
        other.rollback()


def _waits_after_progress() -> bool:
    return (
        _is_connected("pid IN (SELECT pid FROM pg_locks WHERE NOT granted)")
        and VaultSecret.objects.filter(kek="new").exists()
    )


def _is_connected(state: str = "true") -> bool:
    """Tell whether the server has a connection of the rotation, which has the desk's login, in this state."""
    ours = f"datname = current_database() AND usename = %s AND {state}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE {ours})", [ROLES["desk"].login])  # noqa: S608
        return bool(cursor.fetchone()[0])
