# SPDX-License-Identifier: Apache-2.0
"""Key files of every kind and age: root, operational, both; replaced, closed again, followed, and never half written."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.home import Home, create_keys, create_next_root, create_operational, create_root
from accord.client.keys.public import read_public_root
from accord.envelope.private import generate_decryption_key
from accord.keyerrors import (
    KeyFileBusyError,
    KeyFileDamagedError,
    KeyFileError,
    KeyFileKindError,
    KeyFileTakenError,
    PassphraseError,
    RootElsewhereError,
    WeakPassphraseError,
)
from accord.keyfile import KeyFile, read_key_file, write_key_file
from accord.keyring import KeyRing, generate_ring, operational_ring, root_only_ring
from accord.passphrases import count_characters, same_passphrase, stretch, wipe, wiped
from accord.state import StateAbsentError
from tests.client.conftest import CHEAP, PASSPHRASE

NOW = 1_800_000_000
FROZEN = Path(__file__).parent / "data" / "keys-v1.accord"
FROZEN_ROOT = "98d64c29d51c71c93b6aeb6f4b95fbb843adb656b24ba7b9e05acab93538a37b"
FROZEN_NEXT = "f5c5b30e9c647264f251ea4983fac8cafaceab86609a8bc9576212bafbe4b4d9"


@pytest.fixture
def ring() -> KeyRing:
    return generate_ring(("PQ1",), now=NOW)[0]


@pytest.fixture
def path(tmp_path: Path, ring: KeyRing) -> Path:
    path = tmp_path / "keys.accord"
    write_key_file(path, ring, PASSPHRASE, cost=CHEAP)
    return path


def octets_of(ring: KeyRing) -> list[bytes]:
    return [key.to_bytes() for key in ring.keys]


def with_one_more(ring: KeyRing) -> KeyRing:
    return replace(ring, decryption=(*ring.decryption, generate_decryption_key("PQ1")))


def test_a_file_of_the_first_version_opens_and_is_written_in_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.accord"
    path.write_bytes(FROZEN.read_bytes())
    path.chmod(0o600)
    opened = KeyFile.open(path, PASSPHRASE)

    before = opened.ring
    assert (before.root.fingerprint, before.next_root) == (FROZEN_ROOT, FROZEN_NEXT)
    assert [key.public.alg for key in before.keys] == ["Ed25519", "ML-DSA-65", "HPKE-9-KE", "ECDH-ES+A256KW"]
    assert before.incoming_root is None
    opened.replace(before)
    assert b'"v":2' in path.read_bytes().partition(b"\n")[0]
    again = read_key_file(path, PASSPHRASE)
    assert octets_of(again) == octets_of(before)
    assert again.state_key == before.state_key


def test_a_ring_without_root_says_where_the_root_may_be(tmp_path: Path) -> None:
    path = tmp_path / "keys.accord"
    write_key_file(path, operational_ring(("PQ1", "EC1"), now=NOW), PASSPHRASE, cost=CHEAP)
    opened = read_key_file(path, PASSPHRASE)
    assert len(opened.keys) == 4
    with pytest.raises(RootElsewhereError, match="--root FILE"):
        _ = opened.root


def test_a_root_alone_is_no_home_to_work_in(tmp_path: Path, ring: KeyRing) -> None:
    path = tmp_path / "keys.accord"
    write_key_file(path, root_only_ring(ring.root, now=NOW, next_root="ab" * 32), PASSPHRASE, cost=CHEAP)
    assert read_key_file(path, PASSPHRASE).root.fingerprint == ring.root.fingerprint
    with pytest.raises(KeyFileKindError, match="keygen --operational"):
        Client(tmp_path, PASSPHRASE)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"accord-state 1\n123456789012", "local state"),
        (b'{"kind":"accord-root","nroot":"","root":[],"v":1}\n', "no private keys"),
        (b'{"kind":"accord-keys"}\n', "damaged"),
        (b"\x7fELF", "damaged"),
        (b"", "damaged"),
    ],
    ids=["state", "public root", "half a header", "a program", "empty"],
)
def test_a_file_of_another_kind_is_named_as_what_it_is(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "keys.accord"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileDamagedError, match=says):
        read_key_file(path, PASSPHRASE)


def test_the_incoming_root_is_kept_until_it_is_in_force(path: Path, ring: KeyRing) -> None:
    opened = KeyFile.open(path, PASSPHRASE)
    successor = generate_ring(("PQ1",), now=NOW)[0].root
    opened.replace(replace(ring, incoming_root=successor))
    kept = read_key_file(path, PASSPHRASE)
    assert kept.incoming_root is not None
    assert kept.incoming_root.fingerprint == successor.fingerprint
    assert kept.root.fingerprint == ring.root.fingerprint


def test_another_program_s_new_keys_are_seen(path: Path, ring: KeyRing) -> None:
    running, other = KeyFile.open(path, PASSPHRASE), KeyFile.open(path, PASSPHRASE)
    other.replace(with_one_more(ring))
    assert len(running.ring.decryption) == 2
    path.unlink()
    assert len(running.ring.decryption) == 2


def test_a_running_program_is_told_when_the_passphrase_has_changed(path: Path) -> None:
    running, other = KeyFile.open(path, PASSPHRASE), KeyFile.open(path, PASSPHRASE)
    other.change_passphrase("another horse entirely")
    with pytest.raises(PassphraseError, match="Start accord again"):
        _ = running.ring


def test_a_changed_passphrase_opens_the_same_keys_and_the_old_one_opens_nothing(
    path: Path, ring: KeyRing
) -> None:
    KeyFile.open(path, PASSPHRASE).change_passphrase("another horse entirely")
    with pytest.raises(PassphraseError):
        read_key_file(path, PASSPHRASE)
    again = read_key_file(path, "another horse entirely")
    assert octets_of(again) == octets_of(ring)
    assert again.state_key == ring.state_key
    assert os.listdir(path.parent) == [path.name]


def test_a_weak_new_passphrase_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(WeakPassphraseError):
        KeyFile.open(path, PASSPHRASE).change_passphrase("short")
    assert path.read_bytes() == before


def test_each_writing_has_an_iv_of_its_own(path: Path, ring: KeyRing) -> None:
    opened = KeyFile.open(path, PASSPHRASE)
    written = set()
    for _ in range(4):
        opened.replace(ring)
        written.add(path.read_bytes())
    assert len(written) == 4


def test_a_closed_key_file_writes_nothing_and_keeps_no_derived_key(path: Path, ring: KeyRing) -> None:
    opened = KeyFile.open(path, PASSPHRASE)
    opened.close()
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="open it again"):
        opened.replace(ring)
    assert path.read_bytes() == before
    assert octets_of(opened.ring) == octets_of(ring)


def test_a_writer_that_is_killed_leaves_the_old_file_whole(path: Path) -> None:
    """The writer dies while it writes the draft beside the key file, as on a full disk or at a power cut."""
    before = path.read_bytes()
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from accord.keyfile import KeyFile\n"
        "opened = KeyFile.open(Path(sys.argv[1]), 'correct horse battery staple')\n"
        "ring = opened.ring\n"
        "os.fsync = lambda descriptor: os._exit(9)\n"
        "opened.replace(ring)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False, cwd=os.getcwd())
    assert ended.returncode == 9
    assert path.read_bytes() == before
    read_key_file(path, PASSPHRASE)


def test_the_lock_on_keys_is_one_program_s_at_a_time(path: Path) -> None:
    home = Home(path.parent)
    with home.changing_keys(), pytest.raises(KeyFileBusyError), home.changing_keys():
        pass
    with home.changing_keys():
        pass
    with pytest.raises(KeyFileError, match="cannot be used"), Home(path.parent / "absent").changing_keys():
        pass


def test_nothing_secret_is_shown(path: Path, ring: KeyRing) -> None:
    opened = KeyFile.open(path, PASSPHRASE)
    shown = repr(opened) + repr(opened.ring) + repr(ring.root)
    secrets = [ring.state_key, *octets_of(ring), *ring.root.to_bytes(), PASSPHRASE.encode()]
    assert not any(secret.hex() in shown or repr(secret)[2:-1] in shown for secret in secrets)


def test_a_root_made_offline_lies_beside_its_public_half(tmp_path: Path) -> None:
    root, after = create_root(tmp_path / "safe", PASSPHRASE, now=NOW, cost=CHEAP)
    ring = read_key_file(root.root_file, PASSPHRASE)
    assert (ring.root.fingerprint, ring.next_root, ring.keys) == (root.fingerprint, after.fingerprint, ())
    public = read_public_root(root.public_file)
    assert (public.fingerprint, public.next_root) == (root.fingerprint, after.fingerprint)
    assert read_public_root(after.public_file).fingerprint == after.fingerprint
    before = {path: path.read_bytes() for path in (tmp_path / "safe").iterdir()}
    with pytest.raises(KeyFileTakenError):
        create_root(tmp_path / "safe", PASSPHRASE, now=NOW, cost=CHEAP)
    assert {path: path.read_bytes() for path in (tmp_path / "safe").iterdir()} == before


def test_next_roots_never_overwrite_one_another(tmp_path: Path) -> None:
    made = {create_next_root(tmp_path, PASSPHRASE, now=NOW, cost=CHEAP).root_file for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1, column 1: Expecting value."),
        (b'{"kind":"accord-root",\n"nroot":"" "root"', "line 2, column 12: Expecting ',' delimiter."),
        (b"\xff", "line 1: it is not UTF-8"),
        (b"{}", "without kind, nroot, root, v"),
        (b'{"kind":"accord-root","nroot":"","root":[],"v":2}', "v"),
        (b'{"kind":"accord","nroot":"","root":[],"v":1}', "kind"),
        (b'{"kind":"accord-root","nroot":"","root":[{}],"v":1}', "root: two public keys"),
        (b'{"kind":"accord-root","nroot":"","root":[{},{}],"v":1}', "root: malformed"),
        (b'{"kind":"accord-root","nroot":7,"root":[{},{}],"v":1}', "nroot"),
    ],
)
def test_what_is_no_public_root_is_refused_by_line_or_member(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "root.public.json"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=r"public half.*accord keygen --root wrote") as refused:
        read_public_root(path)
    assert said in str(refused.value) and str(path) in str(refused.value)


def test_operational_keys_are_made_once(tmp_path: Path) -> None:
    made = create_operational(tmp_path, PASSPHRASE, suites=("PQ1",), now=NOW, cost=CHEAP)
    assert len(made.kids) == 3
    with pytest.raises(KeyFileTakenError):
        create_keys(tmp_path, PASSPHRASE, now=NOW, cost=CHEAP)
    with Client(tmp_path, PASSPHRASE) as client:
        with pytest.raises(StateAbsentError):
            client.keys.overview()
        with pytest.raises(RootElsewhereError):
            _ = client.fingerprint


def test_a_passphrase_in_a_buffer_opens_what_the_text_closed(path: Path, tmp_path: Path) -> None:
    buffer = bytearray(PASSPHRASE.encode())
    with wiped(buffer):
        read_key_file(path, buffer)
    assert buffer == bytes(len(PASSPHRASE))

    other = tmp_path / "other.accord"
    write_key_file(other, operational_ring(("EC1",), now=NOW), "caf\u00e9 caf\u00e9 caf\u00e9", cost=CHEAP)
    read_key_file(other, bytearray("cafe\u0301 cafe\u0301 cafe\u0301".encode()))


def test_buffers_are_wiped_and_counted_as_characters() -> None:
    key = stretch(PASSPHRASE, salt=bytes(16), memory_kib=64, passes=1, lanes=1)
    assert len(key) == 32
    assert any(key)
    wipe(key)
    assert not any(key)
    assert count_characters("caf\u00e9") == count_characters(bytearray("cafe\u0301".encode())) == 4
    assert count_characters(bytearray(b"abc")) == 3
    assert same_passphrase("caf\u00e9", bytearray("cafe\u0301".encode()))
    assert not same_passphrase("one", "two")
