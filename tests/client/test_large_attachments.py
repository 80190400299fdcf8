# SPDX-License-Identifier: Apache-2.0
"""Attachments up to the limit: streamed both ways in bounded memory, resumed after a break, refused unread above it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from accord.calls.multipart import MultipartBody, Part
from accord.calls.transport import HttpTransport, Patience
from accord.cli.progress import ProgressLine
from accord.client.errors import AnswerError, DiskError, RequestError, UnreachableError
from accord.client.incoming import IN_MEMORY_BYTES, HeldBlob, hold, hold_file, take_blob
from accord.client.outgoing import AlertToSend, describe_file
from accord.client.progress import FETCHING, SEALING, SENDING, WRITING
from accord.envelope.blobs import measure_blob
from accord.envelope.errors import SealingError, SealRefusal
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld, alert_to
from tests.client.scripted_hub import ScriptedHub

MIB = 1024 * 1024
LARGEST = 66_060_280
QUICK = Patience(connect_secs=2, read_secs=5, tries=3, backoff_secs=0, longest_pause_secs=1)
CLOSE = {"Connection": "close"}


@pytest.fixture
def transport(hub: ScriptedHub) -> Iterator[HttpTransport]:
    transport = HttpTransport(hub.address, api_key="abc.secret", patience=QUICK)
    yield transport
    transport.close()


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


# Fetching.


WHOLE = bytes(range(250)) * 1600
CAME = 256 * 1024
"""Octets that count of an answer which breaks in its second chunk: the first chunk."""
BROKEN = (200, {"Content-Length": str(len(WHOLE))} | CLOSE, WHOLE[:300_000])


@pytest.mark.parametrize(
    "rest",
    [
        (206, {"Content-Range": f"bytes {CAME}-{len(WHOLE) - 1}/{len(WHOLE)}"}, WHOLE[CAME:]),
        (200, {}, WHOLE),
    ],
    ids=["a hub that gives parts", "a hub that gives the whole again"],
)
def test_a_download_that_breaks_is_taken_up_where_it_broke(
    hub: ScriptedHub, transport: HttpTransport, rest: tuple[int, dict[str, str], bytes]
) -> None:
    hub.answers[:] = [BROKEN, rest]
    assert b"".join(transport.download("/blob", size=len(WHOLE))) == WHOLE
    assert "range" not in hub.asked[0][2]
    assert hub.asked[1][2]["range"] == f"bytes={CAME}-"


@pytest.mark.parametrize("said", [f"bytes {CAME - 1}-9/10", "bytes 0-9/10", "", f"lines {CAME}-9/10"])
def test_another_part_than_asked_for_is_refused(
    hub: ScriptedHub, transport: HttpTransport, said: str
) -> None:
    hub.answers[:] = [BROKEN, (206, {"Content-Range": said}, WHOLE[CAME:])]
    with pytest.raises(AnswerError, match="another part"):
        list(transport.download("/blob", size=len(WHOLE)))


def test_a_part_that_nobody_asked_for_is_refused(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(206, {"Content-Range": "bytes 5-9/10"}, b"56789")]
    with pytest.raises(AnswerError, match="another part"):
        list(transport.download("/blob", size=10))


@pytest.mark.parametrize("content", [b"", b"012345678", b"0123456789A", b"0123456789" * 1000])
def test_another_length_is_refused(hub: ScriptedHub, transport: HttpTransport, content: bytes) -> None:
    hub.answers[:] = [(200, {}, content)]
    with pytest.raises(AnswerError, match="another length"):
        list(transport.download("/blob", size=10))


def test_a_download_that_breaks_each_time_is_given_up(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(200, {"Content-Length": "10"} | CLOSE, b"01234")]
    with pytest.raises(UnreachableError):
        list(transport.download("/blob", size=10))
    assert len(hub.asked) == QUICK.tries


def test_a_reader_who_stops_leaves_no_half_answer_behind(hub: ScriptedHub, transport: HttpTransport) -> None:
    hub.answers[:] = [(200, {}, b"0123456789"), (200, {}, b"abcdefghij")]
    download = transport.download("/blob", size=10)
    assert next(download)
    download.close()  # type: ignore[attr-defined]
    assert b"".join(transport.download("/blob", size=10)) == b"abcdefghij"


def test_a_blob_is_measured_as_it_comes_in(tmp_path: Path) -> None:
    for size in (0, 10, IN_MEMORY_BYTES + 1):
        octets = os.urandom(size)
        blob = take_blob((octets[begin : begin + 1000] for begin in range(0, size, 1000)), tmp_path)
        assert (blob.facts, blob.read(), blob.read()) == (measure_blob(octets), octets, octets)
        assert list(tmp_path.iterdir()) == []
    assert hold(b"x").facts == measure_blob(b"x")
    path = tmp_path / "blob-0"
    path.write_bytes(b"kept")
    assert isinstance(hold_file(path), HeldBlob)
    assert hold_file(path).read() == b"kept"
    with pytest.raises(RequestError):
        hold_file(tmp_path / "absent")


def test_a_blob_that_breaks_off_or_finds_no_disk_is_none(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise UnreachableError("The connection broke.")

    with pytest.raises(UnreachableError):
        take_blob(broken(), tmp_path)
    with pytest.raises(DiskError):
        take_blob([bytes(IN_MEMORY_BYTES + 1)], tmp_path / "absent")


# Sending.


def test_a_body_of_files_is_sent_again_whole_after_a_break(
    hub: ScriptedHub, transport: HttpTransport, tmp_path: Path
) -> None:
    file = tmp_path / "blob"
    file.write_bytes(os.urandom(700_000))
    parts = [Part("manifest", "m", b"{}", "a/b"), Part("blob-0", "blob-0", file, "a/b")]
    hub.answers[:] = [(0, {}, b""), (202, {}, b"{}")]
    told: list[int] = []
    transport.post_parts("/envelopes", parts, limit=1000, repeat=True, key="0190", moved=told.append)
    first, second = (asked[3] for asked in hub.asked)
    assert first == second
    assert file.read_bytes() in first
    assert int(hub.asked[0][2]["content-length"]) == len(first)
    assert sum(told) == len(first)
    assert min(told) < 0


def test_a_body_begins_again_at_its_beginning_only(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"content")
    with MultipartBody([Part("blob-0", "blob-0", file, "a/b")]) as body:
        whole = body.read()
        assert len(whole) == body.len == body.tell()
        assert body.read(10) == b""
        assert body.seek(0) == 0
        assert body.read(5) == whole[:5]
        with pytest.raises(OSError, match="beginning"):
            body.seek(3)
    assert whole.startswith(b"--")
    assert b"\r\n\r\ncontent\r\n--" in whole


# The limits, checked before anything is read.


def read_octets() -> int:
    """Octets that this process has read so far, from files or the network (proc(5))."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def test_too_much_is_refused_before_any_of_it_is_read(world: PartnerWorld, tmp_path: Path) -> None:
    """32 attachments of 64 MiB and one more, 33 small ones, over 256 MiB together, one over 64 MiB."""
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    for count, size in ((33, 64 * MIB), (33, 10), (5, LARGEST), (1, LARGEST + 1)):
        files = [str(sparse(tmp_path / f"file-{n}", size)) for n in range(count)]
        document = {
            "alert": DOCUMENT,
            "to": ["xb-bravo"],
            "lane": "science",
            "purpose": "prevent",
            "attachments": files,
        }
        before = read_octets()
        order = partial(AlertToSend.from_json, document, now=1, folder=tmp_path)
        for refuse in (
            partial(alpha.submit_json, document, folder=tmp_path),
            lambda order=order: alpha.plan(order()),
            lambda order=order: alpha.seal(order(), tmp_path / "sealed"),
        ):
            with pytest.raises(SealingError) as caught:
                refuse()
            assert caught.value.reason is SealRefusal.ATTACHMENT
        assert read_octets() - before < 5 * MIB
    assert world.place("xa-alpha").spool.ids() == []


