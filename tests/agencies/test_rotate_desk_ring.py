# SPDX-License-Identifier: Apache-2.0
"""Renewal of ring, passphrase and recovery key of a desk that is locked at rest, each without loss."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ledger.models import AuditEvent
from officers.policy_in_force import begin_policy, policy_of
from peers.models import Agency
from tests.agencies.world import hosted_agency
from tests.locked_desk import PASSPHRASE, RECOVERY_KEY, LockedDesk, locked_desk
from tests.role_logins import under_login_of
from vault import hubsecret, locking, services, unlocking
from vault.errors import RingInUseError, VaultError, WrongSecretError
from vault.instances import own_instance
from vault.kek import held_ring, lock_desk, lock_state, open_desk
from vault.kekrotation import keks_in_use
from vault.models import VaultSecret

pytestmark = [pytest.mark.django_db, pytest.mark.no_retry]
CONTENT = b"Vape liquid"
AGENCIES = ("xa-lab", "xb-health")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LockedDesk]:
    for agency_id in AGENCIES:
        hosted_agency(agency_id)
        begin_policy(Agency.objects.get(pk=agency_id))
    with locked_desk(tmp_path) as made:
        open_desk(PASSPHRASE)
        own_instance()
        yield made


@pytest.fixture
def row(desk: LockedDesk) -> bytes:
    return services.seal_row("xa-lab", "alertrevision", "r1", 1, CONTENT)


def opens(row: bytes) -> bool:
    return services.open_row("xa-lab", "alertrevision", "r1", 1, row) == CONTENT


def rotate() -> int:
    return unlocking.rotate_ring(PASSPHRASE, RECOVERY_KEY, actor=unlocking.CONSOLE, now=timezone.now())


def test_a_fresh_key_takes_over_and_both_secrets_open_it(desk: LockedDesk, row: bytes) -> None:
    factor = hubsecret.seal_for_login("JBSWY3DP", "officer:1", now=timezone.now())
    token = services.token("xa-lab", "inchikey", "A")
    before = held_ring()
    with under_login_of("desk"):
        assert rotate() == len(AGENCIES) + 1
    assert held_ring().keys.keys().isdisjoint(before.keys)
    for secret in (PASSPHRASE, RECOVERY_KEY):
        lock_desk()
        open_desk(secret)
        assert opens(row)
        assert hubsecret.open_for_login(factor, "officer:1") == "JBSWY3DP"
        policy_of(Agency.objects.get(pk="xa-lab"))
    assert services.token("xa-lab", "inchikey", "A") == token
    assert [use.kek for use in keks_in_use()] == [held_ring().current]
    acts = AuditEvent.objects.filter(act__startswith="vault.").order_by("seq").values_list("act", flat=True)
    assert list(acts) == ["vault.ring_rotation_begun", "vault.ring_rotated"]


def test_a_copy_of_before_opens_what_was_sealed_before_and_nothing_of_afterwards(
    desk: LockedDesk, row: bytes
) -> None:
    """A thief has the earlier locked ring, its passphrase and the earlier rows, and gets the later rows too."""
    old_file, old_rows = desk.locked.read_bytes(), list(VaultSecret.objects.values())
    rotate()
    later = services.seal_row("xa-lab", "alertrevision", "r2", 1, CONTENT)
    new_rows = list(VaultSecret.objects.values())
    desk.locked.write_bytes(old_file)
    lock_desk()
    open_desk(PASSPHRASE)
    VaultSecret.objects.all().delete()
    VaultSecret.objects.bulk_create(VaultSecret(**kept) for kept in old_rows)
    assert opens(row)
    known = {(kept["agency_id"], kept["epoch"]) for kept in old_rows}
    VaultSecret.objects.bulk_create(
        VaultSecret(**{**kept, "id": None})
        for kept in new_rows
        if (kept["agency_id"], kept["epoch"]) not in known
    )
    with pytest.raises(VaultError):
        services.open_row("xa-lab", "alertrevision", "r2", 1, later)


class _FullError(OSError):
    """A disk that is full at one write."""


def test_stopped_at_any_write_it_loses_nothing_and_goes_on(
    desk: LockedDesk, row: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, real = desk.locked.read_bytes(), Path.replace
    first = held_ring().current
    for at in range(1, 5):
        left = [at]

        def full(self: Path, target: Path, left: list[int] = left) -> Path:
            left[0] -= 1
            if left[0] == 0:
                raise _FullError
            return real(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", full)
            with pytest.raises(_FullError):
                rotate()
        assert opens(row), at
        for secret in (PASSPHRASE, RECOVERY_KEY):
            lock_desk()
            open_desk(secret)
            assert opens(row), at
    assert desk.locked.read_bytes() != fresh
    rotate()
    assert opens(row)
    assert first not in held_ring().keys
    assert len(held_ring().keys) == 1


def test_what_was_altered_keeps_the_old_key(desk: LockedDesk, row: bytes) -> None:
    old = held_ring().current
    VaultSecret.objects.filter(agency_id="xb-health").update(wrapped=b"x" * 60)
    with pytest.raises(RingInUseError, match="xb-health"):
        rotate()
    assert old in held_ring().keys
    assert opens(row)


@pytest.mark.parametrize(
    ("passphrase", "recovery_key"),
    [
        (PASSPHRASE, locking.draw_recovery_key()),
        ("eine andere tasse tee um acht", RECOVERY_KEY),
        (RECOVERY_KEY, RECOVERY_KEY),
        (PASSPHRASE, PASSPHRASE),
    ],
)
def test_one_of_the_two_secrets_alone_rotates_nothing(
    desk: LockedDesk, passphrase: str, recovery_key: str
) -> None:
    before = desk.locked.read_bytes()
    with pytest.raises(WrongSecretError):
        unlocking.rotate_ring(passphrase, recovery_key, actor=unlocking.CONSOLE, now=timezone.now())
    assert desk.locked.read_bytes() == before
    assert not AuditEvent.objects.filter(act="vault.ring_rotation_begun").exists()


def test_another_recovery_key_opens_ring_and_backups_from_then_on(
    desk: LockedDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = locking.backup_key_of(desk.locked.read_bytes())
    secret = tmp_path / "secret"
    secret.write_text(RECOVERY_KEY)
    with pytest.raises(CommandError, match="neither"):
        call_command("change_recovery_key", passphrase_file=str(secret))
    secret.write_text(PASSPHRASE)
    with under_login_of("desk"):
        call_command("change_recovery_key", passphrase_file=str(secret))
    new = capsys.readouterr().out.splitlines()[-2].removeprefix("Recovery key: ")
    lock_desk()
    with pytest.raises(WrongSecretError):
        open_desk(RECOVERY_KEY)
    for opening in (new, PASSPHRASE):
        open_desk(opening)
        lock_desk()
    own = locking.derive_backup_key(locking.read_recovery_key(new)).public
    assert own == locking.backup_key_of(desk.locked.read_bytes()) != before


def test_the_shell_rotates_by_both_secrets(
    desk: LockedDesk, row: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {}
    for name, secret in (("passphrase_file", PASSPHRASE), ("recovery_key_file", RECOVERY_KEY)):
        (tmp_path / name).write_text(secret)
        files[name] = str(tmp_path / name)
    lock_desk()
    call_command("rotate_desk_ring", **files)
    assert "2 new root secrets" in capsys.readouterr().out
    assert lock_state() == "open"
    assert opens(row)
    VaultSecret.objects.filter(agency_id="xb-health").update(wrapped=b"x" * 60)
    with pytest.raises(CommandError, match="xb-health"):
        call_command("rotate_desk_ring", **files)
