# SPDX-License-Identifier: Apache-2.0
"""A mail server that refuses two addresses, so that the notifications page shows refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings
from django.test.utils import override_settings

from demo.ports import free_port


class _RefusingServer:
    """A server that knows nothing of one address, refuses mail for another, and passes the rest on."""

    def __init__(self, no_such_address: str, unwanted: str, relay: tuple[str, int]) -> None:
        self._no_such_address = no_such_address
        self._unwanted = unwanted
        self._relay = relay

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address == self._no_such_address:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self._unwanted in envelope.rcpt_tos:
            return "554 5.7.1 Refused by policy"
        import smtplib

        with smtplib.SMTP(*self._relay, timeout=10) as smtp:
            smtp.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        return "250 OK"


@contextmanager
def refusing_mail_server(*, no_such_address: str, unwanted: str) -> Iterator[None]:
    """Make this process send its mail through the refusing server while the block runs."""
    relay = (settings.EMAIL_HOST, settings.EMAIL_PORT)
    port = free_port()
    server = Controller(_RefusingServer(no_such_address, unwanted, relay), hostname="127.0.0.1", port=port)
    server.start()
    try:
        with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port):
            yield
    finally:
        server.stop()
