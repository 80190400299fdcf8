# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server for the suite that can be told to misbehave; nothing else outside the hub is faked."""

import asyncio
import email
import email.policy
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from devtool.ports import LOOPBACK, free_ports


@dataclass(frozen=True)
class Mail:
    """A mail that the server answered with 250, or took before it hung up."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def text(self) -> str:
        """Headers and body as one readable text."""
        return self.content.decode("utf-8", errors="replace")


@dataclass
class Misbehaviour:
    """The server's present misbehaviour; as created, there is none."""

    temporary_replies: int = 0
    """This many of the next mails are answered 451."""
    permanent_for: frozenset[str] = frozenset()
    """RCPT for these addresses is answered 550."""
    refuses_everything: bool = False
    """MAIL is answered 554, whoever sends."""
    hang_up_before_reply_at: frozenset[int] = frozenset()
    """The connection is cut after the data of the mail with this number (from 1) is taken, before the reply."""
    hang_up_unread_at: frozenset[int] = frozenset()
    """As above, and the mail is lost."""
    seconds_per_mail: float = 0.0


class MailServer:
    """An SMTP server in a thread; it keeps its port all its life, also while it is down."""

    def __init__(self) -> None:
        self.port = free_ports(1)[0]
        self.misbehaviour = Misbehaviour()
        self.connections = 0
        self._mails: list[Mail] = []
        self.seen = 0
        """Number of mails that were given to it."""
        self._changed = threading.Condition()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """The server's address in the form of `EMAIL_URL`."""
        return f"smtp://{LOOPBACK}:{self.port}"

    @property
    def mails(self) -> list[Mail]:
        with self._changed:
            return list(self._mails)

    def mails_to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if address in mail.recipients]

    def start(self) -> None:
        self._controller = Controller(
            _Handler(self), hostname=LOOPBACK, port=self.port, ident="Accord test mail server"
        )
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            with suppress(AssertionError):
                self._controller.stop()
            self._controller = None

    @contextmanager
    def down(self) -> Generator[None]:
        """Stop the server inside the block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def behave(self) -> None:
        """Forget every mail and every misbehaviour."""
        with self._changed:
            self.misbehaviour = Misbehaviour()
            self.connections = 0
            self._mails.clear()
            self.seen = 0

    def wait_for(self, enough: Callable[[list[Mail]], bool], *, timeout_seconds: float = 120) -> list[Mail]:
        """Return the mails as soon as `enough` accepts them; raise AssertionError with their subjects after the timeout."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            while not enough(list(self._mails)):
                if not self._changed.wait(deadline - time.monotonic()):
                    subjects = [mail.message["Subject"] for mail in self._mails]
                    raise AssertionError(f"{len(subjects)} mails after {timeout_seconds} s: {subjects}")
            return list(self._mails)

    def wait_for_count(self, count: int, *, timeout_seconds: float = 120) -> list[Mail]:
        return self.wait_for(lambda mails: len(mails) >= count, timeout_seconds=timeout_seconds)

    def _take(self, mail: Mail) -> str | None:
        """Return the reply to a mail, or None to hang up."""
        with self._changed:
            self.seen += 1
            wrong = self.misbehaviour
            if wrong.temporary_replies > 0:
                wrong.temporary_replies -= 1
                return "451 4.3.0 try again later"
            if self.seen in wrong.hang_up_unread_at:
                return None
            self._mails.append(mail)
            self._changed.notify_all()
            return None if self.seen in wrong.hang_up_before_reply_at else "250 2.0.0 kept"


class _Handler:
    def __init__(self, mail_server: MailServer) -> None:
        self._world = mail_server

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self._world.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._world.misbehaviour.refuses_everything:
            return "554 5.7.1 not from you"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self._world.misbehaviour.permanent_for:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.original_content)
        if self._world.misbehaviour.seconds_per_mail:
            await asyncio.sleep(self._world.misbehaviour.seconds_per_mail)
        reply = self._world._take(mail)
        if reply is None:
            server.transport.abort()
            return "421 4.3.2 hanging up"
        return reply
