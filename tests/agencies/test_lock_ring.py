# SPDX-License-Identifier: Apache-2.0
"""The file of a locked ring: each of two secrets opens it, nothing else does, and an altered file costs no memory."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from callers.errors import InputError
from tests.locked_desk import PASSPHRASE, QUICK, RECOVERY_KEY
from vault import locking
from vault.errors import LockedFileError, WrongSecretError
from vault.kek import parse_ring
from vault.locking import (
    backup_key_of,
    change_passphrase,
    derive_backup_key,
    draw_recovery_key,
    draw_ring,
    is_mistyped_recovery_key,
    lock_ring,
    open_ring,
    read_recovery_key,
)

RING = draw_ring()
OTHER = "eine andere tasse tee um acht"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(locking.DERIVED_WITH, locking.PASSPHRASE, QUICK)


@pytest.fixture
def locked(quick: None) -> bytes:
    return lock_ring(RING, passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY)


def test_a_drawn_ring_is_one_that_a_process_holds() -> None:
    assert parse_ring(RING).current == "k1"
    assert draw_ring() != RING


@pytest.mark.parametrize("secret", [PASSPHRASE, f"  {PASSPHRASE}\n", RECOVERY_KEY])
def test_either_secret_opens_it(locked: bytes, secret: str) -> None:
    assert open_ring(locked, secret) == RING


def test_at_its_real_cost_it_opens_too() -> None:
    octets = lock_ring(RING, passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY)
    assert json.loads(octets)["slots"]["passphrase"]["n"] == 131072
    assert open_ring(octets, PASSPHRASE) == RING


def test_a_passphrase_is_the_same_however_its_letters_are_composed(quick: None) -> None:
    octets = lock_ring(RING, passphrase="caf\u00e9 au lait \u00e0 midi", recovery_key=RECOVERY_KEY)
    assert open_ring(octets, "cafe\u0301 au lait a\u0300 midi") == RING


def test_neither_the_ring_nor_a_secret_stands_in_the_file(locked: bytes) -> None:
    for told in (RING, RING.partition(":")[2], PASSPHRASE, RECOVERY_KEY, RECOVERY_KEY.replace("-", "")):
        assert told.encode() not in locked
    assert lock_ring(RING, passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY) != locked


WRONG = {
    "another passphrase": OTHER,
    "another case": PASSPHRASE.upper(),
    "nothing": "",
    "another recovery key": draw_recovery_key(),
    "the ring": RING,
    "what is too long to be looked at": "x" * 5000,
    "no text of any alphabet": "\ud800" * 20,
}


@pytest.mark.parametrize("secret", WRONG.values(), ids=WRONG.keys())
def test_nothing_else_does(locked: bytes, secret: str) -> None:
    with pytest.raises(WrongSecretError):
        open_ring(locked, secret)


# Altered files.


def _values(value: Any, *path: str) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [found for name, each in value.items() for found in _values(each, *path, name)]


def _altered(value: Any) -> list[Any]:
    """Other values of the same type and of other types; for a text also one with one letter changed."""
    if isinstance(value, int):
        return [value + 1, value * 2, 2**40, 0, -1, True, str(value), None]
    swapped = ("B" if value[0] != "B" else "C") + value[1:]
    return [swapped, value[:-4], value + "AAAA", "", 1, None, [value]]


def test_a_change_of_any_value_leaves_it_closed(locked: bytes) -> None:
    places = _values(json.loads(locked))
    assert len(places) == 3 + 7 + 4
    for place in places:
        said = json.loads(locked)
        holder = said
        for name in place[:-1]:
            holder = holder[name]
        for other in _altered(holder[place[-1]]):
            holder[place[-1]] = other
            octets = json.dumps(said).encode()
            for secret, slot in ((PASSPHRASE, "passphrase"), (RECOVERY_KEY, "recovery")):
                if place[0] == "slots" and place[1] != slot and _opens(octets, secret):
                    # Altering one slot leaves the other one usable; a malformed file opens with neither.
                    continue
                with pytest.raises((WrongSecretError, LockedFileError)):
                    open_ring(octets, secret)


def _opens(octets: bytes, secret: str) -> bool:
    try:
        return open_ring(octets, secret) == RING
    except (WrongSecretError, LockedFileError):
        return False


def test_members_may_neither_be_added_nor_left_out(locked: bytes) -> None:
    said = json.loads(locked)
    holders = (lambda one: one, lambda one: one["slots"], *(_slot(name) for name in said["slots"]))
    for holder_of in holders:
        for name in holder_of(said):
            less, more = json.loads(locked), json.loads(locked)
            del holder_of(less)[name]
            holder_of(more)[f"{name}2"] = 1
            for other in (less, more):
                with pytest.raises(LockedFileError):
                    open_ring(json.dumps(other).encode(), PASSPHRASE)


def _slot(name: str) -> Any:
    return lambda said: said["slots"][name]


def test_slots_do_not_change_places(locked: bytes) -> None:
    other = json.loads(lock_ring(draw_ring(), passphrase=PASSPHRASE, recovery_key=RECOVERY_KEY))
    said = json.loads(locked)
    for member in ("iv", "salt", "sealed"):
        mixed = json.loads(locked)
        mixed["slots"]["passphrase"][member] = other["slots"]["passphrase"][member]
        with pytest.raises(WrongSecretError):
            open_ring(json.dumps(mixed).encode(), PASSPHRASE)
    for member in ("iv", "salt", "sealed"):
        said["slots"]["passphrase"][member] = said["slots"]["recovery"][member]
    with pytest.raises(WrongSecretError):
        open_ring(json.dumps(said).encode(), PASSPHRASE)


NO_FILES = {
    "nothing": b"",
    "no JSON": b"{",
    "no object": b"[]",
    "text of another encoding": b'{"v": "\xff"}',
    "a member twice": b'{"kind": "accord-locked-ring", "kind": "accord-locked-ring", "slots": {}, "v": 1}',
    "too large": b" " * 20_000,
    "very deep": b"[" * 10_000,
}


@pytest.mark.parametrize("octets", NO_FILES.values(), ids=NO_FILES.keys())
def test_what_is_no_such_file_is_named_so(octets: bytes) -> None:
    with pytest.raises(LockedFileError):
        open_ring(octets, PASSPHRASE)


def test_no_file_makes_a_process_use_memory(locked: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise AssertionError("a key was derived")

    monkeypatch.setattr("vault.locking.hashlib.scrypt", refuse)
    for name, value in (("n", 2**20), ("n", 2**30), ("r", 1024), ("p", 64)):
        said = json.loads(locked)
        said["slots"]["passphrase"][name] = value
        with pytest.raises(LockedFileError):
            open_ring(json.dumps(said).encode(), PASSPHRASE)


def test_guesses_in_parallel_take_the_memory_of_one(locked: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    derive, inside, together = hashlib.scrypt, threading.Lock(), list[bool]()

    def noted(*args: Any, **kwargs: Any) -> bytes:
        together.append(not inside.acquire(blocking=False))
        try:
            return derive(*args, **kwargs)
        finally:
            if not together[-1]:
                inside.release()

    monkeypatch.setattr("vault.locking.hashlib.scrypt", noted)
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: _opens(locked, OTHER), range(12)))
    assert (any(opened), together) == (False, [False] * 12)


# The key of the desk's backups.


def test_it_names_the_public_key_that_the_recovery_key_opens_backups_with(locked: bytes) -> None:
    derived = derive_backup_key(read_recovery_key(RECOVERY_KEY))
    assert backup_key_of(locked) == derived.public
    assert backup_key_of(change_passphrase(locked, PASSPHRASE, OTHER)) == derived.public
    assert derive_backup_key(read_recovery_key(draw_recovery_key())).public != derived.public


def test_another_key_in_its_place_keeps_the_desk_locked(locked: bytes) -> None:
    said = json.loads(locked)
    said["backup"] = derive_backup_key(bytes(32)).public.jwk["pub"]
    for secret in (PASSPHRASE, RECOVERY_KEY):
        with pytest.raises(WrongSecretError):
            open_ring(json.dumps(said).encode(), secret)


# The recovery key.


def test_a_recovery_key_is_drawn_from_256_bits_in_groups_of_four() -> None:
    groups = RECOVERY_KEY.split("-")
    assert [len(group) for group in groups] == [4] * 14
    assert len(read_recovery_key(RECOVERY_KEY)) == 32
    assert len({draw_recovery_key() for _ in range(20)}) == 20


def test_it_may_be_typed_as_people_type() -> None:
    typed = RECOVERY_KEY.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    spellings = (typed, RECOVERY_KEY.replace("-", ""), f" {RECOVERY_KEY.replace('1', 'I')} ")
    assert {read_recovery_key(one) for one in spellings} == {read_recovery_key(RECOVERY_KEY)}


def test_every_wrong_letter_is_noticed() -> None:
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for at, letter in enumerate(RECOVERY_KEY):
        if letter == "-":
            continue
        other = letters[(letters.index(letter) + 7) % 32]
        typed = RECOVERY_KEY[:at] + other + RECOVERY_KEY[at + 1 :]
        assert is_mistyped_recovery_key(typed), at
        with pytest.raises(WrongSecretError):
            read_recovery_key(typed)


def test_letters_that_changed_places_or_were_left_out_are_noticed() -> None:
    one, two, *rest = RECOVERY_KEY.split("-")
    for typed in ("-".join((two, one, *rest)), RECOVERY_KEY[1:], RECOVERY_KEY + "7", RECOVERY_KEY[:-1] + "U"):
        assert is_mistyped_recovery_key(typed)
        with pytest.raises(WrongSecretError):
            read_recovery_key(typed)


@pytest.mark.parametrize("text", [RECOVERY_KEY, PASSPHRASE, "", "correct-horse-battery-staple-and-more"])
def test_what_is_right_or_another_thing_counts_as_no_slip(text: str) -> None:
    assert not is_mistyped_recovery_key(text)


# The passphrase.


@pytest.mark.parametrize("passphrase", ["", "fifteen letters", "x" * 201, " " * 40])
def test_a_passphrase_has_16_to_200_characters(passphrase: str) -> None:
    with pytest.raises(InputError) as refused:
        lock_ring(RING, passphrase=passphrase, recovery_key=RECOVERY_KEY)
    assert refused.value.field == "passphrase"
    assert refused.value.problem == (
        "Passphrase: use 16 to 200 characters, such as five or six words drawn at random."
    )


def test_a_changed_passphrase_opens_alone_and_the_recovery_key_stays(locked: bytes) -> None:
    for secret in (PASSPHRASE, RECOVERY_KEY):
        changed = change_passphrase(locked, secret, OTHER)
        assert open_ring(changed, OTHER) == open_ring(changed, RECOVERY_KEY) == RING
        with pytest.raises(WrongSecretError):
            open_ring(changed, PASSPHRASE)
        assert json.loads(changed)["slots"]["recovery"] == json.loads(locked)["slots"]["recovery"]


def test_a_passphrase_is_changed_by_nobody_who_has_no_secret(locked: bytes) -> None:
    with pytest.raises(WrongSecretError):
        change_passphrase(locked, OTHER, OTHER)
    with pytest.raises(InputError):
        change_passphrase(locked, PASSPHRASE, "short")
