# SPDX-License-Identifier: Apache-2.0
"""The own root changes to the announced one, or that one recovers it in 72 hours; without both, the chain ends."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from accord.client.ceremony import open_root
from accord.client.client import Client
from accord.client.enrolment import OwnRoot
from accord.client.errors import HeldElsewhereError, KeyChangeOvertakenError, RequestError, RootsLostError
from accord.client.home import NewRoot, create_next_root, create_operational
from accord.envelope.keysets import RECOVERY_DELAY_SECS, read_keyset
from accord.envelope.private import Root
from accord.keyerrors import RootElsewhereError
from accord.keyring import KeyRing
from agencies.models import Keyset
from agencies.registry import take_over_recoveries
from tests.client.conftest import CHEAP, PASSPHRASE, PartnerWorld, alert_to


def next_root(world: PartnerWorld, agency: str) -> Root:
    return open_root(world.place(agency).next_root_file, PASSPHRASE).root


def one_more(folder: Path) -> NewRoot:
    return create_next_root(folder, PASSPHRASE, now=int(time.time()), cost=CHEAP)


def ring_of(world: PartnerWorld, agency: str) -> KeyRing:
    return world.place(agency).unlock(PASSPHRASE)


def new_home(world: PartnerWorld, agency: str, root: Root) -> Client:
    """A new home after the loss of the old one, with new operational keys and the fingerprint of the root in force."""
    folder = world.folder / f"{agency}-anew"
    create_operational(folder, PASSPHRASE, now=int(time.time()), cost=CHEAP)
    client = world.client_with(folder)
    client.enrol(
        agency,
        hub=world.address,
        ledger_vkey=world.hub.key.vkey,
        api_key=world.another_api_key(agency),
        own=OwnRoot(fingerprint=root.fingerprint),
    )
    return client


def test_the_root_changes_to_the_announced_one_and_peers_follow(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    alpha, bravo = pair
    new, after = next_root(world, "xa-alpha"), one_more(tmp_path / "safe")
    change = alpha.keys.change_root(new, announce=after.fingerprint)

    assert (change.fingerprint, change.next_fingerprint) == (new.fingerprint, after.fingerprint)
    assert alpha.fingerprint == new.fingerprint
    ring = ring_of(world, "xa-alpha")
    assert ring.root.fingerprint == new.fingerprint
    assert (ring.next_root, ring.incoming_root) == (after.fingerprint, None)
    assert Keyset.objects.get(agency_id="xa-alpha", version=2).succession == "changed"
    sent = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    assert alpha.open(sent.md).marks == ()
    assert world.client("xa-alpha").keys.renew().version == 3
    successor = open_root(after.root_file, PASSPHRASE).root
    last = one_more(tmp_path / "last")
    assert alpha.keys.change_root(successor, announce=last.fingerprint).version == 4


def test_only_the_announced_root_takes_over_and_announces_a_new_one(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, _ = pair
    new = next_root(world, "xa-alpha")
    with pytest.raises(RootsLostError, match="enters again"):
        alpha.keys.change_root(Root.generate(), announce=Root.generate().fingerprint)
    for announced in (new.fingerprint, alpha.fingerprint):
        with pytest.raises(RequestError, match="must be a new one"):
            alpha.keys.change_root(new, announce=announced)
    with pytest.raises(RequestError, match="64 hex digits"):
        alpha.keys.change_root(new, announce="abcd")
    assert not Keyset.objects.filter(agency_id="xa-alpha", version=2).exists()


def test_a_root_that_is_not_in_force_signs_nothing(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    alpha, _ = pair
    new = next_root(world, "xa-alpha")
    with pytest.raises(RequestError, match="change-root"):
        alpha.keys.renew(root=new)
    with pytest.raises(RequestError, match="not the root"):
        alpha.keys.renew(root=Root.generate())
    old = ring_of(world, "xa-alpha").root
    alpha.keys.change_root(new, announce=one_more(tmp_path / "safe").fingerprint)
    with pytest.raises(RequestError, match="not the root"):
        alpha.keys.renew(root=old)


def test_a_lost_root_is_recovered_in_72_hours_with_the_keys_of_a_new_home(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    """The whole home is lost; the next root was kept elsewhere."""
    _, bravo = pair
    old, new = ring_of(world, "xa-alpha").root, next_root(world, "xa-alpha")
    again = new_home(world, "xa-alpha", old)
    with pytest.raises(RootElsewhereError, match="--root FILE"):
        again.keys.renew()
    change = again.keys.recover_root(new, announce=one_more(tmp_path / "safe").fingerprint)

    assert change.in_force_from == change.log_time + RECOVERY_DELAY_SECS
    assert len(change.kids) == 3
    overview = again.keys.overview()
    assert (overview.version, overview.fingerprint) == (1, old.fingerprint)
    (warning,) = overview.warnings
    assert (warning.what, warning.until) == ("recovery", change.in_force_from)
    keyset = read_keyset(bytes(Keyset.objects.get(agency_id="xa-alpha", version=2).jws))
    assert [row.st for row in keyset.rows] == ["retired"] * 3 + ["current"] * 3
    assert bravo.plan(alert_to("xa-alpha")).will == ("xa-alpha",)


def test_a_recovery_takes_over_in_its_own_home_after_its_delay(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    old, new = ring_of(world, "xa-alpha").root, next_root(world, "xa-alpha")
    again = new_home(world, "xa-alpha", old)
    again.keys.recover_root(new, announce=one_more(tmp_path / "safe").fingerprint)
    assert again.fingerprint == old.fingerprint

    later = world.client_with("xa-alpha-anew", off_by=RECOVERY_DELAY_SECS + 60)
    assert later.keys.overview(online=False).fingerprint == new.fingerprint
    assert later.keys.overview(online=False).version == 2
    world.hub.now += timedelta(hours=73)
    assert take_over_recoveries(now=world.hub.now) == 1
    assert world.row("xa-alpha").root_fingerprint == new.fingerprint


def test_whoever_holds_the_root_sees_a_recovery_and_cancels_it_by_a_renewal(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    """A thief of the next root begins a recovery; the warned agency renews."""
    alpha, _ = pair
    old, new = ring_of(world, "xa-alpha").root, next_root(world, "xa-alpha")
    thief = new_home(world, "xa-alpha", old)
    thief.keys.recover_root(new, announce=one_more(tmp_path / "theirs").fingerprint)

    (warning,) = alpha.keys.overview().warnings
    assert (warning.what, warning.remedy) == ("recovery", "accord keys renew")
    with pytest.raises(HeldElsewhereError):
        alpha.keys.renew()
    alpha.take_over()
    assert alpha.keys.renew().version == 2
    assert alpha.keys.overview().warnings == ()
    late = world.client_with("xa-alpha", off_by=100 * 3600)
    assert late.keys.overview(online=False).fingerprint == old.fingerprint
    kept = [(record.version, record.succession) for record in alpha.state().keysets["xa-alpha"]]
    assert kept == [(1, "same"), (2, "recovered"), (2, "same")]


def test_there_is_one_recovery_at_a_time(
    world: PartnerWorld, pair: tuple[Client, Client], tmp_path: Path
) -> None:
    old, new = ring_of(world, "xa-alpha").root, next_root(world, "xa-alpha")
    again = new_home(world, "xa-alpha", old)
    again.keys.recover_root(new, announce=one_more(tmp_path / "safe").fingerprint)
    with pytest.raises(KeyChangeOvertakenError):
        again.keys.recover_root(new, announce=one_more(tmp_path / "another").fingerprint)
    assert again.keys.overview().pending is None


def test_a_root_that_is_here_is_not_lost_and_two_lost_roots_are_the_end(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    alpha, _ = pair
    with pytest.raises(RequestError, match="change-root"):
        alpha.keys.recover_root(next_root(world, "xa-alpha"), announce=Root.generate().fingerprint)
    again = new_home(world, "xa-alpha", ring_of(world, "xa-alpha").root)
    again.take_over()
    with pytest.raises(RootsLostError, match="new fingerprint to the hub's operator on paper"):
        again.keys.recover_root(Root.generate(), announce=Root.generate().fingerprint)
    assert Keyset.objects.filter(agency_id="xa-alpha").count() == 1


def test_a_new_home_of_an_agency_brings_its_own_keys_with_the_root_at_hand(
    world: PartnerWorld, pair: tuple[Client, Client]
) -> None:
    """Another machine of the agency rotates its keys in, with the root from a file."""
    alpha, bravo = pair
    root = ring_of(world, "xa-alpha").root
    again = new_home(world, "xa-alpha", root)
    overview = again.keys.overview()
    assert len(overview.unpublished) == 3
    assert not any(fact.held for fact in overview.keys)
    change = again.keys.rotate(root=root)

    assert set(change.kids) == set(overview.unpublished)
    again.pin("xb-bravo", bravo.fingerprint)
    sent = bravo.submit(alert_to("xa-alpha"), wait_secs=10)
    assert again.open(sent.md).marks == ()
    assert alpha.keys.overview().version == 2
