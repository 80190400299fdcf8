# SPDX-License-Identifier: Apache-2.0
"""The form of a sealed backup: the recovery key opens it, and a cut, altered or foreign one is refused as such."""

import io
import os
from typing import Final

import pytest

from accord.envelope.private import DecryptionKey
from vault.backupseal import (
    KIND,
    PIECE_BYTES,
    NewerFormError,
    NoBackupError,
    NotWholeError,
    OtherKeyError,
    SealedReader,
    SealedWriter,
)
from vault.errors import VaultError
from vault.locking import derive_backup_key

KEY: Final = derive_backup_key(os.urandom(32))
SIZES: Final = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 300_000)
TAG_BYTES: Final = 16


def seal(content: bytes, key: DecryptionKey = KEY) -> bytes:
    file = io.BytesIO()
    sealed = SealedWriter(file, key.public)
    for at in range(0, len(content), 70_001):
        sealed.write(content[at : at + 70_001])
    sealed.finish()
    return file.getvalue()


def opened(octets: bytes, key: DecryptionKey = KEY) -> bytes:
    reader = SealedReader(io.BytesIO(octets))
    reader.open_with(key)
    content = bytearray()
    while piece := reader.read(10_240):
        content += piece
    return bytes(content)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_opened(size: int) -> None:
    content = os.urandom(size)
    assert opened(seal(content)) == content


def test_it_shows_nothing_and_is_another_one_each_time() -> None:
    content = b"who wrote to whom" * 10_000
    assert b"wrote" not in seal(content)
    assert seal(content)[-100:] != seal(content)[-100:]


def test_cut_anywhere_it_does_not_open() -> None:
    sealed = seal(os.urandom(2 * PIECE_BYTES + 10))
    pieces_at = len(sealed) - (2 * PIECE_BYTES + 10 + 3 * TAG_BYTES)
    whole_pieces = [pieces_at + count * (PIECE_BYTES + TAG_BYTES) for count in range(3)]
    for length in (0, 5, 30, 60, 200, *whole_pieces, pieces_at + 100, len(sealed) - 1):
        with pytest.raises((NoBackupError, NotWholeError)):
            opened(sealed[:length])


def test_an_octet_that_was_changed_anywhere_is_noticed() -> None:
    sealed = seal(b"x" * (PIECE_BYTES + 10))
    for at in (*range(75), 100, 1000, 1200, 1240, 1300, PIECE_BYTES, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(VaultError):
            opened(bytes(changed))


def test_pieces_have_their_place_and_nothing_comes_after_the_last() -> None:
    sealed = seal(os.urandom(3 * PIECE_BYTES))
    step = PIECE_BYTES + TAG_BYTES
    begin, first, second, third = sealed[: -3 * step], *(sealed[-n * step :][:step] for n in (3, 2, 1))
    assert begin + first + second + third == sealed
    for other in (
        begin + second + first + third,
        begin + first + third,
        begin + first + first + second + third,
        sealed + b"x",
        sealed + third,
    ):
        with pytest.raises(NotWholeError):
            opened(other)


def test_pieces_of_another_file_do_not_fit() -> None:
    one, other = seal(b"1" * 100), seal(b"2" * 100)
    with pytest.raises(NotWholeError):
        opened(one[:-116] + other[-116:])


def test_another_recovery_key_is_named() -> None:
    with pytest.raises(OtherKeyError):
        opened(seal(b"content"), derive_backup_key(os.urandom(32)))


@pytest.mark.parametrize("octets", [b"", b"a letter", b"\x1f\x8b\x08" + bytes(2000), b"PGDMP\n" * 300])
def test_another_file_is_no_backup(octets: bytes) -> None:
    with pytest.raises(NoBackupError):
        opened(octets)


def test_a_newer_form_is_named_before_any_key_is_asked_for() -> None:
    newer = seal(b"content").replace(f"{KIND} 1".encode(), f"{KIND} 2".encode(), 1)
    with pytest.raises(NewerFormError):
        SealedReader(io.BytesIO(newer))