def test_what_is_no_file_is_not_attached(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent"):
        with pytest.raises(RequestError):
            describe_file(path)


def test_a_file_that_vanished_or_shrank_meanwhile_sends_nothing(world: PartnerWorld, tmp_path: Path) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    path = sparse(tmp_path / "file", 1000)
    order = alert_to("xb-bravo", attachments=(describe_file(path),))
    sparse(path, 500)
    with pytest.raises(SealingError, match="changed its length"):
        alpha.submit(order)
    path.unlink()
    with pytest.raises(RequestError, match="cannot be read"):
        alpha.submit(order)
    assert alpha.state().submissions == {}
    assert not any((world.home("xa-alpha") / "spool").iterdir())


# From sender to recipient.


def test_large_attachments_travel_whole_and_are_told(world: PartnerWorld, tmp_path: Path) -> None:
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    files = [tmp_path / f"file-{n}.bin" for n in range(2)]
    for path in files:
        path.write_bytes(os.urandom(3 * MIB + 5))
    told: list[tuple[str, int, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        told.append((what, done, total))

    for client in (alpha, bravo):
        client._session.progress = progress
    order = alert_to("xb-bravo", attachments=tuple(describe_file(path) for path in files))
    sent = alpha.submit(order, wait_secs=10)
    opened = bravo.open(sent.md)
    written = opened.save_attachments(tmp_path / "out", progress=progress)
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in files]
    for what in (SEALING, SENDING, FETCHING, WRITING):
        sums = [(done, total) for name, done, total in told if name == what]
        assert sums, what
        assert sums == sorted(sums)
        assert sums[-1][0] >= sums[-1][1] * 0.9, what
    assert not [path for path in world.home("xb-bravo").iterdir() if path.name.startswith("tmp")]


WORKER = """\
import json, resource, sys
from accord.cli.main import main
code = main(sys.argv[1:])
print(json.dumps({"code": code, "highest_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), file=sys.stderr)
"""


def highest_bytes(world: PartnerWorld, agency: str, secret: Path, *argv: str) -> int:
    """The peak memory of one command in a process of its own, in octets."""
    environment = {
        **os.environ,
        "ACCORD_HOME": str(world.home(agency)),
        "ACCORD_PASSPHRASE_FILE": str(secret),
        "PYTHONPATH": os.getcwd(),
    }
    done = subprocess.run(
        [sys.executable, "-c", WORKER, *argv],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stderr.splitlines()[-1])
    assert said["code"] == 0, done.stderr
    return int(said["highest_kib"]) * 1024


def test_memory_does_not_grow_with_the_attachments(world: PartnerWorld, tmp_path: Path) -> None:
    world.partners("xa-alpha", "xb-bravo")
    secret, document, file = tmp_path / "secret", tmp_path / "alert.json", tmp_path / "file.bin"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    document.write_text(json.dumps(DOCUMENT))
    file.write_bytes(os.urandom(24 * MIB))
    marking = ["--to", "xb-bravo", "--lane", "science", "--purpose", "prevent", "--yes"]
    submit = ["submit", str(document), *marking]
    small = highest_bytes(world, "xa-alpha", secret, *submit)
    large = highest_bytes(world, "xa-alpha", secret, *submit, "--attach", str(file))
    assert large - small < 12 * MIB
    world.sequence()
    bravo = world.client("xb-bravo")
    without, with_file = (entry.d for entry in bravo.inbox())
    small = highest_bytes(world, "xb-bravo", secret, "open", without)
    large = highest_bytes(world, "xb-bravo", secret, "open", with_file, "--out", str(tmp_path / "out"))
    assert large - small < 12 * MIB
    assert (tmp_path / "out" / "00_file.bin").read_bytes() == file.read_bytes()


# Display.


def test_progress_is_drawn_for_what_is_large_and_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0.0, 0.05, 0.2, 0.25, 0.3])
    line = ProgressLine(lambda: next(moments))
    line(SENDING, 10, 1000)
    assert capsys.readouterr().err == ""
    for done in (1, 2, 3, 4):
        line(SENDING, done * MIB, 4 * MIB)
    assert capsys.readouterr().err.split("\r") == [
        "",
        "sending  25 %  1.0 of 4.0 MiB",
        "sending  75 %  3.0 of 4.0 MiB",
        "sending 100 %  4.0 of 4.0 MiB\n",
    ]
