# SPDX-License-Identifier: Apache-2.0
"""Time sources by their address: `ntp://host[:port]` (SNTP, RFC 4330) and `https://host/` (the header Date, RFC 9110).

SNTP is not authenticated: whoever forges its answers can stop the sequencer, but not move its clock. An HTTPS source whose
certificate is not valid at our own clock counts as silent.
"""

import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import urllib3

from ledger.clock import TimeSource
from ledger.errors import TimeSourceError

ANSWER_WITHIN_SECS: Final = 2.0
NTP_PORT: Final = 123
_NTP_EPOCH: Final = datetime(1900, 1, 1, tzinfo=UTC)
_NTP_ERA_SECS: Final = 2**32
_NTP_PACKET_OCTETS: Final = 48
_CLIENT_OF_VERSION_4: Final = 0x23
_SERVER: Final = 4


def parse_sources(text: str) -> list[TimeSource]:
    """Parse the sources that a setting names, divided by white space. Raises `TimeSourceError`."""
    return [_parse_source(address) for address in text.split()]


@dataclass(frozen=True)
class NtpSource:
    """A server that answers one SNTP request."""

    name: str
    host: str
    port: int

    def ask(self) -> datetime:
        """Return its time. Raises OSError, also for an answer that does not match the request."""
        nonce = secrets.token_bytes(8)
        question = bytes([_CLIENT_OF_VERSION_4]) + bytes(39) + nonce
        family, kind, protocol, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as asked:
            asked.settimeout(ANSWER_WITHIN_SECS)
            asked.connect(address)
            asked.send(question)
            answer = asked.recv(512)
        return _read_ntp(answer, nonce)


@dataclass(frozen=True)
class HttpsSource:
    """A web server; its clock is exact to the second."""

    name: str

    def ask(self) -> datetime:
        """Return its time. Raises OSError, also for an answer without a date."""
        try:
            answer = urllib3.request(
                "HEAD", self.name, timeout=ANSWER_WITHIN_SECS, retries=False, redirect=False
            )
            moment = parsedate_to_datetime(answer.headers.get("Date", ""))
        except (urllib3.exceptions.HTTPError, ValueError) as failure:
            raise OSError(type(failure).__name__) from failure
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_source(address: str) -> TimeSource:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise TimeSourceError(address) from None
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise TimeSourceError(address)
    if parts.scheme == "ntp" and not parts.path:
        return NtpSource(address, parts.hostname, port or NTP_PORT)
    if parts.scheme == "https":
        return HttpsSource(address)
    raise TimeSourceError(address)


def _read_ntp(answer: bytes, nonce: bytes) -> datetime:
    if len(answer) < _NTP_PACKET_OCTETS or answer[0] & 0b111 != _SERVER or answer[24:32] != nonce:
        raise OSError("no answer to this question")
    is_unsynchronised = answer[0] >> 6 == 3
    if is_unsynchronised or not 1 <= answer[1] <= 15:
        raise OSError("the server does not know the time")
    seconds = int.from_bytes(answer[40:44])
    # The era of 2036 to 2172 starts at zero again (RFC 4330, section 3).
    era = _NTP_ERA_SECS if seconds < _NTP_ERA_SECS // 2 else 0
    fraction = int.from_bytes(answer[44:48]) / _NTP_ERA_SECS
    return _NTP_EPOCH + timedelta(seconds=era + seconds + fraction)
