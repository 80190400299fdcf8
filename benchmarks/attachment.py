# SPDX-License-Identifier: Apache-2.0
"""Seal and open the largest attachment, from file to file, as the client does.

The largest is 63 MiB less 8 octets: padding and tag bring its blob to the 64 MiB that the profile allows. The floor is AES-GCM
and SHA-256 over the same octets in memory. Files lie in a folder that may be on a disk; nothing waits for it here, since the
client syncs once, after the sealing. The extra memory is this process's highest use during one sealing and one opening, less
that before them, as a share of the file.
"""

import os
import resource
import tempfile
from pathlib import Path

from accord.envelope.blobs import seal_stream
from accord.envelope.content import AttachmentKey
from accord.envelope.unseal import open_stream
from benchmarks._agencies import new_jti
from benchmarks._figures import Work, median_seconds, report, report_ms
from benchmarks._floors import attachment_floor

LARGEST_BYTES = 66_060_280
BAR, MEMORY_BAR = 1.5, 3.0
KIB = 1024
PIECE_BYTES = 256 * KIB


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, jti = Path(name), new_jti()
        source, blob, plain = folder / "source", folder / "blob", folder / "plain"
        _write_random(source)
        before = _highest_bytes()
        attachment = _seal(source, blob, jti)
        _open(attachment, blob, plain, jti)
        memory = _highest_bytes() - before
        octets = source.read_bytes()
        contestants: dict[str, Work] = {
            "seal": lambda: _seal(source, blob, jti),
            "floor": attachment_floor(octets),
        }
        sealing = median_seconds(contestants, rounds=9)
        attachment = _seal(source, blob, jti)
        contestants = {
            "open": lambda: _open(attachment, blob, plain, jti),
            "floor": attachment_floor(octets),
        }
        opening = median_seconds(contestants, rounds=9)
    report_ms("seal attachment 64 MiB", sealing["seal"], sealing["floor"], bar=BAR)
    report_ms("open attachment 64 MiB", opening["open"], opening["floor"])
    report("memory attachment 64 MiB", memory / KIB, LARGEST_BYTES / KIB, unit="KiB", bar=MEMORY_BAR)


def _write_random(path: Path) -> None:
    """Write piece by piece, so that the highest memory use is that of the sealing."""
    with path.open("wb") as file:
        for begin in range(0, LARGEST_BYTES, PIECE_BYTES):
            file.write(os.urandom(min(PIECE_BYTES, LARGEST_BYTES - begin)))


def _seal(source: Path, blob: Path, jti: str) -> AttachmentKey:
    with source.open("rb") as read, blob.open("wb") as write:
        key, facts = seal_stream(read, LARGEST_BYTES, write, jti, 0)
    return AttachmentKey(0, facts.sha256, facts.len, LARGEST_BYTES, "a/b", "a", key)


def _open(attachment: AttachmentKey, blob: Path, plain: Path, jti: str) -> None:
    with blob.open("rb") as read, plain.open("wb") as write:
        open_stream(attachment, jti, read, write)


def _highest_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB


if __name__ == "__main__":
    main()
