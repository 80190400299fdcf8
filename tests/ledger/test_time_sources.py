# SPDX-License-Identifier: Apache-2.0
"""Time sources: an address becomes a clock to compare with, and a wrong answer is no time."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from ledger.errors import TimeSourceError
from ledger.timesources import HttpsSource, NtpSource, parse_sources

SERVER = 0x24
UNSYNCHRONISED = 0xE4
MOMENT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NTP_SECONDS = (MOMENT - datetime(1900, 1, 1, tzinfo=UTC)).total_seconds()

Answer = Callable[[bytes], bytes]


@pytest.fixture
def serve() -> Generator[Callable[[Answer], NtpSource]]:
    """Serve SNTP on loopback; the server answers one question as it is told."""
    sockets: list[socket.socket] = []

    def start(answer: Answer) -> NtpSource:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        sockets.append(server)

        def run() -> None:
            question, asker = server.recvfrom(512)
            server.sendto(answer(question), asker)

        threading.Thread(target=run, daemon=True).start()
        return NtpSource("ntp://here", "127.0.0.1", server.getsockname()[1])

    yield start
    for each in sockets:
        each.close()


def packet(question: bytes, *, first: int = SERVER, stratum: int = 2, seconds: float = NTP_SECONDS) -> bytes:
    sent = int(seconds % 2**32).to_bytes(4) + int((seconds % 1) * 2**32).to_bytes(4)
    return bytes([first, stratum]) + bytes(22) + question[40:48] + bytes(8) + sent


def test_an_sntp_server_tells_its_time(serve: Callable[[Answer], NtpSource]) -> None:
    assert serve(packet).ask() == MOMENT


def test_the_next_era_of_ntp_is_understood(serve: Callable[[Answer], NtpSource]) -> None:
    later = datetime(2036, 2, 7, 6, 30, tzinfo=UTC)
    seconds = (later - datetime(1900, 1, 1, tzinfo=UTC)).total_seconds()
    assert serve(lambda question: packet(question, seconds=seconds)).ask() == later


WRONG: dict[str, Answer] = {
    "too short": lambda question: packet(question)[:47],
    "a question, not an answer": lambda question: packet(question, first=0x23),
    "to another question": lambda question: packet(bytes(48)),
    "a server that is not synchronised": lambda question: packet(question, first=UNSYNCHRONISED),
    "a kiss of death": lambda question: packet(question, stratum=0),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_answer_that_is_none(serve: Callable[[Answer], NtpSource], case: str) -> None:
    with pytest.raises(OSError, match=r"server|question"):
        serve(WRONG[case]).ask()


def test_a_web_server_that_is_away_does_not_answer() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OSError, match="Error"):
        HttpsSource(f"https://127.0.0.1:{port}/").ask()


def test_addresses_are_read() -> None:
    sources = parse_sources("ntp://time.example ntp://[::1]:1123\nhttps://hub.example/")
    assert [source.name for source in sources] == [
        "ntp://time.example",
        "ntp://[::1]:1123",
        "https://hub.example/",
    ]
    assert sources[0] == NtpSource("ntp://time.example", "time.example", 123)
    assert sources[1] == NtpSource("ntp://[::1]:1123", "::1", 1123)
    assert parse_sources("") == []


@pytest.mark.parametrize(
    "address",
    ["time.example", "http://hub.example/", "ntp://", "ntp://h/path", "https://u:p@h/", "ntp://h:x"],
)
def test_an_address_of_no_kind_is_refused(address: str) -> None:
    with pytest.raises(TimeSourceError):
        parse_sources(address)
