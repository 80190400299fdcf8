# SPDX-License-Identifier: Apache-2.0
"""SMTP connection over which many mails are sent, and the meaning of its answers.

Each answer is a value that the caller records before the next mail begins. The one case that SMTP cannot decide, a
connection that died after DATA began, raises `InterruptedMailError`.
"""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

TEMPORARY: Final = range(400, 500)
REPLY_LIMIT: Final = 200


@dataclass(frozen=True)
class Accepted:
    reply: str


@dataclass(frozen=True)
class Refused:
    """`temporary`: worth another attempt. `address`: the address itself was refused, not this mail."""

    reply: str
    temporary: bool
    address: bool = False


class MailServerError(Exception):
    """No mail was begun: the server is away or refused the session. `reply` is its answer, if any."""

    def __init__(self, reply: str) -> None:
        super().__init__("the mail server does not take mail")
        self.reply = reply


class InterruptedMailError(Exception):
    """The connection died, and the mail may or may not have been accepted."""


class MailSession:
    """An open connection; `deliver` sends one mail over it."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp

    def deliver(self, message: EmailMessage) -> Accepted | Refused:
        """Send one mail. Raises MailServerError before DATA began, InterruptedMailError afterwards."""
        refusal = self._envelope(str(message["From"]), str(message["To"]))
        if refusal is not None:
            self._smtp.rset()
            return refusal
        try:
            code, reply = self._smtp.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            return Refused(_shown(error.smtp_code, error.smtp_error), error.smtp_code in TEMPORARY)
        except (smtplib.SMTPException, OSError) as error:
            raise InterruptedMailError from error
        if code == 250:
            return Accepted(_shown(code, reply))
        return Refused(_shown(code, reply), code in TEMPORARY)

    def _envelope(self, sender: str, recipient: str) -> Refused | None:
        try:
            code, reply = self._smtp.mail(sender)
            if code != 250:
                return Refused(_shown(code, reply), code in TEMPORARY)
            code, reply = self._smtp.rcpt(recipient)
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerError(type(error).__name__) from error
        if code in {250, 251}:
            return None
        return Refused(_shown(code, reply), code in TEMPORARY, address=code not in TEMPORARY)


@contextmanager
def mail_session() -> Iterator[MailSession]:
    """Open a connection to the configured server for a batch. Raises MailServerError when it is away."""
    backend = get_connection(fail_silently=False)
    try:
        backend.open()
        smtp = _greeted(backend)
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerError(type(error).__name__) from error
    try:
        yield MailSession(smtp)
    finally:
        _close(smtp)


def _greeted(backend: BaseEmailBackend) -> smtplib.SMTP:
    """Return the backend's connection after its greeting, as the commands for one mail need it."""
    smtp = getattr(backend, "connection", None)
    if not isinstance(smtp, smtplib.SMTP):
        raise MailServerError("EMAIL_URL names no SMTP server")
    smtp.ehlo_or_helo_if_needed()
    return smtp


def _close(smtp: smtplib.SMTP) -> None:
    """Quit the session, or close the connection of a server that is gone."""
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        smtp.close()


def _shown(code: int, reply: bytes | str) -> str:
    """Return the server's answer for the notifications page: one line, bounded."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {' '.join(text.split())}"[:REPLY_LIMIT]
