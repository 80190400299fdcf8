# SPDX-License-Identifier: Apache-2.0
"""The key file opens with its passphrase alone, and a failure names its cause."""

import json
import os
import stat
from pathlib import Path

import pytest

from accord.client.home import Home, create_keys
from accord.keyerrors import (
    KeyFileAbsentError,
    KeyFileDamagedError,
    KeyFileError,
    KeyFileTakenError,
    KeyFileVersionError,
    PassphraseError,
    WeakPassphraseError,
)
from accord.keyfile import Argon2Cost, read_key_file, write_key_file
from accord.keyring import KeyRing, generate_ring

PASSPHRASE = "correct horse battery staple"
CHEAP = Argon2Cost(memory_kib=64, passes=1, lanes=1)
NOW = 1_800_000_000


@pytest.fixture
def ring() -> KeyRing:
    return generate_ring(("PQ1", "EC1"), now=NOW)[0]


@pytest.fixture
def path(tmp_path: Path, ring: KeyRing) -> Path:
    path = tmp_path / "keys.accord"
    write_key_file(path, ring, PASSPHRASE, cost=CHEAP)
    return path


def rewrite_header(path: Path, **changed: object) -> None:
    head, _, body = path.read_bytes().partition(b"\n")
    header = json.loads(head) | changed
    path.write_bytes(json.dumps(header).encode() + b"\n" + body)


def test_the_ring_comes_back_whole(path: Path, ring: KeyRing) -> None:
    opened = read_key_file(path, PASSPHRASE)

    assert opened.root.fingerprint == ring.root.fingerprint
    assert opened.next_root == ring.next_root
    assert [key.public for key in opened.keys] == [key.public for key in ring.keys]
    assert [key.to_bytes() for key in opened.keys] == [key.to_bytes() for key in ring.keys]
    assert (opened.state_key, opened.created) == (ring.state_key, NOW)


def test_both_suites_share_one_ed25519_key(ring: KeyRing) -> None:
    assert [key.public.alg for key in ring.signing] == ["Ed25519", "ML-DSA-65"]
    assert [key.public.alg for key in ring.decryption] == ["HPKE-9-KE", "ECDH-ES+A256KW"]
    assert ring.suites == ("PQ1", "EC1")


def test_an_ec1_ring_has_no_second_signature() -> None:
    ring, _ = generate_ring(("EC1",), now=NOW)
    assert [key.public.alg for key in ring.signing] == ["Ed25519"]
    assert ring.suites == ("EC1",)


@pytest.mark.parametrize("suites", [(), ("PQ2",)])
def test_unknown_suites_are_refused(suites: tuple[str, ...]) -> None:
    with pytest.raises(KeyFileError):
        generate_ring(suites, now=NOW)


def test_only_the_owner_may_read_it(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_in_it_stands_in_the_clear(path: Path, ring: KeyRing) -> None:
    content = path.read_bytes()
    for secret in [ring.state_key, *(key.to_bytes() for key in ring.keys), *ring.root.to_bytes()]:
        assert secret not in content
    assert ring.root.fingerprint.encode() not in content


def test_a_wrong_passphrase_is_one_clear_sentence(path: Path) -> None:
    with pytest.raises(PassphraseError) as caught:
        read_key_file(path, "correct horse battery stapler")
    assert str(caught.value) == f"The passphrase does not open {path}."


def test_the_passphrase_may_be_typed_in_either_unicode_form(tmp_path: Path, ring: KeyRing) -> None:
    path = tmp_path / "keys.accord"
    write_key_file(path, ring, "caf\u00e9 caf\u00e9 caf\u00e9", cost=CHEAP)
    assert read_key_file(path, "cafe\u0301 cafe\u0301 cafe\u0301").next_root == ring.next_root


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_or_write_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key_file(path, PASSPHRASE)


def test_a_truncated_file_is_damaged_at_every_length(path: Path) -> None:
    content = path.read_bytes()
    for length in (0, 1, 40, content.index(b"\n"), content.index(b"\n") + 1, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(KeyFileDamagedError):
            read_key_file(path, PASSPHRASE)


def test_one_changed_octet_of_the_keys_refuses_the_file(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] = ord("A") if content[-100] != ord("A") else ord("B")
    path.write_bytes(bytes(content))
    with pytest.raises(PassphraseError):
        read_key_file(path, PASSPHRASE)


def test_a_changed_header_refuses_the_file(path: Path) -> None:
    rewrite_header(path, cost={"lanes": 1, "memory_kib": 64, "passes": 2})
    with pytest.raises(PassphraseError):
        read_key_file(path, PASSPHRASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"cost": {"lanes": 1, "memory_kib": 2**40, "passes": 1}},
        {"cost": {"lanes": 1, "memory_kib": 64, "passes": 10**6}},
        {"cost": {"lanes": 1, "memory_kib": 1, "passes": 1}},
        {"cost": {}},
        {"kind": "something-else"},
        {"salt": "AAAA"},
        {"v": 0},
        {"v": True},
    ],
    ids=str,
)
def test_a_header_outside_its_bounds_is_damaged(path: Path, changed: dict[str, object]) -> None:
    rewrite_header(path, **changed)
    with pytest.raises(KeyFileDamagedError):
        read_key_file(path, PASSPHRASE)


def test_a_file_of_a_newer_version_says_so(path: Path) -> None:
    rewrite_header(path, v=3, more={})
    with pytest.raises(KeyFileVersionError, match="Update accord"):
        read_key_file(path, PASSPHRASE)


def test_a_missing_file_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(KeyFileAbsentError, match="accord keygen"):
        read_key_file(tmp_path / "keys.accord", PASSPHRASE)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        read_key_file(tmp_path, PASSPHRASE)


def test_keys_are_never_overwritten(path: Path, ring: KeyRing) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyFileTakenError):
        write_key_file(path, ring, PASSPHRASE, cost=CHEAP)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_short_passphrase_is_refused_before_anything_is_written(tmp_path: Path, ring: KeyRing) -> None:
    with pytest.raises(WeakPassphraseError):
        write_key_file(tmp_path / "keys.accord", ring, "elevenchars", cost=CHEAP)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path, ring: KeyRing) -> None:
    with pytest.raises(KeyFileError, match="cannot be written"):
        write_key_file(tmp_path / "absent" / "keys.accord", ring, PASSPHRASE, cost=CHEAP)


def test_create_keys_makes_a_private_home_with_the_next_root_apart(tmp_path: Path) -> None:
    folder = tmp_path / "agency" / "home"
    made = create_keys(folder, PASSPHRASE, suites=("PQ1",), now=NOW, cost=CHEAP)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    ring = Home(folder).unlock(PASSPHRASE)
    assert (ring.root.fingerprint, ring.next_root) == (made.fingerprint, made.next_fingerprint)
    assert read_key_file(made.next_root_file, PASSPHRASE).root.fingerprint == made.next_fingerprint


def test_create_keys_leaves_an_existing_home_alone(tmp_path: Path) -> None:
    made = create_keys(tmp_path, PASSPHRASE, now=NOW, cost=CHEAP)
    before = made.key_file.read_bytes(), made.next_root_file.read_bytes()
    with pytest.raises(KeyFileTakenError):
        create_keys(tmp_path, PASSPHRASE, now=NOW, cost=CHEAP)
    assert (made.key_file.read_bytes(), made.next_root_file.read_bytes()) == before
