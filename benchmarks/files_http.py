# SPDX-License-Identifier: Apache-2.0
"""The most memory that a running exchange takes for files: one full envelope in, then all its files out at once.

The envelope has four files of 64 MiB when sealed, the most that an envelope may have. They go in as one form. Then four readers
ask for one file each and, like slow readers, wait after the first octets until all four have been answered; then they read on.
The figure is the highest use (`VmHWM`) of the exchange's largest process above its use before; Linux only. The floor is the
size of the files.
"""

import hashlib
import http.client
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from accord.envelope.content import Attachment
from benchmarks._figures import report
from benchmarks._http import Target, make_form, post_all
from demo.ownership import set_up_every_app

NEEDS_HUB = True
FILES, LARGEST_BYTES = 4, 66_060_280
PIECE_BYTES, KIB = 256 * 1024, 1024
BAR = 0.25
_SESSION = 3


def main() -> None:
    set_up_every_app()
    from benchmarks import _hub

    sender, reader = _hub.found_agencies("files", 2)
    files = [
        Attachment(f"{n}.bin", "application/octet-stream", os.urandom(LARGEST_BYTES)) for n in range(FILES)
    ]
    (sealed,) = _hub.seal_alerts(sender, [reader], 1, files)
    del files
    carried = sum(map(len, sealed.blobs)) / KIB
    # Modules that the first envelope and the first slice load are not memory for files.
    (small,) = _hub.seal_alerts(sender, [reader], 1, [Attachment("a", "a/b", b"a")])
    leader = int(os.environ["EXCHANGE_PID"])
    _post(sender.api_key, small.manifest, small.jwe, small.blobs)
    _hub.wait_until_numbered()
    _read_all(reader.api_key, small.md, [_digest(blob) for blob in small.blobs])

    before = _highest_kib(leader)
    _post(sender.api_key, sealed.manifest, sealed.jwe, sealed.blobs)
    _hub.wait_until_numbered()
    taken = _highest_kib(leader)
    _read_all(reader.api_key, sealed.md, [_digest(blob) for blob in sealed.blobs])
    given = _highest_kib(leader)
    report(f"files in {FILES} x 64 MiB", taken - before, carried, unit="KiB", bar=BAR)
    report(f"files in and out {FILES} x 64 MiB", given - before, carried, unit="KiB", bar=BAR)
    report("exchange before and after", given, before, unit="KiB")


def _post(api_key: str, manifest: bytes, jwe: bytes, blobs: list[bytes] | tuple[bytes, ...]) -> None:
    parts = {"manifest": manifest, "jwe": jwe} | {f"blob-{n}": blob for n, blob in enumerate(blobs)}
    target = Target(os.environ["EXCHANGE_URL"], "/api/v1/envelopes", {"Authorization": api_key})
    post_all(target, [make_form(parts)], submitters=1)


def _read_all(api_key: str, md: str, digests: list[bytes]) -> None:
    """Read every file over a connection of its own; all are answered before any is read."""
    answers = [_ask(api_key, f"/api/v1/envelopes/{md}/blobs/{n}") for n in range(len(digests))]
    for answer, digest in zip(answers, digests, strict=True):
        found = hashlib.sha256()
        while piece := answer.read(PIECE_BYTES):
            found.update(piece)
        if found.digest() != digest:
            raise RuntimeError("a file came out that did not go in")


def _ask(api_key: str, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(os.environ["EXCHANGE_URL"]).netloc, timeout=60)
    connection.request("GET", path, headers={"Authorization": api_key})
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status} {answer.read(300).decode(errors='replace')}")
    return answer


def _digest(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _highest_kib(leader: int) -> int:
    """Return the highest memory use of any process in the session of `leader`."""
    highest = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            if int(stat.read_text().rpartition(")")[2].split()[_SESSION]) == leader:
                status = (stat.parent / "status").read_text()
                highest = max(highest, int(status.partition("VmHWM:")[2].split()[0]))
    return highest


if __name__ == "__main__":
    main()
